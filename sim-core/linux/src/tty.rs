//! Terminals: a pseudo terminal with its line discipline (echo, editing, `^C ^Z ^D ^\`, window size).

use crate::{Errno, File};

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
pub struct PtyMaster {}

impl PtyMaster {
    /// A new pseudo terminal of this size, and its slave side, to be handed to a process as descriptors 0, 1, 2
    /// and controlling terminal.
    pub fn open(_sim: &sim::Sim, _size: WinSize) -> (PtyMaster, File) {
        todo!()
    }
    /// Bytes from the keyboard, through the line discipline. What does not fit into the input queue (4096
    /// bytes) waits here and is not lost.
    pub fn input(&self, _bytes: &[u8]) {
        todo!()
    }
    /// Waits for output to the screen: what processes wrote and what was echoed. Empty when every slave
    /// descriptor is closed.
    pub async fn output(&self) -> Result<Vec<u8>, Errno> {
        todo!()
    }
    /// Takes the output there is, without waiting.
    pub fn take_output(&self) -> Vec<u8> {
        todo!()
    }
    /// Changes the size; the foreground process group gets SIGWINCH.
    pub fn resize(&self, _size: WinSize) {
        todo!()
    }
    /// True when some process waits for input from this terminal and nothing is left to read.
    pub fn is_waiting_for_input(&self) -> bool {
        todo!()
    }
}
