//! Resource quotas: how much all objects of a namespace may use together.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, NAME, age, column};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ResourceQuota",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "ResourceQuotaSpec",
    fields: &[
        f("hard", MapOf(&Quantity)),
        f("scopeSelector", Object(&SCOPE_SELECTOR)),
        f("scopes", List(&Str)),
    ],
};
static STATUS: Struct =
    Struct { go: "ResourceQuotaStatus", fields: &[f("hard", MapOf(&Quantity)), f("used", MapOf(&Quantity))] };
static SCOPE_SELECTOR: Struct =
    Struct { go: "ScopeSelector", fields: &[f("matchExpressions", List(&Object(&SCOPE_REQUIREMENT)))] };
static SCOPE_REQUIREMENT: Struct = Struct {
    go: "ScopedResourceSelectorRequirement",
    fields: &[
        f("operator", Str).required().one_of(&["DoesNotExist", "Exists", "In", "NotIn"]),
        f("scopeName", Str).required().one_of(&[
            "BestEffort",
            "CrossNamespacePodAffinity",
            "NotBestEffort",
            "NotTerminating",
            "PriorityClass",
            "Terminating",
            "VolumeAttributesClass",
        ]),
        f("values", List(&StrPtr)),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "ResourceQuota",
    plural: "resourcequotas",
    singular: "resourcequota",
    short_names: &["quota"],
    schema: &SCHEMA,
    subresources: &[status_of("ResourceQuota")],
    columns: &[
        NAME,
        column("Request", "What is used and may be used of counts and requests."),
        column("Limit", "What is used and may be used of limits."),
        AGE,
    ],
    row,
    ..PLAIN
};

/// Models `printResourceQuota`.
fn row(quota: &Value, now: Timestamp) -> Vec<Value> {
    let mut columns: [Vec<String>; 2] = [Vec::new(), Vec::new()];
    for (name, hard) in quota.map_at("/status/hard") {
        let used = quota.map_at("/status/used").get(name).and_then(Value::as_str).unwrap_or("0");
        columns[usize::from(name.starts_with("limits."))]
            .push(format!("{name}: {used}/{}", hard.as_str().unwrap_or("0")));
    }
    let [requests, limits] = columns.map(|cells| cells.join(", "));
    vec![quota.name().into(), requests.into(), limits.into(), age(quota, now)]
}
