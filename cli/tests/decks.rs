//! Decks are tests: every lab of each deck runs, in the lab; on a laptop those that reach in fail, and pass from a
//! container.

use std::path::PathBuf;
use std::process::Command;

fn check(deck: &str, arguments: &[&str]) -> (bool, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../slides").join(deck);
    let output = Command::new(env!("CARGO_BIN_EXE_podium")).arg("check").args(arguments).arg(path).output();
    let output = output.expect("the program runs");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

const OURS: &str = "decks/exposing-containers/deck.md";
const SEED: &str = "tests/data/exposing-containers.md";

#[test]
fn our_deck_runs_in_the_lab() {
    let (passed, text) = check(OURS, &[]);
    assert!(passed && text.ends_with("8 labs: 8 passed, 0 failed\n"), "{text}");
}

#[test]
fn the_seed_deck_runs_in_the_lab() {
    let (passed, text) = check(SEED, &[]);
    assert!(passed && text.ends_with("8 labs: 8 passed, 0 failed\n"), "{text}");
}

#[test]
fn on_a_laptop_internal_addresses_do_not_answer() {
    let (passed, text) = check(OURS, &["--place", "laptop"]);
    assert!(!passed, "{text}");
    assert!(
        text.contains("timed out") || text.contains("Connection timed out") || text.contains("status 28"),
        "{text}"
    );
}

#[test]
fn on_a_laptop_a_container_is_the_way_in() {
    let (passed, text) = check(OURS, &["--place", "laptop", "--from-container"]);
    assert!(passed && text.ends_with("8 labs: 8 passed, 0 failed\n"), "{text}");
}
