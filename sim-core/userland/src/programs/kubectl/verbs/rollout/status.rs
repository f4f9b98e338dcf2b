//! `kubectl rollout status`: a line whenever the object changes, until the rollout is done.

use super::{group_kind, objects};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::rest::JSON;
use crate::programs::kubectl::selection::Info;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "status",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    short: "Show the status of the rollout",
    long: "Show the status of the rollout.\n\n It is watched until it is done; --watch=false only looks once. When another rollout begins meanwhile, that one is watched; with --revision=N the command fails instead.",
    examples: "# Watch the rollout of a deployment\nkubectl rollout status deployment/nginx",
    flags: &[globals::FILENAMES, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&["deployment", "daemonset", "statefulset"], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::int("revision", "0", "Fail if this is not the revision that is rolled out. 0 for the last."),
    Flag::duration(
        "timeout",
        "0s",
        "How long to watch, with a unit (1s, 2m, 3h); zero for as long as it takes.",
    ),
    Flag::bool("watch", "Watch until the rollout is done.").default("true").short('w'),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let (infos, mut errors) = objects(&k).await?;
    for info in infos {
        let watched = async { watch(&k, &info).await };
        let result = match k.flags.duration("timeout") {
            Some(limit) => k
                .sys
                .timeout(limit, watched)
                .await
                .unwrap_or_else(|| Err(Error::text("timed out waiting for the condition"))),
            None => watched.await,
        };
        if let Err(error) = result {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn watch(k: &Kubectl, info: &Info) -> Result<()> {
    let revision = k.flags.int("revision");
    let viewer = viewer(info)?;
    let field = format!("metadata.name={}", info.name);
    let collection = info.resource.collection(&info.namespace);
    let client = k.client().await?;
    let list = client.get(&collection, &[("fieldSelector", &field)]).await?;
    for object in list["items"].as_array().into_iter().flatten() {
        let (text, done) = viewer(object, revision)?;
        k.out(&text).await;
        if done || !k.flags.bool("watch") {
            return Ok(());
        }
    }
    let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("");
    let query = [("fieldSelector", field.as_str()), ("resourceVersion", version), ("watch", "true")];
    let mut stream = client.stream(&collection, &query, JSON).await?;
    while let Some(event) = stream.event().await? {
        match event["type"].as_str().unwrap_or("") {
            "ADDED" | "MODIFIED" => {
                let (text, done) = viewer(&event["object"], revision)?;
                k.out(&text).await;
                if done {
                    break;
                }
            }
            "DELETED" => return Err(Error::text("object has been deleted")),
            "ERROR" => return Err(Error::Status(event["object"].clone())),
            _ => {}
        }
    }
    stream.close();
    Ok(())
}

/// Tells where the rollout of an object is, and whether it is done.
type Viewer = fn(&Value, i64) -> Result<(String, bool)>;

fn viewer(info: &Info) -> Result<Viewer> {
    match (info.resource.group.as_str(), info.resource.kind.as_str()) {
        ("apps", "Deployment") => Ok(deployment),
        ("apps", "DaemonSet") => Ok(daemon_set),
        ("apps", "StatefulSet") => Ok(stateful_set),
        _ => Err(Error::text(format!("no status viewer has been implemented for {}", group_kind(info)))),
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn observed(object: &Value) -> bool {
    number(&object["metadata"]["generation"]) <= number(&object["status"]["observedGeneration"])
}

fn deployment(object: &Value, revision: i64) -> Result<(String, bool)> {
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    if revision > 0 {
        let running = super::revisions::revision_of(object);
        if running != revision {
            return Err(Error::text(format!(
                "desired revision ({revision}) is different from the running revision ({running})"
            )));
        }
    }
    if !observed(object) {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_string(), false));
    }
    let status = &object["status"];
    let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    if conditions.iter().any(|c| c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded") {
        return Err(Error::text(format!("deployment {name:?} exceeded its progress deadline")));
    }
    let updated = number(&status["updatedReplicas"]);
    let available = number(&status["availableReplicas"]);
    let replicas = number(&status["replicas"]);
    let waiting =
        |what: String| Ok((format!("Waiting for deployment {name:?} rollout to finish: {what}...\n"), false));
    match object["spec"]["replicas"].as_i64() {
        Some(wanted) if updated < wanted => {
            waiting(format!("{updated} out of {wanted} new replicas have been updated"))
        }
        _ if replicas > updated => {
            waiting(format!("{} old replicas are pending termination", replicas - updated))
        }
        _ if available < updated => {
            waiting(format!("{available} of {updated} updated replicas are available"))
        }
        _ => Ok((format!("deployment {name:?} successfully rolled out\n"), true)),
    }
}

/// Only rolling updates have a status; the words are the same for both kinds.
fn check_strategy(object: &Value) -> Result<()> {
    match object["spec"]["updateStrategy"]["type"].as_str() {
        Some("RollingUpdate") => Ok(()),
        _ => Err(Error::text("rollout status is only available for RollingUpdate strategy type")),
    }
}

fn daemon_set(object: &Value, _: i64) -> Result<(String, bool)> {
    check_strategy(object)?;
    if !observed(object) {
        return Ok(("Waiting for daemon set spec update to be observed...\n".to_string(), false));
    }
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    let status = &object["status"];
    let desired = number(&status["desiredNumberScheduled"]);
    let updated = number(&status["updatedNumberScheduled"]);
    let available = number(&status["numberAvailable"]);
    let waiting =
        |what: String| Ok((format!("Waiting for daemon set {name:?} rollout to finish: {what}...\n"), false));
    if updated < desired {
        return waiting(format!("{updated} out of {desired} new pods have been updated"));
    }
    if available < desired {
        return waiting(format!("{available} of {desired} updated pods are available"));
    }
    Ok((format!("daemon set {name:?} successfully rolled out\n"), true))
}

fn stateful_set(object: &Value, _: i64) -> Result<(String, bool)> {
    check_strategy(object)?;
    let status = &object["status"];
    if number(&status["observedGeneration"]) == 0 || !observed(object) {
        return Ok(("Waiting for statefulset spec update to be observed...\n".to_string(), false));
    }
    let updated = number(&status["updatedReplicas"]);
    let text = |field: &str| status[field].as_str().unwrap_or("").to_string();
    if let Some(wanted) = object["spec"]["replicas"].as_i64() {
        let ready = number(&status["readyReplicas"]);
        if ready < wanted {
            return Ok((format!("Waiting for {} pods to be ready...\n", wanted - ready), false));
        }
        let rolling = &object["spec"]["updateStrategy"]["rollingUpdate"];
        if let Some(partition) = rolling["partition"].as_i64()
            && updated < wanted - partition
        {
            return Ok((
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {} new pods have been updated...\n",
                    wanted - partition
                ),
                false,
            ));
        }
        if rolling.is_object() {
            return Ok((
                format!("partitioned roll out complete: {updated} new pods have been updated...\n"),
                true,
            ));
        }
    }
    if text("updateRevision") != text("currentRevision") {
        return Ok((
            format!(
                "waiting for statefulset rolling update to complete {updated} pods at revision {}...\n",
                text("updateRevision")
            ),
            false,
        ));
    }
    Ok((
        format!(
            "statefulset rolling update complete {} pods at revision {}...\n",
            number(&status["currentReplicas"]),
            text("currentRevision")
        ),
        true,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn a_deployment_is_told_in_four_steps() {
        let check = |status: Value, text: &str, done: bool| {
            let object = json!({"metadata": {"name": "blue", "generation": 2}, "spec": {"replicas": 3}, "status": status});
            assert_eq!(deployment(&object, 0), Ok((text.to_string(), done)));
        };
        check(
            json!({"observedGeneration": 1}),
            "Waiting for deployment spec update to be observed...\n",
            false,
        );
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 1}),
            "Waiting for deployment \"blue\" rollout to finish: 1 out of 3 new replicas have been updated...\n",
            false,
        );
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 4}),
            "Waiting for deployment \"blue\" rollout to finish: 1 old replicas are pending termination...\n",
            false,
        );
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 2}),
            "Waiting for deployment \"blue\" rollout to finish: 2 of 3 updated replicas are available...\n",
            false,
        );
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}),
            "deployment \"blue\" successfully rolled out\n",
            true,
        );
    }
}
