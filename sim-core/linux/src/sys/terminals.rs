//! Calls on terminals, and who may use the controlling one. Models drivers/tty/tty_jobctrl.c.

use super::Sys;
use crate::signal::Disposition;
use crate::tty::Tty;
use crate::{Errno, Fd, Pid, Signal, Termios, WinSize};
use std::rc::Rc;
use std::task::Poll;

impl Sys {
    /// True when the descriptor is a terminal.
    pub fn isatty(&self, fd: Fd) -> bool {
        self.terminal(fd).is_ok()
    }

    /// Modes of a terminal.
    pub fn tcgetattr(&self, fd: Fd) -> Result<Termios, Errno> {
        Ok(self.terminal(fd)?.termios())
    }

    /// Sets the modes of a terminal. From the background that stops the process with SIGTTOU, and counts when it
    /// goes on in the foreground.
    pub fn tcsetattr(&self, fd: Fd, termios: Termios) -> Result<(), Errno> {
        let tty = self.terminal(fd)?;
        if self.is_in_background(&tty) && self.disposition(Signal::TTOU) == Disposition::Default {
            let group = self.process.group.get();
            if self.kernel().is_orphaned(group, None) {
                return Err(Errno::EIO);
            }
            self.process.postponed.borrow_mut().push((tty, termios));
            self.kernel().post_group(group, Signal::TTOU);
            return Ok(());
        }
        tty.set_termios(termios);
        Ok(())
    }

    /// Foreground process group of a terminal.
    pub fn tcgetpgrp(&self, fd: Fd) -> Result<Pid, Errno> {
        let tty = self.terminal(fd)?;
        if !self.controls(&tty) {
            return Err(Errno::ENOTTY);
        }
        let group = tty.foreground().ok_or(Errno::ENOTTY)?;
        Ok(self.process.seen_from(self.process.pidns, group))
    }

    /// Sets the foreground process group. A process in the background may as well: children of a shell do
    /// before they execute a program.
    pub fn tcsetpgrp(&self, fd: Fd, pgid: Pid) -> Result<(), Errno> {
        let tty = self.terminal(fd)?;
        if !self.controls(&tty) {
            return Err(Errno::ENOTTY);
        }
        let group = self.group_called(pgid).ok_or(Errno::ESRCH)?;
        let members = self.kernel().group(group);
        if members.iter().all(|member| member.session_id() != self.process.session_id()) {
            return Err(Errno::EPERM);
        }
        tty.set_foreground(group);
        Ok(())
    }

    /// Size of a terminal.
    pub fn winsize(&self, fd: Fd) -> Result<WinSize, Errno> {
        Ok(self.terminal(fd)?.size())
    }

    /// Sets the size of a terminal, as `stty rows` does.
    pub fn set_winsize(&self, fd: Fd, size: WinSize) -> Result<(), Errno> {
        self.terminal(fd)?.resize(size);
        Ok(())
    }

    /// Name of a terminal, for example `/dev/pts/0`.
    pub fn ttyname(&self, fd: Fd) -> Option<String> {
        self.terminal(fd).ok()?.number().map(|number| format!("/dev/pts/{number}"))
    }

    /// A session leader without a terminal gets the one it opens.
    pub(super) fn acquire_terminal(&self, tty: &Rc<Tty>) {
        if self.process.is_session_leader() && self.process.tty().is_none() && tty.session().is_none() {
            tty.control(self.kernel(), self.process.id);
            *self.process.session.borrow().tty.borrow_mut() = Some(tty.clone());
        }
    }

    /// Whether this process may read from a terminal now; if not, what its call does instead: SIGTTIN stops its
    /// group, and the call is made again when it goes on.
    pub(super) fn may_read_terminal<T>(&self, tty: &Rc<Tty>) -> Result<(), Poll<Result<T, Errno>>> {
        if !self.is_in_background(tty) {
            return Ok(());
        }
        let group = self.process.group.get();
        match self.disposition(Signal::TTIN) {
            Disposition::Ignore => return Err(Poll::Ready(Err(Errno::EIO))),
            _ if self.kernel().is_orphaned(group, None) => return Err(Poll::Ready(Err(Errno::EIO))),
            _ => self.kernel().post_group(group, Signal::TTIN),
        }
        Err(Poll::Pending)
    }

    /// The same for writing, where only `TOSTOP` keeps the background from it.
    pub(super) fn may_write_terminal<T>(&self, tty: &Rc<Tty>) -> Result<(), Poll<Result<T, Errno>>> {
        if !tty.termios().tostop
            || !self.is_in_background(tty)
            || self.disposition(Signal::TTOU) == Disposition::Ignore
        {
            return Ok(());
        }
        let group = self.process.group.get();
        if self.kernel().is_orphaned(group, None) {
            return Err(Poll::Ready(Err(Errno::EIO)));
        }
        self.kernel().post_group(group, Signal::TTOU);
        Err(Poll::Pending)
    }

    fn terminal(&self, fd: Fd) -> Result<Rc<Tty>, Errno> {
        self.file(fd)?.tty().cloned().ok_or(Errno::ENOTTY)
    }

    /// True for the controlling terminal of the own session.
    fn controls(&self, tty: &Rc<Tty>) -> bool {
        tty.session() == Some(self.process.session_id())
    }

    fn is_in_background(&self, tty: &Rc<Tty>) -> bool {
        self.controls(tty) && tty.foreground() != Some(self.process.group.get())
    }
}
