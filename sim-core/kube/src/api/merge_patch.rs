//! JSON merge patch (RFC 7386).

use serde_json::{Map, Value};

/// Applies `patch` to `target`.
pub fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            apply(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_takes_away_and_lists_are_replaced() {
        let mut target = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        apply(&mut target, &json!({"a": {"b": null, "c": [3]}, "e": {"f": null}}));
        assert_eq!(target, json!({"a": {"c": [3]}, "d": 1, "e": {}}));
    }
}
