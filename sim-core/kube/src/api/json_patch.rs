//! JSON patch (RFC 6902): a list of operations.

use super::ObjectExt;
use serde_json::Value;

/// Applies `patch` to `target`; says what does not fit.
pub fn apply(target: &mut Value, patch: &Value) -> Result<(), String> {
    for operation in patch.as_array().map_or(&[][..], Vec::as_slice) {
        let path = operation.str_at("/path");
        let from = operation.str_at("/from");
        let value = || operation.at("/value").clone();
        match operation.str_at("/op") {
            "add" => add(target, path, value())?,
            "remove" => {
                take(target, path, "remove")?;
            }
            "replace" => {
                if find(target, path).is_none() {
                    return Err(format!(
                        "replace operation does not apply: doc is missing key: {path}: missing value"
                    ));
                }
                if path.is_empty() {
                    *target = value();
                } else {
                    take(target, path, "replace")?;
                    add(target, path, value())?;
                }
            }
            "move" => {
                let moved = take(target, from, "move")?;
                add(target, path, moved)?;
            }
            "copy" => {
                let copied = find(target, from).cloned().ok_or_else(|| {
                    format!("copy operation does not apply: doc is missing from path: {from}: missing value")
                })?;
                add(target, path, copied)?;
            }
            "test" => {
                if find(target, path).unwrap_or(&Value::Null) != operation.at("/value") {
                    return Err(format!("testing value {path} failed: test failed"));
                }
            }
            other => return Err(format!("Unexpected kind: {other}")),
        }
    }
    Ok(())
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn find<'a>(target: &'a Value, path: &str) -> Option<&'a Value> {
    target.pointer(path)
}

fn parent<'a, 'p>(
    target: &'a mut Value,
    path: &'p str,
    verb: &str,
) -> Result<(&'a mut Value, &'p str), String> {
    let (parent, last) = path.rsplit_once('/').ok_or_else(|| {
        format!("{verb} operation does not apply: doc is missing path: {path:?}: missing value")
    })?;
    let found = target.pointer_mut(parent).ok_or_else(|| {
        format!("{verb} operation does not apply: doc is missing path: {path:?}: missing value")
    })?;
    Ok((found, last))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (place, last) = parent(target, path, "add")?;
    match place {
        Value::Object(map) => {
            map.insert(unescape(last), value);
        }
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => {
            let index = last.parse::<usize>().ok().filter(|i| *i <= list.len()).ok_or_else(|| {
                format!("add operation does not apply: doc is missing path: {path:?}: Unable to access invalid index: {last}: invalid index referenced")
            })?;
            list.insert(index, value);
        }
        _ => {
            return Err(format!(
                "add operation does not apply: doc is missing path: {path:?}: missing value"
            ));
        }
    }
    Ok(())
}

fn take(target: &mut Value, path: &str, verb: &str) -> Result<Value, String> {
    let (place, last) = parent(target, path, verb)?;
    let taken = match place {
        Value::Object(map) => map.remove(&unescape(last)),
        Value::Array(list) => last.parse::<usize>().ok().filter(|i| *i < list.len()).map(|i| list.remove(i)),
        _ => None,
    };
    taken.ok_or_else(|| format!("{verb} operation does not apply: doc is missing key: {path}: missing value"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        assert!(apply(&mut target, &json!([{"op": "replace", "path": "/no", "value": 1}])).is_err());
    }
}
