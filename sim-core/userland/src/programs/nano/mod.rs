//! `nano`: an editor whose keys stand at the bottom of the screen. Models GNU nano 7.2.
//!
//! Left out: the help screen, marks, justifying, executing, reading other files, regular expressions, more than one file.

mod prompts;
mod screen;

use super::support::{keys::Key, keys::Keyboard, prelude::*, program};

program!(PROGRAM, "nano", "Edit text", main);

/// A state to go back to: the text and the cursor.
type Before = (Vec<Vec<char>>, (usize, usize), &'static str);

struct Nano {
    sys: Sys,
    keyboard: Keyboard,
    file: String,
    lines: Vec<Vec<char>>,
    line: usize,
    column: usize,
    /// The column that vertical steps keep.
    wanted: usize,
    top: usize,
    modified: bool,
    message: String,
    cut: Vec<Vec<char>>,
    /// The last key was a cut, too.
    cutting: bool,
    searched: String,
    undo: Vec<Before>,
    redo: Vec<Before>,
    /// Letters in a row are one change.
    typing: bool,
    /// A jump: its goal comes into the middle of the screen.
    jumped: bool,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let mut file = String::new();
    for word in &args[1..] {
        if word.starts_with('-') && word.len() > 1 {
            return not_simulated(&sys, "nano", &format!("the option {word}")).await;
        }
        if !word.starts_with('+') && file.is_empty() {
            file.clone_from(word);
        }
    }
    sys.cpu(std::time::Duration::from_millis(5)).await;
    if !sys.isatty(0) || !sys.isatty(1) {
        return not_simulated(&sys, "nano", "editing without a terminal").await;
    }
    let keyboard = Keyboard::open(&sys);
    let mut nano = Nano {
        sys: sys.clone(),
        keyboard,
        file,
        lines: vec![Vec::new()],
        line: 0,
        column: 0,
        wanted: 0,
        top: 0,
        modified: false,
        message: String::new(),
        cut: Vec::new(),
        cutting: false,
        searched: String::new(),
        undo: Vec::new(),
        redo: Vec::new(),
        typing: false,
        jumped: false,
    };
    sys.out("\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[H\x1b[2J").await;
    nano.open().await;
    nano.run().await;
    let rows = nano.keyboard.size().rows;
    sys.out(&format!("\x1b[{rows};1H\x1b[K\x1b[?1049l\x1b[23;0;0t\x1b[?1l\x1b>")).await;
    nano.keyboard.close();
    0
}

impl Nano {
    pub(super) fn cols(&self) -> usize {
        usize::from(self.keyboard.size().cols).max(20)
    }

    /// Rows of the text: without title, message and keys.
    pub(super) fn height(&self) -> usize {
        usize::from(self.keyboard.size().rows).saturating_sub(4).max(1)
    }

    async fn open(&mut self) {
        if self.file.is_empty() {
            return;
        }
        match self.sys.read_file(&self.file).await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                self.lines = text.split('\n').map(|line| line.chars().collect()).collect();
                let count = text.lines().count();
                self.message = format!("Read {count} line{}", if count == 1 { "" } else { "s" });
            }
            Err(Errno::ENOENT) => self.message = "New File".into(),
            Err(Errno::EISDIR) => {
                self.message = format!("\"{}\" is a directory", self.file);
                self.file.clear();
            }
            Err(errno) => self.message = format!("Error reading {}: {errno}", self.file),
        }
    }

    async fn run(&mut self) {
        loop {
            self.draw(None).await;
            let key = self.keyboard.key().await;
            let (cutting, typing) = (std::mem::take(&mut self.cutting), std::mem::take(&mut self.typing));
            match key {
                Key::Closed => return,
                Key::Resized => {}
                Key::Up | Key::Char('\x10') => self.vertical(-1),
                Key::Down | Key::Char('\x0e') => self.vertical(1),
                Key::PageUp | Key::Char('\x19') => self.page(false),
                Key::PageDown | Key::Char('\x16') => self.page(true),
                Key::Left | Key::Char('\x02') => {
                    if self.column > 0 {
                        self.column -= 1;
                    } else if self.line > 0 {
                        self.line -= 1;
                        self.column = self.lines[self.line].len();
                    }
                    self.wanted = self.column;
                }
                Key::Right | Key::Char('\x06') => {
                    if self.column < self.lines[self.line].len() {
                        self.column += 1;
                    } else if self.line + 1 < self.lines.len() {
                        self.line += 1;
                        self.column = 0;
                    }
                    self.wanted = self.column;
                }
                Key::Home | Key::Char('\x01') => self.go(self.line, 0),
                Key::End | Key::Char('\x05') => self.go(self.line, self.lines[self.line].len()),
                Key::Delete | Key::Char('\x04') => self.delete(),
                Key::Char('\x7f' | '\x08') => {
                    if self.column > 0 {
                        self.go(self.line, self.column - 1);
                        self.delete();
                    } else if self.line > 0 {
                        self.go(self.line - 1, self.lines[self.line - 1].len());
                        self.delete();
                    }
                }
                Key::Char('\x0b') => self.cut_line(cutting),
                Key::Char('\x15') => self.paste(),
                Key::Char('\x17') => self.search().await,
                Key::Char('\x1c') => self.replace().await,
                Key::Char('\x1f') => self.go_to_line().await,
                Key::Char('\x03') => self.location(),
                Key::Char('\x0f') => drop(self.write().await),
                Key::Char('\x0c') => {}
                Key::Char('\x18') => {
                    if self.leave().await {
                        return;
                    }
                }
                Key::Char('\x1b') => self.escape().await,
                Key::Char('\r' | '\n') => {
                    self.save(false, "line break");
                    let rest = self.lines[self.line].split_off(self.column);
                    self.lines.insert(self.line + 1, rest);
                    self.go(self.line + 1, 0);
                }
                Key::Char(c) if c == '\t' || !c.is_control() => {
                    self.save(typing, "addition");
                    self.typing = true;
                    self.lines[self.line].insert(self.column, c);
                    self.go(self.line, self.column + 1);
                }
                Key::Char('\x07') => self.message = "the help screen is not simulated".into(),
                Key::Char(c) => {
                    let name = char::from_u32(c as u32 + 64).unwrap_or('?');
                    self.message = format!("the key ^{name} is not simulated");
                }
                Key::Insert => self.message = "the key Insert is not simulated".into(),
            }
        }
    }

    /// A key with Meta.
    async fn escape(&mut self) {
        match self.keyboard.key().await {
            Key::Char('u' | 'U') => self.travel(true),
            Key::Char('e' | 'E') => self.travel(false),
            Key::Char('\\' | '|') => self.go(0, 0),
            Key::Char('/' | '?') => {
                let last = self.lines.len() - 1;
                self.go(last, self.lines[last].len());
            }
            Key::Char('6' | '^') => {
                self.cut = vec![self.lines[self.line].clone(), Vec::new()];
                self.message.clear();
                self.vertical(1);
            }
            Key::Char('g' | 'G') => self.go_to_line().await,
            Key::Char(c) if !c.is_control() => {
                self.message = format!("the key M-{} is not simulated", c.to_ascii_uppercase());
            }
            _ => {}
        }
    }

    pub(super) fn go(&mut self, line: usize, column: usize) {
        (self.line, self.column, self.wanted) = (line, column, column);
    }

    fn vertical(&mut self, by: isize) {
        let line = self.line.saturating_add_signed(by).min(self.lines.len() - 1);
        self.line = line;
        self.column = self.wanted.min(self.lines[line].len());
    }

    fn page(&mut self, down: bool) {
        let by = self.height().saturating_sub(2).max(1);
        let last = self.lines.len() - 1;
        if down {
            self.line = (self.line + by).min(last);
            if self.top + self.height() <= last {
                self.top += by;
            }
        } else {
            self.line = self.line.saturating_sub(by);
            self.top = self.top.saturating_sub(by);
        }
        self.column = self.wanted.min(self.lines[self.line].len());
    }

    /// Remembers how it was; nothing more while letters follow letters.
    pub(super) fn save(&mut self, goes_on: bool, what: &'static str) {
        if !goes_on {
            self.undo.push((self.lines.clone(), (self.line, self.column), what));
        }
        self.redo.clear();
        self.modified = true;
    }

    fn travel(&mut self, back: bool) {
        let (lines, place) = (self.lines.clone(), (self.line, self.column));
        let (from, to) =
            if back { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        match from.pop() {
            Some((old, (line, column), what)) => {
                to.push((lines, place, what));
                self.lines = old;
                self.go(line, column);
                self.modified = true;
                self.message = format!("{} {what}", if back { "Undid" } else { "Redid" });
            }
            None => self.message = if back { "Nothing to undo" } else { "Nothing to redo" }.into(),
        }
    }

    fn delete(&mut self) {
        if self.column < self.lines[self.line].len() {
            self.save(false, "deletion");
            self.lines[self.line].remove(self.column);
        } else if self.line + 1 < self.lines.len() {
            self.save(false, "deletion");
            let next = self.lines.remove(self.line + 1);
            self.lines[self.line].extend(next);
        }
    }

    fn cut_line(&mut self, goes_on: bool) {
        if self.line + 1 == self.lines.len() && self.lines[self.line].is_empty() {
            self.message = "Nothing was cut".into();
            return;
        }
        self.save(false, "cut");
        if !goes_on || self.cut.is_empty() {
            self.cut = vec![Vec::new()];
        }
        self.cutting = true;
        self.message.clear();
        let line = self.lines.remove(self.line);
        self.cut.insert(self.cut.len() - 1, line);
        if self.lines.len() == self.line {
            self.lines.push(Vec::new());
        }
        self.go(self.line, 0);
    }

    fn paste(&mut self) {
        if self.cut.is_empty() {
            self.message = "Cutbuffer is empty".into();
            return;
        }
        self.save(false, "paste");
        let rest = self.lines[self.line].split_off(self.column);
        let mut pieces = self.cut.clone();
        let first = pieces.remove(0);
        self.lines[self.line].extend(first);
        for piece in pieces {
            self.line += 1;
            self.lines.insert(self.line, piece);
        }
        let column = self.lines[self.line].len();
        self.lines[self.line].extend(rest);
        self.go(self.line, column);
    }

    fn location(&mut self) {
        let total: usize = self.lines.iter().map(|line| line.len() + 1).sum::<usize>() - 1;
        let before: usize =
            self.lines[..self.line].iter().map(|line| line.len() + 1).sum::<usize>() + self.column;
        let (lines, cols) = (self.lines.len(), self.lines[self.line].len() + 1);
        let digits = |number: usize| number.to_string().len();
        let part = |at: usize, of: usize| (at * 100).checked_div(of).unwrap_or(0);
        let col = part(self.column + 1, cols);
        self.message = format!(
            "line {:>w1$}/{lines} ({}%), col {:>w2$}/{cols} ({col:>3}%), char {:>w3$}/{total} ({}%)",
            self.line + 1,
            part(self.line + 1, lines),
            self.column + 1,
            before,
            part(before, total),
            w1 = digits(lines),
            w2 = digits(cols),
            w3 = digits(total),
        );
    }
}
