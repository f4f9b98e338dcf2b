//! `umask ulimit times history caller`, and the builtins that are not simulated.

use super::{Outcome, flags};
use crate::shell::state::Shell;

/// Stands for a builtin of bash that is there by name only.
pub(super) async fn unknown(shell: &mut Shell, args: &[String]) -> Outcome {
    Ok(shell.not_simulated(&args[0], "this builtin").await)
}

pub(super) async fn umask(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "pS").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let Some(text) = flags.rest.first() else {
        let mask = shell.sys.umask(0);
        shell.sys.umask(mask);
        let shown = if flags.has('S') { symbolic(mask) } else { format!("{mask:04o}") };
        let line = match (flags.has('p'), flags.has('S')) {
            (true, true) => format!("umask -S {shown}\n"),
            (true, false) => format!("umask {shown}\n"),
            _ => format!("{shown}\n"),
        };
        return Ok(shell.print("umask", &line).await);
    };
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        match u32::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777) {
            Some(mask) => {
                shell.sys.umask(mask);
            }
            None => {
                shell.error(&format!("umask: {text}: octal number out of range")).await;
                return Ok(1);
            }
        }
        return Ok(0);
    }
    let mask = shell.sys.umask(0);
    match change(!mask & 0o777, text) {
        Ok(mode) => {
            shell.sys.umask(!mode & 0o777);
            Ok(0)
        }
        Err(c) => {
            shell.sys.umask(mask);
            shell.error(&format!("umask: `{c}': invalid symbolic mode operator")).await;
            Ok(1)
        }
    }
}

fn symbolic(mask: u32) -> String {
    let mode = !mask & 0o777;
    let part = |who: char, shift: u32| {
        let bits = mode >> shift;
        let mut text = format!("{who}=");
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            if bits & bit != 0 {
                text.push(letter);
            }
        }
        text
    };
    format!("{},{},{}", part('u', 6), part('g', 3), part('o', 0))
}

fn change(mut mode: u32, text: &str) -> Result<u32, char> {
    for clause in text.split(',') {
        let who: String = clause.chars().take_while(|c| "ugoa".contains(*c)).collect();
        let mut rest = clause[who.len()..].chars();
        let operator = rest.next().unwrap_or(' ');
        let bits = rest.fold(0, |bits, c| match c {
            'r' => bits | 4,
            'w' => bits | 2,
            'x' => bits | 1,
            _ => bits,
        });
        let all = who.is_empty() || who.contains('a');
        for (letter, shift) in [('u', 6), ('g', 3), ('o', 0)] {
            if all || who.contains(letter) {
                match operator {
                    '=' => mode = mode & !(7 << shift) | bits << shift,
                    '+' => mode |= bits << shift,
                    '-' => mode &= !(bits << shift),
                    other => return Err(other),
                }
            }
        }
    }
    Ok(mode)
}

/// Resources with their options and limits, as a host of this kind has them.
const LIMITS: &[(char, &str, &str, &str)] = &[
    ('R', "real-time non-blocking time", "(microseconds, -R)", "unlimited"),
    ('c', "core file size", "(blocks, -c)", "0"),
    ('d', "data seg size", "(kbytes, -d)", "unlimited"),
    ('e', "scheduling priority", "(-e)", "0"),
    ('f', "file size", "(blocks, -f)", "unlimited"),
    ('i', "pending signals", "(-i)", "31345"),
    ('l', "max locked memory", "(kbytes, -l)", "8192"),
    ('m', "max memory size", "(kbytes, -m)", "unlimited"),
    ('n', "open files", "(-n)", "1024"),
    ('p', "pipe size", "(512 bytes, -p)", "8"),
    ('q', "POSIX message queues", "(bytes, -q)", "819200"),
    ('r', "real-time priority", "(-r)", "0"),
    ('s', "stack size", "(kbytes, -s)", "8192"),
    ('t', "cpu time", "(seconds, -t)", "unlimited"),
    ('u', "max user processes", "(-u)", "31345"),
    ('v', "virtual memory", "(kbytes, -v)", "unlimited"),
    ('x', "file locks", "(-x)", "unlimited"),
];

pub(super) async fn ulimit(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "SHaRcdefilmnpqrstuvx").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if !flags.rest.is_empty() {
        return Ok(shell.not_simulated("ulimit", "setting a limit").await);
    }
    let text: String = if flags.has('a') {
        LIMITS.iter().map(|(_, name, unit, limit)| format!("{name:<20} {unit:>20} {limit}\n")).collect()
    } else {
        let letter = flags.letters.iter().map(|(l, _)| *l).find(|l| !"SH".contains(*l)).unwrap_or('f');
        LIMITS.iter().filter(|limit| limit.0 == letter).map(|limit| format!("{}\n", limit.3)).collect()
    };
    Ok(shell.print("ulimit", &text).await)
}

pub(super) async fn times(shell: &mut Shell, _: &[String]) -> Outcome {
    let pid = shell.sys.pid();
    let cpu = shell.sys.processes().iter().find(|p| p.pid == pid).map_or(0, |p| p.cpu.as_millis());
    let show = |ms: u128| format!("{}m{}.{:03}s", ms / 60_000, ms / 1000 % 60, ms % 1000);
    let text = format!("{} {}\n0m0.000s 0m0.000s\n", show(cpu * 6 / 10), show(cpu * 4 / 10));
    Ok(shell.print("times", &text).await)
}

pub(super) async fn history(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "cd:anrwps").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('c') {
        shell.history.clear();
        return Ok(0);
    }
    if let Some(text) = flags.value('d') {
        let position = text.parse::<i64>().ok();
        if !position.is_some_and(|position| shell.history.delete(position)) {
            let text = text.to_string();
            shell.error(&format!("history: {text}: history position out of range")).await;
            return Ok(1);
        }
        return Ok(0);
    }
    if flags.has('s') {
        shell.history.add(&flags.rest.join(" "));
        return Ok(0);
    }
    if flags.has('p') {
        let text: String = flags.rest.iter().map(|line| format!("{line}\n")).collect();
        return Ok(shell.print("history", &text).await);
    }
    if flags.has('w') || flags.has('a') {
        shell.save_history().await;
        return Ok(0);
    }
    if flags.has('r') || flags.has('n') {
        shell.load_history().await;
        return Ok(0);
    }
    let count = match flags.rest.first() {
        None => usize::MAX,
        Some(text) => match text.parse() {
            Ok(count) => count,
            Err(_) => {
                shell.error(&format!("history: {text}: numeric argument required")).await;
                return Ok(1);
            }
        },
    };
    let skip = shell.history.len().saturating_sub(count);
    let text: String =
        shell.history.numbered().skip(skip).map(|(number, line)| format!("{number:5}  {line}\n")).collect();
    Ok(shell.print("history", &text).await)
}

pub(super) async fn caller(shell: &mut Shell, args: &[String]) -> Outcome {
    let depth = args.get(1).map(|text| text.parse::<usize>().unwrap_or(0));
    if let Some(text) = args.get(1)
        && text.parse::<usize>().is_err()
    {
        shell.error(&format!("caller: {text}: invalid number")).await;
        return Ok(shell.usage("caller").await);
    }
    let count = shell.frames.len();
    let level = depth.unwrap_or(0);
    if level >= count {
        return Ok(1);
    }
    let line = shell.frames[count - 1 - level].line;
    let outer = (level + 1 < count).then(|| shell.frames[count - 2 - level].clone());
    let (function, source) = match outer {
        Some(frame) => (frame.function.to_string(), frame.source.to_string()),
        None => {
            ("main".to_string(), if shell.from_string { "environment".into() } else { shell.name.clone() })
        }
    };
    let text = match depth {
        Some(_) => format!("{line} {function} {source}\n"),
        None => format!("{line} {}\n", if source == "environment" { "NULL" } else { &source }),
    };
    Ok(shell.print("caller", &text).await)
}
