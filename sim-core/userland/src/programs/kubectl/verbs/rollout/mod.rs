//! `kubectl rollout`: how a change of a pod template spreads, and the way back. Models pkg/cmd/rollout and
//! pkg/polymorphichelpers.

mod history;
mod revisions;
mod status;
mod toggle;
mod undo;

use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::selection::{self, Info, Rules};

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "rollout",
    short: "Manage the rollout of a resource",
    long: "Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets",
    examples: "# Go back to what a deployment was before\nkubectl rollout undo deployment/abc\n\n# See how far a daemon set is\nkubectl rollout status daemonset/foo\n\n# Replace all pods of a deployment\nkubectl rollout restart deployment/abc",
    usage: "SUBCOMMAND",
    commands: &[
        &history::COMMAND,
        &toggle::PAUSE,
        &toggle::RESTART,
        &toggle::RESUME,
        &status::COMMAND,
        &undo::COMMAND,
    ],
    run: Run::Group(Bare::Out),
    ..Command::NEW
};

const FIELD_MANAGER: &[Flag] =
    &[Flag::string("field-manager", "kubectl-rollout", "Name that stands for who owns the fields")];

/// The objects of the command line; what could not be had comes back as errors.
async fn objects(k: &Kubectl) -> Result<(Vec<Info>, Vec<Error>)> {
    if k.args().is_empty() && k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        return Err(Error::text("required resource not specified"));
    }
    if k.flags.has("revision") && k.flags.int("revision") < 0 {
        let revision = k.flags.int("revision");
        return Err(Error::text(format!("revision must be a positive integer: {revision}")));
    }
    let rules = Rules { type_alone_is_all: true, ..Rules::default() };
    let selection = selection::select(k, k.args(), rules).await?;
    let (infos, errors) = selection.fetch(k, true).await?;
    if infos.is_empty() && errors.is_empty() {
        k.err(&format!("No resources found in {} namespace.\n", selection.namespace)).await;
    }
    Ok((infos, errors))
}

/// Go's `GroupKind`: `ReplicaSet.apps`, `Service`.
fn group_kind(info: &Info) -> String {
    if info.resource.group.is_empty() {
        info.resource.kind.clone()
    } else {
        format!("{}.{}", info.resource.kind, info.resource.group)
    }
}

/// Complains of a kind that has no `what` (`history viewer`), which the caller asked for to do `how`.
fn no_visitor(info: &Info, how: &str, what: &str) -> Error {
    let (group, kind) = (info.resource.group.as_str(), info.resource.kind.as_str());
    let known = matches!(
        (group, kind),
        ("", "Pod" | "ReplicationController")
            | ("apps", "ReplicaSet" | "Deployment" | "DaemonSet" | "StatefulSet")
            | ("batch", "CronJob" | "Job")
    );
    let shown = group_kind(info);
    Error::text(if known {
        format!("no {what} has been implemented for {shown:?}")
    } else {
        format!("error retrieving {how} for {shown:?}, no visitor method exists for {{{group} {kind}}}")
    })
}
