//! Secrets.

use super::config_map::{MAX_SIZE, decoded_length, frozen, keys};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, set};
use crate::json;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use encoding::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Secret",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("immutable", Bool),
        f("data", MapOf(&Bytes)),
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
        if secret.map_at("/data").values().map(decoded_length).sum::<usize>() > MAX_SIZE {
            errors.too_long("data", MAX_SIZE);
        }
        typed(secret, errors);
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

/// What a secret of a known type must hold. Models `ValidateSecret`.
fn typed(secret: &Value, errors: &mut Errors) {
    let data = secret.map_at("/data");
    let has = |key: &str| data.get(key).is_some_and(Value::is_string);
    let mut must = |keys: &[&str]| {
        for key in keys.iter().filter(|key| !has(key)) {
            errors.required(format!("data[{key}]"), "");
        }
    };
    match secret.str_at("/type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if secret.annotation(key).is_none_or(str::is_empty) {
                errors.required(format!("metadata.annotations[{key}]"), "");
            }
        }
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => must(&["username", "password"]),
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_none_or(|key| key == "") => {
            errors.required("data[ssh-privatekey]", "");
        }
        "kubernetes.io/tls" => must(&["tls.crt", "tls.key"]),
        kind @ ("kubernetes.io/dockercfg" | "kubernetes.io/dockerconfigjson") => {
            let key = if kind.ends_with("json") { ".dockerconfigjson" } else { ".dockercfg" };
            let Some(text) = data.get(key).and_then(Value::as_str) else { return must(&[key]) };
            let text = BASE64.decode(text.as_bytes()).unwrap_or_default();
            if let Err(mistake) = json::check(&text) {
                let field = format!("data[{key}]");
                errors.invalid_str(field, "<secret contents redacted>", mistake.sentence());
            }
        }
        _ => {}
    }
}
