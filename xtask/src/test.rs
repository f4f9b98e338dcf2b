//! `test`: exactly what CI runs, and one summary at the end.

use std::process::Command;

use crate::bundle::{self, Mode};
use crate::{Result, kubectl, tools};

struct Stage {
    name: &'static str,
    run: fn() -> Result,
    /// What has to be had from elsewhere. Where it cannot be, the stage is skipped, and never counted as passed.
    needs: fn() -> Result,
}

const fn stage(name: &'static str, run: fn() -> Result) -> Stage {
    Stage { name, run, needs: || Ok(()) }
}

/// Quick answers first; the wasm is built before what needs it.
const STAGES: &[Stage] = &[
    stage("fmt", || cargo(&["fmt", "--all", "--check"])),
    stage("clippy", clippy),
    stage("test", || cargo(&["test", "--workspace", "--quiet"])),
    Stage {
        name: "differential",
        run: || differential(&["--check"]).and_then(|()| scenario()),
        needs: || kubectl::find().map(drop),
    },
    stage("doc", doc),
    stage("decks", decks),
    stage("clippy-wasm", clippy_wasm),
    stage("build", || bundle::build(Mode::Release)),
    stage("determinism", determinism),
    stage("browser", browser),
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
        let verdict = match (stage.needs)() {
            Err(missing) => {
                println!("SKIPPED: {missing}");
                "SKIPPED"
            }
            Ok(()) => match (stage.run)() {
                Ok(()) => "ok",
                Err(error) => {
                    println!("{error}");
                    "FAILED"
                }
            },
        };
        results.push((stage.name, verdict, begin.seconds()));
    }
    println!("\n== summary ==");
    for (name, verdict, seconds) in &results {
        println!("{verdict:<7} {name:<12} {seconds:>4} s");
    }
    let count = |what: &str| results.iter().filter(|(_, verdict, _)| *verdict == what).count();
    println!("{} passed, {} failed, {} skipped", count("ok"), count("FAILED"), count("SKIPPED"));
    if count("FAILED") == 0 { Ok(()) } else { Err("not everything passed".to_owned()) }
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

/// Our kubectl and a real one say the same.
pub fn differential(args: &[&str]) -> Result {
    let mut run = cargo_run("differential", args);
    run.env("PODIUM_KUBECTL", kubectl::find()?);
    tools::run(run)
}

/// A real kubectl does the labs of the first deck, and more, against the served cluster.
fn scenario() -> Result {
    cargo(&["build", "--quiet", "--package", "podium"])?;
    let mut bash = tools::command("bash", &["tests/differential/scenario.sh"]);
    bash.env("PODIUM_KUBECTL", kubectl::find()?);
    bash.env("PODIUM", tools::target_dir().join("debug/podium"));
    tools::run(bash)
}

fn cargo_run(package: &str, args: &[&str]) -> Command {
    tools::cargo(&[&["run", "--quiet", "--package", package, "--"], args].concat())
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
