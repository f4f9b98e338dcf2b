//! `clear`, `reset`, `tput`, `tty`, `stty`: the terminal.

use super::support::{prelude::*, program};
use linux::Termios;

program!(CLEAR, "clear", "Clear the terminal screen", clear);
program!(RESET, "reset", "Terminal initialization", reset);
program!(TPUT, "tput", "Query the terminfo database", tput);
program!(TTY, "tty", "Print the file name of the terminal on standard input", tty);
program!(STTY, "stty", "Change and print terminal line settings", stty);

async fn clear(sys: Sys, _args: Args) -> ExitCode {
    sys.out("\x1b[H\x1b[2J\x1b[3J").await;
    0
}

async fn reset(sys: Sys, _args: Args) -> ExitCode {
    let _ = sys.tcsetattr(0, Termios::COOKED);
    sys.out("\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>\r").await;
    0
}

async fn tput(sys: Sys, args: Args) -> ExitCode {
    let size = sys.winsize(1).or_else(|_| sys.winsize(2)).or_else(|_| sys.winsize(0));
    let (rows, cols) = size.map_or((24, 80), |size| (size.rows, size.cols));
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u32>().ok());
    let text = match args.get(1).map(String::as_str) {
        None => {
            sys.err("usage: tput [-V] [-S] [-x] [-T term] capname\n").await;
            return 2;
        }
        Some("cols") => format!("{cols}\n"),
        Some("lines") => format!("{rows}\n"),
        Some("colors") => "256\n".into(),
        Some("clear") => "\x1b[H\x1b[2J".into(),
        Some("bold") => "\x1b[1m".into(),
        Some("dim") => "\x1b[2m".into(),
        Some("smul") => "\x1b[4m".into(),
        Some("rmul") => "\x1b[24m".into(),
        Some("rev") => "\x1b[7m".into(),
        Some("smso") => "\x1b[7m".into(),
        Some("rmso") => "\x1b[27m".into(),
        Some("sgr0") => "\x1b(B\x1b[m".into(),
        Some("civis") => "\x1b[?25l".into(),
        Some("cnorm") => "\x1b[?12l\x1b[?25h".into(),
        Some("smcup") => "\x1b[?1049h\x1b[22;0;0t".into(),
        Some("rmcup") => "\x1b[?1049l\x1b[23;0;0t".into(),
        Some("el") => "\x1b[K".into(),
        Some("ed") => "\x1b[J".into(),
        Some("home") => "\x1b[H".into(),
        Some("bel") => "\x07".into(),
        Some(which @ ("setaf" | "setab")) => {
            let (low, high, extended) = if which == "setaf" { (30, 90, 38) } else { (40, 100, 48) };
            match number(2).unwrap_or(0) {
                color @ 0..=7 => format!("\x1b[{}m", low + color),
                color @ 8..=15 => format!("\x1b[{}m", high + color - 8),
                color => format!("\x1b[{extended};5;{color}m"),
            }
        }
        Some("cup") => format!("\x1b[{};{}H", number(2).unwrap_or(0) + 1, number(3).unwrap_or(0) + 1),
        Some(option) if option.starts_with('-') => {
            return not_simulated(&sys, "tput", &format!("the option {option}")).await;
        }
        Some(other) => return not_simulated(&sys, "tput", &format!("the capability \"{other}\"")).await,
    };
    sys.out(&text).await;
    0
}

async fn tty(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "s|silent|quiet", 2).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let name = sys.ttyname(0);
    if !options.has("s") {
        sys.out(&format!("{}\n", name.as_deref().unwrap_or("not a tty"))).await;
    }
    i32::from(name.is_none())
}

async fn stty(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let (mut modes, mut size) = match (sys.tcgetattr(0), sys.winsize(0)) {
        (Ok(modes), Ok(size)) => (modes, size),
        (Err(errno), _) | (_, Err(errno)) => {
            complain(&sys, name, &format!("{}: {errno}", quote_always("standard input"))).await;
            return 1;
        }
    };
    let mut words = args[1..].iter();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        let (on, setting) = word.strip_prefix('-').map_or((true, word.as_str()), |setting| (false, setting));
        match setting {
            "a" if !on => {
                sys.out(&format!("speed 38400 baud; rows {}; columns {};\n", size.rows, size.cols)).await;
                sys.out(&settings(&modes)).await;
            }
            "size" => sys.out(&format!("{} {}\n", size.rows, size.cols)).await,
            "echo" => modes.echo = on,
            "icanon" => modes.canonical = on,
            "isig" => modes.signals = on,
            "icrnl" => modes.cr_to_nl = on,
            "opost" | "onlcr" => modes.nl_to_crnl = on,
            "tostop" => modes.tostop = on,
            "raw" if on => modes = Termios::RAW,
            "raw" | "cooked" | "sane" => modes = Termios::COOKED,
            "rows" | "cols" | "columns" => {
                let Some(number) = words.next().and_then(|text| text.parse().ok()) else {
                    complain(&sys, name, &format!("missing argument to {}", quote(&sys, setting))).await;
                    return super::usage_hint(&sys, name).await;
                };
                if setting == "rows" {
                    size.rows = number;
                } else {
                    size.cols = number;
                }
                let _ = sys.set_winsize(0, size);
            }
            _ => return not_simulated(&sys, name, &format!("the setting {word}")).await,
        }
    }
    if !any {
        sys.out(&format!("speed 38400 baud; line = 0;\n{}", settings(&modes))).await;
    }
    let _ = sys.tcsetattr(0, modes);
    0
}

fn settings(modes: &Termios) -> String {
    let flags = [
        ("isig", modes.signals),
        ("icanon", modes.canonical),
        ("echo", modes.echo),
        ("icrnl", modes.cr_to_nl),
        ("onlcr", modes.nl_to_crnl),
        ("tostop", modes.tostop),
    ];
    let words: Vec<String> =
        flags.iter().map(|(name, on)| format!("{}{name}", if *on { "" } else { "-" })).collect();
    format!("{}\n", words.join(" "))
}
