//! The smallest programs that scripts need.

use linux::{Args, ExitCode, Program, ProgramFuture, Sys};
use std::time::Duration;

pub const ALL: &[Program] = &[
    Program::new("cat", "", |sys, args| Box::pin(cat(sys, args))),
    Program::new("echo", "", |sys, args| {
        Box::pin(async move {
            sys.out(&format!("{}\n", args[1..].join(" "))).await;
            0
        })
    }),
    Program::new("env", "", |sys, args| Box::pin(env(sys, args))),
    Program::new("false", "", |_, _| Box::pin(async { 1 })),
    Program::new("head", "", |sys, args| Box::pin(head(sys, args))),
    Program::new("kubectl", "", |sys, args| Box::pin(kubectl(sys, args))),
    Program::new("ls", "", |sys, args| Box::pin(ls(sys, args))),
    Program::new("mkdir", "", mkdir),
    Program::new("rm", "", rm),
    Program::new("seq", "", |sys, args| Box::pin(seq(sys, args))),
    Program::new("sleep", "", |sys, args| Box::pin(sleep(sys, args))),
    Program::new("sort", "", |sys, args| Box::pin(sort(sys, args))),
    Program::new("touch", "", |sys, args| Box::pin(touch(sys, args))),
    Program::new("tr", "", |sys, args| Box::pin(tr(sys, args))),
    Program::new("true", "", |_, _| Box::pin(async { 0 })),
    Program::new("wc", "", |sys, args| Box::pin(wc(sys, args))),
    Program::new("yes", "", |sys, args| Box::pin(yes(sys, args))),
];

async fn input(sys: &Sys, args: &[String]) -> Vec<u8> {
    match args.iter().find(|arg| !arg.starts_with('-')) {
        Some(path) => sys.read_file(path).await.unwrap_or_default(),
        None => sys.read_to_end(0).await.unwrap_or_default(),
    }
}

async fn cat(sys: Sys, args: Args) -> ExitCode {
    let mut status = 0;
    if args.len() == 1 {
        while let Ok(data) = sys.read(0, 65_536).await {
            if data.is_empty() || sys.write_all(1, &data).await.is_err() {
                break;
            }
        }
    }
    for path in &args[1..] {
        match sys.read_file(path).await {
            Ok(data) => {
                let _ = sys.write_all(1, &data).await;
            }
            Err(error) => {
                sys.err(&format!("cat: {path}: {}\n", error.text())).await;
                status = 1;
            }
        }
    }
    status
}

async fn env(sys: Sys, _: Args) -> ExitCode {
    for (name, value) in sys.environ() {
        sys.out(&format!("{name}={value}\n")).await;
    }
    0
}

async fn head(sys: Sys, args: Args) -> ExitCode {
    let count: usize = args
        .last()
        .and_then(|arg| arg.trim_start_matches("-n").trim_start_matches('-').parse().ok())
        .unwrap_or(10);
    let mut seen = 0;
    while seen < count {
        let Ok(data) = sys.read(0, 4096).await else { break };
        if data.is_empty() {
            break;
        }
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            if seen < count {
                let _ = sys.write_all(1, line).await;
                seen += usize::from(line.ends_with(b"\n"));
            }
        }
    }
    0
}

/// Answers completion as cobra does.
async fn kubectl(sys: Sys, args: Args) -> ExitCode {
    if args.get(1).is_some_and(|arg| arg == "__complete") {
        let word = args.last().cloned().unwrap_or_default();
        for name in ["pods", "podtemplates", "services"].iter().filter(|name| name.starts_with(&word)) {
            sys.out(&format!("{name}\n")).await;
        }
        sys.out(":4\n").await;
        sys.err("Completion ended with directive: ShellCompDirectiveNoFileComp\n").await;
        return 0;
    }
    sys.out(&format!("{}\n", args.join(" "))).await;
    0
}

async fn ls(sys: Sys, args: Args) -> ExitCode {
    for name in sys.read_dir(args.get(1).map_or(".", String::as_str)).unwrap_or_default() {
        if !name.starts_with('.') {
            sys.out(&format!("{name}\n")).await;
        }
    }
    0
}

fn mkdir(sys: Sys, args: Args) -> ProgramFuture {
    Box::pin(async move {
        let made =
            args[1..].iter().filter(|arg| !arg.starts_with("-")).all(|path| sys.mkdir(path, 0o777).is_ok());
        i32::from(!made)
    })
}

fn rm(sys: Sys, args: Args) -> ProgramFuture {
    Box::pin(async move {
        for path in &args[1..] {
            let _ = sys.unlink(path);
        }
        0
    })
}

async fn seq(sys: Sys, args: Args) -> ExitCode {
    let numbers: Vec<i64> = args[1..].iter().filter_map(|arg| arg.parse().ok()).collect();
    let (from, to) = if numbers.len() > 1 { (numbers[0], numbers[1]) } else { (1, numbers[0]) };
    for i in from..=to {
        sys.out(&format!("{i}\n")).await;
    }
    0
}

async fn sleep(sys: Sys, args: Args) -> ExitCode {
    let seconds = args.get(1).and_then(|arg| arg.parse::<f64>().ok()).unwrap_or(0.0);
    let _ = sys.sleep(Duration::from_secs_f64(seconds)).await;
    0
}

async fn sort(sys: Sys, args: Args) -> ExitCode {
    let text = String::from_utf8_lossy(&input(&sys, &args[1..]).await).into_owned();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    for line in lines {
        sys.out(&format!("{line}\n")).await;
    }
    0
}

async fn touch(sys: Sys, args: Args) -> ExitCode {
    for path in &args[1..] {
        let _ = sys.write_file(path, b"").await;
    }
    0
}

async fn tr(sys: Sys, args: Args) -> ExitCode {
    let text = String::from_utf8_lossy(&input(&sys, &[]).await).into_owned();
    let out = match (args[1].as_str(), args[2].as_str()) {
        ("a-z", "A-Z") => text.to_uppercase(),
        ("-d", set) => text.replace(set, ""),
        (from, to) => text.replace(from, to),
    };
    sys.out(&out).await;
    0
}

async fn wc(sys: Sys, args: Args) -> ExitCode {
    let data = input(&sys, &args[1..]).await;
    let count = if args.get(1).is_some_and(|arg| arg == "-c") {
        data.len()
    } else {
        data.iter().filter(|byte| **byte == b'\n').count()
    };
    sys.out(&format!("{count}\n")).await;
    0
}

async fn yes(sys: Sys, _: Args) -> ExitCode {
    while sys.write_all(1, b"y\n").await.is_ok() {}
    1
}
