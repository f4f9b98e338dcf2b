//! `kubectl create rolebinding` and `kubectl create clusterrolebinding`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) const ROLE_BINDING: Command = Command {
    name: "rolebinding",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    short: "Create a role binding for a particular role or cluster role",
    long: "Create a role binding for a particular role or cluster role.",
    examples: "# user1, user2 and group1 may do what the cluster role admin allows, in this namespace\nkubectl create rolebinding admin --clusterrole=admin --user=user1 --user=user2 --group=group1\n\n# A service account\nkubectl create rolebinding admin-binding --role=admin --serviceaccount=monitoring:sa-dev",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        SUBJECTS,
        &[
            Flag::string("clusterrole", "", "The cluster role that the binding gives"),
            Flag::string("role", "", "The role that the binding gives"),
        ],
    ],
    run: Run::Verb(|k| Box::pin(role_binding(k))),
    ..Command::NEW
};

pub(super) const CLUSTER_ROLE_BINDING: Command = Command {
    name: "clusterrolebinding",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    short: "Create a cluster role binding for a particular cluster role",
    long: "Create a cluster role binding for a particular cluster role.",
    examples: "# user1, user2 and group1 may do anything\nkubectl create clusterrolebinding cluster-admin --clusterrole=cluster-admin --user=user1 --user=user2 --group=group1",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        SUBJECTS,
        &[Flag::string("clusterrole", "", "The cluster role that the binding gives")],
    ],
    required: &["clusterrole"],
    run: Run::Verb(|k| Box::pin(cluster_role_binding(k))),
    ..Command::NEW
};

const SUBJECTS: &[Flag] = &[
    Flag::array("group", "Group that gets the role; can be given again."),
    Flag::array(
        "serviceaccount",
        "Service account that gets the role, as <namespace>:<name>; can be given again.",
    ),
    Flag::array("user", "User that gets the role; can be given again."),
];

async fn role_binding(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let (kind, role) = match (k.flags.str("clusterrole"), k.flags.str("role")) {
        ("", role) if !role.is_empty() => ("Role", role),
        (role, "") if !role.is_empty() => ("ClusterRole", role),
        _ => return Err(Error::text("exactly one of clusterrole or role must be specified")),
    };
    let object = object(&k, "RoleBinding", &name, kind, role)?;
    create_generated(&k, object, Some("rolebinding:")).await
}

async fn cluster_role_binding(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let object = object(&k, "ClusterRoleBinding", &name, "ClusterRole", k.flags.str("clusterrole"))?;
    create_generated(&k, object, Some("clusterrolebinding:")).await
}

fn object(k: &Kubectl, kind: &str, name: &str, role_kind: &str, role: &str) -> Result<Value> {
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in k.flags.list(flag) {
            subjects.push(json!({"apiGroup": GROUP, "kind": kind, "name": name}));
        }
    }
    for account in k.flags.list("serviceaccount") {
        let parts: Vec<&str> = account.split(':').collect();
        match parts[..] {
            [namespace, name] if !name.is_empty() && !namespace.is_empty() => {
                subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
            }
            _ => return Err(Error::text("serviceaccount must be <namespace>:<name>")),
        }
    }
    let mut object = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": kind,
        "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": role_kind, "name": role},
    });
    if !subjects.is_empty() {
        object["subjects"] = Value::from(subjects);
    }
    Ok(object)
}
