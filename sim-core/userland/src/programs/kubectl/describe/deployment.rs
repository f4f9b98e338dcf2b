//! `kubectl describe deployment`.

use super::pod_template;
use super::writer::{Writer, or_none, plain, selector_text};
use serde_json::Value;
use sim::Ordered;

/// The annotation that numbers the template of a deployment and of its replica sets.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// Writes it, events left out; `sets` are the replica sets that it owns.
pub fn describe(w: &mut Writer, deployment: &Value, sets: &[Value]) {
    let (metadata, spec, status) = (&deployment["metadata"], &deployment["spec"], &deployment["status"]);
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.time(0, "CreationTimestamp", &metadata["creationTimestamp"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.field(0, "Selector", &selector_text(&spec["selector"]));
    w.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(&spec["replicas"]),
            number(&status["updatedReplicas"]),
            number(&status["replicas"]),
            number(&status["availableReplicas"]),
            number(&status["unavailableReplicas"])
        ),
    );
    w.value(0, "StrategyType", &spec["strategy"]["type"]);
    w.field(0, "MinReadySeconds", &number(&spec["minReadySeconds"]).to_string());
    let rolling = &spec["strategy"]["rollingUpdate"];
    if rolling.is_object() {
        let text = format!(
            "{} max unavailable, {} max surge",
            plain(&rolling["maxUnavailable"]),
            plain(&rolling["maxSurge"])
        );
        w.field(0, "RollingUpdateStrategy", &text);
    }
    pod_template::describe(w, &spec["template"]);
    pod_template::conditions(w, &status["conditions"]);
    let revision = &metadata["annotations"][REVISION];
    let mut sorted: Vec<&Value> = sets.iter().collect();
    sorted
        .order_by_key(|set| (plain(&set["metadata"]["creationTimestamp"]), plain(&set["metadata"]["name"])));
    let (new, old): (Vec<&Value>, Vec<&Value>) =
        sorted.into_iter().partition(|set| &set["metadata"]["annotations"][REVISION] == revision);
    w.field(0, "OldReplicaSets", &sets_text(&old));
    w.field(0, "NewReplicaSet", &sets_text(&new));
}

fn sets_text(sets: &[&Value]) -> String {
    let texts: Vec<String> = sets
        .iter()
        .map(|set| {
            format!(
                "{} ({}/{} replicas created)",
                plain(&set["metadata"]["name"]),
                set["status"]["replicas"].as_i64().unwrap_or(0),
                set["spec"]["replicas"].as_i64().unwrap_or(0)
            )
        })
        .collect();
    or_none(&texts.join(", ")).to_string()
}
