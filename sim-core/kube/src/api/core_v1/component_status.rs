//! Component statuses: how the control plane is, as the API server finds it when it is asked. Nobody keeps them.

use super::pod;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{NAME, column};
use crate::api::{Object, ObjectExt};
use crate::json;
use serde_json::Value;
use std::rc::Rc;

static SCHEMA: Struct = Struct {
    go: "ComponentStatus",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};
static CONDITION: Struct = Struct {
    go: "ComponentCondition",
    fields: &[f("type", Str).required(), f("status", Str).required(), f("message", Str), f("error", Str)],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "ComponentStatus",
    plural: "componentstatuses",
    singular: "componentstatus",
    short_names: &["cs"],
    namespaced: false,
    verbs: &["get", "list"],
    schema: &SCHEMA,
    columns: &[
        NAME,
        column("Status", "Status of the component conditions"),
        column("Message", "Message of the component conditions"),
        column("Error", "Error of the component conditions"),
    ],
    row: |status, _| {
        let condition = status.list_at("/conditions").iter().find(|c| c.str_at("/type") == "Healthy");
        let (condition, shown) = match condition {
            None => (&Value::Null, "Unknown"),
            Some(found) if found.str_at("/status") == "True" => (found, "Healthy"),
            Some(found) => (found, "Unhealthy"),
        };
        vec![
            status.name().into(),
            shown.into(),
            condition.str_at("/message").into(),
            condition.str_at("/error").into(),
        ]
    },
    ..PLAIN
};

/// The components, with the ports where they tell their health. Who tells of etcd has just read from it.
const COMPONENTS: [(&str, &str, u16); 3] = [
    ("scheduler", "kube-scheduler", 10_259),
    ("controller-manager", "kube-controller-manager", 10_257),
    ("etcd-0", "etcd", 0),
];

/// The statuses, where these are the pods that there are. A component answers while its pod runs.
pub fn observe(pods: &[Object]) -> Vec<Object> {
    let status = |(name, component, port): &(&str, &str, u16)| {
        let runs = pods.iter().any(|pod| {
            let is_it =
                pod.label("component") == Some(component) && pod.label("tier") == Some("control-plane");
            is_it && pod::is_ready(pod)
        });
        let condition = if runs || *port == 0 {
            json!({"type": "Healthy", "status": "True", "message": "ok"})
        } else {
            let why = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
            let message = format!("Get \"https://127.0.0.1:{port}/healthz\": {why}");
            json!({"type": "Healthy", "status": "False", "message": message})
        };
        Rc::new(json!({
            "apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": name}, "conditions": [condition],
        }))
    };
    COMPONENTS.iter().map(status).collect()
}
