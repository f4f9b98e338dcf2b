//! `kubectl set subject`.

use super::{FLAGS, Words, check_flags, objects, send};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "subject",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    short: "Update the user, group, or service account in a role binding or cluster role binding",
    long: "Update the user, group, or service account in a role binding or cluster role binding.",
    examples: "# Bind a service account as well\nkubectl set subject clusterrolebinding admin --serviceaccount=namespace:serviceaccount1\n\n# Bind two users and a group\nkubectl set subject rolebinding admin --user=user1 --user=user2 --group=group1",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::SELECTOR, FLAGS, OWN],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const OWN: &[Flag] = &[
    Flag::array("group", "Groups to bind to the role"),
    Flag::array("serviceaccount", "Service accounts to bind to the role"),
    Flag::array("user", "Users to bind to the role"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let infos = objects(&k, k.args()).await?;
    check_flags(&k, dry_run)?;
    let lists = ["user", "group", "serviceaccount"].map(|flag| k.flags.list(flag));
    if lists.iter().all(|list| list.is_empty()) {
        return Err(Error::text("you must specify at least one value of user, group or serviceaccount"));
    }
    let (namespace, _) = k.namespace().await?;
    let api_group = "rbac.authorization.k8s.io";
    let mut subjects = Vec::new();
    for (list, kind) in lists.iter().zip(["User", "Group"]) {
        subjects.extend(list.iter().map(|name| json!({"kind": kind, "apiGroup": api_group, "name": name})));
    }
    for account in lists[2] {
        match account.split(':').collect::<Vec<_>>()[..] {
            [own, name] if !name.is_empty() => {
                if own.is_empty() && infos.iter().any(|info| info.resource.kind == "ClusterRoleBinding") {
                    return Err(Error::text(
                        "serviceaccount must be <namespace>:<name>, namespace must be specified",
                    ));
                }
                let own = if own.is_empty() { &namespace } else { own };
                subjects.push(json!({"kind": "ServiceAccount", "namespace": own, "name": name}));
            }
            _ => return Err(Error::text("serviceaccount must be <namespace>:<name>")),
        }
    }
    let mut changed = Vec::new();
    for info in infos {
        let after = if matches!(info.resource.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            let mut after = info.object.clone();
            if !after["subjects"].is_array() {
                after["subjects"] = json!([]);
            }
            if let Some(present) = after["subjects"].as_array_mut() {
                let new: Vec<Value> = subjects.iter().filter(|s| !present.contains(s)).cloned().collect();
                present.extend(new);
            }
            Ok(after)
        } else {
            Err(Error::text("setting subjects is only supported for RoleBinding/ClusterRoleBinding"))
        };
        changed.push((info, after));
    }
    let words =
        Words { done: "subjects updated", failed: "failed to patch subjects to rolebinding:", always: false };
    Error::many(send(&k, changed, &words).await?)
}
