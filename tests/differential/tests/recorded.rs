//! The simulated cluster against what a real one answered (`tests/oracle`).

#![allow(clippy::print_stdout, reason = "a test tool prints")]

use differential::{Answer, help};
use fancy_regex::Regex;
use podium::record::{SEED, recorded_world, replay};
use serde_json::Value;
use sim_core::{Config, Place};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Letters and digits of generated names.
const SAFE: &str = "bcdfghjklmnpqrstvwxz2456789";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../oracle")
}

/// What cannot be the same, and what newer versions are known to word differently.
fn masks() -> Vec<(Regex, &'static str)> {
    let generated = format!("-[{SAFE}]{{6,10}}-[{SAFE}]{{5}}\\b");
    let suffix = format!("-(?!https\\b)[{SAFE}]{{5}}\\b");
    let hash = format!("(pod-template-hash[=:] ?\"?)[{SAFE}]{{5,10}}");
    let table: Vec<(&str, &'static str)> = vec![
        (r"[A-Z]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (\S+?):\d+\]", "KLOG $1]"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
        (r"\b(?:sha256:)?[0-9a-f]{64}\b", "HEX64"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b", "TIME"),
        (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
        (r"\bin \d+(?:\.\d+)?(?:s|ms|µs)(?: \(\d+(?:\.\d+)?(?:s|ms) including waiting\))?", "in DUR"),
        (r#"("?resourceVersion"?: )"\d+""#, "${1}RV"),
        (r#"("?generation"?: )\d+"#, "${1}GEN"),
        (r"\bv1\.\d+\.\d+\b", "vVERSION"),
        (&generated, "-HASH-RAND"),
        (&suffix, "-RAND"),
        (&hash, "${1}HASH"),
        (r"\b10\.(?!96\.0\.10?\b|10\.0\.1[1-3]\b)\d+\.\d+\.\d+\b", "ADDR"),
        (r"\b3[0-2]\d{3}\b", "NODEPORT"),
        (r"\.[0-9a-f]{16}\b", ".EVENT"),
        (
            r"\b(?:\d+d)?(?:\d+h)?(?:\d+m)?\d+s\b|\b(?:\d+d)?(?:\d+h)?\d+m\b|\b(?:\d+d)?\d+h\b|(?<=\s)\d+d\b|<invalid>",
            "AGE",
        ),
        (r"(?m)^Warning: v1 (?:Endpoints|ComponentStatus) is deprecated.*\n?", ""),
        (r"(Scaled (?:up|down) replica set \S+) from \d+ to", "$1 to"),
        (r"Created container: ", "Created container "),
        (r"(Successfully pulled image \S+ in DUR)\.?(?: Image size: \d+ bytes\.)?", "$1"),
        (r"control-plane,master", "control-plane"),
        (r"(?m)^.*node-role\.kubernetes\.io/master=?.*\n?", ""),
        (r"\b(\d+) \(AGE ago\)", "$1"),
    ];
    table.into_iter().map(|(pattern, to)| (Regex::new(pattern).expect("a valid expression"), to)).collect()
}

struct Comparison {
    masks: Vec<(Regex, &'static str)>,
    drawn: Vec<String>,
}

impl Comparison {
    fn new(rows: &[&[Value]]) -> Self {
        let name = Regex::new(&format!(r"\b[a-z][a-z0-9-]*?-(?=[{SAFE}]*[2456789])[{SAFE}]{{5,10}}\b"))
            .expect("valid");
        let mut drawn = BTreeSet::new();
        for row in rows.iter().copied().flatten() {
            for stream in ["stdout", "stderr"] {
                let text = row[stream].as_str().unwrap_or("");
                drawn.extend(name.find_iter(text).flatten().map(|found| found.as_str().to_string()));
            }
        }
        let mut drawn: Vec<String> = drawn.into_iter().collect();
        drawn.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Comparison { masks: masks(), drawn }
    }

    fn lines(&self, row: &Value, stream: &str) -> Vec<String> {
        let mut text = row[stream].as_str().unwrap_or("").to_string();
        for (expression, to) in &self.masks {
            text = expression.replace_all(&text, *to).into_owned();
        }
        for name in &self.drawn {
            if text.contains(name.as_str()) {
                let stem = name.rsplit_once('-').map_or(name.as_str(), |(stem, _)| stem);
                text = text.replace(name.as_str(), &format!("{stem}-DRAWN"));
            }
        }
        let command = row["cmd"].as_str().unwrap_or("");
        let about_nodes = Regex::new(r"\bnodes?\b|node\d").expect("valid");
        if !about_nodes.is_match(command).unwrap_or(false) {
            let node = Regex::new(r"\bnode[1-9]\b|\b10\.10\.0\.1[1-9]\b").expect("valid");
            text = node.replace_all(&text, "NODE").into_owned();
        }
        let blanks = Regex::new(" {2,}").expect("valid");
        let lines: Vec<String> = text
            .trim_end_matches('\n')
            .split('\n')
            .map(|line| blanks.replace_all(line, "  ").trim_end().to_string())
            .collect();
        lines
    }

    fn same(&self, real: &Value, ours: &Value) -> bool {
        let all = |row: &Value| {
            let mut lines: Vec<String> = ["stdout", "stderr"]
                .iter()
                .flat_map(|stream| {
                    self.lines(row, stream).into_iter().map(move |line| format!("{stream}| {line}"))
                })
                .collect();
            lines.sort();
            lines
        };
        real["rc"] == ours["rc"] && all(real) == all(ours)
    }
}

/// The commands that are not compared to the letter.
struct Known {
    /// Differ for an upstream change: not compared.
    changed: Vec<Regex>,
    /// Print help texts, ours in our own words: what they state is compared.
    own_words: Vec<Regex>,
}

impl Known {
    fn read() -> Known {
        let expressions = |name: &str| -> Vec<Regex> {
            let text = std::fs::read_to_string(folder().join(name)).expect("the file is there");
            let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines
                .map(|line| line.split('\t').next().unwrap_or(line))
                .map(|expression| Regex::new(expression).expect("a valid expression"))
                .collect()
        };
        Known { changed: expressions("known-differences.tsv"), own_words: expressions("help-texts.txt") }
    }
}

fn any(expressions: &[Regex], command: &str) -> bool {
    expressions.iter().any(|expression| expression.is_match(command).unwrap_or(false))
}

/// What a help text states, in place of its words.
fn stated(row: &Value) -> Value {
    let text = |stream: &str| row[stream].as_str().unwrap_or("").to_string();
    let answer = Answer { stdout: text("stdout"), stderr: text("stderr"), status: None };
    let stated = help::stated(&answer);
    let mut row = row.clone();
    row["stdout"] = stated.stdout.into();
    row["stderr"] = stated.stderr.into();
    row
}

/// Replays a transcript; gives how many commands there are to compare, and which of them differ.
fn compare(name: &str, known: &Known) -> (usize, Vec<String>) {
    let text =
        std::fs::read_to_string(folder().join(format!("{name}.jsonl"))).expect("the transcript is there");
    let rows: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect();
    let ours = replay(recorded_world(Config { seed: SEED, ..Config::default() }), Place::Lab, &rows);
    let comparison = Comparison::new(&[&rows, &ours]);
    let (mut total, mut differing) = (0, Vec::new());
    for (real, ours) in rows.iter().zip(&ours) {
        let Some(command) = real["cmd"].as_str() else { continue };
        if any(&known.changed, command) {
            continue;
        }
        total += 1;
        let same = if any(&known.own_words, command) {
            let (real, ours) = (stated(real), stated(ours));
            assert!(real["stdout"] != "" || real["stderr"] != "", "{command}: nothing is stated");
            comparison.same(&real, &ours)
        } else {
            comparison.same(real, ours)
        };
        if !same {
            differing.push(command.to_string());
        }
    }
    (total, differing)
}

/// The transcripts, and how many of a hundred commands have to be equal in each. What is missing to a hundred is the
/// pace of the recording's stand-in for kubelet, and what `SUPPORT.md` names.
const FLOORS: &[(&str, usize)] = &[
    ("a1-deck", 98),
    ("b1-services", 98),
    ("b2-create-service", 97),
    ("c1-formats", 97),
    ("c2-watch", 100),
    ("c3-dryrun", 100),
    ("c4-meta", 97),
    ("d1-rollout", 92),
    ("d2-scale", 97),
    ("e1-labels", 98),
    ("e2-namespaces", 97),
    ("e3-jobs", 75),
    ("e4-nodes", 97),
    ("e6-pod-problems", 75),
    ("f1-errors", 100),
];

/// How many of a hundred commands have to be equal in all of them together.
const FLOOR: usize = 97;

#[test]
fn recorded_commands_are_answered_as_a_real_cluster_did() {
    let known = Known::read();
    let (mut total, mut equal) = (0, 0);
    for (name, floor) in FLOORS {
        let (compared, differing) = compare(name, &known);
        let good = compared - differing.len();
        assert!(
            good * 100 >= compared * floor,
            "{name}: {good} of {compared} are equal, {floor} % are asked for; different:\n{}",
            differing.join("\n")
        );
        total += compared;
        equal += good;
    }
    println!("{equal} of {total} recorded commands are answered the same");
    assert!(equal * 100 >= total * FLOOR, "{equal} of {total} are equal, {FLOOR} % are asked for");
}
