//! `ps`: processes. The forms that people use: plain, `-e`, `-A`, `-f`, `-o`, `-p`, `-u`, and `aux`.

use super::support::{calendar, prelude::*, program, users::Users};
use linux::host::MEMORY_KIB;
use linux::process::ProcessInfo;
use sim::Ordered;
use std::time::Duration;

program!(PROGRAM, "ps", "Report a snapshot of the current processes", main);

#[derive(Default)]
struct Wanted {
    all: bool,
    all_with_tty: bool,
    without_tty: bool,
    pids: Vec<i32>,
    users: Vec<String>,
    commands: Vec<String>,
    columns: Vec<(String, Option<String>)>,
    style: Style,
    wide: bool,
    headers: bool,
    forest: bool,
    sort: Option<String>,
}

#[derive(Default, PartialEq)]
enum Style {
    #[default]
    Plain,
    Full,
    Users,
    Long,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(4)).await;
    let mut wanted = Wanted { headers: true, ..Wanted::default() };
    if let Err(problem) = read(&args, &mut wanted) {
        return match problem {
            Problem::NotSimulated(what) => not_simulated(&sys, "ps", &what).await,
            Problem::Usage(text) => {
                sys.err(&format!(
                    "error: {text}\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  \
                     or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n"
                ))
                .await;
                1
            }
        };
    }
    let users = Users::read(&sys).await;
    let own_tty = sys.processes().iter().find(|info| info.pid == sys.pid()).and_then(|info| info.tty.clone());
    let mut shown: Vec<ProcessInfo> = sys
        .processes()
        .into_iter()
        .filter(|info| {
            if !wanted.pids.is_empty() || !wanted.users.is_empty() || !wanted.commands.is_empty() {
                let user = users.user_or_number(info.uid);
                return wanted.pids.contains(&info.pid)
                    || wanted.users.iter().any(|name| *name == user || *name == info.uid.to_string())
                    || wanted.commands.contains(&info.comm);
            }
            wanted.all
                || wanted.all_with_tty && info.tty.is_some()
                || wanted.without_tty && info.uid == sys.uid()
                || info.tty == own_tty && info.uid == sys.uid() && !wanted.all_with_tty
        })
        .collect();
    if let Some(keys) = &wanted.sort {
        for key in keys.split(',').rev() {
            let (reverse, key) = key.strip_prefix('-').map_or((false, key), |key| (true, key));
            match key.trim_start_matches('+') {
                "pid" => shown.order_by_key(|info| info.pid),
                "time" | "cputime" | "pcpu" | "%cpu" => shown.order_by_key(|info| info.cpu),
                "comm" | "cmd" => shown.order_by(|a, b| a.comm.cmp(&b.comm)),
                "start_time" | "start" | "lstart" => shown.order_by_key(|info| info.started),
                _ => {}
            }
            if reverse {
                shown.reverse();
            }
        }
    }
    if wanted.columns.is_empty() {
        let names = match wanted.style {
            Style::Plain => "pid tty time comm=CMD",
            Style::Full => "user:8 pid ppid c stime tty time cmd",
            Style::Users => "user pid %cpu %mem vsz rss tty=TTY stat start=START time=TIME command",
            Style::Long => "f s uid pid ppid c pri ni addr sz wchan tty time comm=CMD",
        };
        for word in names.split(' ') {
            let (name, title) =
                word.split_once('=').map_or((word, None), |(name, title)| (name, Some(title.to_string())));
            wanted.columns.push((name.to_string(), title));
        }
    }
    let users_style = wanted.style == Style::Users;
    let sheet = Sheet { sys: sys.clone(), users, users_style, forest: wanted.forest };
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut columns = Vec::new();
    for (name, title) in &wanted.columns {
        match column(name, users_style) {
            Some(column) => columns
                .push(Column { title: title.clone().unwrap_or_else(|| column.title.clone()), ..column }),
            None => {
                sys.err(&format!(
                    "error: unknown user-defined format specifier \"{name}\"\n\nUsage:\n ps [options]\n\n \
                     Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\n\
                     For more details see ps(1).\n"
                ))
                .await;
                return 1;
            }
        }
    }
    for info in &shown {
        lines.push(columns.iter().map(|column| sheet.cell(&column.key, info)).collect());
    }
    let limit = if wanted.wide {
        usize::MAX
    } else if sys.isatty(1) {
        sys.winsize(1).map_or(80, |size| usize::from(size.cols).max(20))
    } else {
        usize::MAX
    };
    let mut out = Out::new(&sys);
    let titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    let has_titles = wanted.headers && titles.iter().any(|title| !title.is_empty());
    for cells in has_titles.then_some(&titles).into_iter().chain(&lines) {
        let mut line = String::new();
        for (at, (cell, column)) in cells.iter().zip(&columns).enumerate() {
            if at > 0 {
                line.push(' ');
            }
            let last = at + 1 == columns.len();
            // A wide cell takes from the blank that follows, as ps does.
            let debt = line.chars().count().saturating_sub(columns[..at].iter().map(|c| c.width + 1).sum());
            let width = column.width.saturating_sub(debt);
            match column.right {
                true => line.push_str(&format!("{cell:>width$}")),
                false if last => {
                    // Only the last column is cut, and not when there is no room for it at all.
                    let start = line.chars().count();
                    let room = if start < limit { limit - start } else { usize::MAX };
                    line.extend(cell.chars().take(room));
                }
                false => line.push_str(&format!("{cell:<width$}")),
            }
        }
        out.line(if columns.last().is_some_and(|column| column.right) { &line } else { line.trim_end() })
            .await;
    }
    out.finish("ps", i32::from(lines.is_empty())).await
}

enum Problem {
    Usage(String),
    NotSimulated(String),
}

fn read(args: &[String], wanted: &mut Wanted) -> Result<(), Problem> {
    let mut words = args.iter().skip(1);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value.to_string())));
            let mut argument = || value.clone().or_else(|| words.next().cloned()).unwrap_or_default();
            match name {
                "no-headers" | "no-heading" | "no-header" | "noheaders" => wanted.headers = false,
                "forest" => wanted.forest = true,
                "sort" => wanted.sort = Some(argument()),
                "pid" => pids(&argument(), wanted)?,
                "user" | "User" => wanted.users.extend(argument().split(',').map(String::from)),
                "format" => columns(&argument(), wanted),
                name => return Err(Problem::NotSimulated(format!("the option --{name}"))),
            }
            continue;
        }
        let unix = word.starts_with('-');
        let letters: Vec<char> = word.trim_start_matches('-').chars().collect();
        if !unix && letters.iter().all(char::is_ascii_digit) {
            pids(word, wanted)?;
            continue;
        }
        for (at, letter) in letters.iter().enumerate() {
            let rest: String = letters[at + 1..].iter().collect();
            let takes = match (unix, letter) {
                (true, 'o' | 'p' | 'u' | 'U' | 'C' | 'q') | (false, 'o' | 'p' | 'U') => true,
                (true, 'O' | 't' | 'g' | 'G' | 's') | (false, 'O' | 't' | 'k') => {
                    return Err(Problem::NotSimulated(format!(
                        "the option {}{letter}",
                        if unix { "-" } else { "" }
                    )));
                }
                _ => false,
            };
            if takes {
                let value = if rest.is_empty() { words.next().cloned().unwrap_or_default() } else { rest };
                match letter {
                    'o' => columns(&value, wanted),
                    'p' | 'q' => pids(&value, wanted)?,
                    'C' => wanted.commands.extend(value.split(',').map(String::from)),
                    _ => wanted.users.extend(value.split(',').map(String::from)),
                }
                break;
            }
            match (unix, letter) {
                (true, 'e' | 'A') => wanted.all = true,
                (true, 'f' | 'F') => wanted.style = Style::Full,
                (true, 'l') => wanted.style = Style::Long,
                (_, 'w') => wanted.wide = true,
                (true, 'H') | (false, 'f') => wanted.forest = true,
                (true, 'a') | (false, 'a') => wanted.all_with_tty = true,
                (_, 'x') => wanted.without_tty = true,
                (false, 'u') => wanted.style = Style::Users,
                (false, 'e' | 'r' | 'T') => {}
                (false, 'l' | 'j' | 's' | 'v' | 'm' | 'L' | 'S' | 'n' | 'X' | 'g' | 'c') => {
                    return Err(Problem::NotSimulated(format!("the option {letter}")));
                }
                (false, 'h') => wanted.headers = false,
                (_, letter) => {
                    return Err(Problem::Usage(match unix {
                        true if letter.is_ascii_alphabetic() => {
                            return Err(Problem::NotSimulated(format!("the option -{letter}")));
                        }
                        _ => "unsupported option (BSD syntax)".into(),
                    }));
                }
            }
        }
    }
    if wanted.all_with_tty && wanted.without_tty {
        wanted.all = true;
    }
    Ok(())
}

fn pids(text: &str, wanted: &mut Wanted) -> Result<(), Problem> {
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        let pid = word.parse().map_err(|_| Problem::Usage("process ID list syntax error".into()))?;
        wanted.pids.push(pid);
    }
    if wanted.pids.is_empty() {
        return Err(Problem::Usage("list of process IDs must follow -p".into()));
    }
    Ok(())
}

fn columns(text: &str, wanted: &mut Wanted) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find([',', ' ', '=']).unwrap_or(rest.len());
        let name = rest[..end].to_string();
        if rest[end..].starts_with('=') {
            // A title goes to the end of the word.
            let title = &rest[end + 1..];
            let (title, after) = match title.split_once(',').filter(|(title, _)| title.is_empty()) {
                Some((_, after)) => ("", after),
                None => (title, ""),
            };
            wanted.columns.push((name, Some(title.to_string())));
            rest = after;
        } else {
            if !name.is_empty() {
                wanted.columns.push((name, None));
            }
            rest = rest.get(end + 1..).unwrap_or("");
        }
    }
}

struct Column {
    key: String,
    title: String,
    width: usize,
    right: bool,
}

fn column(name: &str, users_style: bool) -> Option<Column> {
    let (name, given) = name.split_once(':').map_or((name, None), |(name, width)| (name, width.parse().ok()));
    let (key, title, width, right) = match name {
        "pid" => ("pid", "PID", 5, true),
        "ppid" => ("ppid", "PPID", 5, true),
        "pgid" | "pgrp" => ("pgid", "PGID", 5, true),
        "sid" | "sess" | "session" => ("sid", "SID", 5, true),
        "tty" | "tt" | "tname" => {
            ("tty", if name == "tname" || !users_style && name == "tty" { "TTY" } else { "TT" }, 8, false)
        }
        "time" | "cputime" => {
            if users_style {
                ("bsdtime", "TIME", 6, true)
            } else {
                ("time", "TIME", 8, true)
            }
        }
        "comm" | "ucmd" | "ucomm" => ("comm", if name == "comm" { "COMMAND" } else { "CMD" }, 15, false),
        "cmd" => ("args", "CMD", 27, false),
        "args" | "command" => ("args", "COMMAND", 27, false),
        "user" | "euser" | "uname" => (
            "user",
            if given.is_some() {
                "UID"
            } else if name == "euser" {
                "EUSER"
            } else {
                "USER"
            },
            8,
            false,
        ),
        "uid" | "euid" => ("uid", "UID", 5, true),
        "c" => ("c", "C", 2, true),
        "stime" | "start_time" => ("start", if name == "stime" { "STIME" } else { "START" }, 5, true),
        "start" => ("start", "START", if users_style { 5 } else { 8 }, true),
        "lstart" => ("lstart", "STARTED", 24, true),
        "etime" => ("etime", "ELAPSED", 11, true),
        "etimes" => ("etimes", "ELAPSED", 7, true),
        "stat" | "state" | "s" => match name {
            "stat" => ("stat", "STAT", 4, false),
            _ => ("state", "S", 1, false),
        },
        "%cpu" | "pcpu" => ("pcpu", "%CPU", 4, true),
        "%mem" | "pmem" => ("pmem", "%MEM", 4, true),
        "vsz" | "vsize" => ("vsz", "VSZ", 6, true),
        "rss" | "rssize" => ("rss", "RSS", 5, true),
        "ni" | "nice" => ("ni", "NI", 3, true),
        "pri" => ("pri", "PRI", 3, true),
        "f" => ("f", "F", 1, true),
        "addr" => ("addr", "ADDR", 1, false),
        "sz" => ("sz", "SZ", 5, true),
        "wchan" => ("wchan", "WCHAN", 6, false),
        _ => return None,
    };
    Some(Column { key: key.into(), title: title.into(), width: given.unwrap_or(width), right })
}

struct Sheet {
    sys: Sys,
    users: Users,
    users_style: bool,
    forest: bool,
}

impl Sheet {
    fn cell(&self, key: &str, info: &ProcessInfo) -> String {
        let age = self.sys.now().duration_since(info.started);
        // Whole seconds: what has just begun has used nothing.
        let share = match age.as_secs() {
            0 => 0.0,
            seconds => info.cpu.as_secs_f64() * 100.0 / seconds as f64,
        };
        let rss = info.memory_kib;
        match key {
            "pid" => info.pid.to_string(),
            "ppid" => info.ppid.to_string(),
            "pgid" => info.pgid.to_string(),
            "sid" => info.sid.to_string(),
            "tty" => info.tty.clone().unwrap_or_else(|| "?".into()),
            "time" => hours(info.cpu),
            "bsdtime" => format!("{}:{:02}", info.cpu.as_secs() / 60, info.cpu.as_secs() % 60),
            "comm" if info.state == 'Z' => format!("{} <defunct>", info.comm),
            "comm" => info.comm.clone(),
            "args" if info.args.is_empty() && info.state == 'Z' => format!("[{}] <defunct>", info.comm),
            "args" if info.args.is_empty() => format!("[{}]", info.comm),
            "args" => self.tree(info) + &info.args.join(" "),
            "user" => {
                let name = self.users.user_or_number(info.uid);
                if name.len() > 8 { format!("{}+", &name[..7]) } else { name }
            }
            "uid" => info.uid.to_string(),
            "c" => (share.min(99.0) as u64).to_string(),
            "start" => {
                let old = age.as_secs() >= 86_400;
                calendar::format(if old { "%b%d" } else { "%H:%M" }, info.started.timestamp())
            }
            "lstart" => calendar::format("%a %b %e %H:%M:%S %Y", info.started.timestamp()),
            "etime" => elapsed(age.as_secs()),
            "etimes" => age.as_secs().to_string(),
            "state" => info.state.to_string(),
            "stat" => {
                let mut stat = info.state.to_string();
                if info.pid == info.sid {
                    stat.push('s');
                }
                let foreground =
                    info.tty.is_some() && self.sys.tcgetpgrp(0).is_ok_and(|group| group == info.pgid);
                if foreground {
                    stat.push('+');
                }
                stat
            }
            "pcpu" => format!("{:.1}", share.min(99.9)),
            "pmem" => format!("{:.1}", rss as f64 * 100.0 / MEMORY_KIB as f64),
            "vsz" => info.size_kib().to_string(),
            "rss" => rss.to_string(),
            "ni" => "0".into(),
            "pri" => "80".into(),
            "f" => {
                if info.uid == 0 {
                    "4".into()
                } else {
                    "0".into()
                }
            }
            "sz" => (info.size_kib() / 4).to_string(),
            "addr" | "wchan" => "-".into(),
            _ => String::new(),
        }
    }

    /// How deep in the tree of processes, as `--forest` draws it.
    fn tree(&self, info: &ProcessInfo) -> String {
        if !self.forest || self.users_style && info.ppid == 0 {
            return String::new();
        }
        let all = self.sys.processes();
        let mut depth = 0_usize;
        let mut parent = info.ppid;
        while let Some(up) = all.iter().find(|other| other.pid == parent && parent > 1) {
            depth += 1;
            parent = up.ppid;
        }
        if depth == 0 { String::new() } else { format!("{} \\_ ", "    ".repeat(depth - 1)) }
    }
}

fn hours(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn elapsed(seconds: u64) -> String {
    let (days, hours, minutes, rest) =
        (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes:02}:{rest:02}"),
        (0, _) => format!("{hours:02}:{minutes:02}:{rest:02}"),
        _ => format!("{days}-{hours:02}:{minutes:02}:{rest:02}"),
    }
}
