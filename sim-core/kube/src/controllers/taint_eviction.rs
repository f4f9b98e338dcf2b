//! Pods leave nodes whose NoExecute taints they do not bear. Models pkg/controller/tainteviction.

use super::Context;
use crate::api::{Key, NODE, Object, ObjectExt, POD, Status, taint};
use crate::client::{DeleteOptions, Informer, WorkQueue};
use sim::Timestamp;
use std::time::Duration;

pub(super) fn start(context: &Context) {
    let (nodes, pods) = (context.informers.informer(NODE), context.informers.informer(POD));
    let queue = WorkQueue::new(&context.sim);
    let (own, all) = (queue.clone(), pods.clone());
    nodes.on_change(move |old, new| {
        let Some(node) = new else { return };
        if old.is_some_and(|old| old.at("/spec/taints") == node.at("/spec/taints")) {
            return;
        }
        for pod in all.list().into_iter().filter(|pod| pod.str_at("/spec/nodeName") == node.name()) {
            own.add(pod.key());
        }
    });
    let own = queue.clone();
    pods.on_change(move |old, new| {
        if let Some(pod) = new
            && old.is_none_or(|old| old.at("/spec/nodeName") != pod.at("/spec/nodeName"))
        {
            own.add(pod.key());
        }
    });
    let evictor = Evictor { context: context.clone(), nodes, pods, queue: queue.clone() };
    context.work(&queue, 8, move |key| {
        let evictor = evictor.clone();
        async move { evictor.check(key).await }
    });
}

#[derive(Clone)]
struct Evictor {
    context: Context,
    nodes: Informer,
    pods: Informer,
    queue: WorkQueue,
}

impl Evictor {
    async fn check(&self, key: Key) -> Result<(), Status> {
        let Some(pod) = self.pods.get_key(&key).filter(|pod| !pod.is_terminating()) else { return Ok(()) };
        let Some(node) = self.nodes.get("", pod.str_at("/spec/nodeName")) else { return Ok(()) };
        let now = self.context.sim.now().timestamp();
        let Some(left) = time_left(&pod, &node, now) else { return Ok(()) };
        if !left.is_zero() {
            self.queue.add_after(key, left);
            return Ok(());
        }
        let message = format!("Marking for deletion Pod {key}");
        self.context.events.event(&pod, "Normal", "TaintManagerEviction", &message);
        let why = "Taint manager: deleting due to NoExecute taint";
        super::pod_control::mark_disrupted(&self.context, &pod, "DeletionByTaintManager", why, false).await?;
        let options = DeleteOptions::default();
        super::replica_set::ignore_missing(
            self.context.client.delete(POD, pod.namespace(), pod.name(), options).await,
        )
    }
}

/// How long the pod may stay; nothing when it may stay for ever.
fn time_left(pod: &Object, node: &Object, now: Timestamp) -> Option<Duration> {
    let taints = node.list_at("/spec/taints").iter().filter(|taint| taint.str_at("/effect") == "NoExecute");
    let mut least: Option<Duration> = None;
    for taint in taints {
        let tolerations: Vec<_> = pod
            .list_at("/spec/tolerations")
            .iter()
            .filter(|toleration| taint::tolerates(toleration, taint))
            .collect();
        if tolerations.is_empty() {
            return Some(Duration::ZERO);
        }
        let seconds =
            tolerations.iter().filter_map(|toleration| toleration.int_at("/tolerationSeconds")).min();
        let Some(seconds) = seconds else { continue };
        let since = Timestamp::parse_rfc3339(taint.str_at("/timeAdded")).unwrap_or(now);
        let limit = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let left = limit.saturating_sub(now.duration_since(since));
        least = Some(least.map_or(left, |least| least.min(left)));
    }
    least
}
