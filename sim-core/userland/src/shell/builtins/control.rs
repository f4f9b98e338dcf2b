//! `: true false break continue return exit logout eval exec source`

use super::{Outcome, flags};
use crate::shell::exec::Flow;
use crate::shell::jobs::State;
use crate::shell::state::{Frame, Shell};
use linux::Errno;
use linux::vfs::FileType;
use std::rc::Rc;

pub(super) async fn colon(_: &mut Shell, _: &[String]) -> Outcome {
    Ok(0)
}

pub(super) async fn no(_: &mut Shell, _: &[String]) -> Outcome {
    Ok(1)
}

async fn loop_count(shell: &mut Shell, args: &[String]) -> Result<Option<u32>, Flow> {
    let name = &args[0];
    if shell.loops.depth == 0 {
        shell.error(&format!("{name}: only meaningful in a `for', `while', or `until' loop")).await;
        return Ok(None);
    }
    let count = match args.get(1) {
        None => 1,
        Some(text) => match text.parse::<i64>() {
            Ok(n) if n > 0 => u32::try_from(n).unwrap_or(u32::MAX),
            Ok(_) => {
                shell.error(&format!("{name}: {text}: loop count out of range")).await;
                shell.status = 1;
                return Err(Flow::Break(shell.loops.depth));
            }
            Err(_) => {
                shell.error(&format!("{name}: {text}: numeric argument required")).await;
                shell.status = 128;
                return Err(Flow::Exit);
            }
        },
    };
    Ok(Some(count.min(shell.loops.depth)))
}

pub(super) async fn break_loop(shell: &mut Shell, args: &[String]) -> Outcome {
    match loop_count(shell, args).await? {
        Some(count) => {
            shell.status = 0;
            Err(Flow::Break(count))
        }
        None => Ok(0),
    }
}

pub(super) async fn continue_loop(shell: &mut Shell, args: &[String]) -> Outcome {
    match loop_count(shell, args).await? {
        Some(count) => {
            shell.status = 0;
            Err(Flow::Continue(count))
        }
        None => Ok(0),
    }
}

async fn status_argument(shell: &mut Shell, args: &[String]) -> i32 {
    match args.get(1).filter(|arg| *arg != "--").or_else(|| args.get(2)) {
        None => shell.status,
        Some(text) => match text.trim().parse::<i64>() {
            Ok(n) => (n & 0xff) as i32,
            Err(_) => {
                shell.error(&format!("{}: {text}: numeric argument required", args[0])).await;
                2
            }
        },
    }
}

pub(super) async fn return_(shell: &mut Shell, args: &[String]) -> Outcome {
    if shell.frames.is_empty() {
        shell.error("return: can only `return' from a function or sourced script").await;
        return Ok(2);
    }
    shell.status = status_argument(shell, args).await;
    Err(Flow::Return)
}

pub(super) async fn exit(shell: &mut Shell, args: &[String]) -> Outcome {
    if shell.interactive && !shell.in_subshell() {
        shell.sys.err(if shell.login { "logout\n" } else { "exit\n" }).await;
        let stopped = shell.jobs.list.iter().any(|job| matches!(job.state(), State::Stopped(_)));
        if stopped && !std::mem::replace(&mut shell.exit_warned, true) {
            shell.sys.err("There are stopped jobs.\n").await;
            return Ok(1);
        }
    }
    if args.len() > 2 && args[1] != "--" && args[1].parse::<i64>().is_ok() {
        shell.error("exit: too many arguments").await;
        return Err(shell.discard(1));
    }
    shell.status = status_argument(shell, args).await;
    Err(Flow::Exit)
}

pub(super) async fn logout(shell: &mut Shell, args: &[String]) -> Outcome {
    if !shell.login {
        shell.error("logout: not login shell: use `exit'").await;
        return Ok(1);
    }
    exit(shell, args).await
}

pub(super) async fn eval(shell: &mut Shell, args: &[String]) -> Outcome {
    let rest = if args.get(1).is_some_and(|arg| arg == "--") { &args[2..] } else { &args[1..] };
    let text = rest.join(" ");
    shell.status = 0;
    shell.eval_text(&text, "eval").await?;
    Ok(shell.status)
}

pub(super) async fn exec(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "cla:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let Some(name) = flags.rest.first() else { return Ok(0) };
    let path = shell.find_program(name);
    let Some(path) = path else {
        shell.error(&format!("exec: {name}: not found")).await;
        shell.status = 127;
        return if shell.interactive { Ok(127) } else { Err(Flow::Exit) };
    };
    if let Ok(stat) = shell.sys.stat(&path)
        && (stat.file_type == FileType::Directory || !shell.sys.access(&path, 1))
    {
        let why = if stat.file_type == FileType::Directory { "Is a directory" } else { Errno::EACCES.text() };
        shell.error(&format!("exec: {path}: cannot execute: {why}")).await;
        shell.status = 126;
        return if shell.interactive { Ok(126) } else { Err(Flow::Exit) };
    }
    let mut argv = flags.rest.to_vec();
    if let Some(name) = flags.value('a') {
        argv[0] = name.to_string();
    }
    if flags.has('l') {
        argv[0] = format!("-{}", argv[0]);
    }
    if flags.has('c') {
        for (name, _) in shell.vars.environment() {
            shell.vars.entry(&name).exported = false;
        }
    }
    shell.unshield_signals(false);
    let level = shell.vars.text("SHLVL").and_then(|text| text.parse::<i64>().ok()).unwrap_or(1) - 1;
    shell.vars.force("SHLVL", level.to_string());
    let status = shell.exec_program(Some(path), argv, Vec::new()).await;
    shell.status = status;
    Err(Flow::Exit)
}

pub(super) async fn source(shell: &mut Shell, args: &[String]) -> Outcome {
    let name = &args[0];
    let rest = if args.get(1).is_some_and(|arg| arg == "--") { &args[2..] } else { &args[1..] };
    let Some(file) = rest.first() else {
        shell.error(&format!("{name}: filename argument required")).await;
        return Ok(shell.usage(name).await);
    };
    let mut path = file.clone();
    if !file.contains('/') {
        let search = shell.vars.text("PATH").unwrap_or_default().to_string();
        let found = search
            .split(':')
            .map(|directory| format!("{directory}/{file}"))
            .find(|path| shell.sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Regular));
        path = found.unwrap_or(path);
    }
    let bytes = match shell.sys.read_file(&path).await {
        Ok(bytes) => bytes,
        Err(Errno::EISDIR) => {
            shell.error(&format!("{name}: {file}: is a directory")).await;
            return Ok(1);
        }
        Err(error) => {
            shell.error(&format!("{file}: {}", error.text())).await;
            return Ok(1);
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let positional = (rest.len() > 1).then(|| std::mem::replace(&mut shell.positional, rest[1..].to_vec()));
    shell.status = 0;
    let result = shell.source_text(&text, file).await;
    if let Some(positional) = positional {
        shell.positional = positional;
    }
    result?;
    Ok(shell.status)
}

impl Shell {
    /// Runs the text of a file in this shell.
    pub async fn source_text(&mut self, text: &str, file: &str) -> Result<(), Flow> {
        if self.frames.len() >= 1000 {
            self.error(&format!("{file}: maximum source nesting level exceeded (1000)")).await;
            return Err(self.discard(1));
        }
        self.frames.push(Frame {
            function: Rc::from("source"),
            source: Rc::from(file),
            line: self.line,
            is_function: false,
        });
        let line = std::mem::replace(&mut self.line, 1);
        let result = Box::pin(self.run_text(text, super::super::startup::Kind::Sourced)).await;
        self.frames.pop();
        self.line = line;
        match result {
            Err(Flow::Return) => Ok(()),
            other => other,
        }
    }
}
