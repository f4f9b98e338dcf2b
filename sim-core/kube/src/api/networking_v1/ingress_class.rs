//! Ingress classes: which controller an Ingress is meant for.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "IngressClass",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct =
    Struct { go: "IngressClassSpec", fields: &[f("controller", Str), f("parameters", Object(&PARAMETERS))] };
static PARAMETERS: Struct = Struct {
    go: "IngressClassParametersReference",
    fields: &[
        f("apiGroup", StrPtr),
        f("kind", Str).required(),
        f("name", Str).required(),
        f("namespace", StrPtr),
        f("scope", StrPtr).or(D::Str("Cluster")),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "networking.k8s.io",
    kind: "IngressClass",
    plural: "ingressclasses",
    singular: "ingressclass",
    namespaced: false,
    schema: &SCHEMA,
    generation: true,
    columns: &[
        NAME,
        column("Controller", "Controller that is responsible for handling this class"),
        column("Parameters", "A reference to a resource with additional parameters"),
        AGE,
    ],
    row,
    ..PLAIN
};

/// Whether Ingresses without a class get this one.
pub fn is_default(class: &Value) -> bool {
    class.annotation("ingressclass.kubernetes.io/is-default-class") == Some("true")
}

/// Models `printIngressClass`.
fn row(class: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = match class.at("/spec/parameters") {
        Value::Null => "<none>".to_string(),
        parameters => {
            let group = match parameters.at("/apiGroup") {
                Value::String(group) => format!(".{group}"),
                _ => String::new(),
            };
            format!("{}{group}/{}", parameters.str_at("/kind"), parameters.str_at("/name"))
        }
    };
    let mark = if is_default(class) { " (default)" } else { "" };
    vec![
        format!("{}{mark}", class.name()).into(),
        class.str_at("/spec/controller").into(),
        parameters.into(),
        age(class, now),
    ]
}
