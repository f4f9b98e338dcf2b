//! `kubectl explain`: not simulated.

use crate::programs::kubectl::command::{Arguments, Command};

/// The row of the tree.
pub const COMMAND: Command = Command {
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    arguments: Arguments::Types,
    ..Command::not_simulated("explain", "Get documentation for a resource")
};
