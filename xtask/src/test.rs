//! `test`: exactly what CI runs, and one summary at the end.

use std::process::Command;

use crate::bundle::{self, Mode};
use crate::{Result, tools};

struct Stage {
    name: &'static str,
    run: fn() -> Result,
}

/// Quick answers first; the wasm is built before what needs it.
const STAGES: &[Stage] = &[
    Stage { name: "fmt", run: || cargo(&["fmt", "--all", "--check"]) },
    Stage { name: "clippy", run: clippy },
    Stage { name: "test", run: || cargo(&["test", "--workspace", "--quiet"]) },
    Stage { name: "doc", run: doc },
    Stage { name: "decks", run: decks },
    Stage { name: "clippy-wasm", run: clippy_wasm },
    Stage { name: "build", run: || bundle::build(Mode::Release) },
    Stage { name: "determinism", run: determinism },
    Stage { name: "browser", run: browser },
];

/// The task.
pub fn run(args: &[String]) -> Result {
    if let Some(unknown) = args.iter().find(|arg| !STAGES.iter().any(|stage| stage.name == arg.as_str())) {
        let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        return Err(format!("no stage is called {unknown}; there are {}", names.join(", ")));
    }
    let wanted = |stage: &&Stage| args.is_empty() || args.iter().any(|arg| arg == stage.name);
    let mut results = Vec::new();
    for stage in STAGES.iter().filter(wanted) {
        println!("\n== {} ==", stage.name);
        let begin = tools::Stopwatch::start();
        let result = (stage.run)();
        if let Err(error) = &result {
            println!("{error}");
        }
        results.push((stage.name, result.is_ok(), begin.seconds()));
    }
    println!("\n== summary ==");
    for (name, passed, seconds) in &results {
        println!("{} {name:<12} {seconds:>4} s", if *passed { "ok    " } else { "FAILED" });
    }
    let passed = results.iter().filter(|(_, passed, _)| *passed).count();
    let failed = results.len() - passed;
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err("not everything passed".to_owned()) }
}

fn cargo(args: &[&str]) -> Result {
    tools::run(tools::cargo(args))
}

fn clippy() -> Result {
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn clippy_wasm() -> Result {
    tools::wasm_target()?;
    let packages = ["--package", "podium-web", "--package", "podium-worker"];
    // With the profile of the build that follows, so that it finds the dependencies' macros compiled.
    let head = ["clippy", "--quiet", "--target", "wasm32-unknown-unknown"];
    cargo(&[&head[..], &packages[..], &["--", "-D", "warnings"]].concat())
}

fn doc() -> Result {
    let mut doc = tools::cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"]);
    // The pages are for those who read the code, so private items are on them and links to those lead somewhere.
    doc.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links");
    tools::run(doc)
}

/// Every deck performs its labs.
fn decks() -> Result {
    let decks = tools::root().join("slides/decks");
    let mut files: Vec<String> = crate::finish::files(&decks)?
        .into_iter()
        .filter(|file| file.ends_with("deck.md"))
        .map(|file| decks.join(file).to_string_lossy().into_owned())
        .collect();
    let mut args: Vec<String> =
        ["run", "--quiet", "--package", "podium", "--", "check"].map(str::to_owned).to_vec();
    args.append(&mut files);
    cargo(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The same seeds lead to the same worlds, natively and in wasm.
fn determinism() -> Result {
    let native =
        ["run", "--quiet", "--release", "--package", "podium-worker", "--example", "fingerprint", "--"];
    let native = tools::output(tools::cargo(&[&native[..], &[SEEDS]].concat()))?;
    let wasm = tools::output(tools::command("node", &["tests/browser/fingerprint.mjs", SEEDS]))?;
    match native.lines().zip(wasm.lines()).find(|(native, wasm)| native != wasm) {
        Some((native, wasm)) => Err(format!("natively: {native}\nin wasm:  {wasm}")),
        None if native.lines().count() == wasm.lines().count() => {
            println!("{} seeds, the same natively and in wasm", native.lines().count());
            Ok(())
        }
        None => Err("the two did not run the same seeds".to_owned()),
    }
}

/// How many seeds are compared.
const SEEDS: &str = "200";

fn browser() -> Result {
    let chromium = tools::chromium()?;
    let folder = tools::root().join("tests/browser");
    let mut node: Command =
        tools::command("node", &["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.args(
        crate::finish::files(&folder)?
            .into_iter()
            .filter(|f| f.to_string_lossy().ends_with(".test.mjs"))
            .map(|f| folder.join(f)),
    );
    node.env("CHROMIUM", chromium);
    tools::run(node)
}
