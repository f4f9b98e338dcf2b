//! A pod that names its node goes there or nowhere.

use super::{NodeInfo, PodRequest, Rejection};
use crate::api::{Object, ObjectExt};

pub(super) fn filter(pod: &Object, _: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    let name = pod.str_at("/spec/nodeName");
    if name.is_empty() || name == &*node.name {
        return Ok(());
    }
    Rejection::unresolvable("node(s) didn't match the requested node name")
}
