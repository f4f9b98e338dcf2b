//! Programs: what a file in `/usr/bin` holds.

use crate::Sys;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// How a process ended by itself: 0 to 255, as `$?` shows it.
pub type ExitCode = i32;

/// The arguments of a program; `args[0]` is the name it was called by.
pub type Args = Vec<String>;

/// A program that runs.
pub type ProgramFuture = Pin<Box<dyn Future<Output = ExitCode>>>;

/// The code of a program.
#[derive(Clone)]
pub enum Main {
    /// A plain function, for programs in a `const` table.
    Function(fn(Sys, Args) -> ProgramFuture),
    /// A function with something of its own, for programs that a component of the world brings along.
    Closure(Rc<dyn Fn(Sys, Args) -> ProgramFuture>),
}

/// An executable.
#[derive(Clone)]
pub struct Program {
    /// Its name, for example `curl`.
    pub name: &'static str,
    /// One line that says what it does.
    pub about: &'static str,
    /// Its code.
    pub main: Main,
}

impl Program {
    /// A program of a `const` table.
    pub const fn new(name: &'static str, about: &'static str, main: fn(Sys, Args) -> ProgramFuture) -> Self {
        Program { name, about, main: Main::Function(main) }
    }

    /// A program that carries state of its own.
    pub fn with_state(
        name: &'static str,
        about: &'static str,
        main: impl Fn(Sys, Args) -> ProgramFuture + 'static,
    ) -> Self {
        Program { name, about, main: Main::Closure(Rc::new(main)) }
    }

    /// Starts it in the process of `sys`.
    pub fn run(&self, sys: Sys, args: Args) -> ProgramFuture {
        match &self.main {
            Main::Function(main) => main(sys, args),
            Main::Closure(main) => main(sys, args),
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({})", self.name)
    }
}
