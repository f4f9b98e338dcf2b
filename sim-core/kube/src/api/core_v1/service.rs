//! Services: one address for many pods.

use super::service_validation;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{CONDITION, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource, status_of};
use crate::api::selector::LabelSelector;
use crate::api::table::{AGE, Column, NAME, age, column, or_none, wide};
use crate::api::validation::NameRule;
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Service",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SERVICE_SPEC)).or(D::Empty),
        f("status", Object(&SERVICE_STATUS)).or(D::Empty),
    ],
};

static SERVICE_SPEC: Struct = Struct {
    go: "ServiceSpec",
    fields: &[
        f("ports", Keyed(&SERVICE_PORT, "port")),
        f("selector", Map),
        f("clusterIP", Str),
        f("clusterIPs", List(&Str)),
        f("type", Str).or(D::Str("ClusterIP")),
        f("externalIPs", List(&Str)),
        f("sessionAffinity", Str).or(D::Str("None")),
        f("loadBalancerIP", Str),
        f("loadBalancerSourceRanges", List(&Str)),
        f("externalName", Str),
        f("externalTrafficPolicy", Str),
        f("healthCheckNodePort", Int32),
        f("publishNotReadyAddresses", Bool),
        f("sessionAffinityConfig", Object(&AFFINITY_CONFIG)),
        f("ipFamilies", List(&Str)),
        f("ipFamilyPolicy", StrPtr),
        f("allocateLoadBalancerNodePorts", Bool),
        f("loadBalancerClass", StrPtr),
        f("internalTrafficPolicy", StrPtr),
        f("trafficDistribution", StrPtr),
    ],
};
static SERVICE_PORT: Struct = Struct {
    go: "ServicePort",
    fields: &[
        f("name", Str),
        f("protocol", Str).or(D::Str("TCP")),
        f("appProtocol", StrPtr),
        f("port", Int32).required(),
        f("targetPort", IntOrString),
        f("nodePort", Int32),
    ],
};
static AFFINITY_CONFIG: Struct =
    Struct { go: "SessionAffinityConfig", fields: &[f("clientIP", Object(&CLIENT_IP))] };
static CLIENT_IP: Struct = Struct { go: "ClientIPConfig", fields: &[f("timeoutSeconds", Int32)] };
static SERVICE_STATUS: Struct = Struct {
    go: "ServiceStatus",
    fields: &[
        f("loadBalancer", Object(&LOAD_BALANCER)).or(D::Empty),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};
static LOAD_BALANCER: Struct =
    Struct { go: "LoadBalancerStatus", fields: &[f("ingress", List(&Object(&INGRESS)))] };
static PORT_STATUS: Struct = Struct {
    go: "PortStatus",
    fields: &[f("port", Int32).required(), f("protocol", Str).required(), f("error", StrPtr)],
};
static INGRESS: Struct = Struct {
    go: "LoadBalancerIngress",
    fields: &[f("ip", Str), f("hostname", Str), f("ipMode", StrPtr), f("ports", List(&Object(&PORT_STATUS)))],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Service",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    categories: &["all"],
    schema: &SCHEMA,
    name_rule: NameRule::Dns1035,
    subresources: &[
        Subresource {
            name: "proxy",
            kind: "ServiceProxyOptions",
            group: "",
            version: "",
            verbs: &["create", "delete", "get", "patch", "update"],
        },
        status_of("Service"),
    ],
    selectable: &[("spec.clusterIP", "/spec/clusterIP"), ("spec.type", "/spec/type")],
    default: set_defaults,
    validate: service_validation::validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column(
        "Type",
        "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, \
         ClusterIP, NodePort, and LoadBalancer.",
    ),
    column("Cluster-IP", "clusterIP is the IP address of the service and is usually assigned randomly."),
    column(
        "External-IP",
        "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this \
         service.",
    ),
    column("Port(s)", "The list of ports that are exposed by this service."),
    AGE,
    wide("Selector", "Route service traffic to pods with label keys and values matching this selector."),
];

/// Models `SetDefaults_Service`.
fn set_defaults(service: &mut Value) {
    let kind = service_type(service).to_string();
    if !cluster_ip(service).is_empty() && cluster_ips(service).is_empty() {
        let address = service.at("/spec/clusterIP").clone();
        set(service, "/spec/clusterIPs", json!([address]));
    }
    if service.str_at("/spec/sessionAffinity") == "ClientIP" {
        if service.int_at("/spec/sessionAffinityConfig/clientIP/timeoutSeconds").is_none() {
            set(service, "/spec/sessionAffinityConfig/clientIP/timeoutSeconds", json!(10_800));
        }
    } else if let Some(spec) = service.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("sessionAffinityConfig");
    }
    let ports = service.get_mut("spec").and_then(|s| s.get_mut("ports")).and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        let target = port.at("/targetPort");
        if target.is_null() || target == &json!(0) || target == "" {
            port["targetPort"] = port.get("port").cloned().unwrap_or(json!(0));
        }
    }
    let external = !service.list_at("/spec/externalIPs").is_empty();
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        && service.str_at("/spec/externalTrafficPolicy").is_empty()
    {
        set(service, "/spec/externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "ClusterIP" && external && service.str_at("/spec/externalTrafficPolicy").is_empty() {
        set(service, "/spec/externalTrafficPolicy", json!("Cluster"));
    }
    if kind != "ExternalName" && service.at("/spec/internalTrafficPolicy").is_null() {
        set(service, "/spec/internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" && service.at("/spec/allocateLoadBalancerNodePorts").is_null() {
        set(service, "/spec/allocateLoadBalancerNodePorts", json!(true));
    }
}

fn row(service: &Value, now: Timestamp) -> Vec<Value> {
    let selector = LabelSelector::from_map(service.map_at("/spec/selector")).to_string();
    vec![
        service.name().into(),
        service_type(service).into(),
        or_none(match cluster_ips(service) {
            [] => cluster_ip(service),
            [first, ..] => first.as_str().unwrap_or(""),
        }),
        external_ip(service).into(),
        or_none(port_list(service)),
        age(service, now),
        or_none(selector),
    ]
}

fn external_ip(service: &Value) -> String {
    let mut ips: Vec<&str> = Vec::new();
    let external: Vec<&str> = service.list_at("/spec/externalIPs").iter().filter_map(Value::as_str).collect();
    match service_type(service) {
        "ExternalName" => return service.str_at("/spec/externalName").to_string(),
        "LoadBalancer" => {
            for ingress in service.list_at("/status/loadBalancer/ingress") {
                ips.push(match ingress.str_at("/ip") {
                    "" => ingress.str_at("/hostname"),
                    ip => ip,
                });
            }
            if ips.is_empty() && external.is_empty() {
                return "<pending>".to_string();
            }
        }
        _ => {}
    }
    ips.extend(external);
    if ips.is_empty() { "<none>".to_string() } else { ips.join(",") }
}

fn port_list(service: &Value) -> String {
    let ports = service.list_at("/spec/ports").iter().map(|port| {
        let (number, protocol) = (port.int_at("/port").unwrap_or(0), port.str_at("/protocol"));
        match port.int_at("/nodePort").unwrap_or(0) {
            0 => format!("{number}/{protocol}"),
            node_port => format!("{number}:{node_port}/{protocol}"),
        }
    });
    ports.collect::<Vec<_>>().join(",")
}

/// `spec.type`.
pub fn service_type(service: &Value) -> &str {
    match service.str_at("/spec/type") {
        "" => "ClusterIP",
        kind => kind,
    }
}

/// `spec.clusterIP`: an address, `None` for a headless Service, empty for `ExternalName`.
pub fn cluster_ip(service: &Value) -> &str {
    service.str_at("/spec/clusterIP")
}

/// `spec.clusterIPs`.
pub fn cluster_ips(service: &Value) -> &[Value] {
    service.list_at("/spec/clusterIPs")
}

/// `spec.ports`.
pub fn ports(service: &Value) -> &[Value] {
    service.list_at("/spec/ports")
}

/// Whether it has no address of its own.
pub fn is_headless(service: &Value) -> bool {
    cluster_ip(service) == "None"
}

/// `spec.selector`; selects nothing when there is none.
pub fn selector(service: &Value) -> LabelSelector {
    LabelSelector::from_map(service.map_at("/spec/selector"))
}
