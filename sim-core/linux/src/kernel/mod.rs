//! The process table of a machine, and the life of what is in it.
//!
//! [`signals`] delivers signals, [`exit`] ends processes and tells their parents. A task of a process runs
//! inside of [`Kernel::start_task`], which holds it while the process is stopped. Models kernel/fork.c, kernel/pid.c.

mod exit;
mod signals;

use crate::fd::FdTable;
use crate::net::Net;
use crate::process::{Id, Process, Run, Session, Signals};
use crate::tty::Tty;
use crate::wait::WaitQueue;
use crate::{Errno, Footprint, Namespaces, Pid};
use sim::{Instant, Sim, SortedMap};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

/// Processes that one ordinary user, or one container, may have: a fork bomb ends here.
const PROCESSES_MAX: usize = 512;
/// Processes on one machine (`kernel.pid_max`).
pub(crate) const PID_MAX: usize = 32_768;
/// Machines have run for a while before the first process of ours.
const FIRST_PID: Pid = 600;

/// A machine.
pub(crate) struct Kernel {
    pub sim: Sim,
    pub net: Net,
    pub namespaces: Rc<Namespaces>,
    pub boot_time: Instant,
    tables: RefCell<Tables>,
    /// How many processes are stopped: while there are none, no group needs to be looked at.
    stopped: Cell<u32>,
}

#[derive(Default)]
struct Tables {
    processes: SortedMap<Pid, Rc<Process>>,
    pidns: SortedMap<u32, PidNamespace>,
    by_uid: SortedMap<u32, usize>,
    ptys: SortedMap<(u32, u32), Weak<Tty>>,
    next_pid: Pid,
    next_pidns: u32,
}

#[derive(Default)]
struct PidNamespace {
    next_pid: Pid,
    processes: SortedMap<Pid, Rc<Process>>,
}

/// What a new process begins with.
pub(crate) struct Birth {
    pub namespaces: Rc<Namespaces>,
    pub uid: u32,
    pub gid: u32,
    pub cwd: Rc<str>,
    pub args: Rc<Vec<String>>,
    pub comm: Rc<str>,
    pub exe: Rc<str>,
    pub env: Rc<Vec<(String, String)>>,
    pub fds: FdTable,
}

impl Kernel {
    pub(crate) fn new(sim: &Sim, net: &Net, namespaces: Namespaces) -> Kernel {
        let next_pid = FIRST_PID + sim.rng(&namespaces.hostname).below(300) as Pid;
        Kernel {
            sim: sim.clone(),
            net: net.clone(),
            namespaces: Rc::new(namespaces),
            boot_time: sim.now(),
            tables: RefCell::new(Tables { next_pid, next_pidns: 1, ..Tables::default() }),
            stopped: Cell::new(0),
        }
    }

    pub(crate) fn new_pidns(&self) -> u32 {
        let mut tables = self.tables.borrow_mut();
        let number = tables.next_pidns;
        tables.next_pidns += 1;
        tables.pidns.insert(number, PidNamespace { next_pid: 1, processes: SortedMap::new() });
        number
    }

    /// Puts a new process into the table: a child of `parent`, or the leader of a session of its own.
    ///
    /// # Errors
    /// `EAGAIN` when there are too many, `ENOMEM` when process 1 of the namespace has ended.
    pub(crate) fn add(&self, birth: Birth, parent: Option<&Rc<Process>>) -> Result<Rc<Process>, Errno> {
        let pidns = birth.namespaces.pidns;
        let mut tables = self.tables.borrow_mut();
        let tables = &mut *tables;
        if tables.processes.len() >= PID_MAX {
            return Err(Errno::EAGAIN);
        }
        let of_user = tables.by_uid.get(&birth.uid).copied().unwrap_or(0);
        if parent.is_some() && birth.uid != 0 && of_user >= PROCESSES_MAX {
            return Err(Errno::EAGAIN);
        }
        let host = tables.next_pid;
        let mut local = host;
        if pidns != 0 {
            let space = tables.pidns.get_mut(&pidns).ok_or(Errno::ENOMEM)?;
            if parent.is_some() && space.processes.len() >= PROCESSES_MAX {
                return Err(Errno::EAGAIN);
            }
            if space.next_pid > 1 && space.processes.get(&1).is_none_or(|init| init.is_dead()) {
                return Err(Errno::ENOMEM);
            }
            local = space.next_pid;
            space.next_pid += 1;
        }
        tables.next_pid += 1;
        let id = Id { host, local };
        let process = Rc::new(Process {
            id,
            pidns,
            namespaces: birth.namespaces,
            started: self.sim.now(),
            parent: RefCell::new(parent.map_or_else(Weak::new, Rc::downgrade)),
            children: RefCell::default(),
            from_outside: parent.is_none(),
            group: Cell::new(parent.map_or(id, |parent| parent.group.get())),
            session: RefCell::new(match parent {
                Some(parent) => parent.session.borrow().clone(),
                None => Rc::new(Session { id, tty: RefCell::default() }),
            }),
            uid: Cell::new(birth.uid),
            real_uid: Cell::new(parent.map_or(birth.uid, |parent| parent.real_uid.get())),
            gid: Cell::new(birth.gid),
            umask: Cell::new(parent.map_or(0o022, |parent| parent.umask.get())),
            cwd: RefCell::new(birth.cwd),
            args: RefCell::new(birth.args),
            comm: RefCell::new(birth.comm),
            exe: RefCell::new(birth.exe),
            env: RefCell::new(birth.env),
            fds: RefCell::new(birth.fds),
            run: Cell::new(Run::Running),
            has_execed: Cell::new(false),
            report: Cell::new(None),
            signals: Signals::default(),
            postponed: RefCell::default(),
            child_changed: WaitQueue::default(),
            ended: WaitQueue::default(),
            held: WaitQueue::default(),
            tasks: RefCell::default(),
            next_task: Cell::new(0),
            current_task: Cell::new(0),
            debt: Cell::new(Duration::ZERO),
            cpu: Cell::new(Duration::ZERO),
            footprint: Cell::new(parent.map_or(Footprint::SMALL, |parent| parent.footprint.get())),
            on_cpu: Cell::new(0),
            rng: RefCell::default(),
        });
        if let Some(parent) = parent {
            process.signals.ignored.set(parent.signals.ignored.get());
            parent.children.borrow_mut().insert(host, process.clone());
        }
        *tables.by_uid.entry(birth.uid).or_default() += 1;
        tables.processes.insert(host, process.clone());
        if let Some(space) = tables.pidns.get_mut(&pidns) {
            space.processes.insert(local, process.clone());
        }
        Ok(process)
    }

    /// Starts a task of a process: the program, or a thread.
    pub(crate) fn start_task(&self, process: &Rc<Process>, future: Pin<Box<dyn Future<Output = ()>>>) {
        let number = process.next_task.replace(process.next_task.get() + 1);
        let this = process.clone();
        let mut future = future;
        let task = self.sim.spawn(async move {
            poll_fn(|cx| {
                if this.is_dead() {
                    return Poll::Ready(());
                }
                if this.is_stopped() {
                    this.held.register(cx);
                    return Poll::Pending;
                }
                this.current_task.set(number);
                let poll = future.as_mut().poll(cx);
                if poll.is_pending() && this.is_stopped() {
                    this.held.register(cx);
                }
                poll
            })
            .await;
            this.tasks.borrow_mut().remove(&number);
        });
        process.tasks.borrow_mut().insert(number, task);
    }

    /// A process by the host's number.
    pub(crate) fn process(&self, pid: Pid) -> Option<Rc<Process>> {
        self.tables.borrow().processes.get(&pid).cloned()
    }

    /// A process by the number that it has in a pid namespace.
    pub(crate) fn find(&self, pidns: u32, pid: Pid) -> Option<Rc<Process>> {
        let tables = self.tables.borrow();
        let processes = if pidns == 0 { &tables.processes } else { &tables.pidns.get(&pidns)?.processes };
        processes.get(&pid).cloned()
    }

    /// All that can be seen in a pid namespace, by number.
    pub(crate) fn all(&self, pidns: u32) -> Vec<Rc<Process>> {
        let tables = self.tables.borrow();
        if pidns == 0 {
            return tables.processes.values().cloned().collect();
        }
        tables.pidns.get(&pidns).map_or_else(Vec::new, |space| space.processes.values().cloned().collect())
    }

    /// Takes a zombie out of the table.
    pub(crate) fn reap(&self, process: &Rc<Process>) {
        let parent = process.parent.borrow().upgrade();
        if let Some(parent) = parent {
            parent.children.borrow_mut().remove(&process.id.host);
        }
        let mut tables = self.tables.borrow_mut();
        let tables = &mut *tables;
        if tables.processes.remove(&process.id.host).is_none() {
            return;
        }
        count_down(&mut tables.by_uid, process.uid.get());
        if let Some(space) = tables.pidns.get_mut(&process.pidns) {
            space.processes.remove(&process.id.local);
            if space.processes.is_empty() {
                tables.pidns.remove(&process.pidns);
            }
        }
    }

    pub(crate) fn set_uid(&self, process: &Process, uid: u32) {
        let mut tables = self.tables.borrow_mut();
        count_down(&mut tables.by_uid, process.uid.replace(uid));
        *tables.by_uid.entry(uid).or_default() += 1;
    }

    /// Gives a terminal its number in a pid namespace: the lowest free one, as `/dev/pts` does.
    pub(crate) fn register_pty(&self, pidns: u32, tty: &Rc<Tty>) -> u32 {
        let mut tables = self.tables.borrow_mut();
        tables.ptys.retain(|_, tty| tty.strong_count() > 0);
        let number = (0..).find(|n| !tables.ptys.contains_key(&(pidns, *n))).unwrap_or(0);
        tables.ptys.insert((pidns, number), Rc::downgrade(tty));
        number
    }

    pub(crate) fn pty(&self, pidns: u32, number: u32) -> Option<Rc<Tty>> {
        self.tables.borrow().ptys.get(&(pidns, number)).and_then(Weak::upgrade)
    }
}

fn count_down(counts: &mut SortedMap<u32, usize>, uid: u32) {
    if let Some(count) = counts.get_mut(&uid) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&uid);
        }
    }
}

#[cfg(test)]
mod tests;
