//! A new template replaces pods node by node. Models pkg/controller/daemon/update.go.

use super::pod::{is_available, is_updated, should_run};
use super::{Controller, Placed};
use crate::api::{Object, ObjectExt, Status};
use serde_json::Value;

const ROLLING: &str = "/spec/updateStrategy/rollingUpdate";

/// What a node has: a pod of this template, one of another.
struct Pair {
    node: String,
    new: Option<Object>,
    old: Option<Object>,
}

impl Controller {
    pub(super) async fn roll(
        &self,
        set: &Object,
        nodes: &[Object],
        example: &mut Value,
        placed: Placed,
        hash: &str,
    ) -> Result<(), Status> {
        let fit: Vec<_> = nodes.iter().filter(|node| should_run(example, node).0).collect();
        let wanted = |name: &str| fit.iter().any(|node| node.name() == name);
        let desired = fit.len();
        let mut crowded = 0;
        let mut pairs = Vec::new();
        for (node, pods) in placed {
            let alive = pods.into_iter().filter(|pod| !pod.is_terminating());
            let (mut new, mut old): (Vec<_>, Vec<_>) = alive.partition(|pod| is_updated(pod, hash));
            if new.len() > 1 || old.len() > 1 {
                crowded += 1;
            } else {
                pairs.push(Pair { node, new: new.pop(), old: old.pop() });
            }
        }
        if may_surge(set) {
            let most = scaled(set.at(&format!("{ROLLING}/maxSurge")), desired);
            self.surge(set, pairs, most, crowded, wanted, hash).await
        } else {
            let most = scaled(set.at(&format!("{ROLLING}/maxUnavailable")), desired).max(1);
            self.replace(set, pairs, most, crowded, hash).await
        }
    }

    /// Old pods go, no more than `most` nodes being without.
    async fn replace(
        &self,
        set: &Object,
        pairs: Vec<Pair>,
        most: usize,
        crowded: usize,
        hash: &str,
    ) -> Result<(), Status> {
        let now = self.context.sim.now().timestamp();
        let mut unavailable = crowded;
        let (mut useless, mut candidates) = (Vec::new(), Vec::new());
        for Pair { new, old, .. } in pairs {
            match (new, old) {
                (None, None) | (Some(_), Some(_)) => unavailable += 1,
                (Some(new), None) => unavailable += usize::from(!is_available(&new, set, now)),
                (None, Some(old)) if !is_available(&old, set, now) => {
                    useless.push(old);
                    unavailable += 1;
                }
                (None, Some(old)) if unavailable < most => candidates.push(old),
                (None, Some(_)) => {}
            }
        }
        useless.extend(candidates.into_iter().take(most.saturating_sub(unavailable)));
        self.sync_nodes(set, useless, Vec::new(), hash).await
    }

    /// New pods come beside old ones, no more than `most` at a time; old ones go when theirs is available.
    async fn surge(
        &self,
        set: &Object,
        pairs: Vec<Pair>,
        most: usize,
        crowded: usize,
        wanted: impl Fn(&str) -> bool,
        hash: &str,
    ) -> Result<(), Status> {
        let now = self.context.sim.now().timestamp();
        let mut surging = crowded;
        let (mut done, mut needed, mut candidates) = (Vec::new(), Vec::new(), Vec::new());
        for Pair { node, new, old } in pairs {
            match (new, old) {
                (_, None) => {}
                (None, Some(old)) if !is_available(&old, set, now) => {
                    if wanted(&node) {
                        needed.push(node);
                    } else {
                        done.push(old);
                    }
                }
                (None, Some(_)) if wanted(&node) => candidates.push(node),
                (None, Some(_)) => {}
                (Some(new), Some(old)) => {
                    if is_available(&new, set, now) {
                        done.push(old);
                    } else {
                        surging += 1;
                    }
                }
            }
        }
        needed.extend(candidates.into_iter().take(most.saturating_sub(surging)));
        self.sync_nodes(set, done, needed, hash).await
    }
}

/// Whether new pods may run beside old ones.
pub(super) fn may_surge(set: &Object) -> bool {
    let surge = set.at(&format!("{ROLLING}/maxSurge"));
    set.str_at("/spec/updateStrategy/type") == "RollingUpdate" && scaled(surge, 100) > 0
}

/// A number, or a share of the nodes, rounded up.
fn scaled(value: &Value, of: usize) -> usize {
    let share = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<usize>().ok());
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    share.map(|share| (of * share).div_ceil(100)).or(number).unwrap_or(0)
}
