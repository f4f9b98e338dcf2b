//! Ingresses: which host and path of the outside leads to which Service. The cluster keeps them; a bare one
//! has no controller that would open the way, and so they stay without an address.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::{Ordered, Timestamp};

static SCHEMA: Struct = Struct {
    go: "Ingress",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "IngressSpec",
    fields: &[
        f("ingressClassName", StrPtr),
        f("defaultBackend", Object(&BACKEND)),
        f("tls", List(&Object(&TLS))),
        f("rules", List(&Object(&RULE))),
    ],
};
static BACKEND: Struct = Struct {
    go: "IngressBackend",
    fields: &[f("service", Object(&SERVICE_BACKEND)), f("resource", Object(&RESOURCE))],
};
static RESOURCE: Struct = Struct {
    go: "TypedLocalObjectReference",
    fields: &[f("apiGroup", StrPtr), f("kind", Str).required(), f("name", Str).required()],
};
static SERVICE_BACKEND: Struct = Struct {
    go: "IngressServiceBackend",
    fields: &[f("name", Str).required(), f("port", Object(&BACKEND_PORT)).or(D::Empty)],
};
static BACKEND_PORT: Struct =
    Struct { go: "ServiceBackendPort", fields: &[f("name", Str), f("number", Int32)] };
static RULE: Struct = Struct { go: "IngressRule", fields: &[f("host", Str), f("http", Object(&HTTP))] };
static HTTP: Struct =
    Struct { go: "HTTPIngressRuleValue", fields: &[f("paths", List(&Object(&PATH))).required()] };
static PATH: Struct = Struct {
    go: "HTTPIngressPath",
    fields: &[
        f("path", Str),
        f("pathType", StrPtr).required().one_of(&["Exact", "ImplementationSpecific", "Prefix"]),
        f("backend", Object(&BACKEND)).required().or(D::Empty),
    ],
};
static TLS: Struct = Struct { go: "IngressTLS", fields: &[f("hosts", List(&Str)), f("secretName", Str)] };
static STATUS: Struct =
    Struct { go: "IngressStatus", fields: &[f("loadBalancer", Object(&BALANCER)).or(D::Empty)] };
static BALANCER: Struct =
    Struct { go: "IngressLoadBalancerStatus", fields: &[f("ingress", List(&Object(&BALANCER_INGRESS)))] };
static BALANCER_INGRESS: Struct = Struct {
    go: "IngressLoadBalancerIngress",
    fields: &[f("ip", Str), f("hostname", Str), f("ports", List(&Object(&PORT_STATUS)))],
};
static PORT_STATUS: Struct = Struct {
    go: "IngressPortStatus",
    fields: &[
        f("port", Int32).required(),
        f("protocol", Str).required().one_of(&["SCTP", "TCP", "UDP"]),
        f("error", StrPtr),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "networking.k8s.io",
    kind: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short_names: &["ing"],
    schema: &SCHEMA,
    generation: true,
    subresources: &[status_of("Ingress")],
    validate: super::ingress_validation::validate,
    prepare_for_create: |ingress| set(ingress, "/status", json!({"loadBalancer": {}})),
    columns: &[
        NAME,
        column(
            "Class",
            "The name of the IngressClass resource that should be used for additional configuration",
        ),
        column("Hosts", "Hosts that incoming requests are matched against before the ingress rule"),
        column("Address", "Address is a list containing ingress points for the load-balancer"),
        column("Ports", "Ports of TLS configurations that open"),
        AGE,
    ],
    row,
    ..PLAIN
};

/// Models `printIngress`.
fn row(ingress: &Value, now: Timestamp) -> Vec<Value> {
    let mut addresses: Vec<&str> = Vec::new();
    for point in ingress.list_at("/status/loadBalancer/ingress") {
        addresses.push(match point.str_at("/ip") {
            "" => point.str_at("/hostname"),
            ip => ip,
        });
    }
    addresses.retain(|address| !address.is_empty());
    addresses.order();
    addresses.dedup();
    let ports = if ingress.list_at("/spec/tls").is_empty() { "80" } else { "80, 443" };
    vec![
        ingress.name().into(),
        ingress.at("/spec/ingressClassName").as_str().unwrap_or("<none>").into(),
        hosts(ingress.list_at("/spec/rules")).into(),
        addresses.join(",").into(),
        ports.into(),
        age(ingress, now),
    ]
}

/// Models `formatHosts`: three at most, and how many rules more there are.
fn hosts(rules: &[Value]) -> String {
    let mut hosts: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= hosts.len() == 3;
        let host = rule.str_at("/host");
        if !more && !host.is_empty() {
            hosts.push(host);
        }
    }
    match (hosts.is_empty(), more) {
        (true, _) => "*".to_string(),
        (_, true) => format!("{} + {} more...", hosts.join(","), rules.len() - 3),
        _ => hosts.join(","),
    }
}
