//! `kubectl help COMMAND`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::{help, tree};

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "help",
    short: "Help about any command",
    usage: "[command]",
    hidden: true,
    run: Run::Verb(|k| {
        Box::pin(async move {
            match tree::find(k.args()) {
                Ok(found) => k.out(&help::help(found.command, &found.path)).await,
                Err(_) => {
                    let words: Vec<String> = k.args().iter().map(|word| format!("{word:?}")).collect();
                    k.out(&format!("Unknown help topic [`{}`]\n", words.join(" "))).await;
                    k.out(&help::help(&tree::ROOT, tree::ROOT.name)).await;
                }
            }
            Ok(())
        })
    }),
    ..Command::NEW
};
