//! `kubectl help COMMAND`.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::{help, tree};

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "help",
    short: "Help about any command",
    usage: "[command] [flags]",
    hidden: true,
    arguments: Arguments::Commands,
    run: Run::Verb(|k| {
        Box::pin(async move {
            match tree::find(k.args()) {
                Ok(found) => k.out(&help::help(found.command, &found.path)).await,
                Err(_) => {
                    let words: Vec<String> = k.args().iter().map(|word| format!("`{word}`")).collect();
                    let usage = help::help(&tree::ROOT, tree::ROOT.name);
                    let usage = usage.split_once("\nBasic").map_or("", |parts| parts.1);
                    k.err(&format!("Unknown help topic [{}]\n\n\nBasic{usage}", words.join(" "))).await;
                }
            }
            Ok(())
        })
    }),
    ..Command::NEW
};
