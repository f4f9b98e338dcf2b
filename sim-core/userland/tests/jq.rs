//! jq against recordings of the real one (jq 1.7.1, as Ubuntu 24.04 has it): the same words, files and input, the same
//! bytes back.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "recorded/runner.rs"]
mod runner;

#[test]
fn jq_does_what_the_real_one_does() {
    runner::check(include_str!("programs/jq.jsonl"));
}
