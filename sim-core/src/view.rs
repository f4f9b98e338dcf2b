//! The cluster at a glance: what the panel beside the terminal shows.

use kube::api::{self, Object, ObjectExt, Resource};
use kube::cluster::Cluster;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim::Timestamp;

/// Nodes, pods and Services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Nodes by name.
    pub nodes: Vec<NodeView>,
    /// Pods by namespace and name.
    pub pods: Vec<PodView>,
    /// Services by namespace and name.
    pub services: Vec<ServiceView>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Whether its kubelet says that it is ready.
    pub ready: bool,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Node, or empty while it is not scheduled.
    pub node: String,
    /// Address, or empty.
    pub ip: String,
    /// The STATUS column of `kubectl get pods`.
    pub status: String,
    /// The READY column, for example `1/1`.
    pub ready: String,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// ClusterIP, NodePort, LoadBalancer or ExternalName.
    pub kind: String,
    /// The CLUSTER-IP column.
    pub cluster_ip: String,
    /// The PORT(S) column.
    pub ports: String,
    /// Ready endpoints, `address:port`.
    pub endpoints: Vec<String>,
}

/// The cluster as it is now, from the API server's store.
pub(crate) fn of(cluster: &Cluster) -> View {
    let api = &cluster.api;
    let now = api.now();
    let slices = api.snapshot(api::ENDPOINT_SLICE);
    View {
        nodes: api.snapshot(api::NODE).iter().map(|node| node_view(node)).collect(),
        pods: api.snapshot(api::POD).iter().map(|pod| pod_view(pod, now)).collect(),
        services: api
            .snapshot(api::SERVICE)
            .iter()
            .map(|service| service_view(service, now, &slices))
            .collect(),
    }
}

fn node_view(node: &Value) -> NodeView {
    let internal = |address: &&Value| address.str_at("/type") == "InternalIP";
    let address = node
        .list_at("/status/addresses")
        .iter()
        .find(internal)
        .map_or("", |address| address.str_at("/address"));
    let ready = api::condition(node, "Ready").is_some_and(|condition| condition.str_at("/status") == "True");
    NodeView { name: node.name().into(), address: address.into(), ready }
}

fn cell(object: &Value, resource: Resource, now: Timestamp, column: usize) -> String {
    (resource.row)(object, now).get(column).and_then(Value::as_str).unwrap_or("").to_string()
}

fn pod_view(pod: &Value, now: Timestamp) -> PodView {
    PodView {
        namespace: pod.namespace().into(),
        name: pod.name().into(),
        node: pod.str_at("/spec/nodeName").into(),
        ip: pod.str_at("/status/podIP").into(),
        ready: cell(pod, api::POD, now, 1),
        status: cell(pod, api::POD, now, 2),
    }
}

fn service_view(service: &Value, now: Timestamp, slices: &[Object]) -> ServiceView {
    let of_service = |slice: &&Object| {
        slice.namespace() == service.namespace()
            && slice.label("kubernetes.io/service-name") == Some(service.name())
    };
    let mut endpoints = Vec::new();
    for slice in slices.iter().filter(of_service) {
        let port = slice.int_at("/ports/0/port");
        for endpoint in
            slice.list_at("/endpoints").iter().filter(|endpoint| endpoint.bool_at("/conditions/ready"))
        {
            let address = endpoint.str_at("/addresses/0");
            endpoints.push(port.map_or_else(|| address.to_string(), |port| format!("{address}:{port}")));
        }
    }
    ServiceView {
        namespace: service.namespace().into(),
        name: service.name().into(),
        kind: cell(service, api::SERVICE, now, 1),
        cluster_ip: cell(service, api::SERVICE, now, 2),
        ports: cell(service, api::SERVICE, now, 4),
        endpoints,
    }
}
