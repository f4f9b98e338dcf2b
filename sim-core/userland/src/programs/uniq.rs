//! `uniq`: repeated lines.

use super::support::{prelude::*, program};

program!(PROGRAM, "uniq", "Report or omit repeated lines", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "c|count d|repeated D !--all-repeated? f:|skip-fields i|ignore-case s:|skip-chars u|unique w:|check-chars \
        z|zero-terminated !--group?";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let number = |key| options.value(key).and_then(|text| text.parse::<usize>().ok());
    let (fields, chars, check) = (number("f").unwrap_or(0), number("s").unwrap_or(0), number("w"));
    let of_line = |line: &str| -> String {
        let mut rest = line;
        for _ in 0..fields {
            rest = rest.trim_start_matches([' ', '\t']);
            rest = &rest[rest.find([' ', '\t']).unwrap_or(rest.len())..];
        }
        let key: String = rest.chars().skip(chars).take(check.unwrap_or(usize::MAX)).collect();
        if options.has("i") { key.to_lowercase() } else { key }
    };
    if let Some(extra) = options.operands.get(2) {
        complain(&sys, name, &format!("extra operand {}", quote(&sys, extra))).await;
        return super::usage_hint(&sys, name).await;
    }
    let file = options.operands.first().map_or("-", String::as_str);
    let Some(fd) = open_input(&sys, name, file).await else { return 1 };
    if let Some(target) = options.operands.get(1).filter(|target| *target != "-") {
        match sys.open(target, linux::fd::OpenFlags::CREATE, 0o666).and_then(|to| sys.dup2(to, 1)) {
            Ok(()) => {}
            Err(errno) => {
                complain(&sys, name, &format!("{}: {errno}", quote_if_needed(target))).await;
                return 1;
            }
        }
    }
    let end = if options.has("z") { '\0' } else { '\n' };
    let mut lines = Lines::new(&sys, fd).delimited_by(end as u8);
    let mut out = Out::new(&sys);
    let mut group: Vec<String> = Vec::new();
    loop {
        let line = match lines.next_text().await {
            Ok(line) => line,
            Err(errno) => {
                complain(&sys, name, &format!("error reading {}: {errno}", quote_always(file))).await;
                return 1;
            }
        };
        let continues =
            matches!((&line, group.first()), (Some(line), Some(first)) if of_line(line) == of_line(first));
        if !continues && let Some(first) = group.first() {
            let count = group.len();
            let wanted = match () {
                () if options.has("d") && options.has("u") => false,
                () if options.has("D") => false,
                () if options.has("d") => count > 1,
                () if options.has("u") => count == 1,
                () => true,
            };
            if options.has("D") && count > 1 {
                for line in &group {
                    out.text(&format!("{line}{end}")).await;
                }
            } else if wanted && options.has("c") {
                out.text(&format!("{count:7} {first}{end}")).await;
            } else if wanted {
                out.text(&format!("{first}{end}")).await;
            }
            group.clear();
        }
        match line {
            // All are the same, but only -D shows them again.
            Some(line) => group.push(line),
            None => break,
        }
    }
    out.finish(name, 0).await
}
