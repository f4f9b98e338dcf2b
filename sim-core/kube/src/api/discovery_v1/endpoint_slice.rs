//! Endpoint slices: the addresses behind a Service, up to a hundred in each.

use crate::api::core_v1::endpoints;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "EndpointSlice",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("addressType", Str).required(),
        f("endpoints", List(&Object(&ENDPOINT))).required(),
        f("ports", List(&Object(&PORT))),
    ],
};
static ENDPOINT: Struct = Struct {
    go: "Endpoint",
    fields: &[
        f("addresses", Set(&Str)).required(),
        f("conditions", Object(&CONDITIONS)).or(D::Empty),
        f("hostname", StrPtr),
        f("targetRef", Object(&OBJECT_REFERENCE)),
        f("deprecatedTopology", Map),
        f("nodeName", StrPtr),
        f("zone", StrPtr),
        f("hints", Object(&HINTS)),
    ],
};
static HINTS: Struct = Struct {
    go: "EndpointHints",
    fields: &[f("forZones", List(&Object(&FOR_ZONE))), f("forNodes", List(&Object(&FOR_NODE)))],
};
static FOR_NODE: Struct = Struct { go: "ForNode", fields: &[f("name", Str).required()] };
static FOR_ZONE: Struct = Struct { go: "ForZone", fields: &[f("name", Str).required()] };
static CONDITIONS: Struct = Struct {
    go: "EndpointConditions",
    fields: &[f("ready", Bool), f("serving", Bool), f("terminating", Bool)],
};
static PORT: Struct = Struct {
    go: "EndpointPort",
    fields: &[
        f("name", StrPtr).or(D::Str("")),
        f("protocol", StrPtr).or(D::Str("TCP")),
        f("port", Int32),
        f("appProtocol", StrPtr),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "discovery.k8s.io",
    kind: "EndpointSlice",
    plural: "endpointslices",
    singular: "endpointslice",
    schema: &SCHEMA,
    generation: true,
    // A slice has no spec: all of it counts, and its labels.
    prepare_for_update: |slice, old| {
        let same = |path: &str| slice.at(path) == old.at(path);
        if !["/addressType", "/endpoints", "/ports", "/metadata/labels"].into_iter().all(same) {
            set(slice, "/metadata/generation", json!(old.generation() + 1));
        }
    },
    default: |slice| {
        // Both lists are always written.
        for list in ["endpoints", "ports"] {
            if slice.get(list).is_none() {
                set(slice, &format!("/{list}"), if list == "endpoints" { json!([]) } else { Value::Null });
            }
        }
    },
    validate,
    columns: &[
        NAME,
        column(
            "AddressType",
            "addressType specifies the type of address carried by this EndpointSlice. All addresses in this slice \
             must be the same type.",
        ),
        column("Ports", "ports specifies the list of network ports exposed by each endpoint in this slice."),
        column("Endpoints", "endpoints is a list of unique endpoints in this slice."),
        AGE,
    ],
    row,
    ..PLAIN
};

fn row(slice: &Value, now: Timestamp) -> Vec<Value> {
    let ports = slice.list_at("/ports").iter().map(|port| match port.int_at("/port") {
        Some(number) => number.to_string(),
        None => match port.str_at("/name") {
            "" => "*".to_string(),
            name => name.to_string(),
        },
    });
    let endpoints = slice.list_at("/endpoints").iter().flat_map(|e| e.list_at("/addresses"));
    let endpoints = endpoints.map(|a| a.as_str().unwrap_or("").to_string());
    vec![
        slice.name().into(),
        slice.str_at("/addressType").into(),
        few(ports.collect()).into(),
        few(endpoints.collect()).into(),
        age(slice, now),
    ]
}

/// At most three, and how many more there are.
fn few(list: Vec<String>) -> String {
    match list.len() {
        0 => "<unset>".to_string(),
        1..=3 => list.join(","),
        n => format!("{} + {} more...", list[..3].join(","), n - 3),
    }
}

/// Models `ValidateEndpointSlice`.
fn validate(slice: &Value, old: Option<&Value>, errors: &mut Errors) {
    let kind = slice.str_at("/addressType");
    if kind.is_empty() {
        errors.required("addressType", "");
    } else {
        errors.one_of("addressType", kind, &["FQDN", "IPv4", "IPv6"]);
    }
    for (i, endpoint) in slice.list_at("/endpoints").iter().enumerate() {
        let addresses = endpoint.list_at("/addresses");
        if addresses.is_empty() {
            errors.required(format!("endpoints[{i}].addresses"), "must contain at least 1 address");
        }
        for (j, address) in addresses.iter().enumerate() {
            let field = format!("endpoints[{i}].addresses[{j}]");
            let text = address.as_str().unwrap_or("");
            match kind {
                "IPv4" if text.parse::<std::net::Ipv4Addr>().is_err() => {
                    errors.invalid_str(&field, text, "must be a valid IPv4 address");
                }
                "IPv4" => endpoints::address(text, &field, errors),
                "FQDN" => errors.check(&field, text, validation::dns_subdomain(text)),
                _ => {}
            }
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in slice.list_at("/ports").iter().enumerate() {
        let name = port.str_at("/name");
        if names.contains(&name) {
            errors.duplicate("ports", &json!(name));
        }
        names.push(name);
        errors.one_of(format!("ports[{i}].protocol"), port.str_at("/protocol"), &["SCTP", "TCP", "UDP"]);
    }
    if let Some(old) = old {
        errors.immutable("addressType", slice.at("/addressType"), old.at("/addressType"));
    }
}
