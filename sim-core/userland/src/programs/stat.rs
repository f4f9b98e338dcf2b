//! `stat`, `du`: facts and sizes of files.

use super::support::{calendar, prelude::*, program, text::human, users::Users};
use linux::vfs::{FileType, Stat};

program!(STAT, "stat", "Display file or file system status", stat);
program!(DU, "du", "Estimate file space usage", du);

async fn stat(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options =
        match parse(&sys, &args, "L|dereference !f|file-system c:|format --printf: t|terse !--cached:", 1)
            .await
        {
            Ok(options) => options,
            Err(status) => return status,
        };
    if options.operands.is_empty() {
        return super::missing_operand(&sys, name).await;
    }
    let users = Users::read(&sys).await;
    let mut status = 0;
    for path in &options.operands {
        let facts = if options.has("L") { sys.stat(path) } else { sys.lstat(path) };
        let stat = match facts {
            Ok(stat) => stat,
            Err(errno) => {
                complain(&sys, name, &format!("cannot statx {}: {errno}", quote_always(path))).await;
                status = 1;
                continue;
            }
        };
        let fill = |format: &str| fill(format, path, &stat, &users, &sys);
        let text = match options.last_of(&["c", "printf", "t"]) {
            Some("c") => fill(options.value("c").unwrap_or("")) + "\n",
            Some("printf") => {
                let (bytes, _) =
                    super::printf::unescape(options.value("printf").unwrap_or("").as_bytes(), true);
                fill(&String::from_utf8_lossy(&bytes))
            }
            Some(_) => fill("%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n"),
            None => {
                let device = if stat.file_type == FileType::CharDevice { " Device type: %t,%T" } else { "" };
                fill(&format!(
                    "  File: %N\n  Size: {:<10}\tBlocks: {:<10} IO Block: %o   %F\nDevice: %Hd,%Ld\tInode: {:<11} Links: {}{device}\n\
                     Access: (%04a/%A)  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n",
                    stat.size,
                    blocks(&stat),
                    stat.ino,
                    stat.nlink,
                    stat.uid,
                    users.user(stat.uid).unwrap_or("UNKNOWN"),
                    stat.gid,
                    users.group(stat.gid).unwrap_or("UNKNOWN"),
                ))
            }
        };
        sys.out(&text).await;
    }
    status
}

fn blocks(stat: &Stat) -> u64 {
    match stat.file_type {
        FileType::Regular => stat.size.div_ceil(4096) * 8,
        FileType::Directory => 8,
        _ => 0,
    }
}

fn fill(format: &str, path: &str, stat: &Stat, users: &Users, sys: &Sys) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let kind_bits = match stat.file_type {
        FileType::Regular => 0o100_000,
        FileType::Directory => 0o040_000,
        FileType::Symlink => 0o120_000,
        FileType::CharDevice => 0o020_000,
        FileType::Fifo => 0o010_000,
        FileType::Socket => 0o140_000,
    };
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        let Some(letter) = chars.next() else {
            out.push('%');
            break;
        };
        let time = || calendar::format("%Y-%m-%d %H:%M:%S.%N %z", stat.mtime.timestamp());
        let text = match letter {
            'a' => format!("{:o}", stat.mode & 0o7777),
            'A' => super::ls::mode_string(stat),
            'b' => blocks(stat).to_string(),
            'B' => "512".into(),
            'd' => "65025".into(),
            'D' => "fe01".into(),
            'H' if chars.next_if_eq(&'d').is_some() => "254".into(),
            'L' if chars.next_if_eq(&'d').is_some() => "1".into(),
            'f' => format!("{:x}", kind_bits | stat.mode),
            'F' => match stat.file_type {
                FileType::Regular if stat.size == 0 => "regular empty file",
                FileType::Regular => "regular file",
                FileType::Directory => "directory",
                FileType::Symlink => "symbolic link",
                FileType::CharDevice => "character special file",
                FileType::Fifo => "fifo",
                FileType::Socket => "socket",
            }
            .into(),
            'g' => stat.gid.to_string(),
            'G' => users.group(stat.gid).unwrap_or("UNKNOWN").into(),
            'h' => stat.nlink.to_string(),
            'i' => stat.ino.to_string(),
            'm' => "/".into(),
            'n' => path.into(),
            'N' => match sys.readlink(path) {
                Ok(target) if stat.file_type == FileType::Symlink => format!("{path} -> {target}"),
                _ => path.into(),
            },
            'o' => "4096".into(),
            's' => stat.size.to_string(),
            't' => format!("{:x}", stat.rdev.0),
            'T' => format!("{:x}", stat.rdev.1),
            'u' => stat.uid.to_string(),
            'U' => users.user(stat.uid).unwrap_or("UNKNOWN").into(),
            'w' | 'x' | 'y' | 'z' => time(),
            'W' | 'X' | 'Y' | 'Z' => stat.mtime.timestamp().seconds.to_string(),
            '%' => "%".into(),
            other => format!("?{other}").replace(&format!("?{other}"), "?"),
        };
        match (width.starts_with('0'), width.parse::<usize>()) {
            (true, Ok(width)) => out.push_str(&format!("{text:0>width$}")),
            (false, Ok(width)) => out.push_str(&format!("{text:>width$}")),
            _ => out.push_str(&text),
        }
    }
    out
}

async fn du(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "a|all --apparent-size b|bytes c|total d:|max-depth h|human-readable k m s|summarize S|separate-dirs x L P !B:|block-size \
        !--exclude: !--time? !0 !t: !X:";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let depth = match (options.has("s"), options.value("d")) {
        (true, _) => 0,
        (false, Some(text)) => match text.parse() {
            Ok(depth) => depth,
            Err(_) => {
                complain(&sys, name, &format!("invalid maximum depth {}", quote(&sys, text))).await;
                return super::usage_hint(&sys, name).await;
            }
        },
        (false, None) => usize::MAX,
    };
    let mut roots = options.operands.clone();
    if roots.is_empty() {
        roots.push(".".into());
    }
    let apparent = options.has("b") || options.has("apparent-size");
    let size_of = |stat: &Stat| match (apparent, stat.file_type) {
        (true, FileType::Directory) => 4096,
        (true, _) => stat.size,
        (false, _) => blocks(stat) * 512,
    };
    let shown = |bytes: u64| match options.last_of(&["b", "h", "k", "m"]) {
        Some("b") => bytes.to_string(),
        Some("h") => human(bytes),
        Some("m") => bytes.div_ceil(1 << 20).to_string(),
        _ => bytes.div_ceil(1024).to_string(),
    };
    let mut out = Out::new(&sys);
    let (mut status, mut total) = (0, 0);
    for root in roots {
        // Directories wait until what is below them is added up.
        let mut waiting: Vec<(String, usize, bool)> = vec![(root.clone(), 0, false)];
        let mut sums: Vec<u64> = vec![0];
        while let Some((path, level, after)) = waiting.pop() {
            let stat = match sys.lstat(&path) {
                Ok(stat) => stat,
                Err(errno) => {
                    out.flush().await;
                    complain(&sys, name, &format!("cannot access {}: {errno}", quote_always(&path))).await;
                    status = 1;
                    continue;
                }
            };
            let own = size_of(&stat);
            if stat.file_type == FileType::Directory && !after {
                waiting.push((path.clone(), level, true));
                sums.push(0);
                match sys.read_dir(&path) {
                    Ok(names) => {
                        let below = |child: &String| {
                            (format!("{}/{child}", path.trim_end_matches('/')), level + 1, false)
                        };
                        waiting.extend(names.iter().rev().map(below));
                    }
                    Err(errno) => {
                        out.flush().await;
                        complain(
                            &sys,
                            name,
                            &format!("cannot read directory {}: {errno}", quote_always(&path)),
                        )
                        .await;
                        status = 1;
                    }
                }
                continue;
            }
            let sum = own + if after { sums.pop().unwrap_or(0) } else { 0 };
            if let Some(parent) = sums.last_mut() {
                *parent += sum;
            }
            let listed = after || options.has("a") || level == 0;
            if listed && level <= depth {
                out.line(&format!("{}\t{path}", shown(sum))).await;
            }
            sys.cpu(std::time::Duration::from_micros(2)).await;
        }
        total += sums[0];
    }
    if options.has("c") {
        out.line(&format!("{}\ttotal", shown(total))).await;
    }
    out.finish(name, status).await
}
