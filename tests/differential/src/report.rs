//! What a person reads.

use crate::Answer;
use crate::known::Known;
use crate::run::Outcome;
use similar::{ChangeTag, TextDiff};

/// One line that differs: the command that runs it again, and how.
pub fn difference(outcome: &Outcome) -> String {
    let mut text = format!(
        "{}:{}: {}\n  again: cargo run -q -p differential -- {} {}\n",
        outcome.file, outcome.number, outcome.command, outcome.file, outcome.number
    );
    let Outcome { ours, theirs, .. } = outcome;
    if ours.status != theirs.status {
        let status = |answer: &Answer| answer.status.map_or("none".to_string(), |status| status.to_string());
        text += &format!("  exit status: ours {}, theirs {}\n", status(ours), status(theirs));
    }
    text += &stream("standard output", &ours.stdout, &theirs.stdout);
    text += &stream("standard error", &ours.stderr, &theirs.stderr);
    if let Some(objects) = &outcome.objects {
        text += "  objects\n";
        for line in objects.lines().take(40) {
            text += &format!("    {line}\n");
        }
    }
    text
}

fn stream(name: &str, ours: &str, theirs: &str) -> String {
    if ours == theirs {
        return String::new();
    }
    let mut text = format!("  {name} (- ours, + theirs)\n");
    let diff = TextDiff::from_lines(ours, theirs);
    for group in diff.grouped_ops(2).iter().take(8) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = change.value();
            let end = if line.ends_with('\n') { "" } else { "  (no newline)" };
            text += &format!("    {sign} {}{end}\n", line.trim_end_matches('\n'));
        }
        text += "    ...\n";
    }
    text.trim_end_matches("    ...\n").to_string()
}

/// What is wrong with a run: lines that differ without a reason, and reasons for lines that are not there.
pub fn faults(outcomes: &[Outcome], known: &Known, complete: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.is_equal()) {
        if known.reason(&outcome.file, &outcome.command).is_none() {
            faults.push(difference(outcome));
        }
    }
    for (file, command, _) in known.iter() {
        let mut such = outcomes
            .iter()
            .filter(|outcome| outcome.file == file && outcome.command.lines().next() == Some(command))
            .peekable();
        if complete && such.peek().is_none() {
            faults.push(format!("known.txt: no such line: {file}: {command}\n"));
        }
    }
    faults
}

/// Reasons that nothing needs any more.
pub fn notes(outcomes: &[Outcome], known: &Known) -> Vec<String> {
    let has_become_equal = |file: &str, command: &str| {
        let mut such = outcomes
            .iter()
            .filter(|outcome| outcome.file == file && outcome.command.lines().next() == Some(command))
            .peekable();
        such.peek().is_some() && such.all(Outcome::is_equal)
    };
    known
        .iter()
        .filter(|(file, command, _)| has_become_equal(file, command))
        .map(|(file, command, _)| format!("known.txt: is equal now, take it out: {file}: {command}"))
        .collect()
}

/// `1500 compared, 1490 equal, 10 known to differ`.
pub fn summary(outcomes: &[Outcome], known: &Known) -> String {
    let equal = outcomes.iter().filter(|outcome| outcome.is_equal()).count();
    let excused =
        outcomes.iter().filter(|o| !o.is_equal() && known.reason(&o.file, &o.command).is_some()).count();
    let differ = outcomes.len() - equal - excused;
    format!("{} compared, {equal} equal, {excused} known to differ, {differ} differ", outcomes.len())
}

/// The lines that took longest, where some did.
pub fn slowest(outcomes: &[Outcome]) -> String {
    let mut slow: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.took.as_secs() >= 5).collect();
    slow.sort_by_key(|outcome| std::cmp::Reverse(outcome.took));
    let line = |o: &&Outcome| {
        let command = o.command.lines().next().unwrap_or("");
        format!("slow: {:.1} s: {}:{}: {command}\n", o.took.as_secs_f64(), o.file, o.number)
    };
    slow.iter().take(20).map(line).collect()
}
