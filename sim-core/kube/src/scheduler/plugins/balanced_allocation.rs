//! Nodes whose processor and memory are used in like parts are better.

use super::{MAX, NodeInfo, PodRequest};
use crate::api::Object;

pub(super) fn score(_: &Object, request: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let part = |requested: i64, capacity: i64| {
        if capacity == 0 { 1.0 } else { (requested as f64 / capacity as f64).min(1.0) }
    };
    let of = |node: &&NodeInfo| {
        let cpu = part(node.requested.milli_cpu + request.requests.milli_cpu, node.allocatable.milli_cpu);
        let memory = part(node.requested.memory + request.requests.memory, node.allocatable.memory);
        // The deviation of two values from their mean.
        ((1.0 - (cpu - memory).abs() / 2.0) * MAX as f64) as i64
    };
    nodes.iter().map(of).collect()
}
