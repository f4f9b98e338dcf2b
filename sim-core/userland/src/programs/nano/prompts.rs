//! What nano asks for: a text to search, a file to write, yes or no.

use super::Nano;
use super::screen::{GO, Keys, REPLACE, SEARCH, WITH, WRITE, YES_NO, YES_NO_ALL};
use crate::programs::support::keys::Key;

impl Nano {
    /// Where a text comes next, behind the cursor and then from the start.
    fn find(&self, text: &str) -> Option<(usize, usize)> {
        let wanted: Vec<char> = text.to_lowercase().chars().collect();
        let mut all = Vec::new();
        for (line, chars) in self.lines.iter().enumerate() {
            for column in 0..chars.len() {
                let fits = chars[column..].len() >= wanted.len()
                    && wanted.iter().zip(&chars[column..]).all(|(a, b)| *a == b.to_ascii_lowercase());
                if fits {
                    all.push((line, column));
                }
            }
        }
        let here = (self.line, self.column);
        all.iter().find(|place| **place > here).or(all.first()).copied()
    }

    pub(super) async fn search(&mut self) {
        let hint = if self.searched.is_empty() { String::new() } else { format!(" [{}]", self.searched) };
        let Some(text) = self.ask(&format!("Search{hint}: "), "", SEARCH).await else { return };
        let text = if text.is_empty() { self.searched.clone() } else { text };
        if text.is_empty() {
            self.message = "Cancelled".into();
            return;
        }
        self.searched.clone_from(&text);
        self.message.clear();
        match self.find(&text) {
            Some(place) if place == (self.line, self.column) => {
                self.message = "This is the only occurrence".into();
            }
            Some((line, column)) => {
                if (line, column) < (self.line, self.column) {
                    self.message = "Search Wrapped".into();
                }
                self.jumped = true;
                self.go(line, column);
            }
            None => self.message = format!("\"{text}\" not found"),
        }
    }

    pub(super) async fn replace(&mut self) {
        let hint = if self.searched.is_empty() { String::new() } else { format!(" [{}]", self.searched) };
        let Some(text) = self.ask(&format!("Search (to replace){hint}: "), "", REPLACE).await else { return };
        let text = if text.is_empty() { self.searched.clone() } else { text };
        if text.is_empty() {
            self.message = "Cancelled".into();
            return;
        }
        self.searched.clone_from(&text);
        let Some(with) = self.ask("Replace with: ", "", WITH).await else { return };
        let start = (self.line, self.column);
        let mut count = 0;
        let mut every = false;
        let mut seen = Vec::new();
        // From the cursor on, around the end, each place once.
        while let Some((line, column)) = self.find(&text) {
            if seen.contains(&(line, column)) {
                break;
            }
            self.jumped = true;
            self.go(line, column);
            let answer = if every { 'y' } else { self.question("Replace this instance?", YES_NO_ALL).await };
            match answer {
                'y' | 'a' => {
                    every |= answer == 'a';
                    if count == 0 {
                        self.save(false, "replacement");
                    }
                    let length = text.chars().count();
                    self.lines[line].splice(column..column + length, with.chars());
                    count += 1;
                    let end = column + with.chars().count();
                    self.go(line, end.saturating_sub(1).max(column));
                    seen.push((line, column));
                }
                'n' => seen.push((line, column)),
                _ => break,
            }
        }
        if seen.is_empty() && count == 0 && self.find(&text).is_none() {
            self.message = format!("\"{text}\" not found");
            return;
        }
        self.go(start.0, start.1.min(self.lines[start.0].len()));
        self.message = format!("Replaced {count} occurrence{}", if count == 1 { "" } else { "s" });
    }

    pub(super) async fn go_to_line(&mut self) {
        let Some(text) = self.ask("Enter line number, column number: ", "", GO).await else { return };
        let mut numbers = text.split(',').map(|part| part.trim().parse::<usize>());
        match numbers.next() {
            Some(Ok(line)) => {
                let line = line.clamp(1, self.lines.len()) - 1;
                let column = numbers.next().and_then(Result::ok).unwrap_or(1).max(1) - 1;
                self.message.clear();
                self.top = line.saturating_sub(self.height() / 2);
                self.go(line, column.min(self.lines[line].len()));
            }
            _ => self.message = "Invalid line or column number".into(),
        }
    }

    /// `^O`: true when the file was written.
    pub(super) async fn write(&mut self) -> bool {
        let file = self.file.clone();
        let Some(file) = self.ask("File Name to Write: ", &file, WRITE).await else { return false };
        if file.is_empty() {
            self.message = "Cancelled".into();
            return false;
        }
        if self.lines.last().is_some_and(|last| !last.is_empty()) {
            self.lines.push(Vec::new());
        }
        let text: Vec<String> = self.lines.iter().map(|line| line.iter().collect()).collect();
        let text = text.join("\n");
        match self.sys.write_file(&file, text.as_bytes()).await {
            Ok(()) => {
                let count = text.lines().count();
                self.message = format!("Wrote {count} line{}", if count == 1 { "" } else { "s" });
                self.file = file;
                self.modified = false;
                true
            }
            Err(errno) => {
                self.message = format!("Error writing {file}: {errno}");
                false
            }
        }
    }

    /// `^X`: true when that is it.
    pub(super) async fn leave(&mut self) -> bool {
        if !self.modified {
            return true;
        }
        match self.question("Save modified buffer? ", YES_NO).await {
            'y' => self.write().await,
            'n' => true,
            _ => {
                self.message = "Cancelled".into();
                false
            }
        }
    }

    async fn question(&mut self, text: &str, answers: Keys) -> char {
        loop {
            self.draw(Some((text, "", answers))).await;
            match self.keyboard.key().await {
                Key::Char(c @ ('y' | 'Y' | 'n' | 'N' | 'a' | 'A')) => return c.to_ascii_lowercase(),
                Key::Char('\x03' | '\x1b') | Key::Closed => return 'c',
                _ => {}
            }
        }
    }

    /// Asks for a line; nothing when it was given up.
    async fn ask(&mut self, prompt: &str, start: &str, keys: Keys) -> Option<String> {
        let mut text = start.to_string();
        loop {
            self.draw(Some((prompt, &text, keys))).await;
            match self.keyboard.key().await {
                Key::Char('\r' | '\n') => return Some(text),
                Key::Char('\x03') | Key::Closed => {
                    self.message = "Cancelled".into();
                    return None;
                }
                Key::Char('\x7f' | '\x08') => drop(text.pop()),
                Key::Char('\x15' | '\x0b') => text.clear(),
                Key::Char(c) if !c.is_control() => text.push(c),
                _ => {}
            }
        }
    }
}
