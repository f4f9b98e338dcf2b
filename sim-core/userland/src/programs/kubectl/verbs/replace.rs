//! `kubectl replace`.

use crate::programs::kubectl::command::Command;

/// The row of the tree.
pub const COMMAND: Command = Command::not_simulated("replace", "Replace a resource by file name or stdin");
