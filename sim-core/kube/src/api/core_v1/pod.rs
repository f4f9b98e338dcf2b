//! Pods: containers that share an address.

use super::pod_printer;
use super::pod_spec::{self, POD_SPEC};
use super::pod_validation;
use super::statuses::POD_STATUS;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource, status_of};
use crate::api::{ObjectExt, condition, object_at};
use crate::json;
use serde_json::Value;

static SCHEMA: Struct = Struct {
    go: "Pod",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&POD_SPEC)).or(D::Empty),
        f("status", Loose(&Object(&POD_STATUS))).or(D::Empty),
    ],
};

const CONNECT: &[&str] = &["create", "get"];

const fn connect(name: &'static str, kind: &'static str) -> Subresource {
    Subresource { name, kind, group: "", version: "", verbs: CONNECT }
}

const PROXY: Subresource = Subresource {
    name: "proxy",
    kind: "PodProxyOptions",
    group: "",
    version: "",
    verbs: &["create", "delete", "get", "patch", "update"],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    categories: &["all"],
    schema: &SCHEMA,
    generation: true,
    subresources: &[
        connect("attach", "PodAttachOptions"),
        Subresource { name: "binding", kind: "Binding", group: "", version: "", verbs: &["create"] },
        Subresource {
            name: "ephemeralcontainers",
            kind: "Pod",
            group: "",
            version: "",
            verbs: &["get", "patch", "update"],
        },
        Subresource {
            name: "eviction",
            kind: "Eviction",
            group: "policy",
            version: "v1",
            verbs: &["create"],
        },
        connect("exec", "PodExecOptions"),
        Subresource { name: "log", kind: "Pod", group: "", version: "", verbs: &["get"] },
        connect("portforward", "PodPortForwardOptions"),
        PROXY,
        status_of("Pod"),
    ],
    selectable: &[
        ("spec.nodeName", "/spec/nodeName"),
        ("spec.restartPolicy", "/spec/restartPolicy"),
        ("spec.schedulerName", "/spec/schedulerName"),
        ("spec.serviceAccountName", "/spec/serviceAccountName"),
        ("spec.hostNetwork", "/spec/hostNetwork"),
        ("status.phase", "/status/phase"),
        ("status.podIP", "/status/podIP"),
        ("status.podIPs", "/status/podIP"),
        ("status.nominatedNodeName", "/status/nominatedNodeName"),
    ],
    default: set_defaults,
    validate: pod_validation::validate,
    columns: pod_printer::COLUMNS,
    row: pod_printer::row,
    ..PLAIN
};

/// Models `SetDefaults_Pod`.
fn set_defaults(pod: &mut Value) {
    if let Some(spec) = pod.get_mut("spec") {
        pod_spec::set_defaults(spec);
        if spec.at("/enableServiceLinks").is_null() {
            spec["enableServiceLinks"] = json!(true);
        }
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                // What is limited and not requested is requested.
                for (resource, limit) in container.map_at("/resources/limits").clone() {
                    if container.at("/resources/requests").get(&resource).is_none() {
                        // A name such as `example.com/gpu` is one key, and no path.
                        object_at(container, "/resources/requests").insert(resource, limit);
                    }
                }
            }
        }
    }
}

/// Class of service, from requests and limits. Models `ComputePodQOS`.
pub fn qos_class(pod: &Value) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    for container in containers(pod).iter().chain(pod.list_at("/spec/initContainers")) {
        for resource in ["cpu", "memory"] {
            let request = container.at("/resources/requests").get(resource);
            let limit = container.at("/resources/limits").get(resource);
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && (request.is_none() || request == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// `status.phase`.
pub fn phase(pod: &Value) -> &str {
    pod.str_at("/status/phase")
}

/// `spec.nodeName`, empty before it is scheduled.
pub fn node_name(pod: &Value) -> &str {
    pod.str_at("/spec/nodeName")
}

/// `status.podIP`, empty before it has one.
pub fn pod_ip(pod: &Value) -> &str {
    pod.str_at("/status/podIP")
}

/// `spec.containers`.
pub fn containers(pod: &Value) -> &[Value] {
    pod.list_at("/spec/containers")
}

/// The status of a container.
pub fn container_status<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    pod.list_at("/status/containerStatuses")
        .iter()
        .chain(pod.list_at("/status/initContainerStatuses"))
        .find(|status| status.str_at("/name") == name)
}

/// Whether the condition `Ready` is true.
pub fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|c| c.str_at("/status") == "True")
}

/// Whether it has come to its end: `Succeeded` or `Failed`.
pub fn is_terminal(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// The claims that a pod's volumes want: those that are named, and those that are made for it. Models
/// `component-helpers/storage/ephemeral`.
pub fn claims_of(pod: &Value) -> Vec<String> {
    let volumes = pod.list_at("/spec/volumes").iter();
    volumes.map(|volume| claim_of(pod, volume)).filter(|claim| !claim.is_empty()).collect()
}

/// The claim that a volume of a pod wants, empty for none.
pub fn claim_of(pod: &Value, volume: &Value) -> String {
    if volume.at("/ephemeral").is_object() {
        return format!("{}-{}", pod.name(), volume.str_at("/name"));
    }
    volume.str_at("/persistentVolumeClaim/claimName").to_string()
}

/// Whether it counts as a replica: neither at its end nor on its way there.
pub fn is_active(pod: &Value) -> bool {
    !is_terminal(pod) && !pod.is_terminating()
}

/// Whether it uses the network of its node.
pub fn is_host_network(pod: &Value) -> bool {
    pod.bool_at("/spec/hostNetwork")
}
