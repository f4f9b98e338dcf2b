//! `grep`, `egrep`, `fgrep`: lines that match a pattern.

use super::support::{
    input::close_input,
    pattern::{self, PatternError, Syntax},
    prelude::*,
    program,
};
use regex_lite::Regex;
use std::collections::VecDeque;

program!(PROGRAM, "grep", "Print lines that match patterns", main);
program!(EGREP, "egrep", "Print lines that match extended patterns", egrep);
program!(FGREP, "fgrep", "Print lines that match fixed strings", fgrep);

const TABLE: &str = "E|extended-regexp F|fixed-strings G|basic-regexp P|perl-regexp e:|regexp f:|file i|ignore-case y \
    --no-ignore-case w|word-regexp x|line-regexp z|null-data s|no-messages v|invert-match V|version --help m:|max-count b|byte-offset \
    n|line-number --line-buffered H|with-filename h|no-filename --label: o|only-matching q|quiet|silent a|text \
    --binary-files: I d:|directories !D:|devices r|recursive R|dereference-recursive --include: --exclude: --exclude-dir: \
    L|files-without-match l|files-with-matches c|count !T|initial-tab Z|null A:|after-context B:|before-context C:|context \
    --color?|colour? U|binary";

const MATCH: &str = "\x1b[01;31m\x1b[K";
const NAME: &str = "\x1b[35m\x1b[K";
const NUMBER: &str = "\x1b[32m\x1b[K";
const SEPARATOR: &str = "\x1b[36m\x1b[K";
const OFF: &str = "\x1b[m\x1b[K";

async fn egrep(sys: Sys, args: Args) -> ExitCode {
    run(sys, args, Syntax::Extended).await
}

async fn fgrep(sys: Sys, args: Args) -> ExitCode {
    run(sys, args, Syntax::Fixed).await
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    run(sys, args, Syntax::Basic).await
}

async fn run(sys: Sys, args: Args, default: Syntax) -> ExitCode {
    let args = obsolete(&args);
    let name = &args[0];
    let mut options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, name, &text).await;
            return usage(&sys, name).await;
        }
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, name, &format!("the option {option}")).await;
        }
    };
    sys.cpu(std::time::Duration::from_micros(400)).await;
    for (key, long) in [("V", "-V"), ("help", "--help")] {
        if options.has(key) {
            return not_simulated(&sys, name, &format!("the option {long}")).await;
        }
    }
    let mut patterns: Vec<String> = Vec::new();
    let mut given = false;
    for (key, value) in &options.found {
        match *key {
            "e" => patterns.extend(value.split('\n').map(String::from)),
            "f" => {
                let Some(bytes) = slurp(&sys, name, value).await else { return 2 };
                patterns.extend(String::from_utf8_lossy(&bytes).lines().map(String::from));
            }
            _ => continue,
        }
        given = true;
    }
    if !given {
        if options.operands.is_empty() {
            return usage(&sys, name).await;
        }
        patterns.extend(options.operands.remove(0).split('\n').map(String::from));
    }
    let syntax = match options.last_of(&["E", "F", "G", "P"]) {
        Some("E") => Syntax::Extended,
        Some("F") => Syntax::Fixed,
        Some("G") => Syntax::Basic,
        // Near enough to Perl's: most patterns mean the same in both.
        Some(_) => Syntax::Extended,
        None => default,
    };
    let perl = options.last_of(&["E", "F", "G", "P"]) == Some("P");
    let ignore_case = matches!(options.last_of(&["i", "y", "no-ignore-case"]), Some("i" | "y"));
    let mut regexes = Vec::new();
    if syntax == Syntax::Extended && patterns.iter().any(|pattern| pattern.starts_with('*')) {
        complain(&sys, name, "warning: * at start of expression").await;
    }
    for text in &patterns {
        let compiled = if perl {
            regex_lite::RegexBuilder::new(text)
                .case_insensitive(ignore_case)
                .build()
                .map_err(|_| PatternError::Wrong("unrecognized character follows \\"))
        } else {
            pattern::compile(text, syntax, ignore_case)
        };
        match compiled {
            Ok(regex) => regexes.push(regex),
            Err(PatternError::Wrong(why)) => {
                complain(&sys, name, why).await;
                return 2;
            }
            Err(PatternError::BackReference) => return not_simulated(&sys, name, "a back-reference").await,
        }
    }
    for key in ["A", "B", "C", "m"] {
        if let Some(value) = options.value(key)
            && value.parse::<i64>().is_err()
        {
            let text = if key == "m" {
                "invalid max count".into()
            } else {
                format!("{value}: invalid context length argument")
            };
            complain(&sys, name, &text).await;
            return 2;
        }
    }
    let number = |key| options.value(key).and_then(|text| text.parse::<usize>().ok());
    let recursive = options.has("r") || options.has("R") || options.value("d") == Some("recurse");
    let color = match options.value("color") {
        Some("always" | "yes" | "force") => true,
        Some("" | "auto" | "tty" | "if-tty") => {
            sys.isatty(1) && sys.env("TERM").is_some_and(|term| term != "dumb")
        }
        _ => false,
    };
    let mut files = options.operands.clone();
    if files.is_empty() {
        files.push(if recursive { "." } else { "-" }.to_string());
    }
    let with_name = match options.last_of(&["H", "h"]) {
        Some(key) => key == "H",
        None => options.operands.len() > 1 || recursive,
    };
    let implied = recursive && options.operands.is_empty();
    let out = if options.has("line-buffered") { Out::by_line(&sys) } else { Out::new(&sys) };
    let mut search = Search {
        sys: sys.clone(),
        name,
        regexes,
        before: number("B").or(number("C")).unwrap_or(0),
        after: number("A").or(number("C")).unwrap_or(0),
        context: options.has("A") || options.has("B") || options.has("C"),
        max: number("m").unwrap_or(usize::MAX),
        options: &options,
        with_name,
        color,
        out,
        matched: false,
        failed: false,
        separated: false,
    };
    if recursive {
        search.tree(files, implied).await;
    } else {
        for file in files {
            search.file(&file).await;
            if search.matched && options.has("q") {
                return 0;
            }
        }
    }
    let status = if search.failed { 2 } else { i32::from(!search.matched) };
    search.out.finish(name, status).await
}

/// `-2` is `-C 2`, unless it is the value of an option.
fn obsolete(args: &[String]) -> Args {
    let mut out: Args = Vec::new();
    let mut is_value = false;
    for (at, arg) in args.iter().enumerate() {
        if arg == "--" {
            out.extend_from_slice(&args[at..]);
            break;
        }
        match arg.strip_prefix('-').filter(|digits| digits.parse::<u32>().is_ok() && !is_value) {
            Some(digits) => out.push(format!("-C{digits}")),
            None => out.push(arg.clone()),
        }
        let cluster = arg.strip_prefix('-').unwrap_or("");
        is_value = !cluster.starts_with('-') && cluster.ends_with(['e', 'f', 'm', 'A', 'B', 'C', 'd']);
    }
    out
}

async fn usage(sys: &Sys, name: &str) -> ExitCode {
    sys.err(&format!(
        "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
    ))
    .await;
    2
}

struct Search<'a> {
    sys: Sys,
    name: &'a str,
    regexes: Vec<Regex>,
    before: usize,
    after: usize,
    context: bool,
    max: usize,
    options: &'a Options,
    with_name: bool,
    color: bool,
    out: Out,
    matched: bool,
    failed: bool,
    /// Whether a group of context lines was shown already.
    separated: bool,
}

impl Search<'_> {
    async fn tree(&mut self, roots: Vec<String>, implied: bool) {
        let mut waiting: VecDeque<(String, bool)> = roots.into_iter().map(|root| (root, true)).collect();
        while let Some((path, is_root)) = waiting.pop_front() {
            let base = super::basename::base(&path, "").to_string();
            let facts =
                if is_root || self.options.has("R") { self.sys.stat(&path) } else { self.sys.lstat(&path) };
            let fits = |key: &str| {
                let mut globs = self.options.values(key).peekable();
                globs.peek().is_some() && globs.any(|glob| super::find::glob_matches(glob, &base))
            };
            match facts {
                Ok(stat) if stat.file_type == linux::vfs::FileType::Directory => {
                    if !is_root && fits("exclude-dir") {
                        continue;
                    }
                    let names = self.sys.read_dir(&path).unwrap_or_default();
                    let shown = |name: String| {
                        let prefix = path.trim_end_matches('/');
                        let path = if implied && is_root { name } else { format!("{prefix}/{name}") };
                        (path, false)
                    };
                    let children: Vec<_> = names.into_iter().map(shown).collect();
                    for child in children.into_iter().rev() {
                        waiting.push_front(child);
                    }
                }
                Ok(stat) if stat.file_type == linux::vfs::FileType::Regular || is_root => {
                    let included = self.options.value("include").is_none() || fits("include");
                    if included && !fits("exclude") {
                        self.file(&path).await;
                    }
                }
                Ok(_) => {}
                Err(_) => self.file(&path).await,
            }
            if self.matched && self.options.has("q") {
                return;
            }
        }
    }

    async fn file(&mut self, file: &str) {
        let opened = if file == "-" { Ok(0) } else { self.sys.open(file, linux::fd::OpenFlags::READ, 0) };
        let result = match opened {
            Ok(fd) => {
                let result = self.lines(file, fd).await;
                close_input(&self.sys, fd);
                result
            }
            Err(errno) => Err(errno),
        };
        if let Err(errno) = result {
            if errno == Errno::EISDIR && self.options.value("d") == Some("skip") {
                return;
            }
            self.failed = true;
            if !self.options.has("s") {
                self.out.flush().await;
                complain(&self.sys, self.name, &format!("{file}: {errno}")).await;
            }
        }
    }

    async fn lines(&mut self, file: &str, fd: i32) -> Result<(), Errno> {
        let label =
            if file == "-" { self.options.value("label").unwrap_or("(standard input)") } else { file };
        let end = if self.options.has("z") { 0 } else { b'\n' };
        let quiet = ["q", "c", "l", "L"].iter().any(|key| self.options.has(key));
        let stops_at_first = ["q", "l", "L"].iter().any(|key| self.options.has(key));
        let mut lines = Lines::new(&self.sys, fd).delimited_by(end);
        let mut held: VecDeque<(usize, usize, String)> = VecDeque::new();
        let (mut number, mut offset, mut count, mut trailing, mut last) = (0, 0, 0, 0, 0);
        let mut binary = false;
        while count < self.max || trailing > 0 {
            let Some(bytes) = lines.next().await? else { break };
            let length = bytes.len();
            binary |= end == b'\n' && bytes.contains(&0) && !self.options.has("a");
            let body = bytes.strip_suffix(&[end]).unwrap_or(&bytes);
            let line = String::from_utf8_lossy(body).into_owned();
            number += 1;
            let selected = count < self.max && self.matches(&line) != self.options.has("v");
            if selected {
                count += 1;
                if binary && !quiet {
                    self.out.flush().await;
                    complain(&self.sys, self.name, &format!("{label}: binary file matches")).await;
                    self.matched = true;
                    return Ok(());
                }
                if stops_at_first {
                    break;
                }
                if !quiet {
                    let first = held.front().map_or(number, |(number, ..)| *number);
                    if self.context && self.separated && (last == 0 || last + 1 < first) {
                        self.group_separator().await;
                    }
                    while let Some((number, offset, line)) = held.pop_front() {
                        self.show(label, number, offset, &line, false).await;
                    }
                    self.show(label, number, offset, &line, true).await;
                    self.separated = true;
                    (last, trailing) = (number, self.after);
                }
            } else if trailing > 0 {
                trailing -= 1;
                last = number;
                self.show(label, number, offset, &line, false).await;
            } else if self.before > 0 && !quiet {
                held.push_back((number, offset, line));
                if held.len() > self.before {
                    held.pop_front();
                }
            }
            offset += length;
        }
        let listed = (self.options.has("l") && count > 0) || (self.options.has("L") && count == 0);
        self.matched |= if self.options.has("L") { listed } else { count > 0 };
        if self.options.has("q") {
        } else if listed {
            let end = if self.options.has("Z") { "\0" } else { "\n" };
            let name = self.paint(NAME, label);
            self.out.text(&format!("{name}{end}")).await;
        } else if self.options.has("c") && !stops_at_first {
            let prefix = if self.with_name { self.prefix(label, ':') } else { String::new() };
            self.out.line(&format!("{prefix}{count}")).await;
        }
        Ok(())
    }

    fn matches(&self, line: &str) -> bool {
        self.next_match(line, 0).is_some()
    }

    /// The leftmost match from `from` on, the longest of those that begin there.
    fn next_match(&self, line: &str, from: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for regex in &self.regexes {
            let mut at = from;
            while let Some(found) = regex.find_at(line, at) {
                if self.is_whole(line, found.start(), found.end()) {
                    let (start, end) = (found.start(), found.end());
                    if best.is_none_or(|(s, e)| start < s || start == s && end > e) {
                        best = Some((start, end));
                    }
                    break;
                }
                let next = line[found.start()..].chars().next().map_or(1, char::len_utf8);
                at = found.start() + next;
                if at > line.len() {
                    break;
                }
            }
        }
        best
    }

    fn is_whole(&self, line: &str, start: usize, end: usize) -> bool {
        if self.options.has("x") {
            return start == 0 && end == line.len();
        }
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !self.options.has("w")
            || !word(line[..start].chars().next_back()) && !word(line[end..].chars().next())
    }

    async fn show(&mut self, label: &str, number: usize, offset: usize, line: &str, selected: bool) {
        let mark = if selected { ':' } else { '-' };
        let only = self.options.has("o");
        if only && (!selected || self.options.has("v")) {
            return;
        }
        let mut from = 0;
        let mut painted = String::new();
        let paints = self.color && selected != self.options.has("v");
        while (only || paints) && from <= line.len() {
            let Some((start, end)) = self.next_match(line, from) else { break };
            if only && end > start {
                let prefix = self.line_prefix(label, number, offset + start, mark);
                let text = self.paint(MATCH, &line[start..end]);
                self.out.line(&format!("{prefix}{text}")).await;
            } else if end > start {
                painted.push_str(&line[from..start]);
                painted.push_str(&self.paint(MATCH, &line[start..end]));
            } else {
                let next = line[start..].chars().next().map_or(1, char::len_utf8);
                painted.push_str(line.get(from..start + next).unwrap_or(""));
                from = start + next;
                continue;
            }
            from = end;
        }
        if !only {
            painted.push_str(line.get(from..).unwrap_or(""));
            let prefix = self.line_prefix(label, number, offset, mark);
            let end = if self.options.has("z") { '\0' } else { '\n' };
            self.out.text(&format!("{prefix}{painted}{end}")).await;
        }
    }

    fn line_prefix(&self, label: &str, number: usize, offset: usize, mark: char) -> String {
        let mut prefix = if self.with_name { self.prefix(label, mark) } else { String::new() };
        let shown = [("n", number), ("b", offset)].into_iter().filter(|(key, _)| self.options.has(key));
        for (_, number) in shown {
            prefix.push_str(&self.paint(NUMBER, &number.to_string()));
            prefix.push_str(&self.paint(SEPARATOR, &mark.to_string()));
        }
        prefix
    }

    fn prefix(&self, label: &str, mark: char) -> String {
        let mark =
            if self.options.has("Z") { "\0".to_string() } else { self.paint(SEPARATOR, &mark.to_string()) };
        format!("{}{mark}", self.paint(NAME, label))
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color { format!("{color}{text}{OFF}") } else { text.to_string() }
    }

    async fn group_separator(&mut self) {
        let line = self.paint(SEPARATOR, "--");
        self.out.line(&line).await;
    }
}
