//! Taints of nodes and the tolerations of pods. Models k8s.io/component-helpers/scheduling/corev1.

use super::ObjectExt;
use serde_json::Value;

/// Whether a toleration of a pod bears a taint of a node.
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
        "Exists" => true,
        // An empty key goes with Exists only.
        "" | "Equal" => !key.is_empty() && toleration.str_at("/value") == taint.str_at("/value"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tolerations_match_by_key_value_and_effect() {
        let taint = json!({"key": "disk", "value": "slow", "effect": "NoSchedule"});
        for (toleration, expected) in [
            (json!({"operator": "Exists"}), true),
            (json!({"key": "disk", "operator": "Exists"}), true),
            (json!({"key": "disk", "operator": "Exists", "effect": "NoExecute"}), false),
            (json!({"key": "disk", "value": "slow"}), true),
            (json!({"key": "disk", "operator": "Equal", "value": "fast"}), false),
            (json!({"key": "cpu", "operator": "Exists"}), false),
        ] {
            assert_eq!(tolerates(&toleration, &taint), expected, "{toleration}");
        }
    }
}
