//! The network against what a real kernel did with the same topology and the same rules.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cluster;
mod lives;
mod paths;
mod rules;
