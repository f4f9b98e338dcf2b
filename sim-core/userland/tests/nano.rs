//! nano against recordings of GNU nano 7.2: the same keys, the same screens, the same file.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "recorded/screen.rs"]
mod screen;

#[test]
fn nano_shows_what_the_real_one_shows() {
    screen::check("nano", include_str!("programs/nano.jsonl"));
}
