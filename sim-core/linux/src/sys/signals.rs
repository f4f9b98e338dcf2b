//! Calls that send signals and receive them.

use super::Sys;
use crate::process::{Process, Signals, bit};
use crate::signal::Disposition;
use crate::{Errno, Pid, Signal};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

impl Sys {
    /// Sends a signal: to a process, to a group when `pid` is negative, to the own group when it is 0, to all but
    /// this process and process 1 when it is -1.
    ///
    /// # Errors
    /// `ESRCH` when there is nobody, `EPERM` when it is somebody else's.
    pub fn kill(&self, pid: Pid, signal: Option<Signal>) -> Result<(), Errno> {
        let pidns = self.process.pidns;
        let kernel = self.kernel();
        let targets = match pid {
            0 => kernel.group(self.process.group.get()),
            -1 => {
                let others = kernel.all(pidns).into_iter();
                others.filter(|p| !p.is_dead() && !p.is_init() && !Rc::ptr_eq(p, &self.process)).collect()
            }
            1 if pidns == 0 => return if self.uid() == 0 { Ok(()) } else { Err(Errno::EPERM) },
            pid if pid < 0 => kernel.group(self.group_called(-pid).ok_or(Errno::ESRCH)?),
            pid => vec![kernel.find(pidns, pid).ok_or(Errno::ESRCH)?],
        };
        let allowed: Vec<_> = targets.iter().filter(|target| self.may_signal(target, signal)).collect();
        if targets.is_empty() {
            return Err(Errno::ESRCH);
        }
        if allowed.is_empty() {
            return Err(Errno::EPERM);
        }
        if let Some(signal) = signal {
            for target in allowed {
                kernel.post(target, signal, pidns != target.pidns);
            }
        }
        Ok(())
    }

    /// Says what is to happen at a signal.
    pub fn sigaction(&self, signal: Signal, disposition: Disposition) {
        self.kernel().set_disposition(&self.process, signal, disposition);
    }

    /// The disposition of a signal.
    pub fn disposition(&self, signal: Signal) -> Disposition {
        self.process.disposition(signal)
    }

    /// Takes a caught signal that has arrived.
    pub fn take_signal(&self) -> Option<Signal> {
        let signals = &self.process.signals;
        let pending = signals.pending.get();
        let signal = Signal::ALL.iter().copied().find(|signal| pending & bit(*signal) != 0)?;
        signals.pending.set(pending & !bit(signal));
        signals.fresh.set(signals.fresh.get() & !bit(signal));
        Some(signal)
    }

    /// Waits for a caught signal. While a task is here, other calls are not interrupted.
    pub async fn wait_signal(&self) -> Signal {
        self.pay().await;
        let _waiter = Waiter::new(&self.process.signals);
        poll_fn(|cx| {
            if !self.process.runs() {
                return Poll::Pending;
            }
            match self.take_signal() {
                Some(signal) => Poll::Ready(signal),
                None => {
                    self.process.signals.arrived.register(cx);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Models kernel/signal.c check_kill_permission.
    fn may_signal(&self, target: &Process, signal: Option<Signal>) -> bool {
        let uid = self.uid();
        uid == 0
            || uid == target.uid.get()
            || uid == target.real_uid.get()
            || self.real_uid() == target.real_uid.get()
            || signal == Some(Signal::CONT) && target.session_id() == self.process.session_id()
    }
}

/// Says that a task waits for signals.
struct Waiter<'a>(&'a Signals);

impl<'a> Waiter<'a> {
    fn new(signals: &'a Signals) -> Self {
        signals.waiters.set(signals.waiters.get() + 1);
        Waiter(signals)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiters.set(self.0.waiters.get() - 1);
    }
}
