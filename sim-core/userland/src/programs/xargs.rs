//! `xargs`: standard input as arguments.

use super::support::{child, prelude::*, program};

program!(PROGRAM, "xargs", "Build and execute command lines from standard input", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "+0|null a:|arg-file d:|delimiter !E: !e? I:|replace-all i? L:|max-lines n:|max-args o|open-tty !p|interactive \
        P:|max-procs r|no-run-if-empty s:|max-chars t|verbose x|exit !--process-slot-var: !--show-limits";
    let name = args[0].clone();
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    for key in ["n", "P", "L", "s"] {
        if let Some(text) = options.value(key) {
            let what = if key == "P" { 0 } else { 1 };
            match text.parse::<i64>() {
                Ok(number) if number >= what => {}
                Ok(_) => {
                    complain(&sys, &name, &format!("value {text} for -{key} option should be >= {what}"))
                        .await;
                    return super::usage_hint(&sys, &name).await;
                }
                Err(_) => {
                    complain(&sys, &name, &format!("invalid number \"{text}\" for -{key} option")).await;
                    return super::usage_hint(&sys, &name).await;
                }
            }
        }
    }
    let number = |key| options.value(key).and_then(|text| text.parse::<usize>().ok());
    let mut command = options.operands.clone();
    if command.is_empty() {
        command.push("echo".into());
    }
    let file = options.value("a").unwrap_or("-").to_string();
    let Some(bytes) = slurp(&sys, &name, &file).await else { return 1 };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let replace = match options.last_of(&["I", "i", "n", "L"]) {
        Some("I") => options.value("I").map(String::from),
        Some("i") => Some(options.value("i").filter(|text| !text.is_empty()).unwrap_or("{}").to_string()),
        _ => None,
    };
    let delimiter = match (options.has("0"), options.value("d")) {
        (true, _) => Some('\0'),
        (false, Some(text)) => {
            String::from_utf8_lossy(&super::printf::unescape(text.as_bytes(), true).0).chars().next()
        }
        _ => None,
    };
    let lines: Vec<Vec<String>> = match delimiter {
        Some(delimiter) => {
            let mut items: Vec<&str> = text.split(delimiter).collect();
            if items.last() == Some(&"") {
                items.pop();
            }
            items.into_iter().map(|item| vec![item.to_string()]).collect()
        }
        None => match words(&text, replace.is_some()) {
            Ok(lines) => lines,
            Err(quote) => {
                let text = format!(
                    "unmatched {quote} quote; by default quotes are special to xargs unless you use the -0 option"
                );
                complain(&sys, &name, &text).await;
                return 1;
            }
        },
    };
    let batches: Vec<Args> = match &replace {
        Some(mark) => lines
            .iter()
            .map(|line| {
                let item = line.join(" ");
                command.iter().map(|word| word.replace(mark.as_str(), &item)).collect()
            })
            .collect(),
        None => {
            let groups: Vec<Vec<String>> = match number("L") {
                Some(count) if options.last_of(&["L", "n"]) == Some("L") => {
                    lines.chunks(count).map(|chunk| chunk.concat()).collect()
                }
                _ => {
                    let all: Vec<String> = lines.concat();
                    match number("n") {
                        Some(count) => all.chunks(count).map(<[String]>::to_vec).collect(),
                        None if all.is_empty() => Vec::new(),
                        None => vec![all],
                    }
                }
            };
            let whole = |group: Vec<String>| command.iter().cloned().chain(group).collect::<Args>();
            let mut batches: Vec<Args> = groups.into_iter().map(whole).collect();
            if batches.is_empty() && !options.has("r") {
                batches.push(command.clone());
            }
            batches
        }
    };
    run(&sys, &name, batches, number("P").unwrap_or(1), options.has("t"), file == "-").await
}

async fn run(
    sys: &Sys,
    name: &str,
    batches: Vec<Args>,
    at_once: usize,
    verbose: bool,
    close_input: bool,
) -> ExitCode {
    if close_input && let Ok(null) = sys.open("/dev/null", linux::fd::OpenFlags::READ, 0) {
        // What the commands read is not what is left of ours.
        let _ = sys.dup2(null, 0);
        let _ = sys.close(null);
    }
    let at_once = if at_once == 0 { usize::MAX } else { at_once };
    let mut running: Vec<(i32, String)> = Vec::new();
    let mut status = 0;
    let mut batches = batches.into_iter();
    loop {
        let next = if running.len() < at_once && status < 124 { batches.next() } else { None };
        match next {
            Some(argv) => {
                if verbose {
                    let shown: Vec<String> = argv.iter().map(|word| quote_if_needed(word)).collect();
                    sys.err(&format!("{}\n", shown.join(" "))).await;
                }
                let program = argv[0].clone();
                match child::start(sys, name, argv, sys.environ()) {
                    Ok(pid) => running.push((pid, program)),
                    Err(errno) => {
                        complain(sys, name, &format!("cannot fork: {errno}")).await;
                        return 1;
                    }
                }
            }
            None if running.is_empty() => return status,
            None => {
                let Ok(Some((pid, ended))) = sys.wait(linux::WaitFor::Any, false, false).await else {
                    continue;
                };
                let Some(at) = running.iter().position(|(running, _)| *running == pid) else { continue };
                let (_, program) = running.remove(at);
                match ended {
                    WaitStatus::Exited(0) => {}
                    WaitStatus::Exited(255) => {
                        complain(sys, name, &format!("{program}: exited with status 255; aborting")).await;
                        status = 124;
                    }
                    WaitStatus::Exited(code @ (126 | 127)) => status = code,
                    WaitStatus::Exited(_) => status = status.max(123),
                    WaitStatus::Signaled(signal) => {
                        complain(sys, name, &format!("{program}: terminated by signal {}", signal.number()))
                            .await;
                        status = 125;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Words of each line, with quotes and backslashes; whole lines, without blanks in front, for `-I`.
fn words(text: &str, whole_lines: bool) -> Result<Vec<Vec<String>>, &'static str> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut chars = line.trim_start().chars();
        while let Some(c) = chars.next() {
            match c {
                '\'' | '"' => {
                    let inner = word.get_or_insert_default();
                    loop {
                        match chars.next() {
                            None => return Err(if c == '"' { "double" } else { "single" }),
                            Some(end) if end == c => break,
                            Some(inside) => inner.push(inside),
                        }
                    }
                }
                '\\' => word.get_or_insert_default().extend(chars.next()),
                c if c.is_whitespace() && !whole_lines => words.extend(word.take()),
                c => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        if !words.is_empty() {
            lines.push(words);
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_and_blanks() {
        assert_eq!(words("a 'b c'\n\n d\\ e\n", false).unwrap(), [vec!["a", "b c"], vec!["d e"]]);
        assert_eq!(words("  a b\n", true).unwrap(), [["a b"]]);
        assert_eq!(words("it's", false), Err("single"));
    }
}
