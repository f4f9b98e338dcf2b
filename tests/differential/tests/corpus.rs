//! The corpus, through our kubectl and a real one.
//!
//! Runs where the environment variable `PODIUM_KUBECTL` names a kubectl v1.35.2, as `cargo xtask test differential` does.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test says so")]

use differential::fidelity::Figures;
use differential::known::Known;
use differential::{NO_KUBECTL, corpus, folder, report, run};

#[test]
fn a_real_kubectl_cannot_tell() {
    let files = corpus::read_all(&folder().join("corpus")).expect("the corpus is well-formed");
    let known = Known::read(&folder().join("known.txt")).expect("known.txt is well-formed");
    let Some(kubectl) = std::env::var_os("PODIUM_KUBECTL") else {
        let steps = files.iter().flat_map(|file| &file.sections).flat_map(|section| &section.steps);
        let lines = steps.filter(|step| matches!(step, corpus::Step::Line { .. })).count();
        eprintln!("SKIPPED: {lines} lines were not compared: {NO_KUBECTL}");
        return;
    };
    let (outcomes, _) =
        run::settled(&files, kubectl.as_ref(), &|_, _| true, 2, &known).expect("both sides can be run");
    let faults = report::faults(&outcomes, &known, true);
    println!("{}", report::summary(&outcomes, &known));
    let table = std::fs::read_to_string(folder().join("../../docs/fidelity.tsv")).unwrap_or_default();
    assert_eq!(Figures::of(&outcomes).stale(&table), None, "`cargo xtask fidelity` writes the figures anew");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
