//! Taints of nodes, and what tolerates them. Models `component-helpers/scheduling/corev1`.

use crate::api::ObjectExt;
use serde_json::Value;

/// Whether a pod's toleration covers a node's taint.
pub fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = toleration.str_at("/effect");
    let key = toleration.str_at("/key");
    if !effect.is_empty() && effect != taint.str_at("/effect") {
        return false;
    }
    if !key.is_empty() && key != taint.str_at("/key") {
        return false;
    }
    match toleration.str_at("/operator") {
        "" | "Equal" => toleration.str_at("/value") == taint.str_at("/value"),
        "Exists" => true,
        _ => false,
    }
}
