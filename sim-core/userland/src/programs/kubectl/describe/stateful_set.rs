//! `kubectl describe statefulset`.

use super::pod_template;
use super::writer::{Writer, items, plain, selector_text};
use serde_json::Value;

/// Writes it, events left out; `pods` are those that it owns.
pub fn describe(w: &mut Writer, set: &Value, pods: &[Value]) {
    let (metadata, spec, status) = (&set["metadata"], &set["spec"], &set["status"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.time(0, "CreationTimestamp", &metadata["creationTimestamp"]);
    w.field(0, "Selector", &selector_text(&spec["selector"]));
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let replicas = format!("{} desired | {} total", number(&spec["replicas"]), number(&status["replicas"]));
    w.field(0, "Replicas", &replicas);
    w.value(0, "Update Strategy", &spec["updateStrategy"]["type"]);
    let rolling = &spec["updateStrategy"]["rollingUpdate"];
    if !rolling["partition"].is_null() {
        w.value(1, "Partition", &rolling["partition"]);
        w.optional(1, "MaxUnavailable", &rolling["maxUnavailable"]);
    }
    w.field(0, "Pods Status", &pod_template::pods_status(pods));
    pod_template::describe(w, &spec["template"]);
    claims(w, items(&spec["volumeClaimTemplates"]));
}

fn claims(w: &mut Writer, claims: &[Value]) {
    if claims.is_empty() {
        w.field(0, "Volume Claims", "<none>");
        return;
    }
    w.write(0, "Volume Claims:\n");
    for claim in claims {
        let (metadata, spec) = (&claim["metadata"], &claim["spec"]);
        w.value(1, "Name", &metadata["name"]);
        w.value(1, "StorageClass", &spec["storageClassName"]);
        w.labels("  Labels", &metadata["labels"]);
        w.labels("  Annotations", &metadata["annotations"]);
        match &spec["resources"]["requests"]["storage"] {
            Value::Null => w.field(1, "Capacity", "<default>"),
            capacity => w.value(1, "Capacity", capacity),
        }
        let modes: Vec<String> = items(&spec["accessModes"]).iter().map(plain).collect();
        w.field(1, "Access Modes", &format!("[{}]", modes.join(" ")));
    }
}
