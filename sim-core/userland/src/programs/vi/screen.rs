//! What is shown: lines, `~` below the text, messages and the ruler.

use super::buffer::Place;
use super::editor::{Editor, Mode};
use crate::programs::support::text::width;
use std::fmt::Write as _;

impl Editor {
    /// Rows of the text.
    pub(super) fn height(&self) -> usize {
        usize::from(self.keyboard.size().rows).saturating_sub(1).max(1)
    }

    pub(super) fn cols(&self) -> usize {
        usize::from(self.keyboard.size().cols).max(20)
    }

    /// A line as it is shown, and the screen column of each of its characters, the end included.
    fn shown(&self, line: usize) -> (Vec<(char, usize)>, Vec<usize>) {
        let mut cells = Vec::new();
        let mut columns = Vec::new();
        let mut at = 0;
        for (index, c) in self.buffer.line(line).chars().enumerate() {
            columns.push(at);
            let before = at;
            match c {
                '\t' if !self.settings.list => {
                    let count = self.settings.tab_stop - at % self.settings.tab_stop;
                    cells.extend(std::iter::repeat_n((' ', index), count));
                    at += count;
                }
                c if (c as u32) < 32 || c as u32 == 127 => {
                    cells.push(('^', index));
                    cells.push((char::from_u32((c as u32) ^ 64).unwrap_or('?'), index));
                    at += 2;
                }
                c => {
                    cells.push((c, index));
                    at += width(c.encode_utf8(&mut [0; 4])).max(1);
                }
            }
            if c == '\t' && matches!(self.mode, Mode::Normal) {
                // In normal mode the cursor stands on the end of a tab.
                if let Some(last) = columns.last_mut() {
                    *last = before + (at - before) - 1;
                }
            }
        }
        columns.push(at);
        if self.settings.list {
            cells.push(('$', usize::MAX));
        }
        (cells, columns)
    }

    fn gutter(&self) -> usize {
        if self.settings.number { (self.buffer.lines.len().to_string().len() + 1).max(4) } else { 0 }
    }

    fn rows_of(&self, line: usize) -> usize {
        let columns = self.shown(line).1;
        let used = columns.last().copied().unwrap_or(0) + self.gutter();
        used.div_ceil(self.cols()).max(1)
    }

    /// The last line that is shown whole.
    pub(super) fn bottom(&self) -> usize {
        let mut rows = 0;
        let mut line = self.top;
        while line <= self.buffer.last() {
            rows += self.rows_of(line);
            if rows > self.height() {
                break;
            }
            line += 1;
        }
        line.saturating_sub(1).max(self.top)
    }

    /// Scrolls until the cursor is on the screen: by lines when it is near, else it comes into the middle.
    fn follow(&mut self) {
        let height = self.height();
        self.top = self.top.min(self.buffer.last());
        if self.cursor.line < self.top {
            if self.top - self.cursor.line < (height / 2).saturating_sub(1) {
                self.top = self.cursor.line;
            } else {
                self.centre(true);
            }
        } else if self.cursor.line > self.bottom() {
            if self.cursor.line - self.bottom() < height / 2 {
                self.show_last(self.cursor.line);
            } else {
                self.centre(true);
            }
        }
    }

    /// Shows a line as the last one.
    pub(super) fn show_last(&mut self, line: usize) {
        let mut rows = self.rows_of(line);
        self.top = line;
        while self.top > 0 {
            rows += self.rows_of(self.top - 1);
            if rows > self.height() {
                break;
            }
            self.top -= 1;
        }
    }

    /// Shows the line of the cursor in the middle; `fill` where there is text enough.
    pub(super) fn centre(&mut self, fill: bool) {
        let mut above = 0;
        self.top = self.cursor.line;
        while self.top > 0 {
            above += self.rows_of(self.top - 1);
            if above > (self.height() - 1) / 2 {
                break;
            }
            self.top -= 1;
        }
        // No rows below the text stay empty when there is text above.
        if fill && self.bottom() >= self.buffer.last() {
            self.show_last(self.buffer.last());
        }
    }

    /// Draws what has changed, unless further keys wait.
    pub(super) async fn draw(&mut self) {
        if self.keyboard.has_more() || !self.queue.is_empty() {
            return;
        }
        self.follow();
        let (height, cols) = (self.height(), self.cols());
        let mut rows: Vec<String> = Vec::new();
        let mut place = (0, 0);
        let gutter = self.gutter();
        let selected = self.selection();
        let matches = self.settings.highlight.then(|| self.search.clone()).flatten();
        let matches = matches.and_then(|(pattern, _)| self.compile(&pattern).ok());
        let mut line = self.top;
        while rows.len() < height && line <= self.buffer.last() {
            let (cells, columns) = self.shown(line);
            let count = (columns.last().copied().unwrap_or(0) + gutter).div_ceil(cols).max(1);
            if rows.len() + count > height && line != self.top {
                break;
            }
            if line == self.cursor.line {
                let column = self.cursor.column.min(columns.len() - 1);
                let at = columns[column] + gutter;
                place = (rows.len() + at / cols, at % cols);
            }
            let marked: Vec<(usize, usize)> = match &matches {
                Some(pattern) => {
                    let text = self.buffer.line(line);
                    let index = |byte: usize| text[..byte].chars().count();
                    pattern.find_iter(text).map(|found| (index(found.start()), index(found.end()))).collect()
                }
                None => Vec::new(),
            };
            let mut text = String::new();
            let mut used = 0;
            if gutter > 0 {
                let _ = write!(text, "{:>1$} ", line + 1, gutter - 1);
                used = gutter;
            }
            let mut inverse = false;
            for (c, index) in cells {
                let wide = width(c.encode_utf8(&mut [0; 4])).max(1);
                if used + wide > cols {
                    rows.push(std::mem::take(&mut text) + if inverse { "\x1b[27m" } else { "" });
                    inverse = false;
                    used = 0;
                }
                let here = Place { line, column: index };
                let mark = selected.is_some_and(|(from, to)| from <= here && here <= to)
                    || marked.iter().any(|(from, to)| (*from..*to).contains(&index));
                if mark != inverse {
                    text.push_str(if mark { "\x1b[7m" } else { "\x1b[27m" });
                    inverse = mark;
                }
                text.push(c);
                used += wide;
            }
            if inverse {
                text.push_str("\x1b[27m");
            }
            rows.push(text);
            line += 1;
        }
        let filler = if line <= self.buffer.last() { "@" } else { "~" };
        rows.resize(height, filler.to_string());
        rows.push(self.status());
        let mut out = String::new();
        if self.old_screen.len() != rows.len() {
            out.push_str("\x1b[H\x1b[2J");
            self.old_screen = vec![String::new(); rows.len()];
        }
        for (row, (new, old)) in rows.iter().zip(&self.old_screen).enumerate() {
            if new != old {
                let _ = write!(out, "\x1b[{};1H\x1b[K{new}", row + 1);
            }
        }
        self.old_screen = rows;
        for _ in 0..std::mem::take(&mut self.bells) {
            out.push('\x07');
        }
        let _ = write!(out, "\x1b[{};{}H", place.0 + 1, place.1 + 1);
        self.sys.out(&out).await;
    }

    /// What the visual mode covers.
    pub(super) fn selection(&self) -> Option<(Place, Place)> {
        let (from, to) = (self.anchor.min(self.cursor), self.anchor.max(self.cursor));
        match self.mode {
            Mode::Visual => Some((from, to)),
            Mode::VisualLine => {
                Some((Place { line: from.line, column: 0 }, Place { line: to.line, column: usize::MAX }))
            }
            _ => None,
        }
    }

    fn status(&self) -> String {
        let cols = self.cols();
        let left = match self.mode {
            Mode::Insert => "\x1b[1m-- INSERT --\x1b[m",
            Mode::Replace => "\x1b[1m-- REPLACE --\x1b[m",
            Mode::Visual => "\x1b[1m-- VISUAL --\x1b[m",
            Mode::VisualLine => "\x1b[1m-- VISUAL LINE --\x1b[m",
            Mode::Normal => "",
        };
        let start = (cols - 18).max(cols.div_ceil(2));
        let plain = match self.mode {
            Mode::Normal => self.message.clone(),
            _ => left.trim_start_matches("\x1b[1m").trim_end_matches("\x1b[m").to_string(),
        };
        let mut text: String = plain.chars().take(start - 1).collect();
        let pad = start - width(&text).min(start);
        if self.mode != Mode::Normal {
            text = left.to_string();
        } else if self.is_error {
            text = format!("\x1b[97;41m{text}\x1b[m");
        }
        text.push_str(&" ".repeat(pad));
        let line = self.buffer.line(self.cursor.line);
        let bytes: usize = line.chars().take(self.cursor.column).map(char::len_utf8).sum();
        let columns = self.shown(self.cursor.line).1;
        let shown = columns.get(self.cursor.column).copied().unwrap_or(0);
        let column = match (line.is_empty(), bytes == shown) {
            (true, _) => "0-1".to_string(),
            (false, true) => format!("{}", bytes + 1),
            (false, false) => format!("{}-{}", bytes + 1, shown + 1),
        };
        let last = self.bottom() >= self.buffer.last();
        let part = match (self.top, last) {
            (0, true) => "All".to_string(),
            (0, false) => "Top".into(),
            (_, true) => "Bot".into(),
            (top, false) => {
                let below = self.buffer.last() - self.bottom();
                format!("{}%", top * 100 / (top + below))
            }
        };
        let number = if self.buffer.is_empty() { 0 } else { self.cursor.line + 1 };
        let position = format!("{number},{column}");
        let room = 17 - part.len();
        format!("{text}{position:<room$}{part}").trim_end().to_string()
    }
}
