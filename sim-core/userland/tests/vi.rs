//! vi against recordings of vim's small build (9.0, `-N -u NONE`, `ruler`): the same keys, the same screens, the same file.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "recorded/screen.rs"]
mod screen;

#[test]
fn vi_shows_what_the_real_one_shows() {
    screen::check("vi", include_str!("programs/vi.jsonl"));
}
