//! Keys: what bytes from a terminal mean.

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as on the keyboard")]
pub enum Key {
    Char(char),
    Ctrl(char),
    Alt(char),
    AltBackspace,
    Backspace,
    Delete,
    Enter,
    Tab,
    Up,
    Down,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    PageUp,
    PageDown,
    Undo,
    /// A text between the marks of a bracketed paste.
    Paste(String),
}

/// Reads keys from bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    paste: Option<Vec<u8>>,
    /// The next key is taken as it is (`^V`).
    pub literal: bool,
}

const PASTE_END: &[u8] = b"\x1b[201~";

impl Decoder {
    /// Takes a byte; the key that it completes, if it does.
    pub fn feed(&mut self, byte: u8) -> Option<Key> {
        if let Some(paste) = &mut self.paste {
            paste.push(byte);
            if paste.ends_with(PASTE_END) {
                paste.truncate(paste.len() - PASTE_END.len());
                let text = String::from_utf8_lossy(paste).replace("\r\n", "\n").replace('\r', "\n");
                self.paste = None;
                return Some(Key::Paste(text));
            }
            return None;
        }
        if self.literal && self.bytes.is_empty() && byte < 0x80 {
            self.literal = false;
            return Some(Key::Char(byte as char));
        }
        self.bytes.push(byte);
        let key = self.decode();
        if key.is_some() {
            self.bytes.clear();
            self.literal = false;
        }
        key.flatten()
    }

    /// Nothing while more bytes are needed; an empty answer when they mean nothing.
    fn decode(&mut self) -> Option<Option<Key>> {
        let bytes = self.bytes.as_slice();
        match bytes {
            [0x1b] => None,
            [0x1b, b'[' | b'O'] => None,
            [0x1b, b'[', .., last] if bytes.len() > 2 => {
                if !(0x40..=0x7e).contains(last) || bytes.len() == 3 && *last == b'[' {
                    return if bytes.len() > 16 { Some(None) } else { None };
                }
                if bytes == b"\x1b[200~" {
                    self.paste = Some(Vec::new());
                    return Some(None);
                }
                Some(csi(&bytes[2..]))
            }
            [0x1b, b'O', last] => Some(csi(&[*last])),
            [0x1b, 0x7f | 0x08] => Some(Some(Key::AltBackspace)),
            [0x1b, 0x1b] => {
                self.bytes.pop();
                None
            }
            [0x1b, rest @ ..] => match std::str::from_utf8(rest) {
                Ok(text) => Some(text.chars().next().map(Key::Alt)),
                Err(error) if error.error_len().is_none() => None,
                Err(_) => Some(None),
            },
            [byte @ 0..=0x1f] => Some(Some(match byte {
                b'\r' | b'\n' => Key::Enter,
                b'\t' => Key::Tab,
                8 => Key::Backspace,
                0x1f => Key::Undo,
                0 => Key::Ctrl('@'),
                byte => Key::Ctrl((byte | 0x60) as char),
            })),
            [0x7f] => Some(Some(Key::Backspace)),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Some(text.chars().next().map(Key::Char)),
                Err(error) if error.error_len().is_none() => None,
                Err(_) => Some(Some(Key::Char('\u{fffd}'))),
            },
        }
    }
}

fn csi(sequence: &[u8]) -> Option<Key> {
    let modified = sequence.windows(2).any(|pair| matches!(pair, [b';', b'3' | b'5']));
    Some(match sequence.last()? {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if modified => Key::WordRight,
        b'D' if modified => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'~' => match &sequence[..sequence.len() - 1] {
            b"1" | b"7" => Key::Home,
            b"4" | b"8" => Key::End,
            b"3" => Key::Delete,
            b"5" => Key::PageUp,
            b"6" => Key::PageDown,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|byte| decoder.feed(*byte)).collect()
    }

    #[test]
    fn bytes_become_keys() {
        assert_eq!(
            keys(b"a\x01\x1b[A\x1bb\x7f\r"),
            [Key::Char('a'), Key::Ctrl('a'), Key::Up, Key::Alt('b'), Key::Backspace, Key::Enter]
        );
        assert_eq!(keys("é漢".as_bytes()), [Key::Char('é'), Key::Char('漢')]);
        assert_eq!(keys(b"\x1b[1;5C\x1b[3~\x1bOH"), [Key::WordRight, Key::Delete, Key::Home]);
        assert_eq!(keys(b"\x1b[200~a\rb\x1b[201~x"), [Key::Paste("a\nb".into()), Key::Char('x')]);
    }
}
