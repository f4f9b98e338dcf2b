//! Terminals: a pseudo terminal with its line discipline (echo, editing, `^C ^Z ^D ^\`, window size).
//!
//! [`PtyMaster`] is the side of the keyboard and the screen; the other side is a [`File`] that processes read and
//! write. In between sits the `discipline`. A terminal controls one session: it knows the group in its
//! foreground and signals it. Models drivers/tty/pty.c and tty_jobctrl.c.

mod discipline;

use crate::fd::{Object, OpenFlags};
use crate::kernel::Kernel;
use crate::process::{Id, Process};
use crate::vfs::Vfs;
use crate::wait::WaitQueue;
use crate::{Errno, File, Signal};
use discipline::{Discipline, INPUT_MAX};
use sim::SortedMap;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

/// The size of a terminal in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WinSize {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub cols: u16,
}

/// The modes of a terminal that programs here change. Models `termios(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termios {
    /// Lines are edited by the kernel and come whole (`ICANON`).
    pub canonical: bool,
    /// What is typed is shown (`ECHO`).
    pub echo: bool,
    /// `^C ^Z ^\` send signals (`ISIG`).
    pub signals: bool,
    /// Carriage return typed becomes line feed (`ICRNL`).
    pub cr_to_nl: bool,
    /// Line feed written becomes carriage return and line feed (`OPOST | ONLCR`).
    pub nl_to_crnl: bool,
    /// Background processes that write are stopped (`TOSTOP`).
    pub tostop: bool,
}

impl Termios {
    /// As a terminal is when it is opened.
    pub const COOKED: Termios = Termios {
        canonical: true,
        echo: true,
        signals: true,
        cr_to_nl: true,
        nl_to_crnl: true,
        tostop: false,
    };
    /// As `cfmakeraw` makes it.
    pub const RAW: Termios = Termios {
        canonical: false,
        echo: false,
        signals: false,
        cr_to_nl: false,
        nl_to_crnl: false,
        tostop: false,
    };
}

/// The master side of a pseudo terminal: where the keyboard and the screen are. Clones share it; when the last
/// is dropped, the terminal hangs up (SIGHUP to its session).
#[derive(Clone)]
pub struct PtyMaster(Rc<Master>);

struct Master(Rc<Tty>);

impl PtyMaster {
    /// A new pseudo terminal of this size, and its slave side, to be handed to a process as descriptors 0, 1, 2
    /// and controlling terminal.
    pub fn open(_sim: &sim::Sim, size: WinSize) -> (PtyMaster, File) {
        let tty = Rc::new(Tty {
            discipline: RefCell::new(Discipline::new()),
            backlog: RefCell::default(),
            size: Cell::new(size),
            slaves: Cell::new(0),
            hung_up: Cell::new(false),
            number: Cell::new(None),
            shown_in: RefCell::default(),
            control: RefCell::default(),
            readable: WaitQueue::default(),
            writable: WaitQueue::default(),
            screen: WaitQueue::default(),
            readers: RefCell::default(),
            next_reader: Cell::new(0),
        });
        let slave = File::new(Object::Tty(tty.clone()), OpenFlags::READ_WRITE);
        (PtyMaster(Rc::new(Master(tty))), slave)
    }

    /// Bytes from the keyboard, through the line discipline. What does not fit into the input queue (4096
    /// bytes) waits here and is not lost.
    pub fn input(&self, bytes: &[u8]) {
        self.0.0.input(bytes);
    }

    /// Waits for output to the screen: what processes wrote and what was echoed. Empty when every slave
    /// descriptor is closed.
    pub async fn output(&self) -> Result<Vec<u8>, Errno> {
        poll_fn(|cx| {
            let tty = &self.0.0;
            if !tty.discipline.borrow().has_output() && !tty.is_closed() {
                tty.screen.register(cx);
                return Poll::Pending;
            }
            Poll::Ready(Ok(self.take_output()))
        })
        .await
    }

    /// Takes the output there is, without waiting.
    pub fn take_output(&self) -> Vec<u8> {
        let output = self.0.0.discipline.borrow_mut().take_output();
        self.0.0.writable.wake();
        output
    }

    /// Changes the size; the foreground process group gets SIGWINCH.
    pub fn resize(&self, size: WinSize) {
        self.0.0.resize(size);
    }

    /// True when some process waits for input from this terminal and nothing is left to read.
    pub fn is_waiting_for_input(&self) -> bool {
        let tty = &self.0.0;
        if tty.discipline.borrow().is_readable() || !tty.backlog.borrow().is_empty() {
            return false;
        }
        let readers = tty.readers.borrow();
        readers.values().any(|process| process.upgrade().is_some_and(|process| process.runs()))
    }

    /// True when every slave descriptor is closed or the session is over: nothing more will come but what
    /// [`PtyMaster::take_output`] still gives.
    pub fn is_closed(&self) -> bool {
        self.0.0.is_closed()
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        self.0.hang_up();
    }
}

/// The major number of the devices in `/dev/pts`, and the group that owns them.
const PTS_MAJOR: u32 = 136;
const TTY_GROUP: u32 = 5;

/// What both sides share.
pub(crate) struct Tty {
    discipline: RefCell<Discipline>,
    /// Typed bytes that the input queue has no room for.
    backlog: RefCell<VecDeque<u8>>,
    size: Cell<WinSize>,
    slaves: Cell<u32>,
    hung_up: Cell<bool>,
    number: Cell<Option<u32>>,
    /// The root directory whose `/dev/pts` shows it.
    shown_in: RefCell<Option<Vfs>>,
    control: RefCell<Option<Control>>,
    readable: WaitQueue,
    writable: WaitQueue,
    screen: WaitQueue,
    /// Processes that wait for input.
    readers: RefCell<SortedMap<u64, Weak<Process>>>,
    next_reader: Cell<u64>,
}

/// Whose controlling terminal it is.
struct Control {
    kernel: Weak<Kernel>,
    session: Id,
    foreground: Id,
}

impl Tty {
    fn input(&self, bytes: &[u8]) {
        for &byte in bytes {
            let signal = self.discipline.borrow().signal_of(byte);
            if let Some(signal) = signal {
                // Signals overtake what waits for a reader, as the kernel would be too late otherwise.
                self.backlog.borrow_mut().clear();
                self.discipline.borrow_mut().interrupt(byte);
                self.writable.wake();
                self.signal_foreground(signal);
            } else {
                self.backlog.borrow_mut().push_back(byte);
                self.take_in();
            }
        }
        self.screen.wake();
    }

    /// Moves typed bytes into the input queue while there is room.
    fn take_in(&self) {
        let mut discipline = self.discipline.borrow_mut();
        while !discipline.is_full()
            && let Some(byte) = self.backlog.borrow_mut().pop_front()
        {
            discipline.receive(byte);
        }
        let readable = discipline.is_readable();
        drop(discipline);
        if readable {
            self.readable.wake();
        }
    }

    pub(crate) fn poll_read(&self, cx: &Context<'_>, max: usize) -> Poll<Result<Vec<u8>, Errno>> {
        if max == 0 {
            return Poll::Ready(Ok(Vec::new()));
        }
        let data = self.discipline.borrow_mut().read(max.min(INPUT_MAX));
        match data {
            Some(data) => {
                self.take_in();
                self.screen.wake();
                Poll::Ready(Ok(data))
            }
            None if self.hung_up.get() => Poll::Ready(Ok(Vec::new())),
            None => {
                self.readable.register(cx);
                Poll::Pending
            }
        }
    }

    pub(crate) fn poll_write(&self, cx: &Context<'_>, data: &[u8]) -> Poll<Result<usize, Errno>> {
        if self.hung_up.get() {
            return Poll::Ready(Err(Errno::EIO));
        }
        let n = self.discipline.borrow_mut().write(data);
        if n == 0 && !data.is_empty() {
            self.writable.register(cx);
            return Poll::Pending;
        }
        self.screen.wake();
        Poll::Ready(Ok(n))
    }

    pub(crate) fn is_readable(&self, cx: &Context<'_>) -> bool {
        let ready = self.hung_up.get() || self.discipline.borrow().is_readable();
        if !ready {
            self.readable.register(cx);
        }
        ready
    }

    pub(crate) fn is_writable(&self, cx: &Context<'_>) -> bool {
        let ready = self.hung_up.get() || self.discipline.borrow().is_writable();
        if !ready {
            self.writable.register(cx);
        }
        ready
    }

    pub(crate) fn termios(&self) -> Termios {
        self.discipline.borrow().termios
    }

    pub(crate) fn set_termios(&self, termios: Termios) {
        self.discipline.borrow_mut().set_termios(termios);
        self.take_in();
    }

    pub(crate) fn size(&self) -> WinSize {
        self.size.get()
    }

    pub(crate) fn resize(&self, size: WinSize) {
        if self.size.replace(size) != size {
            self.signal_foreground(Signal::WINCH);
        }
    }

    /// N of `/dev/pts/N`.
    pub(crate) fn number(&self) -> Option<u32> {
        self.number.get()
    }

    /// Puts it into `/dev/pts`, for its owner.
    pub(crate) fn show(&self, number: u32, root: &Vfs, uid: u32) -> Result<(), Errno> {
        self.number.set(Some(number));
        let path = format!("/dev/pts/{number}");
        root.put_device(&path, PTS_MAJOR, number, 0o620)?;
        root.chown(&path, uid, TTY_GROUP)?;
        *self.shown_in.borrow_mut() = Some(root.clone());
        Ok(())
    }

    /// Becomes the controlling terminal of a session, its leader's group in the foreground.
    pub(crate) fn control(&self, kernel: &Rc<Kernel>, session: Id) {
        *self.control.borrow_mut() =
            Some(Control { kernel: Rc::downgrade(kernel), session, foreground: session });
    }

    /// The session that this terminal controls.
    pub(crate) fn session(&self) -> Option<Id> {
        self.control.borrow().as_ref().map(|control| control.session)
    }

    /// The process group in the foreground.
    pub(crate) fn foreground(&self) -> Option<Id> {
        self.control.borrow().as_ref().map(|control| control.foreground)
    }
    pub(crate) fn set_foreground(&self, group: Id) {
        if let Some(control) = self.control.borrow_mut().as_mut() {
            control.foreground = group;
        }
    }

    /// A process waits for input until what is returned is dropped.
    pub(crate) fn waiting(self: &Rc<Self>, process: &Rc<Process>) -> Waiting {
        let key = self.next_reader.replace(self.next_reader.get() + 1);
        self.readers.borrow_mut().insert(key, Rc::downgrade(process));
        Waiting { tty: self.clone(), key }
    }

    pub(crate) fn slave_opened(&self) {
        self.slaves.set(self.slaves.get() + 1);
    }
    pub(crate) fn slave_closed(&self) {
        self.slaves.set(self.slaves.get() - 1);
        if self.slaves.get() == 0 {
            self.screen.wake();
        }
    }

    /// The session leader has ended: those that are left can neither read nor write, and what is in the
    /// foreground gets SIGHUP. Models disassociate_ctty.
    pub(crate) fn disassociate(&self) {
        self.hung_up.set(true);
        self.signal_foreground(Signal::HUP);
        self.signal_foreground(Signal::CONT);
        self.control.take();
        self.wake_all();
    }

    /// The master is gone.
    fn hang_up(&self) {
        self.hung_up.set(true);
        let leader = self.control.borrow().as_ref().map(|control| (control.kernel.clone(), control.session));
        let leader = leader.and_then(|(kernel, session)| {
            let kernel = kernel.upgrade()?;
            let leader = kernel.process(session.host)?;
            Some((kernel, leader))
        });
        let foreground = self.foreground();
        if let Some((kernel, leader)) = leader {
            kernel.post(&leader, Signal::HUP, false);
            kernel.post(&leader, Signal::CONT, false);
            if foreground != self.session() {
                self.signal_foreground(Signal::HUP);
                self.signal_foreground(Signal::CONT);
            }
        }
        self.wake_all();
    }

    fn is_closed(&self) -> bool {
        self.slaves.get() == 0 || self.hung_up.get()
    }

    fn wake_all(&self) {
        self.readable.wake();
        self.writable.wake();
        self.screen.wake();
    }

    fn signal_foreground(&self, signal: Signal) {
        let target =
            self.control.borrow().as_ref().map(|control| (control.kernel.clone(), control.foreground));
        if let Some((kernel, group)) = target
            && let Some(kernel) = kernel.upgrade()
        {
            kernel.post_group(group, signal);
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        if let (Some(root), Some(number)) = (self.shown_in.take(), self.number.get()) {
            // Somebody may have removed the node already.
            let _ = root.remove_all(&format!("/dev/pts/{number}"));
        }
    }
}

/// Says that a process waits for input.
pub(crate) struct Waiting {
    tty: Rc<Tty>,
    key: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.tty.readers.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests;
