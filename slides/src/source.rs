//! The text of a deck, cleaned, and where each byte of it stands.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Severity};

/// A place in a file; both from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// A deck's text: UTF-8, lines ended by `\n`, no byte order mark, no control characters but tab.
pub(crate) struct Source {
    pub file: String,
    pub text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    /// In the order of the file.
    pub diagnostics: Vec<(usize, Diagnostic)>,
}

impl Source {
    pub fn new(file: &str, text: &str) -> Source {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut clean = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => {
                    chars.next_if_eq(&'\n');
                    clean.push('\n');
                }
                '\n' | '\t' => clean.push(c),
                // The parser marks places with control characters of its own, so none may come from outside.
                c if c.is_control() => clean.push(' '),
                c => clean.push(c),
            }
        }
        let lines = std::iter::once(0)
            .chain(clean.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1));
        Source { file: file.to_owned(), lines: lines.collect(), text: clean, diagnostics: Vec::new() }
    }

    pub fn from_bytes(file: &str, bytes: &[u8]) -> Source {
        let text = String::from_utf8_lossy(bytes);
        let mut source = Source::new(file, &text);
        if let Err(error) = std::str::from_utf8(bytes) {
            // The cleaned text has the same lines, so the line is right even where bytes are not.
            let line = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).lines().count().max(1) - 1;
            let at = source.lines.get(line).copied().unwrap_or(0);
            source.warn(at, 1, "this line is not UTF-8", Some("save the file as UTF-8"));
        }
        source
    }

    pub fn position(&self, at: usize) -> Position {
        let at = self.floor(at);
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines[line - 1];
        Position { line, column: self.text[start..at].chars().count() + 1 }
    }

    /// The byte at a position.
    pub fn offset(&self, position: Position) -> usize {
        let start = self.lines.get(position.line.wrapping_sub(1)).copied().unwrap_or(0);
        let chars = self.text[start..].char_indices().nth(position.column.saturating_sub(1));
        start + chars.map_or(0, |(at, _)| at)
    }

    /// A remark on `length` bytes at `at`.
    pub fn warn(&mut self, at: usize, length: usize, message: impl Into<String>, help: Option<&str>) {
        self.say(Severity::Warning, at, length, message.into(), help);
    }

    pub fn error(&mut self, at: usize, length: usize, message: impl Into<String>, help: Option<&str>) {
        self.say(Severity::Error, at, length, message.into(), help);
    }

    fn say(&mut self, severity: Severity, at: usize, length: usize, message: String, help: Option<&str>) {
        let at = self.floor(at);
        let Position { line, column } = self.position(at);
        let start = self.lines[line - 1];
        let source_line = self.text[start..].lines().next().unwrap_or_default().to_owned();
        let end = self.floor((at + length).min(start + source_line.len()));
        let length = if end > at { self.text[at..end].chars().count() } else { 1 };
        let help = help.map(str::to_owned);
        let file = self.file.clone();
        let diagnostic = Diagnostic { severity, file, line, column, length, message, help, source_line };
        let place = self.diagnostics.partition_point(|(other, _)| *other <= at);
        self.diagnostics.insert(place, (at, diagnostic));
    }

    /// Where the character first stands in the line `below` lines under the one of `at`; else the line's start.
    pub fn find_in_line(&self, at: usize, below: usize, character: char) -> usize {
        let start = self.lines.get(self.position(at).line - 1 + below).copied().unwrap_or(at);
        let line = self.text[self.floor(start)..].lines().next().unwrap_or_default();
        start + line.find(character).unwrap_or(0)
    }

    fn floor(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
