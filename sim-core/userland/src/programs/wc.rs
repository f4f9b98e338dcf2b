//! `wc`: lines, words and bytes.

use super::support::{input::close_input, prelude::*, program, text::width};

program!(PROGRAM, "wc", "Print newline, word, and byte counts", main);

#[derive(Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    longest: u64,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "l|lines w|words m|chars c|bytes L|max-line-length !--files0-from:";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut columns: Vec<&str> =
        ["l", "w", "m", "c", "L"].into_iter().filter(|key| options.has(key)).collect();
    if columns.is_empty() {
        columns = vec!["l", "w", "c"];
    }
    let mut results: Vec<(Counts, Option<String>)> = Vec::new();
    let mut total = Counts::default();
    let mut status = 0;
    let mut irregular = false;
    let mut size = 0;
    let mut failures = Vec::new();
    for file in options.files() {
        let Some(fd) = open_input(&sys, name, &file).await else {
            status = 1;
            continue;
        };
        match sys.fstat(fd) {
            Ok(stat) if stat.file_type == linux::vfs::FileType::Regular => size += stat.size,
            _ => irregular = true,
        }
        let counted = count(&sys, fd).await;
        close_input(&sys, fd);
        let counts = match counted {
            Ok(counts) => counts,
            Err(errno) => {
                status = 1;
                failures.push(format!("{}: {errno}", quote_if_needed(&file)));
                Counts::default()
            }
        };
        total.lines += counts.lines;
        total.words += counts.words;
        total.chars += counts.chars;
        total.bytes += counts.bytes;
        total.longest = total.longest.max(counts.longest);
        let shown = !options.operands.is_empty();
        results.push((counts, shown.then_some(file)));
    }
    for failure in failures {
        complain(&sys, name, &failure).await;
    }
    // As wide as the size of all files needs; what cannot be known beforehand gets seven.
    let one_number = columns.len() == 1 && options.files().len() == 1;
    let mut digits = if one_number { 1 } else { size.to_string().len() };
    if irregular && !one_number {
        digits = digits.max(7);
    }
    if options.operands.len() > 1 {
        results.push((total, Some("total".into())));
    }
    let mut out = Out::new(&sys);
    for (counts, label) in results {
        let numbers: Vec<String> = columns
            .iter()
            .map(|column| match *column {
                "l" => counts.lines,
                "w" => counts.words,
                "m" => counts.chars,
                "c" => counts.bytes,
                _ => counts.longest,
            })
            .map(|number| format!("{number:>digits$}"))
            .collect();
        let label = label.map(|label| format!(" {label}")).unwrap_or_default();
        out.line(&format!("{}{label}", numbers.join(" "))).await;
    }
    out.finish(name, status).await
}

async fn count(sys: &Sys, fd: i32) -> Result<Counts, Errno> {
    let mut counts = Counts::default();
    let mut lines = Lines::new(sys, fd);
    while let Some(line) = lines.next().await? {
        let text = String::from_utf8_lossy(&line);
        counts.lines += u64::from(line.last() == Some(&b'\n'));
        counts.words += text.split_whitespace().count() as u64;
        counts.chars += text.chars().count() as u64;
        counts.bytes += line.len() as u64;
        counts.longest = counts.longest.max(width(text.trim_end_matches('\n')) as u64);
    }
    Ok(counts)
}
