//! Pods whose node is gone go as well. Models pkg/controller/podgc.

use super::Context;
use super::pod_control::mark_disrupted;
use super::replica_set::ignore_missing;
use crate::api::{NODE, Object, ObjectExt, POD, Status};
use crate::client::{DeleteOptions, Informer};
use sim::{Instant, SortedMap};
use std::time::Duration;

/// How often pods are looked at.
const PERIOD: Duration = Duration::from_secs(20);
/// How long a node may be missing: it may come back.
const QUARANTINE: Duration = Duration::from_secs(40);

pub(super) fn start(context: &Context) {
    let mut collector = Collector {
        context: context.clone(),
        nodes: context.informers.informer(NODE),
        pods: context.informers.informer(POD),
        missing: SortedMap::default(),
    };
    context.sim.spawn(async move {
        collector.context.informers.wait_for_sync().await;
        loop {
            for pod in collector.pods.list() {
                // What fails now is tried again at the next round.
                let _ = collector.check(&pod).await;
            }
            let nodes = &collector.nodes;
            collector.missing.retain(|node, _| nodes.get("", node).is_none());
            collector.context.sim.sleep(PERIOD).await;
        }
    });
}

struct Collector {
    context: Context,
    nodes: Informer,
    pods: Informer,
    /// Nodes of pods that are not there, and since when that is known.
    missing: SortedMap<String, Instant>,
}

impl Collector {
    async fn check(&mut self, pod: &Object) -> Result<(), Status> {
        let node = pod.str_at("/spec/nodeName");
        if node.is_empty() {
            return if pod.is_terminating() { self.delete(pod).await } else { Ok(()) };
        }
        if self.nodes.get("", node).is_some() {
            return Ok(());
        }
        let now = self.context.sim.now();
        let since = match self.missing.get(node) {
            Some(since) => *since,
            None => {
                self.missing.insert(node.to_string(), now);
                now
            }
        };
        if now.duration_since(since) < QUARANTINE {
            return Ok(());
        }
        match self.context.client.get(NODE, "", node).await {
            Err(status) if status.is_not_found() => {}
            other => return other.map(drop),
        }
        let why = "PodGC: node no longer exists";
        mark_disrupted(&self.context, pod, "DeletionByPodGC", why, true).await?;
        self.delete(pod).await
    }

    async fn delete(&self, pod: &Object) -> Result<(), Status> {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        ignore_missing(self.context.client.delete(POD, pod.namespace(), pod.name(), options).await)
    }
}
