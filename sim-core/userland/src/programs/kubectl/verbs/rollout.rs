//! `kubectl rollout`: not simulated yet.

use crate::programs::kubectl::command::{Bare, Command, Run};

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "rollout",
    short: "Manage the rollout of a resource",
    usage: "SUBCOMMAND",
    commands: &[
        &Command::not_simulated("history", "View rollout history"),
        &Command::not_simulated("pause", "Mark the provided resource as paused"),
        &Command::not_simulated("restart", "Restart a resource"),
        &Command::not_simulated("resume", "Resume a paused resource"),
        &Command::not_simulated("status", "Show the status of the rollout"),
        &Command::not_simulated("undo", "Undo a previous rollout"),
    ],
    run: Run::Group(Bare::Out),
    ..Command::NEW
};
