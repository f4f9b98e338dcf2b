//! Scripts of sed, executed.

use super::script::{Action, Address, Command, Piece, Substitute};
use crate::programs::support::{input::close_input, prelude::*};
use linux::fd::OpenFlags;
use regex_lite::{Captures, Regex};

pub(super) struct Editor {
    sys: Sys,
    name: String,
    script: Vec<Command>,
    quiet: bool,
    in_place: Option<String>,
    separate: bool,
    delimiter: u8,
    out: Out,
    /// What is written instead of standard output, with `-i`.
    file: Option<Vec<u8>>,
    files: std::collections::VecDeque<String>,
    input: Option<(String, i32, Lines)>,
    ahead: Option<Vec<u8>>,
    line: u64,
    pattern: String,
    ends_with_newline: bool,
    hold: String,
    appended: Vec<Result<String, String>>,
    active: Vec<Option<u64>>,
    last_regex: Option<Regex>,
    substituted: bool,
    status: ExitCode,
}

enum Flow {
    Next,
    Jump(usize),
    /// To the next cycle, with or without printing.
    Cycle(bool),
    /// `D`: the next cycle without reading.
    Again,
    Quit(bool, i32),
}

impl Editor {
    #[expect(clippy::too_many_arguments, reason = "what the command line says, once")]
    pub(super) fn new(
        sys: &Sys,
        name: &str,
        script: Vec<Command>,
        quiet: bool,
        in_place: Option<String>,
        separate: bool,
        unbuffered: bool,
        delimiter: u8,
    ) -> Editor {
        Editor {
            sys: sys.clone(),
            name: name.to_string(),
            active: vec![None; script.len()],
            script,
            quiet,
            in_place,
            separate,
            delimiter,
            out: if unbuffered { Out::by_line(sys) } else { Out::new(sys) },
            file: None,
            files: Default::default(),
            input: None,
            ahead: None,
            line: 0,
            pattern: String::new(),
            ends_with_newline: true,
            hold: String::new(),
            appended: Vec::new(),
            last_regex: None,
            substituted: false,
            status: 0,
        }
    }

    pub(super) async fn run(mut self, files: Vec<String>) -> ExitCode {
        self.files = files.into();
        let mut again = false;
        loop {
            if !again && !self.read_line().await {
                break;
            }
            self.substituted &= again;
            again = false;
            match self.cycle().await {
                Flow::Quit(print, status) => {
                    self.end_of_cycle(print && !self.quiet).await;
                    self.drain().await;
                    self.finish_file().await;
                    return self.out.finish(&self.name, status).await;
                }
                Flow::Again => {
                    self.end_of_cycle(false).await;
                    again = true;
                }
                Flow::Cycle(print) => self.end_of_cycle(print && !self.quiet).await,
                Flow::Next | Flow::Jump(_) => self.end_of_cycle(!self.quiet).await,
            }
            if self.out.is_broken() {
                break;
            }
        }
        self.finish_file().await;
        self.out.finish(&self.name, self.status).await
    }

    async fn emit(&mut self, text: &str) {
        match &mut self.file {
            Some(bytes) => bytes.extend_from_slice(text.as_bytes()),
            None => self.out.text(text).await,
        }
    }

    async fn end_of_cycle(&mut self, print: bool) {
        if print {
            self.print_pattern().await;
        }
        for item in std::mem::take(&mut self.appended) {
            match item {
                Ok(text) => self.emit(&text).await,
                Err(file) => {
                    if let Ok(bytes) = self.sys.read_file(&file).await {
                        self.emit(&String::from_utf8_lossy(&bytes)).await;
                    }
                }
            }
        }
    }

    async fn print_pattern(&mut self) {
        let mut text = self.pattern.clone();
        // The last line of the input lacks its line feed in the output as well.
        if self.ends_with_newline {
            text.push(char::from(self.delimiter));
        }
        self.emit(&text).await;
    }

    /// With `-i`, what is left after `q` stays in the file.
    async fn drain(&mut self) {
        if self.file.is_none() {
            return;
        }
        loop {
            let next = match self.ahead.take() {
                Some(line) => Some(line),
                None => match &mut self.input {
                    Some((_, _, lines)) => lines.next().await.unwrap_or(None),
                    None => None,
                },
            };
            let Some(line) = next else { break };
            self.emit(&String::from_utf8_lossy(&line)).await;
        }
    }

    /// Closes the current file; with `-i` it gets its new contents.
    async fn finish_file(&mut self) {
        let Some((name, fd, _)) = self.input.take() else { return };
        close_input(&self.sys, fd);
        let (Some(bytes), Some(suffix)) = (self.file.take(), self.in_place.clone()) else { return };
        if !suffix.is_empty() {
            let backup =
                if suffix.contains('*') { suffix.replace('*', &name) } else { format!("{name}{suffix}") };
            if let Ok(old) = self.sys.read_file(&name).await {
                let _ = self.sys.write_file(&backup, &old).await;
            }
        }
        if let Err(errno) = self.sys.write_file(&name, &bytes).await {
            complain(&self.sys, &self.name, &format!("couldn't open file {name}: {errno}")).await;
            self.status = 4;
        }
    }

    async fn open_next(&mut self) -> bool {
        while let Some(file) = self.files.pop_front() {
            let opened = if file == "-" && self.in_place.is_none() {
                Ok(0)
            } else {
                self.sys.open(&file, OpenFlags::READ, 0)
            };
            let is_directory =
                self.sys.stat(&file).is_ok_and(|stat| stat.file_type == linux::vfs::FileType::Directory);
            match opened {
                Ok(_) if is_directory => {
                    let what = if self.in_place.is_some() { "couldn't edit" } else { "read error on" };
                    let why =
                        if self.in_place.is_some() { "not a regular file" } else { Errno::EISDIR.text() };
                    complain(&self.sys, &self.name, &format!("{what} {file}: {why}")).await;
                    self.status = if self.in_place.is_some() { 4 } else { 2 };
                }
                Ok(fd) => {
                    let lines = Lines::new(&self.sys, fd).delimited_by(self.delimiter);
                    self.input = Some((file, fd, lines));
                    if self.in_place.is_some() {
                        self.file = Some(Vec::new());
                    }
                    if self.separate {
                        self.line = 0;
                    }
                    return true;
                }
                Err(errno) => {
                    self.out.flush().await;
                    complain(&self.sys, &self.name, &format!("can't read {file}: {errno}")).await;
                    self.status = 2;
                }
            }
        }
        false
    }

    /// Makes sure that the next line is at hand, if there is one (of this file, with `-s` and `-i`).
    async fn look_ahead(&mut self, cross: bool) -> bool {
        loop {
            if self.ahead.is_some() {
                return true;
            }
            if let Some((_, _, lines)) = &mut self.input {
                self.ahead = lines.next().await.unwrap_or(None);
                if self.ahead.is_some() {
                    return true;
                }
                if self.separate && !cross {
                    return false;
                }
                self.finish_file().await;
            }
            if !self.open_next().await {
                return false;
            }
        }
    }

    async fn take_line(&mut self) -> Option<String> {
        if !self.look_ahead(true).await {
            return None;
        }
        let mut line = self.ahead.take()?;
        self.ends_with_newline = line.last() == Some(&self.delimiter);
        if self.ends_with_newline {
            line.pop();
        }
        self.line += 1;
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    async fn read_line(&mut self) -> bool {
        match self.take_line().await {
            Some(line) => {
                self.pattern = line;
                true
            }
            None => false,
        }
    }

    async fn cycle(&mut self) -> Flow {
        let mut at = 0;
        while at < self.script.len() {
            let command = self.script[at].clone();
            if !self.selects(at, &command).await {
                at = if let Action::Block(end) = command.action { end + 1 } else { at + 1 };
                continue;
            }
            match self.execute(at, &command).await {
                Flow::Next => at += 1,
                Flow::Jump(to) => at = to,
                flow => return flow,
            }
            // A loop of branches must not stop the world.
            self.sys.cpu(std::time::Duration::from_nanos(100)).await;
        }
        Flow::Next
    }

    async fn selects(&mut self, at: usize, command: &Command) -> bool {
        let Some(from) = &command.from else { return !command.negated };
        let selected = match &command.to {
            None => self.matches(from).await,
            Some(to) => self.in_range(at, from, to).await,
        };
        selected != command.negated
    }

    async fn in_range(&mut self, at: usize, from: &Address, to: &Address) -> bool {
        if let Some(end) = self.active[at] {
            let ends = match to {
                Address::Line(_) | Address::Plus(_) => self.line >= end,
                to => self.matches(to).await,
            };
            if ends {
                self.active[at] = None;
            }
            // A range whose end is a line that lies behind is over already.
            return !matches!(to, Address::Line(line) if self.line > *line);
        }
        let zero = matches!(from, Address::Line(0)) && self.line == 1;
        if !zero && !self.matches(from).await {
            return false;
        }
        let ends = match to {
            Address::Line(line) => *line <= self.line,
            Address::Plus(count) => *count == 0,
            to if zero => self.matches(to).await,
            Address::Last => self.is_last().await,
            _ => false,
        };
        if !ends {
            self.active[at] = Some(match to {
                Address::Line(line) => *line,
                Address::Plus(count) => self.line + count,
                _ => u64::MAX,
            });
        }
        true
    }

    async fn is_last(&mut self) -> bool {
        !self.look_ahead(false).await
    }

    async fn matches(&mut self, address: &Address) -> bool {
        match address {
            Address::Line(line) => self.line == *line,
            Address::Step(first, 0) => self.line == *first,
            Address::Step(first, step) => self.line >= *first && (self.line - first).is_multiple_of(*step),
            Address::Last => self.is_last().await,
            Address::Plus(_) => false,
            Address::Regex(regex) => {
                let regex = regex.clone().or_else(|| self.last_regex.clone());
                self.last_regex.clone_from(&regex);
                regex.is_some_and(|regex| regex.is_match(&self.pattern))
            }
        }
    }

    async fn execute(&mut self, at: usize, command: &Command) -> Flow {
        match &command.action {
            Action::Block(_) | Action::End | Action::Label(_) => {}
            Action::Substitute(substitute) => self.substitute(substitute).await,
            Action::Translate(pairs) => {
                let map = |c| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
                self.pattern = self.pattern.chars().map(map).collect();
            }
            Action::Text('a', text) => self.appended.push(Ok(text.clone())),
            Action::Text('i', text) => self.emit(&text.clone()).await,
            Action::Text(_, text) => {
                // The text stands for the whole range.
                if command.to.is_none() || self.active[at].is_none() || command.negated {
                    self.emit(&text.clone()).await;
                }
                return Flow::Cycle(false);
            }
            Action::Branch(kind, label) => {
                let jumps = match kind {
                    'b' => true,
                    't' => std::mem::take(&mut self.substituted),
                    _ => !std::mem::take(&mut self.substituted),
                };
                if jumps {
                    let is_target = |c: &Command| matches!(&c.action, Action::Label(name) if name == label);
                    let target = self.script.iter().position(is_target).filter(|_| !label.is_empty());
                    return Flow::Jump(target.unwrap_or(self.script.len()));
                }
            }
            Action::Quit(print, status) => return Flow::Quit(*print, *status),
            Action::Read(file) => self.appended.push(Err(file.clone())),
            Action::Write(file) => {
                let text = format!("{}\n", self.pattern);
                self.append_to(file, &text).await;
            }
            Action::Simple(letter) => return self.simple(*letter).await,
        }
        Flow::Next
    }

    async fn append_to(&mut self, file: &str, text: &str) {
        match file {
            "/dev/stdout" => self.out.text(text).await,
            "/dev/stderr" => self.sys.err(text).await,
            file => {
                if let Ok(fd) = self.sys.open(file, OpenFlags::APPEND, 0o666) {
                    let _ = self.sys.write_all(fd, text.as_bytes()).await;
                    let _ = self.sys.close(fd);
                }
            }
        }
    }

    async fn simple(&mut self, letter: char) -> Flow {
        match letter {
            'p' => {
                let text = format!("{}{}", self.pattern, char::from(self.delimiter));
                self.emit(&text).await;
            }
            'P' => {
                let first = self.pattern.split('\n').next().unwrap_or("").to_string();
                self.emit(&format!("{first}\n")).await;
            }
            'd' => return Flow::Cycle(false),
            'D' => match self.pattern.split_once('\n') {
                Some((_, rest)) => {
                    self.pattern = rest.to_string();
                    return Flow::Again;
                }
                None => return Flow::Cycle(false),
            },
            '=' => {
                let text = format!("{}\n", self.line);
                self.emit(&text).await;
            }
            'n' => {
                if !self.look_ahead(true).await {
                    return Flow::Quit(true, 0);
                }
                self.end_of_cycle(!self.quiet).await;
                self.read_line().await;
            }
            'N' => match self.take_line().await {
                Some(line) => {
                    self.pattern.push('\n');
                    self.pattern.push_str(&line);
                }
                // GNU prints what it has.
                None => return Flow::Quit(true, 0),
            },
            'g' => self.pattern.clone_from(&self.hold),
            'G' => {
                self.pattern.push('\n');
                self.pattern.push_str(&self.hold);
            }
            'h' => self.hold.clone_from(&self.pattern),
            'H' => {
                self.hold.push('\n');
                self.hold.push_str(&self.pattern);
            }
            _ => std::mem::swap(&mut self.pattern, &mut self.hold),
        }
        Flow::Next
    }

    async fn substitute(&mut self, substitute: &Substitute) {
        let Some(regex) = substitute.regex.clone().or_else(|| self.last_regex.clone()) else { return };
        self.last_regex = Some(regex.clone());
        let mut out = String::new();
        let (mut from, mut changed) = (0, false);
        let captures: Vec<Captures<'_>> = regex.captures_iter(&self.pattern).collect();
        for (number, captures) in captures.iter().enumerate() {
            if number + 1 < substitute.number {
                continue;
            }
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&self.pattern[from..whole.start()]);
            replace(&substitute.replacement, captures, &mut out);
            from = whole.end();
            changed = true;
            if !substitute.global {
                break;
            }
        }
        if !changed {
            return;
        }
        out.push_str(&self.pattern[from..]);
        drop(captures);
        self.pattern = out;
        self.substituted = true;
        if substitute.print {
            let text = format!("{}{}", self.pattern, char::from(self.delimiter));
            self.emit(&text).await;
        }
        if let Some(file) = &substitute.write {
            let text = format!("{}\n", self.pattern);
            self.append_to(file, &text).await;
        }
    }
}

fn replace(pieces: &[Piece], captures: &Captures<'_>, out: &mut String) {
    let (mut lasting, mut once) = (None, None);
    for piece in pieces {
        let text = match piece {
            Piece::Case(case @ ('U' | 'L')) => {
                lasting = Some(*case);
                continue;
            }
            Piece::Case('E') => {
                (lasting, once) = (None, None);
                continue;
            }
            Piece::Case(case) => {
                once = Some(*case);
                continue;
            }
            Piece::Text(text) => text.as_str(),
            Piece::Group(number) => captures.get(*number).map_or("", |group| group.as_str()),
        };
        let mut text = match lasting {
            Some('U') => text.to_uppercase(),
            Some(_) => text.to_lowercase(),
            None => text.to_string(),
        };
        if let (Some(case), Some(first)) = (once, text.chars().next()) {
            let changed =
                if case == 'u' { first.to_uppercase().to_string() } else { first.to_lowercase().to_string() };
            text.replace_range(..first.len_utf8(), &changed);
            once = None;
        }
        out.push_str(&text);
    }
}
