//! Walks over objects along their tables of fields: which fields there are, which differ, and how an applied
//! configuration is laid over what is there. Models `structured-merge-diff/typed`.

use super::set::{Set, below, mark};
use crate::api::schema::{Default, Struct, Type};
use crate::apiserver::openapi::{is_atomic, is_atomic_map, map_keys};
use crate::json;
use encoding::json::push_escaped;
use serde_json::{Map, Value};
use sim::Ordered;

/// How a value is owned.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// As a whole.
    Atomic,
    /// Field by field.
    Struct(&'static Struct),
    /// Entry by entry.
    Map(Option<&'static Type>),
    /// Element by element, told apart by keys.
    Keyed(&'static Struct, &'static str),
    /// Value by value.
    Set,
}

impl Shape {
    fn of(owner: Option<&Struct>, name: &str, ty: &'static Type) -> Shape {
        match ty {
            Type::Loose(of) => Shape::of(owner, name, of),
            Type::Object(schema) | Type::Retain(schema) => {
                if is_atomic(schema) {
                    Shape::Atomic
                } else {
                    Shape::Struct(schema)
                }
            }
            Type::Map | Type::MapOf(_) if owner.is_some_and(|owner| is_atomic_map(owner, name)) => {
                Shape::Atomic
            }
            Type::Map => Shape::Map(None),
            Type::MapOf(of) => Shape::Map(Some(of)),
            Type::Any => Shape::Map(None),
            Type::Keyed(item, key) => Shape::Keyed(item, key),
            Type::Set(_) => Shape::Set,
            _ => Shape::Atomic,
        }
    }

    /// The shape of a field.
    fn below(self, name: &str) -> Shape {
        match self {
            Shape::Struct(schema) => match schema.field(name) {
                Some(field) => Shape::of(Some(schema), name, &field.ty),
                None => Shape::Map(None),
            },
            Shape::Map(Some(of)) => Shape::of(None, name, of),
            // Nothing is known of it: objects go entry by entry.
            Shape::Map(None) => Shape::Map(None),
            _ => Shape::Atomic,
        }
    }

    /// What this value is in truth: a thing of unknown type may be a scalar.
    fn fits(self, values: &[Option<&Value>]) -> bool {
        let right = |value: &Value| match self {
            Shape::Atomic => false,
            Shape::Struct(_) | Shape::Map(_) => value.is_object(),
            Shape::Keyed(..) | Shape::Set => value.is_array(),
        };
        values.iter().flatten().all(|value| right(value))
    }
}

/// Go structs that stand in their owner without a pointer, and lists that are written even when empty: they are there
/// in an object that has nothing, so nobody brings them.
const ALWAYS: &[&str] = &[
    "containers",
    "daemonEndpoints",
    "involvedObject",
    "jobTemplate",
    "kubeletEndpoint",
    "loadBalancer",
    "metadata",
    "metric",
    "nodeInfo",
    "resources",
    "scaleTargetRef",
    "source",
    "spec",
    "status",
    "strategy",
    "target",
    "template",
    "updateStrategy",
];

/// What tells an element of a keyed list from the others: `k:{"name":"web"}`.
fn key_of(item: &'static Struct, merge_key: &'static str, value: &Value) -> String {
    let mut text = String::with_capacity(64);
    text.push_str("k:");
    for key in map_keys(item, &merge_key) {
        let default;
        let found = match value.get(key).filter(|value| !value.is_null()) {
            Some(found) => found,
            None => {
                default = match item.field(key).and_then(|field| field.default) {
                    Some(Default::Str(text)) => json!(text),
                    Some(Default::Int(number)) => json!(number),
                    Some(Default::Bool(truth)) => json!(truth),
                    Some(Default::Empty) | None => continue,
                };
                &default
            }
        };
        text.push_str(if text.len() == 2 { "{\"" } else { ",\"" });
        text.push_str(key);
        text.push_str("\":");
        match found {
            Value::String(found)
                if found.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte)) =>
            {
                for part in ["\"", found, "\""] {
                    text.push_str(part);
                }
            }
            found => text.push_str(&found.to_string()),
        }
    }
    text.push_str(if text.len() == 2 { "{}" } else { "}" });
    text
}

/// A part of a value: its path element, its shape, and what is there.
type Part<'a> = (String, Shape, &'a Value);

/// The parts of a value that are not null.
fn parts(shape: Shape, value: Option<&Value>) -> Vec<Part<'_>> {
    match (shape, value) {
        (Shape::Struct(_) | Shape::Map(_), Some(Value::Object(map))) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (["f:", name].concat(), shape.below(name), value))
            .collect(),
        (Shape::Keyed(item, key), Some(Value::Array(list))) => {
            let inner = if is_atomic(item) { Shape::Atomic } else { Shape::Struct(item) };
            elements(list, inner, &|value| key_of(item, key, value))
        }
        (Shape::Set, Some(Value::Array(list))) => {
            elements(list, Shape::Atomic, &|value| format!("v:{value}"))
        }
        _ => Vec::new(),
    }
}

/// The elements of a list; of those that are told apart by nothing the first.
fn elements<'a>(list: &'a [Value], inner: Shape, key_of: &dyn Fn(&Value) -> String) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for value in list.iter().filter(|value| !value.is_null()) {
        let key = key_of(value);
        if find(&parts, &key).is_none() {
            parts.push((key, inner, value));
        }
    }
    parts
}

fn find<'a>(parts: &[Part<'a>], key: &str) -> Option<&'a Value> {
    parts.iter().find(|(known, ..)| known == key).map(|(_, _, value)| *value)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// All fields of an applied configuration.
pub(super) fn fields(shape: Shape, value: &Value, set: &mut Set) {
    if !shape.fits(&[Some(value)]) || is_empty(value) {
        mark(set);
        return;
    }
    for (key, inner, value) in parts(shape, Some(value)) {
        let node = below(set, &key);
        fields(inner, value, node);
        if matches!(shape, Shape::Keyed(..)) {
            mark(node);
        }
    }
}

/// Writes all that a value says as `fieldsV1` does: what [`compare`] finds where nothing was before. Says whether that
/// is anything; fields of these names do not count.
fn write_set(text: &mut String, shape: Shape, value: &Value, always: bool, skipped: &[&str]) -> bool {
    let divided = shape.fits(&[Some(value)]);
    let own = !divided || !always || is_empty(value);
    text.push('{');
    let begin = text.len();
    if own && divided {
        text.push_str("\".\":{}");
    }
    let marked = text.len();
    match value {
        Value::Object(map) if divided => {
            for (name, value) in map.iter().filter(|(name, _)| !skipped.contains(&name.as_str())) {
                write_field(text, shape, name, value, &[]);
            }
        }
        _ => {
            let mut parts = parts(shape, Some(value).filter(|_| divided));
            if parts.len() > 1 {
                parts.order_by(|(a, ..), (b, ..)| a.cmp(b));
            }
            for (key, inner, value) in parts {
                write_part(text, "", &key, inner, value, false, &[]);
            }
        }
    }
    // Below a leaf there is nothing, not even itself.
    if text.len() == marked {
        text.truncate(begin);
    }
    let any = own || text.len() > begin;
    text.push('}');
    any
}

/// Writes a field of an object and all that it says, if it says anything.
pub(super) fn write_field(text: &mut String, owner: Shape, name: &str, value: &Value, skipped: &[&str]) {
    let always = matches!(owner, Shape::Struct(_)) && ALWAYS.contains(&name);
    if !value.is_null() {
        write_part(text, "f:", name, owner.below(name), value, always, skipped);
    }
}

fn write_part(
    text: &mut String,
    prefix: &str,
    key: &str,
    shape: Shape,
    value: &Value,
    always: bool,
    skipped: &[&str],
) {
    let begin = text.len();
    text.push_str(if matches!(text.as_bytes().last(), None | Some(b'{')) { "\"" } else { ",\"" });
    text.push_str(prefix);
    push_escaped(text, key);
    text.push_str("\":");
    // Nearly all that is written is below nothing.
    let leaf = matches!(shape, Shape::Atomic) || !matches!(value, Value::Object(_) | Value::Array(_));
    if leaf {
        text.push_str("{}");
    } else if !write_set(text, shape, value, always, skipped) {
        text.truncate(begin);
    }
}

/// What differs: fields that were added or changed, and fields that are gone.
pub(super) fn compare(
    shape: Shape,
    old: Option<&Value>,
    new: Option<&Value>,
    always: bool,
    changed: &mut Set,
    removed: &mut Set,
) {
    if old == new {
        return;
    }
    let whole = !shape.fits(&[old, new]);
    if whole || new.is_some_and(is_empty) {
        mark(if new.is_some() { &mut *changed } else { &mut *removed });
        if whole {
            return;
        }
    } else if old.is_none() && !always {
        mark(changed);
    } else if new.is_none() {
        mark(removed);
    }
    let (before, after) = (parts(shape, old), parts(shape, new));
    let there = after.iter().map(|(key, inner, new)| (key, *inner, find(&before, key), Some(*new)));
    let lost = before.iter().filter(|(key, ..)| find(&after, key).is_none());
    for (key, inner, old, new) in there.chain(lost.map(|(key, inner, old)| (key, *inner, Some(*old), None))) {
        let (mut added, mut gone) = (Map::new(), Map::new());
        let always =
            matches!(shape, Shape::Struct(_)) && key.strip_prefix("f:").is_some_and(|f| ALWAYS.contains(&f));
        compare(inner, old, new, always, &mut added, &mut gone);
        for (set, part) in [(&mut *changed, added), (&mut *removed, gone)] {
            if !part.is_empty() {
                set.insert(key.clone(), Value::Object(part));
            }
        }
    }
}

/// Lays a configuration over what is there.
pub(super) fn merge(shape: Shape, live: &mut Value, config: &Value) {
    if !shape.fits(&[Some(live), Some(config)]) {
        *live = config.clone();
        return;
    }
    match (shape, live, config) {
        (Shape::Struct(_) | Shape::Map(_), Value::Object(live), Value::Object(config)) => {
            for (name, value) in config {
                match live.get_mut(name) {
                    Some(place) if !value.is_null() => merge(shape.below(name), place, value),
                    _ => drop(live.insert(name.clone(), value.clone())),
                }
            }
        }
        (Shape::Keyed(item, key), Value::Array(live), Value::Array(config)) => {
            let inner = if is_atomic(item) { Shape::Atomic } else { Shape::Struct(item) };
            for value in config {
                let own = key_of(item, key, value);
                match live.iter_mut().find(|other| key_of(item, key, other) == own) {
                    Some(place) => merge(inner, place, value),
                    None => live.push(value.clone()),
                }
            }
        }
        (Shape::Set, Value::Array(live), Value::Array(config)) => {
            for value in config {
                if !live.contains(value) {
                    live.push(value.clone());
                }
            }
        }
        (_, live, config) => *live = config.clone(),
    }
}

/// Takes out what was applied before, is not applied any more, and belongs to nobody else.
pub(super) fn prune(shape: Shape, value: &mut Value, last: &Set, new: &Set, others: &Set) {
    for (key, node) in last.iter().filter(|(key, _)| *key != ".") {
        let Value::Object(node) = node else { continue };
        let (in_new, in_others) = (new.get(key), others.get(key));
        // What is only on the way to an owned field is not owned itself: `metadata` stays when a label goes.
        let owned = node.is_empty() || node.contains_key(".");
        if owned && in_new.is_none() && in_others.is_none() {
            match (shape, &mut *value) {
                (Shape::Struct(_) | Shape::Map(_), Value::Object(map)) => {
                    map.remove(key.strip_prefix("f:").unwrap_or(key));
                }
                (Shape::Keyed(item, merge_key), Value::Array(list)) => {
                    list.retain(|value| key_of(item, merge_key, value) != *key);
                }
                (Shape::Set, Value::Array(list)) => {
                    list.retain(|value| key.strip_prefix("v:") != Some(&value.to_string()));
                }
                _ => {}
            }
            continue;
        }
        let empty = Map::new();
        let inner = |node: Option<&'_ Value>| node.and_then(Value::as_object).cloned().unwrap_or_default();
        let (new, others) = (inner(in_new), inner(in_others));
        let place = match (shape, &mut *value) {
            (Shape::Struct(_) | Shape::Map(_), Value::Object(map)) => {
                let name = key.strip_prefix("f:").unwrap_or(key);
                map.get_mut(name).map(|place| (shape.below(name), place))
            }
            (Shape::Keyed(item, merge_key), Value::Array(list)) => {
                let found = list.iter_mut().find(|value| key_of(item, merge_key, value) == *key);
                found.map(|place| (if is_atomic(item) { Shape::Atomic } else { Shape::Struct(item) }, place))
            }
            _ => None,
        };
        if let Some((shape, place)) = place {
            let (new, others) = (if new.is_empty() { &empty } else { &new }, &others);
            prune(shape, place, node, new, others);
        }
    }
}
