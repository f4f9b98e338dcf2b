//! Programs against recordings of the real ones (GNU coreutils 9.1, grep 3.8, sed 4.9, findutils 4.9, diffutils 3.8,
//! procps 4.0 of Debian 12): the same files, the same words, the same bytes back.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "recorded/runner.rs"]
#[allow(dead_code, reason = "these recordings share their files, and may meet what is not simulated")]
mod runner;

use linux::File;
use serde_json::Value;
use std::fmt::Write as _;

/// What a run gave.
#[derive(Debug, PartialEq)]
struct Result {
    stdout: String,
    stderr: String,
    status: i32,
}

/// Runs a program as root in `/t`, where the files are.
fn run(files: &Value, argv: &[String], stdin: Option<&str>) -> Result {
    let mut all = vec![
        ("/etc/passwd".to_string(), "root:x:0:0:root:/root:/bin/bash\n"),
        ("/etc/group".to_string(), "root:x:0:\n"),
    ];
    let own = files.as_object().unwrap().iter();
    all.extend(own.map(|(name, contents)| (format!("/t/{name}"), contents.as_str().unwrap())));
    let input = stdin.map_or_else(File::null, |name| File::from_bytes(files[name].as_str().unwrap()));
    let (stdout, stderr, status) = runner::program(&all, argv.to_vec(), input);
    Result { stdout, stderr, status }
}

#[test]
fn programs_do_what_the_real_ones_do() {
    let mut lines = include_str!("programs/recorded.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let meta = lines.next().unwrap();
    let files = &meta["meta"]["files"];
    let mut report = String::new();
    let (mut count, mut wrong) = (0, 0);
    for case in lines {
        let argv = runner::words(&case["argv"]);
        let text = |key: &str| case[key].as_str().unwrap().to_string();
        let expected = Result {
            stdout: text("stdout"),
            stderr: text("stderr"),
            status: (case["rc"].as_i64().unwrap() as i32 + 256) % 256,
        };
        let got = run(files, &argv, case["stdin"].as_str());
        count += 1;
        // An option that is not simulated says so, and that is right, too.
        if got.stderr.ends_with(" is not simulated\n") && got.status == 2 {
            let _ = writeln!(report, "not simulated: {argv:?}: {}", got.stderr.trim_end());
            continue;
        }
        if got != expected {
            wrong += 1;
            let _ = writeln!(report, "{argv:?} < {}\n  real {expected:?}\n  ours {got:?}", case["stdin"]);
        }
    }
    assert!(wrong == 0, "{wrong} of {count} differ\n{report}");
}
