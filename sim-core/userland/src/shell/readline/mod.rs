//! The line editor: keys in, screen bytes out. Models readline with its Emacs keys.
//!
//! It is a value without a terminal: [`Editor::key`] changes it and says what is to be written and what the shell
//! has to do. [`keys`] reads the keyboard, [`screen`] knows where characters stand, [`completion`] what Tab inserts, `search` what `^R` finds.

pub mod completion;
pub mod keys;
pub mod screen;
mod search;

use completion::{Completion, columns};
use keys::Key;
use screen::{Prompt, Screen};
use search::Search;
use std::rc::Rc;

/// What the shell has to do after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Wait for the next key.
    More,
    /// A line was entered.
    Line(String),
    /// `^C`
    Interrupt,
    /// `^D` in an empty line.
    Eof,
    /// Tab: say what could be completed, with [`Editor::complete`].
    Complete,
}

/// One line being edited.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
    screen: Screen,
    prompt: Prompt,
    cols: usize,
    history: Rc<Vec<String>>,
    /// Which line of history is shown; as many as there are for the new one.
    position: usize,
    /// Lines of history as they were changed here.
    edited: Vec<(usize, Vec<char>)>,
    killed: Vec<char>,
    killing: bool,
    undo: Vec<(Vec<char>, usize)>,
    /// The last key typed a character, which undo takes back with the ones before.
    typing: bool,
    tabs: u32,
    asking: Option<Completion>,
    search: Option<Search>,
    /// `Alt-.` pressed so many times, and how much it inserted.
    last_argument: Option<(usize, usize)>,
    literal: bool,
}

impl Editor {
    /// An editor that keeps what was killed by the one before.
    pub fn new(history: Rc<Vec<String>>, killed: Vec<char>) -> Editor {
        Editor { position: history.len(), history, killed, ..Editor::default() }
    }

    /// What `^Y` would insert.
    pub fn killed(&self) -> Vec<char> {
        self.killed.clone()
    }

    /// True when the next key is to be taken as it is.
    pub fn wants_literal(&self) -> bool {
        self.literal
    }

    /// The line up to the cursor.
    pub fn before_cursor(&self) -> String {
        self.text[..self.cursor].iter().collect()
    }

    /// The line behind the cursor.
    pub fn after_cursor(&self) -> String {
        self.text[self.cursor..].iter().collect()
    }

    /// Shows the prompt.
    pub fn begin(&mut self, prompt: &str, cols: usize) -> String {
        self.cols = cols;
        self.prompt = Prompt::new(prompt);
        self.screen.begin(self.prompt.clone(), cols)
    }

    /// The window has another width.
    pub fn resize(&mut self, cols: usize) -> String {
        self.cols = cols;
        self.screen.resize(cols, &self.text, self.cursor)
    }

    /// Takes a key; gives what is to be written.
    pub fn key(&mut self, key: Key) -> (String, Action) {
        if let Some(completion) = self.asking.take() {
            return (self.answer(&key, completion), Action::More);
        }
        self.literal = false;
        if self.search.is_some() {
            return self.search_key(key);
        }
        if key != Key::Tab {
            self.tabs = 0;
        }
        if key != Key::Alt('.') && key != Key::Alt('_') {
            self.last_argument = None;
        }
        let was_killing = std::mem::take(&mut self.killing);
        let was_typing = std::mem::take(&mut self.typing);
        match key {
            Key::Enter => {
                self.cursor = self.text.len();
                let mut out = self.screen.show(&self.text, self.cursor);
                out.push_str(&self.screen.leave());
                return (out, Action::Line(self.text.iter().collect()));
            }
            Key::Ctrl('c') => {
                let mut out = self.screen.show(&self.text, self.text.len());
                out.push_str("^C\n");
                return (out, Action::Interrupt);
            }
            Key::Ctrl('d') if self.text.is_empty() => return (String::new(), Action::Eof),
            Key::Ctrl('l') => {
                let out = "\x1b[H\x1b[2J".to_string() + &self.screen.again(&self.text, self.cursor);
                return (out, Action::More);
            }
            Key::Tab => {
                self.tabs += 1;
                return (String::new(), Action::Complete);
            }
            Key::Ctrl(c @ ('r' | 's')) => {
                self.search = Some(Search {
                    text: String::new(),
                    found: self.position,
                    failed: false,
                    forward: c == 's',
                    original: (self.text.clone(), self.cursor, self.position),
                });
                return (self.show_search(), Action::More);
            }
            Key::Ctrl('v' | 'q') => {
                self.literal = true;
                return (String::new(), Action::More);
            }
            Key::Char(c) => {
                if !was_typing {
                    self.save();
                }
                self.typing = true;
                self.insert(&[c]);
            }
            Key::Paste(text) => {
                self.save();
                let chars: Vec<char> =
                    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect();
                self.insert(&chars);
            }
            Key::Undo => {
                if let Some((text, cursor)) = self.undo.pop() {
                    self.text = text;
                    self.cursor = cursor;
                } else {
                    return ("\x07".into(), Action::More);
                }
            }
            other => {
                if !self.edit(other, was_killing) {
                    return ("\x07".into(), Action::More);
                }
            }
        }
        (self.screen.show(&self.text, self.cursor), Action::More)
    }

    fn save(&mut self) {
        self.undo.push((self.text.clone(), self.cursor));
        if self.undo.len() > 200 {
            self.undo.remove(0);
        }
    }

    fn insert(&mut self, chars: &[char]) {
        self.text.splice(self.cursor..self.cursor, chars.iter().copied());
        self.cursor += chars.len();
    }

    /// Removes a range and keeps it for `^Y`.
    fn kill(&mut self, from: usize, to: usize, again: bool) -> bool {
        if from == to {
            return true;
        }
        self.save();
        let removed: Vec<char> = self.text.drain(from..to).collect();
        if !again {
            self.killed = removed;
        } else if from < self.cursor {
            self.killed.splice(0..0, removed);
        } else {
            self.killed.extend(removed);
        }
        self.cursor = from;
        self.killing = true;
        true
    }

    /// Keys that move and change; false for the bell.
    fn edit(&mut self, key: Key, was_killing: bool) -> bool {
        let (cursor, length) = (self.cursor, self.text.len());
        match key {
            Key::Left | Key::Ctrl('b') => {
                self.cursor = cursor.saturating_sub(1);
                cursor > 0
            }
            Key::Right | Key::Ctrl('f') => {
                self.cursor = (cursor + 1).min(length);
                cursor < length
            }
            Key::Home | Key::Ctrl('a') => {
                self.cursor = 0;
                true
            }
            Key::End | Key::Ctrl('e') => {
                self.cursor = length;
                true
            }
            Key::WordLeft | Key::Alt('b') => {
                self.cursor = self.word_left();
                true
            }
            Key::WordRight | Key::Alt('f') => {
                self.cursor = self.word_right();
                true
            }
            Key::Backspace => {
                if cursor == 0 {
                    return false;
                }
                self.save();
                self.text.remove(cursor - 1);
                self.cursor -= 1;
                true
            }
            Key::Delete | Key::Ctrl('d') => {
                if cursor == length {
                    return false;
                }
                self.save();
                self.text.remove(cursor);
                true
            }
            Key::Ctrl('k') => self.kill(cursor, length, was_killing),
            Key::Ctrl('u') => self.kill(0, cursor, was_killing),
            Key::Ctrl('w') => {
                let blanks = self.text[..cursor].iter().rev().take_while(|c| c.is_whitespace()).count();
                let word =
                    self.text[..cursor - blanks].iter().rev().take_while(|c| !c.is_whitespace()).count();
                self.kill(cursor - blanks - word, cursor, was_killing)
            }
            Key::AltBackspace => {
                let from = self.word_left();
                self.kill(from, cursor, was_killing)
            }
            Key::Alt('d') => {
                let to = self.word_right();
                self.kill(cursor, to, was_killing)
            }
            Key::Ctrl('y') => {
                self.save();
                let killed = self.killed.clone();
                self.insert(&killed);
                true
            }
            Key::Ctrl('t') => {
                if cursor == 0 || length < 2 {
                    return false;
                }
                self.save();
                let at = cursor.min(length - 1);
                self.text.swap(at - 1, at);
                self.cursor = at + 1;
                true
            }
            Key::Alt(c @ ('u' | 'l' | 'c')) => {
                self.save();
                let to = self.word_right();
                let mut first = true;
                for c2 in &mut self.text[cursor..to] {
                    let upper = c == 'u' || c == 'c' && first && c2.is_alphanumeric();
                    let mapped = if upper { c2.to_uppercase().next() } else { c2.to_lowercase().next() };
                    first &= !c2.is_alphanumeric();
                    *c2 = mapped.unwrap_or(*c2);
                }
                self.cursor = to;
                true
            }
            Key::Alt('.' | '_') => self.insert_last_argument(),
            Key::Alt('r') => {
                self.save();
                self.text = match self.history.get(self.position) {
                    Some(line) => line.chars().collect(),
                    None => Vec::new(),
                };
                self.cursor = self.text.len();
                true
            }
            Key::Alt('#') => {
                self.insert_comment();
                true
            }
            Key::Up | Key::Ctrl('p') => self.position > 0 && self.go_to(self.position - 1),
            Key::Down | Key::Ctrl('n') => self.position < self.history.len() && self.go_to(self.position + 1),
            Key::Alt('<') => self.go_to(0),
            Key::Alt('>') => self.go_to(self.history.len()),
            Key::PageUp => {
                // Lines that begin with what stands before the cursor, as many distributions set it.
                let prefix: String = self.text[..cursor].iter().collect();
                let found = (0..self.position).rev().find(|i| self.history[*i].starts_with(&prefix));
                found.is_some_and(|i| self.go_to(i) && self.keep_cursor(cursor))
            }
            Key::PageDown => {
                let prefix: String = self.text[..cursor].iter().collect();
                let found =
                    (self.position + 1..self.history.len()).find(|i| self.history[*i].starts_with(&prefix));
                let to = found.unwrap_or(self.history.len());
                self.position < self.history.len() && self.go_to(to) && self.keep_cursor(cursor)
            }
            _ => false,
        }
    }

    fn keep_cursor(&mut self, cursor: usize) -> bool {
        self.cursor = cursor.min(self.text.len());
        true
    }

    fn insert_comment(&mut self) {
        self.save();
        self.text.insert(0, '#');
        self.cursor = self.text.len();
    }

    fn word_left(&self) -> usize {
        let mut at = self.cursor;
        while at > 0 && !self.text[at - 1].is_alphanumeric() {
            at -= 1;
        }
        while at > 0 && self.text[at - 1].is_alphanumeric() {
            at -= 1;
        }
        at
    }

    fn word_right(&self) -> usize {
        let mut at = self.cursor;
        while at < self.text.len() && !self.text[at].is_alphanumeric() {
            at += 1;
        }
        while at < self.text.len() && self.text[at].is_alphanumeric() {
            at += 1;
        }
        at
    }

    /// Shows another line of history; what was changed in this one is kept.
    fn go_to(&mut self, position: usize) -> bool {
        let current = self.position;
        self.edited.retain(|(at, _)| *at != current);
        self.edited.push((current, std::mem::take(&mut self.text)));
        self.text = match self.edited.iter().find(|(at, _)| *at == position) {
            Some((_, text)) => text.clone(),
            None => self.history.get(position).map(|line| line.chars().collect()).unwrap_or_default(),
        };
        self.position = position;
        self.cursor = self.text.len();
        self.undo.clear();
        true
    }

    fn insert_last_argument(&mut self) -> bool {
        let (back, inserted) = self.last_argument.unwrap_or((0, 0));
        let Some(index) = self.history.len().checked_sub(back + 1) else { return false };
        let word = super::history::words(&self.history[index]).pop().unwrap_or_default();
        self.save();
        self.text.drain(self.cursor - inserted..self.cursor);
        self.cursor -= inserted;
        let chars: Vec<char> = word.chars().collect();
        self.insert(&chars);
        self.last_argument = Some((back + 1, chars.len()));
        true
    }

    // Completion.

    /// Completes the word before the cursor.
    pub fn complete(&mut self, completion: Completion) -> String {
        let Some(text) = completion.insertion() else {
            return "\x07".into();
        };
        let word: String = self.text[completion.start.min(self.cursor)..self.cursor].iter().collect();
        let unique = completion.candidates.len() == 1;
        if unique || text.len() > word.len() {
            self.save();
            self.text.drain(completion.start.min(self.cursor)..self.cursor);
            self.cursor = completion.start.min(self.cursor);
            let chars: Vec<char> = text.chars().collect();
            // A closing quote that stands there already is not doubled.
            self.insert(&chars);
            self.tabs = 0;
            let bell = if unique { "" } else { "\x07" };
            return self.screen.show(&self.text, self.cursor) + bell;
        }
        if self.tabs < 2 {
            return "\x07".into();
        }
        if completion.candidates.len() > 100 {
            let out = format!("\nDisplay all {} possibilities? (y or n)", completion.candidates.len());
            self.asking = Some(completion);
            return out;
        }
        self.list(&completion)
    }

    fn list(&mut self, completion: &Completion) -> String {
        let end = self.screen.show(&self.text, self.text.len());
        format!(
            "{end}\n{}{}",
            columns(&completion.candidates, self.cols),
            self.screen.again(&self.text, self.cursor)
        )
    }

    fn answer(&mut self, key: &Key, completion: Completion) -> String {
        match key {
            Key::Char('y' | 'Y' | ' ') | Key::Tab => {
                format!(
                    "\n{}{}",
                    columns(&completion.candidates, self.cols),
                    self.screen.again(&self.text, self.cursor)
                )
            }
            Key::Char('n' | 'N') | Key::Backspace | Key::Ctrl(_) | Key::Enter => {
                "\n".to_string() + &self.screen.again(&self.text, self.cursor)
            }
            _ => {
                self.asking = Some(completion);
                "\x07".into()
            }
        }
    }
}

#[cfg(test)]
mod tests;
