//! Delivery of signals. Models kernel/signal.c.

use super::Kernel;
use crate::process::{Id, Process, Run, bit};
use crate::signal::{DefaultAction, Disposition};
use crate::{Signal, WaitStatus};
use std::rc::Rc;

const STOPS: u64 = bit(Signal::STOP) | bit(Signal::TSTP) | bit(Signal::TTIN) | bit(Signal::TTOU);

impl Kernel {
    /// A signal reaches a process. `from_above`: from outside of its pid namespace, so that even process 1
    /// cannot escape KILL and STOP.
    pub(crate) fn post(self: &Rc<Self>, process: &Rc<Process>, signal: Signal, from_above: bool) {
        if process.is_dead() {
            return;
        }
        let signals = &process.signals;
        if signal == Signal::CONT {
            signals.held.set(signals.held.get() & !STOPS);
            self.go_on(process);
        } else if STOPS & bit(signal) != 0 {
            signals.pending.set(signals.pending.get() & !bit(Signal::CONT));
        }
        let action = signal.default_action();
        match process.disposition(signal) {
            Disposition::Ignore => return,
            Disposition::Catch => {
                signals.pending.set(signals.pending.get() | bit(signal));
                signals.fresh.set(signals.fresh.get() | bit(signal));
                signals.arrived.wake();
                return;
            }
            Disposition::Default => {}
        }
        if matches!(action, DefaultAction::Ignore | DefaultAction::Continue) {
            return;
        }
        let unblockable = matches!(signal, Signal::KILL | Signal::STOP);
        if process.is_init() && !(from_above && unblockable) {
            return;
        }
        if process.is_stopped() && signal != Signal::KILL {
            signals.held.set(signals.held.get() | bit(signal));
            return;
        }
        if action != DefaultAction::Stop {
            self.exit(process, WaitStatus::Signaled(signal));
        } else if signal == Signal::STOP || !self.is_orphaned(process.group.get(), None) {
            self.stop(process, signal);
        }
    }

    /// A signal of the kernel's or the terminal's reaches a process group.
    pub(crate) fn post_group(self: &Rc<Self>, group: Id, signal: Signal) {
        for process in self.group(group) {
            self.post(&process, signal, false);
        }
    }

    /// The members of a process group. Zombies are among them: the group is there as long as they are.
    pub(crate) fn group(&self, group: Id) -> Vec<Rc<Process>> {
        let tables = self.tables.borrow();
        tables.processes.values().filter(|process| process.group.get() == group).cloned().collect()
    }

    /// True when no member has a parent in another group of the same session: nobody could continue it if it
    /// stopped. `leaving` counts as gone already.
    pub(crate) fn is_orphaned(&self, group: Id, leaving: Option<&Rc<Process>>) -> bool {
        !self.group(group).iter().any(|member| {
            !member.is_dead()
                && leaving.is_none_or(|leaving| !Rc::ptr_eq(leaving, member))
                && member.parent.borrow().upgrade().is_some_and(|parent| {
                    !parent.is_dead()
                        && leaving.is_none_or(|leaving| !Rc::ptr_eq(leaving, &parent))
                        && parent.group.get() != group
                        && parent.session_id() == member.session_id()
                })
        })
    }

    /// Signals that were not delivered because the disposition was another one.
    pub(crate) fn set_disposition(self: &Rc<Self>, process: &Rc<Process>, signal: Signal, to: Disposition) {
        if matches!(signal, Signal::KILL | Signal::STOP) {
            return;
        }
        let signals = &process.signals;
        let mask = bit(signal);
        let with = |set: u64, on: bool| if on { set | mask } else { set & !mask };
        signals.ignored.set(with(signals.ignored.get(), to == Disposition::Ignore));
        signals.caught.set(with(signals.caught.get(), to == Disposition::Catch));
        if to != Disposition::Catch && signals.pending.get() & mask != 0 {
            signals.pending.set(signals.pending.get() & !mask);
            signals.fresh.set(signals.fresh.get() & !mask);
            self.post(process, signal, false);
        }
    }

    fn stop(&self, process: &Rc<Process>, signal: Signal) {
        process.run.set(Run::Stopped);
        process.report.set(Some(WaitStatus::Stopped(signal)));
        self.stopped.set(self.stopped.get() + 1);
        self.tell_parent_of_change(process);
    }

    fn go_on(self: &Rc<Self>, process: &Rc<Process>) {
        if !process.is_stopped() {
            return;
        }
        process.run.set(Run::Running);
        process.report.set(Some(WaitStatus::Continued));
        self.stopped.set(self.stopped.get() - 1);
        for (tty, termios) in process.postponed.take() {
            if tty.foreground() == Some(process.group.get()) {
                tty.set_termios(termios);
            }
        }
        self.tell_parent_of_change(process);
        let held = process.signals.held.replace(0);
        for signal in Signal::ALL.iter().filter(|signal| held & bit(**signal) != 0) {
            self.post(process, *signal, false);
        }
        process.held.wake();
    }

    fn tell_parent_of_change(&self, process: &Process) {
        let parent = process.parent.borrow().upgrade();
        if let Some(parent) = parent {
            self.tell_of_child(&parent);
        }
    }

    /// SIGCHLD, and whoever waits looks again. Nobody is ended by SIGCHLD, so this is simpler than a post.
    pub(super) fn tell_of_child(&self, parent: &Process) {
        let signals = &parent.signals;
        if signals.caught.get() & bit(Signal::CHLD) != 0 {
            signals.pending.set(signals.pending.get() | bit(Signal::CHLD));
            signals.fresh.set(signals.fresh.get() | bit(Signal::CHLD));
            signals.arrived.wake();
        }
        parent.child_changed.wake();
    }

    /// The stopped counter, for a process that ends while it is stopped.
    pub(super) fn forget_stop(&self) {
        self.stopped.set(self.stopped.get() - 1);
    }

    pub(super) fn any_stopped(&self) -> bool {
        self.stopped.get() > 0
    }
}

impl Process {
    pub(crate) fn disposition(&self, signal: Signal) -> Disposition {
        if self.signals.ignored.get() & bit(signal) != 0 {
            Disposition::Ignore
        } else if self.signals.caught.get() & bit(signal) != 0 {
            Disposition::Catch
        } else {
            Disposition::Default
        }
    }
}
