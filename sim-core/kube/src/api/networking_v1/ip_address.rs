//! IP addresses: which object has which address. The server keeps one for each address of a Service.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{NAME, column};
use crate::api::validation::{self, Errors, NameRule};
use crate::json;
use serde_json::Value;

static SCHEMA: Struct = Struct {
    go: "IPAddress",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct =
    Struct { go: "IPAddressSpec", fields: &[f("parentRef", Object(&PARENT_REFERENCE)).required()] };
static PARENT_REFERENCE: Struct = Struct {
    go: "ParentReference",
    fields: &[f("group", Str), f("resource", Str).required(), f("namespace", Str), f("name", Str).required()],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "networking.k8s.io",
    kind: "IPAddress",
    plural: "ipaddresses",
    singular: "ipaddress",
    short_names: &["ip"],
    namespaced: false,
    schema: &SCHEMA,
    // A name is an address, which its own rules see to.
    name_rule: NameRule::Path,
    selectable: &[],
    validate,
    columns: &[
        NAME,
        column(
            "ParentRef",
            "ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent \
             object.",
        ),
    ],
    row: |address, _| vec![address.name().into(), parent(address).into()],
    ..PLAIN
};

/// The address of a Service, as the allocator keeps it.
pub fn of_service(address: &str, namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
        "metadata": {
            "name": address,
            "labels": {
                "ipaddress.kubernetes.io/ip-family": "IPv4",
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            },
        },
        "spec": {"parentRef": {"resource": "services", "namespace": namespace, "name": name}},
    })
}

/// Whether the allocator keeps it.
pub fn is_managed(address: &Value) -> bool {
    address.label("ipaddress.kubernetes.io/managed-by") == Some("ipallocator.k8s.io")
}

/// Whether a Service has it.
pub fn is_of(address: &Value, namespace: &str, name: &str) -> bool {
    let parent = address.at("/spec/parentRef");
    (parent.str_at("/resource"), parent.str_at("/namespace"), parent.str_at("/name"))
        == ("services", namespace, name)
}

/// `services/default/kubernetes`.
fn parent(address: &Value) -> String {
    let parent = address.at("/spec/parentRef");
    if parent.is_null() {
        return "<none>".to_string();
    }
    let mut text = parent.str_at("/resource").to_string();
    for (mark, field) in [('.', "/group"), ('/', "/namespace"), ('/', "/name")] {
        let part = parent.str_at(field);
        if !part.is_empty() {
            text.push(mark);
            text.push_str(part);
        }
        if field == "/group" {
            text = text.to_lowercase();
        }
    }
    text
}

/// Models `ValidateIPAddress` and its update.
fn validate(address: &Value, old: Option<&Value>, errors: &mut Errors) {
    validation::strict_ip("metadata.name", address.name(), errors);
    let parent = address.at("/spec/parentRef");
    let field = "spec.parentRef";
    if parent.is_null() {
        errors.required(field, "");
    } else {
        let group = parent.str_at("/group");
        if !group.is_empty() {
            errors.check("spec.parentRef.group", group, validation::dns_subdomain(group));
        }
        for name in ["resource", "name", "namespace"] {
            let (field, value) = (format!("{field}.{name}"), parent.str_at(&format!("/{name}")));
            if value.is_empty() && name != "namespace" {
                errors.required(field, "");
            } else if matches!(value, "." | "..") {
                errors.invalid_str(field, value, &format!("may not be '{value}'"));
            } else {
                for c in ['/', '%'].into_iter().filter(|c| value.contains(*c)) {
                    errors.invalid_str(&field, value, &format!("may not contain '{c}'"));
                }
            }
        }
    }
    if let Some(old) = old {
        errors.immutable(field, parent, old.at("/spec/parentRef"));
    }
}
