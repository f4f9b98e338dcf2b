//! `metrics.k8s.io/v1beta1`: what nodes and pods use. A metrics server makes these objects up when it is asked; the
//! API server itself does not know them. Models k8s.io/metrics.

use super::schema::Default as D;
use super::schema::Type::*;
use super::schema::common::OBJECT_META;
use super::schema::{Struct, f};
use super::scheme::{PLAIN, Resource, ResourceInfo};
use super::table::{Column, NAME, column};
use super::{ObjectExt, quantity};
use crate::json;
use serde_json::Value;

static POD_SCHEMA: Struct = Struct {
    go: "PodMetrics",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("timestamp", Time).required(),
        f("window", Str).required(),
        f("containers", List(&Object(&CONTAINER))).required(),
    ],
};
static CONTAINER: Struct = Struct {
    go: "ContainerMetrics",
    fields: &[f("name", Str).required(), f("usage", MapOf(&Quantity)).required()],
};
static NODE_SCHEMA: Struct = Struct {
    go: "NodeMetrics",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("timestamp", Time).required(),
        f("window", Str).required(),
        f("usage", MapOf(&Quantity)).required(),
    ],
};

const SHOWN: ResourceInfo = ResourceInfo {
    group: "metrics.k8s.io",
    version: "v1beta1",
    verbs: &["get", "list"],
    columns: COLUMNS,
    row: |metrics, _| {
        let sum = |name: &str| {
            let usages = metrics.list_at("/containers").iter().map(|c| c.at("/usage"));
            let own = metrics.get("usage").into_iter();
            let amounts = usages.chain(own).filter_map(|usage| usage.get(name)?.as_str());
            let milli: i128 = amounts.filter_map(quantity::parse_nano).sum();
            quantity::of_nano(milli, name == "memory")
        };
        vec![metrics.name().into(), sum("cpu").into(), sum("memory").into(), metrics.at("/window").clone()]
    },
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    Column { format: "quantity", ..column("cpu", "") },
    Column { format: "quantity", ..column("memory", "") },
    Column { format: "duration", ..column("Window", "") },
];

/// The row of nodes.
pub static NODES: ResourceInfo =
    ResourceInfo { kind: "NodeMetrics", plural: "nodes", namespaced: false, schema: &NODE_SCHEMA, ..SHOWN };

/// The row of pods.
pub static PODS: ResourceInfo =
    ResourceInfo { kind: "PodMetrics", plural: "pods", schema: &POD_SCHEMA, ..SHOWN };

/// Both.
pub static RESOURCES: &[Resource] = &[&NODES, &PODS];

/// What was used, as quantities: nanoseconds of processor time in a second, bytes.
pub fn usage(cpu: i128, memory: i128) -> Value {
    json!({"cpu": quantity::of_nano(cpu, false), "memory": quantity::of_nano(memory * 1_000_000_000, true)})
}

/// The table of fields of a kind.
pub(super) fn schema_of(api_version: &str, kind: &str) -> Option<&'static Struct> {
    let found = RESOURCES.iter().find(|resource| resource.kind == kind);
    found.filter(|_| api_version == "metrics.k8s.io/v1beta1").map(|resource| resource.schema)
}
