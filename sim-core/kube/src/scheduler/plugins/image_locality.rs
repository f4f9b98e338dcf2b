//! Nodes that have the images already are a little better, if the images are large.

use super::{MAX, NodeInfo, PodRequest};
use crate::api::Object;

const MEGABYTE: i64 = 1024 * 1024;
/// Less than this does not count, more than the other counts in full, for each container.
const LOW: i64 = 23 * MEGABYTE;
const HIGH: i64 = 1000 * MEGABYTE;

pub(super) fn score(_: &Object, request: &PodRequest, nodes: &[&NodeInfo]) -> Vec<i64> {
    let mut sums = vec![0; nodes.len()];
    for image in &request.images {
        let is_it = matcher(image);
        let size_on = |node: &&NodeInfo| {
            let found = node.images.iter().find(|(name, _)| is_it(name));
            found.map(|(_, size)| *size)
        };
        let sizes: Vec<Option<i64>> = nodes.iter().map(size_on).collect();
        let spread = sizes.iter().flatten().count() as i64;
        for (sum, size) in sums.iter_mut().zip(sizes) {
            *sum += size.unwrap_or(0) * spread / nodes.len() as i64;
        }
    }
    let most = HIGH * request.images.len().max(1) as i64;
    sums.iter().map(|sum| MAX * (sum.clamp(&LOW, &most) - LOW) / (most - LOW)).collect()
}

/// Whether a full name is this one: `nginx` is `docker.io/library/nginx:latest`.
fn matcher(short: &str) -> impl Fn(&str) -> bool {
    let tagged = short.rsplit('/').next().is_some_and(|last| last.contains(':'));
    move |full| {
        let name = if tagged { Some(full) } else { full.strip_suffix(":latest") };
        let prefix = name.and_then(|name| name.strip_suffix(short));
        prefix.is_some_and(|prefix| matches!(prefix, "" | "docker.io/" | "docker.io/library/"))
    }
}

#[cfg(test)]
mod tests {
    use super::matcher;

    #[test]
    fn short_names_mean_the_hub_and_the_latest() {
        let same = |full: &str, short: &str| matcher(short)(full);
        assert!(same("docker.io/library/nginx:latest", "nginx"));
        assert!(same("docker.io/jpetazzo/color:latest", "jpetazzo/color"));
        assert!(same("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"));
        assert!(!same("docker.io/library/nginx:1.27", "nginx"));
        assert!(!same("docker.io/library/nginx:latest", "nginx:1.27"));
        assert!(!same("docker.io/library/nginx", "nginx"));
        assert!(!same("quay.io/nginx:latest", "nginx"));
    }
}
