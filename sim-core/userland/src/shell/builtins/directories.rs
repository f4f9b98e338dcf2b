//! `cd pwd pushd popd dirs`

use super::{Outcome, flags};
use crate::shell::state::Shell;

impl Shell {
    /// The working directory as the shell calls it.
    pub fn cwd(&self) -> String {
        self.vars.text("PWD").map_or_else(|| self.sys.getcwd(), str::to_string)
    }

    /// Goes to a directory and sets `PWD` and `OLDPWD`; the error is what bash prints after the name.
    pub fn change_directory(&mut self, path: &str, physical: bool) -> Result<(), String> {
        let old = self.cwd();
        let logical = normalize(&old, path);
        let target = if physical { path } else { &logical };
        if let Err(error) = self.sys.chdir(target) {
            return Err(format!("{path}: {}", error.text()));
        }
        let new = if physical { self.sys.getcwd() } else { logical };
        self.vars.force("OLDPWD", old);
        self.vars.force("PWD", new);
        Ok(())
    }

    fn short(&self, path: &str) -> String {
        match self.vars.text("HOME") {
            Some(home) if home != "/" && !home.is_empty() => match path.strip_prefix(home) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
                _ => path.to_string(),
            },
            _ => path.to_string(),
        }
    }

    fn stack(&self) -> Vec<String> {
        let mut all = vec![self.cwd()];
        all.extend(self.directories.iter().rev().cloned());
        all
    }
}

/// `path` seen from `base`, dots resolved by name only.
pub(crate) fn normalize(base: &str, path: &str) -> String {
    let full = if path.starts_with('/') { path.to_string() } else { format!("{base}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

pub(super) async fn cd(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "LPe@").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.rest.len() > 1 {
        shell.error("cd: too many arguments").await;
        return Ok(1);
    }
    let physical = flags.has('P') || shell.options.has('P');
    let mut show = false;
    let target = match flags.rest.first().map(String::as_str) {
        None => match shell.vars.text("HOME") {
            Some(home) => home.to_string(),
            None => {
                shell.error("cd: HOME not set").await;
                return Ok(1);
            }
        },
        Some("-") => match shell.vars.text("OLDPWD") {
            Some(old) => {
                show = true;
                old.to_string()
            }
            None => {
                shell.error("cd: OLDPWD not set").await;
                return Ok(1);
            }
        },
        Some(path) => path.to_string(),
    };
    if target.is_empty() {
        return Ok(0);
    }
    let mut outcome = Err(String::new());
    if !target.starts_with(['/', '.']) {
        let search = shell.vars.text("CDPATH").unwrap_or_default().to_string();
        for directory in search.split(':').filter(|directory| !directory.is_empty()) {
            let path = format!("{}/{target}", directory.trim_end_matches('/'));
            outcome = shell.change_directory(&path, physical);
            if outcome.is_ok() {
                show = true;
                break;
            }
        }
    }
    if outcome.is_err() {
        outcome = shell.change_directory(&target, physical);
    }
    if let Err(message) = outcome {
        shell.error(&format!("cd: {message}")).await;
        return Ok(1);
    }
    if show {
        let cwd = shell.cwd();
        shell.print("cd", &format!("{cwd}\n")).await;
    }
    Ok(0)
}

pub(super) async fn pwd(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "LP").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let path = if flags.has('P') { shell.sys.getcwd() } else { shell.cwd() };
    Ok(shell.print("pwd", &format!("{path}\n")).await)
}

pub(super) async fn dirs(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "clpv").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('c') {
        shell.directories.clear();
        return Ok(0);
    }
    let long = flags.has('l');
    let names: Vec<String> =
        shell.stack().iter().map(|path| if long { path.clone() } else { shell.short(path) }).collect();
    let text = if flags.has('v') {
        names.iter().enumerate().map(|(i, name)| format!("{i:2}  {name}\n")).collect()
    } else if flags.has('p') {
        names.iter().map(|name| format!("{name}\n")).collect()
    } else {
        format!("{}\n", names.join(" "))
    };
    Ok(shell.print("dirs", &text).await)
}

/// The position that `+N` or `-N` names.
fn position(text: &str, length: usize) -> Option<Option<usize>> {
    let (number, from_left) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(number), _) => (number, true),
        (_, Some(number)) => (number, false),
        _ => return None,
    };
    let number: usize = number.parse().ok()?;
    Some(if number >= length { None } else { Some(if from_left { number } else { length - 1 - number }) })
}

async fn go(shell: &mut Shell, who: &str, stack: Vec<String>) -> Outcome {
    let target = stack[0].clone();
    if let Err(message) = shell.change_directory(&target, false) {
        shell.error(&format!("{who}: {message}")).await;
        return Ok(1);
    }
    shell.directories = stack[1..].iter().rev().cloned().collect();
    dirs(shell, &["dirs".to_string()]).await
}

pub(super) async fn pushd(shell: &mut Shell, args: &[String]) -> Outcome {
    let mut stack = shell.stack();
    match args.get(1).filter(|arg| *arg != "--") {
        None => {
            if stack.len() < 2 {
                shell.error("pushd: no other directory").await;
                return Ok(1);
            }
            stack.swap(0, 1);
        }
        Some(arg) => match position(arg, stack.len()) {
            Some(Some(at)) => stack.rotate_left(at),
            Some(None) => {
                shell.error(&format!("pushd: {arg}: directory stack index out of range")).await;
                return Ok(1);
            }
            None => {
                let before = shell.cwd();
                if let Err(message) = shell.change_directory(arg, false) {
                    shell.error(&format!("pushd: {message}")).await;
                    return Ok(1);
                }
                shell.directories.push(before);
                return dirs(shell, &["dirs".to_string()]).await;
            }
        },
    }
    go(shell, "pushd", stack).await
}

pub(super) async fn popd(shell: &mut Shell, args: &[String]) -> Outcome {
    let mut stack = shell.stack();
    let at = match args.get(1).map(|arg| (arg, position(arg, stack.len()))) {
        None => 0,
        Some((_, Some(Some(at)))) => at,
        Some((arg, Some(None))) if stack.len() > 1 => {
            shell.error(&format!("popd: {arg}: directory stack index out of range")).await;
            return Ok(1);
        }
        Some((_, Some(None))) => 0,
        Some((arg, None)) => {
            shell.error(&format!("popd: {arg}: invalid argument")).await;
            return Ok(shell.usage("popd").await);
        }
    };
    if stack.len() < 2 {
        shell.error("popd: directory stack empty").await;
        return Ok(1);
    }
    stack.remove(at);
    if at == 0 {
        return go(shell, "popd", stack).await;
    }
    shell.directories = stack[1..].iter().rev().cloned().collect();
    dirs(shell, &["dirs".to_string()]).await
}
