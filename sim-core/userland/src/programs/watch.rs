//! `watch` of procps: a command again and again, full screen.

use super::support::{calendar, child, prelude::*, program, text::width};
use linux::WinSize;
use linux::signal::Disposition;
use std::time::Duration;

program!(PROGRAM, "watch", "Execute a program periodically, showing output fullscreen", main);

const TABLE: &str = "+b|beep c|color C|no-color d?|differences e|errexit g|chgexit q:|equexit n:|interval p|precise !r|no-rerun t|no-title \
    w|no-wrap x|exec !h|help !v|version";

struct Screen {
    rows: usize,
    cols: usize,
    old: Option<Vec<Vec<char>>>,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = args[0].clone();
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, &name, &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, &name, &text).await;
            return usage(&sys).await;
        }
    };
    sys.cpu(Duration::from_millis(2)).await;
    let mut interval = 2.0_f64;
    if let Some(text) = options.value("n") {
        match text.replace(',', ".").parse::<f64>() {
            Ok(seconds) => interval = seconds.clamp(0.1, 2_678_400.0),
            Err(_) => {
                complain(&sys, &name, &format!("failed to parse argument: '{text}': {}", Errno::EINVAL))
                    .await;
                return 1;
            }
        }
    }
    if options.operands.is_empty() {
        return usage(&sys).await;
    }
    let shown = options.operands.join(" ");
    let argv = if options.has("x") {
        options.operands.clone()
    } else {
        vec!["sh".to_string(), "-c".into(), shown.clone()]
    };
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::WINCH] {
        sys.sigaction(signal, Disposition::Catch);
    }
    // Alternate screen, and colours as ncurses begins.
    sys.out("\x1b[?1049h\x1b[22;0;0t\x1b[H\x1b[2J").await;
    let status = watch(&sys, &name, &options, &shown, argv, interval).await;
    let rows = size(&sys).rows;
    sys.out(&format!("\x1b[{rows};1H\x1b[?1049l\x1b[23;0;0t\r\x1b[?1l\x1b>")).await;
    status
}

async fn usage(sys: &Sys) -> ExitCode {
    sys.err(
        "\n\
         Usage:\n\
         \x20watch [options] command\n\
         \n\
         Options:\n\
         \x20 -b, --beep             beep if command has a non-zero exit\n\
         \x20 -c, --color            interpret ANSI color and style sequences\n\
         \x20 -d, --differences[=<permanent>]\n\
         \x20                        highlight changes between updates\n\
         \x20 -e, --errexit          exit if command has a non-zero exit\n\
         \x20 -g, --chgexit          exit when output from command changes\n\
         \x20 -q, --equexit <cycles>\n\
         \x20                        exit when output from command does not change\n\
         \x20 -n, --interval <secs>  seconds to wait between updates\n\
         \x20 -p, --precise          attempt run command in precise intervals\n\
         \x20 -t, --no-title         turn off header\n\
         \x20 -w, --no-wrap          turn off line wrapping\n\
         \x20 -x, --exec             pass command to exec instead of \"sh -c\"\n\
         \n\
         \x20-h, --help     display this help and exit\n\
         \x20-v, --version  output version information and exit\n\
         \n\
         For more details see watch(1).\n",
    )
    .await;
    1
}

fn size(sys: &Sys) -> WinSize {
    sys.winsize(1).or_else(|_| sys.winsize(0)).unwrap_or(WinSize { rows: 24, cols: 80 })
}

async fn watch(sys: &Sys, name: &str, options: &Options, shown: &str, argv: Args, interval: f64) -> ExitCode {
    let title = !options.has("t");
    let pause = Duration::from_secs_f64(interval);
    let mut screen = Screen { rows: 0, cols: 0, old: None };
    let mut before: Option<Vec<Vec<char>>> = None;
    let mut next = sys.now();
    loop {
        let (rows, cols) = (usize::from(size(sys).rows).max(1), usize::from(size(sys).cols).max(1));
        if (rows, cols) != (screen.rows, screen.cols) {
            screen = Screen { rows, cols, old: None };
        }
        let (output, ended) = match child::capture(sys, name, argv.clone(), true).await {
            Ok(result) => result,
            Err(errno) => {
                complain(sys, name, &format!("unable to fork process: {errno}")).await;
                return 2;
            }
        };
        if let Some(status) = stop_signal(sys) {
            return status;
        }
        let failed = ended != WaitStatus::Exited(0);
        let mut lines = Vec::new();
        if title {
            lines.push(header(sys, shown, interval, cols));
            lines.push(Vec::new());
        }
        let from = lines.len();
        lines.extend(layout(&output, cols, rows.saturating_sub(from), !options.has("w"), options.has("c")));
        let body: Vec<Vec<char>> =
            lines[from..].iter().map(|line| line.iter().map(|cell| cell.symbol).collect()).collect();
        let changed = before.as_ref().is_some_and(|before| *before != body);
        let mark = options.has("d").then_some(before.as_ref()).flatten();
        screen.draw(sys, &lines, from, mark, options.has("b") && failed).await;
        if failed && options.has("e") {
            sys.out(&format!(
                "\x1b[{rows};1H\x1b[7mcommand exit with a non-zero status, press a key to exit\x1b[27m"
            ))
            .await;
            let _ = sys.read(0, 1).await;
            return ended.exit_code();
        }
        if changed && options.has("g") {
            return 0;
        }
        before = Some(body);
        next = if options.has("p") { next + pause } else { sys.now() + pause };
        loop {
            let left = next.duration_since(sys.now());
            if left.is_zero() {
                break;
            }
            let _ = sys.sleep(left).await;
            if let Some(status) = stop_signal(sys) {
                return status;
            }
            // A new size is drawn at once.
            if usize::from(size(sys).cols) != screen.cols || usize::from(size(sys).rows) != screen.rows {
                break;
            }
        }
    }
}

/// A signal that ends watch; others are taken and forgotten.
fn stop_signal(sys: &Sys) -> Option<ExitCode> {
    let mut stop = None;
    while let Some(signal) = sys.take_signal() {
        if signal != Signal::WINCH {
            stop = Some(0);
        }
    }
    stop
}

/// `Every 2.0s: date          node1: Mon Jan  5 08:00:00 2026`
fn header(sys: &Sys, command: &str, interval: f64, cols: usize) -> Vec<Cell> {
    let left = format!("Every {interval:.1}s: ");
    let right =
        format!("{}: {}", sys.hostname(), calendar::format("%a %b %e %H:%M:%S %Y", calendar::now(sys)));
    let (left_width, right_width) = (width(&left), width(&right));
    let text = if right_width > cols {
        String::new()
    } else if left_width + width(command) + right_width < cols {
        let gap = cols - left_width - width(command) - right_width;
        format!("{left}{command}{}{right}", " ".repeat(gap))
    } else if left_width + 5 + right_width < cols {
        let room = cols - left_width - right_width - 5;
        let short: String = command.chars().take(room).collect();
        format!("{left}{short}...  {right}")
    } else {
        format!("{right:>cols$}")
    };
    text.chars().map(|symbol| Cell { symbol, style: String::new() }).collect()
}

#[derive(Clone, PartialEq)]
struct Cell {
    symbol: char,
    style: String,
}

/// Output as lines of the screen. Escape sequences are colours, or dropped.
fn layout(output: &[u8], cols: usize, rows: usize, wrap: bool, color: bool) -> Vec<Vec<Cell>> {
    let text = String::from_utf8_lossy(output);
    let mut lines: Vec<Vec<Cell>> = Vec::new();
    let mut line: Vec<Cell> = Vec::new();
    let (mut used, mut style) = (0, String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if lines.len() >= rows {
            break;
        }
        match c {
            '\n' => {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            '\t' => {
                let to = (used / 8 + 1) * 8;
                while used < to.min(cols) {
                    line.push(Cell { symbol: ' ', style: style.clone() });
                    used += 1;
                }
            }
            '\x1b' if chars.peek() == Some(&'[') => {
                chars.next();
                let mut parameters = String::new();
                let mut end = None;
                for c in chars.by_ref() {
                    if c.is_ascii_alphabetic() {
                        end = Some(c);
                        break;
                    }
                    parameters.push(c);
                }
                if end == Some('m') && color {
                    match parameters.as_str() {
                        "" | "0" => style.clear(),
                        parameters => {
                            style = if style.is_empty() {
                                parameters.into()
                            } else {
                                format!("{style};{parameters}")
                            }
                        }
                    }
                }
            }
            c if c.is_control() => {}
            c => {
                let wide = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
                if used + wide > cols {
                    if !wrap {
                        continue;
                    }
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(Cell { symbol: c, style: style.clone() });
                used += wide;
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.truncate(rows);
    lines
}

impl Screen {
    /// Draws the lines that differ from what is there.
    async fn draw(
        &mut self,
        sys: &Sys,
        lines: &[Vec<Cell>],
        from: usize,
        mark: Option<&Vec<Vec<char>>>,
        beep: bool,
    ) {
        let mut text = String::new();
        if self.old.is_none() {
            text.push_str("\x1b[H\x1b[2J");
        }
        let mut now: Vec<Vec<char>> = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let line: &[Cell] = lines.get(row).map_or(&[], Vec::as_slice);
            let old_line =
                mark.filter(|_| row >= from).map(|mark| mark.get(row - from).map_or(&[][..], Vec::as_slice));
            let mut drawn = String::new();
            let mut current = String::new();
            for (at, cell) in line.iter().enumerate() {
                let differs = old_line.is_some_and(|old| old.get(at).copied().unwrap_or(' ') != cell.symbol);
                let style = match (differs, cell.style.is_empty()) {
                    (true, true) => "7".to_string(),
                    (true, false) => format!("{};7", cell.style),
                    (false, _) => cell.style.clone(),
                };
                if style != current {
                    drawn.push_str(&if style.is_empty() {
                        "\x1b[0m".to_string()
                    } else {
                        format!("\x1b[0;{style}m")
                    });
                    current = style;
                }
                drawn.push(cell.symbol);
            }
            if !current.is_empty() {
                drawn.push_str("\x1b[0m");
            }
            let drawn: Vec<char> = drawn.chars().collect();
            let same = self.old.as_ref().is_some_and(|old| old.get(row) == Some(&drawn))
                || self.old.is_none() && drawn.is_empty();
            if !same {
                let full = line.len() >= self.cols;
                text.push_str(&format!("\x1b[{};1H{}", row + 1, drawn.iter().collect::<String>()));
                if !full {
                    text.push_str("\x1b[K");
                }
            }
            now.push(drawn);
        }
        if beep {
            text.push('\x07');
        }
        text.push_str(&format!("\x1b[{};{}H", self.rows, self.cols));
        self.old = Some(now);
        sys.out(&text).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, cols: usize, rows: usize, wrap: bool) -> Vec<String> {
        let lines = layout(text.as_bytes(), cols, rows, wrap, false);
        lines.iter().map(|line| line.iter().map(|cell| cell.symbol).collect()).collect()
    }

    #[test]
    fn output_is_clipped_to_the_screen() {
        assert_eq!(rows("abcdef\ng\nh\n", 4, 3, true), ["abcd", "ef", "g"]);
        assert_eq!(rows("abcdef\ng\nh\n", 4, 2, false), ["abcd", "g"]);
        assert_eq!(rows("a\tb\x1b[31mc\x1b[0m", 20, 2, true), ["a       bc"]);
    }
}
