//! `kubectl rollout pause`, `resume` and `restart`: one small change of the object each.

use super::{FIELD_MANAGER, objects};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers;
use crate::programs::kubectl::selection::Info;
use crate::programs::kubectl::verbs::change;
use serde_json::Value;
use std::rc::Rc;

const COMMON: Command = Command {
    usage: "RESOURCE",
    flags: &[globals::FILENAMES, globals::PRINT, globals::SELECTOR, FIELD_MANAGER],
    arguments: Arguments::Resources(&["deployment"], true),
    ..Command::NEW
};

/// The row of the tree.
pub const PAUSE: Command = Command {
    name: "pause",
    short: "Mark the provided resource as paused",
    long: "Mark the provided resource as paused.\n\n The controller leaves a paused resource as it is; \"kubectl rollout resume\" lets it go on. Only deployments can be paused.",
    examples: "# Let changes of a deployment wait\nkubectl rollout pause deployment/nginx",
    run: Run::Verb(|k| Box::pin(async move { each(&k, "pause", "paused", &pause).await })),
    ..COMMON
};

/// The row of the tree.
pub const RESUME: Command = Command {
    name: "resume",
    short: "Resume a paused resource",
    long: "Resume a paused resource.\n\n The controller leaves a paused resource as it is until it is resumed. Only deployments can be paused and resumed.",
    examples: "# Let a paused deployment go on\nkubectl rollout resume deployment/nginx",
    run: Run::Verb(|k| Box::pin(async move { each(&k, "resume", "resumed", &resume).await })),
    ..COMMON
};

/// The row of the tree.
pub const RESTART: Command = Command {
    name: "restart",
    short: "Restart a resource",
    long: "Restart a resource.\n\n        Its pods are replaced as in a rollout.",
    examples: "# Restart all deployments of a namespace\nkubectl rollout restart deployment -n test-namespace\n\n# Restart a deployment\nkubectl rollout restart deployment/nginx\n\n# Restart a daemon set\nkubectl rollout restart daemonset/abc",
    run: Run::Verb(|k| {
        Box::pin(async move {
            let now = k.sys.clock().rfc3339();
            each(&k, "restart", "restarted", &|object| restart(object, &now)).await
        })
    }),
    arguments: Arguments::Resources(&["deployment", "daemonset", "statefulset"], true),
    ..COMMON
};

/// Changes the object, or says why not.
type Change<'a> = &'a dyn Fn(&mut Value) -> std::result::Result<(), &'static str>;

async fn each(k: &Rc<Kubectl>, verb: &str, done: &str, change: Change<'_>) -> Result<()> {
    let (infos, errors) = objects(k).await?;
    let mut errors = match errors.len() {
        0 | 1 => errors,
        _ => vec![Error::Many(errors)],
    };
    for info in infos {
        if let Err(error) = one(k, info, verb, done, change).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn one(k: &Kubectl, mut info: Info, verb: &str, done: &str, change: Change<'_>) -> Result<()> {
    let mut after = info.object.clone();
    change(&mut after).map_err(|why| {
        Error::text(format!("error: {} {:?} {why}", info.resource.group_resource(), info.name))
    })?;
    let Some(patch) = change::patch_between(&info, &info.object, &after) else {
        return Err(Error::text(match verb {
            "restart" => format!(
                "failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another",
                info.name
            ),
            _ => format!("error: {} {:?} not {verb}d", info.resource.group_resource(), info.name),
        }));
    };
    info.object = change::send_patch(k, &info, &patch, false)
        .await
        .map_err(|error| Error::text(format!("failed to patch: {}", error.message())))?;
    printers::print_result(k, &info, done).await
}

fn pause(object: &mut Value) -> std::result::Result<(), &'static str> {
    if object["kind"] != "Deployment" {
        return Err("pausing is not supported");
    }
    if object["spec"]["paused"] == true {
        return Err("is already paused");
    }
    object["spec"]["paused"] = true.into();
    Ok(())
}

fn resume(object: &mut Value) -> std::result::Result<(), &'static str> {
    if object["kind"] != "Deployment" {
        return Err("resuming is not supported");
    }
    if object["spec"]["paused"] != true {
        return Err("is not paused");
    }
    if let Some(spec) = object["spec"].as_object_mut() {
        spec.remove("paused");
    }
    Ok(())
}

fn restart(object: &mut Value, now: &str) -> std::result::Result<(), &'static str> {
    match object["kind"].as_str() {
        Some("Deployment") if object["spec"]["paused"] == true => {
            Err("can't restart paused deployment (run rollout resume first)")
        }
        Some("Deployment" | "DaemonSet" | "StatefulSet") => {
            object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
                now.into();
            Ok(())
        }
        _ => Err("restarting is not supported"),
    }
}
