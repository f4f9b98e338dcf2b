//! `uptime`, `free`, `df`, `sync`, `which`, `pwd`: the machine at large.

use super::support::{calendar, prelude::*, program, text::human};
use sim::Ordered;

program!(UPTIME, "uptime", "Tell how long the system has been running", uptime);
program!(FREE, "free", "Display amount of free and used memory", free);
program!(DF, "df", "Report file system disk space usage", df);
program!(SYNC, "sync", "Synchronize cached writes to persistent storage", sync);
program!(WHICH, "which", "Locate a command", which);
program!(PWD, "pwd", "Print name of current directory", pwd);

async fn uptime(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "p|pretty s|since !V|version", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let up = sys.now().duration_since(sys.boot_time()).as_secs();
    let (days, hours, minutes) = (up / 86_400, up / 3600 % 24, up / 60 % 60);
    let plural = |count: u64, what: &str| format!("{count} {what}{}", if count > 1 { "s" } else { "" });
    if options.has("s") {
        sys.out(&format!("{}\n", calendar::format("%F %T", sys.boot_time().timestamp()))).await;
        return 0;
    }
    if options.has("p") {
        let parts = [(days, "day"), (hours, "hour"), (minutes, "minute")];
        let shown: Vec<String> = parts
            .iter()
            .filter(|(count, what)| *count > 0 || *what == "minute" && up < 3600)
            .map(|(count, what)| plural(*count, what))
            .collect();
        sys.out(&format!("up {}\n", shown.join(", "))).await;
        return 0;
    }
    let mut text = String::new();
    if days > 0 {
        text.push_str(&format!("{}, ", plural(days, "day")));
    }
    text.push_str(&if hours > 0 { format!("{hours:2}:{minutes:02}") } else { format!("{minutes} min") });
    let mut terminals: Vec<String> = sys.processes().into_iter().filter_map(|info| info.tty).collect();
    terminals.order();
    terminals.dedup();
    let users = plural(terminals.len() as u64, "user");
    let clock = calendar::format("%H:%M:%S", sys.clock());
    let load = sys.read_file("/proc/loadavg").await.unwrap_or_default();
    let load = String::from_utf8_lossy(&load).split(' ').take(3).collect::<Vec<_>>().join(", ");
    sys.out(&format!(" {clock} up {text},  {users},  load average: {load}\n")).await;
    0
}

async fn free(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str =
        "b|bytes k|kibi m|mebi g|gibi h|human t|total !w|wide !s:|seconds !c:|count !l|lohi --si";
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let meminfo = sys.read_file("/proc/meminfo").await.unwrap_or_default();
    let meminfo = String::from_utf8_lossy(&meminfo);
    let figure = |name: &str| -> u64 {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim_matches([':', ' ']).strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
    };
    let (total, free, available) = (figure("MemTotal"), figure("MemFree"), figure("MemAvailable"));
    let cache = figure("Buffers") + figure("Cached");
    let used = total - available;
    let shown = |kib: u64| match options.last_of(&["b", "k", "m", "g", "h"]) {
        Some("b") => (kib * 1024).to_string(),
        Some("m") => (kib / 1024).to_string(),
        Some("g") => (kib / 1024 / 1024).to_string(),
        Some("h") if kib == 0 => "0B".into(),
        Some("h") => {
            let (number, unit) = if kib >= 1 << 20 {
                (kib as f64 / f64::from(1 << 20), "Gi")
            } else {
                (kib as f64 / 1024.0, "Mi")
            };
            if number < 10.0 { format!("{number:.1}{unit}") } else { format!("{number:.0}{unit}") }
        }
        _ => kib.to_string(),
    };
    let mut text = format!(
        "{:>20}{:>12}{:>12}{:>12}{:>12}{:>12}\n",
        "total", "used", "free", "shared", "buff/cache", "available"
    );
    let row = |name: &str, cells: &[u64]| {
        let cells: String = cells.iter().map(|cell| format!("{:>12}", shown(*cell))).collect();
        format!("{name:<8}{cells}\n")
    };
    text.push_str(&row("Mem:", &[total, used, free, 1024, cache, available]));
    text.push_str(&row("Swap:", &[0, 0, 0]));
    if options.has("t") {
        text.push_str(&row("Total:", &[total, used, free]));
    }
    sys.out(&text).await;
    0
}

async fn df(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "a|all !B:|block-size h|human-readable !H|si !i|inodes k !l|local P|portability T|print-type !t: !x: --total !--output?";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut status = 0;
    let mut asked = options.operands.is_empty();
    for path in &options.operands {
        match sys.stat(path) {
            Ok(_) => asked = true,
            Err(errno) => {
                complain(&sys, name, &format!("{}: {errno}", quote_if_needed(path))).await;
                status = 1;
            }
        }
    }
    if !asked {
        return 1;
    }
    let in_container = sys.namespaces().pidns != 0;
    let (device, kind) = if in_container { ("overlay", "overlay") } else { ("/dev/vda1", "ext4") };
    let (used, total) = sys.disk_usage();
    let available = total - used;
    let percent = (used * 100).div_ceil(total.max(1));
    let shown = |bytes: u64| if options.has("h") { human(bytes) } else { bytes.div_ceil(1024).to_string() };
    let cells = [
        ("Filesystem".to_string(), device.to_string()),
        ("Type".into(), kind.into()),
        (
            if options.has("h") {
                "Size".into()
            } else if options.has("P") {
                "1024-blocks".into()
            } else {
                "1K-blocks".into()
            },
            shown(total),
        ),
        ("Used".into(), shown(used)),
        (if options.has("h") { "Avail".into() } else { "Available".into() }, shown(available)),
        (if options.has("P") { "Capacity".into() } else { "Use%".into() }, format!("{percent}%")),
        ("Mounted on".into(), "/".into()),
    ];
    let mut lines = [String::new(), String::new()];
    for (at, (title, cell)) in cells.iter().enumerate() {
        if at == 1 && !options.has("T") {
            continue;
        }
        let least = match at {
            0 => 14,
            2..=4 => 5,
            _ => 4,
        };
        let width = title.len().max(cell.len()).max(least);
        for (line, text) in lines.iter_mut().zip([title, cell]) {
            match at {
                0 | 1 => line.push_str(&format!("{text:<width$} ")),
                6 => line.push_str(text),
                _ => line.push_str(&format!("{text:>width$} ")),
            }
        }
    }
    sys.out(&format!("{}\n{}\n", lines[0], lines[1])).await;
    status
}

async fn sync(_sys: Sys, _args: Args) -> ExitCode {
    0
}

async fn which(sys: Sys, args: Args) -> ExitCode {
    let all = args.iter().skip(1).any(|arg| arg == "-a");
    let mut status = i32::from(args.len() < 2);
    for name in args.iter().skip(1).filter(|arg| *arg != "-a") {
        if name.starts_with('-') {
            sys.err(&format!("Illegal option {name}\nUsage: {} [-as] args\n", args[0])).await;
            return 2;
        }
        let path = sys.env("PATH").unwrap_or_default();
        let candidates: Vec<String> = if name.contains('/') {
            vec![name.clone()]
        } else {
            path.split(':')
                .map(|directory| format!("{}/{name}", if directory.is_empty() { "." } else { directory }))
                .collect()
        };
        let is_program = |path: &&String| {
            sys.stat(path).is_ok_and(|stat| stat.file_type == linux::vfs::FileType::Regular)
                && sys.access(path, 1)
        };
        let found: Vec<&String> =
            candidates.iter().filter(is_program).take(if all { usize::MAX } else { 1 }).collect();
        if found.is_empty() {
            status = 1;
        }
        for path in found {
            sys.out(&format!("{path}\n")).await;
        }
    }
    status
}

async fn pwd(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "L|logical P|physical", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if !options.operands.is_empty() {
        complain(&sys, &args[0], "ignoring non-option arguments").await;
    }
    let logical = sys.env("PWD").filter(|pwd| {
        options.last_of(&["L", "P"]) == Some("L") && sys.realpath(pwd).is_ok_and(|real| real == sys.getcwd())
    });
    sys.out(&format!("{}\n", logical.unwrap_or_else(|| sys.getcwd()))).await;
    0
}
