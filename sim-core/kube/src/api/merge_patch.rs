//! JSON merge patch (RFC 7386).

use serde_json::{Map, Value};

/// Applies `patch` to `target`.
pub fn apply(target: &mut Value, patch: &Value) {
    *target = merged(target, patch.clone());
}

/// What `patch` makes of `target`. Nothing is copied but what the patch leaves as it is.
pub fn merged(target: &Value, patch: Value) -> Value {
    let Value::Object(changes) = patch else { return patch };
    let mut map = Map::new();
    let old = target.as_object();
    for (key, value) in old.into_iter().flatten() {
        if !changes.contains_key(key) {
            map.insert(key.clone(), value.clone());
        }
    }
    for (key, change) in changes {
        if !change.is_null() {
            let value = old.and_then(|old| old.get(&key)).unwrap_or(&Value::Null);
            let value = merged(value, change);
            map.insert(key, value);
        }
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn null_takes_away_and_lists_are_replaced() {
        let mut target = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        apply(&mut target, &json!({"a": {"b": null, "c": [3]}, "e": {"f": null}}));
        assert_eq!(target, json!({"a": {"c": [3]}, "d": 1, "e": {}}));
    }
}
