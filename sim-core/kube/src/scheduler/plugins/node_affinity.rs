//! `nodeSelector` and node affinity: what is required filters, what is preferred scores.

use super::{MAX, NodeInfo, PodRequest, Rejection};
use crate::api::core_v1::node_selector;
use crate::api::{Object, ObjectExt};

pub(super) fn filter(pod: &Object, request: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    if !request.is_choosy || node_selector::matches(pod, &node.node) {
        Ok(())
    } else {
        Rejection::unresolvable("node(s) didn't match Pod's node affinity/selector")
    }
}

/// The weights of the preferences that a node meets.
pub(super) fn score(pod: &Object, request: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let preferences =
        pod.list_at("/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution");
    if !request.is_choosy || preferences.is_empty() {
        return vec![0; nodes.len()];
    }
    let weigh = |node: &&NodeInfo| {
        let met = preferences
            .iter()
            .filter(|preference| node_selector::term_matches(preference.at("/preference"), &node.node));
        met.map(|preference| preference.int_at("/weight").unwrap_or(0)).sum::<i64>()
    };
    let sums: Vec<i64> = nodes.iter().map(weigh).collect();
    let most = sums.iter().copied().max().unwrap_or(0);
    sums.iter().map(|&sum| if most == 0 { 0 } else { sum * MAX / most }).collect()
}
