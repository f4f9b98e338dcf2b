//! Requests must fit into what is left.

use super::{NodeInfo, PodRequest, Rejection};
use crate::api::Object;
use crate::scheduler::node_info::Others;

pub(super) fn filter(_: &Object, request: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    let (wanted, used, all) = (request.requests, node.requested, node.allocatable);
    let mut reasons = Vec::new();
    if used.pods + 1 > all.pods {
        reasons.push("Too many pods".to_string());
    }
    if wanted.milli_cpu > 0 && wanted.milli_cpu > all.milli_cpu - used.milli_cpu {
        reasons.push("Insufficient cpu".to_string());
    }
    if wanted.memory > 0 && wanted.memory > all.memory - used.memory {
        reasons.push("Insufficient memory".to_string());
    }
    let mut never = wanted.milli_cpu > all.milli_cpu || wanted.memory > all.memory;
    for (name, wanted) in request.others.iter().filter(|(_, wanted)| **wanted > 0) {
        let amount = |list: &Others| list.get(name).copied().unwrap_or(0);
        let all = amount(&node.other_allocatable);
        if *wanted > all - amount(&node.other_requested) {
            reasons.push(format!("Insufficient {name}"));
        }
        never |= *wanted > all;
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Rejection { reasons, unresolvable: never })
}
