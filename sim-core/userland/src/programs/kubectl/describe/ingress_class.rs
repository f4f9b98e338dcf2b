//! `kubectl describe ingressclass`.

use super::writer::Writer;
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, class: &Value) {
    let metadata = &class["metadata"];
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.value(0, "Controller", &class["spec"]["controller"]);
    let parameters = &class["spec"]["parameters"];
    if parameters.is_object() {
        w.write(0, "Parameters:\n");
        if !parameters["apiGroup"].is_null() {
            w.value(1, "APIGroup", &parameters["apiGroup"]);
        }
        w.value(1, "Kind", &parameters["kind"]);
        w.value(1, "Name", &parameters["name"]);
    }
}
