//! `kubectl describe namespace`.

use super::Describer;
use super::writer::{Writer, items, plain};
use serde_json::Value;

/// Writes it; a namespace has no events here.
pub async fn describe(describer: &Describer, w: &mut Writer, namespace: &Value) {
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
    let name = super::writer::plain(&metadata["name"]);
    let list =
        async |kind: &str| describer.list(&format!("/api/v1/namespaces/{name}/{kind}"), &[], None).await;
    let (quotas, ranges) = (list("resourcequotas").await, list("limitranges").await);
    w.write(0, "\n");
    super::resource_quota::of_namespace(w, &quotas);
    w.write(0, "\n");
    super::limit_range::of_namespace(w, &ranges);
}
