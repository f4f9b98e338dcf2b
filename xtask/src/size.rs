//! `size`: what a first visit downloads, raw and compressed.

use crate::bundle::{self, Mode};
use crate::{Result, tools};

/// The task.
pub fn run(args: &[String]) -> Result {
    if !args.iter().any(|arg| arg == "--no-build") {
        bundle::build(Mode::Release)?;
    }
    // Node.js has both compressors, and is here anyway.
    tools::run(tools::command("node", &["tests/browser/size.mjs"]))
}
