//! Scripts through the simulated bash, compared with what the real one printed.
//!
//! `tests/shell/cases/*.txt` hold the scripts with standard output, standard error and status as GNU bash 5.2 gave them.
//! `PODIUM_RECORD=1 cargo test -p userland --test shell` records them anew with the bash of this machine.

#![allow(clippy::unwrap_used, reason = "what a test needs is there, or the test fails")]

#[path = "shell/case.rs"]
mod case;
#[path = "shell/interactive.rs"]
mod interactive;
#[path = "shell/machine.rs"]
mod machine;
#[path = "shell/programs.rs"]
mod programs;

use case::Case;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/cases");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn scripts_run_as_in_bash() {
    let record = std::env::var("PODIUM_RECORD").is_ok();
    let only = std::env::var("PODIUM_CASE").ok();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files() {
        let mut cases = Case::parse(&std::fs::read_to_string(&file).unwrap());
        if record {
            cases.iter_mut().for_each(Case::record);
            std::fs::write(&file, cases.iter().map(Case::to_text).collect::<String>()).unwrap();
        }
        for case in cases {
            if only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
                continue;
            }
            count += 1;
            let ours = machine::run_case(&case);
            if ours != case {
                wrong.push(format!("--- bash\n{}--- podium\n{}", case.to_text(), ours.to_text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 150 || only.is_some(), "{count} cases");
}
