//! Sets of fields, as trees: `{"f:spec": {"f:replicas": {".": {}}}}`. Inside, whatever is in the set has a `.`; outside
//! a leaf is written as `{}`. Models `structured-merge-diff/fieldpath`.

use encoding::json;
use serde_json::{Map, Value};

/// A tree of fields.
pub(super) type Set = Map<String, Value>;

const SELF: &str = ".";

fn children(node: &Value) -> Option<&Set> {
    node.as_object()
}

/// The node below `key`, made when it is not there.
pub(super) fn below<'a>(set: &'a mut Set, key: &str) -> &'a mut Set {
    let node = set.entry(key.to_string()).or_insert_with(|| Value::Object(Map::new()));
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    node.as_object_mut().expect("the node was made an object just now")
}

/// Puts the node itself into the set.
pub(super) fn mark(set: &mut Set) {
    set.insert(SELF.to_string(), Value::Object(Map::new()));
}

/// All that is in one of both.
pub(super) fn unite(set: &mut Set, more: &Set) {
    for (key, node) in more {
        if key == SELF {
            mark(set);
        } else if let Some(node) = children(node) {
            unite(below(set, key), node);
        }
    }
}

/// Takes out what is in the other.
pub(super) fn subtract(set: &mut Set, less: &Set) {
    for (key, node) in less {
        if key == SELF {
            set.remove(SELF);
            continue;
        }
        let Some(Value::Object(own)) = set.get_mut(key) else { continue };
        if let Some(node) = children(node) {
            subtract(own, node);
        }
        if own.is_empty() {
            set.remove(key);
        }
    }
}

/// What is in both.
pub(super) fn intersect(a: &Set, b: &Set) -> Set {
    let mut both = Map::new();
    for (key, node) in a {
        let Some(other) = b.get(key) else { continue };
        if key == SELF {
            mark(&mut both);
        } else if let (Some(node), Some(other)) = (children(node), children(other)) {
            let inner = intersect(node, other);
            if !inner.is_empty() {
                both.insert(key.clone(), Value::Object(inner));
            }
        }
    }
    both
}

/// Makes of a set what `fieldsV1` writes: leaves are empty.
pub(super) fn to_fields_v1(set: &mut Set) {
    for (key, node) in set.iter_mut() {
        match node.as_object_mut() {
            Some(node) if key == SELF || (node.len() == 1 && node.contains_key(SELF)) => node.clear(),
            Some(node) => to_fields_v1(node),
            None => *node = Value::Object(Map::new()),
        }
    }
}

/// From what is written.
pub(super) fn from_fields_v1(fields: &Value) -> Set {
    let mut set = Map::new();
    for (key, node) in fields.as_object().into_iter().flatten() {
        if key == SELF {
            mark(&mut set);
            continue;
        }
        let own = below(&mut set, key);
        if children(node).is_none_or(Map::is_empty) {
            mark(own);
        } else {
            *own = from_fields_v1(node);
        }
    }
    set
}

/// The paths in the set, as messages name them: `.spec.containers[name="web"].image`.
pub(super) fn paths(set: &Set) -> Vec<String> {
    let mut found = Vec::new();
    walk(set, "", &mut found);
    found
}

fn walk(set: &Set, path: &str, found: &mut Vec<String>) {
    for (key, node) in set {
        if key == SELF {
            found.push(path.to_string());
        } else if let Some(node) = children(node) {
            walk(node, &format!("{path}{}", element(key)), found);
        }
    }
}

fn element(key: &str) -> String {
    let (kind, rest) = key.split_once(':').unwrap_or(("f", key));
    match kind {
        "k" => {
            let keys = json::parse(rest).unwrap_or_default();
            let keys = keys.as_object().into_iter().flatten();
            let pairs: Vec<String> = keys.map(|(name, value)| format!("{name}={value}")).collect();
            format!("[{}]", pairs.join(","))
        }
        "v" => format!("[={rest}]"),
        "i" => format!("[{rest}]"),
        _ => format!(".{rest}"),
    }
}
