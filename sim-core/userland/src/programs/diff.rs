//! `diff`: what differs between two files, in the normal and the unified format.

use super::support::{calendar, prelude::*, program};
use linux::vfs::FileType;
use sim::Ordered;

program!(PROGRAM, "diff", "Compare files line by line", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "u U:|unified? q|brief s|report-identical-files i|ignore-case w|ignore-all-space b|ignore-space-change \
        B|ignore-blank-lines N|new-file L:|label a|text --color? !c !C: !y|side-by-side !r|recursive !e|ed !n !E !Z !t !p !x: !--strip-trailing-cr";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 2).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let [left, right] = options.operands.as_slice() else {
        let text = match options.operands.as_slice() {
            [] => format!("missing operand after '{name}'"),
            [one] => format!("missing operand after '{one}'"),
            [.., extra] => format!("extra operand '{extra}'"),
        };
        complain(&sys, name, &text).await;
        sys.err(&format!("{name}: Try '{name} --help' for more information.\n")).await;
        return 2;
    };
    let is_directory = |path: &str| sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory);
    if is_directory(left) && is_directory(right) {
        return directories(&sys, name, &args, &options, [left, right]).await;
    }
    let mut paths = [left.clone(), right.clone()];
    if is_directory(left) {
        paths[0] = format!("{left}/{}", super::basename::base(right, ""));
    } else if is_directory(right) {
        paths[1] = format!("{right}/{}", super::basename::base(left, ""));
    }
    files(&sys, name, &options, paths, "").await
}

/// Compares the files of two directories that have the same names; with `-N`, also those that only one has.
async fn directories(
    sys: &Sys,
    name: &str,
    args: &[String],
    options: &Options,
    sides: [&String; 2],
) -> ExitCode {
    let listed = |side: &str| sys.read_dir(side).unwrap_or_default();
    let [left, right] = sides.map(|side| listed(side));
    let mut all: Vec<&String> = left.iter().chain(&right).collect();
    all.order();
    all.dedup();
    let given: Vec<&str> =
        args[1..].iter().filter(|arg| arg.starts_with('-') && arg.len() > 1).map(String::as_str).collect();
    let mut status = 0;
    for file in all {
        let paths = sides.map(|side| format!("{}/{file}", side.trim_end_matches('/')));
        let there = [left.contains(file), right.contains(file)];
        if !options.has("N") && there != [true, true] {
            let side = if there[0] { sides[0] } else { sides[1] };
            sys.out(&format!("Only in {side}: {file}\n")).await;
            status = status.max(1);
            continue;
        }
        let is_directory =
            |path: &String| sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory);
        if paths.iter().any(is_directory) {
            sys.out(&format!("Common subdirectories: {} and {}\n", paths[0], paths[1])).await;
            continue;
        }
        let words: Vec<&str> = [name].into_iter().chain(given.iter().copied()).collect();
        let header = format!("{} {} {}\n", words.join(" "), paths[0], paths[1]);
        status = status.max(files(sys, name, options, paths, &header).await);
    }
    status
}

/// Compares two files; the header comes before what differs.
async fn files(sys: &Sys, name: &str, options: &Options, paths: [String; 2], header: &str) -> ExitCode {
    let mut texts = Vec::new();
    for path in &paths {
        let missing = options.has("N") && sys.stat(path).is_err() && path != "-";
        let bytes = if missing { Some(Vec::new()) } else { slurp(sys, name, path).await };
        let Some(bytes) = bytes else { return 2 };
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let key = |line: &str| -> String {
        let line = if options.has("i") { line.to_lowercase() } else { line.to_string() };
        if options.has("w") {
            line.split_whitespace().collect()
        } else if options.has("b") {
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            line
        }
    };
    let a: Vec<&str> = texts[0].split_inclusive('\n').collect();
    let b: Vec<&str> = texts[1].split_inclusive('\n').collect();
    let a_keys: Vec<String> = a.iter().map(|line| key(line)).collect();
    let b_keys: Vec<String> = b.iter().map(|line| key(line)).collect();
    if a_keys.len() * b_keys.len() > 25_000_000 {
        return not_simulated(sys, name, "comparing files of this size").await;
    }
    sys.cpu(std::time::Duration::from_nanos((a.len() * b.len()) as u64 / 4 + 1000)).await;
    let mut hunks = changes(&a_keys, &b_keys);
    if options.has("B") {
        let blank = |lines: &[&str]| lines.iter().all(|line| line.trim().is_empty());
        hunks.retain(|hunk| !blank(&a[hunk.a.0..hunk.a.1]) || !blank(&b[hunk.b.0..hunk.b.1]));
    }
    if hunks.is_empty() {
        if options.has("s") {
            sys.out(&format!("Files {} and {} are identical\n", paths[0], paths[1])).await;
        }
        return 0;
    }
    if options.has("q") {
        sys.out(&format!("Files {} and {} differ\n", paths[0], paths[1])).await;
        return 1;
    }
    let context = options
        .value("U")
        .and_then(|text| text.parse().ok())
        .or_else(|| (options.has("u") || options.has("U")).then_some(3));
    let text = match context {
        Some(context) => {
            let mut labels = options.values("L");
            let mut head = String::new();
            for (mark, path) in ["---", "+++"].iter().zip(&paths) {
                let label = labels.next().map_or_else(
                    || {
                        let at = sys.stat(path).map_or_else(|_| sys.clock(), |stat| stat.mtime.timestamp());
                        format!("{path}\t{}", calendar::format("%Y-%m-%d %H:%M:%S.%N %z", at))
                    },
                    String::from,
                );
                head.push_str(&format!("{mark} {label}\n"));
            }
            head + &unified(&a, &b, &hunks, context)
        }
        None => normal(&a, &b, &hunks),
    };
    let color = match options.value("color") {
        Some("always") => true,
        Some("" | "auto") => sys.isatty(1),
        _ => false,
    };
    let text = if color { paint(&text) } else { text };
    let mut out = Out::new(sys);
    out.text(header).await;
    out.text(&text).await;
    out.finish(name, 1).await
}

/// Lines from..to of both sides that stand for one another.
#[derive(Clone, Debug, PartialEq)]
struct Hunk {
    a: (usize, usize),
    b: (usize, usize),
}

/// The fewest changed lines, by the length of the longest common subsequence.
fn changes(a: &[String], b: &[String]) -> Vec<Hunk> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (rows, cols) = (a.len() - start - end, b.len() - start - end);
    let at = |i: usize, j: usize| i * (cols + 1) + j;
    let mut longest = vec![0_u32; (rows + 1) * (cols + 1)];
    for i in (0..rows).rev() {
        for j in (0..cols).rev() {
            longest[at(i, j)] = if a[start + i] == b[start + j] {
                longest[at(i + 1, j + 1)] + 1
            } else {
                longest[at(i + 1, j)].max(longest[at(i, j + 1)])
            };
        }
    }
    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < rows || j < cols {
        if i < rows && j < cols && a[start + i] == b[start + j] {
            i += 1;
            j += 1;
            continue;
        }
        let (from_i, from_j) = (i, j);
        while (i < rows || j < cols) && !(i < rows && j < cols && a[start + i] == b[start + j]) {
            if i < rows && (j == cols || longest[at(i + 1, j)] >= longest[at(i, j + 1)]) {
                i += 1;
            } else {
                j += 1;
            }
        }
        hunks.push(Hunk { a: (start + from_i, start + i), b: (start + from_j, start + j) });
    }
    hunks
}

fn push(out: &mut String, mark: &str, line: &str) {
    out.push_str(mark);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

fn normal(a: &[&str], b: &[&str], hunks: &[Hunk]) -> String {
    let mut out = String::new();
    let range = |(from, to): (usize, usize)| match to - from {
        0 => from.to_string(),
        1 => to.to_string(),
        _ => format!("{},{to}", from + 1),
    };
    for hunk in hunks {
        let (gone, new) = (hunk.a.1 > hunk.a.0, hunk.b.1 > hunk.b.0);
        let letter = match (gone, new) {
            (true, true) => 'c',
            (true, false) => 'd',
            _ => 'a',
        };
        out.push_str(&format!("{}{letter}{}\n", range(hunk.a), range(hunk.b)));
        a[hunk.a.0..hunk.a.1].iter().for_each(|line| push(&mut out, "< ", line));
        if letter == 'c' {
            out.push_str("---\n");
        }
        b[hunk.b.0..hunk.b.1].iter().for_each(|line| push(&mut out, "> ", line));
    }
    out
}

fn unified(a: &[&str], b: &[&str], hunks: &[Hunk], context: usize) -> String {
    let mut out = String::new();
    let mut rest = hunks;
    while let Some(first) = rest.first() {
        let joined = rest.windows(2).take_while(|pair| pair[1].a.0 - pair[0].a.1 <= 2 * context).count() + 1;
        let (group, after) = rest.split_at(joined);
        rest = after;
        let last = &group[joined - 1];
        let before = context.min(first.a.0);
        let tail = context.min(a.len() - last.a.1);
        let (a_from, a_to) = (first.a.0 - before, last.a.1 + tail);
        let (b_from, b_to) = (first.b.0 - before, last.b.1 + tail);
        let range = |from: usize, to: usize| match to - from {
            0 => format!("{from},0"),
            1 => to.to_string(),
            count => format!("{},{count}", from + 1),
        };
        out.push_str(&format!("@@ -{} +{} @@\n", range(a_from, a_to), range(b_from, b_to)));
        let mut at = a_from;
        for hunk in group {
            a[at..hunk.a.0].iter().for_each(|line| push(&mut out, " ", line));
            a[hunk.a.0..hunk.a.1].iter().for_each(|line| push(&mut out, "-", line));
            b[hunk.b.0..hunk.b.1].iter().for_each(|line| push(&mut out, "+", line));
            at = hunk.a.1;
        }
        a[at..a_to].iter().for_each(|line| push(&mut out, " ", line));
    }
    out
}

fn paint(text: &str) -> String {
    let paint_line = |line: &str| {
        let color = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "1",
            [b'-' | b'<', ..] => "31",
            [b'+' | b'>', ..] => "32",
            [b'@', ..] => "36",
            [b'0'..=b'9', ..] => "36",
            _ => return format!("{line}\n"),
        };
        format!("\x1b[{color}m{line}\x1b[0m\n")
    };
    text.lines().map(paint_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(a: &str, b: &str, context: Option<usize>) -> String {
        let a: Vec<&str> = a.split_inclusive('\n').collect();
        let b: Vec<&str> = b.split_inclusive('\n').collect();
        let keys = |lines: &[&str]| lines.iter().map(|line| line.to_string()).collect::<Vec<_>>();
        let hunks = changes(&keys(&a), &keys(&b));
        match context {
            Some(context) => unified(&a, &b, &hunks, context),
            None => normal(&a, &b, &hunks),
        }
    }

    #[test]
    fn both_formats() {
        assert_eq!(diff("a\nb\nc\n", "a\nx\nc\nd\n", None), "2c2\n< b\n---\n> x\n3a4\n> d\n");
        assert_eq!(diff("a\nb\nc\n", "a\nc\n", None), "2d1\n< b\n");
        assert_eq!(diff("a\nb\nc\n", "a\nx\nc\n", Some(3)), "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
        assert_eq!(diff("a", "a\n", None), "1c1\n< a\n\\ No newline at end of file\n---\n> a\n");
    }
}
