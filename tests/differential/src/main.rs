//! `cargo run -p differential -- [FILE [LINE | FROM-TO]]`: compares lines of the corpus and shows what differs.
//!
//! `--known` shows those with a reason too, `--check` holds the figures against docs/fidelity.tsv, `--write` writes them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test tool prints")]

use differential::fidelity::{self, Figures};
use differential::known::Known;
use differential::{corpus, report, run};
use std::ops::RangeInclusive;
use std::process::ExitCode;

fn main() -> ExitCode {
    match compare(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("differential: {error}");
            ExitCode::from(2)
        }
    }
}

/// What is asked for.
#[derive(Default)]
struct Wanted {
    /// Show those that are known to differ, too.
    known: bool,
    /// Hold the figures against those in docs/.
    check: bool,
    /// Write the figures into docs/.
    write: bool,
    /// A file of the corpus, and lines of it.
    file: Option<(String, RangeInclusive<usize>)>,
}

impl Wanted {
    fn parse(args: &[String]) -> Result<Wanted, String> {
        let mut wanted = Wanted::default();
        let mut words = Vec::new();
        for arg in args {
            match arg.as_str() {
                "--known" => wanted.known = true,
                "--check" => wanted.check = true,
                "--write" => wanted.write = true,
                word => words.push(word),
            }
        }
        let number = |text: &str| text.parse().map_err(|_| format!("{text}: not the number of a line"));
        wanted.file = match words.as_slice() {
            [] => None,
            [file] => Some((file.to_string(), 1..=usize::MAX)),
            [file, lines] => {
                let (from, to) = lines.split_once('-').unwrap_or((lines, lines));
                Some((file.to_string(), number(from)?..=number(to)?))
            }
            _ => return Err("give a file of the corpus, and a line or FROM-TO".to_string()),
        };
        Ok(wanted)
    }
}

fn compare(args: &[String]) -> Result<bool, String> {
    let wanted = Wanted::parse(args)?;
    let kubectl = differential::kubectl().ok_or(differential::NO_KUBECTL)?;
    let folder = differential::folder().join("corpus");
    let files = match &wanted.file {
        Some((file, _)) => vec![corpus::read(&folder.join(file.rsplit('/').next().unwrap_or(file)))?],
        None => corpus::read_all(&folder)?,
    };
    let known = Known::read(&differential::folder().join("known.txt"))?;
    let is_wanted =
        |_: &str, number: usize| wanted.file.as_ref().is_none_or(|(_, range)| range.contains(&number));
    let (outcomes, twice) = run::settled(&files, &kubectl, &is_wanted, 2, &known)?;
    let mut good = true;
    for fault in report::faults(&outcomes, &known, wanted.file.is_none()) {
        println!("{fault}");
        good = false;
    }
    for note in report::notes(&outcomes, &known) {
        println!("{note}");
    }
    for outcome in outcomes.iter().filter(|outcome| wanted.known && !outcome.is_equal()) {
        if let Some(reason) = known.reason(&outcome.file, &outcome.command) {
            println!("{}  known: {reason}\n", report::difference(outcome));
        }
    }
    let figures = Figures::of(&outcomes);
    if wanted.file.is_none() {
        print!("{}", figures.tsv());
    }
    if twice > 0 {
        println!("{twice} lines were tried again");
    }
    print!("{}", report::slowest(&outcomes));
    println!("{}", report::summary(&outcomes, &known));
    let docs = differential::folder().join("../../docs");
    let (page, table) = (docs.join("fidelity.md"), docs.join("fidelity.tsv"));
    if wanted.write && wanted.file.is_none() {
        let write = |path: &std::path::Path, text: String| {
            std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        write(&page, fidelity::page(&figures, &outcomes, &known))?;
        write(&table, figures.tsv())?;
    } else if wanted.check
        && let Some(why) = figures.stale(&std::fs::read_to_string(&table).unwrap_or_default())
    {
        println!("docs/fidelity.tsv is stale, {why}: `cargo xtask fidelity` writes it and docs/fidelity.md");
        good = false;
    }
    Ok(good)
}
