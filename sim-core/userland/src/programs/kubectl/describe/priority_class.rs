//! `kubectl describe priorityclass`.

use super::writer::{Writer, labels_text, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, class: &Value) {
    w.value(0, "Name", &class["metadata"]["name"]);
    w.value(0, "Value", &class["value"]);
    w.field(0, "GlobalDefault", if class["globalDefault"] == true { "true" } else { "false" });
    w.field(0, "PreemptionPolicy", &plain(&class["preemptionPolicy"]));
    w.value(0, "Description", &class["description"]);
    w.field(0, "Annotations", &labels_text(&class["metadata"]["annotations"]));
}
