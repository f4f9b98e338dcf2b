//! How objects are written: JSON as Go's `encoding/json` reads and writes it, YAML as `sigs.k8s.io/yaml` does. The API
//! server and kubectl are of one mind about both.
//!
//! A crate of its own since every byte of every answer goes through it: in the page it is compiled for speed.

pub mod json;
pub mod tape;
pub mod yaml;
