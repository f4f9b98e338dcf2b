//! Strategic merge patch: a merge patch that knows which lists have keys. Models
//! `apimachinery/pkg/util/strategicpatch`.

use super::ObjectExt;
use super::schema::{Struct, Type};
use crate::json;
use serde_json::{Map, Value};
use sim::{Ordered, SortedMap};

/// Applies `patch` to `target`, an object of the kind that `schema` describes.
pub fn apply(schema: &'static Struct, target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else { return };
    merge_object(Some(schema), target, patch);
}

/// The patch that `kubectl apply` sends: deletes what `original` had and `modified` has no more,
/// and brings `current` to what `modified` says. `{}` when nothing is to be done.
pub fn three_way(schema: &'static Struct, original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = diff_object(Some(schema), current, modified, false);
    let deletions = diff_object(Some(schema), original, modified, true);
    merge_raw(&mut patch, &deletions, Some(schema));
    patch
}

/// The patch that turns `original` into `modified`.
pub fn two_way(schema: &'static Struct, original: &Value, modified: &Value) -> Value {
    let mut patch = diff_object(Some(schema), original, modified, false);
    let deletions = diff_object(Some(schema), original, modified, true);
    merge_raw(&mut patch, &deletions, Some(schema));
    patch
}

fn nested(ty: Option<&'static Type>) -> Option<&'static Struct> {
    match ty {
        Some(Type::Object(schema) | Type::Retain(schema) | Type::Keyed(schema, _)) => Some(schema),
        _ => None,
    }
}

fn field_type(schema: Option<&'static Struct>, name: &str) -> Option<&'static Type> {
    match schema.and_then(|s| s.field(name)).map(|f| &f.ty) {
        Some(Type::Loose(of)) => Some(of),
        ty => ty,
    }
}

/// Whether a patch merges the values of a set in the field of this name, and does not replace them all.
pub fn patch_merges(field: &str) -> bool {
    matches!(field, "finalizers" | "podCIDRs")
}

fn merge_object(schema: Option<&'static Struct>, target: &mut Value, patch: &Map<String, Value>) {
    if patch.get("$patch").and_then(Value::as_str) == Some("replace") {
        let mut new = patch.clone();
        new.remove("$patch");
        *target = Value::Object(new);
        return;
    }
    if patch.get("$patch").and_then(Value::as_str) == Some("delete") {
        *target = json!({});
        return;
    }
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(map) = target else { return };
    if let Some(Value::Array(keep)) = patch.get("$retainKeys") {
        map.retain(|key, _| keep.iter().any(|k| k == key));
    }
    let mut originals: SortedMap<&str, Vec<Value>> = SortedMap::new();
    for key in patch.keys() {
        if let Some(list) = key.strip_prefix("$setElementOrder/")
            && let Some(Value::Array(items)) = map.get(list)
        {
            originals.insert(list, items.clone());
        }
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(items)), Value::Array(gone)) = (map.get_mut(list), value) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        // The order of elements is for later, when the list itself is merged.
        if key.starts_with('$') {
            continue;
        }
        if value.is_null() {
            map.remove(key);
            continue;
        }
        let ty = field_type(schema, key);
        match (ty, value) {
            (Some(Type::Keyed(item, merge_key)), Value::Array(changes)) => {
                let place = map.entry(key.clone()).or_insert_with(|| json!([]));
                merge_list(item, merge_key, place, changes);
            }
            (Some(Type::Set(_)), Value::Array(additions)) if patch_merges(key) => {
                let place = map.entry(key.clone()).or_insert_with(|| json!([]));
                if let Value::Array(items) = place {
                    let original = items.clone();
                    for addition in additions {
                        if !items.contains(addition) {
                            items.push(addition.clone());
                        }
                    }
                    normalize(items, additions, &original, None);
                }
            }
            (ty, Value::Object(changes)) => {
                let place = map.entry(key.clone()).or_insert(Value::Null);
                merge_object(nested(ty), place, changes);
            }
            _ => {
                map.insert(key.clone(), value.clone());
            }
        }
    }
    for (key, order) in patch {
        if let (Some(list), Value::Array(order)) = (key.strip_prefix("$setElementOrder/"), order)
            && let Some(Value::Array(items)) = map.get_mut(list)
        {
            let merge_key = match field_type(schema, list) {
                Some(Type::Keyed(_, merge_key)) => Some(*merge_key),
                _ => None,
            };
            let original = originals.get(list).cloned().unwrap_or_default();
            normalize(items, order, &original, merge_key);
        }
    }
}

fn same(a: &Value, b: &Value, merge_key: Option<&str>) -> bool {
    match merge_key {
        Some(key) => a.get(key) == b.get(key),
        None => a == b,
    }
}

/// Puts what the patch names into the order of the patch, and what only the server has where it was.
/// Models `normalizeElementOrder`.
fn normalize(items: &mut Vec<Value>, order: &[Value], original: &[Value], merge_key: Option<&str>) {
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item, merge_key));
    let (mut named, mut kept): (Vec<Value>, Vec<Value>) =
        std::mem::take(items).into_iter().partition(|item| place(order, item).is_some());
    named.order_by_key(|item| place(order, item));
    kept.order_by_key(|item| place(original, item));
    let (mut named, mut kept) = (named.into_iter().peekable(), kept.into_iter().peekable());
    loop {
        let kept_first = match (kept.peek(), named.peek()) {
            (None, None) => return,
            (Some(left), Some(right)) => match (place(original, left), place(original, right)) {
                (Some(left), Some(right)) => left < right,
                _ => false,
            },
            (left, _) => left.is_some(),
        };
        items.extend(if kept_first { kept.next() } else { named.next() });
    }
}

fn merge_list(item: &'static Struct, merge_key: &str, place: &mut Value, changes: &[Value]) {
    if changes.iter().any(|c| c.str_at("/$patch") == "replace") {
        *place = changes.iter().filter(|c| c.str_at("/$patch") != "replace").cloned().collect();
        return;
    }
    if !place.is_array() {
        *place = json!([]);
    }
    let Value::Array(list) = place else { return };
    let original = list.clone();
    for change in changes {
        let Value::Object(fields) = change else { continue };
        let key = fields.get(merge_key).cloned().unwrap_or(Value::Null);
        let found = list.iter().position(|old| old.get(merge_key).unwrap_or(&Value::Null) == &key);
        if fields.get("$patch").and_then(Value::as_str) == Some("delete") {
            if let Some(found) = found {
                list.remove(found);
            }
            continue;
        }
        match found {
            Some(found) => merge_object(Some(item), &mut list[found], fields),
            None => {
                let mut new = json!({});
                merge_object(Some(item), &mut new, fields);
                list.push(new);
            }
        }
    }
    normalize(list, changes, &original, Some(merge_key));
}

/// The difference between two objects: what `to` adds and changes, or (with `deletions`) what it lacks.
fn diff_object(schema: Option<&'static Struct>, from: &Value, to: &Value, deletions: bool) -> Value {
    let mut patch = Map::new();
    let (Some(from), Some(to)) = (from.as_object(), to.as_object()) else {
        return if deletions || from == to { json!({}) } else { to.clone() };
    };
    if deletions {
        for key in from.keys() {
            if !to.contains_key(key) {
                patch.insert(key.clone(), Value::Null);
            }
        }
    }
    for (key, new) in to {
        let ty = field_type(schema, key);
        let Some(old) = from.get(key) else {
            if !deletions && !new.is_null() {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        };
        if old == new {
            continue;
        }
        match (ty, old, new) {
            (Some(Type::Keyed(item, merge_key)), Value::Array(old), Value::Array(new)) => {
                let changes = diff_list(item, merge_key, old, new, deletions);
                if !changes.is_empty() {
                    patch.insert(key.clone(), Value::Array(changes));
                    let order = new.iter().map(|n| json!({(merge_key): n.get(*merge_key)})).collect();
                    patch.insert(format!("$setElementOrder/{key}"), Value::Array(order));
                }
            }
            (Some(Type::Set(_)), Value::Array(old), Value::Array(new)) if patch_merges(key) => {
                let missing = |a: &[Value], b: &[Value]| -> Vec<Value> {
                    a.iter().filter(|x| !b.contains(x)).cloned().collect()
                };
                if deletions {
                    let gone = missing(old, new);
                    if !gone.is_empty() {
                        patch.insert(format!("$deleteFromPrimitiveList/{key}"), Value::Array(gone));
                    }
                } else {
                    let added = missing(new, old);
                    if !added.is_empty() {
                        patch.insert(key.clone(), Value::Array(added));
                        patch.insert(format!("$setElementOrder/{key}"), Value::Array(new.clone()));
                    }
                }
            }
            (ty, Value::Object(_), Value::Object(fields)) => {
                let mut inner = diff_object(nested(ty), old, new, deletions);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    if matches!(ty, Some(Type::Retain(_))) {
                        inner["$retainKeys"] = fields.keys().cloned().collect();
                    }
                    patch.insert(key.clone(), inner);
                }
            }
            _ if !deletions => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    Value::Object(patch)
}

fn diff_list(
    item: &'static Struct,
    merge_key: &str,
    old: &[Value],
    new: &[Value],
    deletions: bool,
) -> Vec<Value> {
    let mut changes = Vec::new();
    for new in new {
        let same = old.iter().find(|old| old.get(merge_key) == new.get(merge_key));
        match same {
            Some(old) if old != new => {
                let mut change = diff_object(Some(item), old, new, deletions);
                if change.as_object().is_some_and(|c| !c.is_empty()) {
                    change[merge_key] = new.get(merge_key).cloned().unwrap_or(Value::Null);
                    changes.push(change);
                }
            }
            None if !deletions => changes.push(new.clone()),
            _ => {}
        }
    }
    if deletions {
        for old in old {
            if !new.iter().any(|new| old.get(merge_key) == new.get(merge_key)) {
                changes.push(json!({"$patch": "delete", merge_key: old.get(merge_key)}));
            }
        }
    }
    changes
}

/// Lays the deletions over the rest of a patch; neither is applied.
fn merge_raw(patch: &mut Value, other: &Value, schema: Option<&'static Struct>) {
    let (Value::Object(map), Value::Object(other)) = (patch, other) else { return };
    for (key, value) in other {
        let ty = field_type(schema, key);
        match (map.get_mut(key), value) {
            (Some(place @ Value::Object(_)), Value::Object(_)) => merge_raw(place, value, nested(ty)),
            (Some(Value::Array(list)), Value::Array(more)) if !key.starts_with('$') => {
                let Some(Type::Keyed(item, merge_key)) = ty else { continue };
                for change in more {
                    match list.iter_mut().find(|c| c.get(merge_key) == change.get(merge_key)) {
                        Some(place) => merge_raw(place, change, Some(item)),
                        None => list.push(change.clone()),
                    }
                }
            }
            (Some(_), _) => {}
            (None, _) => {
                map.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::scheme::schema_of;

    fn deployment() -> &'static Struct {
        schema_of("apps/v1", "Deployment").unwrap()
    }

    fn containers(list: Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": list}}}})
    }

    #[test]
    fn containers_are_merged_by_name_and_new_ones_come_first() {
        let mut target = containers(json!([{"name": "a", "image": "1", "tty": true}]));
        apply(
            deployment(),
            &mut target,
            &containers(json!([{"name": "b", "image": "2"}, {"name": "a", "image": "3"}])),
        );
        let expected =
            containers(json!([{"name": "b", "image": "2"}, {"name": "a", "image": "3", "tty": true}]));
        assert_eq!(target, expected);
        apply(deployment(), &mut target, &containers(json!([{"name": "b", "$patch": "delete"}])));
        assert_eq!(target, containers(json!([{"name": "a", "image": "3", "tty": true}])));
    }

    #[test]
    fn three_ways_delete_what_was_applied_and_keep_what_others_set() {
        let original =
            containers(json!([{"name": "a", "image": "1", "tty": true}, {"name": "b", "image": "1"}]));
        let modified = containers(json!([{"name": "a", "image": "2"}]));
        let mut current = containers(
            json!([{"name": "a", "image": "1", "tty": true, "stdin": true}, {"name": "b", "image": "1"}]),
        );
        let patch = three_way(deployment(), &original, &modified, &current);
        apply(deployment(), &mut current, &patch);
        assert_eq!(current, containers(json!([{"name": "a", "image": "2", "stdin": true}])));
        assert_eq!(three_way(deployment(), &modified, &modified, &current), json!({}));
    }

    #[test]
    fn a_strategy_keeps_only_what_the_patch_names() {
        let mut target =
            json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
        let modified = json!({"spec": {"strategy": {"type": "Recreate"}}});
        let patch = two_way(deployment(), &target, &modified);
        apply(deployment(), &mut target, &patch);
        assert_eq!(target, modified);
    }
}
