//! Insert and replace mode.

use super::buffer::Place;
use super::editor::{Editor, Mode};
use super::motion;
use crate::programs::support::keys::Key;

impl Editor {
    /// `i a I A o O R`
    pub(super) async fn start_insert(&mut self, command: char, times: usize) {
        let here = self.cursor;
        let width = self.buffer.width(here.line);
        match command {
            'a' => self.cursor.column = (here.column + 1).min(width),
            'A' => self.cursor.column = width,
            'I' => {
                let blanks = self.buffer.line(here.line).chars().take_while(|c| c.is_whitespace()).count();
                self.cursor.column = blanks;
            }
            'o' | 'O' => {
                let line = if command == 'o' { here.line + 1 } else { here.line };
                let indent = self.indent_of(here.line);
                self.buffer.lines.insert(line, indent.as_str().into());
                self.cursor = Place { line, column: indent.chars().count() };
            }
            _ => {}
        }
        let mode = if command == 'R' { Mode::Replace } else { Mode::Insert };
        self.insert_mode(mode, times).await;
    }

    fn indent_of(&self, line: usize) -> String {
        if !self.settings.auto_indent {
            return String::new();
        }
        self.buffer.line(line).chars().take_while(|c| c.is_whitespace()).collect()
    }

    /// Takes text until Escape.
    pub(super) async fn insert_mode(&mut self, mode: Mode, times: usize) {
        self.mode = mode;
        self.message.clear();
        let mut typed = String::new();
        let mut replaced: Vec<Option<char>> = Vec::new();
        loop {
            self.draw().await;
            let key = self.key().await;
            match key {
                Key::Char('\x1b' | '\x03') => break,
                Key::Char('\r' | '\n') => {
                    let indent = self.indent_of(self.cursor.line);
                    self.cursor = self.buffer.insert(self.cursor, &format!("\n{indent}"));
                    typed.push('\n');
                }
                Key::Char('\x7f' | '\x08') => {
                    typed.pop();
                    self.erase(mode, &mut replaced);
                }
                Key::Char(c @ ('\x17' | '\x15')) => {
                    typed.clear();
                    let to = self.cursor;
                    let from = if c == '\x15' {
                        Place { column: 0, ..to }
                    } else {
                        motion::back(&self.buffer, to, false)
                            .filter(|place| place.line == to.line)
                            .unwrap_or(Place { column: 0, ..to })
                    };
                    self.buffer.delete(from, to);
                    self.cursor = from;
                }
                Key::Char('\t') => {
                    let text = if self.settings.expand_tab {
                        " ".repeat(self.settings.tab_stop - self.cursor.column % self.settings.tab_stop)
                    } else {
                        "\t".into()
                    };
                    typed.push_str(&text);
                    self.cursor = self.buffer.insert(self.cursor, &text);
                }
                Key::Char('\x16') => {
                    if let Key::Char(c) = self.key().await {
                        typed.push(c);
                        self.cursor = self.buffer.insert(self.cursor, c.encode_utf8(&mut [0; 4]));
                    }
                }
                Key::Char('\x14' | '\x04') => {}
                Key::Char(c) if c.is_control() => self.bell(),
                Key::Char(c) => {
                    typed.push(c);
                    if mode == Mode::Replace {
                        let mut chars = self.buffer.chars(self.cursor.line);
                        replaced.push(chars.get(self.cursor.column).copied());
                        if self.cursor.column < chars.len() {
                            chars[self.cursor.column] = c;
                        } else {
                            chars.push(c);
                        }
                        self.buffer.set_line(self.cursor.line, &chars);
                        self.cursor.column += 1;
                    } else {
                        self.cursor = self.buffer.insert(self.cursor, c.encode_utf8(&mut [0; 4]));
                    }
                }
                Key::Delete => {
                    if self.cursor.column < self.buffer.width(self.cursor.line) {
                        let to = Place { column: self.cursor.column + 1, ..self.cursor };
                        self.buffer.delete(self.cursor, to);
                    }
                }
                key => {
                    typed.clear();
                    self.move_about(key);
                }
            }
        }
        if times > 1 && mode == Mode::Insert {
            let more = typed.repeat(times - 1);
            self.cursor = self.buffer.insert(self.cursor, &more);
        }
        self.mode = Mode::Normal;
        self.cursor.column = self.cursor.column.saturating_sub(1);
        self.wanted = self.cursor.column;
    }

    fn erase(&mut self, mode: Mode, replaced: &mut Vec<Option<char>>) {
        let here = self.cursor;
        if mode == Mode::Replace {
            let mut chars = self.buffer.chars(here.line);
            self.cursor.column = here.column.saturating_sub(1);
            match replaced.pop() {
                Some(Some(old)) => chars[here.column - 1] = old,
                Some(None) => drop(chars.pop()),
                None => return,
            }
            return self.buffer.set_line(here.line, &chars);
        }
        if here.column > 0 {
            let from = Place { column: here.column - 1, ..here };
            self.buffer.delete(from, here);
            self.cursor = from;
        } else if here.line > 0 {
            let from = Place { line: here.line - 1, column: self.buffer.width(here.line - 1) };
            self.buffer.delete(from, here);
            self.cursor = from;
        } else {
            self.bell();
        }
    }

    fn move_about(&mut self, key: Key) {
        let here = self.cursor;
        let width = self.buffer.width(here.line);
        match key {
            Key::Left => self.cursor.column = here.column.saturating_sub(1),
            Key::Right => self.cursor.column = (here.column + 1).min(width),
            Key::Up if here.line > 0 => self.cursor.line -= 1,
            Key::Down if here.line < self.buffer.last() => self.cursor.line += 1,
            Key::Home => self.cursor.column = 0,
            Key::End => self.cursor.column = width,
            _ => self.bell(),
        }
        self.clamp();
    }
}
