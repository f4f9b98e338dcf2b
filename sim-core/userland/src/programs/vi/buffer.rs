//! The text that is edited, and how it was before.

use sim::Instant;
use std::rc::Rc;

/// A place: line and character, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

type Lines = Vec<Rc<str>>;

/// A state to go back to.
struct Change {
    before: Lines,
    after: Lines,
    cursor: Place,
    at: Instant,
    number: usize,
}

/// The text.
pub(super) struct Buffer {
    pub(super) lines: Lines,
    pub(super) modified: bool,
    /// There is no line at all, not even an empty one.
    hollow: bool,
    changes: Vec<Change>,
    /// Changes ever made, those taken back and forgotten included.
    made: usize,
    /// How many of the changes are in force.
    done: usize,
}

impl Buffer {
    pub(super) fn new(text: &str) -> Buffer {
        let mut buffer = Buffer {
            lines: Vec::new(),
            modified: false,
            hollow: text.is_empty(),
            changes: Vec::new(),
            made: 0,
            done: 0,
        };
        buffer.lines = text.lines().map(Rc::from).collect();
        if buffer.lines.is_empty() {
            buffer.lines.push("".into());
        }
        buffer
    }

    pub(super) fn line(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", |line| line)
    }

    pub(super) fn chars(&self, line: usize) -> Vec<char> {
        self.line(line).chars().collect()
    }

    /// Characters of a line.
    pub(super) fn width(&self, line: usize) -> usize {
        self.line(line).chars().count()
    }

    pub(super) fn last(&self) -> usize {
        self.lines.len() - 1
    }

    pub(super) fn set_line(&mut self, line: usize, chars: &[char]) {
        self.lines[line] = chars.iter().collect::<String>().into();
    }

    /// Puts text in front of a place; gives the place behind it.
    pub(super) fn insert(&mut self, at: Place, text: &str) -> Place {
        let chars = self.chars(at.line);
        let column = at.column.min(chars.len());
        let head: String = chars[..column].iter().collect();
        let tail: String = chars[column..].iter().collect();
        let pieces: Vec<&str> = text.split('\n').collect();
        let last = pieces.len() - 1;
        let mut new: Lines = Vec::new();
        let mut end = Place { line: at.line + last, column: 0 };
        for (index, piece) in pieces.iter().enumerate() {
            let mut line = String::new();
            if index == 0 {
                line.push_str(&head);
            }
            line.push_str(piece);
            if index == last {
                end.column = line.chars().count();
                line.push_str(&tail);
            }
            new.push(line.into());
        }
        self.lines.splice(at.line..=at.line, new);
        end
    }

    /// The text from one place to another, the second one not included.
    pub(super) fn text(&self, from: Place, to: Place) -> String {
        if from.line == to.line {
            return self.line(from.line).chars().take(to.column).skip(from.column).collect();
        }
        let mut text: String = self.line(from.line).chars().skip(from.column).collect();
        for line in from.line + 1..to.line {
            text.push('\n');
            text.push_str(self.line(line));
        }
        text.push('\n');
        text.extend(self.line(to.line).chars().take(to.column));
        text
    }

    /// Takes it out.
    pub(super) fn delete(&mut self, from: Place, to: Place) {
        let mut line: String = self.line(from.line).chars().take(from.column).collect();
        line.extend(self.line(to.line).chars().skip(to.column));
        self.lines.splice(from.line..=to.line, [Rc::from(line)]);
    }

    /// Takes out whole lines; one empty line stays.
    pub(super) fn delete_lines(&mut self, from: usize, to: usize) {
        self.lines.drain(from..=to.min(self.last()));
        if self.lines.is_empty() {
            self.lines.push("".into());
            self.hollow = true;
        }
    }

    /// Whether there is nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.hollow && self.lines.len() == 1 && self.lines[0].is_empty()
    }

    /// Remembers what a command did.
    pub(super) fn commit(&mut self, before: Lines, cursor: Place, at: Instant) {
        if before == self.lines {
            return;
        }
        self.modified = true;
        self.changes.truncate(self.done);
        self.made += 1;
        self.changes.push(Change { before, after: self.lines.clone(), cursor, at, number: self.made });
        self.done += 1;
    }

    /// Takes a change back, or makes it again: what is said and where the cursor goes.
    ///
    /// # Errors
    /// What is said when there is none.
    pub(super) fn undo(&mut self, again: bool, now: Instant) -> Result<(String, Place), &'static str> {
        if again && self.done == self.changes.len() {
            return Err("Already at newest change");
        }
        if !again && self.done == 0 {
            return Err("Already at oldest change");
        }
        let number = if again { self.done + 1 } else { self.done };
        let change = &self.changes[number - 1];
        let (from, to) =
            if again { (&change.before, &change.after) } else { (&change.after, &change.before) };
        let head = from.iter().zip(to.iter()).take_while(|(a, b)| a == b).count();
        let count =
            |lines: &Lines| if lines.len() == 1 && lines[0].is_empty() { 0 } else { lines.len() as i64 };
        let what = match count(to) - count(from) {
            1 => "1 more line".to_string(),
            n if n > 1 => format!("{n} more lines"),
            -1 => "1 line less".into(),
            n if n < 0 => format!("{} fewer lines", -n),
            _ => match from.iter().zip(to.iter()).filter(|(a, b)| a != b).count() {
                1 => "1 change".into(),
                n => format!("{n} changes"),
            },
        };
        let ago = now.duration_since(change.at).as_secs();
        let ago = format!("{ago} second{} ago", if ago == 1 { "" } else { "s" });
        let side = if again { "after" } else { "before" };
        // Among lines that are the same, the one where the command was given.
        let line = head.min(change.cursor.line).min(to.len() - 1);
        let column = if !again && change.cursor.line == line { change.cursor.column } else { 0 };
        let said = format!("{what}; {side} #{}  {ago}", change.number);
        self.lines = to.clone();
        self.done = if again { number } else { number - 1 };
        self.hollow = true;
        self.modified = true;
        Ok((said, Place { line, column }))
    }
}
