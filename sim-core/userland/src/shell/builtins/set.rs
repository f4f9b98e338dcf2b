//! `set shopt shift let getopts`

use super::{Outcome, flags};
use crate::shell::options::{OPTIONS, Options, SHOPTS};
use crate::shell::print;
use crate::shell::state::Shell;

pub(super) async fn set(shell: &mut Shell, args: &[String]) -> Outcome {
    if args.len() == 1 {
        let mut text: String = shell
            .vars
            .visible()
            .into_iter()
            .filter_map(|(name, var)| Shell::set_line(name, var))
            .map(|line| line + "\n")
            .collect();
        if !shell.options.has(crate::shell::options::POSIX) {
            for (name, function) in &shell.functions {
                text.push_str(&print::function(name, &function.body));
                text.push('\n');
            }
        }
        return Ok(shell.print("set", &text).await);
    }
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        let on = match arg.chars().next() {
            Some('-') => true,
            Some('+') => false,
            _ => break,
        };
        at += 1;
        if arg == "--" {
            shell.positional = args[at..].to_vec();
            return Ok(0);
        }
        if arg == "-" {
            shell.options.set('x', false);
            shell.options.set('v', false);
            if at < args.len() {
                shell.positional = args[at..].to_vec();
            }
            return Ok(0);
        }
        for letter in arg[1..].chars() {
            if letter == 'o' {
                let Some(name) = args.get(at) else {
                    let text = list_options(shell, on);
                    return Ok(shell.print("set", &text).await);
                };
                at += 1;
                let Some(letter) = Options::letter(name) else {
                    shell.error(&format!("set: {name}: invalid option name")).await;
                    return Ok(2);
                };
                shell.options.set(letter, on);
                continue;
            }
            if !"abefhkmnptuvxBCEHPT".contains(letter) {
                let sign = if on { '-' } else { '+' };
                return Ok(shell.invalid_option("set", &format!("{sign}{letter}")).await);
            }
            shell.options.set(letter, on);
        }
    }
    if at < args.len() {
        shell.positional = args[at..].to_vec();
    }
    Ok(0)
}

fn list_options(shell: &Shell, readable: bool) -> String {
    let line = |(letter, name): &(char, &str)| {
        let on = shell.options.has(*letter);
        if readable {
            format!("{name:<15}\t{}\n", if on { "on" } else { "off" })
        } else {
            format!("set {}o {name}\n", if on { '-' } else { '+' })
        }
    };
    OPTIONS.iter().map(line).collect()
}

pub(super) async fn shopt(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "psuqo").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let show = |name: &str, on: bool| {
        if flags.has('p') {
            format!("shopt -{} {name}\n", if on { 's' } else { 'u' })
        } else {
            format!("{name:<15}\t{}\n", if on { "on" } else { "off" })
        }
    };
    let change = flags.has('s') || flags.has('u');
    if flags.rest.is_empty() {
        let wanted = |on: bool| !change || on == flags.has('s');
        let text: String = if flags.has('o') {
            OPTIONS
                .iter()
                .map(|(letter, name)| (*name, shell.options.has(*letter)))
                .filter(|(_, on)| wanted(*on))
                .map(|(name, on)| format!("{name:<15}\t{}\n", if on { "on" } else { "off" }))
                .collect()
        } else {
            SHOPTS
                .iter()
                .map(|(name, _)| (*name, shell.shopt(name)))
                .filter(|(_, on)| wanted(*on))
                .map(|(name, on)| show(name, on))
                .collect()
        };
        return Ok(shell.print("shopt", &text).await);
    }
    let mut status = 0;
    let mut text = String::new();
    for name in flags.rest {
        let now = if flags.has('o') {
            Options::letter(name).map(|letter| shell.options.has(letter))
        } else {
            SHOPTS.iter().any(|(n, _)| n == name).then(|| shell.shopt(name))
        };
        let Some(now) = now else {
            let what = if flags.has('o') { "invalid option name" } else { "invalid shell option name" };
            shell.error(&format!("shopt: {name}: {what}")).await;
            status = 1;
            continue;
        };
        if change {
            let on = flags.has('s');
            if flags.has('o') {
                if let Some(letter) = Options::letter(name) {
                    shell.options.set(letter, on);
                }
            } else {
                shell.shopts.set(name, on);
            }
            continue;
        }
        if !now {
            status = 1;
        }
        if !flags.has('q') {
            text.push_str(&show(name, now));
        }
    }
    shell.print("shopt", &text).await;
    Ok(status)
}

pub(super) async fn shift(shell: &mut Shell, args: &[String]) -> Outcome {
    let count = match args.get(1) {
        None => 1,
        Some(text) => match text.parse::<i64>() {
            Ok(n) if n < 0 => {
                shell.error(&format!("shift: {text}: shift count out of range")).await;
                return Ok(1);
            }
            Ok(n) => n as usize,
            Err(_) => {
                shell.error(&format!("shift: {text}: numeric argument required")).await;
                return Ok(1);
            }
        },
    };
    if count > shell.positional.len() {
        if shell.shopt("shift_verbose") {
            shell.error(&format!("shift: {count}: shift count out of range")).await;
        }
        return Ok(1);
    }
    shell.positional.drain(..count);
    Ok(0)
}

pub(super) async fn let_(shell: &mut Shell, args: &[String]) -> Outcome {
    if args.len() < 2 {
        shell.error("let: expression expected").await;
        return Ok(1);
    }
    let mut last = 0;
    for text in &args[1..] {
        match shell.evaluate(text) {
            Ok(value) => last = value,
            Err(message) => {
                shell.error(&format!("let: {message}")).await;
                return Ok(1);
            }
        }
    }
    Ok(i32::from(last == 0))
}

pub(super) async fn getopts(shell: &mut Shell, args: &[String]) -> Outcome {
    let (Some(spec), Some(name)) = (args.get(1).cloned(), args.get(2).cloned()) else {
        return Ok(shell.usage("getopts").await);
    };
    let words = if args.len() > 3 { args[3..].to_vec() } else { shell.positional.clone() };
    let index = shell.vars.text("OPTIND").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
    let (mut index, mut offset) = if shell.getopts_at.0 == index { shell.getopts_at } else { (index, 0) };
    let silent = spec.starts_with(':');
    let quiet = silent || shell.vars.text("OPTERR") == Some("0");
    let word = words.get(index - 1).cloned().unwrap_or_default();
    if offset == 0 {
        if !word.starts_with('-') || word == "-" || index > words.len() {
            return end(shell, &name, index).await;
        }
        if word == "--" {
            return end(shell, &name, index + 1).await;
        }
        offset = 1;
    }
    let Some(letter) = word[offset..].chars().next() else { return end(shell, &name, index + 1).await };
    offset += letter.len_utf8();
    if offset >= word.len() {
        index += 1;
        offset = 0;
    }
    let place = spec.find(letter).filter(|_| letter != ':');
    let (mut result, mut argument) = (letter.to_string(), None);
    match place {
        None => {
            result = "?".into();
            if silent {
                argument = Some(letter.to_string());
            } else if !quiet {
                let text = format!("{}: illegal option -- {letter}\n", shell.name);
                shell.sys.err(&text).await;
            }
        }
        Some(place) if spec[place + letter.len_utf8()..].starts_with(':') => {
            if offset > 0 {
                argument = Some(word[offset..].to_string());
                index += 1;
                offset = 0;
            } else if let Some(next) = words.get(index - 1) {
                argument = Some(next.clone());
                index += 1;
            } else {
                result = if silent { ":".into() } else { "?".into() };
                if silent {
                    argument = Some(letter.to_string());
                } else if !quiet {
                    let text = format!("{}: option requires an argument -- {letter}\n", shell.name);
                    shell.sys.err(&text).await;
                }
            }
        }
        Some(_) => {}
    }
    shell.vars.force("OPTIND", index.to_string());
    shell.getopts_at = (index, offset);
    match argument {
        Some(argument) => shell.vars.force("OPTARG", argument),
        None => {
            let _ = shell.vars.unset("OPTARG");
        }
    }
    shell.assign_or_discard(&name, None, result, false).await?;
    Ok(0)
}

async fn end(shell: &mut Shell, name: &str, index: usize) -> Outcome {
    shell.vars.force("OPTIND", index.to_string());
    shell.getopts_at = (index, 0);
    let _ = shell.vars.unset("OPTARG");
    shell.assign_or_discard(name, None, "?".into(), false).await?;
    Ok(1)
}
