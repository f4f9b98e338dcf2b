//! JSON merge patch (RFC 7386).

use serde_json::{Map, Value};

/// Applies `patch` to `target`.
pub fn apply(target: &mut Value, patch: &Value) {
    *target = merged(target, patch);
}

/// What `patch` makes of `target`. Nothing that the patch replaces is copied.
pub fn merged(target: &Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut map = Map::new();
    let old = target.as_object();
    for (key, value) in old.into_iter().flatten() {
        match changes.get(key) {
            None => map.insert(key.clone(), value.clone()),
            Some(Value::Null) => None,
            Some(change) => map.insert(key.clone(), merged(value, change)),
        };
    }
    for (key, change) in changes {
        if !change.is_null() && !old.is_some_and(|old| old.contains_key(key)) {
            map.insert(key.clone(), merged(&Value::Null, change));
        }
    }
    Value::Object(map)
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
