//! Cordoned nodes take no new pods.

use super::{NodeInfo, PodRequest, Rejection};
use crate::api::{Object, ObjectExt, taint};
use crate::json;

pub(super) fn filter(pod: &Object, _: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    if !node.node.bool_at("/spec/unschedulable") {
        return Ok(());
    }
    let cordon = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    if pod.list_at("/spec/tolerations").iter().any(|toleration| taint::tolerates(toleration, &cordon)) {
        return Ok(());
    }
    Rejection::unresolvable("node(s) were unschedulable")
}
