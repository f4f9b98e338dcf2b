//! GNU bash 5.2, as a simulated process.
//!
//! A line goes through four hands: [`readline`] (keys to a line) and [`history`] when a person types it, [`parser`]
//! (text to [`ast`]), [`expand`] (words to arguments), [`exec`] (commands to processes, functions and
//! [`builtins`]). [`state`] is what a subshell gets a copy of; [`jobs`] and [`traps`] say what becomes of children
//! and signals; [`complete`] and [`prompt`] serve the editor; [`mod@print`] turns the tree back into text.
//!
//! Left out: `coproc`, `fc`, `bind`, `enable`, restricted shells, `vi` mode. Locales are C.UTF-8.

pub mod arith;
pub mod ast;
pub mod builtins;
pub mod complete;
pub mod compspec;
pub mod escape;
pub mod exec;
pub mod expand;
pub mod history;
pub mod jobs;
pub mod options;
mod params;
pub mod parser;
pub mod pattern;
pub mod print;
pub mod prompt;
pub mod readline;
mod repl;
pub mod startup;
pub mod state;
pub mod traps;
pub mod vars;

use linux::Program;

/// What `$BASH_VERSION` says.
pub const BASH_VERSION: &str = "5.2.15(1)-release";

/// `bash`, and `sh` when it is called by that name.
pub const BASH: Program =
    Program::new("bash", "GNU Bourne-Again SHell", |sys, args| Box::pin(startup::main(sys, args)))
        .taking(3_968, 0);

#[cfg(test)]
mod tests;
