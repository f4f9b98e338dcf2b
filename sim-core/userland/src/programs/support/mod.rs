//! What the small programs share: the command line, reading and writing by lines, quoting, dates, regular expressions,
//! children.

pub mod calendar;
pub mod child;
pub mod input;
pub mod keys;
pub mod options;
pub mod output;
pub mod pattern;
pub mod text;
pub mod users;

/// What nearly every program needs.
pub(crate) mod prelude {
    pub(crate) use super::input::{Lines, open_input, slurp};
    pub(crate) use super::options::{Options, parse};
    pub(crate) use super::output::Out;
    pub(crate) use super::text::{complain, not_simulated, quote, quote_always, quote_if_needed};
    pub(crate) use linux::{Args, Errno, ExitCode, Signal, Sys, WaitStatus};
}

/// Declares the constant of a program: its name, a line about it, its `async fn(Sys, Args) -> ExitCode`.
macro_rules! program {
    ($constant:ident, $name:literal, $about:literal, $main:path) => {
        #[doc = concat!("The program `", $name, "`.")]
        pub const $constant: ::linux::Program =
            ::linux::Program::new($name, $about, |sys, args| -> ::linux::ProgramFuture {
                Box::pin($main(sys, args))
            });
    };
}
pub(crate) use program;
