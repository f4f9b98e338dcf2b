//! `kubectl describe daemonset`.

use super::pod_template;
use super::writer::{Writer, labels_text, selector_text};
use serde_json::Value;

/// Writes it, events left out; `pods` are those that it owns.
pub fn describe(w: &mut Writer, set: &Value, pods: &[Value]) {
    let (metadata, spec, status) = (&set["metadata"], &set["spec"], &set["status"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.field(0, "Selector", &selector_text(&spec["selector"]));
    w.field(0, "Node-Selector", &labels_text(&spec["template"]["spec"]["nodeSelector"]));
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    for (text, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        w.write(0, &format!("{text}: {}\n", status[field].as_i64().unwrap_or(0)));
    }
    w.field(0, "Pods Status", &pod_template::pods_status(pods));
    pod_template::describe(w, &spec["template"]);
}
