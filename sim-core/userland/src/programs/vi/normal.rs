//! Normal and visual mode: a count, perhaps an operator, a motion or a command.

use super::buffer::Place;
use super::editor::{Editor, Mode};
use super::motion::{self, Kind};
use crate::programs::support::keys::Key;

/// Where a motion leads.
pub(super) struct Move {
    pub(super) to: Place,
    pub(super) kind: Kind,
    /// The column that vertical motions keep.
    pub(super) wanted: Option<usize>,
}

impl Move {
    fn new(to: Place, kind: Kind) -> Move {
        Move { to, kind, wanted: None }
    }
}

impl Editor {
    /// The digits of a count, and the key behind them.
    pub(super) async fn counted(&mut self, first: Option<Key>) -> (Option<usize>, Key) {
        let mut count: Option<usize> = None;
        let mut key = match first {
            Some(key) => key,
            None => self.key().await,
        };
        while let Key::Char(digit @ '0'..='9') = key {
            if digit == '0' && count.is_none() {
                break;
            }
            let digit = digit.to_digit(10).unwrap_or(0) as usize;
            count = Some(count.unwrap_or(0).saturating_mul(10).saturating_add(digit).min(99_999_999));
            key = self.key().await;
        }
        (count, key)
    }

    /// One command of the normal mode.
    pub(super) async fn normal(&mut self) {
        let (count, key) = self.counted(None).await;
        let Key::Char(c) = key else { return self.go(key, count).await };
        match c {
            'd' | 'c' | 'y' | '>' | '<' => self.operator(c, count).await,
            '.' => return self.repeat(count),
            'i' | 'a' | 'I' | 'A' | 'o' | 'O' | 'R' => self.start_insert(c, count.unwrap_or(1)).await,
            'x' | 'X' | 'D' | 'C' | 's' | 'S' | 'J' | '~' | 'p' | 'P' | 'r' | 'Y' => {
                self.edit(c, count).await;
            }
            'u' | '\x12' => return self.undo(c != 'u', count.unwrap_or(1)),
            'U' => return self.error("vi: the command U is not simulated"),
            'v' | 'V' => {
                self.mode = if c == 'v' { Mode::Visual } else { Mode::VisualLine };
                self.anchor = self.cursor;
                self.message.clear();
                return;
            }
            ':' => {
                let prefix = match count {
                    None => String::new(),
                    Some(1) => ".".into(),
                    Some(count) => format!(".,.+{}", count - 1),
                };
                return self.command_line(&prefix).await;
            }
            'Z' => match self.key().await {
                Key::Char('Z') => return self.ex("x").await,
                Key::Char('Q') => return self.ex("q!").await,
                _ => return self.bell(),
            },
            'm' | '\'' | '`' | '"' | 'q' | '@' | 'K' | 'Q' => {
                let next = self.key().await;
                if next != Key::Char('\x1b') {
                    self.error(&format!("vi: the command {c} is not simulated"));
                }
                return;
            }
            '\x1b' => {
                return if count.is_none() {
                    self.bell()
                };
            }
            '\x03' => return self.say("Type  :qa  and press <Enter> to exit Vim"),
            '\x07' => return self.where_it_is(),
            '\x0c' => {
                self.old_screen.clear();
                return;
            }
            '&' => return self.ex("s").await,
            'z' => return self.place_line().await,
            'g' => {
                let next = self.key().await;
                return match next {
                    Key::Char('g') => self.go_line(count.unwrap_or(1)),
                    Key::Char('e' | 'E') => {
                        match motion::back_end(&self.buffer, self.cursor, next == Key::Char('E')) {
                            Some(to) => self.arrive(&Move::new(to, Kind::Inclusive)),
                            None => self.bell(),
                        }
                    }
                    Key::Char('J' | 'U' | 'u' | '~' | 'v' | 'q' | 'd' | 'f') => {
                        self.error("vi: commands with g are not simulated");
                    }
                    _ => self.bell(),
                };
            }
            _ => return self.go(key, count).await,
        }
        if !self.repeating && self.quit.is_none() {
            self.last_change = self.recorded.clone();
        }
    }

    pub(super) fn go_line(&mut self, line: usize) {
        let line = (line - 1).min(self.buffer.last());
        self.cursor = Place { line, column: motion::indent(&self.buffer, line) };
        self.wanted = self.cursor.column;
    }

    pub(super) async fn go(&mut self, key: Key, count: Option<usize>) {
        if self.scroll(key, count) {
            return;
        }
        match self.motion(key, count, None).await {
            Some(moved) => self.arrive(&moved),
            None => self.bell(),
        }
    }

    pub(super) fn arrive(&mut self, moved: &Move) {
        self.cursor = moved.to;
        self.clamp();
        self.wanted = moved.wanted.unwrap_or(self.cursor.column);
    }

    /// A motion; with an operator some of them mean something else.
    pub(super) async fn motion(
        &mut self,
        key: Key,
        count: Option<usize>,
        operator: Option<char>,
    ) -> Option<Move> {
        let from = self.cursor;
        let times = count.unwrap_or(1);
        let last = self.buffer.last();
        let width = self.buffer.width(from.line);
        let vertical = |line: usize| Move {
            to: Place { line, column: self.wanted },
            kind: Kind::Lines,
            wanted: Some(self.wanted),
        };
        let lines =
            |line: usize| Move::new(Place { line, column: motion::indent(&self.buffer, line) }, Kind::Lines);
        let exclusive = |to: Place| Some(Move::new(to, Kind::Exclusive));
        let inclusive = |to: Place| Some(Move::new(to, Kind::Inclusive));
        let c = match key {
            Key::Char(c) => c,
            Key::Left => 'h',
            Key::Right => 'l',
            Key::Up => 'k',
            Key::Down => 'j',
            Key::Home => '0',
            Key::End => '$',
            _ => return None,
        };
        match c {
            'h' if from.column == 0 => None,
            'h' | '\x08' | '\x7f' if c == 'h' || from.column > 0 || from.line == 0 => {
                if from.column == 0 {
                    return None;
                }
                exclusive(Place { column: from.column.saturating_sub(times), ..from })
            }
            '\x08' | '\x7f' => {
                let line = from.line - 1;
                exclusive(Place { line, column: self.buffer.width(line).saturating_sub(1) })
            }
            'l' | ' ' => {
                let most = if operator.is_some() { width } else { width.saturating_sub(1) };
                if from.column >= most && c == 'l' {
                    return None;
                }
                if from.column >= most {
                    return (from.line < last)
                        .then(|| Move::new(Place { line: from.line + 1, column: 0 }, Kind::Exclusive));
                }
                exclusive(Place { column: (from.column + times).min(most), ..from })
            }
            'j' | '\x0e' | '\n' => (from.line + times <= last || (from.line < last && operator.is_none()))
                .then(|| vertical((from.line + times).min(last))),
            'k' | '\x10' => (from.line > 0 && (from.line >= times || operator.is_none()))
                .then(|| vertical(from.line.saturating_sub(times))),
            '+' | '\r' => (from.line < last).then(|| lines((from.line + times).min(last))),
            '-' => (from.line > 0).then(|| lines(from.line.saturating_sub(times))),
            '_' => Some(lines((from.line + times - 1).min(last))),
            '0' => exclusive(Place { column: 0, ..from }),
            '^' => exclusive(Place { column: motion::indent(&self.buffer, from.line), ..from }),
            '|' => exclusive(Place { column: times - 1, ..from }),
            '$' => {
                let line = (from.line + times - 1).min(last);
                let to = Place { line, column: self.buffer.width(line).saturating_sub(1) };
                Some(Move { to, kind: Kind::Inclusive, wanted: Some(usize::MAX) })
            }
            'G' => Some(lines(count.map_or(last, |line| line.max(1) - 1).min(last))),
            'H' => Some(lines((self.top + times - 1).min(self.bottom()))),
            'L' => Some(lines(self.bottom().saturating_sub(times - 1).max(self.top))),
            'M' => Some(lines((self.top + self.bottom()) / 2)),
            'w' | 'W' => {
                let big = c == 'W';
                // `cw` on a word is `ce`.
                let on_word =
                    self.buffer.chars(from.line).get(from.column).is_some_and(|c| !c.is_whitespace());
                if operator == Some('c') && on_word {
                    let mut to = from;
                    for index in 0..times {
                        let start = if index == 0 && to.column > 0 {
                            Place { column: to.column - 1, ..to }
                        } else {
                            to
                        };
                        let here = if index == 0 && to.column == 0 {
                            self.end_from_start(to, big)
                        } else {
                            motion::end(&self.buffer, start, big)
                        };
                        to = here?;
                    }
                    return inclusive(to);
                }
                let mut to = from;
                for index in 0..times {
                    match motion::word(&self.buffer, to, big) {
                        Some(next) => to = next,
                        None if operator.is_some() => {
                            to = Place { line: last, column: self.buffer.width(last) };
                            break;
                        }
                        None if index == 0 && to.line == last && to.column + 1 >= self.buffer.width(last) => {
                            return None;
                        }
                        None => {
                            to = Place { line: last, column: self.buffer.width(last).saturating_sub(1) };
                            break;
                        }
                    }
                }
                // An operator does not go beyond the end of the last line for a word.
                if operator.is_some() && to.line > from.line {
                    let blank: String = self.buffer.line(to.line).chars().take(to.column).collect();
                    if blank.trim().is_empty() {
                        let line = to.line - 1;
                        to = Place { line, column: self.buffer.width(line) };
                    }
                }
                exclusive(to)
            }
            'b' | 'B' => {
                let mut to = from;
                for _ in 0..times {
                    to = match motion::back(&self.buffer, to, c == 'B') {
                        Some(to) => to,
                        None if to != from => break,
                        None => return None,
                    };
                }
                exclusive(to)
            }
            'e' | 'E' => {
                let mut to = from;
                for _ in 0..times {
                    to = match motion::end(&self.buffer, to, c == 'E') {
                        Some(to) => to,
                        None => {
                            let end = Place { line: last, column: self.buffer.width(last).saturating_sub(1) };
                            if end == from {
                                return None;
                            }
                            end
                        }
                    };
                }
                inclusive(to)
            }
            '{' | '}' => {
                let mut to = from;
                for _ in 0..times {
                    to = motion::paragraph(&self.buffer, to, c == '}');
                }
                exclusive(to)
            }
            '%' => inclusive(motion::matching(&self.buffer, from)?),
            'f' | 'F' | 't' | 'T' => {
                let Key::Char(wanted) = self.key().await else { return None };
                if wanted == '\x1b' {
                    return None;
                }
                self.find = Some((c, wanted));
                self.found(c, wanted, times, false)
            }
            ';' | ',' => {
                let (how, wanted) = self.find?;
                let how = match (c, how) {
                    (';', how) => how,
                    (_, how) if how.is_lowercase() => how.to_ascii_uppercase(),
                    (_, how) => how.to_ascii_lowercase(),
                };
                self.found(how, wanted, times, true)
            }
            '/' | '?' => {
                let pattern = self.ask(c).await?;
                let backwards = c == '?';
                let pattern = match (pattern.split(c).next().unwrap_or(""), &self.search) {
                    ("", Some((old, _))) => old.clone(),
                    ("", None) => {
                        self.error("E35: No previous regular expression");
                        return Some(Move::new(from, Kind::Exclusive));
                    }
                    (pattern, _) => pattern.to_string(),
                };
                self.search = Some((pattern, backwards));
                Some(self.searched(backwards, times))
            }
            'n' | 'N' => {
                let Some((_, backwards)) = self.search else {
                    self.error("E35: No previous regular expression");
                    return Some(Move::new(from, Kind::Exclusive));
                };
                Some(self.searched(backwards != (c == 'N'), times))
            }
            '*' | '#' => {
                let (start, end, _) = self.word_under_cursor()?;
                let word = self.buffer.text(start, Place { column: end.column + 1, ..end });
                self.search = Some((format!("\\<{word}\\>"), c == '#'));
                self.cursor = start;
                Some(self.searched(c == '#', times))
            }
            _ => None,
        }
    }

    fn end_from_start(&self, from: Place, big: bool) -> Option<Place> {
        let object = motion::object(&self.buffer, from, false, if big { 'W' } else { 'w' })?;
        Some(object.1)
    }

    fn word_under_cursor(&self) -> Option<(Place, Place, Kind)> {
        let chars = self.buffer.chars(self.cursor.line);
        let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
        let at = (self.cursor.column..chars.len()).find(|at| is_word(&chars[*at]))?;
        motion::object(&self.buffer, Place { column: at, ..self.cursor }, false, 'w')
    }

    fn found(&self, how: char, wanted: char, times: usize, again: bool) -> Option<Move> {
        let to = motion::find(&self.buffer, self.cursor, how, wanted, times, again)?;
        let kind = if how.is_lowercase() { Kind::Inclusive } else { Kind::Exclusive };
        Some(Move::new(to, kind))
    }

    /// Where the last pattern is found next; where we are when it is not.
    pub(super) fn searched(&mut self, backwards: bool, times: usize) -> Move {
        let from = self.cursor;
        let Some((pattern, _)) = self.search.clone() else { return Move::new(from, Kind::Exclusive) };
        let stay = Move::new(from, Kind::Exclusive);
        let regex = match self.compile(&pattern) {
            Ok(regex) => regex,
            Err(text) => {
                self.error(&text);
                return stay;
            }
        };
        let mark = if backwards { '?' } else { '/' };
        self.say(&format!("{mark}{pattern}"));
        let mut all = Vec::new();
        for (line, text) in self.buffer.lines.iter().enumerate() {
            for found in regex.find_iter(text) {
                let column = text[..found.start()].chars().count();
                if column < text.chars().count().max(1) {
                    all.push(Place { line, column });
                }
            }
        }
        if all.is_empty() {
            self.error(&format!("E486: Pattern not found: {pattern}"));
            return stay;
        }
        let mut to = from;
        for _ in 0..times {
            let next = if backwards {
                all.iter().rev().find(|place| **place < to)
            } else {
                all.iter().find(|place| **place > to)
            };
            to = match next {
                Some(place) => *place,
                None if backwards => {
                    self.error("search hit TOP, continuing at BOTTOM");
                    all[all.len() - 1]
                }
                None => {
                    self.error("search hit BOTTOM, continuing at TOP");
                    all[0]
                }
            };
        }
        Move::new(to, Kind::Exclusive)
    }

    /// `^F ^B ^D ^U ^E ^Y`; true when it was one of them.
    fn scroll(&mut self, key: Key, count: Option<usize>) -> bool {
        let height = self.height();
        let last = self.buffer.last();
        let times = count.unwrap_or(1);
        match key {
            Key::Char('\x06') | Key::PageDown => {
                if self.top >= last {
                    self.bell();
                    return true;
                }
                self.top = (self.top + times * height.saturating_sub(2).max(1)).min(last);
                self.cursor.line = self.cursor.line.max(self.top);
            }
            Key::Char('\x02') | Key::PageUp => {
                if self.top == 0 {
                    self.bell();
                    return true;
                }
                let old = self.top;
                self.top = self.top.saturating_sub(times * height.saturating_sub(2).max(1));
                let bottom = self.bottom();
                self.cursor.line = bottom.min(old + 1).min(bottom);
            }
            Key::Char(c @ ('\x04' | '\x15')) => {
                let half = count.unwrap_or(height / 2).max(1);
                if c == '\x04' {
                    if self.cursor.line == last {
                        self.bell();
                        return true;
                    }
                    self.top = (self.top + half).min((last + 1).saturating_sub(height).max(self.top));
                    self.cursor.line = (self.cursor.line + half).min(last);
                } else {
                    if self.cursor.line == 0 {
                        self.bell();
                        return true;
                    }
                    self.top = self.top.saturating_sub(half);
                    self.cursor.line = self.cursor.line.saturating_sub(half);
                }
            }
            Key::Char('\x05') => {
                self.top = (self.top + times).min(last);
                self.cursor.line = self.cursor.line.max(self.top);
                return true;
            }
            Key::Char('\x19') => {
                self.top = self.top.saturating_sub(times);
                let bottom = self.bottom();
                self.cursor.line = self.cursor.line.min(bottom);
                return true;
            }
            _ => return false,
        }
        self.message.clear();
        self.cursor.column = motion::indent(&self.buffer, self.cursor.line);
        self.wanted = self.cursor.column;
        true
    }

    async fn place_line(&mut self) {
        match self.key().await {
            Key::Char('z' | '.') => self.centre(false),
            Key::Char('t' | '\r') => self.top = self.cursor.line,
            Key::Char('b' | '-') => self.show_last(self.cursor.line),
            _ => self.bell(),
        }
    }

    fn where_it_is(&mut self) {
        let lines = self.buffer.lines.len();
        let modified = if self.buffer.modified { " [Modified]" } else { "" };
        let percent = (self.cursor.line + 1) * 100 / lines;
        let name = if self.file.is_empty() { "[No Name]" } else { &self.file };
        let plural = if lines == 1 { "" } else { "s" };
        self.say(&format!("\"{name}\"{modified} {lines} line{plural} --{percent}%--"));
    }

    fn repeat(&mut self, count: Option<usize>) {
        if self.last_change.is_empty() {
            return self.bell();
        }
        let mut keys = self.last_change.clone();
        if let Some(count) = count {
            let digits = keys.iter().take_while(|key| matches!(key, Key::Char('1'..='9'))).count();
            keys.splice(..digits, count.to_string().chars().map(Key::Char));
        }
        for key in keys.into_iter().rev() {
            self.queue.push_front(key);
        }
    }

    fn undo(&mut self, again: bool, times: usize) {
        self.travelled = true;
        for _ in 0..times {
            match self.buffer.undo(again, self.sys.now()) {
                Ok((text, place)) => {
                    self.say(&text);
                    self.cursor = place;
                }
                Err(text) => return self.say(text),
            }
        }
    }
}
