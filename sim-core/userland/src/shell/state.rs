//! The state of a shell: what a subshell gets a copy of.

use super::ast::Command;
use super::exec::Flow;
use super::exec::loops::LoopState;
use super::history::History;
use super::jobs::Jobs;
use super::options::{Options, Shopts};
use super::parser::{Dialect, ParseError};
use super::traps::Traps;
use super::vars::{Value, Var, Variables};
use super::{BASH_VERSION, escape};
use linux::{Pid, Sys};
use sim::SortedMap;
use std::rc::Rc;
use std::time::Duration;

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its body.
    pub body: Rc<Command>,
    /// The file that it was read from.
    pub source: Rc<str>,
    /// The line it begins on.
    pub line: u32,
}

/// A function or sourced file that runs.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its name; `source` for a file.
    pub function: Rc<str>,
    /// The file its text comes from.
    pub source: Rc<str>,
    /// The line that called it.
    pub line: u32,
    /// True for a function, false for `.`.
    pub is_function: bool,
}

/// Elements of an array given to `declare`, expanded.
pub type Elements = Vec<(Option<String>, bool, String)>;

/// One shell.
#[derive(Clone)]
pub struct Shell {
    /// The process it runs in.
    pub sys: Sys,
    /// Variables.
    pub vars: Variables,
    /// Functions.
    pub functions: SortedMap<String, Function>,
    /// Aliases.
    pub aliases: Rc<SortedMap<String, String>>,
    /// `set -o`.
    pub options: Options,
    /// `shopt`.
    pub shopts: Shopts,
    /// `$0`
    pub name: String,
    /// `$1` and on.
    pub positional: Vec<String>,
    /// `$?`
    pub status: i32,
    /// `$PIPESTATUS`
    pub pipe_status: Vec<i32>,
    /// `$$`: the pid of the shell that subshells descend from.
    pub shell_pid: Pid,
    /// Its parent.
    pub parent_pid: Pid,
    /// `$!`
    pub last_background: Option<Pid>,
    /// `$_`
    pub last_argument: String,
    /// Jobs.
    pub jobs: Jobs,
    /// Traps.
    pub traps: Traps,
    /// Reads commands from a person.
    pub interactive: bool,
    /// Started as a login shell.
    pub login: bool,
    /// `-c`
    pub from_string: bool,
    /// How deep this is below the first shell.
    pub subshell: u32,
    /// The functions that run, outermost first.
    pub frames: Vec<Frame>,
    /// `$LINENO`
    pub line: u32,
    /// Loops and conditions that surround what runs.
    pub loops: LoopState,
    /// Where programs were found.
    pub hash: SortedMap<String, (String, u32)>,
    /// `pushd`'s directories below the current one.
    pub directories: Vec<String>,
    /// What was typed.
    pub history: History,
    /// Arrays given to the builtin that is about to run, by argument.
    pub array_args: SortedMap<usize, Elements>,
    /// Completions given to `complete`.
    pub completions: SortedMap<String, super::compspec::Spec>,
    /// The options of the completion that goes on.
    pub completing: Option<Vec<&'static str>>,
    /// How far `getopts` got inside of an argument.
    pub getopts_at: (usize, usize),
    /// The status of the last command substitution of this command.
    pub substitution_status: Option<i32>,
    /// Run the next program without a process of its own.
    pub exec_next: bool,
    /// When the shell began.
    pub started: sim::Instant,
    /// What `SECONDS` was set to, less what it was then.
    pub seconds: i64,
    /// The file descriptor of the terminal.
    pub tty: Option<i32>,
    /// The process group that the terminal belongs to when no job has it.
    pub own_group: Pid,
    /// Descriptors of process substitutions, closed when the command is over.
    pub process_fds: Vec<i32>,
    /// CPU time not yet paid for.
    pub debt: u64,
    /// How deep commands are nested on the real stack.
    pub nesting: u32,
    /// `exit` was refused once because of stopped jobs.
    pub exit_warned: bool,
    /// `$RANDOM` after it was given a seed.
    pub random_seed: Option<u64>,
}

impl Shell {
    /// A shell in its first moment: variables from the environment.
    pub fn new(sys: Sys, name: &str) -> Shell {
        let mut shell = Shell::hollow(sys, name);
        shell.import_environment();
        shell
    }

    /// A shell that knows nothing yet.
    pub fn hollow(sys: Sys, name: &str) -> Shell {
        Shell {
            vars: Variables::default(),
            functions: SortedMap::new(),
            aliases: Rc::default(),
            options: Options::new(),
            shopts: Shopts::new(),
            name: name.to_string(),
            positional: Vec::new(),
            status: 0,
            pipe_status: vec![0],
            shell_pid: sys.pid(),
            parent_pid: sys.ppid(),
            last_background: None,
            last_argument: String::new(),
            jobs: Jobs::default(),
            traps: Traps::default(),
            interactive: false,
            login: false,
            from_string: false,
            subshell: 0,
            frames: Vec::new(),
            line: 1,
            loops: LoopState::default(),
            hash: SortedMap::new(),
            directories: Vec::new(),
            history: History::default(),
            array_args: SortedMap::new(),
            completions: SortedMap::new(),
            completing: None,
            getopts_at: (1, 0),
            substitution_status: None,
            exec_next: false,
            started: sys.now(),
            seconds: 0,
            tty: None,
            own_group: sys.getpgrp(),
            process_fds: Vec::new(),
            debt: 0,
            nesting: 0,
            exit_warned: false,
            random_seed: None,
            sys,
        }
    }

    fn import_environment(&mut self) {
        for (name, value) in self.sys.environ() {
            if super::parser::is_name(&name) {
                let var = self.vars.global(&name);
                var.value = Value::Scalar(value);
                var.exported = true;
            }
        }
        let level = self.vars.text("SHLVL").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0) + 1;
        let cwd = self.sys.getcwd();
        let keep_pwd = self.vars.text("PWD").is_some_and(|pwd| self.same_directory(pwd, &cwd));
        for (name, value) in [("SHLVL", Some(level.to_string())), ("PWD", (!keep_pwd).then_some(cwd))] {
            if let Some(value) = value {
                let var = self.vars.global(name);
                var.value = Value::Scalar(value);
                var.exported = true;
            }
        }
        self.vars.global("OLDPWD").exported = true;
        let hostname = self.sys.hostname();
        for (name, value) in [
            ("BASH", "/bin/bash".to_string()),
            ("BASH_VERSION", BASH_VERSION.to_string()),
            ("HOSTNAME", hostname),
            ("HOSTTYPE", "x86_64".into()),
            ("MACHTYPE", "x86_64-pc-linux-gnu".into()),
            ("OSTYPE", "linux-gnu".into()),
            ("IFS", " \t\n".into()),
            ("OPTIND", "1".into()),
            ("OPTERR", "1".into()),
            ("PS4", "+ ".into()),
        ] {
            self.vars.global(name).value = Value::Scalar(value);
        }
        if self.vars.find("PATH").is_none() {
            self.vars.global("PATH").value =
                Value::Scalar("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
        }
        if self.vars.find("TERM").is_none() {
            self.vars.global("TERM").value = Value::Scalar("dumb".into());
        }
        let versions = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"];
        let map = versions.iter().enumerate().map(|(i, text)| (i as i64, (*text).to_string())).collect();
        self.vars.global("BASH_VERSINFO").value = Value::Indexed(map);
        self.vars.global("BASH_VERSINFO").readonly = true;
        for (name, value) in [
            ("PPID", self.parent_pid.to_string()),
            ("UID", self.sys.uid().to_string()),
            ("EUID", self.sys.uid().to_string()),
        ] {
            let var = self.vars.global(name);
            var.value = Value::Scalar(value);
            var.readonly = true;
            var.integer = true;
        }
    }

    fn same_directory(&self, a: &str, b: &str) -> bool {
        a.starts_with('/')
            && match (self.sys.stat(a), self.sys.stat(b)) {
                (Ok(a), Ok(b)) => a.ino == b.ino,
                _ => false,
            }
    }

    /// True in a process that was forked from the shell.
    pub fn in_subshell(&self) -> bool {
        self.subshell > 0
    }

    /// True for an option of `shopt`.
    pub fn shopt(&self, name: &str) -> bool {
        self.shopts.get(name)
    }

    /// What the parser has to know.
    pub fn dialect(&self) -> Dialect {
        let aliases = if self.shopt("expand_aliases") { self.aliases.clone() } else { Rc::default() };
        Dialect { aliases, extglob: self.shopt("extglob"), at_end: true }
    }

    /// Counts CPU time in microseconds and, now and then, lets it pass; caught signals are seen here.
    ///
    /// # Errors
    /// What a signal makes of the command.
    pub async fn charge(&mut self, micros: u64) -> Result<(), Flow> {
        self.debt += micros;
        if self.debt >= 100 {
            let debt = std::mem::take(&mut self.debt);
            self.sys.cpu(Duration::from_micros(debt)).await;
            self.handle_signals().await?;
        }
        Ok(())
    }

    // Messages.

    /// What stands before a message.
    pub fn prefix(&self) -> String {
        if self.interactive {
            return format!("{}: ", self.name);
        }
        format!("{}: line {}: ", self.source_name(), self.line)
    }

    /// The name of the text that runs.
    pub fn source_name(&self) -> String {
        match self.frames.last() {
            Some(frame) => frame.source.to_string(),
            None => self.name.clone(),
        }
    }

    /// Prints a message of the shell.
    pub async fn error(&mut self, message: &str) {
        let text = format!("{}{message}\n", self.prefix());
        self.sys.err(&text).await;
    }

    /// Prints what is wrong with a text.
    pub async fn parse_error(&mut self, error: &ParseError, within: Option<&str>) {
        let name = if self.interactive { self.name.clone() } else { self.source_name() };
        let within = match within {
            Some(what) => format!("{what}: "),
            None if self.from_string && self.frames.is_empty() => "-c: ".into(),
            None => String::new(),
        };
        let (line, messages, source) = match error {
            ParseError::Incomplete { line, message } => (*line, vec![message.clone()], None),
            ParseError::Syntax { line, messages, source } => (*line, messages.clone(), Some(source)),
        };
        let prefix = if self.interactive && within.is_empty() {
            format!("{name}: ")
        } else {
            format!("{name}: {within}line {line}: ")
        };
        let mut text: String = messages.iter().map(|message| format!("{prefix}{message}\n")).collect();
        if let Some(source) = source.filter(|_| !self.interactive || !within.is_empty()) {
            text.push_str(&format!("{prefix}`{source}'\n"));
        }
        self.sys.err(&text).await;
    }

    /// Gives up the line of commands.
    pub fn discard(&mut self, status: i32) -> Flow {
        self.status = status;
        Flow::Discard
    }

    /// A field of the user's own line in `/etc/passwd`, or of another user's.
    pub fn passwd_field(&self, user: &str, field: usize) -> Option<String> {
        self.passwd(|line| line.split(':').next() == Some(user), field)
    }

    /// The name of the user.
    pub fn user_name(&self) -> String {
        let uid = self.sys.uid().to_string();
        self.passwd(|line| line.split(':').nth(2) == Some(&uid), 0)
            .unwrap_or_else(|| "I have no name!".into())
    }

    /// The home directory according to `/etc/passwd`.
    pub fn home_of_user(&self) -> String {
        let uid = self.sys.uid().to_string();
        self.passwd(|line| line.split(':').nth(2) == Some(&uid), 5).unwrap_or_else(|| "/".into())
    }

    fn passwd(&self, wanted: impl Fn(&str) -> bool, field: usize) -> Option<String> {
        let bytes = self.sys.namespaces().root.read("/etc/passwd").ok()?;
        let text = String::from_utf8_lossy(&bytes);
        text.lines().find(|line| wanted(line))?.split(':').nth(field).map(str::to_string)
    }

    /// `declare -p` of a variable.
    pub fn declare_line(name: &str, var: &Var) -> String {
        format!("declare {} {name}{}", var.flags(), var.declaration())
    }

    /// `name=value` as `set` prints it.
    pub fn set_line(name: &str, var: &Var) -> Option<String> {
        Some(match &var.value {
            Value::Unset => return None,
            Value::Scalar(text) if text.is_empty() => format!("{name}="),
            Value::Scalar(text) => format!("{name}={}", escape::quote_if_needed(text)),
            _ => format!("{name}={}", var.array_literal()),
        })
    }
}
