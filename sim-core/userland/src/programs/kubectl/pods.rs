//! The pod that a command is about: by name, or one behind a deployment, replica set or service.
//! Models pkg/polymorphichelpers.

use super::error::{Error, Result};
use super::go_sort;
use super::invocation::Kubectl;
use super::selection::{self, Info, Rules, Target};
use kube::api::selector::LabelSelector;
use serde_json::Value;
use std::time::Duration;

/// Fetches what `argument` names (`NAME` of a pod, or `TYPE/NAME`).
pub async fn named(k: &Kubectl, argument: &str) -> Result<Info> {
    let rules = Rules { default_type: Some("pods"), ..Rules::default() };
    let arguments = [argument.to_string()];
    // Without an argument, a file says which.
    let arguments = if argument.is_empty() { &[][..] } else { &arguments[..] };
    let selection = selection::select(k, arguments, rules).await?;
    let Some(Target::Named(info)) = selection.targets.into_iter().next() else {
        return Err(Error::text("expected one resource"));
    };
    let object = k.client().await?.get(&info.path(), &[]).await?;
    Ok(Info { object, ..info })
}

/// What labels the pods of an object have; nothing when it is a pod itself.
pub fn selector(info: &Info) -> Result<Option<LabelSelector>> {
    let spec = &info.object["spec"];
    match info.resource.kind.as_str() {
        "Pod" => Ok(None),
        "Service" => match spec["selector"].as_object().filter(|map| !map.is_empty()) {
            Some(map) => Ok(Some(LabelSelector::from_map(map))),
            None => Err(Error::text(format!(
                "invalid service '{}': Service is defined without a selector",
                info.name
            ))),
        },
        "ReplicationController" => {
            Ok(Some(LabelSelector::from_map(spec["selector"].as_object().unwrap_or(&serde_json::Map::new()))))
        }
        _ if spec["selector"].is_object() => Ok(Some(LabelSelector::from_value(&spec["selector"]))),
        kind => Err(Error::text(format!("selector for *v1.{kind} not implemented"))),
    }
}

/// The pods that a selector chooses in a namespace.
pub async fn list(k: &Kubectl, namespace: &str, selector: &str) -> Result<Vec<Value>> {
    let pods = k.mapper().await?.find("pods")?;
    let query: &[(&str, &str)] = if selector.is_empty() { &[] } else { &[("labelSelector", selector)] };
    let mut list = k.client().await?.get(&pods.collection(namespace), query).await?;
    let mut items = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    for item in &mut items {
        item["apiVersion"] = "v1".into();
        item["kind"] = "Pod".into();
    }
    Ok(items)
}

/// `--pod-running-timeout`
pub fn running_timeout(k: &Kubectl) -> Result<Duration> {
    k.flags
        .duration("pod-running-timeout")
        .ok_or_else(|| k.usage_error("--pod-running-timeout must be higher than zero"))
}

/// The pod to talk to: the object itself, or the most active of those behind it.
pub async fn attachable(k: &Kubectl, info: &Info, limit: Duration) -> Result<Value> {
    chosen(k, info, limit, false).await
}

/// The pod whose logs are shown.
pub async fn logged(k: &Kubectl, info: &Info, limit: Duration) -> Result<Value> {
    chosen(k, info, limit, true).await
}

async fn chosen(k: &Kubectl, info: &Info, limit: Duration, logs: bool) -> Result<Value> {
    let Some(selector) = selector(info).map_err(|error| {
        Error::text(format!("cannot attach to *v1.{}: {}", info.resource.kind, error.message()))
    })?
    else {
        return Ok(info.object.clone());
    };
    let end = k.sys.now() + limit;
    loop {
        let mut pods = list(k, &info.namespace, &selector.to_string()).await?;
        let ranks: Vec<_> = pods.iter().map(|pod| rank(pod, logs)).collect();
        go_sort::sort(&mut pods, &ranks);
        if let Some(pod) = pods.into_iter().next() {
            return Ok(pod);
        }
        if k.sys.now() >= end {
            return Err(Error::text("timed out waiting for the condition"));
        }
        let _ = k.sys.sleep(Duration::from_millis(500)).await;
    }
}

/// The first is the one to talk to: placed, running, ready, ready for long, seldom restarted (often, for logs), old.
/// Models the orders `ActivePods`, reversed, and `ByLogging` of pkg/util/podutils.
fn rank(pod: &Value, logs: bool) -> (bool, u8, bool, String, i64, String) {
    let phase = match pod["status"]["phase"].as_str().unwrap_or("") {
        "Pending" => 2,
        "Unknown" => 1,
        // Pods that have ended count as those that begin do, but as running ones for their logs.
        "Succeeded" | "Failed" if !logs => 2,
        _ => 0,
    };
    let unplaced = pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty);
    let list = |field: &str| pod["status"][field].as_array().map_or(&[][..], Vec::as_slice);
    let ready = list("conditions").iter().find(|c| c["type"] == "Ready" && c["status"] == "True");
    let since = ready.and_then(|c| c["lastTransitionTime"].as_str()).unwrap_or("").to_string();
    let restarts =
        list("containerStatuses").iter().filter_map(|c| c["restartCount"].as_i64()).max().unwrap_or(0);
    let created = pod["metadata"]["creationTimestamp"].as_str().unwrap_or("").to_string();
    (unplaced, phase, ready.is_none(), since, if logs { -restarts } else { restarts }, created)
}

/// The condition Ready.
pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// Names of the containers, init containers last.
pub fn containers(pod: &Value) -> Vec<(String, bool)> {
    let names = |field: &str, init: bool| {
        let list = pod["spec"][field].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().map(move |c| (c["name"].as_str().unwrap_or("").to_string(), init)).collect::<Vec<_>>()
    };
    [names("containers", false), names("initContainers", true)].concat()
}

/// The container that is meant: the one named, or the default one, of which is said that it was taken.
pub async fn container(k: &Kubectl, pod: &Value, named: &str, quiet: bool) -> Result<String> {
    let all = containers(pod);
    if !named.is_empty() {
        if all.iter().any(|(name, _)| name == named) {
            return Ok(named.to_string());
        }
        let pod = pod["metadata"]["name"].as_str().unwrap_or("");
        return Err(Error::text(format!("container {named} is not valid for pod {pod}")));
    }
    let annotated = pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str();
    let default = annotated.filter(|name| all.iter().any(|(other, _)| other == name)).map(String::from);
    let Some(first) = default.clone().or_else(|| all.first().map(|(name, _)| name.clone())) else {
        return Err(Error::text("no container found"));
    };
    if !quiet
        && default.is_none()
        && let Some(text) = defaulted(pod, &first)
    {
        k.err(&text).await;
    }
    Ok(first)
}

/// What is said of a container that was taken out of several.
pub fn defaulted(pod: &Value, container: &str) -> Option<String> {
    let all = containers(pod);
    let annotated = pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str();
    if all.len() < 2 || annotated == Some(container) {
        return None;
    }
    let name = |(name, init): &(String, bool)| if *init { format!("{name} (init)") } else { name.clone() };
    let names: Vec<String> = all.iter().map(name).collect();
    Some(format!("Defaulted container \"{container}\" out of: {}\n", names.join(", ")))
}
