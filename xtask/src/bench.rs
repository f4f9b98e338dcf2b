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
        bundle::build(Mode::Bench)?;
    }
    tools::run(tools::command("node", &["tests/browser/bench.mjs"]))?;
    println!("\ndist/ holds the benchmarks now; `cargo xtask build` makes the page without them");
    Ok(())
}
