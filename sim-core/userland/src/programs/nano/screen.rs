//! What is shown: the title, the text, a message, and the keys.

use super::Nano;
use crate::programs::support::text::width;
use std::fmt::Write as _;

/// Keys and what they do, as the two lines at the bottom show them, by columns.
pub(super) const MAIN: &[(&str, &str)] = &[
    ("^G", "Help"),
    ("^X", "Exit"),
    ("^O", "Write Out"),
    ("^R", "Read File"),
    ("^W", "Where Is"),
    ("^\\", "Replace"),
    ("^K", "Cut"),
    ("^U", "Paste"),
    ("^T", "Execute"),
    ("^J", "Justify"),
    ("^C", "Location"),
    ("^/", "Go To Line"),
];

/// The same while something is asked.
pub(super) const WRITE: &[(&str, &str)] = &[
    ("^G", "Help"),
    ("^C", "Cancel"),
    ("M-D", "DOS Format"),
    ("M-M", "Mac Format"),
    ("M-A", "Append"),
    ("M-P", "Prepend"),
    ("M-B", "Backup File"),
    ("^T", "Browse"),
];
pub(super) const SEARCH: &[(&str, &str)] = &[
    ("^G", "Help"),
    ("^C", "Cancel"),
    ("M-C", "Case Sens"),
    ("M-R", "Reg.exp."),
    ("M-B", "Backwards"),
    ("^R", "Replace"),
    ("^P", "Older"),
    ("^N", "Newer"),
    ("^T", "Go To Line"),
];
pub(super) const REPLACE: &[(&str, &str)] = &[
    ("^G", "Help"),
    ("^C", "Cancel"),
    ("M-C", "Case Sens"),
    ("M-R", "Reg.exp."),
    ("M-B", "Backwards"),
    ("^R", "No Replace"),
    ("^P", "Older"),
    ("^N", "Newer"),
];
pub(super) const WITH: &[(&str, &str)] =
    &[("^G", "Help"), ("^C", "Cancel"), ("^P", "Older"), ("^N", "Newer")];
pub(super) const GO: &[(&str, &str)] = &[
    ("^G", "Help"),
    ("^C", "Cancel"),
    ("^W", "Begin of Paragr."),
    ("^O", "End of Paragraph"),
    ("^Y", "First Line"),
    ("^V", "Last Line"),
    ("^T", "Go To Text"),
];
/// Yes or no; yes, no or all.
pub(super) const YES_NO: &[(&str, &str)] = &[("Y", "Yes"), ("N", "No")];
pub(super) const YES_NO_ALL: &[(&str, &str)] = &[("Y", "Yes"), ("N", "No"), ("A", "All")];

/// Keys and their meanings.
pub(super) type Keys = &'static [(&'static str, &'static str)];

impl Nano {
    /// A line of the screen, tabs as blanks, and the column of the cursor in it.
    fn shown(&self, line: usize) -> (String, usize) {
        let mut text = String::new();
        let mut cursor = 0;
        for (at, c) in self.lines[line].iter().enumerate() {
            if at == self.column {
                cursor = width(&text);
            }
            match c {
                '\t' => text.push_str(&" ".repeat(8 - width(&text) % 8)),
                c if c.is_control() => {
                    text.push('^');
                    text.push(char::from_u32((*c as u32) ^ 64).unwrap_or('?'));
                }
                c => text.push(*c),
            }
        }
        if self.column >= self.lines[line].len() {
            cursor = width(&text);
        }
        (text, cursor)
    }

    /// Draws everything; `asked` is a prompt, what was typed, and the answers when only some are possible.
    pub(super) async fn draw(&mut self, asked: Option<(&str, &str, Keys)>) {
        if self.keyboard.has_more() {
            return;
        }
        let (height, cols) = (self.height(), self.cols());
        let jumped = std::mem::take(&mut self.jumped);
        if self.line < self.top || self.line >= self.top + height {
            self.top = match (jumped, self.line < self.top) {
                (true, _) => self.line.saturating_sub(height / 2),
                (false, true) => self.line,
                (false, false) => self.line + 1 - height,
            };
        }
        let name = if self.file.is_empty() { "New Buffer" } else { &self.file };
        let state = if self.modified { "Modified" } else { "" };
        let mut title = String::from("  GNU nano 7.2");
        let start = 15 + cols.saturating_sub(25 + width(name)) / 2;
        let _ = write!(title, "{}{name}", " ".repeat(start - title.len()));
        let room = cols.saturating_sub(width(&title) + 10);
        let _ = write!(title, "{}{state:<10}", " ".repeat(room));
        let mut out = format!("\x1b[1;1H\x1b[7m{title}\x1b[m\x1b[K");
        let mut place = (1, 0);
        for row in 0..height {
            let _ = write!(out, "\x1b[{};1H\x1b[K", row + 2);
            let line = self.top + row;
            if line >= self.lines.len() {
                continue;
            }
            let (text, cursor) = self.shown(line);
            let page = if line == self.line && cursor >= cols { cursor / (cols - 8) * (cols - 8) } else { 0 };
            let mut part: String = text.chars().skip(page).take(cols).collect();
            if text.chars().count() > page + cols {
                part.pop();
                part.push('>');
            }
            out.push_str(&part);
            if line == self.line {
                place = (row + 1, cursor - page);
            }
        }
        let row = height + 2;
        let _ = write!(out, "\x1b[{row};1H\x1b[K");
        match asked {
            Some((prompt, typed, _)) => {
                let _ = write!(
                    out,
                    "\x1b[7m{prompt}{typed}{}\x1b[m",
                    " ".repeat(cols.saturating_sub(width(prompt) + width(typed)))
                );
                place = (row - 1, (width(prompt) + width(typed)).min(cols - 1));
            }
            None if !self.message.is_empty() => {
                let text = format!("[ {} ]", self.message);
                let start = cols.saturating_sub(width(&text)) / 2;
                let _ = write!(out, "\x1b[{row};{}H\x1b[7m{text}\x1b[m", start + 1);
            }
            None => {}
        }
        self.keys(&mut out, row, asked.map_or(MAIN, |asked| asked.2));
        let _ = write!(out, "\x1b[{};{}H", place.0 + 1, place.1 + 1);
        self.sys.out(&out).await;
    }

    /// The two lines at the bottom.
    fn keys(&self, out: &mut String, row: usize, keys: Keys) {
        let cols = self.cols();
        let _ = write!(out, "\x1b[{};1H\x1b[K\x1b[{};1H\x1b[K", row + 1, row + 2);
        if keys[0].0 == "Y" {
            for (at, (key, meaning)) in keys.iter().chain([&("^C", "Cancel")]).enumerate() {
                let (down, right) = match (at, *key) {
                    (_, "^C") => (2, 17),
                    (2, _) => (1, 17),
                    (at, _) => (at + 1, 1),
                };
                let _ = write!(out, "\x1b[{};{right}H\x1b[7m{key:>2}\x1b[m {meaning}", row + down);
            }
            return;
        }
        let columns = ((cols + 40) / 20).min(keys.len().div_ceil(2));
        let wide = cols / columns;
        for (at, (key, meaning)) in keys.iter().take(columns * 2).enumerate() {
            let text: String = meaning.chars().take(wide.saturating_sub(key.len() + 1)).collect();
            let _ = write!(out, "\x1b[{};{}H\x1b[7m{key}\x1b[m {text}", row + 1 + at % 2, at / 2 * wide + 1);
        }
    }
}
