//! Names inside of objects follow the objects that they mean. Models the table of name references of
//! kustomize/api/internal/konfig/builtinpluginconsts.

use super::Item;
use serde_json::Value;

/// Fields that hold an object with a name: the field, the name's own field, the kind that is meant.
const NAMED: &[(&str, &str, &str)] = &[
    ("configMap", "name", "ConfigMap"),
    ("configMapKeyRef", "name", "ConfigMap"),
    ("configMapRef", "name", "ConfigMap"),
    ("imagePullSecrets", "name", "Secret"),
    ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
    ("secret", "name", "Secret"),
    ("secret", "secretName", "Secret"),
    ("secretKeyRef", "name", "Secret"),
    ("secretRef", "name", "Secret"),
    ("service", "name", "Service"),
    ("tls", "secretName", "Secret"),
];
/// Fields that are a name.
const PLAIN: &[(&str, &str)] = &[
    ("ingressClassName", "IngressClass"),
    ("priorityClassName", "PriorityClass"),
    ("serviceAccountName", "ServiceAccount"),
    ("serviceName", "Service"),
    ("storageClassName", "StorageClass"),
];
/// Fields that hold objects that say which kind they mean.
const TYPED: &[&str] = &["roleRef", "scaleTargetRef", "subjects"];

/// Lets all references follow.
pub fn follow(items: &mut [Item]) {
    let mut names = Vec::new();
    for item in items.iter() {
        for old in item.names.iter().filter(|old| *old != item.name()) {
            names.push((item.kind().to_string(), old.clone(), item.name().to_string()));
        }
    }
    if names.is_empty() {
        return;
    }
    let renamed = |kind: &str, name: &str| {
        names.iter().find(|(k, old, _)| k == kind && old == name).map(|(_, _, new)| new.clone())
    };
    for item in items {
        walk(&mut item.object, &renamed);
    }
}

fn walk(value: &mut Value, renamed: &dyn Fn(&str, &str) -> Option<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, renamed)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if let Some((_, kind)) = PLAIN.iter().find(|(field, _)| field == key) {
                    set(value, renamed, kind);
                }
                for (_, name, kind) in NAMED.iter().filter(|(field, _, _)| field == key) {
                    each(value, |object| {
                        if let Some(place) = object.get_mut(*name) {
                            set(place, renamed, kind);
                        }
                    });
                }
                if TYPED.contains(&key.as_str()) {
                    each(value, |object| {
                        let kind = object["kind"].as_str().unwrap_or("").to_string();
                        if let Some(place) = object.get_mut("name") {
                            set(place, renamed, &kind);
                        }
                    });
                }
                walk(value, renamed);
            }
        }
        _ => {}
    }
}

/// The object, or each of a list.
fn each(value: &mut Value, mut change: impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(change),
        value => change(value),
    }
}

fn set(place: &mut Value, renamed: &dyn Fn(&str, &str) -> Option<String>, kind: &str) {
    if let Some(new) = place.as_str().and_then(|name| renamed(kind, name)) {
        *place = new.into();
    }
}
