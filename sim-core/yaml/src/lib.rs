//! YAML as kubectl and the API server read and write it (YAML 1.1, through go-yaml v2 and `sigs.k8s.io/yaml`).
//!
//! What is written is written in `encoding`, which is compiled for speed; what is read is a few kilobytes.

mod read;

pub use encoding::yaml::{emit, item, sorted};
pub use read::{MAX_DEPTH, TOO_DEEP, TWICE, documents, parse, parse_kyaml, parse_leniently};
