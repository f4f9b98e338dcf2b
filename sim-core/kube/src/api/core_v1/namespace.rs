//! Namespaces.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource, status_of};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::NameRule;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Namespace",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&NAMESPACE_SPEC)).or(D::Empty),
        f("status", Object(&NAMESPACE_STATUS)).or(D::Empty),
    ],
};
static NAMESPACE_SPEC: Struct = Struct { go: "NamespaceSpec", fields: &[f("finalizers", List(&Str))] };
static NAMESPACE_STATUS: Struct = Struct {
    go: "NamespaceStatus",
    fields: &[f("phase", Str).or(D::Str("Active")), f("conditions", Keyed(&CONDITION, "type"))],
};

static CONDITION: Struct = Struct {
    go: "NamespaceCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    namespaced: false,
    // Deleting all namespaces at once is not offered.
    verbs: &["create", "delete", "get", "list", "patch", "update", "watch"],
    schema: &SCHEMA,
    name_rule: NameRule::Label,
    subresources: &[
        Subresource { name: "finalize", kind: "Namespace", group: "", version: "", verbs: &["update"] },
        status_of("Namespace"),
    ],
    selectable: &[("status.phase", "/status/phase"), ("name", "/metadata/name")],
    columns: &[NAME, column("Status", "The status of the namespace"), AGE],
    row,
    ..PLAIN
};

fn row(namespace: &Value, now: Timestamp) -> Vec<Value> {
    vec![namespace.name().into(), namespace.str_at("/status/phase").into(), age(namespace, now)]
}
