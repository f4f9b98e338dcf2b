//! `kubectl describe replicationcontroller`.

use super::pod_template;
use super::writer::{Writer, labels_text};
use serde_json::Value;

/// Writes it, events left out; `pods` are those that it owns.
pub fn describe(w: &mut Writer, controller: &Value, pods: &[Value]) {
    let (metadata, spec, status) = (&controller["metadata"], &controller["spec"], &controller["status"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.field(0, "Selector", &labels_text(&spec["selector"]));
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let replicas = format!("{} current / {} desired", number(&status["replicas"]), number(&spec["replicas"]));
    w.field(0, "Replicas", &replicas);
    w.field(0, "Pods Status", &pod_template::pods_status(pods));
    pod_template::describe(w, &spec["template"]);
    pod_template::conditions(w, &status["conditions"]);
}
