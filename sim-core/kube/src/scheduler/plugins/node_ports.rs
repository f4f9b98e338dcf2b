//! A port of the host has one user.

use super::{NodeInfo, PodRequest, Rejection};
use crate::api::Object;

pub(super) fn filter(_: &Object, request: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    if request.host_ports.iter().any(|port| node.host_ports.contains(port)) {
        let reasons = vec!["node(s) didn't have free ports for the requested pod ports".to_string()];
        return Err(Rejection { reasons, unresolvable: false });
    }
    Ok(())
}
