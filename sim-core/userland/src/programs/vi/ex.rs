//! The line behind `:`.

use super::buffer::Place;
use super::editor::Editor;
use super::motion;
use crate::programs::support::keys::Key;

/// First and last line.
type Range = (usize, usize);

/// Commands with their shortest form.
const COMMANDS: &[(&str, &str)] = &[
    ("delete", "d"),
    ("edit", "e"),
    ("file", "f"),
    ("join", "j"),
    ("nohlsearch", "noh"),
    ("print", "p"),
    ("put", "pu"),
    ("qall", "qa"),
    ("quit", "q"),
    ("read", "r"),
    ("redo", "red"),
    ("saveas", "sav"),
    ("set", "se"),
    ("substitute", "s"),
    ("undo", "u"),
    ("version", "ve"),
    ("wall", "wa"),
    ("wq", "wq"),
    ("wqall", "wqa"),
    ("write", "w"),
    ("xall", "xa"),
    ("xit", "x"),
    ("exit", "exi"),
    ("yank", "y"),
];

/// Commands that vim has and this one has not.
const ABSENT: &[&str] = &[
    "args",
    "buffer",
    "buffers",
    "cd",
    "copy",
    "global",
    "help",
    "ls",
    "make",
    "map",
    "mark",
    "marks",
    "move",
    "new",
    "next",
    "normal",
    "registers",
    "shell",
    "sort",
    "split",
    "syntax",
    "tabnew",
    "tag",
    "vglobal",
    "vsplit",
];

impl Editor {
    /// Asks for a line at the bottom; nothing when it was given up.
    pub(super) async fn ask(&mut self, mark: char) -> Option<String> {
        self.ask_with(mark, "").await
    }

    async fn ask_with(&mut self, mark: char, start: &str) -> Option<String> {
        let mut text = start.to_string();
        loop {
            if self.queue.is_empty() && !self.keyboard.has_more() {
                let row = self.height() + 1;
                self.sys.out(&format!("\x1b[{row};1H\x1b[K{mark}{text}")).await;
                if let Some(last) = self.old_screen.last_mut() {
                    last.clear();
                    last.push('\0');
                }
            }
            match self.key().await {
                Key::Char('\r' | '\n') => return Some(text),
                Key::Char('\x1b' | '\x03') => {
                    self.message.clear();
                    return None;
                }
                Key::Char('\x7f' | '\x08') => {
                    if text.pop().is_none() {
                        self.message.clear();
                        return None;
                    }
                }
                Key::Char('\x15') => text.clear(),
                Key::Char('\x17') => {
                    let trimmed = text.trim_end();
                    let cut = trimmed.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
                    text.truncate(cut.min(trimmed.len().saturating_sub(1)));
                }
                Key::Char(c) if !c.is_control() => text.push(c),
                _ => self.bell(),
            }
        }
    }

    /// `:`
    pub(super) async fn command_line(&mut self, prefix: &str) {
        if let Some(line) = self.ask_with(':', prefix).await {
            self.say(&format!(":{line}"));
            self.ex(&line).await;
        }
    }

    /// Runs a command of the command line.
    pub(super) async fn ex(&mut self, line: &str) {
        let original = line.trim().trim_start_matches(':');
        let (range, rest) = match self.range(original) {
            Ok(found) => found,
            Err(text) => return self.error(&text),
        };
        let rest = rest.trim_start();
        if rest.is_empty() {
            if let Some((_, to)) = range {
                let line = to.min(self.buffer.last());
                self.cursor = Place { line, column: motion::indent(&self.buffer, line) };
                self.wanted = self.cursor.column;
            }
            return;
        }
        if rest.starts_with('!') || rest.starts_with("r !") || rest.starts_with("w !") {
            return self.error("vi: running programs is not simulated");
        }
        let length = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let mut word = &rest[..length];
        // `:s` may be followed by flags, `:d` and its like by nothing but blanks.
        if word.starts_with('s')
            && !matches!(word, "se" | "set" | "sav" | "saveas" | "substitute")
            && !ABSENT.contains(&word)
        {
            let flags = word[1..].chars().all(|c| "cgiIn&".contains(c));
            if flags {
                word = "s";
            }
        }
        let command = COMMANDS
            .iter()
            .find(|(full, short)| full.starts_with(word) && word.len() >= short.len() && !word.is_empty());
        let Some((command, _)) = command else {
            if rest.starts_with(['>', '<', '&', '=', '~', '@', '#']) || ABSENT.contains(&word) {
                return self.error(&format!("vi: the command :{rest} is not simulated"));
            }
            return self.error(&format!("E492: Not an editor command: {original}"));
        };
        let after = &rest[word.len()..];
        let (force, argument) = match after.strip_prefix('!') {
            Some(argument) => (true, argument.trim()),
            None => (false, after.trim()),
        };
        let here = self.cursor.line;
        let (from, to) = range.unwrap_or((here, here));
        if to > self.buffer.last() && range.is_some() {
            return self.error("E16: Invalid range");
        }
        match *command {
            "write" => {
                let (from, to) = range.unwrap_or((0, self.buffer.last()));
                let file = if argument.is_empty() { self.file.clone() } else { argument.to_string() };
                self.write(&file, from, to, force).await;
            }
            "saveas" => {
                let file = argument.to_string();
                if self.write(&file, 0, self.buffer.last(), force).await {
                    self.file = file;
                    self.buffer.modified = false;
                }
            }
            "wq" | "xit" | "exit" | "wqall" | "xall" | "wall" => {
                let file = if argument.is_empty() { self.file.clone() } else { argument.to_string() };
                let must = matches!(*command, "wq" | "wqall" | "wall") || self.buffer.modified;
                if must && !self.write(&file, 0, self.buffer.last(), force).await {
                    return;
                }
                if *command != "wall" {
                    self.quit = Some(0);
                }
            }
            "quit" | "qall" => {
                if self.buffer.modified && !force {
                    return self.error(if *command == "qall" {
                        "E37: No write since last change\nE162: No write since last change for buffer"
                            .split('\n')
                            .next()
                            .unwrap_or("")
                    } else {
                        "E37: No write since last change (add ! to override)"
                    });
                }
                self.quit = Some(0);
            }
            "edit" => {
                if self.buffer.modified && !force {
                    return self.error("E37: No write since last change (add ! to override)");
                }
                let file = if argument.is_empty() { self.file.clone() } else { argument.to_string() };
                if file.is_empty() {
                    return self.error("E32: No file name");
                }
                self.open(&file).await;
            }
            "read" => match self.sys.read_file(argument).await {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let new: Vec<std::rc::Rc<str>> = text.lines().map(std::rc::Rc::from).collect();
                    let count = new.len();
                    self.buffer.lines.splice(to + 1..to + 1, new);
                    self.cursor = Place { line: (to + 1).min(self.buffer.last()), column: 0 };
                    self.say(&format!("\"{argument}\" {count}L, {}B", bytes.len()));
                }
                Err(_) => self.error(&format!("E484: Can't open file {argument}")),
            },
            "delete" | "yank" => {
                let count = argument.parse::<usize>().ok();
                let to = count.map_or(to, |count| (to + count - 1).min(self.buffer.last()));
                self.cursor.line = from;
                let place = |line| Place { line, column: 0 };
                let operator = if *command == "delete" { 'd' } else { 'y' };
                self.on_selection(operator, place(from), place(to), motion::Kind::Lines, 1).await;
                if operator == 'y' {
                    self.cursor.line = here;
                }
            }
            "put" => {
                self.cursor.line = to;
                self.register.lines = true;
                self.edit('p', None).await;
            }
            "join" => self.join(from, (to - from).max(1)),
            "undo" => self.queue.push_front(Key::Char('u')),
            "redo" => self.queue.push_front(Key::Char('\x12')),
            "nohlsearch" => {
                self.settings.highlight = false;
                self.message.clear();
            }
            "print" => {
                self.cursor.line = to;
                let text = self.buffer.line(to).to_string();
                self.say(&text);
            }
            "file" => {
                if !argument.is_empty() {
                    self.file = argument.to_string();
                }
                self.queue.push_front(Key::Char('\x07'));
            }
            "version" => self.say("VIM - Vi IMproved 9.1 (2024 Jan 02, compiled Mar 14 2025 09:10:27)"),
            "substitute" => self.substitute(&rest[word.len()..], from, to),
            _ => self.set(argument),
        }
    }

    /// The lines in front of a command, both ends included, and what follows.
    fn range<'a>(&mut self, text: &'a str) -> Result<(Option<Range>, &'a str), String> {
        if let Some(rest) = text.strip_prefix('%') {
            return Ok((Some((0, self.buffer.last())), rest));
        }
        let (first, rest) = self.address(text)?;
        let Some(mut from) = first else {
            if let Some(rest) = rest.strip_prefix(',') {
                let (to, rest) = self.address(rest)?;
                return Ok((Some((self.cursor.line, to.unwrap_or(self.cursor.line))), rest));
            }
            return Ok((None, rest));
        };
        let mut to = from;
        let mut rest = rest;
        while let Some(more) = rest.strip_prefix([',', ';']) {
            from = to;
            let (second, more) = self.address(more)?;
            to = second.unwrap_or(self.cursor.line);
            rest = more;
        }
        if from > to {
            return Err("E493: Backwards range given".into());
        }
        Ok((Some((from, to)), rest))
    }

    fn address<'a>(&mut self, text: &'a str) -> Result<(Option<usize>, &'a str), String> {
        let text = text.trim_start();
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (mut line, mut rest) = match text.chars().next() {
            Some('.') => (Some(self.cursor.line as i64), &text[1..]),
            Some('$') => (Some(self.buffer.last() as i64), &text[1..]),
            Some('0'..='9') => {
                let end = digits(text);
                (Some(text[..end].parse::<i64>().unwrap_or(0) - 1), &text[end..])
            }
            Some(mark @ ('/' | '?')) => {
                let end = text[1..].find(mark).map_or(text.len(), |at| at + 1);
                let pattern = text[1..end].to_string();
                let regex = self.compile(&pattern)?;
                self.search = Some((pattern.clone(), mark == '?'));
                let count = self.buffer.lines.len();
                let order: Vec<usize> = (1..=count)
                    .map(|step| {
                        if mark == '/' {
                            (self.cursor.line + step) % count
                        } else {
                            (self.cursor.line + count - step % count) % count
                        }
                    })
                    .collect();
                let found = order.into_iter().find(|line| regex.is_match(self.buffer.line(*line)));
                let found = found.ok_or_else(|| format!("E486: Pattern not found: {pattern}"))?;
                (Some(found as i64), text.get(end + 1..).unwrap_or(""))
            }
            Some('\'') => return Err("E20: Mark not set".into()),
            _ => (None, text),
        };
        while let Some(sign @ ('+' | '-')) = rest.chars().next() {
            let end = digits(&rest[1..]);
            let number = rest[1..=end].parse::<i64>().unwrap_or(1);
            let base = line.unwrap_or(self.cursor.line as i64);
            line = Some(if sign == '+' { base + number } else { base - number });
            rest = &rest[end + 1..];
        }
        match line {
            Some(line) if line < -1 => Err("E16: Invalid range".into()),
            Some(line) => Ok((Some(line.max(0) as usize), rest)),
            None => Ok((None, rest)),
        }
    }

    /// `:set`
    fn set(&mut self, argument: &str) {
        for word in argument.split_whitespace() {
            let (name, value) =
                word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let (name, on) = match name.strip_prefix("no") {
                Some(rest) if !matches!(name, "nonumber2") => (rest, false),
                _ => (name, true),
            };
            let query = name.ends_with('?');
            let settings = &mut self.settings;
            let number = value.and_then(|value| value.parse::<usize>().ok());
            match (name.trim_end_matches(['?', '!']), number) {
                ("nu" | "number", _) if query => {
                    let text = if settings.number { "  number" } else { "nonumber" };
                    self.say(text);
                }
                ("nu" | "number", _) => {
                    settings.number = if name.ends_with('!') { !settings.number } else { on }
                }
                ("et" | "expandtab", _) => settings.expand_tab = on,
                ("ai" | "autoindent", _) => settings.auto_indent = on,
                ("ic" | "ignorecase", _) => settings.ignore_case = on,
                ("hls" | "hlsearch", _) => settings.highlight = on,
                ("list", _) => settings.list = on,
                ("sw" | "shiftwidth", Some(width)) => {
                    settings.shift_width = if width == 0 { settings.tab_stop } else { width }
                }
                ("ts" | "tabstop", Some(width)) if width > 0 => settings.tab_stop = width,
                ("sts" | "softtabstop", Some(_)) => {}
                (
                    "paste" | "ruler" | "ru" | "showmode" | "smd" | "wrap" | "magic" | "showcmd" | "sc"
                    | "compatible" | "cp" | "incsearch" | "is" | "wrapscan" | "ws" | "smartcase" | "scs"
                    | "smartindent" | "si" | "cursorline" | "cul" | "relativenumber" | "rnu" | "mouse"
                    | "backup" | "swapfile" | "readonly" | "ro" | "fileformat" | "ff" | "sts" | "sw" | "ts"
                    | "shiftwidth" | "tabstop" | "syntax" | "filetype" | "encoding" | "background" | "bg",
                    _,
                ) => {
                    let text = format!("vi: the option {word} is not simulated");
                    return self.error(&text);
                }
                _ => {
                    let text = format!("E518: Unknown option: {word}");
                    return self.error(&text);
                }
            }
        }
    }
}
