//! `kubectl set serviceaccount`.

use super::{FLAGS, Words, check_flags, objects, send, with_pod_spec};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    short: "Update the service account of a resource",
    long: "Update the service account of pod template resources.\n\n Possible resources (case insensitive) can be:\n\n        replicationcontroller (rc), deployment (deploy), daemonset (ds), job, replicaset (rs), statefulset",
    examples: "# Run a deployment's pods as serviceaccount1\nkubectl set serviceaccount deployment nginx-deployment serviceaccount1\n\n# Show what a file would become\nkubectl set sa -f nginx-deployment.yaml serviceaccount1 --local --dry-run=client -o yaml",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    check_flags(&k, dry_run)?;
    let Some((account, resources)) = k.args().split_last() else {
        return Err(Error::text("serviceaccount is required"));
    };
    let infos = objects(&k, resources).await?;
    let mut changed = Vec::new();
    for info in infos {
        let after = with_pod_spec(&info, |spec| {
            spec["serviceAccountName"] = account.as_str().into();
            Ok(())
        });
        changed.push((info, after));
    }
    let words =
        Words { done: "serviceaccount updated", failed: "failed to patch ServiceAccountName", always: true };
    Error::many(send(&k, changed, &words).await?)
}
