//! Config maps.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::Errors;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ConfigMap",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("immutable", Bool),
        f("data", Map),
        f("binaryData", MapOf(&Bytes)),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    schema: &SCHEMA,
    validate,
    columns: &[
        NAME,
        column(
            "Data",
            "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', \
             '_' or '.'.",
        ),
        AGE,
    ],
    row,
    ..PLAIN
};

fn row(map: &Value, now: Timestamp) -> Vec<Value> {
    let count = map.map_at("/data").len() + map.map_at("/binaryData").len();
    vec![map.name().into(), count.into(), age(map, now)]
}

/// How much a config map or a secret may hold.
pub(super) const MAX_SIZE: usize = 1 << 20;

/// Models `ValidateConfigMap` and its update.
fn validate(map: &Value, old: Option<&Value>, errors: &mut Errors) {
    keys(map, &["data", "binaryData"], errors);
    for (field, other) in [("data", "binaryData"), ("binaryData", "data")] {
        for key in map.map_at(&format!("/{field}")).keys() {
            if map.get(other).is_some_and(|other| other.get(key).is_some()) {
                let why = format!("duplicate of key present in {other}");
                errors.invalid_str(format!("{field}[{key}]"), key, &why);
            }
        }
    }
    let text = map.map_at("/data").values().map(|value| value.as_str().map_or(0, str::len)).sum::<usize>();
    let binary = map.map_at("/binaryData").values().map(decoded_length).sum::<usize>();
    if text + binary > MAX_SIZE {
        // It is about the whole object, and so upstream's path is empty.
        errors.too_long("[]", MAX_SIZE);
    }
    if let Some(old) = old {
        frozen(map, old, &["data", "binaryData"], errors);
    }
}

/// How many bytes a value in base64 stands for.
pub(super) fn decoded_length(value: &Value) -> usize {
    let text = value.as_str().unwrap_or("");
    text.trim_end_matches('=').len() * 3 / 4
}

/// Keys of a config map or a secret.
pub(super) fn keys(object: &Value, fields: &[&str], errors: &mut Errors) {
    for field in fields {
        for key in object.map_at(&format!("/{field}")).keys() {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            let path = format!("{field}[{key}]");
            if key.len() > 253 {
                errors.invalid_str(&path, key, "must be no more than 253 characters");
            }
            if key.is_empty() || !key.chars().all(plain) {
                errors.invalid_str(
                    &path,
                    key,
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  \
                     or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
                );
            } else if key == "." || key == ".." {
                errors.invalid_str(&path, key, &format!("must not be '{key}'"));
            } else if key.starts_with("..") {
                errors.invalid_str(&path, key, "must not start with '..'");
            }
        }
    }
}

/// What may not change once `immutable` is set.
pub(super) fn frozen(new: &Value, old: &Value, fields: &[&str], errors: &mut Errors) {
    if !old.bool_at("/immutable") {
        return;
    }
    if !new.bool_at("/immutable") {
        errors.forbidden("immutable", "field is immutable when `immutable` is set");
    }
    for field in fields {
        if new.get(*field) != old.get(*field) {
            errors.forbidden(field, "field is immutable when `immutable` is set");
        }
    }
}
