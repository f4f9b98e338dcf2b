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
    /// What it takes from the machine before anybody asks it for anything.
    pub footprint: Footprint,
}

/// What a program takes by being there, as measured with the real ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Resident memory, in KiB.
    pub memory_kib: u32,
    /// Processor time for its own housekeeping, which nobody simulates call by call, in thousandths of a processor.
    pub cpu_millis: u32,
}

impl Footprint {
    /// A small program of a distribution.
    pub const SMALL: Footprint = Footprint { memory_kib: 2_048, cpu_millis: 0 };
}

impl Program {
    /// A program of a `const` table.
    pub const fn new(name: &'static str, about: &'static str, main: fn(Sys, Args) -> ProgramFuture) -> Self {
        Program { name, about, main: Main::Function(main), footprint: Footprint::SMALL }
    }

    /// A program that carries state of its own.
    pub fn with_state(
        name: &'static str,
        about: &'static str,
        main: impl Fn(Sys, Args) -> ProgramFuture + 'static,
    ) -> Self {
        Program { name, about, main: Main::Closure(Rc::new(main)), footprint: Footprint::SMALL }
    }

    /// The same program with what it takes: KiB of memory, thousandths of a processor.
    pub const fn taking(mut self, memory_kib: u32, cpu_millis: u32) -> Self {
        self.footprint = Footprint { memory_kib, cpu_millis };
        self
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
