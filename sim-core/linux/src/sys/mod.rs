//! The system call interface: everything that a program can do to the world.
//!
//! By subject: `files` (descriptors), `paths`, `processes`, `signals`, `terminals`, `network`.
//! Every call costs a little virtual time, which is slept off at the next call that can wait.

mod files;
mod network;
#[cfg(test)]
mod network_tests;
mod paths;
mod processes;
mod signals;
mod terminals;

use crate::kernel::Kernel;
use crate::process::{Process, ProcessInfo, bit};
use crate::{Errno, Host, Pid, ProgramFuture, Signal, WaitStatus};
use sim::{Instant, Timestamp};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// The process that a program runs in. Clones name the same process. Paths are relative to its working
/// directory. Calls that block end with `EINTR` when a caught signal arrives; one whose default action ends
/// the process drops the program at its next `.await`.
///
/// `EINTR` comes once for a signal, at the first call that blocks after it, and only in the program itself:
/// threads are left alone, and so is everything while some task is in [`Sys::wait_signal`]. Calls that write,
/// connect or wait for children are not interrupted by CHLD, WINCH and CONT.
#[derive(Clone)]
pub struct Sys {
    host: Host,
    process: Rc<Process>,
}

/// What a system call costs.
const CALL: Duration = Duration::from_micros(1);
/// Used time is slept when it comes to this much: fewer events than one for each call.
const DEBT_MAX: Duration = Duration::from_micros(20);

/// Signals that interrupt a call, as sets.
const EVERY: u64 = u64::MAX;
/// Handlers of the others are installed with `SA_RESTART` by whoever has them.
const NOT_RESTARTED: u64 = !(bit(Signal::CHLD) | bit(Signal::WINCH) | bit(Signal::CONT));

impl Sys {
    // Time.

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.kernel().sim.now()
    }

    /// The wall clock.
    pub fn clock(&self) -> Timestamp {
        self.now().timestamp()
    }

    /// When the machine was booted.
    pub fn boot_time(&self) -> Instant {
        self.host.boot_time()
    }

    /// Sleeps; `EINTR` when a caught signal comes first.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Errno> {
        self.charge(CALL);
        let mut sleep = pin!(self.kernel().sim.sleep(duration));
        self.block(EVERY, |cx| sleep.as_mut().poll(cx).map(Ok)).await
    }

    /// Uses the processor for `duration` of virtual time: every program does, if only a few microseconds, so
    /// that no loop is free.
    pub async fn cpu(&self, duration: Duration) {
        self.charge(duration);
        self.pay().await;
    }

    /// Runs `future` for `duration` at most; nothing when that was not enough.
    pub async fn timeout<T>(&self, duration: Duration, future: impl Future<Output = T>) -> Option<T> {
        let mut sleep = pin!(self.kernel().sim.sleep(duration));
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
        })
        .await
    }

    /// Random numbers for this process.
    pub fn random(&self) -> u64 {
        let mut rng = self.process.rng.borrow_mut();
        rng.get_or_insert_with(|| self.new_rng("process")).next_u64()
    }

    // Who and where.

    /// The machine. What is done through it needs no permission: for the services of the machine itself.
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// What this process can see.
    pub fn namespaces(&self) -> crate::Namespaces {
        crate::Namespaces::clone(&self.process.namespaces)
    }

    /// Own process id.
    pub fn pid(&self) -> Pid {
        self.process.id.local
    }

    /// Parent's process id.
    pub fn ppid(&self) -> Pid {
        self.process.info(self.process.pidns, self.now()).ppid
    }

    /// User id: the effective one.
    pub fn uid(&self) -> u32 {
        self.process.uid.get()
    }

    /// Group id.
    pub fn gid(&self) -> u32 {
        self.process.gid.get()
    }

    /// User id of who started this: another than [`Sys::uid`] in a program with the set-user-ID bit, such as sudo.
    pub fn real_uid(&self) -> u32 {
        self.process.real_uid.get()
    }

    /// Becomes another user; only root can, or back to the real one.
    pub fn setuid(&self, uid: u32) -> Result<(), Errno> {
        if self.uid() != 0 && uid != self.real_uid() && uid != self.uid() {
            return Err(Errno::EPERM);
        }
        if self.uid() == 0 {
            self.process.real_uid.set(uid);
        }
        self.kernel().set_uid(&self.process, uid);
        Ok(())
    }

    /// Becomes a member of another group; only root can.
    pub fn setgid(&self, gid: u32) -> Result<(), Errno> {
        if self.uid() != 0 && gid != self.gid() {
            return Err(Errno::EPERM);
        }
        self.process.gid.set(gid);
        Ok(())
    }

    /// Host name.
    pub fn hostname(&self) -> String {
        self.process.namespaces.hostname.clone()
    }

    /// Value of an environment variable.
    pub fn env(&self, name: &str) -> Option<String> {
        let env = self.process.env.borrow();
        env.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// The environment, in order.
    pub fn environ(&self) -> Vec<(String, String)> {
        self.process.env.borrow().to_vec()
    }

    /// All processes of the own pid namespace, by pid.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        let mut list = self.host.processes(self.process.pidns);
        if let Some(own) = list.iter_mut().find(|info| info.pid == self.pid()) {
            own.state = 'R';
        }
        list
    }

    // For the calls.

    pub(crate) fn new(host: Host, process: Rc<Process>) -> Sys {
        Sys { host, process }
    }

    fn kernel(&self) -> &Rc<Kernel> {
        &self.host.0
    }

    fn new_rng(&self, what: &str) -> sim::Rng {
        let name = format!("{}/{what}/{}", self.kernel().namespaces.hostname, self.process.id.host);
        self.kernel().sim.rng(&name)
    }

    /// Runs the program of a new process.
    pub(crate) fn start_program(self, program: impl FnOnce(Sys) -> ProgramFuture + 'static) {
        let (kernel, process) = (self.kernel().clone(), self.process.clone());
        let future = Box::pin(async move {
            let code = program(self.clone()).await;
            self.settle(Duration::ZERO).await;
            self.kernel().exit(&self.process, WaitStatus::Exited(code & 0xff));
        });
        kernel.start_task(&process, future);
    }

    /// Uses processor time that is slept off later.
    pub(crate) fn charge(&self, duration: Duration) {
        let process = &self.process;
        process.debt.set(process.debt.get() + duration);
        process.cpu.set(process.cpu.get() + duration);
        process.namespaces.cgroup.charge(duration);
    }

    /// Sleeps off what was charged, if it is worth an event.
    async fn pay(&self) {
        self.settle(DEBT_MAX).await;
    }

    async fn settle(&self, threshold: Duration) {
        let debt = self.process.debt.get();
        if debt >= threshold && !debt.is_zero() {
            self.process.debt.set(Duration::ZERO);
            let _running = OnCpu::new(&self.process);
            let sim = &self.kernel().sim;
            sim.sleep(self.process.namespaces.cgroup.run(sim.now(), debt)).await;
        }
    }

    /// Waits until `call` is done or one of the signals `by` interrupts it. A process that is stopped or has
    /// ended gets no further.
    async fn block<T>(
        &self,
        by: u64,
        mut call: impl FnMut(&mut Context<'_>) -> Poll<Result<T, Errno>>,
    ) -> Result<T, Errno> {
        self.pay().await;
        poll_fn(|cx| {
            if !self.process.runs() {
                return Poll::Pending;
            }
            let poll = call(cx);
            if self.process.is_dead() {
                return Poll::Pending;
            }
            if poll.is_pending() && self.process.runs() && self.is_interrupted(cx, by) {
                return Poll::Ready(Err(Errno::EINTR));
            }
            poll
        })
        .await
    }

    fn is_interrupted(&self, cx: &Context<'_>, by: u64) -> bool {
        let signals = &self.process.signals;
        if self.process.current_task.get() != 0 {
            return false;
        }
        signals.arrived.register(cx);
        let fresh = signals.fresh.get();
        if fresh & by == 0 || signals.waiters.get() > 0 {
            return false;
        }
        signals.fresh.set(0);
        true
    }

    /// Goes on unless the process has ended: then its descriptors are gone and nothing may be concluded from it.
    async fn alive(&self) {
        poll_fn(|_| if self.process.is_dead() { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

/// Shows the process as running while it is there.
struct OnCpu<'a>(&'a Process);

impl<'a> OnCpu<'a> {
    fn new(process: &'a Process) -> Self {
        process.on_cpu.set(process.on_cpu.get() + 1);
        OnCpu(process)
    }
}

impl Drop for OnCpu<'_> {
    fn drop(&mut self) {
        self.0.on_cpu.set(self.0.on_cpu.get() - 1);
    }
}
