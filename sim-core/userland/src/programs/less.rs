//! `less` and `more`: text a screen at a time.

use super::support::{prelude::*, program, text::width};
use linux::signal::Disposition;
use linux::{Fd, Termios, WinSize};
use regex_lite::Regex;

program!(LESS, "less", "Opposite of more", less);
program!(MORE, "more", "Display the contents of a file in a terminal", more);

const TABLE: &str = "R|RAW-CONTROL-CHARS r|raw-control-chars S|chop-long-lines N|LINE-NUMBERS F|quit-if-one-screen X|no-init i|ignore-case \
    I|IGNORE-CASE E|QUIT-AT-EOF e|quit-at-eof M m q|quiet Q g G s|squeeze-blank-lines K n c C f|force +: p:|pattern x:|tabs \
    !t: !T: !b: !h: !j: !k: !o: !O: !P: !y: !z: !V|version";

async fn more(sys: Sys, args: Args) -> ExitCode {
    run(sys, args, true).await
}

async fn less(sys: Sys, args: Args) -> ExitCode {
    run(sys, args, false).await
}

async fn run(sys: Sys, args: Args, leaves_at_end: bool) -> ExitCode {
    let name = args[0].clone();
    let mut commands = Vec::new();
    let mut words = vec![name.clone()];
    for word in &args[1..] {
        match word.strip_prefix('+') {
            Some(command) if !command.is_empty() => commands.push(command.to_string()),
            _ => words.push(word.clone()),
        }
    }
    let environment = sys.env("LESS").unwrap_or_default();
    for word in environment.split_whitespace() {
        words.insert(1, if word.starts_with('-') { word.to_string() } else { format!("-{word}") });
    }
    let options = match super::support::options::read(&words, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, &name, &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            let letter = text.rsplit('\'').nth(1).unwrap_or("").to_string();
            sys.err(&format!("There is no -{letter} option (\"{name} --help\" for help)\n")).await;
            return 1;
        }
    };
    sys.cpu(std::time::Duration::from_millis(1)).await;
    if options.operands.is_empty() && sys.isatty(0) {
        let text = if leaves_at_end {
            format!("{name}: bad usage\nTry '{name} --help' for more information.\n")
        } else {
            format!("Missing filename (\"{name} --help\" for help)\n")
        };
        sys.err(&text).await;
        return 1;
    }
    let mut status = 0;
    let mut text = Vec::new();
    let mut title = String::new();
    for file in options.files() {
        let is_directory =
            sys.stat(&file).is_ok_and(|stat| stat.file_type == linux::vfs::FileType::Directory);
        if is_directory {
            let said = if leaves_at_end {
                format!("\n*** {file}: directory ***\n\n")
            } else {
                format!("{file} is a directory\n")
            };
            sys.err(&said).await;
            status = 1;
            continue;
        }
        let fd = match if file == "-" { Ok(0) } else { sys.open(&file, linux::fd::OpenFlags::READ, 0) } {
            Ok(fd) => fd,
            Err(errno) => {
                let said = if leaves_at_end {
                    format!("{name}: cannot open {file}: {errno}\n")
                } else {
                    format!("{file}: {errno}\n")
                };
                if sys.isatty(1) {
                    sys.err(&said).await;
                    status = 1;
                } else {
                    sys.out(&said).await;
                }
                continue;
            }
        };
        if !sys.isatty(1) {
            // What is no terminal gets it all, as it comes.
            while let Ok(bytes) = sys.read(fd, 65_536).await {
                if bytes.is_empty() || sys.write_all(1, &bytes).await.is_err() {
                    break;
                }
            }
            continue;
        }
        if let Ok(mut bytes) = sys.read_to_end(fd).await {
            if title.is_empty() && file != "-" {
                title.clone_from(&file);
            }
            text.append(&mut bytes);
        }
    }
    if !sys.isatty(1) || status != 0 && text.is_empty() {
        return status;
    }
    // The keyboard is the terminal itself, as standard input may be the text.
    let keyboard = sys.open("/dev/tty", linux::fd::OpenFlags::READ, 0).unwrap_or(2);
    let cooked = sys.tcgetattr(keyboard).unwrap_or(Termios::COOKED);
    let _ = sys.tcsetattr(keyboard, Termios { canonical: false, echo: false, ..cooked });
    for signal in [Signal::INT, Signal::WINCH] {
        sys.sigaction(signal, Disposition::Catch);
    }
    let raw = options.has("R") || options.has("r");
    let lines = String::from_utf8_lossy(&text).lines().map(|line| visible(line, raw)).collect();
    let alternate = !options.has("X") && !leaves_at_end && !options.has("F");
    let mut pager = Pager {
        sys: sys.clone(),
        keyboard,
        lines,
        title,
        chop: options.has("S"),
        numbers: options.has("N"),
        ignore_case: options.has("i") || options.has("I"),
        leaves_at_end: leaves_at_end || options.has("E"),
        top: 0,
        shift: 0,
        pattern: None,
        backwards: false,
        message: None,
        pending: Vec::new(),
    };
    let one_screen = pager.rows_from(0, usize::MAX).len() < usize::from(pager.size().rows);
    if one_screen && (options.has("F") || leaves_at_end) {
        let all = pager.rows_from(0, usize::MAX);
        sys.out(&all.iter().map(|row| format!("{row}\n")).collect::<String>()).await;
    } else {
        if alternate {
            sys.out("\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\r").await;
        }
        for command in commands {
            pager.start(&command);
        }
        if let Some(pattern) = options.value("p") {
            pager.start(&format!("/{pattern}"));
        }
        pager.run().await;
        if alternate {
            sys.out("\r\x1b[K\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t").await;
        } else {
            sys.out("\r\x1b[K").await;
        }
    }
    let _ = sys.tcsetattr(keyboard, cooked);
    status
}

/// Control characters as `^X`; with `-R` colours stay.
fn visible(line: &str, raw: bool) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    let mut column = 0;
    while let Some(c) = chars.next() {
        match c {
            '\t' => {
                let blanks = 8 - column % 8;
                out.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\x1b' if raw => {
                out.push(c);
                for c in chars.by_ref() {
                    out.push(c);
                    if c.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
            '\x1b' => out.push_str("ESC"),
            '\r' if chars.as_str().is_empty() => {}
            c if (c as u32) < 32 => {
                out.push('^');
                out.push(char::from(c as u8 + 64));
                column += 2;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

struct Pager {
    sys: Sys,
    keyboard: Fd,
    lines: Vec<String>,
    title: String,
    chop: bool,
    numbers: bool,
    ignore_case: bool,
    leaves_at_end: bool,
    /// The first line on the screen.
    top: usize,
    /// Columns that are scrolled away to the left.
    shift: usize,
    pattern: Option<Regex>,
    backwards: bool,
    message: Option<String>,
    pending: Vec<u8>,
}

/// A key, or a signal.
enum Key {
    Char(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Resized,
    Interrupt,
    Closed,
}

impl Pager {
    fn size(&self) -> WinSize {
        self.sys.winsize(1).unwrap_or(WinSize { rows: 24, cols: 80 })
    }

    fn height(&self) -> usize {
        usize::from(self.size().rows).saturating_sub(1).max(1)
    }

    /// Rows of the screen from a line on.
    fn rows_from(&self, line: usize, most: usize) -> Vec<String> {
        let cols = usize::from(self.size().cols).max(8);
        let mut rows = Vec::new();
        for (number, text) in self.lines.iter().enumerate().skip(line) {
            if rows.len() >= most {
                break;
            }
            let text = if self.numbers { format!("{:7} {text}", number + 1) } else { text.clone() };
            let text = self.highlight(&text);
            let mut pieces = wrap(&text, cols, if self.chop { self.shift } else { 0 });
            if self.chop {
                pieces.truncate(1);
            }
            rows.extend(pieces);
        }
        rows.truncate(most);
        rows
    }

    fn highlight(&self, text: &str) -> String {
        let Some(pattern) = &self.pattern else { return text.to_string() };
        let mut out = String::new();
        let mut from = 0;
        for found in pattern.find_iter(text).filter(|found| !found.is_empty()) {
            out.push_str(&text[from..found.start()]);
            out.push_str(&format!("\x1b[7m{}\x1b[27m", found.as_str()));
            from = found.end();
        }
        out.push_str(&text[from..]);
        out
    }

    /// The line that is first when the last one is at the bottom.
    fn last_top(&self) -> usize {
        let height = self.height();
        let mut rows = 0;
        for line in (0..self.lines.len()).rev() {
            rows += self
                .rows_from(line, usize::MAX)
                .len()
                .saturating_sub(self.rows_from(line + 1, usize::MAX).len())
                .max(1);
            if rows > height {
                return line + 1;
            }
            if self.lines.len() - line > height {
                return line + 1;
            }
        }
        0
    }

    fn at_end(&self) -> bool {
        self.rows_from(self.top, self.height() + 1).len() <= self.height()
    }

    async fn draw(&mut self) {
        let height = self.height();
        let rows = self.rows_from(self.top, height);
        let mut text = String::from("\x1b[H");
        for row in &rows {
            text.push_str(&format!("\x1b[K{row}\n"));
        }
        for _ in rows.len()..height {
            text.push_str("\x1b[K~\n");
        }
        text.push_str("\r\x1b[K");
        let prompt = match self.message.take() {
            Some(message) => format!("\x1b[7m{message}\x1b[27m"),
            None if self.at_end() => "\x1b[7m(END)\x1b[27m".to_string(),
            None if self.top == 0 && !self.title.is_empty() => format!("\x1b[7m{}\x1b[27m", self.title),
            None => ":".to_string(),
        };
        text.push_str(&prompt);
        self.sys.out(&text).await;
    }

    fn start(&mut self, command: &str) {
        if command == "G" {
            self.top = self.last_top();
        } else if let Ok(line) = command.trim_end_matches('g').parse::<usize>() {
            self.top = line.saturating_sub(1).min(self.last_top());
        } else if let Some(pattern) = command.strip_prefix('/') {
            self.search(pattern, false);
        }
    }

    async fn key(&mut self) -> Key {
        loop {
            if !self.pending.is_empty() {
                return self.decode();
            }
            match self.sys.read(self.keyboard, 64).await {
                Ok(bytes) if bytes.is_empty() => return Key::Closed,
                Ok(bytes) => self.pending = bytes,
                Err(Errno::EINTR) => match self.sys.take_signal() {
                    Some(Signal::WINCH) => return Key::Resized,
                    Some(_) => return Key::Interrupt,
                    None => {}
                },
                Err(_) => return Key::Closed,
            }
        }
    }

    fn decode(&mut self) -> Key {
        type Sequence = (&'static [u8], fn() -> Key);
        const SEQUENCES: &[Sequence] = &[
            (b"\x1b[A", || Key::Up),
            (b"\x1bOA", || Key::Up),
            (b"\x1b[B", || Key::Down),
            (b"\x1bOB", || Key::Down),
            (b"\x1b[C", || Key::Right),
            (b"\x1bOC", || Key::Right),
            (b"\x1b[D", || Key::Left),
            (b"\x1bOD", || Key::Left),
            (b"\x1b[5~", || Key::PageUp),
            (b"\x1b[6~", || Key::PageDown),
            (b"\x1b[H", || Key::Home),
            (b"\x1bOH", || Key::Home),
            (b"\x1b[1~", || Key::Home),
            (b"\x1b[F", || Key::End),
            (b"\x1bOF", || Key::End),
            (b"\x1b[4~", || Key::End),
        ];
        for (sequence, key) in SEQUENCES {
            if self.pending.starts_with(sequence) {
                self.pending.drain(..sequence.len());
                return key();
            }
        }
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        let first = text.chars().next().unwrap_or('\0');
        let used = first.len_utf8().min(self.pending.len());
        self.pending.drain(..used);
        Key::Char(first)
    }

    async fn run(&mut self) {
        let mut number = String::new();
        loop {
            self.draw().await;
            let key = self.key().await;
            let count = number.parse::<usize>().ok();
            if let Key::Char(digit @ '0'..='9') = key {
                number.push(digit);
                self.message = Some(format!(":{number}"));
                continue;
            }
            number.clear();
            let page = self.height();
            match key {
                Key::Closed => return,
                Key::Char('q' | 'Q') => return,
                Key::Char(':') => {
                    if let Key::Char('q') = self.key().await {
                        return;
                    }
                }
                Key::Char('Z') => {
                    if let Key::Char('Z') = self.key().await {
                        return;
                    }
                }
                Key::Char('j' | 'e' | '\n' | '\r' | '\x05' | '\x0e') | Key::Down => {
                    self.forward(count.unwrap_or(1))
                }
                Key::Char('k' | 'y' | '\x19' | '\x10') | Key::Up => {
                    self.top = self.top.saturating_sub(count.unwrap_or(1))
                }
                Key::Char(' ' | 'f' | '\x06' | '\x16') | Key::PageDown => {
                    if self.leaves_at_end && self.at_end() {
                        return;
                    }
                    self.forward(count.unwrap_or(page));
                }
                Key::Char('b' | '\x02') | Key::PageUp => {
                    self.top = self.top.saturating_sub(count.unwrap_or(page))
                }
                Key::Char('d' | '\x04') => self.forward(count.unwrap_or(page / 2)),
                Key::Char('u' | '\x15') => self.top = self.top.saturating_sub(count.unwrap_or(page / 2)),
                Key::Char('g' | '<') | Key::Home => {
                    self.top = count.unwrap_or(1).saturating_sub(1).min(self.last_top())
                }
                Key::Char('G' | '>') | Key::End => match count {
                    Some(line) => self.top = line.saturating_sub(1).min(self.last_top()),
                    None => self.top = self.last_top(),
                },
                Key::Char('p' | '%') => {
                    self.top = (self.lines.len() * count.unwrap_or(0).min(100) / 100).min(self.last_top())
                }
                Key::Right => {
                    self.chop = true;
                    self.shift += usize::from(self.size().cols) / 2;
                }
                Key::Left => self.shift = self.shift.saturating_sub(usize::from(self.size().cols) / 2),
                Key::Char(mark @ ('/' | '?')) => {
                    if let Some(pattern) = self.ask(mark).await {
                        if pattern.is_empty() {
                            self.again(mark == '?');
                        } else {
                            self.search(&pattern, mark == '?');
                        }
                    }
                }
                Key::Char('n') => self.again(self.backwards),
                Key::Char('N') => self.again(!self.backwards),
                Key::Char('h' | 'H') => {
                    self.message =
                        Some("the help screen is not simulated: q quits, / searches, g and G jump".into());
                }
                Key::Char('-') => match self.key().await {
                    Key::Char('S') => self.chop = !self.chop,
                    Key::Char('N') => self.numbers = !self.numbers,
                    Key::Char('i' | 'I') => self.ignore_case = !self.ignore_case,
                    _ => {}
                },
                Key::Char('F') => self.top = self.last_top(),
                Key::Char('=' | '\x07') => {
                    let last = (self.top + page).min(self.lines.len());
                    self.message =
                        Some(format!("{} lines {}-{last}/{}", self.title, self.top + 1, self.lines.len()));
                }
                Key::Resized | Key::Interrupt | Key::Char(_) => {}
            }
        }
    }

    fn forward(&mut self, lines: usize) {
        if !self.at_end() {
            self.top = (self.top + lines).min(self.last_top().max(self.top));
        }
    }

    /// Reads a pattern on the last line.
    async fn ask(&mut self, mark: char) -> Option<String> {
        let mut text = String::new();
        loop {
            self.sys.out(&format!("\r\x1b[K{mark}{text}")).await;
            match self.key().await {
                Key::Char('\n' | '\r') => return Some(text),
                Key::Char('\x7f' | '\x08') => {
                    text.pop()?;
                }
                Key::Char('\x15') => text.clear(),
                Key::Char('\x1b') | Key::Interrupt | Key::Closed => return None,
                Key::Char(c) if !c.is_control() => text.push(c),
                _ => {}
            }
        }
    }

    fn search(&mut self, pattern: &str, backwards: bool) {
        let ignore_case = self.ignore_case && !pattern.chars().any(char::is_uppercase);
        match super::support::pattern::compile(
            pattern,
            super::support::pattern::Syntax::Extended,
            ignore_case,
        ) {
            Ok(regex) => {
                self.pattern = Some(regex);
                self.backwards = backwards;
                self.again(backwards);
            }
            Err(_) => self.message = Some("Invalid pattern  (press RETURN)".into()),
        }
    }

    fn again(&mut self, backwards: bool) {
        let Some(pattern) = self.pattern.clone() else {
            self.message = Some("No previous regular expression  (press RETURN)".into());
            return;
        };
        let mut lines = self.lines.iter().enumerate();
        let found = if backwards {
            self.lines[..self.top].iter().rposition(|line| pattern.is_match(line))
        } else {
            let from = if self.top == 0 { 0 } else { self.top + 1 };
            lines.find(|(at, line)| *at >= from && pattern.is_match(line)).map(|(at, _)| at)
        };
        match found {
            Some(line) => self.top = line,
            None => self.message = Some("Pattern not found  (press RETURN)".into()),
        }
    }
}

/// A line in pieces of the screen's width, escape sequences taking none; `skip` columns are left out in front.
fn wrap(text: &str, cols: usize, skip: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let (mut used, mut skipped) = (0, 0);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            let row = rows.last_mut();
            let mut sequence = String::from(c);
            for c in chars.by_ref() {
                sequence.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            if let Some(row) = row {
                row.push_str(&sequence);
            }
            continue;
        }
        let wide = width(c.encode_utf8(&mut [0; 4]));
        if skipped < skip {
            skipped += wide;
            continue;
        }
        if used + wide > cols {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(c);
        }
        used += wide;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fold_at_the_edge() {
        assert_eq!(wrap("abcdef", 4, 0), ["abcd", "ef"]);
        assert_eq!(wrap("\x1b[7mab\x1b[27mcdef", 4, 0), ["\x1b[7mab\x1b[27mcd", "ef"]);
        assert_eq!(wrap("abcdef", 4, 3), ["def"]);
        assert_eq!(visible("a\tb\x01", false), "a       b^A");
    }
}
