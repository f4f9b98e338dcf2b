//! Processes: their ids and how they end.

use crate::Signal;

/// A process id, as processes of the same pid namespace see it.
pub type Pid = i32;

/// Which children to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// Any child.
    Any,
    /// This one.
    Pid(Pid),
    /// Any of this process group.
    Group(Pid),
}

/// How a child changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    /// It ended by itself.
    Exited(i32),
    /// A signal ended it.
    Signaled(Signal),
    /// A signal stopped it.
    Stopped(Signal),
    /// It goes on.
    Continued,
}

impl WaitStatus {
    /// What `$?` is: the exit code, or 128 and the signal's number.
    pub fn exit_code(self) -> i32 {
        match self {
            WaitStatus::Exited(code) => code & 0xff,
            WaitStatus::Signaled(signal) | WaitStatus::Stopped(signal) => 128 + signal.number(),
            WaitStatus::Continued => 0,
        }
    }
}

/// A line of `ps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Process id in the asker's pid namespace.
    pub pid: Pid,
    /// Parent's process id; 0 when it is outside of the namespace.
    pub ppid: Pid,
    /// Process group.
    pub pgid: Pid,
    /// Session.
    pub sid: Pid,
    /// User id.
    pub uid: u32,
    /// `R`, `S`, `T` or `Z`.
    pub state: char,
    /// Controlling terminal, for example `pts/0`.
    pub tty: Option<String>,
    /// Virtual time when it started.
    pub started: sim::Instant,
    /// CPU time that it used.
    pub cpu: std::time::Duration,
    /// Its arguments.
    pub args: Vec<String>,
}
