//! `kubectl completion`: the script that makes a shell ask `kubectl __complete`.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "completion",
    short: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    examples: "# Load completion into the running shell\nsource <(kubectl completion bash)",
    usage: "SHELL",
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Words(&["bash", "zsh", "fish", "powershell"]),
    ..Command::NEW
};

/// The script for bash, which the machines have installed. It is our own: upstream's is cobra's, and needs the package
/// bash-completion.
pub const BASH: &str = include_str!("completion.bash");

async fn run(k: Rc<Kubectl>) -> Result<()> {
    match k.args() {
        [] => Err(k.usage_error("Shell not specified.")),
        [shell] if shell == "bash" => {
            k.out(BASH).await;
            Ok(())
        }
        [shell] if ["zsh", "fish", "powershell"].contains(&shell.as_str()) => {
            Err(Error::not_simulated(format!("the script of completion for {shell}")))
        }
        [shell] => Err(k.usage_error(format!("Unsupported shell type {shell:?}."))),
        _ => Err(k.usage_error("Too many arguments. Expected only the shell type.")),
    }
}
