//! `kubectl create namespace`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::globals;
use kube::json;

pub(super) const COMMAND: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    usage: "NAME [--dry-run=server|client|none]",
    short: "Create a namespace with the specified name",
    long: "Create a namespace with the specified name.",
    examples: "# Create a namespace named my-namespace\nkubectl create namespace my-namespace",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON],
    run: Run::Verb(|k| {
        Box::pin(async move {
            let name = begin(&k).await?;
            let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}, "status": {}});
            create_generated(&k, object, None).await
        })
    }),
    ..Command::NEW
};
