//! Searching the history while the text is typed: `^R` and `^S`.

use super::keys::Key;
use super::screen::Prompt;
use super::{Action, Editor};

/// An incremental search.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) text: String,
    /// The line of history that is shown, counted from the beginning.
    pub(super) found: usize,
    pub(super) failed: bool,
    pub(super) forward: bool,
    pub(super) original: (Vec<char>, usize, usize),
}

impl Editor {
    pub(super) fn show_search(&mut self) -> String {
        let Some(search) = &self.search else { return String::new() };
        let failed = if search.failed { "failed " } else { "" };
        let direction = if search.forward { "i-search" } else { "reverse-i-search" };
        let prompt = Prompt::new(&format!("({failed}{direction})`{}': ", search.text));
        self.screen.set_prompt(prompt, &self.text, self.cursor)
    }

    fn end_search(&mut self) -> String {
        self.search = None;
        let prompt = self.prompt.clone();
        self.screen.set_prompt(prompt, &self.text, self.cursor)
    }

    fn find(&mut self, mut from: Option<usize>) {
        let Some(search) = &mut self.search else { return };
        search.failed = true;
        let shown: String = self.text.iter().collect();
        while let Some(at) = from {
            let Some(line) = self.history.get(at) else {
                if search.forward || at == 0 {
                    return;
                }
                from = at.checked_sub(1);
                continue;
            };
            if let Some(byte) = line.rfind(&search.text)
                && (*line != shown || at == search.found || search.text.is_empty())
            {
                search.failed = false;
                search.found = at;
                self.cursor = line[..byte].chars().count();
                self.text = line.chars().collect();
                self.position = at;
                return;
            }
            from = if search.forward { Some(at + 1) } else { at.checked_sub(1) };
        }
    }

    pub(super) fn search_key(&mut self, key: Key) -> (String, Action) {
        let Some(search) = &mut self.search else { return (String::new(), Action::More) };
        match key {
            Key::Char(c) => {
                search.text.push(c);
                let from = search.found;
                self.find(Some(from));
            }
            Key::Backspace => {
                search.text.pop();
                let last = self.history.len();
                search.found = last;
                if search.text.is_empty() {
                    search.failed = false;
                } else {
                    self.find(Some(last));
                }
            }
            Key::Ctrl(c @ ('r' | 's')) => {
                search.forward = c == 's';
                let from = if search.forward { Some(search.found + 1) } else { search.found.checked_sub(1) };
                if !search.text.is_empty() {
                    self.find(from);
                }
            }
            Key::Ctrl('g') => {
                let (text, cursor, position) = search.original.clone();
                self.text = text;
                self.cursor = cursor;
                self.position = position;
                return (self.end_search(), Action::More);
            }
            Key::Ctrl('c') => {
                let out = self.end_search();
                let (rest, action) = self.key(Key::Ctrl('c'));
                return (out + &rest, action);
            }
            other => {
                let out = self.end_search();
                let (rest, action) = self.key(other);
                return (out + &rest, action);
            }
        }
        (self.show_search(), Action::More)
    }
}
