//! Reading and changing objects without a Rust type for each kind.

use crate::json;
use encoding::value::{self, field};
use serde_json::{Map, Value};
use sim::Timestamp;
use std::fmt;
use std::rc::Rc;
use std::sync::LazyLock;

/// An object as the store, the watchers and the caches share it.
pub type Object = Rc<Value>;

static NULL: Value = Value::Null;
static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// Namespace and name: what a work queue holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The namespace, empty for what is cluster-scoped.
    pub namespace: Rc<str>,
    /// The name.
    pub name: Rc<str>,
}

impl Key {
    /// The key of `name` in `namespace`.
    pub fn new(namespace: &str, name: &str) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }

    /// Reads `namespace/name`, or `name` alone for what is cluster-scoped.
    pub fn parse(text: &str) -> Key {
        let (namespace, name) = text.split_once('/').unwrap_or(("", text));
        Key::new(namespace, name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// What every object has, read from the JSON. A path is a JSON pointer without escapes: `/spec/nodeName`.
pub trait ObjectExt {
    /// The value at `path`, `Null` when there is none.
    fn at(&self, path: &str) -> &Value;

    /// A field of `metadata`, `Null` when there is none.
    fn meta(&self, name: &str) -> &Value;

    /// The string at `path`, empty when there is none.
    fn str_at(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }
    /// The number at `path`.
    fn int_at(&self, path: &str) -> Option<i64> {
        self.at(path).as_i64()
    }
    /// Whether `path` holds `true`.
    fn bool_at(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or(false)
    }
    /// The list at `path`, empty when there is none.
    fn list_at(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map_or(&[], Vec::as_slice)
    }
    /// The map at `path`, empty when there is none.
    fn map_at(&self, path: &str) -> &Map<String, Value> {
        self.at(path).as_object().unwrap_or(&EMPTY)
    }
    /// `metadata.name`.
    fn name(&self) -> &str {
        self.meta("name").as_str().unwrap_or("")
    }
    /// `metadata.namespace`, empty for what is cluster-scoped.
    fn namespace(&self) -> &str {
        self.meta("namespace").as_str().unwrap_or("")
    }
    /// `metadata.uid`.
    fn uid(&self) -> &str {
        self.meta("uid").as_str().unwrap_or("")
    }
    /// `kind`.
    fn kind(&self) -> &str {
        self.str_at("/kind")
    }
    /// `apiVersion`.
    fn api_version(&self) -> &str {
        self.str_at("/apiVersion")
    }
    /// `metadata.resourceVersion`.
    fn resource_version(&self) -> &str {
        self.meta("resourceVersion").as_str().unwrap_or("")
    }
    /// `metadata.generation`, 0 when there is none.
    fn generation(&self) -> i64 {
        self.meta("generation").as_i64().unwrap_or(0)
    }
    /// `metadata.labels`.
    fn labels(&self) -> &Map<String, Value> {
        self.meta("labels").as_object().unwrap_or(&EMPTY)
    }
    /// One label.
    fn label(&self, key: &str) -> Option<&str> {
        field(self.labels(), key).and_then(Value::as_str)
    }
    /// `metadata.annotations`.
    fn annotations(&self) -> &Map<String, Value> {
        self.meta("annotations").as_object().unwrap_or(&EMPTY)
    }
    /// One annotation.
    fn annotation(&self, key: &str) -> Option<&str> {
        field(self.annotations(), key).and_then(Value::as_str)
    }
    /// `metadata.finalizers`.
    fn finalizers(&self) -> Vec<&str> {
        self.meta("finalizers").as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }
    /// Whether `finalizer` holds the object back from going away.
    fn has_finalizer(&self, finalizer: &str) -> bool {
        self.meta("finalizers").as_array().into_iter().flatten().any(|f| f == finalizer)
    }
    /// `metadata.ownerReferences`.
    fn owner_references(&self) -> &[Value] {
        self.meta("ownerReferences").as_array().map_or(&[], Vec::as_slice)
    }
    /// The reference to the owner with `controller: true`.
    fn controller_of(&self) -> Option<&Value> {
        self.owner_references().iter().find(|owner| owner.bool_at("/controller"))
    }
    /// The uid of the owner with `controller: true`.
    fn controller_uid(&self) -> Option<&str> {
        self.controller_of().map(|owner| owner.str_at("/uid"))
    }
    /// `metadata.creationTimestamp`.
    fn creation_timestamp(&self) -> &str {
        self.meta("creationTimestamp").as_str().unwrap_or("")
    }
    /// `metadata.deletionTimestamp`.
    fn deletion_timestamp(&self) -> Option<&str> {
        self.meta("deletionTimestamp").as_str()
    }
    /// Whether its deletion has begun.
    fn is_terminating(&self) -> bool {
        self.deletion_timestamp().is_some()
    }
    /// Namespace and name.
    fn key(&self) -> Key {
        Key::new(self.namespace(), self.name())
    }
}

impl ObjectExt for Value {
    fn at(&self, path: &str) -> &Value {
        value::at(self, path)
    }

    fn meta(&self, name: &str) -> &Value {
        let metadata = self.as_object().and_then(|map| field(map, "metadata")).and_then(Value::as_object);
        metadata.and_then(|metadata| field(metadata, name)).unwrap_or(&NULL)
    }
}

/// An object of those of these texts that are not empty: Go leaves out what is.
pub(crate) fn texts(fields: &[(&str, &str)]) -> Map<String, Value> {
    // One by one: what is collected is sorted first, which costs more than all else here.
    let mut map = Map::new();
    for (name, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
        map.insert((*name).to_string(), Value::from(*text));
    }
    map
}

/// Puts `value` at `path`, making the objects on the way.
pub fn set(object: &mut Value, path: &str, value: Value) {
    *slot(object, path) = value;
}

/// The place at `path`, made (as `Null`, in new objects) when it is not there. An index that a list
/// does not have names its last element.
pub fn slot<'a>(object: &'a mut Value, path: &str) -> &'a mut Value {
    let mut place = object;
    for part in path.split('/').skip(1) {
        if let Value::Array(list) = place {
            if list.is_empty() {
                list.push(Value::Null);
            }
            let index = part.parse::<usize>().unwrap_or(0).min(list.len() - 1);
            place = &mut list[index];
            continue;
        }
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(map) = place else { unreachable!("it was made an object just now") };
        if !map.contains_key(part) {
            map.insert(part.to_string(), Value::Null);
        }
        place = map.get_mut(part).expect("it was inserted just now");
    }
    place
}

/// Takes out what is at `path`.
pub fn remove(object: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = path.rsplit_once('/')?;
    let mut place = object;
    for part in parent.split('/').skip(1) {
        place = match place {
            Value::Object(map) => map.get_mut(part)?,
            Value::Array(list) => list.get_mut(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    place.as_object_mut()?.remove(last)
}

/// Where Go finds fault with Base64.
pub fn corrupt_at(error: &base64::DecodeError, text: &str) -> usize {
    match error {
        base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => *at,
        _ => text.len() / 4 * 4,
    }
}

/// The condition of this type in `status.conditions`.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object.list_at("/status/conditions").iter().find(|c| c.str_at("/type") == kind)
}

/// Writes a condition into `status.conditions`; says whether anything changed. The time of the last
/// transition stays when the status does.
pub fn set_condition(object: &mut Value, mut new: Value, now: Timestamp) -> bool {
    let list = slot(object, "/status/conditions");
    if !list.is_array() {
        *list = json!([]);
    }
    let Value::Array(list) = list else { unreachable!("it was made a list just now") };
    let kind = new.str_at("/type").to_string();
    let old = list.iter_mut().find(|c| c.str_at("/type") == kind);
    let same_status = old.as_ref().is_some_and(|old| old.at("/status") == new.at("/status"));
    if new.at("/lastTransitionTime").is_null() {
        let time = match &old {
            Some(old) if same_status => old.at("/lastTransitionTime").clone(),
            _ => json!(now.rfc3339()),
        };
        set(&mut new, "/lastTransitionTime", time);
    }
    match old {
        Some(old) if *old == new => false,
        Some(old) => {
            *old = new;
            true
        }
        None => {
            list.push(new);
            true
        }
    }
}

/// Sums up to what the map holds under `key`, as an object that can be changed.
pub fn object_at<'a>(object: &'a mut Value, path: &str) -> &'a mut Map<String, Value> {
    let place = slot(object, path);
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    place.as_object_mut().expect("it was made an object just now")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_and_write() {
        let mut pod = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}});
        set(&mut pod, "/status/phase", json!("Running"));
        set(&mut pod, "/spec/containers/0/image", json!("i"));
        assert_eq!(pod.str_at("/status/phase"), "Running");
        assert_eq!(pod.str_at("/spec/containers/0/image"), "i");
        assert_eq!(pod.str_at("/spec/nodeName"), "");
        assert_eq!(remove(&mut pod, "/status/phase"), Some(json!("Running")));
    }

    #[test]
    fn a_condition_keeps_its_time_while_its_status_stays() {
        let t = |s| Timestamp { seconds: s, nanos: 0 };
        let mut pod = json!({});
        assert!(set_condition(&mut pod, json!({"type": "Ready", "status": "True"}), t(1)));
        assert!(!set_condition(&mut pod, json!({"type": "Ready", "status": "True"}), t(2)));
        assert!(set_condition(&mut pod, json!({"type": "Ready", "status": "False"}), t(3)));
        assert_eq!(
            condition(&pod, "Ready").map(|c| c.str_at("/lastTransitionTime")),
            Some("1970-01-01T00:00:03Z")
        );
    }
}
