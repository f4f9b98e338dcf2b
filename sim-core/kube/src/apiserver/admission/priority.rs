//! Turns a priority class into a number. Models `plugin/pkg/admission/priority`; the two classes that
//! every cluster has are all there are.

use crate::api::{ObjectExt, POD, Status, set};
use serde_json::{Value, json};

/// Lets a pod in.
pub(crate) fn admit(pod: &mut Value) -> Result<(), Status> {
    let priority = match pod.str_at("/spec/priorityClassName") {
        "" => 0,
        "system-cluster-critical" => 2_000_000_000,
        "system-node-critical" => 2_000_001_000,
        other => {
            let why = format!("no PriorityClass with name {other} was found");
            return Err(Status::forbidden(POD, pod.name(), &why));
        }
    };
    set(pod, "/spec/priority", json!(priority));
    if pod.at("/spec/preemptionPolicy").is_null() {
        set(pod, "/spec/preemptionPolicy", json!("PreemptLowerPriority"));
    }
    Ok(())
}
