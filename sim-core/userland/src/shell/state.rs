//! The state of a shell: what a subshell gets a copy of.

use super::ast::Command;
use super::exec::Flow;
use super::exec::loops::LoopState;
use super::history::History;
use super::jobs::Jobs;
use super::options::{Options, Shopts};
use super::parser::{Dialect, ParseError};
use super::traps::Traps;
use super::vars::{AssocKey, Value, Var, Variables, adapt, assign_scalar};
use super::{BASH_VERSION, arith, escape};
use linux::{Pid, Sys};
use std::borrow::Cow;
use std::collections::BTreeMap;
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
    pub functions: BTreeMap<String, Function>,
    /// Aliases.
    pub aliases: Rc<BTreeMap<String, String>>,
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
    pub hash: BTreeMap<String, (String, u32)>,
    /// `pushd`'s directories below the current one.
    pub directories: Vec<String>,
    /// What was typed.
    pub history: History,
    /// Arrays given to the builtin that is about to run, by argument.
    pub array_args: BTreeMap<usize, Elements>,
    /// Completions given to `complete`.
    pub completions: BTreeMap<String, super::complete::Spec>,
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
            functions: BTreeMap::new(),
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
            hash: BTreeMap::new(),
            directories: Vec::new(),
            history: History::default(),
            array_args: BTreeMap::new(),
            completions: BTreeMap::new(),
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

    // Parameters.

    /// The value of a parameter without operators; nothing when unset.
    pub fn parameter(&mut self, name: &str) -> Option<String> {
        if let Some(text) = self.special(name) {
            return Some(text);
        }
        let first = name.bytes().next()?;
        if first.is_ascii_digit() {
            let index: usize = name.parse().ok()?;
            return if index == 0 {
                Some(self.name.clone())
            } else {
                self.positional.get(index - 1).cloned()
            };
        }
        if !first.is_ascii_alphabetic() && first != b'_' {
            return None;
        }
        match self.dynamic(name) {
            Some(var) => var.scalar().map(str::to_string),
            None => {
                let resolved = self.vars.get(name)?;
                if resolved.nameref { None } else { resolved.scalar().map(str::to_string) }
            }
        }
    }

    fn special(&mut self, name: &str) -> Option<String> {
        Some(match name {
            "?" => self.status.to_string(),
            "$" => self.shell_pid.to_string(),
            "!" => self.last_background?.to_string(),
            "#" => self.positional.len().to_string(),
            "-" => self.flags(),
            "_" => self.last_argument.clone(),
            "@" | "*" => self.positional.join(" "),
            _ => return None,
        })
    }

    fn flags(&self) -> String {
        let mut flags = self.options.flags();
        if self.interactive {
            let at = flags.find(|c: char| c > 'i' || c.is_uppercase()).unwrap_or(flags.len());
            flags.insert(at, 'i');
        }
        if self.from_string {
            flags.push('c');
        } else if self.positional.is_empty() && self.interactive {
            flags.push('s');
        }
        flags
    }

    /// A variable, those included whose value is made when they are read.
    pub fn variable(&mut self, name: &str) -> Option<Cow<'_, Var>> {
        if let Some(var) = self.dynamic(name) {
            return Some(Cow::Owned(var));
        }
        self.vars.get(name).map(Cow::Borrowed)
    }

    fn dynamic(&mut self, name: &str) -> Option<Var> {
        let list = |items: Vec<String>| Value::Indexed((0..).zip(items).collect());
        let value = match name {
            "RANDOM" => Value::Scalar(self.random().to_string()),
            "SRANDOM" => Value::Scalar((self.sys.random() as u32).to_string()),
            "SECONDS" => Value::Scalar((self.uptime() + self.seconds).to_string()),
            "EPOCHSECONDS" => Value::Scalar(self.sys.clock().seconds.to_string()),
            "EPOCHREALTIME" => {
                let now = self.sys.clock();
                Value::Scalar(format!("{}.{:06}", now.seconds, now.nanos / 1000))
            }
            "LINENO" => Value::Scalar(self.line.to_string()),
            "BASHPID" => Value::Scalar(self.sys.pid().to_string()),
            "BASH_SUBSHELL" => Value::Scalar(self.subshell.to_string()),
            "HISTCMD" => Value::Scalar((self.history.len() + 1).to_string()),
            "SHELLOPTS" => Value::Scalar(self.options.names()),
            "BASHOPTS" => Value::Scalar(self.shopts.names()),
            "FUNCNAME" => {
                if !self.frames.iter().any(|frame| frame.is_function) {
                    return None;
                }
                let mut names: Vec<String> =
                    self.frames.iter().rev().map(|f| f.function.to_string()).collect();
                if !self.interactive && !self.from_string {
                    names.push("main".into());
                }
                list(names)
            }
            "BASH_SOURCE" => {
                let mut names: Vec<String> = self.frames.iter().rev().map(|f| f.source.to_string()).collect();
                if !self.interactive && !self.from_string {
                    names.push(self.name.clone());
                }
                list(names)
            }
            "BASH_LINENO" => {
                let mut lines: Vec<String> = self.frames.iter().rev().map(|f| f.line.to_string()).collect();
                if !self.interactive && !self.from_string {
                    lines.push("0".into());
                }
                list(lines)
            }
            "PIPESTATUS" => list(self.pipe_status.iter().map(i32::to_string).collect()),
            "DIRSTACK" => {
                let mut all = vec![self.vars.text("PWD").unwrap_or("/").to_string()];
                all.extend(self.directories.iter().rev().cloned());
                list(all)
            }
            "GROUPS" => list(vec![self.sys.gid().to_string()]),
            _ => return None,
        };
        Some(Var { value, ..Var::NEW })
    }

    fn uptime(&self) -> i64 {
        self.sys.now().duration_since(self.started).as_secs() as i64
    }

    fn random(&mut self) -> u64 {
        match &mut self.random_seed {
            Some(seed) => {
                // The generator of bash's brand: minimal standard, high bits folded in.
                *seed = (*seed * 16_807) % 2_147_483_647;
                ((*seed >> 16) ^ (*seed & 0xffff)) & 0x7fff
            }
            None => self.sys.random() & 0x7fff,
        }
    }

    /// An element of an array; nothing when unset.
    pub fn element(&mut self, name: &str, subscript: &str) -> Result<Option<String>, String> {
        let dynamic = self.dynamic(name);
        if let Some(Value::Assoc(map)) = self.vars.get(name).map(|var| &var.value) {
            return Ok(map.get(&AssocKey::new(subscript)).cloned());
        }
        let index = self.evaluate(subscript)?;
        let var = match &dynamic {
            Some(var) => Some(var),
            None => self.vars.get(name),
        };
        Ok(match var.map(|var| &var.value) {
            Some(Value::Indexed(map)) => {
                let index =
                    if index < 0 { index + map.keys().next_back().map_or(0, |last| last + 1) } else { index };
                if index < 0 {
                    return Err(format!("{name}: bad array subscript"));
                }
                map.get(&index).cloned()
            }
            Some(Value::Scalar(text)) if index == 0 || index == -1 => Some(text.clone()),
            _ if index < 0 => return Err(format!("{name}: bad array subscript")),
            _ => None,
        })
    }

    /// Assigns to a variable or an element; the error is what bash prints.
    pub fn assign(
        &mut self,
        name: &str,
        subscript: Option<&str>,
        value: String,
        append: bool,
    ) -> Result<(), String> {
        let name = self.vars.resolve(name);
        let var = self.vars.entry(&name);
        if var.readonly {
            return Err(format!("{name}: readonly variable"));
        }
        let (integer, is_assoc) = (var.integer, matches!(var.value, Value::Assoc(_)));
        let Some(subscript) = subscript else {
            let value = match (integer, append) {
                (true, true) => {
                    let old = self.vars.text(&name).unwrap_or("0").to_string();
                    self.evaluate(&old)?.wrapping_add(self.evaluate(&value)?).to_string()
                }
                (true, false) => self.evaluate(&value)?.to_string(),
                (false, true) => self.vars.text(&name).unwrap_or_default().to_string() + &value,
                (false, false) => value,
            };
            self.assigned(&name, &value);
            let all_exported = self.options.has('a');
            let var = self.vars.entry(&name);
            assign_scalar(var, value);
            var.exported |= all_exported;
            return Ok(());
        };
        let key = if is_assoc { None } else { Some(self.evaluate(subscript)?) };
        let value = if integer { self.evaluate(&value)?.to_string() } else { value };
        let var = self.vars.entry(&name);
        let value = adapt(var, value);
        let Some(index) = key else {
            if subscript.is_empty() {
                return Err(format!("{name}[{subscript}]: bad array subscript"));
            }
            if let Value::Assoc(map) = &mut var.value {
                let slot = map.entry(AssocKey::new(subscript)).or_default();
                put(slot, value, append, integer);
            }
            return Ok(());
        };
        let mut map = match std::mem::replace(&mut var.value, Value::Unset) {
            Value::Indexed(map) => map,
            Value::Scalar(text) => BTreeMap::from([(0, text)]),
            _ => BTreeMap::new(),
        };
        let real = if index < 0 { index + map.keys().next_back().map_or(0, |last| last + 1) } else { index };
        if real < 0 {
            var.value = if map.is_empty() { Value::Unset } else { Value::Indexed(map) };
            return Err(format!("{name}[{subscript}]: bad array subscript"));
        }
        put(map.entry(real).or_default(), value, append, integer);
        var.value = Value::Indexed(map);
        Ok(())
    }

    /// Assigns a whole array.
    pub fn assign_array(&mut self, name: &str, elements: Elements, append: bool) -> Result<(), String> {
        let name = self.vars.resolve(name);
        let var = self.vars.entry(&name);
        if var.readonly {
            return Err(format!("{name}: readonly variable"));
        }
        if let Value::Assoc(map) = &mut var.value {
            if !append {
                map.clear();
            }
            let mut bare: Option<String> = None;
            for (key, append, value) in elements {
                match (key, bare.take()) {
                    (Some(key), _) => self.assign(&name, Some(&key), value, append)?,
                    (None, None) => bare = Some(value),
                    (None, Some(key)) => self.assign(&name, Some(&key), value, false)?,
                }
            }
            if let Some(key) = bare {
                self.assign(&name, Some(&key), String::new(), false)?;
            }
            return Ok(());
        }
        let mut next = 0;
        match (&var.value, append) {
            (Value::Indexed(map), true) => next = map.keys().next_back().map_or(0, |last| last + 1),
            (Value::Scalar(text), true) => {
                var.value = Value::Indexed(BTreeMap::from([(0, text.clone())]));
                next = 1;
            }
            _ => var.value = Value::Indexed(BTreeMap::new()),
        }
        for (key, append, value) in elements {
            if let Some(key) = key {
                next = self.evaluate(&key)?;
                if next < 0 {
                    return Err(format!("[{key}]={value}: bad array subscript"));
                }
            }
            self.assign(&name, Some(&next.to_string()), value, append)?;
            next += 1;
        }
        Ok(())
    }

    /// As [`Shell::assign`]; an error is printed and ends the line.
    pub async fn assign_or_discard(
        &mut self,
        name: &str,
        subscript: Option<&str>,
        value: String,
        append: bool,
    ) -> Result<(), Flow> {
        if let Err(message) = self.assign(name, subscript, value, append) {
            self.error(&message).await;
            return Err(self.discard(1));
        }
        Ok(())
    }

    /// Some variables do something when they are assigned.
    fn assigned(&mut self, name: &str, value: &str) {
        match name {
            "RANDOM" => self.random_seed = Some(value.parse::<u64>().unwrap_or(0).max(1)),
            "SECONDS" => {
                self.seconds = value.parse::<i64>().unwrap_or(0) - self.uptime();
            }
            "PATH" => self.hash.clear(),
            "OPTIND" => self.getopts_at = (value.parse().unwrap_or(1), 0),
            _ => {}
        }
    }

    /// Evaluates arithmetic; the error is what bash prints.
    pub fn evaluate(&mut self, text: &str) -> Result<i64, String> {
        arith::evaluate(text, &mut ArithVariables(self))
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

fn put(slot: &mut String, value: String, append: bool, integer: bool) {
    if append && integer {
        let sum = slot.parse::<i64>().unwrap_or(0).wrapping_add(value.parse().unwrap_or(0));
        *slot = sum.to_string();
    } else if append {
        slot.push_str(&value);
    } else {
        *slot = value;
    }
}

/// Variables as expressions see them.
struct ArithVariables<'a>(&'a mut Shell);

impl arith::Variables for ArithVariables<'_> {
    fn get(&mut self, name: &str, subscript: Option<&str>) -> Result<String, String> {
        let value = match subscript {
            Some(subscript) => self.0.element(name, subscript)?,
            None => self.0.parameter(name),
        };
        match value {
            Some(value) => Ok(value),
            None if self.0.options.has('u') => Err(format!("{name}: unbound variable")),
            None => Ok(String::new()),
        }
    }

    fn set(&mut self, name: &str, subscript: Option<&str>, value: i64) -> Result<(), String> {
        self.0.assign(name, subscript, value.to_string(), false)
    }
}
