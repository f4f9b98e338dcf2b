//! YAML as kubectl writes it (YAML 1.1, as go-yaml v2 does).

mod emit;
mod resolve;

pub use emit::{emit, item, sorted};
pub use resolve::{needs_quotes, resolve, resolve_1_2};
