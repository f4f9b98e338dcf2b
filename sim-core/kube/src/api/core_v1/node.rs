//! Nodes: the machines of the cluster.

use super::statuses::{NODE_CONFIG_SOURCE, NODE_STATUS};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, or_none, wide};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, condition};
use serde_json::Value;
use sim::{Ordered, Timestamp};

static SCHEMA: Struct = Struct {
    go: "Node",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&NODE_SPEC)).or(D::Empty),
        f("status", Loose(&Object(&NODE_STATUS))).or(D::Empty),
    ],
};
static NODE_SPEC: Struct = Struct {
    go: "NodeSpec",
    fields: &[
        f("podCIDR", Str),
        f("podCIDRs", Set(&Str)),
        f("providerID", Str),
        f("unschedulable", Bool),
        f("taints", List(&Object(&TAINT))),
        f("configSource", Object(&NODE_CONFIG_SOURCE)),
        f("externalID", Str),
    ],
};
static TAINT: Struct = Struct {
    go: "Taint",
    fields: &[f("key", Str).required(), f("value", Str), f("effect", Str).required(), f("timeAdded", Time)],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    namespaced: false,
    schema: &SCHEMA,
    subresources: &[
        Subresource {
            name: "proxy",
            kind: "NodeProxyOptions",
            group: "",
            version: "",
            verbs: &["create", "delete", "get", "patch", "update"],
        },
        status_of("Node"),
    ],
    selectable: &[("spec.unschedulable", "/spec/unschedulable")],
    default: |node| {
        // False is not written.
        if let Some(spec) = node.get_mut("spec").and_then(Value::as_object_mut)
            && spec.get("unschedulable") == Some(&Value::Bool(false))
        {
            spec.remove("unschedulable");
        }
        // What can be allocated is all there is, unless the kubelet says otherwise.
        if node.at("/status/allocatable").is_null() && !node.at("/status/capacity").is_null() {
            let capacity = node.at("/status/capacity").clone();
            crate::api::set(node, "/status/allocatable", capacity);
        }
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Status", "The status of the node"),
    column("Roles", "The roles of the node"),
    AGE,
    column("Version", "Kubelet Version reported by the node."),
    wide("Internal-IP", "List of addresses reachable to the node."),
    wide("External-IP", "List of addresses reachable to the node."),
    wide(
        "OS-Image",
        "OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).",
    ),
    wide(
        "Kernel-Version",
        "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
    ),
    wide("Container-Runtime", "ContainerRuntime Version reported by the node through runtime remote API."),
];

fn row(node: &Value, now: Timestamp) -> Vec<Value> {
    let mut status = vec![match condition(node, "Ready").map(|c| c.str_at("/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }];
    if node.bool_at("/spec/unschedulable") {
        status.push("SchedulingDisabled");
    }
    let unknown = |text: &str| Value::from(if text.is_empty() { "<unknown>" } else { text });
    let address = |kind: &str| {
        let all = node.list_at("/status/addresses");
        or_none(all.iter().find(|a| a.str_at("/type") == kind).map_or("", |a| a.str_at("/address")))
    };
    vec![
        node.name().into(),
        status.join(",").into(),
        or_none(roles(node).join(",")),
        age(node, now),
        node.str_at("/status/nodeInfo/kubeletVersion").into(),
        address("InternalIP"),
        address("ExternalIP"),
        unknown(node.str_at("/status/nodeInfo/osImage")),
        unknown(node.str_at("/status/nodeInfo/kernelVersion")),
        unknown(node.str_at("/status/nodeInfo/containerRuntimeVersion")),
    ]
}

/// The roles that a node's labels give it.
pub fn roles(node: &Value) -> Vec<&str> {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in node.labels() {
        let role = match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => role,
            None if key == "kubernetes.io/role" => value.as_str().unwrap_or(""),
            None => continue,
        };
        if !role.is_empty() {
            roles.push(role);
        }
    }
    roles.order();
    roles.dedup();
    roles
}

/// The address of this type: `InternalIP`, `Hostname`.
pub fn address<'a>(node: &'a Value, kind: &str) -> Option<&'a str> {
    let all = node.list_at("/status/addresses");
    all.iter().find(|a| a.str_at("/type") == kind).map(|a| a.str_at("/address"))
}

/// Models `ValidateNode`.
fn validate(node: &Value, old: Option<&Value>, errors: &mut Errors) {
    let taints = node.list_at("/spec/taints");
    for (i, taint) in taints.iter().enumerate() {
        let field = |name: &str| format!("spec.taints[{i}].{name}");
        let (key, value) = (taint.str_at("/key"), taint.str_at("/value"));
        errors.check(field("key"), key, validation::label_key(key));
        errors.check(field("value"), value, validation::label_value(value));
        match taint.str_at("/effect") {
            "" => errors.required(field("effect"), ""),
            effect => {
                errors.one_of(field("effect"), effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
            }
        }
        let same = |other: &Value| {
            other.at("/key") == taint.at("/key") && other.at("/effect") == taint.at("/effect")
        };
        if taints[..i].iter().any(same) {
            errors.duplicate(format!("spec.taints[{i}]"), taint);
        }
    }
    if let Some(old) = old
        && !old.str_at("/spec/podCIDR").is_empty()
        && old.at("/spec/podCIDR") != node.at("/spec/podCIDR")
    {
        errors.forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid");
    }
}
