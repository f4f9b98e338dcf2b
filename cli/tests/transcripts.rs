//! Transcripts (`tests/transcripts/**/*.md`): `$ command` and what it prints, each file on a fresh cluster.
//!
//! A block of ```` ```console ```` is a session of one bash, outside of the cluster where the file says `place: laptop`, with a
//! metrics server where it says `profile: metrics`. A line `? 1` behind a command is its exit status, if that is
//! not 0. A line with `...` alone stands for any lines, `[..]` for anything within a line. `PODIUM_UPDATE=1` rewrites
//! the files with what is printed now.

use podium::record::replay;
use podium::world::World;
use serde_json::{Value, json};
use sim_core::{Config, Place};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[test]
fn transcripts_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/transcripts");
    let mut failures = String::new();
    let mut files = Vec::new();
    find(&folder, &mut files);
    assert!(!files.is_empty(), "there are transcripts in {}", folder.display());
    for file in files {
        failures += &check(&file);
    }
    assert!(failures.is_empty(), "{failures}");
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

struct Step {
    command: String,
    expected: String,
}

/// The text between the blocks, and the steps of each block.
fn read(text: &str) -> Vec<(String, Vec<Step>)> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(prose, "{line}");
        if line != "```console" {
            continue;
        }
        let mut steps: Vec<Step> = Vec::new();
        for line in lines.by_ref().take_while(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_string(), expected: String::new() });
            } else if let Some(more) =
                line.strip_prefix("> ").filter(|_| steps.last().is_some_and(|s| s.expected.is_empty()))
            {
                let step = steps.last_mut().expect("there is one");
                let _ = write!(step.command, "\n{more}");
            } else if let Some(step) = steps.last_mut() {
                let _ = writeln!(step.expected, "{line}");
            }
        }
        parts.push((std::mem::take(&mut prose), steps));
        prose.push_str("```\n");
    }
    parts.push((prose, Vec::new()));
    parts
}

fn check(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("the transcript can be read");
    let place = if text.contains("place: laptop") { Place::Laptop } else { Place::Lab };
    let parts = read(&text);
    let mut rows = vec![json!({"meta": {"files": {}}})];
    rows.extend(parts.iter().flat_map(|(_, steps)| steps).map(|step| json!({"cmd": step.command, "t": 0.0})));
    let config = Config { metrics: text.contains("profile: metrics"), ..Config::default() };
    let ours = replay(World::new(config), place, &rows);
    let mut answers = ours.iter().skip(1);
    let (mut failures, mut rewritten) = (String::new(), String::new());
    for (prose, steps) in &parts {
        rewritten += prose;
        for step in steps {
            let printed = printed(answers.next().expect("an answer for each command"));
            let _ = writeln!(rewritten, "$ {}", step.command.replace('\n', "\n> "));
            if matches(&step.expected, &printed) {
                rewritten += &step.expected;
            } else {
                rewritten += &printed;
                let _ = writeln!(
                    failures,
                    "{}: $ {}\n--- expected\n{}--- printed\n{printed}",
                    path.display(),
                    step.command,
                    step.expected
                );
            }
        }
    }
    if !failures.is_empty() && std::env::var_os("PODIUM_UPDATE").is_some() {
        std::fs::write(path, rewritten).expect("the transcript can be written");
        return String::new();
    }
    failures
}

fn printed(answer: &Value) -> String {
    let mut text = String::new();
    for stream in ["stdout", "stderr"] {
        let piece = answer[stream].as_str().unwrap_or("");
        text += piece;
        if !piece.is_empty() && !piece.ends_with('\n') {
            text.push('\n');
        }
    }
    if answer["rc"] != json!(0) {
        let _ = writeln!(text, "? {}", answer["rc"]);
    }
    text
}

/// Whether a text is as expected, `...` and `[..]` standing for anything.
fn matches(expected: &str, printed: &str) -> bool {
    fn lines(expected: &[&str], printed: &[&str]) -> bool {
        match expected.split_first() {
            None => printed.is_empty(),
            Some((&"...", rest)) => (0..=printed.len()).any(|skip| lines(rest, &printed[skip..])),
            Some((first, rest)) => {
                printed.split_first().is_some_and(|(line, left)| one(first, line) && lines(rest, left))
            }
        }
    }
    fn one(pattern: &str, line: &str) -> bool {
        match pattern.split_once("[..]") {
            None => pattern == line,
            Some((head, tail)) => {
                let Some(left) = line.strip_prefix(head) else { return false };
                (0..=left.len()).filter(|&at| left.is_char_boundary(at)).any(|at| one(tail, &left[at..]))
            }
        }
    }
    lines(&expected.lines().collect::<Vec<_>>(), &printed.lines().collect::<Vec<_>>())
}

#[test]
fn patterns_stand_for_anything() {
    assert!(matches("a\n...\nz\n", "a\nb\nc\nz\n"));
    assert!(matches("pod-[..] is [..]\n", "pod-x is fine\n"));
    assert!(!matches("a\n", "a\nb\n"));
}
