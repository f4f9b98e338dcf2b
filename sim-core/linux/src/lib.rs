//! The machine: what a process on a Linux host sees.
//!
//! A [`Host`] is one booted machine with its process table, its files and its network namespace;
//! containers on it are [`Namespaces`] of their own. A program is an `async fn` that does everything
//! through its [`Sys`], the system call interface. All machines of a world share one [`net::Net`],
//! which moves packets between them.
//!
//! Reading order: [`program`], [`sys`], [`process`], [`fd`], `pipe`, [`tty`], [`vfs`], `kernel`, [`host`],
//! then [`net`] with its own first page, [`resolver`] and [`http`], the libraries that programs share.
//!
//! **Invariant**: nothing here has heard of Kubernetes.

pub mod cgroup;
pub mod dns;
pub mod errno;
mod exec;
pub mod fd;
pub mod host;
pub mod http;
mod kernel;
pub mod net;
mod pipe;
pub mod process;
mod procfs;
pub mod program;
pub mod resolver;
pub mod signal;
mod socket;
pub mod sys;
#[cfg(test)]
mod testing;
pub mod tty;
pub mod vfs;
mod wait;

pub use cgroup::{Cgroup, Usage};
pub use errno::Errno;
pub use fd::{Fd, File};
pub use host::{Host, Namespaces, Spawn};
pub use process::{Pid, WaitFor, WaitStatus};
pub use program::{Args, ExitCode, Footprint, Main, Program, ProgramFuture};
pub use signal::Signal;
pub use sys::Sys;
pub use tty::{PtyMaster, Termios, WinSize};
