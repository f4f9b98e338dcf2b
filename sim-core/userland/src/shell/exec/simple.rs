//! Simple commands: functions, builtins, programs.

use super::redirect::Saved;
use super::{Boxed, Flow};
use crate::shell::ast::{Arg, Assign, Command, Simple, Value};
use crate::shell::builtins::{self, Builtin};
use crate::shell::escape;
use crate::shell::state::{Elements, Frame, Function, Shell};
use crate::shell::traps::Event;
use crate::shell::vars::Var;
use linux::Errno;
use linux::vfs::FileType;
use std::rc::Rc;

/// Functions inside of functions beyond this are refused, where bash would run out of stack.
const MAX_FUNCTIONS: usize = 1000;

impl Shell {
    pub(super) async fn simple(&mut self, command: &Command, simple: &Simple) -> Result<(), Flow> {
        let exec = std::mem::take(&mut self.exec_next);
        self.substitution_status = None;
        let mut args = Vec::new();
        for arg in &simple.args {
            match arg {
                Arg::Word(word) => self.expand_word(word, &mut args).await?,
                Arg::Assign(assign) => {
                    let text = self.expand_assign_argument(assign, args.len()).await?;
                    args.push(text);
                }
            }
        }
        if self.traps.get(Event::Debug).is_some() {
            self.run_event(Event::Debug).await?;
            self.line = command.line;
        }
        if args.is_empty() {
            return self.bare(command, simple).await;
        }
        let result = self.run_args(command, simple, args, exec).await;
        for fd in std::mem::take(&mut self.process_fds) {
            let _ = self.sys.close(fd);
        }
        result
    }

    /// No command at all: assignments stay, redirections are made and undone.
    async fn bare(&mut self, command: &Command, simple: &Simple) -> Result<(), Flow> {
        let mut failed = false;
        if !command.redirects.is_empty() {
            let mut saved = Saved::default();
            let done = self.redirect(&command.redirects, Some(&mut saved)).await;
            self.restore(saved);
            failed = !done?;
        }
        for assign in &simple.assigns {
            self.perform(assign, true).await?;
        }
        self.status = if failed { 1 } else { self.substitution_status.take().unwrap_or(0) };
        self.charge(3).await
    }

    /// Makes an assignment of the shell's own.
    async fn perform(&mut self, assign: &Assign, trace: bool) -> Result<(), Flow> {
        match &assign.value {
            Value::Scalar(word) => {
                let value = self.expand_assigned(word).await?;
                let key = match &assign.index {
                    Some(index) => Some(self.expand_single(index).await?),
                    None => None,
                };
                if trace && self.options.has('x') {
                    let key = key.as_ref().map_or(String::new(), |key| format!("[{key}]"));
                    let sign = if assign.append { "+=" } else { "=" };
                    let shown =
                        if value.is_empty() { String::new() } else { escape::quote_if_needed(&value) };
                    self.trace(&format!("{}{key}{sign}{shown}", assign.name)).await;
                }
                self.assign_or_discard(&assign.name, key.as_deref(), value, assign.append).await
            }
            Value::Array(_) => {
                let elements = self.expand_elements(assign).await?;
                if trace && self.options.has('x') {
                    let shown: Vec<String> = elements
                        .iter()
                        .map(|(key, _, value)| match key {
                            Some(key) => format!("[{key}]={}", escape::quote_if_needed(value)),
                            None => escape::quote_if_needed(value),
                        })
                        .collect();
                    self.trace(&format!("{}=({})", assign.name, shown.join(" "))).await;
                }
                if let Err(message) = self.assign_array(&assign.name, elements, assign.append) {
                    self.error(&message).await;
                    return Err(self.discard(1));
                }
                Ok(())
            }
        }
    }

    async fn expand_elements(&mut self, assign: &Assign) -> Result<Elements, Flow> {
        let Value::Array(items) = &assign.value else { return Ok(Vec::new()) };
        let mut elements = Vec::new();
        for (key, append, word) in items {
            match key {
                Some(key) => {
                    let key = self.expand_single(key).await?;
                    elements.push((Some(key), *append, self.expand_assigned(word).await?));
                }
                None => {
                    let mut words = Vec::new();
                    self.expand_word(word, &mut words).await?;
                    elements.extend(words.into_iter().map(|word| (None, false, word)));
                }
            }
        }
        Ok(elements)
    }

    /// An assignment as an argument of `declare` and its like.
    async fn expand_assign_argument(&mut self, assign: &Assign, position: usize) -> Result<String, Flow> {
        let key = match &assign.index {
            Some(index) => format!("[{}]", self.expand_single(index).await?),
            None => String::new(),
        };
        let sign = if assign.append { "+=" } else { "=" };
        match &assign.value {
            Value::Scalar(word) => {
                let value = self.expand_assigned(word).await?;
                Ok(format!("{}{key}{sign}{value}", assign.name))
            }
            Value::Array(_) => {
                let elements = self.expand_elements(assign).await?;
                self.array_args.insert(position, elements);
                Ok(format!("{}{key}{sign}", assign.name))
            }
        }
    }

    /// Prints a line of `set -x`.
    pub async fn trace(&mut self, text: &str) {
        let prompt = self.vars.text("PS4").unwrap_or("+ ").to_string();
        let parts = crate::shell::parser::Parser::prompt_parts(&prompt);
        let was = self.options.has('x');
        self.options.set('x', false);
        let prompt = Box::pin(self.expand_quoted(&parts)).await.unwrap_or_default();
        self.options.set('x', was);
        let sign: String = prompt.chars().take(1).collect();
        let line = format!("{}{prompt}{text}\n", sign.repeat(self.loops.indirection as usize));
        self.sys.err(&line).await;
    }

    async fn run_args(
        &mut self,
        command: &Command,
        simple: &Simple,
        args: Vec<String>,
        exec: bool,
    ) -> Result<(), Flow> {
        let name = args[0].clone();
        if self.options.has('x') {
            let mut shown: Vec<String> = Vec::new();
            for assign in &simple.assigns {
                shown.push(assign.text.clone());
            }
            shown.extend(args.iter().map(|arg| escape::quote_if_needed(arg)));
            self.trace(&shown.join(" ")).await;
        }
        if name != "_" {
            self.last_argument = args.last().cloned().unwrap_or_default();
        }
        if let Some(function) = self.functions.get(&name).cloned() {
            return self.with_temporaries(command, simple, args, Runner::Function(function)).await;
        }
        if let Some(builtin) = builtins::find(&name) {
            return self.with_temporaries(command, simple, args, Runner::Builtin(builtin)).await;
        }
        self.program(command, simple, args, exec).await
    }

    /// Runs a function or builtin, redirected, with the variables before it set meanwhile.
    fn with_temporaries<'a>(
        &'a mut self,
        command: &'a Command,
        simple: &'a Simple,
        args: Vec<String>,
        runner: Runner,
    ) -> Boxed<'a, ()> {
        Box::pin(async move {
            let mut saved = Saved::default();
            let keep = args[0] == "exec";
            let redirected = self.redirect(&command.redirects, Some(&mut saved)).await;
            let result = match redirected {
                Ok(true) => {
                    let mut before: Vec<(String, Option<Var>)> = Vec::new();
                    let mut ready = Ok(());
                    for assign in &simple.assigns {
                        let name = self.vars.resolve(&assign.name);
                        if self.vars.get(&name).is_some_and(|var| var.readonly) {
                            self.error(&format!("{name}: readonly variable")).await;
                            continue;
                        }
                        before.push((name.clone(), self.vars.find(&name).cloned()));
                        ready = self.perform(assign, false).await;
                        if ready.is_err() {
                            break;
                        }
                        self.vars.entry(&name).exported = true;
                    }
                    let result = match ready {
                        Ok(()) => match runner {
                            Runner::Function(function) => self.call(&function, args).await,
                            Runner::Builtin(builtin) => self.builtin(builtin, &args).await,
                        },
                        Err(flow) => Err(flow),
                    };
                    for (name, var) in before.into_iter().rev() {
                        match var {
                            Some(var) => *self.vars.entry_raw(&name) = var,
                            None => {
                                self.vars.entry_raw(&name).readonly = false;
                                let _ = self.vars.unset(&name);
                            }
                        }
                    }
                    result
                }
                Ok(false) => {
                    self.status = 1;
                    Ok(())
                }
                Err(flow) => Err(flow),
            };
            if !(keep && result.is_ok() && self.status == 0) {
                self.restore(saved);
            } else {
                self.forget(saved);
            }
            self.array_args.clear();
            result
        })
    }

    /// `exec` without a command: the redirections stay.
    fn forget(&mut self, saved: Saved) {
        for fd in saved.into_copies() {
            let _ = self.sys.close(fd);
        }
    }

    async fn builtin(&mut self, builtin: &'static Builtin, args: &[String]) -> Result<(), Flow> {
        self.charge(4).await?;
        let line = self.line;
        let status = (builtin.run)(self, args).await?;
        self.status = status;
        self.line = line;
        Ok(())
    }

    /// Calls a function.
    pub async fn call(&mut self, function: &Function, args: Vec<String>) -> Result<(), Flow> {
        let limit = self.vars.text("FUNCNEST").and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0);
        let limit = limit.unwrap_or(MAX_FUNCTIONS);
        if self.frames.len() >= limit.min(MAX_FUNCTIONS) {
            if let Some(frame) = self.frames.last_mut() {
                frame.source = function.source.clone();
            }
            self.error(&format!("{}: maximum function nesting level exceeded ({limit})", args[0])).await;
            return Err(self.discard(1));
        }
        self.charge(8).await?;
        self.frames.push(Frame {
            function: Rc::from(args[0].as_str()),
            source: function.source.clone(),
            line: self.line,
            is_function: true,
        });
        self.vars.push_scope();
        let positional = std::mem::replace(&mut self.positional, args[1..].to_vec());
        let loops = std::mem::take(&mut self.loops.depth);
        let line = self.line;
        let result = self.command(&function.body).await;
        self.loops.depth = loops;
        self.positional = positional;
        let returned = match result {
            Err(Flow::Return | Flow::Break(_) | Flow::Continue(_)) => Ok(()),
            other => other,
        };
        if self.traps.get(Event::Return).is_some() && returned.is_ok() && self.options.has('T') {
            self.run_event(Event::Return).await?;
        }
        // Local variables such as PATH or OPTIND go, and what depends on them with them.
        self.vars.pop_scope();
        self.frames.pop();
        self.line = line;
        returned
    }

    /// Runs a program, in a process of its own unless this one is not needed any more.
    async fn program(
        &mut self,
        command: &Command,
        simple: &Simple,
        args: Vec<String>,
        exec: bool,
    ) -> Result<(), Flow> {
        let mut env = Vec::new();
        for assign in &simple.assigns {
            if let Value::Scalar(word) = &assign.value {
                let mut value = self.expand_assigned(word).await?;
                if self.vars.get(&assign.name).is_some_and(|var| var.readonly) {
                    self.error(&format!("{}: readonly variable", assign.name)).await;
                    continue;
                }
                if assign.append {
                    value = self.vars.text(&assign.name).unwrap_or_default().to_string() + &value;
                }
                env.push((assign.name.clone(), value));
            }
        }
        let redirects = command.redirects.clone();
        let path_given = env.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
        let path = match path_given {
            Some(path) => self.search_path(&path, &args[0]),
            None => self.find_program(&args[0]),
        };
        let main = move |mut shell: Shell| -> super::process::ChildMain {
            Box::pin(async move {
                match shell.redirect(&redirects, None).await {
                    Ok(true) => shell.exec_program(path, args, env).await,
                    _ => 1,
                }
            })
        };
        if exec {
            let shell = self.clone();
            let status = main(shell).await;
            self.status = status;
            // The program's task may not be the one the process began with: its end is the process's.
            self.run_exit_trap().await;
            self.sys.exit(self.status).await;
            return Err(Flow::Exit);
        }
        let mut job = self.new_job(crate::shell::print::command(command), false);
        self.fork_into(&mut job, false, None, main).await?;
        self.wait_foreground(job).await
    }

    /// Where a program is: the name itself when it has a slash.
    pub fn find_program(&mut self, name: &str) -> Option<String> {
        if name.contains('/') {
            return Some(name.to_string());
        }
        if let Some((path, hits)) = self.hash.get_mut(name) {
            *hits += 1;
            let path = path.clone();
            if self.sys.access(&path, 1) {
                return Some(path);
            }
        }
        let search = self.vars.text("PATH").unwrap_or_default().to_string();
        let path = self.search_path(&search, name)?;
        if self.options.has('h') && self.sys.access(&path, 1) {
            self.hash.insert(name.to_string(), (path.clone(), 1));
        }
        Some(path)
    }

    /// Looks for a program along a path.
    pub fn search_path(&self, search: &str, name: &str) -> Option<String> {
        if name.contains('/') {
            return Some(name.to_string());
        }
        if name.is_empty() {
            return None;
        }
        let mut found = None;
        for directory in search.split(':') {
            let path = if directory.is_empty() {
                format!("./{name}")
            } else {
                format!("{}/{name}", directory.trim_end_matches('/'))
            };
            if self.sys.stat(&path).is_ok_and(|stat| stat.file_type == FileType::Regular) {
                if self.sys.access(&path, 1) {
                    return Some(path);
                }
                found.get_or_insert(path);
            }
        }
        found
    }

    /// Becomes a program; comes back only with the status of what went wrong.
    pub async fn exec_program(
        &mut self,
        path: Option<String>,
        args: Vec<String>,
        env: Vec<(String, String)>,
    ) -> i32 {
        let Some(path) = path else {
            self.error(&format!("{}: command not found", args[0])).await;
            return 127;
        };
        let mut environment = self.vars.environment();
        for (name, value) in env {
            environment.retain(|(n, _)| *n != name);
            environment.push((name, value));
        }
        environment.retain(|(name, _)| name != "_");
        environment.push(("_".into(), path.clone()));
        let error = match self.sys.exec(&path, args.clone(), environment.clone()) {
            Ok(program) => {
                let status = program.await;
                self.sys.exit(status).await;
                return status;
            }
            Err(error) => error,
        };
        let directory = self.sys.stat(&path).is_ok_and(|stat| stat.file_type == FileType::Directory);
        match error {
            Errno::ENOEXEC => {
                let mut rest = vec!["bash".to_string(), path];
                rest.extend(args.into_iter().skip(1));
                match self.sys.exec("/bin/bash", rest, environment) {
                    Ok(program) => {
                        let status = program.await;
                        self.sys.exit(status).await;
                        status
                    }
                    Err(error) => {
                        self.error(&format!("{}: {}", self.name, error.text())).await;
                        126
                    }
                }
            }
            _ if directory => {
                self.error(&format!("{path}: Is a directory")).await;
                126
            }
            Errno::ENOENT if self.sys.stat(&path).is_ok() => {
                self.error(&format!("{path}: cannot execute: required file not found")).await;
                127
            }
            Errno::ENOENT => {
                self.error(&format!("{path}: No such file or directory")).await;
                127
            }
            error => {
                self.error(&format!("{path}: {}", error.text())).await;
                126
            }
        }
    }
}

enum Runner {
    Function(Function),
    Builtin(&'static Builtin),
}
