//! The cells of a custom kind: what a path finds in an object. Models `apiserver/pkg/registry/customresource/tableconvertor`.

use crate::api::{ObjectExt, duration};
use crate::json;
use encoding::json;
use serde_json::Value;
use sim::Timestamp;

/// The cell of one column.
pub fn cell(object: &Value, column: &Value, now: Timestamp) -> Value {
    let found = find(object, column.str_at("/jsonPath"));
    let Some(value) = found.first() else {
        return if column.str_at("/type") == "date" { json!("<unknown>") } else { Value::Null };
    };
    match (column.str_at("/type"), value) {
        ("date", Value::String(time)) => json!(duration::since(time, now)),
        ("date", _) => json!("<invalid>"),
        ("string", Value::String(_))
        | ("integer" | "number", Value::Number(_))
        | ("boolean", Value::Bool(_)) => (*value).clone(),
        ("string", Value::Array(_) | Value::Object(_)) => json!(value.to_string()),
        ("string", _) => {
            let texts: Vec<String> = found.iter().map(|v| v.to_string()).collect();
            json!(texts.join(","))
        }
        _ => Value::Null,
    }
}

/// What a simple path finds: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`.
pub fn find<'a>(object: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![object];
    let mut rest = path.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let Some((inside, after)) = split_bracket(after) else { return Vec::new() };
            found = found.into_iter().flat_map(|value| select(value, inside)).collect();
            rest = after;
            continue;
        }
        let after = rest.strip_prefix('.').unwrap_or(rest);
        let mut end = after.len();
        let mut escaped = false;
        for (i, c) in after.char_indices() {
            if !escaped && (c == '.' || c == '[') {
                end = i;
                break;
            }
            escaped = c == '\\' && !escaped;
        }
        let name = after[..end].replace('\\', "");
        rest = &after[end..];
        if name.is_empty() {
            continue;
        }
        found = found.into_iter().filter_map(|value| value.get(&name)).collect();
    }
    found.retain(|value| !value.is_null());
    found
}

fn split_bracket(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    for (i, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..i], &text[i + 1..]));
        }
    }
    None
}

fn select<'a>(value: &'a Value, inside: &str) -> Vec<&'a Value> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    if inside == "*" {
        return list.iter().collect();
    }
    if let Some(condition) = inside.strip_prefix("?(").and_then(|c| c.strip_suffix(')')) {
        let Some((path, wanted)) = condition.split_once("==") else { return Vec::new() };
        let path = path.trim().trim_start_matches('@');
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        let fits = |item: &&Value| {
            find(item, path).first().is_some_and(|found| match found.as_str() {
                Some(text) => text == wanted,
                None => json::parse(wanted).is_ok_and(|wanted| **found == wanted),
            })
        };
        return list.iter().filter(fits).collect();
    }
    match inside.parse::<i64>() {
        Ok(index) => {
            let place = if index < 0 { list.len() as i64 + index } else { index };
            usize::try_from(place).ok().and_then(|place| list.get(place)).into_iter().collect()
        }
        Err(_) => value.get(inside.trim_matches(['"', '\''])).into_iter().collect(),
    }
}
