//! `kill`, `pkill`, `pgrep`, `pidof`: signals for processes, and processes by name.

use super::support::{pattern, prelude::*, program};
use linux::process::ProcessInfo;

program!(KILL, "kill", "Send a signal to a process", kill);
program!(PKILL, "pkill", "Signal processes based on name", pkill);
program!(PGREP, "pgrep", "Look up processes based on name", pgrep);
program!(PIDOF, "pidof", "Find the process ID of a running program", pidof);

async fn kill(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let mut signal = Some(Signal::TERM);
    let mut words = args[1..].iter().peekable();
    if let Some(first) = words.peek().copied() {
        match first.as_str() {
            "-l" | "-L" | "--list" | "--table" => {
                words.next();
                return list(&sys, name, words.next()).await;
            }
            "-s" | "-n" | "--signal" => {
                words.next();
                let Some(word) = words.next() else {
                    complain(&sys, name, &format!("option requires an argument -- '{}'", &first[1..])).await;
                    return 1;
                };
                match signal_of(word) {
                    Some(found) => signal = found,
                    None => return unknown(&sys, name, word).await,
                }
            }
            "--" => {
                words.next();
            }
            word if word.starts_with('-')
                && word.len() > 1
                && !(word[1..].parse::<i32>().is_ok() && words.len() == 1) =>
            {
                words.next();
                match signal_of(&word[1..]) {
                    Some(found) => signal = found,
                    None => return unknown(&sys, name, &word[1..]).await,
                }
            }
            _ => {}
        }
    }
    let mut status = 0;
    let mut any = false;
    for word in words.filter(|word| *word != "--") {
        any = true;
        let Ok(pid) = word.parse::<i32>() else {
            complain(&sys, name, &format!("failed to parse argument: '{word}'")).await;
            status = 1;
            continue;
        };
        if let Err(errno) = sys.kill(pid, signal) {
            complain(&sys, name, &format!("({pid}): {errno}")).await;
            status = 1;
        }
    }
    if !any {
        sys.err(&format!(
            "\nUsage:\n {name} [options] <pid> [...]\n\nOptions:\n <pid> [...]            send signal to every <pid> listed\n \
             -<signal>, -s, --signal <signal>\n                        specify the <signal> to be sent\n \
             -q, --queue <value>    integer value to be sent with the signal\n \
             -l, --list=[<signal>]  list all signal names, or convert one to a name\n \
             -L, --table            list all signal names in a nice table\n\n -h, --help     display this help and exit\n \
             -V, --version  output version information and exit\n\nFor more details see kill(1).\n"
        ))
        .await;
        return 1;
    }
    status
}

async fn unknown(sys: &Sys, name: &str, word: &str) -> ExitCode {
    complain(sys, name, &format!("unknown signal name {word}")).await;
    1
}

/// A signal by name or number; 0 is none at all.
fn signal_of(text: &str) -> Option<Option<Signal>> {
    if text == "0" { Some(None) } else { Signal::parse(text).map(Some) }
}

async fn list(sys: &Sys, name: &str, which: Option<&String>) -> ExitCode {
    if let Some(word) = which {
        let found = word.parse::<i32>().ok().map_or_else(
            || Signal::parse(word).map(|signal| signal.number().to_string()),
            |number| {
                Signal::parse(&(if number > 128 { number - 128 } else { number }).to_string())
                    .map(|s| s.name().to_string())
            },
        );
        return match found {
            Some(text) => {
                sys.out(&format!("{text}\n")).await;
                0
            }
            None => unknown(sys, name, word).await,
        };
    }
    let names: Vec<&str> = Signal::ALL.iter().map(|signal| signal.name()).collect();
    sys.out(&format!("{}\n", names.join(" "))).await;
    0
}

struct Found {
    processes: Vec<ProcessInfo>,
    options: Options,
}

const TABLE: &str = "f|full x|exact l|list-name a|list-full n|newest o|oldest v|inverse i|ignore-case c|count d:|delimiter u:|euid \
    P:|parent e|echo !t: !g: !s: !U: !G: !F: !L !r: signal:";

async fn find(sys: &Sys, args: &Args) -> Result<Found, ExitCode> {
    let name = &args[0];
    let options = parse(sys, args, TABLE, 2).await?;
    let Some(text) = options.operands.first() else {
        if options.has("u") || options.has("P") {
            let processes = narrowed(sys, &options, |_| true).await;
            return Ok(Found { processes, options });
        }
        complain(sys, name, "no matching criteria specified").await;
        sys.err(&format!("Try `{name} --help' for more information.\n")).await;
        return Err(2);
    };
    let text = if options.has("x") { format!("^({text})$") } else { text.clone() };
    let regex = match pattern::compile(&text, pattern::Syntax::Extended, options.has("i")) {
        Ok(regex) => regex,
        Err(_) => {
            complain(sys, name, "Invalid regular expression").await;
            return Err(2);
        }
    };
    let full = options.has("f");
    let inverse = options.has("v");
    let processes = narrowed(sys, &options, |info| {
        let of = if full { info.args.join(" ") } else { info.comm.clone() };
        regex.is_match(&of) != inverse
    })
    .await;
    Ok(Found { processes, options })
}

async fn narrowed(sys: &Sys, options: &Options, fits: impl Fn(&ProcessInfo) -> bool) -> Vec<ProcessInfo> {
    let users = super::support::users::Users::read(sys).await;
    let uids: Vec<u32> = options
        .values("u")
        .flat_map(|list| list.split(','))
        .filter_map(|user| users.find_user(user).map(|(uid, _)| uid).or_else(|| user.parse().ok()))
        .collect();
    let parents: Vec<i32> =
        options.values("P").flat_map(|list| list.split(',')).filter_map(|pid| pid.parse().ok()).collect();
    let mut found: Vec<ProcessInfo> = sys
        .processes()
        .into_iter()
        .filter(|info| info.pid != sys.pid() && fits(info))
        .filter(|info| uids.is_empty() && !options.has("u") || uids.contains(&info.uid))
        .filter(|info| parents.is_empty() || parents.contains(&info.ppid))
        .collect();
    if options.has("n") {
        found = found.into_iter().max_by_key(|info| (info.started, info.pid)).into_iter().collect();
    } else if options.has("o") {
        found = found.into_iter().min_by_key(|info| (info.started, info.pid)).into_iter().collect();
    }
    found
}

async fn pgrep(sys: Sys, args: Args) -> ExitCode {
    let found = match find(&sys, &args).await {
        Ok(found) => found,
        Err(status) => return status,
    };
    let options = &found.options;
    if options.has("c") {
        sys.out(&format!("{}\n", found.processes.len())).await;
    } else {
        let lines: Vec<String> = found
            .processes
            .iter()
            .map(|info| match () {
                () if options.has("a") => format!("{} {}", info.pid, info.args.join(" ")),
                () if options.has("l") => format!("{} {}", info.pid, info.comm),
                () => info.pid.to_string(),
            })
            .collect();
        if !lines.is_empty() {
            sys.out(&format!("{}\n", lines.join(options.value("d").unwrap_or("\n")))).await;
        }
    }
    i32::from(found.processes.is_empty())
}

async fn pkill(sys: Sys, mut args: Args) -> ExitCode {
    let name = args[0].clone();
    let mut signal = Some(Signal::TERM);
    if let Some(found) = args.get(1).and_then(|arg| arg.strip_prefix('-')).and_then(signal_of)
        && !args[1].starts_with("--")
    {
        signal = found;
        args.remove(1);
    }
    let found = match find(&sys, &args).await {
        Ok(found) => found,
        Err(status) => return status,
    };
    if let Some(text) = found.options.value("signal") {
        match signal_of(text) {
            Some(found) => signal = found,
            None => return unknown(&sys, &name, text).await,
        }
    }
    for info in &found.processes {
        match sys.kill(info.pid, signal) {
            Ok(()) if found.options.has("e") => {
                sys.out(&format!("{} killed (pid {})\n", info.comm, info.pid)).await
            }
            Ok(()) => {}
            Err(errno) => complain(&sys, &name, &format!("killing pid {} failed: {errno}", info.pid)).await,
        }
    }
    i32::from(found.processes.is_empty())
}

async fn pidof(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "s|single-shot q x !c !n !w !o: S:|separator", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut pids: Vec<String> = sys
        .processes()
        .iter()
        .rev()
        .filter(|info| {
            let program = info.args.first().map_or("", |arg| super::basename::base(arg, ""));
            options.operands.iter().any(|name| *name == info.comm || name == program)
        })
        .map(|info| info.pid.to_string())
        .collect();
    if options.has("s") {
        pids.truncate(1);
    }
    if pids.is_empty() {
        return 1;
    }
    if !options.has("q") {
        sys.out(&format!("{}\n", pids.join(options.value("S").unwrap_or(" ")))).await;
    }
    0
}
