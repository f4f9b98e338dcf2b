//! `kubectl create serviceaccount`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::globals;
use kube::json;

pub(super) const COMMAND: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    usage: "NAME [--dry-run=server|client|none]",
    short: "Create a service account with the specified name",
    long: "Create a service account with the specified name.",
    examples: "# Create a service account named my-service-account\nkubectl create serviceaccount my-service-account",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON],
    run: Run::Verb(|k| {
        Box::pin(async move {
            let name = begin(&k).await?;
            let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
            create_generated(&k, object, Some("serviceaccount:")).await
        })
    }),
    ..Command::NEW
};
