//! JSON as Go's `encoding/json` reads and writes it.

mod escape;
mod scanner;
mod write;

pub use escape::{push_escaped, push_string};
pub use scanner::{Mistake, check, first_value, parse, read};
pub use write::{compact, indented, write};
