//! JSON patch (RFC 6902): a list of operations. Models `gopkg.in/evanphx/json-patch.v4`, which is more lenient than the
//! RFC: `replace` adds a field that is not there, and indices count from the end when they are negative.

use super::ObjectExt;
use serde_json::Value;

/// Applies `patch` to `target`; says what does not fit.
pub fn apply(target: &mut Value, patch: &Value) -> Result<(), String> {
    for operation in patch.as_array().map_or(&[][..], Vec::as_slice) {
        let path = operation.str_at("/path");
        let from = operation.str_at("/from");
        let value = || operation.at("/value").clone();
        match operation.str_at("/op") {
            "add" => {
                let place = parent(target, path).ok_or_else(|| {
                    format!("add operation does not apply: doc is missing path: {path:?}: {MISSING}")
                })?;
                add(place, value()).map_err(|why| format!("error in add for path: '{path}': {why}"))?;
            }
            "remove" => {
                let place = parent(target, path).ok_or_else(|| {
                    format!("remove operation does not apply: doc is missing path: {path:?}: {MISSING}")
                })?;
                remove(place).map_err(|why| format!("error in remove for path: '{path}': {why}"))?;
            }
            "replace" if path.is_empty() => *target = value(),
            "replace" => {
                let (place, key) = parent(target, path).ok_or_else(|| {
                    format!("replace operation does not apply: doc is missing path: {path}: {MISSING}")
                })?;
                let found = match place {
                    Value::Object(fields) => fields.entry(key).or_insert(Value::Null),
                    place => get_mut(place, &key).map_err(|_| {
                        format!("replace operation does not apply: doc is missing key: {path}: {MISSING}")
                    })?,
                };
                *found = value();
            }
            "move" | "copy" => {
                let verb = operation.str_at("/op");
                let source = parent(target, from).ok_or_else(|| {
                    format!("{verb} operation does not apply: doc is missing from path: {from}: {MISSING}")
                })?;
                let taken = if verb == "move" {
                    let key = source.1.clone();
                    remove(source).map_err(|why| format!("error in move for path: '{key}': {why}"))?
                } else {
                    let (place, key) = source;
                    get(place, &key).map_err(|why| format!("error in copy for from: '{from}': {why}"))?
                };
                let place = parent(target, path).ok_or_else(|| {
                    format!(
                        "{verb} operation does not apply: doc is missing destination path: {path}: {MISSING}"
                    )
                })?;
                add(place, taken).map_err(|why| match verb {
                    "move" => format!("error in move for path: '{path}': {why}"),
                    _ => format!("error while adding value during copy: {why}"),
                })?;
            }
            "test" => {
                let found = if path.is_empty() {
                    target.clone()
                } else {
                    let (place, key) = parent(target, path).ok_or_else(|| {
                        format!("test operation does not apply: is missing path: {path}: {MISSING}")
                    })?;
                    get(place, &key).map_err(|why| format!("error in test for path: '{path}': {why}"))?
                };
                if found != *operation.at("/value") {
                    return Err(format!("testing value {path} failed: test failed"));
                }
            }
            other => return Err(format!("Unexpected kind: {other}")),
        }
    }
    Ok(())
}

const MISSING: &str = "missing value";

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// What holds the place of a path, and the last part of it.
fn parent<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts.pop()?;
    let mut place = target;
    for part in parts {
        place = get_mut(place, &unescape(part)).ok()?;
    }
    place.is_object().then_some(()).or_else(|| place.is_array().then_some(()))?;
    Some((place, unescape(last)))
}

/// The place in a list of `length` that a key means.
fn index(key: &str, length: usize) -> Result<usize, String> {
    let number: i64 = key.parse().map_err(|_| format!("strconv.Atoi: parsing {key:?}: invalid syntax"))?;
    let from_end = usize::try_from(number.unsigned_abs()).ok().and_then(|n| length.checked_sub(n));
    let found = if number < 0 { from_end } else { usize::try_from(number).ok() };
    found
        .filter(|at| *at < length)
        .ok_or_else(|| format!("Unable to access invalid index: {number}: invalid index referenced"))
}

fn get_mut<'a>(place: &'a mut Value, key: &str) -> Result<&'a mut Value, String> {
    match place {
        Value::Array(list) => {
            let at = index(key, list.len())?;
            Ok(&mut list[at])
        }
        place => place.get_mut(key).ok_or_else(|| MISSING.to_string()),
    }
}

/// What is there; null where an object has no such field.
fn get(place: &Value, key: &str) -> Result<Value, String> {
    match place {
        Value::Array(list) => Ok(list[index(key, list.len())?].clone()),
        place => Ok(place.get(key).cloned().unwrap_or_default()),
    }
}

fn add((place, key): (&mut Value, String), value: Value) -> Result<(), String> {
    match place {
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => {
            let at = index(&key, list.len() + 1).map_err(|why| match key.parse::<i64>() {
                Ok(_) => why,
                Err(_) => format!("value was not a proper array index: '{key}': {why}"),
            })?;
            list.insert(at, value);
        }
        place => place[key] = value,
    }
    Ok(())
}

fn remove((place, key): (&mut Value, String)) -> Result<Value, String> {
    match place {
        Value::Array(list) => {
            let at = index(&key, list.len())?;
            Ok(list.remove(at))
        }
        place => place
            .as_object_mut()
            .and_then(|fields| fields.remove(&key))
            .ok_or_else(|| format!("Unable to remove nonexistent key: {key}: {MISSING}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn operations_apply_in_order() {
        let mut target = json!({"a": [1, 2], "b": {"x/y": 1}});
        let patch = json!([
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "remove", "path": "/a/0"},
            {"op": "replace", "path": "/b/x~1y", "value": 2},
            {"op": "copy", "from": "/a", "path": "/c"},
            {"op": "test", "path": "/c/0", "value": 2},
        ]);
        assert_eq!(apply(&mut target, &patch), Ok(()));
        assert_eq!(target, json!({"a": [2, 3], "b": {"x/y": 2}, "c": [2, 3]}));
        let replace = json!([{"op": "replace", "path": "/d", "value": 1}, {"op": "remove", "path": "/a/-1"}]);
        assert_eq!(apply(&mut target, &replace), Ok(()));
        assert_eq!((&target["d"], &target["a"]), (&json!(1), &json!([2])));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let check = |operation: Value, why: &str| {
            let mut target = json!({"a": [1]});
            assert_eq!(apply(&mut target, &json!([operation])), Err(why.to_string()));
        };
        check(
            json!({"op": "replace", "path": "/no/x", "value": 1}),
            "replace operation does not apply: doc is missing path: /no/x: missing value",
        );
        check(
            json!({"op": "replace", "path": "/a/3", "value": 1}),
            "replace operation does not apply: doc is missing key: /a/3: missing value",
        );
        check(
            json!({"op": "remove", "path": "/no"}),
            "error in remove for path: '/no': Unable to remove nonexistent key: no: missing value",
        );
        check(json!({"op": "test", "path": "/a/0", "value": 2}), "testing value /a/0 failed: test failed");
        check(json!({"op": "fly", "path": "/a"}), "Unexpected kind: fly");
    }
}
