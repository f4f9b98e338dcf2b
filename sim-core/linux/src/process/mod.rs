//! Processes: their ids, what the kernel knows of each, and how they end.

use crate::fd::FdTable;
use crate::tty::Tty;
use crate::wait::WaitQueue;
use crate::{Footprint, Namespaces, Signal, Termios};
use sim::{Instant, Rng, SortedMap, TaskId};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

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
    /// Resident memory, in KiB; nothing of a zombie.
    pub memory_kib: u64,
    /// The name of its program, at most 15 bytes.
    pub comm: String,
    /// Its arguments; empty for a zombie, which `ps` shows as `[comm] <defunct>`.
    pub args: Vec<String>,
}

impl ProcessInfo {
    /// Its address space, in KiB: libraries and stack beside what is resident; those of Go keep a gigabyte in reserve.
    pub fn size_kib(&self) -> u64 {
        match self.memory_kib {
            0 => 0,
            memory if memory < 8_192 => memory + 3_228,
            memory => memory + 1_230_000,
        }
    }
}

/// A process id as the host sees it, and as its own pid namespace does. Groups and sessions are named by their
/// leader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub host: Pid,
    pub local: Pid,
}

/// Whether a process goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Running,
    Stopped,
    /// A zombie, until its parent has waited for it.
    Dead(WaitStatus),
}

/// A session: processes that share a controlling terminal.
pub(crate) struct Session {
    pub id: Id,
    pub tty: RefCell<Option<Rc<Tty>>>,
}

/// What the kernel knows of a process. Models `task_struct`.
pub(crate) struct Process {
    pub id: Id,
    pub pidns: u32,
    pub namespaces: Rc<Namespaces>,
    pub started: Instant,
    /// Nothing when it was started from outside of any process or its parent has ended.
    pub parent: RefCell<Weak<Process>>,
    pub children: RefCell<SortedMap<Pid, Rc<Process>>>,
    /// Started by [`crate::Host::spawn`]: whoever did that waits for it, not init.
    pub from_outside: bool,
    pub group: Cell<Id>,
    pub session: RefCell<Rc<Session>>,
    pub uid: Cell<u32>,
    pub real_uid: Cell<u32>,
    pub gid: Cell<u32>,
    pub umask: Cell<u32>,
    pub cwd: RefCell<Rc<str>>,
    pub args: RefCell<Rc<Vec<String>>>,
    pub comm: RefCell<Rc<str>>,
    pub exe: RefCell<Rc<str>>,
    pub env: RefCell<Rc<Vec<(String, String)>>>,
    pub fds: RefCell<FdTable>,
    pub run: Cell<Run>,
    /// True once it has executed a program of its own.
    pub has_execed: Cell<bool>,
    /// A stop or continue that the parent has not waited for.
    pub report: Cell<Option<WaitStatus>>,
    pub signals: Signals,
    /// Terminal modes that were set from the background: they count when the process is in the foreground.
    pub postponed: RefCell<Vec<(Rc<Tty>, Termios)>>,
    /// A child has ended, stopped or gone on.
    pub child_changed: WaitQueue,
    /// This process has ended.
    pub ended: WaitQueue,
    /// Tasks that wait until the process goes on.
    pub held: WaitQueue,
    /// The tasks that run it: the program is number 0, threads count up.
    pub tasks: RefCell<SortedMap<u32, TaskId>>,
    pub next_task: Cell<u32>,
    /// The task that is being polled.
    pub current_task: Cell<u32>,
    /// Virtual time that was used and not yet slept.
    pub debt: Cell<Duration>,
    pub cpu: Cell<Duration>,
    pub footprint: Cell<Footprint>,
    pub on_cpu: Cell<u32>,
    pub rng: RefCell<Option<Rng>>,
}

/// Signals of a process, as sets of bits by number.
#[derive(Default)]
pub(crate) struct Signals {
    pub ignored: Cell<u64>,
    pub caught: Cell<u64>,
    /// Caught and not taken.
    pub pending: Cell<u64>,
    /// Arrived since a blocking call was last interrupted.
    pub fresh: Cell<u64>,
    /// Not caught, and waiting until the process goes on.
    pub held: Cell<u64>,
    /// How many tasks wait for signals: then none of them interrupts a call.
    pub waiters: Cell<u32>,
    pub arrived: WaitQueue,
}

/// The set of one signal.
pub(crate) const fn bit(signal: Signal) -> u64 {
    1 << signal.number()
}

impl Process {
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.run.get(), Run::Dead(_))
    }

    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.run.get(), Run::Stopped)
    }

    /// Neither stopped nor dead.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.run.get(), Run::Running)
    }

    pub(crate) fn session_id(&self) -> Id {
        self.session.borrow().id
    }

    pub(crate) fn is_session_leader(&self) -> bool {
        self.session_id() == self.id
    }

    /// Process 1 of a container.
    pub(crate) fn is_init(&self) -> bool {
        self.pidns != 0 && self.id.local == 1
    }

    pub(crate) fn tty(&self) -> Option<Rc<Tty>> {
        self.session.borrow().tty.borrow().clone()
    }

    /// An id as the processes of a pid namespace see it; 0 for what is outside.
    pub(crate) fn seen_from(&self, pidns: u32, id: Id) -> Pid {
        if pidns == 0 {
            id.host
        } else if pidns == self.pidns {
            id.local
        } else {
            0
        }
    }

    /// Processor time of what its program does by itself, until it ends.
    pub(crate) fn housekeeping(&self, now: Instant) -> Duration {
        match self.footprint.get().cpu_millis {
            0 => Duration::ZERO,
            _ if self.is_dead() => Duration::ZERO,
            millis => now.duration_since(self.started) / 1000 * millis,
        }
    }

    /// Resident memory.
    pub(crate) fn memory_kib(&self) -> u64 {
        if self.is_dead() { 0 } else { u64::from(self.footprint.get().memory_kib) }
    }

    pub(crate) fn info(&self, pidns: u32, now: Instant) -> ProcessInfo {
        let parent = self.parent.borrow().upgrade();
        let ppid = match parent {
            Some(parent) => parent.seen_from(pidns, parent.id),
            None => Pid::from(pidns == 0),
        };
        let state = match self.run.get() {
            Run::Dead(_) => 'Z',
            Run::Stopped => 'T',
            Run::Running if self.on_cpu.get() > 0 => 'R',
            Run::Running => 'S',
        };
        let args = if self.is_dead() { Vec::new() } else { self.args.borrow().to_vec() };
        ProcessInfo {
            pid: self.seen_from(pidns, self.id),
            ppid,
            pgid: self.seen_from(pidns, self.group.get()),
            sid: self.seen_from(pidns, self.session_id()),
            uid: self.uid.get(),
            state,
            tty: self.tty().and_then(|tty| tty.number()).map(|n| format!("pts/{n}")),
            started: self.started,
            cpu: self.cpu.get() + self.housekeeping(now),
            memory_kib: self.memory_kib(),
            comm: self.comm.borrow().to_string(),
            args,
        }
    }
}
