//! The plugins of the default profile, as far as they matter here: filters, then scores.

mod balanced_allocation;
mod image_locality;
mod least_allocated;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_fit;
mod node_unschedulable;
mod pod_topology_spread;
mod taint_toleration;

use super::node_info::{NodeInfo, PodRequest};
use crate::api::Object;

/// Why a pod cannot run on a node.
pub(super) struct Rejection {
    /// Upstream's words.
    pub(super) reasons: Vec<String>,
    /// No pod's leaving would help.
    pub(super) unresolvable: bool,
}

impl Rejection {
    fn unresolvable(reason: &str) -> Result<(), Rejection> {
        Err(Rejection { reasons: vec![reason.to_string()], unresolvable: true })
    }
}

/// Says whether a pod could run on a node.
pub(super) struct Filter {
    /// Upstream's name.
    #[allow(dead_code, reason = "read by the test of the table and by people")]
    pub(super) name: &'static str,
    pub(super) run: fn(&Object, &PodRequest, &NodeInfo) -> Result<(), Rejection>,
}

/// Says how good each of several nodes is, 0 to 100.
pub(super) struct Score {
    /// Upstream's name.
    #[allow(dead_code, reason = "read by the test of the table and by people")]
    pub(super) name: &'static str,
    pub(super) weight: i64,
    pub(super) run: fn(&Object, &PodRequest, &[&NodeInfo]) -> Vec<i64>,
}

/// In the order of the default profile: the first rejection is the one that is reported.
pub(super) const FILTERS: &[Filter] = &[
    Filter { name: "NodeUnschedulable", run: node_unschedulable::filter },
    Filter { name: "NodeName", run: node_name::filter },
    Filter { name: "TaintToleration", run: taint_toleration::filter },
    Filter { name: "NodeAffinity", run: node_affinity::filter },
    Filter { name: "NodePorts", run: node_ports::filter },
    Filter { name: "NodeResourcesFit", run: node_resources_fit::filter },
];

/// With the weights of the default profile.
pub(super) const SCORES: &[Score] = &[
    Score { name: "TaintToleration", weight: 3, run: taint_toleration::score },
    Score { name: "NodeAffinity", weight: 2, run: node_affinity::score },
    Score { name: "PodTopologySpread", weight: 2, run: pod_topology_spread::score },
    Score { name: "NodeResourcesFit", weight: 1, run: least_allocated::score },
    Score { name: "NodeResourcesBalancedAllocation", weight: 1, run: balanced_allocation::score },
    Score { name: "ImageLocality", weight: 1, run: image_locality::score },
];

/// The highest score.
const MAX: i64 = 100;
