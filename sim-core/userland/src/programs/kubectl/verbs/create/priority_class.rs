//! `kubectl create priorityclass`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::Result;
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "priorityclass",
    aliases: &["pc"],
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    short: "Create a priority class with the specified name",
    long: "Create a priority class with the specified name, value, globalDefault and description.",
    examples: "# A priority class named high-priority\nkubectl create priorityclass high-priority --value=1000 --description=\"high priority\"\n\n# The one that pods have which name none\nkubectl create priorityclass default-priority --value=1000 --global-default=true --description=\"default priority\"\n\n# One whose pods push no others off a node\nkubectl create priorityclass high-priority --value=1000 --preemption-policy=\"Never\"",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("description", "", "What the class is for, in words."),
    Flag::bool("global-default", "Whether pods that name no class have this one."),
    Flag::string(
        "preemption-policy",
        "PreemptLowerPriority",
        "Whether pods of the class may push pods of lower priority off a node.",
    ),
    Flag::int32("value", "0", "The priority."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let mut object = json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "preemptionPolicy": k.flags.str("preemption-policy"),
        "value": k.flags.int("value"),
    });
    if k.flags.bool("global-default") {
        object["globalDefault"] = Value::from(true);
    }
    if !k.flags.str("description").is_empty() {
        object["description"] = Value::from(k.flags.str("description"));
    }
    create_generated(&k, object, Some("priorityclass:")).await
}
