//! How processes end. Models kernel/exit.c.

use super::Kernel;
use crate::process::{Process, Run, bit};
use crate::{Signal, WaitStatus};
use std::rc::{Rc, Weak};

impl Kernel {
    /// Ends a process: its descriptors close, its tasks are dropped, its children get another parent and its own
    /// parent is told. It stays in the table as a zombie until it is waited for.
    pub(crate) fn exit(self: &Rc<Self>, process: &Rc<Process>, status: WaitStatus) {
        if process.is_dead() {
            return;
        }
        if process.is_stopped() {
            self.forget_stop();
        }
        let housekeeping = process.housekeeping(self.sim.now());
        process.cpu.set(process.cpu.get() + housekeeping);
        process.namespaces.cgroup.charge(housekeeping);
        process.run.set(Run::Dead(status));
        process.postponed.take();
        if process.is_init() {
            for other in self.all(process.pidns) {
                self.exit(&other, WaitStatus::Signaled(Signal::KILL));
            }
        }
        let tasks = std::mem::take(&mut *process.tasks.borrow_mut());
        for task in tasks.into_values() {
            self.sim.abort(task);
        }
        let descriptors = process.fds.take();
        drop(descriptors);
        self.leave_session(process);
        self.give_children_away(process);
        self.tell_parent_of_end(process);
        process.ended.wake();
    }

    fn leave_session(&self, process: &Rc<Process>) {
        if process.is_session_leader() {
            let tty = process.session.borrow().tty.take();
            if let Some(tty) = tty {
                tty.disassociate();
            }
        }
    }

    /// Orphans go to process 1 of their namespace, which on a host waits for everything.
    fn give_children_away(self: &Rc<Self>, process: &Rc<Process>) {
        // Without this process, nobody may be left to continue its own group, or its children's.
        if self.any_stopped() {
            let own = process.group.get();
            let mut groups = vec![own];
            for child in process.children.borrow().values() {
                if !groups.contains(&child.group.get()) {
                    groups.push(child.group.get());
                }
            }
            for group in groups {
                let members = self.group(group);
                if members.iter().any(|member| member.is_stopped()) && self.is_orphaned(group, Some(process))
                {
                    self.post_group(group, Signal::HUP);
                    self.post_group(group, Signal::CONT);
                }
            }
        }
        let children = process.children.take();
        if children.is_empty() {
            return;
        }
        let init = self.find(process.pidns, 1).filter(|init| process.pidns != 0 && !init.is_dead());
        for child in children.into_values() {
            match &init {
                Some(init) => {
                    *child.parent.borrow_mut() = Rc::downgrade(init);
                    init.children.borrow_mut().insert(child.id.host, child.clone());
                    if child.is_dead() {
                        self.tell_of_child(init);
                    }
                }
                None => {
                    *child.parent.borrow_mut() = Weak::new();
                    if child.is_dead() {
                        self.reap(&child);
                    }
                }
            }
        }
    }

    fn tell_parent_of_end(self: &Rc<Self>, process: &Rc<Process>) {
        let parent = process.parent.borrow().upgrade().filter(|parent| !parent.is_dead());
        let Some(parent) = parent else {
            if !process.from_outside {
                self.reap(process);
            }
            return;
        };
        // Who ignores SIGCHLD wants no zombies.
        if parent.signals.ignored.get() & bit(Signal::CHLD) != 0 {
            self.reap(process);
        }
        self.tell_of_child(&parent);
    }
}
