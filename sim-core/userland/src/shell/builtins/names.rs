//! `alias unalias type command builtin hash help`

use super::{BUILTINS, Outcome, find, flags};
use crate::shell::escape;
use crate::shell::print;
use crate::shell::state::Shell;
use std::rc::Rc;

/// Words that the grammar knows.
pub const KEYWORDS: &[&str] = &[
    "!", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
    "in", "select", "then", "time", "until", "while", "{", "}",
];

pub(super) async fn alias(shell: &mut Shell, args: &[String]) -> Outcome {
    let rest = match args.get(1).map(String::as_str) {
        Some("-p" | "--") => &args[2..],
        _ => &args[1..],
    };
    let show = |name: &str, value: &str| format!("alias {name}={}\n", escape::single_quote(value));
    if rest.is_empty() {
        let text: String = shell.aliases.iter().map(|(name, value)| show(name, value)).collect();
        return Ok(shell.print("alias", &text).await);
    }
    let mut status = 0;
    for arg in rest {
        match arg.split_once('=').filter(|(name, _)| !name.is_empty()) {
            Some((name, value)) => {
                Rc::make_mut(&mut shell.aliases).insert(name.to_string(), value.to_string());
            }
            None => match shell.aliases.get(arg) {
                Some(value) => {
                    let text = show(arg, value);
                    shell.print("alias", &text).await;
                }
                None => {
                    shell.error(&format!("alias: {arg}: not found")).await;
                    status = 1;
                }
            },
        }
    }
    Ok(status)
}

pub(super) async fn unalias(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "a").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('a') {
        shell.aliases = Rc::default();
        return Ok(0);
    }
    if flags.rest.is_empty() {
        return Ok(shell.usage("unalias").await);
    }
    let mut status = 0;
    for name in flags.rest {
        if Rc::make_mut(&mut shell.aliases).remove(name).is_none() {
            shell.error(&format!("unalias: {name}: not found")).await;
            status = 1;
        }
    }
    Ok(status)
}

impl Shell {
    /// All that a name may mean, the first being what it means: kind, and how `type` and `command -v` say it.
    fn meanings(&mut self, name: &str) -> Vec<(&'static str, String, String)> {
        let mut all = Vec::new();
        if let Some(value) = self.aliases.get(name).filter(|_| self.shopt("expand_aliases")) {
            let shown = format!("alias {name}={}", escape::single_quote(value));
            all.push(("alias", format!("{name} is aliased to `{value}'"), shown));
        }
        if KEYWORDS.contains(&name) {
            all.push(("keyword", format!("{name} is a shell keyword"), name.to_string()));
        }
        if let Some(function) = self.functions.get(name) {
            let text = print::function(name, &function.body);
            all.push(("function", format!("{name} is a function\n{text}"), name.to_string()));
        }
        if let Some(builtin) = find(name) {
            let special = if builtin.special && self.options.has(crate::shell::options::POSIX) {
                "special "
            } else {
                ""
            };
            all.push(("builtin", format!("{name} is a {special}shell builtin"), name.to_string()));
        }
        if let Some((path, _)) = self.hash.get(name).filter(|_| !name.contains('/')) {
            all.push(("file", format!("{name} is hashed ({path})"), path.clone()));
            return all;
        }
        let search = self.vars.text("PATH").unwrap_or_default().to_string();
        if let Some(path) = self.search_path(&search, name)
            && self.sys.access(&path, 1)
            && self.sys.stat(&path).is_ok_and(|stat| stat.file_type == linux::vfs::FileType::Regular)
        {
            all.push(("file", format!("{name} is {path}"), path));
        }
        all
    }
}

pub(super) async fn type_(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "afptP").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for name in flags.rest {
        let mut meanings = shell.meanings(name);
        if flags.has('f') {
            meanings.retain(|(kind, ..)| *kind != "function");
        }
        if flags.has('P') {
            meanings.retain(|(kind, ..)| *kind == "file");
        }
        if !flags.has('a') {
            meanings.truncate(1);
        }
        if meanings.is_empty() {
            status = 1;
            if !(flags.has('t') || flags.has('p') || flags.has('P')) {
                shell.error(&format!("type: {name}: not found")).await;
            }
        }
        for (kind, long, short) in meanings {
            let text = if flags.has('t') {
                kind.to_string()
            } else if flags.has('p') || flags.has('P') {
                if kind != "file" {
                    continue;
                }
                short
            } else {
                long
            };
            shell.print("type", &format!("{text}\n")).await;
        }
    }
    Ok(status)
}

pub(super) async fn command(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "pvV").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('v') || flags.has('V') {
        let mut status = 1;
        for name in flags.rest {
            match shell.meanings(name).into_iter().next() {
                Some((_, long, short)) => {
                    let text = if flags.has('V') { long } else { short };
                    shell.print("command", &format!("{text}\n")).await;
                    status = 0;
                }
                None if flags.has('V') => shell.error(&format!("command: {name}: not found")).await,
                None => {}
            }
        }
        return Ok(status);
    }
    let Some(name) = flags.rest.first() else { return Ok(0) };
    if let Some(builtin) = find(name) {
        return (builtin.run)(shell, flags.rest).await;
    }
    run_program(shell, flags.rest).await
}

/// Runs a program whatever functions there are.
async fn run_program(shell: &mut Shell, args: &[String]) -> Outcome {
    let path = shell.find_program(&args[0]);
    let mut job = shell.new_job(args.join(" "), false);
    let argv = args.to_vec();
    shell
        .fork_into(&mut job, false, None, move |mut shell| {
            Box::pin(async move { shell.exec_program(path, argv, Vec::new()).await })
        })
        .await?;
    shell.wait_foreground(job).await?;
    Ok(shell.status)
}

pub(super) async fn builtin(shell: &mut Shell, args: &[String]) -> Outcome {
    let rest = if args.get(1).is_some_and(|arg| arg == "--") { &args[2..] } else { &args[1..] };
    let Some(name) = rest.first() else { return Ok(0) };
    match find(name) {
        Some(builtin) => (builtin.run)(shell, rest).await,
        None => {
            shell.error(&format!("builtin: {name}: not a shell builtin")).await;
            Ok(1)
        }
    }
}

pub(super) async fn hash(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "ldrtp:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('r') {
        shell.hash.clear();
        return Ok(0);
    }
    if flags.rest.is_empty() {
        if shell.hash.is_empty() {
            return Ok(shell.print("hash", "hash: hash table empty\n").await);
        }
        let mut text = String::from("hits\tcommand\n");
        for (path, hits) in shell.hash.values() {
            text.push_str(&format!("{hits:4}\t{path}\n"));
        }
        return Ok(shell.print("hash", &text).await);
    }
    let mut status = 0;
    for name in flags.rest {
        if flags.has('d') {
            if shell.hash.remove(name).is_none() {
                shell.error(&format!("hash: {name}: not found")).await;
                status = 1;
            }
        } else if let Some(path) = flags.value('p') {
            shell.hash.insert(name.clone(), (path.to_string(), 0));
        } else if flags.has('t') {
            match shell.hash.get(name).map(|(path, _)| path.clone()) {
                Some(path) => {
                    shell.print("hash", &format!("{path}\n")).await;
                }
                None => {
                    shell.error(&format!("hash: {name}: not found")).await;
                    status = 1;
                }
            }
        } else if find(name).is_none() && !shell.functions.contains_key(name) {
            let search = shell.vars.text("PATH").unwrap_or_default().to_string();
            match shell.search_path(&search, name) {
                Some(path) => {
                    shell.hash.insert(name.clone(), (path, 0));
                }
                None => {
                    shell.error(&format!("hash: {name}: not found")).await;
                    status = 1;
                }
            }
        }
    }
    Ok(status)
}

pub(super) async fn help(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "dms").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.rest.is_empty() {
        let mut text = format!(
            "GNU bash, version {} (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.\n\n",
            crate::shell::BASH_VERSION
        );
        for builtin in BUILTINS {
            text.push_str(&format!(" {} {}\n", builtin.name, builtin.usage));
        }
        return Ok(shell.print("help", &text).await);
    }
    let mut status = 0;
    for name in flags.rest {
        match find(name) {
            Some(builtin) => {
                let line = format!("{name}: {name} {}", builtin.usage);
                shell.print("help", &format!("{}\n", line.trim_end())).await;
            }
            None => {
                let message = format!(
                    "help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'."
                );
                shell.error(&message).await;
                status = 1;
            }
        }
    }
    Ok(status)
}
