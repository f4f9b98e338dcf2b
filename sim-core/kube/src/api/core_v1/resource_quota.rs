//! Resource quotas: how much all objects of a namespace may use together.

use crate::api::ObjectExt;
use crate::api::resource_list::Amount;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::{self, Errors};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ResourceQuota",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "ResourceQuotaSpec",
    fields: &[
        f("hard", MapOf(&Quantity)),
        f("scopes", List(&Str)),
        f("scopeSelector", Object(&SCOPE_SELECTOR)),
    ],
};
static STATUS: Struct =
    Struct { go: "ResourceQuotaStatus", fields: &[f("hard", MapOf(&Quantity)), f("used", MapOf(&Quantity))] };
static SCOPE_SELECTOR: Struct =
    Struct { go: "ScopeSelector", fields: &[f("matchExpressions", List(&Object(&SCOPE_REQUIREMENT)))] };
static SCOPE_REQUIREMENT: Struct = Struct {
    go: "ScopedResourceSelectorRequirement",
    fields: &[
        f("scopeName", Str).required().one_of(&[
            "BestEffort",
            "CrossNamespacePodAffinity",
            "NotBestEffort",
            "NotTerminating",
            "PriorityClass",
            "Terminating",
            "VolumeAttributesClass",
        ]),
        f("operator", Str).required().one_of(&["DoesNotExist", "Exists", "In", "NotIn"]),
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
    validate,
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

/// Resources of a quota without a domain of their own.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// Those that are counted whole.
const COUNTS: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// Whether a resource without a domain is one that Kubernetes knows.
pub fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name)
        || name == "storage"
        || ["hugepages-", "requests.hugepages-"].iter().any(|prefix| name.starts_with(prefix))
}

/// Models `ValidateResourceQuotaSpec`.
fn validate(quota: &Value, old: Option<&Value>, errors: &mut Errors) {
    for (name, quantity) in quota.map_at("/spec/hard") {
        let field = format!("spec.hard[{name}]");
        errors.check(&field, name, validation::label_key(name));
        if !name.contains('/') && (!is_standard(name) || name == "storage") {
            if !is_standard(name) {
                errors.invalid_str(&field, name, "must be a standard resource type or fully qualified");
            }
            errors.invalid_str(&field, name, "must be a standard resource for quota");
        }
        let amount = Amount::parse(quantity.as_str().unwrap_or("0"));
        if amount.milli < 0 {
            errors.invalid(&field, quantity, "must be greater than or equal to 0");
        }
        if COUNTS.contains(&name.as_str()) && amount.milli % 1_000 != 0 {
            errors.invalid(&field, quantity, "must be an integer");
        }
    }
    let scopes = quota.list_at("/spec/scopes");
    let has = |scope: &str| scopes.iter().any(|s| s == scope);
    for scope in scopes.iter().filter_map(Value::as_str) {
        if !SCOPES.contains(&scope) {
            errors.invalid("spec.scopes", quota.at("/spec/scopes"), "unsupported scope");
        }
        for name in quota.map_at("/spec/hard").keys().filter(|name| STANDARD.contains(&name.as_str())) {
            let fits = if scope == "BestEffort" {
                name == "pods"
            } else {
                name == "pods" || (name.contains("cpu") || name.contains("memory"))
            };
            if !fits {
                let why = "unsupported scope applied to resource";
                errors.invalid("spec.scopes", quota.at("/spec/scopes"), why);
            }
        }
    }
    if (has("BestEffort") && has("NotBestEffort")) || (has("Terminating") && has("NotTerminating")) {
        errors.invalid("spec.scopes", quota.at("/spec/scopes"), "conflicting scopes");
    }
    if let Some(old) = old {
        errors.immutable("spec.scopes", quota.at("/spec/scopes"), old.at("/spec/scopes"));
    }
}
