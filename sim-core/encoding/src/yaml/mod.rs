//! YAML as kubectl reads and writes it (YAML 1.1, through go-yaml v2 and sigs.k8s.io/yaml).

mod emit;
mod read;
mod resolve;

pub use emit::{emit, item, sorted};
pub use read::{MAX_DEPTH, TOO_DEEP, TWICE, documents, parse, parse_kyaml, parse_leniently};
