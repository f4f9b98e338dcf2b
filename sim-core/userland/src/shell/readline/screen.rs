//! The screen: where the characters of a line stand, and the bytes that change what is shown.

use unicode_width::UnicodeWidthChar;

/// How wide a character is shown, the control characters as `^X`.
pub fn char_width(c: char) -> usize {
    if c.is_control() { 2 } else { c.width().unwrap_or(0) }
}

/// How wide a text is shown.
pub fn text_width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// A prompt, split at its last line end.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// Lines above the one that is edited, shown once.
    pub above: String,
    /// The last line.
    pub text: String,
    /// How wide that is.
    pub width: usize,
}

impl Prompt {
    /// Reads a prompt with the marks of `\[` and `\]`; escape sequences take no room either way.
    pub fn new(prompt: &str) -> Prompt {
        let mut text = String::new();
        let mut width = 0;
        let mut hidden = false;
        let mut above = String::new();
        let mut chars = prompt.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                super::super::prompt::HIDE => hidden = true,
                super::super::prompt::SHOW => hidden = false,
                '\n' => {
                    above.push_str(&text);
                    above.push('\n');
                    text.clear();
                    width = 0;
                }
                '\x1b' => {
                    text.push(c);
                    match chars.next() {
                        Some('[') => {
                            text.push('[');
                            for c in chars.by_ref() {
                                text.push(c);
                                if ('\x40'..='\x7e').contains(&c) {
                                    break;
                                }
                            }
                        }
                        Some(']') => {
                            text.push(']');
                            while let Some(c) = chars.next() {
                                text.push(c);
                                if c == '\x07' {
                                    break;
                                }
                                if c == '\x1b' && chars.peek() == Some(&'\\') {
                                    text.extend(chars.next());
                                    break;
                                }
                            }
                        }
                        Some(other) => text.push(other),
                        None => {}
                    }
                }
                c => {
                    text.push(c);
                    if !hidden && !c.is_control() {
                        width += char_width(c);
                    }
                }
            }
        }
        Prompt { above, text, width }
    }
}

/// What is on the screen.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    cols: usize,
    prompt: Prompt,
    shown: Vec<char>,
    cursor: (usize, usize),
}

/// Where the characters stand: each one's place, and the place after the last.
struct Layout {
    places: Vec<(usize, usize)>,
    out: String,
}

fn layout(start: usize, text: &[char], cols: usize) -> Layout {
    let cols = cols.max(2);
    let (mut row, mut col) = (start / cols, start % cols);
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut out = String::new();
    for &c in text {
        if c == '\n' {
            places.push((row, col));
            out.push('\n');
            row += 1;
            col = 0;
            continue;
        }
        let (shown, width) = match c {
            '\t' => {
                let width = 8 - col % 8;
                (" ".repeat(width.min(cols - col)), width.min(cols - col))
            }
            c if c.is_control() => (format!("^{}", ((c as u8) ^ 0x40) as char), 2),
            c => (c.to_string(), char_width(c)),
        };
        if col + width > cols {
            // It does not fit any more: the terminal wraps it as a whole.
            if c.is_control() {
                // Two signs may be split over the border.
            } else {
                out.push_str("\x1b[K");
                row += 1;
                col = 0;
            }
        }
        places.push((row, col));
        out.push_str(&shown);
        col += width;
        while col >= cols {
            row += 1;
            col -= cols;
            if col == 0 {
                // The cursor hangs behind the last column until something is written: a blank brings it down.
                out.push_str(" \r");
            }
        }
    }
    places.push((row, col));
    Layout { places, out }
}

impl Screen {
    /// Shows a prompt in a window this wide.
    pub fn begin(&mut self, prompt: Prompt, cols: usize) -> String {
        let out =
            format!("{}{}{}", prompt.above, prompt.text, if fills(prompt.width, cols) { " \r" } else { "" });
        self.cols = cols.max(2);
        self.cursor = (prompt.width / self.cols, prompt.width % self.cols);
        self.prompt = prompt;
        self.shown.clear();
        out
    }

    /// The window has another width: everything is shown anew.
    pub fn resize(&mut self, cols: usize, text: &[char], cursor: usize) -> String {
        let mut out = self.to_begin();
        self.cols = cols.max(2);
        out.push_str(&self.redraw(text, cursor));
        out
    }

    /// Replaces the prompt, as a search does.
    pub fn set_prompt(&mut self, prompt: Prompt, text: &[char], cursor: usize) -> String {
        let mut out = self.to_begin();
        self.prompt = prompt;
        out.push_str(&self.redraw(text, cursor));
        out
    }

    /// What brings the cursor to where the prompt begins.
    fn to_begin(&self) -> String {
        let up = if self.cursor.0 > 0 { format!("\x1b[{}A", self.cursor.0) } else { String::new() };
        format!("{up}\r")
    }

    fn redraw(&mut self, text: &[char], cursor: usize) -> String {
        let layout = layout(self.prompt.width, text, self.cols);
        let mut out = self.prompt.text.clone();
        if fills(self.prompt.width, self.cols) {
            out.push_str(" \r");
        }
        out.push_str(&layout.out);
        out.push_str("\x1b[J");
        let end = layout.places[text.len()];
        let at = layout.places[cursor];
        out.push_str(&self.travel(end, at));
        self.shown = text.to_vec();
        self.cursor = at;
        out
    }

    fn travel(&self, from: (usize, usize), to: (usize, usize)) -> String {
        let mut out = String::new();
        if to.0 < from.0 {
            out.push_str(&format!("\x1b[{}A", from.0 - to.0));
        } else if to.0 > from.0 {
            out.push_str(&format!("\x1b[{}B", to.0 - from.0));
        }
        if to.1 == from.1 {
            return out;
        }
        if to.1 == 0 {
            out.push('\r');
        } else if to.1 < from.1 && from.1 - to.1 <= 3 {
            out.push_str(&"\x08".repeat(from.1 - to.1));
        } else if to.1 < from.1 {
            out.push_str(&format!("\x1b[{}D", from.1 - to.1));
        } else {
            out.push_str(&format!("\x1b[{}C", to.1 - from.1));
        }
        out
    }

    /// Shows a text with the cursor at `cursor`; as few bytes as need be.
    pub fn show(&mut self, text: &[char], cursor: usize) -> String {
        let new = layout(self.prompt.width, text, self.cols);
        if text == self.shown.as_slice() {
            let at = new.places[cursor];
            let out = self.travel(self.cursor, at);
            self.cursor = at;
            return out;
        }
        let old = layout(self.prompt.width, &self.shown, self.cols);
        let old_end = old.places[self.shown.len()];
        let at_end = self.cursor == old_end && cursor == text.len();
        if at_end && text.starts_with(&self.shown) {
            // Something was added at the end.
            let same = old.out.len();
            let out = new.out[same..].to_string();
            self.shown = text.to_vec();
            self.cursor = new.places[cursor];
            return out;
        }
        // What both have in common stays, when nothing on the way back is in other lines.
        let common = text.iter().zip(&self.shown).take_while(|(a, b)| a == b).count();
        let end = new.places[text.len()];
        let one_row =
            old_end.0 == self.cursor.0 && end.0 == self.cursor.0 && old.places[0].0 == self.cursor.0;
        if one_row {
            let from = new.places[common];
            let mut out = self.travel(self.cursor, from);
            let rest: Vec<char> = text[common..].to_vec();
            out.push_str(&layout(from.1, &rest, usize::MAX).out);
            if old_end.1 > end.1 {
                out.push_str("\x1b[K");
            }
            let at = new.places[cursor];
            out.push_str(&self.travel(end, at));
            self.shown = text.to_vec();
            self.cursor = at;
            return out;
        }
        let mut out = self.to_begin();
        out.push_str(&self.redraw(text, cursor));
        out
    }

    /// Leaves the line: the cursor goes behind its end.
    pub fn leave(&mut self) -> String {
        let layout = layout(self.prompt.width, &self.shown, self.cols);
        let end = layout.places[self.shown.len()];
        let mut out = self.travel(self.cursor, end);
        self.cursor = end;
        if !(end.1 == 0 && end.0 > 0 && !self.shown.is_empty() && self.shown.last() != Some(&'\n')) {
            out.push('\n');
        }
        out
    }

    /// Shows prompt and text again below whatever has been printed.
    pub fn again(&mut self, text: &[char], cursor: usize) -> String {
        let above = self.prompt.above.clone();
        self.cursor = (0, 0);
        above + &self.redraw(text, cursor)
    }
}

fn fills(width: usize, cols: usize) -> bool {
    width > 0 && width.is_multiple_of(cols.max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(cols: usize) -> Screen {
        let mut screen = Screen::default();
        screen.begin(Prompt::new("$ "), cols);
        screen
    }

    fn show(screen: &mut Screen, text: &str, cursor: usize) -> String {
        let chars: Vec<char> = text.chars().collect();
        screen.show(&chars, cursor)
    }

    #[test]
    fn typing_shows_only_what_is_new() {
        let mut screen = screen(20);
        assert_eq!(show(&mut screen, "a", 1), "a");
        assert_eq!(show(&mut screen, "ab", 2), "b");
        assert_eq!(show(&mut screen, "a", 1), "\x08\x1b[K");
        assert_eq!(show(&mut screen, "xa", 1), "\x08xa\x08");
    }

    #[test]
    fn lines_wrap_at_the_border() {
        let mut screen = screen(6);
        assert_eq!(show(&mut screen, "abcd", 4), "abcd \r");
        assert_eq!(show(&mut screen, "abcde", 5), "e");
        assert_eq!(show(&mut screen, "abcde", 0), "\x1b[1A\x1b[1C");
        assert_eq!(show(&mut screen, "Xabcde", 1), "\r$ Xabc \rde\x1b[J\x1b[1A\x1b[1C");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut screen = screen(5);
        assert_eq!(show(&mut screen, "漢", 1), "漢");
        assert_eq!(show(&mut screen, "漢字", 2), "\x1b[K字");
    }

    #[test]
    fn prompts_know_their_width() {
        let prompt = Prompt::new("\u{1}\u{1b}[1m\u{2}a\u{1}\u{1b}[0m\u{2}\nuser$ ");
        assert_eq!((prompt.width, prompt.text.as_str()), (6, "user$ "));
    }
}
