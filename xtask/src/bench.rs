//! `bench`: the same scenarios natively and in wasm under Node.js.

use crate::bundle::{self, Mode};
use crate::{Result, tools};

/// The task.
pub fn run(args: &[String]) -> Result {
    println!("natively");
    tools::run(tools::cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "podium-worker",
        "--example",
        "bench",
    ]))?;
    println!("\nin wasm");
    if !args.iter().any(|arg| arg == "--no-build") {
        bundle::build(Mode::Release)?;
    }
    tools::run(tools::command("node", &["tests/browser/bench.mjs"]))
}
