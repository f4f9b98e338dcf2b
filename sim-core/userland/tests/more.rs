//! Programs beyond the everyday ones against recordings: column (util-linux 2.38), tar (GNU 1.34), awk (mawk
//! 1.3.4).

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "recorded/runner.rs"]
mod runner;

#[test]
fn column_and_tar_do_what_the_real_ones_do() {
    runner::check(include_str!("programs/column-tar.jsonl"));
}

#[test]
fn awk_does_what_mawk_does() {
    runner::check(include_str!("programs/awk.jsonl"));
}
