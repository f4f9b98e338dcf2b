//! `kubectl rollout undo`.

use super::revisions::{self, REVISION, Revision, not_found};
use super::{no_visitor, objects};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::describe::pod_template_text;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::{JSON_PATCH, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::Info;
use crate::programs::kubectl::verbs::change;
use kube::json;
use serde_json::{Map, Value};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "undo",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    short: "Undo a previous rollout",
    long: "Roll back to a previous rollout.",
    examples: "# Go back to what a deployment was before\nkubectl rollout undo deployment/abc\n\n# Go back to revision 3 of a daemon set\nkubectl rollout undo daemonset/abc --to-revision=3\n\n# See whether the server would\nkubectl rollout undo --dry-run=server deployment/abc",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&["deployment", "daemonset", "statefulset"], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[Flag::int("to-revision", "0", "The revision to go back to. 0 for the last one.")];

/// Annotations of a deployment that are its own, not its revision's.
const KEPT: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];
const TEMPLATE_HASH: &str = "pod-template-hash";

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let (infos, mut errors) = objects(&k).await?;
    for info in infos {
        let done = match (info.resource.group.as_str(), info.resource.kind.as_str()) {
            ("apps", "Deployment") => deployment(&k, &info, dry_run).await,
            ("apps", "DaemonSet" | "StatefulSet") => by_patch(&k, &info, dry_run).await,
            _ => Err(no_visitor(&info, "rollbacker", "rollbacker")),
        };
        match done {
            Ok(done) => printers::print_result(&k, &info, &done).await?,
            Err(error) => errors.push(error),
        }
    }
    Error::many(errors)
}

fn skipped(revision: i64) -> String {
    format!("skipped rollback (current template already matches revision {revision})")
}

fn server_side(dry_run: DryRun) -> &'static [(&'static str, &'static str)] {
    if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] }
}

async fn deployment(k: &Kubectl, info: &Info, dry_run: DryRun) -> Result<String> {
    let wanted = k.flags.int("to-revision");
    if wanted < 0 {
        return Err(not_found(wanted));
    }
    let mut all = revisions::list(k, info).await?;
    let found = if wanted > 0 {
        all.into_iter().find(|r| r.number == wanted).ok_or_else(|| not_found(wanted))?
    } else {
        all.pop();
        all.pop()
            .ok_or_else(|| Error::text(format!("no rollout history found for deployment {:?}", info.name)))?
    };
    let Revision { object, mut template, .. } = found;
    if dry_run == DryRun::Client {
        return Ok(pod_template_text(k.sys.clock(), &template));
    }
    if info.object["spec"]["paused"] == true {
        return Err(Error::text(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove(TEMPLATE_HASH);
    }
    if template == info.object["spec"]["template"] {
        return Ok(skipped(wanted));
    }
    let mut annotations = Map::new();
    let own = &info.object["metadata"]["annotations"];
    for (from, kept) in [(own, true), (&object["metadata"]["annotations"], false)] {
        for (key, value) in from.as_object().into_iter().flatten() {
            if KEPT.contains(&key.as_str()) == kept {
                annotations.insert(key.clone(), value.clone());
            }
        }
    }
    let patch = json!([
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": Value::Object(annotations)},
    ]);
    let client = k.client().await?;
    match client.patch(&info.path(), server_side(dry_run), JSON_PATCH, &patch).await {
        Ok(_) => Ok("rolled back".to_string()),
        Err(error) => Err(Error::text(format!("failed restoring revision {wanted}: {}", error.message()))),
    }
}

async fn by_patch(k: &Kubectl, info: &Info, dry_run: DryRun) -> Result<String> {
    let wanted = k.flags.int("to-revision");
    if wanted < 0 {
        return Err(not_found(wanted));
    }
    let mut all = revisions::list(k, info).await?;
    let found = if wanted > 0 {
        all.into_iter().find(|r| r.number == wanted).ok_or_else(|| not_found(wanted))?
    } else {
        all.pop();
        all.pop().ok_or_else(|| Error::text("no last revision to roll back to"))?
    };
    if dry_run == DryRun::Client {
        return Ok(pod_template_text(k.sys.clock(), &found.template));
    }
    if change::patch_between(info, &info.object, &revisions::applied(info, &found.object["data"])).is_none() {
        return Ok(skipped(wanted));
    }
    let client = k.client().await?;
    let data = &found.object["data"];
    match client.patch(&info.path(), server_side(dry_run), STRATEGIC_MERGE_PATCH, data).await {
        Ok(_) => Ok("rolled back".to_string()),
        Err(error) => Err(Error::text(format!("failed restoring revision {wanted}: {}", error.message()))),
    }
}
