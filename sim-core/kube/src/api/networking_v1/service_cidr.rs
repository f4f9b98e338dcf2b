//! Service CIDRs: the ranges from which Services get their addresses.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{CONDITION, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, condition};
use crate::json;
use ipnet::IpNet;
use serde_json::Value;

/// What keeps a range until nobody has an address of it.
pub const FINALIZER: &str = "networking.k8s.io/service-cidr-finalizer";

static SCHEMA: Struct = Struct {
    go: "ServiceCIDR",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct { go: "ServiceCIDRSpec", fields: &[f("cidrs", List(&StrPtr))] };
static STATUS: Struct =
    Struct { go: "ServiceCIDRStatus", fields: &[f("conditions", Keyed(&CONDITION, "type"))] };

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "networking.k8s.io",
    kind: "ServiceCIDR",
    plural: "servicecidrs",
    singular: "servicecidr",
    namespaced: false,
    schema: &SCHEMA,
    subresources: &[status_of("ServiceCIDR")],
    validate,
    columns: &[
        NAME,
        column(
            "CIDRs",
            "CIDRs defines the IP blocks in CIDR notation (e.g. \"192.168.0.0/24\" or \"2001:db8::/64\") from which to \
             assign service cluster IPs. Max of two CIDRs is allowed, one of each IP family. This field is immutable.",
        ),
        AGE,
    ],
    row: |object, now| {
        let cidrs: Vec<&str> = object.list_at("/spec/cidrs").iter().filter_map(Value::as_str).collect();
        vec![object.name().into(), cidrs.join(",").into(), age(object, now)]
    },
    ..PLAIN
};

/// The ranges of an object.
pub fn networks(object: &Value) -> impl Iterator<Item = IpNet> {
    object.list_at("/spec/cidrs").iter().filter_map(|cidr| cidr.as_str()?.parse().ok())
}

/// Whether addresses may be taken from it.
pub fn is_ready(object: &Value) -> bool {
    !object.is_terminating()
        && condition(object, "Ready").is_some_and(|ready| ready.str_at("/status") == "True")
}

/// Models `ValidateServiceCIDR` and its update.
fn validate(object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let field = "spec.cidrs";
    let cidrs = object.list_at("/spec/cidrs");
    let whole = json!({"CIDRs": cidrs});
    let families: Vec<Option<bool>> =
        cidrs.iter().map(|cidr| Some(matches!(cidr.as_str()?.parse().ok()?, IpNet::V4(_)))).collect();
    match &families[..] {
        [] => errors.required(field, "at least one CIDR required"),
        [_, _, _, ..] => errors.invalid(field, &whole, "may only hold up to 2 values"),
        [a, b] if a.is_none() || b.is_none() || a == b => errors.invalid(
            field,
            &whole,
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64",
        ),
        _ => {
            for (i, cidr) in cidrs.iter().enumerate() {
                validation::strict_cidr(&format!("{field}[{i}]"), cidr.as_str().unwrap_or(""), errors);
            }
        }
    }
    if let Some(old) = old {
        errors.immutable(field, object.at("/spec/cidrs"), old.at("/spec/cidrs"));
    }
}
