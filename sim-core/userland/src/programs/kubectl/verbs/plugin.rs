//! `kubectl plugin`: programs on the `PATH` whose name begins with `kubectl-`. Models pkg/cmd/plugin.
//!
//! Left out: running one as a command.

use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "plugin",
    short: "Provides utilities for interacting with plugins",
    examples: "# All plugins that are on the PATH\nkubectl plugin list",
    commands: &[&LIST],
    usage: "[flags]",
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

const LIST: Command = Command {
    name: "list",
    usage: "[flags]",
    short: "List all visible plugin executables on a user's PATH",
    long: "List all plugins: the files on the PATH that can be executed and whose name begins with \"kubectl-\".",
    examples: "# All plugins\nkubectl plugin list\n\n# Only their names\nkubectl plugin list --name-only",
    flags: &[&[Flag::bool("name-only", "Only the name of each file, not its path")]],
    run: Run::Verb(|k| Box::pin(list(k))),
    ..Command::NEW
};

async fn list(k: Rc<Kubectl>) -> Result<()> {
    let mut found = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for directory in k.sys.env("PATH").unwrap_or_default().split(':').filter(|d| !d.is_empty()) {
        if seen.iter().any(|other| other == directory) {
            continue;
        }
        seen.push(directory.to_string());
        for name in k.sys.read_dir(directory).unwrap_or_default() {
            if name.starts_with("kubectl-") {
                found.push(if k.flags.bool("name-only") { name } else { format!("{directory}/{name}") });
            }
        }
    }
    if found.is_empty() {
        return Err(Error::text("unable to find any kubectl plugins in your PATH"));
    }
    k.out(&format!("The following compatible plugins are available:\n\n{}\n", found.join("\n"))).await;
    Ok(())
}
