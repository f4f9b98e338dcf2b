//! How a shell begins: its command line, startup files, and where its commands come from.

use super::BASH_VERSION;
use super::exec::{Boxed, Flow};
use super::options::{self, Options};
use super::parser::{ParseError, Parser};
use super::state::Shell;
use linux::{Args, Errno, ExitCode, Sys};
use std::rc::Rc;

/// What the command line asks for.
#[derive(Default)]
struct Invocation {
    command: bool,
    interactive: bool,
    login: bool,
    stdin: bool,
    no_rc: bool,
    no_profile: bool,
    rc_file: Option<String>,
    options: Vec<(char, bool)>,
    shopts: Vec<(String, bool)>,
    rest: Vec<String>,
}

/// Runs a shell.
pub async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = args.first().cloned().unwrap_or_else(|| "bash".into());
    let base = name.rsplit('/').next().unwrap_or_default().to_string();
    let mut invocation = match parse(&sys, &name, args.get(1..).unwrap_or_default()).await {
        Ok(invocation) => invocation,
        Err(status) => return status,
    };
    let mut shell = Shell::new(sys, &name);
    shell.login = invocation.login || base.starts_with('-');
    if base.trim_start_matches('-') == "sh" {
        shell.options.set(options::POSIX, true);
    }
    for (letter, on) in &invocation.options {
        shell.options.set(*letter, *on);
    }
    for (name, on) in &invocation.shopts {
        shell.shopts.set(name, *on);
    }
    if shell.login {
        shell.shopts.set("login_shell", true);
    }
    let mut rest = std::mem::take(&mut invocation.rest).into_iter();
    let mut source = Source::Input;
    if invocation.command {
        let Some(text) = rest.next() else {
            shell.sys.err(&format!("{name}: -c: option requires an argument\n")).await;
            return 2;
        };
        source = Source::Text(text);
        shell.from_string = true;
        if let Some(name) = rest.next() {
            shell.name = name;
        }
    } else if !invocation.stdin
        && let Some(path) = rest.next()
    {
        source = Source::File(path);
    }
    shell.positional = rest.collect();
    let terminal = shell.sys.isatty(0) && shell.sys.isatty(2);
    shell.interactive = invocation.interactive || terminal && matches!(source, Source::Input);
    if shell.interactive {
        shell.begin_interactive(matches!(source, Source::Input)).await;
    }
    let result = shell.start(source, &invocation).await;
    shell.end(result).await
}

async fn parse(sys: &Sys, name: &str, args: &[String]) -> Result<Invocation, ExitCode> {
    let mut out = Invocation::default();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        if let Some(long) = arg.strip_prefix("--").filter(|long| !long.is_empty()) {
            at += 1;
            match long {
                "login" => out.login = true,
                "norc" => out.no_rc = true,
                "noprofile" => out.no_profile = true,
                "posix" => out.options.push((options::POSIX, true)),
                "verbose" => out.options.push(('v', true)),
                "noediting" | "restricted" | "debugger" => {}
                "rcfile" | "init-file" => {
                    out.rc_file = args.get(at).cloned();
                    at += 1;
                }
                "version" => {
                    sys.out(&format!(
                        "GNU bash, version {BASH_VERSION} (x86_64-pc-linux-gnu)\nCopyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\nThis is free software; you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n"
                    ))
                    .await;
                    return Err(0);
                }
                _ => {
                    sys.err(&format!("{name}: {arg}: invalid option\n")).await;
                    return Err(2);
                }
            }
            continue;
        }
        let on = match arg.chars().next() {
            Some('-') if arg.len() > 1 => true,
            Some('+') if arg.len() > 1 => false,
            _ => break,
        };
        at += 1;
        if arg == "--" {
            break;
        }
        for letter in arg[1..].chars() {
            match letter {
                'c' => out.command = true,
                'i' => out.interactive = true,
                'l' => out.login = true,
                's' => out.stdin = true,
                'r' => {}
                'o' | 'O' => {
                    let value = args.get(at).cloned().unwrap_or_default();
                    at += 1;
                    if letter == 'O' {
                        out.shopts.push((value, on));
                        continue;
                    }
                    match Options::letter(&value) {
                        Some(letter) => out.options.push((letter, on)),
                        None => {
                            sys.err(&format!("{name}: {value}: invalid option name\n")).await;
                            return Err(2);
                        }
                    }
                }
                letter if "abefhkmnptuvxBCEHPT".contains(letter) => out.options.push((letter, on)),
                other => {
                    sys.err(&format!("{name}: -{other}: invalid option\n")).await;
                    return Err(2);
                }
            }
        }
    }
    out.rest = args[at.min(args.len())..].to_vec();
    Ok(out)
}

/// What kind of text runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `-c`: its last command may take the place of the shell.
    String,
    /// A script.
    Script,
    /// A file read by `.`: what is wrong in it does not end the shell.
    Sourced,
}

/// Where commands come from.
enum Source {
    Text(String),
    File(String),
    Input,
}

impl Shell {
    async fn begin_interactive(&mut self, input: bool) {
        self.shield_signals();
        self.shopts.set("expand_aliases", true);
        for (name, value) in
            [("PS1", "\\s-\\v\\$ "), ("PS2", "> "), ("HISTSIZE", "500"), ("HISTFILESIZE", "500")]
        {
            self.vars.global(name).value = super::vars::Value::Scalar(value.into());
        }
        if let Some(home) = self.vars.text("HOME").map(str::to_string) {
            self.vars.force("HISTFILE", format!("{home}/.bash_history"));
        }
        if input {
            for letter in ['H', options::HISTORY, options::EMACS] {
                self.options.set(letter, true);
            }
        }
        if !self.sys.isatty(0) && !self.sys.isatty(2) {
            self.sys
                .err(&format!(
                    "{0}: cannot set terminal process group ({1}): {2}\n{0}: no job control in this shell\n",
                    self.name,
                    self.sys.getpgrp(),
                    Errno::ENOTTY.text()
                ))
                .await;
            return;
        }
        let from = if self.sys.isatty(2) { 2 } else { 0 };
        if let Ok(tty) = self.sys.dup(from, 255) {
            let _ = self.sys.set_cloexec(tty, true);
            self.tty = Some(tty);
            // A session leader is the leader of its group already.
            let _ = self.sys.setpgid(0, 0);
            self.own_group = self.sys.getpgrp();
            let _ = self.sys.tcsetpgrp(tty, self.own_group);
            self.options.set('m', true);
        }
    }

    async fn start(&mut self, source: Source, invocation: &Invocation) -> Result<(), Flow> {
        if self.login && !invocation.no_profile {
            self.read_startup("/etc/profile").await?;
            for name in [".bash_profile", ".bash_login", ".profile"] {
                let path = self.in_home(name);
                if self.sys.access(&path, 4) {
                    self.read_startup(&path).await?;
                    break;
                }
            }
        } else if self.interactive && !invocation.no_rc && !self.options.has(options::POSIX) {
            self.read_startup("/etc/bash.bashrc").await?;
            let path = invocation.rc_file.clone().unwrap_or_else(|| self.in_home(".bashrc"));
            self.read_startup(&path).await?;
        }
        self.status = 0;
        let run: Boxed<'_, ()> = match &source {
            Source::Text(text) => Box::pin(self.run_text(text, Kind::String)),
            Source::File(path) => Box::pin(self.run_file(path)),
            Source::Input if self.interactive => Box::pin(self.repl()),
            Source::Input => Box::pin(self.run_input()),
        };
        run.await
    }

    fn in_home(&self, name: &str) -> String {
        format!("{}/{name}", self.vars.text("HOME").unwrap_or_default())
    }

    async fn read_startup(&mut self, path: &str) -> Result<(), Flow> {
        let Ok(bytes) = self.sys.read_file(path).await else { return Ok(()) };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match self.source_text(&text, path).await {
            Err(Flow::Discard | Flow::Interrupt) => Ok(()),
            other => other,
        }
    }

    /// Runs a text line by line; an error ends only its line.
    pub async fn run_text(&mut self, text: &str, kind: Kind) -> Result<(), Flow> {
        let mut parser = Parser::new(text, 1);
        loop {
            let dialect = self.dialect();
            let rest = if self.options.has('v') { parser.rest() } else { String::new() };
            let parsed = parser.next(&dialect);
            if self.options.has('v') {
                let left = parser.rest().len();
                let read = &rest[..rest.len() - left];
                let text = if read.ends_with('\n') || read.is_empty() {
                    read.to_string()
                } else {
                    format!("{read}\n")
                };
                self.sys.err(&text).await;
            }
            for (line, warning) in std::mem::take(&mut parser.warnings) {
                let text = format!("{}: line {line}: {warning}\n", self.source_name());
                self.sys.err(&text).await;
            }
            let list = match parsed {
                Ok(None) => return Ok(()),
                Ok(Some(list)) => Rc::new(list),
                Err(error) => {
                    self.parse_error(&error, None).await;
                    self.status = 2;
                    return if kind == Kind::Sourced { Ok(()) } else { Err(Flow::Exit) };
                }
            };
            if self.options.has('n') && !self.interactive {
                continue;
            }
            if kind == Kind::String
                && let [item] = list.items.as_slice()
                && !item.background
                && item.and_or.rest.is_empty()
                && parser.rest().trim().is_empty()
                && let [command] = item.and_or.first.commands.as_slice()
                && !item.and_or.first.negated
                && item.and_or.first.timed.is_none()
                && self.traps.all().is_empty()
                && !self.interactive
            {
                self.exec_next = matches!(command.kind, super::ast::Kind::Simple(_));
            }
            match self.run_list(&list).await {
                Ok(()) => {}
                Err(Flow::Discard) if !self.options.has('e') => {}
                Err(Flow::Discard) => return Err(Flow::Exit),
                Err(flow) => return Err(flow),
            }
            if !self.jobs.list.is_empty() && !self.interactive {
                self.reap().await;
            }
        }
    }

    async fn run_file(&mut self, path: &str) -> Result<(), Flow> {
        let mut found = path.to_string();
        if self.sys.stat(path).is_err() && !path.contains('/') {
            let search = self.vars.text("PATH").unwrap_or_default().to_string();
            found = self.search_path(&search, path).unwrap_or(found);
        }
        let bytes = match self.sys.read_file(&found).await {
            Ok(bytes) => bytes,
            Err(error) => {
                let (why, status) = match error {
                    Errno::EISDIR => ("Is a directory", 126),
                    Errno::ENOENT => (error.text(), 127),
                    other => (other.text(), 126),
                };
                let verb = if error == Errno::EISDIR {
                    format!("{path}: {path}")
                } else {
                    format!("{}: {path}", self.name)
                };
                self.sys.err(&format!("{verb}: {why}\n")).await;
                self.status = status;
                return Err(Flow::Exit);
            }
        };
        self.name = found;
        if bytes.iter().take(80).take_while(|byte| **byte != b'\n').any(|byte| *byte == 0) {
            self.sys.err(&format!("{0}: {0}: cannot execute binary file\n", self.name)).await;
            self.status = 126;
            return Err(Flow::Exit);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.run_text(&text, Kind::Script).await
    }

    /// Commands from standard input, read line by line, so that the commands can read the rest of it.
    async fn run_input(&mut self) -> Result<(), Flow> {
        let mut buffer = String::new();
        let mut line_number = 1;
        loop {
            let line = self.read_raw_line().await?;
            let ended = line.is_none();
            buffer.push_str(&line.unwrap_or_default());
            if ended && buffer.is_empty() {
                return Ok(());
            }
            let mut dialect = self.dialect();
            dialect.at_end = ended;
            let mut parser = Parser::new(&buffer, line_number);
            match parser.next(&dialect) {
                Ok(list) => {
                    line_number = parser.line();
                    buffer = parser.rest();
                    let Some(list) = list else { continue };
                    let list = Rc::new(list);
                    match self.run_list(&list).await {
                        Ok(()) => {}
                        Err(Flow::Discard) if !self.options.has('e') => {}
                        Err(flow) => return Err(flow),
                    }
                }
                Err(ParseError::Incomplete { .. }) if !ended => {}
                Err(error) => {
                    self.parse_error(&error, None).await;
                    self.status = 2;
                    return Err(Flow::Exit);
                }
            }
        }
    }

    /// A line of standard input with its end; nothing at the end of input.
    pub(super) async fn read_raw_line(&mut self) -> Result<Option<String>, Flow> {
        let mut bytes = Vec::new();
        loop {
            match self.sys.read(0, 1).await {
                Ok(data) => match data.first() {
                    Some(byte) => {
                        bytes.push(*byte);
                        if *byte == b'\n' {
                            break;
                        }
                    }
                    None => break,
                },
                Err(Errno::EINTR) => self.handle_signals().await?,
                Err(_) => break,
            }
        }
        Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }

    async fn end(&mut self, result: Result<(), Flow>) -> ExitCode {
        if matches!(result, Err(Flow::Killed(_))) && self.interactive {
            // The terminal is gone: the jobs learn about it.
            for job in &self.jobs.list {
                if let Some(group) = job.group.filter(|_| !job.nohup) {
                    let _ = self.sys.kill(-group, Some(linux::Signal::HUP));
                    let _ = self.sys.kill(-group, Some(linux::Signal::CONT));
                }
            }
        }
        self.frames.clear();
        let status = self.finish(result).await;
        if self.interactive {
            if self.login {
                let path = self.in_home(".bash_logout");
                self.status = status;
                let _ = self.read_startup(&path).await;
            }
            self.save_history().await;
        }
        status
    }
}
