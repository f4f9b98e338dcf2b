//! Emptier nodes are better.

use super::{MAX, NodeInfo, PodRequest};
use crate::api::Object;

pub(super) fn score(_: &Object, request: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let free = |capacity: i64, requested: i64| {
        if capacity <= 0 || requested > capacity { 0 } else { (capacity - requested) * MAX / capacity }
    };
    let of = |node: &&NodeInfo| {
        let (used, own) = (node.non_zero_requested, request.non_zero);
        let cpu = free(node.allocatable.milli_cpu, used.milli_cpu + own.milli_cpu);
        (cpu + free(node.allocatable.memory, used.memory + own.memory)) / 2
    };
    nodes.iter().map(of).collect()
}
