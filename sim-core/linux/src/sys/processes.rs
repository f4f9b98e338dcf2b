//! Calls that make processes, end them and wait for them.

use super::{CALL, EVERY, NOT_RESTARTED, Sys};
use crate::exec::{self, Image};
use crate::kernel::Birth;
use crate::process::{Id, Process, Run, Session};
use crate::signal::Disposition;
use crate::{Args, Errno, ExitCode, Pid, ProgramFuture, Signal, WaitFor, WaitStatus};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// What it costs to copy a process: the parent, and the child before it does anything.
const FORK: Duration = Duration::from_micros(160);
const FORKED: Duration = Duration::from_micros(120);

impl Sys {
    /// Starts a child with copies of descriptors, environment and working directory, that runs `child`. Signals
    /// that the parent ignores stay ignored; those that it catches are back at their default, as the code that
    /// would take them is the parent's.
    ///
    /// # Errors
    /// `EAGAIN` when the user has too many processes.
    pub fn fork(&self, child: impl FnOnce(Sys) -> ProgramFuture + 'static) -> Result<Pid, Errno> {
        self.charge(FORK);
        let process = &self.process;
        if process.is_dead() {
            return Err(Errno::EAGAIN);
        }
        let birth = Birth {
            namespaces: process.namespaces.clone(),
            uid: process.uid.get(),
            gid: process.gid.get(),
            cwd: process.cwd.borrow().clone(),
            args: process.args.borrow().clone(),
            comm: process.comm.borrow().clone(),
            exe: process.exe.borrow().clone(),
            env: process.env.borrow().clone(),
            fds: process.fds.borrow().clone(),
        };
        let new = self.kernel().add(birth, Some(process))?;
        new.debt.set(FORKED);
        let pid = new.id.local;
        Sys::new(self.host.clone(), new).start_program(child);
        Ok(pid)
    }

    /// Replaces the program of this process: what comes back is the new program, to be awaited as the last thing
    /// (`return sys.exec(..)?.await`). `path` is looked up as it is, without `PATH`; scripts with `#!` run their
    /// interpreter.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`, `ENOEXEC` (no `#!`: the shell then reads it itself).
    pub fn exec(&self, path: &str, argv: Args, env: Vec<(String, String)>) -> Result<ProgramFuture, Errno> {
        let process = &self.process;
        let cwd = process.cwd.borrow().clone();
        let image = exec::load(&self.caller(&cwd), path, argv)?;
        let Image { program, path, args, set_uid, set_gid, comm } = image;
        self.charge(exec::COST);
        let others: Vec<_> = {
            let mut tasks = process.tasks.borrow_mut();
            let current = process.current_task.get();
            let others = tasks.keys().copied().filter(|number| *number != current).collect::<Vec<_>>();
            others.iter().filter_map(|number| tasks.remove(number)).collect()
        };
        for task in others {
            self.kernel().sim.abort(task);
        }
        let closed = process.fds.borrow_mut().take_cloexec();
        drop(closed);
        for signal in Signal::ALL {
            if process.disposition(*signal) == Disposition::Catch {
                self.kernel().set_disposition(process, *signal, Disposition::Default);
            }
        }
        if let Some(uid) = set_uid {
            self.kernel().set_uid(process, uid);
        }
        if let Some(gid) = set_gid {
            process.gid.set(gid);
        }
        process.has_execed.set(true);
        process.footprint.set(program.footprint);
        *process.args.borrow_mut() = Rc::new(args.clone());
        *process.comm.borrow_mut() = comm;
        *process.exe.borrow_mut() = path.into();
        *process.env.borrow_mut() = Rc::new(env);
        Ok(program.run(self.clone(), args))
    }

    /// As [`Sys::exec`], with the program looked up along `PATH` of the new environment (`execvpe`).
    pub fn exec_along_path(
        &self,
        name: &str,
        argv: Args,
        env: Vec<(String, String)>,
    ) -> Result<ProgramFuture, Errno> {
        let cwd = self.process.cwd.borrow().clone();
        let search = env.iter().find(|(key, _)| key == "PATH").map_or(exec::DEFAULT_PATH, |(_, path)| path);
        let found = exec::find_along_path(&self.caller(&cwd), search, name)?;
        self.exec(&found, argv, env)
    }

    /// Starts another task in this process; it ends with the process.
    pub fn spawn_thread(&self, future: impl Future<Output = ()> + 'static) {
        if !self.process.is_dead() {
            self.kernel().start_task(&self.process, Box::pin(future));
        }
    }

    /// Ends this process at the next `.await`.
    pub async fn exit(&self, code: ExitCode) {
        self.kernel().exit(&self.process, WaitStatus::Exited(code & 0xff));
        self.alive().await;
    }

    /// Waits for a child to end (or, with `untraced`, to stop or go on). `nohang` gives `Ok(None)` at once
    /// when none has. `ECHILD` when there is none to wait for.
    pub async fn wait(
        &self,
        which: WaitFor,
        untraced: bool,
        nohang: bool,
    ) -> Result<Option<(Pid, WaitStatus)>, Errno> {
        self.charge(CALL);
        self.block(NOT_RESTARTED, |cx| match self.changed_child(which, untraced) {
            Ok(None) if !nohang => {
                self.process.child_changed.register(cx);
                Poll::Pending
            }
            result => Poll::Ready(result),
        })
        .await
    }

    /// Own process group.
    pub fn getpgrp(&self) -> Pid {
        self.process.group.get().local
    }

    /// Process group of a process (0: this one).
    pub fn getpgid(&self, pid: Pid) -> Result<Pid, Errno> {
        let process = self.named(pid)?;
        Ok(process.seen_from(self.process.pidns, process.group.get()))
    }

    /// Session of a process (0: this one).
    pub fn getsid(&self, pid: Pid) -> Result<Pid, Errno> {
        let process = self.named(pid)?;
        Ok(process.seen_from(self.process.pidns, process.session_id()))
    }

    /// Puts a process (0: this one) into a group (0: its own).
    ///
    /// # Errors
    /// `ESRCH` for others than this process and its children, `EACCES` for a child that has executed a program,
    /// `EPERM` for a session leader or a group of another session. Models kernel/sys.c setpgid.
    pub fn setpgid(&self, pid: Pid, pgid: Pid) -> Result<(), Errno> {
        if pgid < 0 {
            return Err(Errno::EINVAL);
        }
        let target = self.named(pid)?;
        if !Rc::ptr_eq(&target, &self.process) {
            let is_child =
                target.parent.borrow().upgrade().is_some_and(|parent| Rc::ptr_eq(&parent, &self.process));
            if !is_child {
                return Err(Errno::ESRCH);
            }
            if target.session_id() != self.process.session_id() {
                return Err(Errno::EPERM);
            }
            if target.has_execed.get() {
                return Err(Errno::EACCES);
            }
        }
        if target.is_session_leader() {
            return Err(Errno::EPERM);
        }
        let group = if pgid == 0 || pgid == target.seen_from(self.process.pidns, target.id) {
            target.id
        } else {
            let group = self.group_called(pgid).ok_or(Errno::EPERM)?;
            let members = self.kernel().group(group);
            if members.iter().all(|member| member.session_id() != target.session_id()) {
                return Err(Errno::EPERM);
            }
            group
        };
        target.group.set(group);
        Ok(())
    }

    /// Starts a new session without a controlling terminal.
    ///
    /// # Errors
    /// `EPERM` for the leader of a process group.
    pub fn setsid(&self) -> Result<Pid, Errno> {
        let id = self.process.id;
        if !self.kernel().group(id).is_empty() {
            return Err(Errno::EPERM);
        }
        *self.process.session.borrow_mut() = Rc::new(Session { id, tty: RefCell::default() });
        self.process.group.set(id);
        Ok(id.local)
    }

    /// Waits until this process is told to go on; signals that are caught interrupt.
    pub async fn pause(&self) -> Errno {
        let result: Result<(), Errno> = self.block(EVERY, |_| Poll::Pending).await;
        result.err().unwrap_or(Errno::EINTR)
    }

    /// The id of a process group by its number in the own pid namespace.
    pub(super) fn group_called(&self, pgid: Pid) -> Option<Id> {
        let pidns = self.process.pidns;
        let all = self.kernel().all(pidns);
        let member = all.iter().find(|process| process.seen_from(pidns, process.group.get()) == pgid);
        member.map(|member| member.group.get())
    }

    fn named(&self, pid: Pid) -> Result<Rc<Process>, Errno> {
        if pid == 0 {
            return Ok(self.process.clone());
        }
        self.kernel().find(self.process.pidns, pid).ok_or(Errno::ESRCH)
    }

    /// Models kernel/exit.c do_wait: zombies are reaped, other changes are reported once.
    fn changed_child(&self, which: WaitFor, untraced: bool) -> Result<Option<(Pid, WaitStatus)>, Errno> {
        let pidns = self.process.pidns;
        let children = self.process.children.borrow();
        let mut any = false;
        let mut changed = None;
        for child in children.values() {
            let pid = child.seen_from(pidns, child.id);
            let meant = match which {
                WaitFor::Any => true,
                WaitFor::Pid(wanted) => wanted == pid,
                WaitFor::Group(0) => child.group.get() == self.process.group.get(),
                WaitFor::Group(wanted) => wanted == child.seen_from(pidns, child.group.get()),
            };
            if !meant {
                continue;
            }
            any = true;
            let status = match child.run.get() {
                Run::Dead(status) => Some(status),
                _ if untraced => child.report.take(),
                _ => None,
            };
            if let Some(status) = status {
                changed = Some((child.clone(), pid, status));
                break;
            }
        }
        drop(children);
        match changed {
            Some((child, pid, status)) => {
                if child.is_dead() {
                    self.kernel().reap(&child);
                }
                Ok(Some((pid, status)))
            }
            None if any => Ok(None),
            None => Err(Errno::ECHILD),
        }
    }
}
