//! The line discipline: what becomes of a typed byte, and of a written one.
//!
//! Models drivers/tty/n_tty.c with the modes a login leaves on (`ECHOE ECHOK ECHOCTL ECHOKE IEXTEN IUTF8`).
//! Left out: `^S` and `^Q`, column translation other than `ONLCR`, `VMIN` and `VTIME` other than 1 and 0.

use super::Termios;
use crate::Signal;
use std::collections::VecDeque;

/// Bytes of input that wait for a reader (`N_TTY_BUF_SIZE`).
pub(super) const INPUT_MAX: usize = 4096;
/// Bytes of output that wait for the screen, before writers have to.
const OUTPUT_MAX: usize = 64 * 1024;

const INTR: u8 = 0x03;
const EOF: u8 = 0x04;
const WERASE: u8 = 0x17;
const LNEXT: u8 = 0x16;
const REPRINT: u8 = 0x12;
const KILL: u8 = 0x15;
const SUSP: u8 = 0x1a;
const QUIT: u8 = 0x1c;
const ERASE: u8 = 0x7f;

pub(super) struct Discipline {
    pub termios: Termios,
    /// Bytes that a reader may have.
    ready: VecDeque<u8>,
    /// Where lines end, counted in bytes since the beginning; a line of no bytes is an end of file.
    ends: VecDeque<u64>,
    /// Bytes that were read.
    consumed: u64,
    /// The line that is being edited.
    line: Vec<u8>,
    literal_next: bool,
    /// What is to be shown.
    output: VecDeque<u8>,
    column: usize,
    /// Column where the line that is being edited begins.
    line_column: usize,
}

impl Discipline {
    pub(super) fn new() -> Discipline {
        Discipline {
            termios: Termios::COOKED,
            ready: VecDeque::new(),
            ends: VecDeque::new(),
            consumed: 0,
            line: Vec::new(),
            literal_next: false,
            output: VecDeque::new(),
            column: 0,
            line_column: 0,
        }
    }

    /// Changes the modes. What was typed stays readable, as in n_tty_set_termios.
    pub(super) fn set_termios(&mut self, termios: Termios) {
        if self.termios.canonical && !termios.canonical {
            self.ready.extend(self.line.drain(..));
            self.ends.clear();
        } else if !self.termios.canonical && termios.canonical && !self.ready.is_empty() {
            self.ends.push_back(self.consumed + self.ready.len() as u64);
        }
        self.termios = termios;
    }

    /// The signal that a byte stands for now.
    pub(super) fn signal_of(&self, byte: u8) -> Option<Signal> {
        if !self.termios.signals || self.literal_next {
            return None;
        }
        match byte {
            INTR => Some(Signal::INT),
            QUIT => Some(Signal::QUIT),
            SUSP => Some(Signal::TSTP),
            _ => None,
        }
    }

    /// True when another byte has to wait until something is read.
    pub(super) fn is_full(&self) -> bool {
        !self.ready.is_empty() && self.ready.len() + self.line.len() >= INPUT_MAX
    }

    /// A signal was typed: what was typed before it and what was not shown yet is gone.
    pub(super) fn interrupt(&mut self, byte: u8) {
        self.ready.clear();
        self.ends.clear();
        self.line.clear();
        self.output.clear();
        if self.termios.echo {
            self.echo(byte);
        }
    }

    /// A byte was typed that is no signal. Models n_tty_receive_char and n_tty_receive_char_special.
    pub(super) fn receive(&mut self, typed: u8) {
        let mut byte = typed;
        if self.literal_next {
            self.literal_next = false;
        } else {
            if byte == b'\r' && self.termios.cr_to_nl {
                byte = b'\n';
            }
            if self.termios.canonical && self.edit(byte) {
                return;
            }
        }
        if self.termios.canonical && self.line.len() >= INPUT_MAX - 1 {
            if self.termios.echo {
                self.output.push_back(7);
            }
            return;
        }
        if self.termios.echo {
            if self.line.is_empty() {
                self.line_column = self.column;
            }
            self.echo(byte);
        }
        if self.termios.canonical {
            self.line.push(byte);
        } else {
            self.ready.push_back(byte);
        }
    }

    /// The characters that edit a line; false for one that belongs into it.
    fn edit(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => {
                if self.termios.echo {
                    self.write_byte(b'\n');
                }
                self.line.push(b'\n');
                self.commit();
            }
            EOF => self.commit(),
            ERASE => self.erase_character(),
            KILL => {
                while !self.line.is_empty() {
                    self.erase_character();
                }
            }
            WERASE => {
                let mut in_word = false;
                while let Some(&last) = self.line.last() {
                    let is_word = last.is_ascii_alphanumeric() || last == b'_' || last >= 0x80;
                    if in_word && !is_word {
                        break;
                    }
                    in_word |= is_word;
                    self.erase_character();
                }
            }
            LNEXT => {
                self.literal_next = true;
                if self.termios.echo {
                    self.output.extend(b"^\x08");
                }
            }
            REPRINT => {
                if self.termios.echo {
                    self.echo(REPRINT);
                    self.write_byte(b'\n');
                    self.line_column = self.column;
                    for byte in self.line.clone() {
                        self.echo(byte);
                    }
                }
            }
            _ => return false,
        }
        true
    }

    fn commit(&mut self) {
        self.ready.extend(self.line.drain(..));
        self.ends.push_back(self.consumed + self.ready.len() as u64);
    }

    fn erase_character(&mut self) {
        let before = self.width();
        while let Some(byte) = self.line.pop() {
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
        if !self.termios.echo {
            return;
        }
        let after = self.width();
        // A tab leaves nothing behind that would have to be wiped.
        let wiped_by_moving = before - after > 2;
        for _ in after..before {
            self.output.extend(if wiped_by_moving { &b"\x08"[..] } else { &b"\x08 \x08"[..] });
        }
        self.column = self.column.saturating_sub(before - after);
    }

    /// Columns that the edited line takes on the screen.
    fn width(&self) -> usize {
        let end = self.line.iter().fold(self.line_column, |column, &byte| match byte {
            b'\t' => column + 8 - column % 8,
            byte if is_shown_with_caret(byte) => column + 2,
            byte if byte & 0xc0 == 0x80 => column,
            _ => column + 1,
        });
        end - self.line_column
    }

    fn echo(&mut self, byte: u8) {
        if is_shown_with_caret(byte) {
            self.output.extend([b'^', byte ^ 0x40]);
            self.column += 2;
        } else {
            self.write_byte(byte);
        }
    }

    /// Takes up to `max` bytes: in canonical mode of one line. Nothing when a reader has to wait.
    pub(super) fn read(&mut self, max: usize) -> Option<Vec<u8>> {
        let n = if self.termios.canonical {
            let end = *self.ends.front()?;
            max.min((end - self.consumed) as usize)
        } else if self.ready.is_empty() {
            return None;
        } else {
            max.min(self.ready.len())
        };
        let data: Vec<u8> = self.ready.drain(..n).collect();
        self.consumed += n as u64;
        if self.termios.canonical {
            self.ends.pop_front_if(|end| *end == self.consumed);
        } else {
            self.ends.retain(|&end| end > self.consumed);
        }
        Some(data)
    }

    pub(super) fn is_readable(&self) -> bool {
        if self.termios.canonical { !self.ends.is_empty() } else { !self.ready.is_empty() }
    }

    pub(super) fn is_writable(&self) -> bool {
        self.output.len() < OUTPUT_MAX
    }

    /// A process writes: as much as there is room for. Models process_output.
    pub(super) fn write(&mut self, data: &[u8]) -> usize {
        let room = OUTPUT_MAX.saturating_sub(self.output.len());
        let n = data.len().min(room);
        for &byte in &data[..n] {
            self.write_byte(byte);
        }
        n
    }

    fn write_byte(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                if self.termios.nl_to_crnl {
                    self.output.push_back(b'\r');
                    self.column = 0;
                }
            }
            b'\r' => self.column = 0,
            b'\t' => self.column += 8 - self.column % 8,
            8 => self.column = self.column.saturating_sub(1),
            byte if byte.is_ascii_control() || byte & 0xc0 == 0x80 => {}
            _ => self.column += 1,
        }
        self.output.push_back(byte);
    }

    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    pub(super) fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output).into()
    }
}

fn is_shown_with_caret(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t' && byte != b'\n'
}
