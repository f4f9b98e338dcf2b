//! `apiregistration.k8s.io/v1`: which server answers for which group of kinds. One that names a
//! Service leads to the server behind it: see [`crate::aggregator`].

use super::schema::Default as D;
use super::schema::Type::*;
use super::schema::common::OBJECT_META;
use super::schema::{Struct, f};
use super::scheme::{PLAIN, ResourceInfo, status_of};
use super::table::{AGE, NAME, age, column};
use super::validation::{Errors, NameRule, dns_subdomain, dns1035_label};
use super::{ObjectExt, condition};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
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
    name_rule: NameRule::Path,
    validate,
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

/// Models `ValidateAPIService`.
fn validate(service: &Value, _: Option<&Value>, errors: &mut Errors) {
    let (group, version) = (service.str_at("/spec/group"), service.str_at("/spec/version"));
    let required = format!("{version}.{group}");
    if service.name() != required {
        let why = format!("must be `spec.version+\".\"+spec.group`: {required:?}");
        errors.invalid_str("metadata.name", service.name(), &why);
    }
    if !group.is_empty() {
        errors.check("spec.group", group, dns_subdomain(group));
    } else if version != "v1" {
        errors.required("spec.group", "only v1 may have an empty group and it better be legacy kube");
    }
    errors.check("spec.version", version, dns1035_label(version));
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let value = service.at("/spec").get(field).and_then(Value::as_i64).unwrap_or(0);
        if !(1..=most).contains(&value) {
            let why = format!("must be positive and less than {most}");
            errors.invalid(format!("spec.{field}"), &value.into(), &why);
        }
    }
    let (target, insecure) = (service.at("/spec/service"), service.at("/spec/insecureSkipTLSVerify"));
    let bundle = service.str_at("/spec/caBundle");
    if target.is_null() {
        if !bundle.is_empty() {
            let bytes = format!("{} bytes", BASE64.decode(bundle.as_bytes()).map_or(0, |b| b.len()));
            errors.invalid_str("spec.caBundle", &bytes, "local APIServices may not have a caBundle");
        }
        if insecure == true {
            errors.invalid(
                "spec.insecureSkipTLSVerify",
                insecure,
                "local APIServices may not have insecureSkipTLSVerify",
            );
        }
        return;
    }
    for field in ["namespace", "name"] {
        if target.get(field).and_then(Value::as_str).unwrap_or("").is_empty() {
            errors.required(format!("spec.service.{field}"), "");
        }
    }
    errors.port("spec.service.port", target.at("/port"));
    if insecure == true && !bundle.is_empty() {
        errors.invalid("spec.insecureSkipTLSVerify", insecure, "may not be true if caBundle is present");
    }
}
