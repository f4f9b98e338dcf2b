//! The cluster at a glance: what the panel beside the terminal shows.

use serde::{Deserialize, Serialize};

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
