//! `cargo run -p differential -- [FILE [LINE | FROM-TO]]`: compares lines of the corpus and shows what differs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test tool prints")]

use differential::{corpus, known::Known, report, run};
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

fn compare(args: &[String]) -> Result<bool, String> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let everything = args.contains(&"--known");
    let args: Vec<&str> = args.into_iter().filter(|arg| *arg != "--known").collect();
    let kubectl = differential::kubectl().ok_or(differential::NO_KUBECTL)?;
    let folder = differential::folder().join("corpus");
    let (only, range) = match args.as_slice() {
        [] => (None, 1..=usize::MAX),
        [file] => (Some(*file), 1..=usize::MAX),
        [file, lines] => {
            let (from, to) = lines.split_once('-').unwrap_or((lines, lines));
            let number = |text: &str| text.parse().map_err(|_| format!("{text}: not the number of a line"));
            (Some(*file), number(from)?..=number(to)?)
        }
        _ => return Err("give a file of the corpus, and a line or FROM-TO".to_string()),
    };
    let files = match only {
        Some(file) => {
            let name = file.rsplit('/').next().unwrap_or(file);
            vec![corpus::read(&folder.join(name))?]
        }
        None => corpus::read_all(&folder)?,
    };
    let known = Known::read(&differential::folder().join("known.txt"))?;
    let outcomes = run::all(&files, &kubectl, &|_, number| range.contains(&number), 2)?;
    let mut good = true;
    for outcome in outcomes.iter().filter(|outcome| !outcome.is_equal()) {
        let reason = known.reason(&outcome.file, &outcome.command);
        good &= reason.is_some();
        if reason.is_none() || everything {
            println!("{}", report::difference(outcome));
            if let Some(reason) = reason {
                println!("  known: {reason}\n");
            }
        }
    }
    println!("{}", report::summary(&outcomes, &known));
    Ok(good)
}
