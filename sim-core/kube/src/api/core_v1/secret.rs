//! Secrets.

use super::config_map::{frozen, keys};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::{ObjectExt, set};
use data_encoding::BASE64;
use serde_json::{Value, json};
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Secret",
    fields: &[
        f("apiVersion", Str),
        f("data", MapOf(&Bytes)),
        f("immutable", Bool),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("stringData", Map),
        f("type", Str).or(D::Str("Opaque")),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Secret",
    plural: "secrets",
    singular: "secret",
    schema: &SCHEMA,
    selectable: &[("type", "/type")],
    default: |secret| {
        // Written in the clear, kept in base64.
        let clear = secret.as_object_mut().and_then(|s| s.remove("stringData"));
        if let Some(Value::Object(clear)) = clear {
            for (key, value) in clear {
                let encoded = BASE64.encode(value.as_str().unwrap_or("").as_bytes());
                if secret.at("/data").is_null() {
                    set(secret, "/data", json!({}));
                }
                secret["data"][key] = json!(encoded);
            }
        }
    },
    validate: |secret, old, errors| {
        keys(secret, &["data"], errors);
        if let Some(old) = old {
            errors.immutable("type", secret.at("/type"), old.at("/type"));
            frozen(secret, old, &["data"], errors);
        }
    },
    columns: &[
        NAME,
        column("Type", "Used to facilitate programmatic handling of secret data."),
        column("Data", "Data contains the secret data."),
        AGE,
    ],
    row,
    ..PLAIN
};

fn row(secret: &Value, now: Timestamp) -> Vec<Value> {
    let count = secret.map_at("/data").len();
    vec![secret.name().into(), secret.str_at("/type").into(), count.into(), age(secret, now)]
}
