//! Operators (`d c y > <`), the commands that are short for one, and putting back what was taken.

use super::buffer::Place;
use super::editor::{Editor, Mode, Register};
use super::motion::{self, Kind};
use crate::programs::support::keys::Key;

impl Editor {
    /// `d`, `c`, `y`, `>` or `<`: what follows says on what.
    pub(super) async fn operator(&mut self, operator: char, count: Option<usize>) {
        let mut times = count;
        let mut key = self.key().await;
        let mut second: Option<usize> = None;
        while let Key::Char(digit @ '0'..='9') = key {
            if digit == '0' && second.is_none() {
                break;
            }
            second = Some(second.unwrap_or(0) * 10 + digit.to_digit(10).unwrap_or(0) as usize);
            key = self.key().await;
        }
        if let Some(second) = second {
            times = Some(times.unwrap_or(1).saturating_mul(second));
        }
        if key == Key::Char(operator) {
            let to = self.cursor.line + times.unwrap_or(1) - 1;
            if to > self.buffer.last() && times.unwrap_or(1) > 1 && self.cursor.line == self.buffer.last() {
                return self.bell();
            }
            let to = Place { line: to.min(self.buffer.last()), column: self.cursor.column };
            return self.apply(operator, self.cursor, to, Kind::Lines, 1).await;
        }
        if let Key::Char(which @ ('i' | 'a')) = key {
            let Key::Char(name) = self.key().await else { return self.bell() };
            return match motion::object(&self.buffer, self.cursor, which == 'a', name) {
                Some((from, to, kind)) => self.apply(operator, from, to, kind, 1).await,
                None => self.bell(),
            };
        }
        if key == Key::Char('g') {
            return match self.key().await {
                Key::Char('g') => {
                    let line = times.unwrap_or(1) - 1;
                    self.apply(operator, self.cursor, Place { line, column: 0 }, Kind::Lines, 1).await;
                }
                _ => self.bell(),
            };
        }
        if key == Key::Char('\x1b') {
            return;
        }
        let start = self.cursor;
        let message = self.message.clone();
        let Some(moved) = self.motion(key, times, Some(operator)).await else { return self.bell() };
        if self.is_error && moved.to == start {
            return;
        }
        if matches!(key, Key::Char('/' | '?' | 'n' | 'N')) && !self.is_error {
            self.message = message;
        }
        let (from, mut to) = (start.min(moved.to), start.max(moved.to));
        let mut kind = moved.kind;
        // A motion that ends in the first column of a later line covers the line before to its end.
        if kind == Kind::Exclusive && to.column == 0 && to.line > from.line {
            to = Place { line: to.line - 1, column: self.buffer.width(to.line - 1).saturating_sub(1) };
            let indent = self.buffer.line(from.line).chars().take_while(|c| c.is_whitespace()).count();
            kind = if from.column <= indent { Kind::Lines } else { Kind::Inclusive };
        }
        self.apply(operator, from, to, kind, 1).await;
    }

    async fn apply(&mut self, operator: char, a: Place, b: Place, kind: Kind, times: usize) {
        let (from, to) = (a.min(b), a.max(b));
        if matches!(operator, '>' | '<') {
            return self.shift(operator == '>', from.line, to.line, times);
        }
        let lines = kind == Kind::Lines;
        let count = to.line - from.line + 1;
        if lines {
            let all: String =
                self.buffer.lines[from.line..=to.line].iter().map(|line| format!("{line}\n")).collect();
            self.register = Register { text: all, lines: true };
        } else {
            let end = Place { column: to.column + usize::from(kind == Kind::Inclusive), ..to };
            self.register = Register { text: self.buffer.text(from, end), lines: false };
        }
        if operator != 'y' {
            self.changed_at = Some(if lines { Place { line: from.line, column: 0 } } else { from });
        }
        match operator {
            'y' => {
                if lines {
                    // The column stays unless the motion went up.
                    let column = if a.line <= b.line { a.column } else { self.cursor.column };
                    self.cursor = Place { line: from.line, column };
                } else {
                    self.cursor = from;
                }
                self.wanted = self.cursor.column;
                self.report(count, "lines yanked");
            }
            'd' if lines => {
                self.buffer.delete_lines(from.line, to.line);
                self.cursor.line = from.line.min(self.buffer.last());
                self.cursor.column = motion::indent(&self.buffer, self.cursor.line);
                self.wanted = self.cursor.column;
                if self.buffer.is_empty() {
                    self.say("--No lines in buffer--");
                } else {
                    self.report(count, "fewer lines");
                }
            }
            'c' if lines => {
                let indent: String = if self.settings.auto_indent {
                    self.buffer.line(from.line).chars().take_while(|c| c.is_whitespace()).collect()
                } else {
                    String::new()
                };
                self.buffer.lines.splice(from.line..=to.line, [indent.as_str().into()]);
                self.cursor = Place { line: from.line, column: indent.chars().count() };
                self.insert_mode(Mode::Insert, 1).await;
            }
            _ => {
                let end = Place { column: to.column + usize::from(kind == Kind::Inclusive), ..to };
                self.buffer.delete(from, end);
                self.cursor = from;
                if operator == 'c' {
                    self.insert_mode(Mode::Insert, 1).await;
                } else {
                    self.clamp();
                    self.wanted = self.cursor.column;
                    self.report(to.line - from.line, "fewer lines");
                }
            }
        }
    }

    fn shift(&mut self, right: bool, from: usize, to: usize, times: usize) {
        let width = self.settings.shift_width * times;
        for line in from..=to {
            let text = self.buffer.line(line).to_string();
            let body = text.trim_start_matches([' ', '\t']);
            if body.is_empty() && right {
                continue;
            }
            let mut column = 0;
            for c in text[..text.len() - body.len()].chars() {
                column +=
                    if c == '\t' { self.settings.tab_stop - column % self.settings.tab_stop } else { 1 };
            }
            let column = if right { column + width } else { column.saturating_sub(width) };
            let indent = if self.settings.expand_tab {
                " ".repeat(column)
            } else {
                "\t".repeat(column / self.settings.tab_stop) + &" ".repeat(column % self.settings.tab_stop)
            };
            self.buffer.lines[line] = format!("{indent}{body}").into();
        }
        self.cursor = Place { line: from, column: motion::indent(&self.buffer, from) };
        self.wanted = self.cursor.column;
        let mark = if right { '>' } else { '<' };
        self.report(
            to - from + 1,
            &format!("lines {mark}ed {times} time{}", if times == 1 { "" } else { "s" }),
        );
    }

    /// The commands of one letter that change text.
    pub(super) async fn edit(&mut self, command: char, count: Option<usize>) {
        let times = count.unwrap_or(1);
        let here = self.cursor;
        let width = self.buffer.width(here.line);
        let on = |column: usize| Place { column, ..here };
        match command {
            'x' | 's' => {
                if width == 0 {
                    if command == 's' {
                        return self.insert_mode(Mode::Insert, 1).await;
                    }
                    return self.bell();
                }
                let to = on((here.column + times).min(width));
                self.apply(if command == 'x' { 'd' } else { 'c' }, here, to, Kind::Exclusive, 1).await;
            }
            'X' => {
                if here.column == 0 {
                    return self.bell();
                }
                let from = on(here.column.saturating_sub(times));
                self.apply('d', from, here, Kind::Exclusive, 1).await;
            }
            'D' | 'C' => {
                let line = (here.line + times - 1).min(self.buffer.last());
                let to = Place { line, column: self.buffer.width(line) };
                self.apply(if command == 'D' { 'd' } else { 'c' }, here, to, Kind::Exclusive, 1).await;
            }
            'S' | 'Y' => {
                let line = (here.line + times - 1).min(self.buffer.last());
                let to = Place { line, ..here };
                self.apply(if command == 'S' { 'c' } else { 'y' }, here, to, Kind::Lines, 1).await;
            }
            'J' => {
                if here.line == self.buffer.last() {
                    return self.bell();
                }
                self.message.clear();
                self.join(here.line, times.max(2) - 1);
            }
            '~' => {
                if width == 0 {
                    return self.bell();
                }
                let mut chars = self.buffer.chars(here.line);
                let end = (here.column + times).min(width);
                for c in &mut chars[here.column..end] {
                    *c = other_case(*c);
                }
                self.buffer.set_line(here.line, &chars);
                self.cursor.column = end;
            }
            'r' => {
                let Key::Char(new) = self.key().await else { return self.bell() };
                if new == '\x1b' {
                    return;
                }
                let mut chars = self.buffer.chars(here.line);
                if here.column + times > chars.len() {
                    return self.bell();
                }
                if matches!(new, '\r' | '\n') {
                    self.buffer.delete(here, on(here.column + times));
                    self.buffer.insert(here, "\n");
                    self.cursor = Place { line: here.line + 1, column: 0 };
                    return;
                }
                chars[here.column..here.column + times].fill(new);
                self.buffer.set_line(here.line, &chars);
                self.cursor.column = here.column + times - 1;
            }
            _ => self.put(command == 'p', times),
        }
        self.wanted = self.cursor.column;
    }

    /// `J`: lines into one.
    pub(super) fn join(&mut self, line: usize, times: usize) {
        for _ in 0..times {
            if line >= self.buffer.last() {
                return;
            }
            let first = self.buffer.line(line).to_string();
            let next = self.buffer.line(line + 1).trim_start().to_string();
            let blank = if first.is_empty()
                || first.ends_with([' ', '\t'])
                || next.is_empty()
                || next.starts_with(')')
            {
                ""
            } else {
                " "
            };
            let column = first.chars().count();
            self.buffer.lines.splice(line..=line + 1, [format!("{first}{blank}{next}").into()]);
            self.cursor = Place {
                line,
                column: if blank.is_empty() && column > 0 && next.is_empty() { column - 1 } else { column },
            };
        }
    }

    fn put(&mut self, behind: bool, times: usize) {
        let register = self.register.clone();
        if register.text.is_empty() {
            return self.error("E353: Nothing in register \"");
        }
        let here = self.cursor;
        self.changed_at = Some(Place { column: 0, ..here }).filter(|_| register.lines && !behind);
        if register.lines {
            let line = if behind { here.line + 1 } else { here.line };
            let text = register.text.repeat(times);
            let new: Vec<_> = text.lines().map(std::rc::Rc::from).collect();
            let count = new.len();
            self.buffer.lines.splice(line..line, new);
            self.cursor = Place { line, column: motion::indent(&self.buffer, line) };
            self.report(count, "more lines");
            return;
        }
        let column = if behind { (here.column + 1).min(self.buffer.width(here.line)) } else { here.column };
        let at = Place { column, ..here };
        let text = register.text.repeat(times);
        let end = self.buffer.insert(at, &text);
        self.cursor =
            if text.contains('\n') { at } else { Place { column: end.column.saturating_sub(1), ..end } };
    }

    /// A command on what the visual mode covered.
    pub(super) async fn on_selection(
        &mut self,
        command: char,
        from: Place,
        to: Place,
        kind: Kind,
        times: usize,
    ) {
        match command {
            'd' | 'x' | 'D' => self.apply('d', from, to, kind, 1).await,
            'c' | 's' => self.apply('c', from, to, kind, 1).await,
            'y' | 'Y' => self.apply('y', from, to, kind, 1).await,
            '>' | '<' => self.shift(command == '>', from.line, to.line, times),
            'J' => self.join(from.line, (to.line - from.line).max(1)),
            'p' => {
                let register = self.register.clone();
                self.apply('d', from, to, kind, 1).await;
                let taken = std::mem::replace(&mut self.register, register);
                let behind = from.column >= self.buffer.width(from.line) && kind != Kind::Lines;
                self.put(behind, 1);
                self.register = taken;
            }
            _ => {
                let new = if command == 'r' {
                    let Key::Char(new) = self.key().await else { return self.bell() };
                    Some(new)
                } else {
                    None
                };
                for line in from.line..=to.line {
                    let mut chars = self.buffer.chars(line);
                    let first = if line == from.line && kind != Kind::Lines { from.column } else { 0 };
                    let last =
                        if line == to.line && kind != Kind::Lines { to.column + 1 } else { chars.len() };
                    let last = last.min(chars.len());
                    for c in chars.get_mut(first..last).into_iter().flatten() {
                        *c = match (command, new) {
                            (_, Some(new)) => new,
                            ('u', _) => c.to_ascii_lowercase(),
                            ('U', _) => c.to_ascii_uppercase(),
                            _ => other_case(*c),
                        };
                    }
                    self.buffer.set_line(line, &chars);
                }
                self.cursor = from;
            }
        }
    }
}

fn other_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}
