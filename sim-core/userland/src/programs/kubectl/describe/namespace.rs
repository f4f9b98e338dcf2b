//! `kubectl describe namespace`.

use super::Describer;
use super::writer::{Writer, items, plain};
use serde_json::Value;

/// Writes it; a namespace has no events here.
pub async fn describe(_describer: &Describer, w: &mut Writer, namespace: &Value) {
    let metadata = &namespace["metadata"];
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.value(0, "Status", &namespace["status"]["phase"]);
    if !items(&namespace["status"]["conditions"]).is_empty() {
        w.write(0, "Conditions:\n");
        w.write(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
        w.write(1, "----\t------\t------------------\t------\t-------\n");
        for c in items(&namespace["status"]["conditions"]) {
            w.write(
                1,
                &format!(
                    "{}\t{}\t{}\t{}\t{}\n",
                    plain(&c["type"]),
                    plain(&c["status"]),
                    super::writer::rfc1123(&c["lastTransitionTime"]),
                    plain(&c["reason"]),
                    plain(&c["message"])
                ),
            );
        }
    }
    // Quotas and limit ranges are not simulated: a namespace has none.
    w.write(0, "\nNo resource quota.\n");
    w.write(0, "\nNo LimitRange resource.\n");
}
