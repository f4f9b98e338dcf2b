//! Nodes that have the images already are a little better, if the images are large.

use super::{MAX, NodeInfo, PodRequest};
use crate::api::{Object, ObjectExt};

const MEGABYTE: i64 = 1024 * 1024;
/// Less than this does not count, more than the other counts in full, for each container.
const LOW: i64 = 23 * MEGABYTE;
const HIGH: i64 = 1000 * MEGABYTE;

pub(super) fn score(_: &Object, request: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let has = |node: &NodeInfo, image: &str| {
        let images = node.node.list_at("/status/images").iter();
        images
            .filter(|entry| {
                entry.list_at("/names").iter().filter_map(|name| name.as_str()).any(|name| same(name, image))
            })
            .find_map(|entry| entry.int_at("/sizeBytes"))
    };
    let sums: Vec<i64> = nodes
        .iter()
        .map(|node| {
            let sizes = request.images.iter().filter_map(|image| {
                let size = has(node, image)?;
                let spread = nodes.iter().filter(|other| has(other, image).is_some()).count() as i64;
                Some(size * spread / nodes.len() as i64)
            });
            sizes.sum()
        })
        .collect();
    let most = HIGH * request.images.len().max(1) as i64;
    sums.iter().map(|sum| MAX * (sum.clamp(&LOW, &most) - LOW) / (most - LOW)).collect()
}

/// `nginx` is `docker.io/library/nginx:latest`.
fn same(full: &str, short: &str) -> bool {
    let tagged = if short.rsplit('/').next().is_some_and(|last| last.contains(':')) {
        short.to_string()
    } else {
        format!("{short}:latest")
    };
    full == tagged || full == format!("docker.io/{tagged}") || full == format!("docker.io/library/{tagged}")
}
