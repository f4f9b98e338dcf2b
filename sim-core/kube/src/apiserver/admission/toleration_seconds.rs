//! Lets a pod stay five minutes on a node that is not ready or not reachable. Models
//! `plugin/pkg/admission/defaulttolerationseconds`.

use crate::api::{ObjectExt, slot};
use crate::json;
use serde_json::Value;

/// Lets a pod in.
pub(crate) fn admit(pod: &mut Value) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerates = |t: &Value| {
            (t.str_at("/key") == key || t.str_at("/key").is_empty())
                && matches!(t.str_at("/effect"), "NoExecute" | "")
        };
        if pod.list_at("/spec/tolerations").iter().any(tolerates) {
            continue;
        }
        let list = slot(pod, "/spec/tolerations");
        if !list.is_array() {
            *list = json!([]);
        }
        if let Value::Array(list) = list {
            list.push(
                json!({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300}),
            );
        }
    }
}
