//! Keys as a terminal sends them, for full-screen programs.

use linux::{Errno, Fd, Signal, Sys, Termios, WinSize};

/// A key, or what else wakes a program that waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Delete,
    Insert,
    /// The terminal has another size.
    Resized,
    /// The terminal is gone.
    Closed,
}

/// A terminal that gives every key as it comes.
pub(crate) struct Keyboard {
    sys: Sys,
    fd: Fd,
    cooked: Termios,
    pending: Vec<u8>,
}

const SEQUENCES: &[(&[u8], Key)] = &[
    (b"\x1b[A", Key::Up),
    (b"\x1bOA", Key::Up),
    (b"\x1b[B", Key::Down),
    (b"\x1bOB", Key::Down),
    (b"\x1b[C", Key::Right),
    (b"\x1bOC", Key::Right),
    (b"\x1b[D", Key::Left),
    (b"\x1bOD", Key::Left),
    (b"\x1b[5~", Key::PageUp),
    (b"\x1b[6~", Key::PageDown),
    (b"\x1b[H", Key::Home),
    (b"\x1bOH", Key::Home),
    (b"\x1b[1~", Key::Home),
    (b"\x1b[F", Key::End),
    (b"\x1bOF", Key::End),
    (b"\x1b[4~", Key::End),
    (b"\x1b[3~", Key::Delete),
    (b"\x1b[2~", Key::Insert),
];

impl Keyboard {
    /// Takes the terminal: nothing is echoed, and no key is a signal.
    pub(crate) fn open(sys: &Sys) -> Keyboard {
        let fd = sys.open("/dev/tty", linux::fd::OpenFlags::READ, 0).unwrap_or(0);
        let cooked = sys.tcgetattr(fd).unwrap_or(Termios::COOKED);
        let _ = sys.tcsetattr(fd, Termios::RAW);
        sys.sigaction(Signal::WINCH, linux::signal::Disposition::Catch);
        Keyboard { sys: sys.clone(), fd, cooked, pending: Vec::new() }
    }

    /// Gives the terminal back as it was.
    pub(crate) fn close(&self) {
        let _ = self.sys.tcsetattr(self.fd, self.cooked);
    }

    /// The size of the terminal.
    pub(crate) fn size(&self) -> WinSize {
        self.sys.winsize(1).unwrap_or(WinSize { rows: 24, cols: 80 })
    }

    /// Whether a key waits already, so that drawing can wait.
    pub(crate) fn has_more(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The next key.
    pub(crate) async fn key(&mut self) -> Key {
        loop {
            if !self.pending.is_empty() {
                return self.decode();
            }
            match self.sys.read(self.fd, 256).await {
                Ok(bytes) if bytes.is_empty() => return Key::Closed,
                Ok(bytes) => self.pending = bytes,
                Err(Errno::EINTR) => {
                    if self.sys.take_signal() == Some(Signal::WINCH) {
                        return Key::Resized;
                    }
                }
                Err(_) => return Key::Closed,
            }
        }
    }

    fn decode(&mut self) -> Key {
        for (sequence, key) in SEQUENCES {
            if self.pending.starts_with(sequence) {
                self.pending.drain(..sequence.len());
                return *key;
            }
        }
        let length = match self.pending[0] {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            _ => 1,
        };
        let length = usize::min(length, self.pending.len());
        let bytes: Vec<u8> = self.pending.drain(..length).collect();
        Key::Char(String::from_utf8_lossy(&bytes).chars().next().unwrap_or('\u{fffd}'))
    }
}
