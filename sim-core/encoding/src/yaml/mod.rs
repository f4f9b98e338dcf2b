//! YAML as kubectl writes it (YAML 1.1, as go-yaml v2 does).

mod emit;
mod resolve;

pub use emit::{emit, item, sorted};
pub use resolve::{resolve, resolve_1_2};
