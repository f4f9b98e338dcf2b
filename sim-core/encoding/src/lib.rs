//! How objects are written: JSON as Go's `encoding/json` reads and writes it, YAML as `sigs.k8s.io/yaml` writes it. The
//! API server and kubectl are of one mind about both.
//!
//! A crate of its own since every byte of every answer goes through it: in the page it is compiled for speed. What is
//! no byte of an answer is elsewhere, or it would be large for nothing: YAML is read in the crate `yaml`.

pub mod json;
pub mod tape;
pub mod value;
pub mod yaml;
