//! `kubectl describe servicecidr`.

use super::writer::{Writer, items, rfc1123};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, range: &Value) {
    let metadata = &range["metadata"];
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    let cidrs: Vec<&str> = items(&range["spec"]["cidrs"]).iter().filter_map(Value::as_str).collect();
    w.field(0, "CIDRs", &cidrs.join(", "));
    let conditions = items(&range["status"]["conditions"]);
    if conditions.is_empty() {
        return;
    }
    w.write(0, "Status:\n");
    w.write(0, "Conditions:\n");
    w.write(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
    w.write(1, "----\t------\t------------------\t------\t-------\n");
    for condition in conditions {
        let cell = |field: &str| condition[field].as_str().unwrap_or("").to_string();
        let time = rfc1123(&condition["lastTransitionTime"]);
        w.write(
            1,
            &format!(
                "{}\t{}\t{time}\t{}\t{}\n",
                cell("type"),
                cell("status"),
                cell("reason"),
                cell("message")
            ),
        );
    }
}
