//! `kubectl describe poddisruptionbudget`.

use super::writer::{Writer, or_none, plain, selector_text};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, budget: &Value) {
    let (metadata, spec, status) = (&budget["metadata"], &budget["spec"], &budget["status"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    if !spec["minAvailable"].is_null() {
        w.field(0, "Min available", &plain(&spec["minAvailable"]));
    } else if !spec["maxUnavailable"].is_null() {
        w.field(0, "Max unavailable", &plain(&spec["maxUnavailable"]));
    }
    if spec["selector"].is_object() {
        w.field(0, "Selector", or_none(&selector_text(&spec["selector"])));
    } else {
        w.field(0, "Selector", "<unset>");
    }
    w.write(0, "Status:\n");
    for (label, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, label, &status[field].as_i64().unwrap_or(0).to_string());
    }
}
