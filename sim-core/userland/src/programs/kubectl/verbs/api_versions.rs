//! `kubectl api-versions`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::Result;
use crate::programs::kubectl::invocation::Kubectl;
use sim::Ordered;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "api-versions",
    short: "Print the supported API versions on the server, in the form of \"group/version\"",
    examples: "# The versions\nkubectl api-versions",
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("unexpected arguments: [{}]", k.args().join(" "))));
    }
    let mut versions = k.fresh_mapper().await?.versions.clone();
    versions.order();
    for version in versions {
        k.out(&format!("{version}\n")).await;
    }
    Ok(())
}
