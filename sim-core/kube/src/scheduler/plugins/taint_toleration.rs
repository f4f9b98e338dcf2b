//! Taints keep pods away, or make a node second choice.

use super::{MAX, NodeInfo, PodRequest, Rejection};
use crate::api::{Object, ObjectExt, taint};
use serde_json::Value;

fn borne(pod: &Object, taint: &Value) -> bool {
    pod.list_at("/spec/tolerations").iter().any(|toleration| taint::tolerates(toleration, taint))
}

pub(super) fn filter(pod: &Object, _: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    let hard = |taint: &&Value| matches!(taint.str_at("/effect"), "NoSchedule" | "NoExecute");
    let untolerated = node.node.list_at("/spec/taints").iter().filter(hard).any(|taint| !borne(pod, taint));
    if untolerated { Rejection::unresolvable("node(s) had untolerated taint(s)") } else { Ok(()) }
}

/// Fewer taints of the soft kind are better.
pub(super) fn score(pod: &Object, _: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let soft = |node: &NodeInfo| {
        let taints = node.node.list_at("/spec/taints").iter();
        taints.filter(|taint| taint.str_at("/effect") == "PreferNoSchedule" && !borne(pod, taint)).count()
            as i64
    };
    let counts: Vec<i64> = nodes.iter().map(|node| soft(node)).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().map(|&count| if most == 0 { MAX } else { MAX - count * MAX / most }).collect()
}
