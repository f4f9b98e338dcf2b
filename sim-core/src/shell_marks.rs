//! The marks by which a login shell says where its prompts are: OSC 133, as terminals know them. They are taken out of
//! what the screen shows.

use crate::ShellState;

const START: &[u8] = b"\x1b]133;";
/// No mark is longer.
const MAX: usize = 64;

/// Splits a terminal's bytes into what is shown and what the shell says of itself.
#[derive(Default)]
pub(crate) struct ShellMarks {
    /// Bytes that may be the beginning of a mark.
    held: Vec<u8>,
    status: i32,
}

/// A piece of what a terminal says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// For the screen.
    Shown(Vec<u8>),
    /// The shell's state has changed.
    State(ShellState),
}

impl ShellMarks {
    pub(crate) fn split(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut shown = Vec::new();
        let mut rest = std::mem::take(&mut self.held);
        rest.extend_from_slice(bytes);
        let mut at = 0;
        while at < rest.len() {
            let tail = &rest[at..];
            if tail[0] != 0x1b {
                let end = tail.iter().position(|&byte| byte == 0x1b).unwrap_or(tail.len());
                shown.extend_from_slice(&tail[..end]);
                at += end;
                continue;
            }
            let common = tail.iter().zip(START).take_while(|(a, b)| a == b).count();
            if common == tail.len() {
                break;
            }
            if common < START.len() {
                shown.push(tail[0]);
                at += 1;
                continue;
            }
            match tail.iter().take(MAX).position(|&byte| byte == 0x07) {
                Some(end) => {
                    if let Some(state) = self.state(&tail[START.len()..end]) {
                        if !shown.is_empty() {
                            pieces.push(Piece::Shown(std::mem::take(&mut shown)));
                        }
                        pieces.push(Piece::State(state));
                    }
                    at += end + 1;
                }
                None if tail.len() < MAX => break,
                None => {
                    shown.push(tail[0]);
                    at += 1;
                }
            }
        }
        self.held = rest.split_off(at.min(rest.len()));
        if !shown.is_empty() {
            pieces.push(Piece::Shown(shown));
        }
        pieces
    }

    fn state(&mut self, mark: &[u8]) -> Option<ShellState> {
        match mark.first()? {
            b'B' => Some(ShellState::Prompt { status: self.status }),
            b'C' => Some(ShellState::Running),
            b'D' => {
                let number = mark.get(2..).and_then(|digits| std::str::from_utf8(digits).ok());
                self.status = number.and_then(|digits| digits.parse().ok()).unwrap_or(0);
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_the_bytes_are_cut() {
        let bytes = b"\x1b]133;D;7\x07\x1b]133;A\x07$ \x1b]133;B\x07\x1b[1mls\x1b[0m\r\n\x1b]133;C\x07out";
        for cut in 0..bytes.len() {
            let mut marks = ShellMarks::default();
            let mut pieces = marks.split(&bytes[..cut]);
            pieces.extend(marks.split(&bytes[cut..]));
            let mut shown = Vec::new();
            let mut states = Vec::new();
            for piece in pieces {
                match piece {
                    Piece::Shown(bytes) => shown.extend(bytes),
                    Piece::State(state) => states.push(state),
                }
            }
            assert_eq!(shown, b"$ \x1b[1mls\x1b[0m\r\nout");
            assert_eq!(states, [ShellState::Prompt { status: 7 }, ShellState::Running]);
        }
    }
}
