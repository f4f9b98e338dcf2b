//! `kubectl options`: the flags that every command has.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::{help, kubeconfig};

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "options",
    short: "Print the list of flags inherited by all commands",
    hidden: true,
    run: Run::Verb(|k| {
        Box::pin(async move {
            k.out(&help::options(&kubeconfig::home(&k.sys))).await;
            Ok(())
        })
    }),
    ..Command::NEW
};
