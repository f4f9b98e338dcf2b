//! `Pod Template:` of everything that makes pods.

use super::writer::Writer;
use super::{containers, volumes};
use serde_json::Value;

/// Writes it.
pub fn describe(w: &mut Writer, template: &Value) {
    let (metadata, spec) = (&template["metadata"], &template["spec"]);
    w.write(0, "Pod Template:\n");
    w.labels("  Labels", &metadata["labels"]);
    if metadata["annotations"].as_object().is_some_and(|a| !a.is_empty()) {
        w.annotations("  Annotations", &metadata["annotations"]);
    }
    w.optional(0, "  Service Account", &spec["serviceAccountName"]);
    if spec["initContainers"].as_array().is_some_and(|c| !c.is_empty()) {
        containers::describe(w, "Init Containers", &spec["initContainers"], &Value::Null, None, "  ");
    }
    containers::describe(w, "Containers", &spec["containers"], &Value::Null, None, "  ");
    volumes::describe(w, &spec["volumes"], "  ");
    w.optional(0, "  Priority Class Name", &spec["priorityClassName"]);
    w.labels("  Node-Selectors", &spec["nodeSelector"]);
    w.tolerations("  Tolerations", &spec["tolerations"]);
}

/// `Conditions:` with their reasons, as deployments and replica sets have them.
pub fn conditions(w: &mut Writer, conditions: &Value) {
    let conditions = super::writer::items(conditions);
    if conditions.is_empty() {
        return;
    }
    w.write(0, "Conditions:\n  Type\tStatus\tReason\n");
    w.write(1, "----\t------\t------\n");
    for condition in conditions {
        let text = |field: &str| condition[field].as_str().unwrap_or("").to_string();
        w.write(1, &format!("{} \t{}\t{}\n", text("type"), text("status"), text("reason")));
    }
}

/// `3 Running / 0 Waiting / 0 Succeeded / 0 Failed`.
pub fn pods_status(pods: &[Value]) -> String {
    let count = |phase: &str| pods.iter().filter(|pod| pod["status"]["phase"] == phase).count();
    format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        count("Running"),
        count("Pending"),
        count("Succeeded"),
        count("Failed")
    )
}
