//! `apiregistration.k8s.io/v1`: which server answers for which group of kinds. One that names a
//! Service leads to the server behind it: see [`crate::aggregator`].

use super::schema::Default as D;
use super::schema::Type::*;
use super::schema::common::OBJECT_META;
use super::schema::{Struct, f};
use super::scheme::{PLAIN, ResourceInfo, status_of};
use super::table::{AGE, NAME, age, column};
use super::{ObjectExt, condition};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "APIService",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "APIServiceSpec",
    fields: &[
        f("service", Object(&SERVICE)),
        f("group", Str),
        f("version", Str),
        f("insecureSkipTLSVerify", Bool),
        f("caBundle", Bytes),
        f("groupPriorityMinimum", Int32).required(),
        f("versionPriority", Int32).required(),
    ],
};
static SERVICE: Struct = Struct {
    go: "ServiceReference",
    fields: &[f("namespace", Str), f("name", Str), f("port", Int32).or(D::Int(443))],
};
static CONDITION: Struct = Struct {
    go: "APIServiceCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};
static STATUS: Struct =
    Struct { go: "APIServiceStatus", fields: &[f("conditions", Keyed(&CONDITION, "type"))] };

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "apiregistration.k8s.io",
    kind: "APIService",
    plural: "apiservices",
    singular: "apiservice",
    categories: &["api-extensions"],
    namespaced: false,
    schema: &SCHEMA,
    subresources: &[status_of("APIService")],
    columns: &[
        NAME,
        column("Service", "The reference to the service that hosts this API endpoint."),
        column("Available", "Whether this service is available."),
        AGE,
    ],
    row,
    ..PLAIN
};

fn row(service: &Value, now: Timestamp) -> Vec<Value> {
    let target = match service.at("/spec/service") {
        Value::Null => "Local".to_string(),
        target => format!("{}/{}", target.str_at("/namespace"), target.str_at("/name")),
    };
    let available = match condition(service, "Available") {
        None => "Unknown".to_string(),
        Some(c) if c.str_at("/status") == "True" => "True".to_string(),
        Some(c) => format!("{} ({})", c.str_at("/status"), c.str_at("/reason")),
    };
    vec![service.name().into(), target.into(), available.into(), age(service, now)]
}
