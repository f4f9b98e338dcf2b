//! Pods of one owner are spread over the nodes: the system's default constraints, as far as host names go (a cluster
//! without zones has no others).

use super::{MAX, NodeInfo, PodRequest};
use crate::api::Object;

pub(super) fn score(_: &Object, request: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let Some(owner) = &request.owner else { return vec![0; nodes.len()] };
    let counts: Vec<i64> = nodes.iter().map(|node| node.owners.get(owner).copied().unwrap_or(0)).collect();
    let (least, most) =
        (counts.iter().copied().min().unwrap_or(0), counts.iter().copied().max().unwrap_or(0));
    counts.iter().map(|&count| if most == 0 { MAX } else { MAX * (most + least - count) / most }).collect()
}
