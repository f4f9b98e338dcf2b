//! Drives the simulated cluster: in slices, against a clock the learner holds, with a journal.
//!
//! [`driver`] is the whole logic and touches no browser; `journal` and `serve` join it to IndexedDB
//! and to a message port. [`determinism`], [`rehearsal`] and [`mod@bench`] run natively and in wasm alike.
//!
//! **Invariant**: the world sees virtual instants only. The wall clock decides how far a slice goes,
//! never what happens in it.

pub mod bench;
pub mod determinism;
pub mod driver;
pub mod history;
pub mod rehearsal;

#[cfg(target_arch = "wasm32")]
pub mod journal;
#[cfg(target_arch = "wasm32")]
pub mod serve;
