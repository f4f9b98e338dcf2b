//! Pods of less importance make room. Models pkg/scheduler/framework/preemption and the plugin defaultpreemption.

use super::Scheduler;
use super::node_info::{Cluster, NodeInfo, PodRequest};
use super::plugins::FILTERS;
use crate::api::{self, Key, Object, ObjectExt, POD, Status, set};
use crate::client::DeleteOptions;
use crate::json;
use sim::Ordered;
use std::cmp::Reverse;

/// Who would have to go from which node.
pub(super) struct Candidate {
    pub(super) node: String,
    victims: Vec<Key>,
}

/// Why a pod may not push others aside, if it may not.
pub(super) fn ineligible(pod: &Object) -> Option<&'static str> {
    (pod.str_at("/spec/preemptionPolicy") == "Never").then_some("not eligible due to preemptionPolicy=Never.")
}

/// The node where the pods that would have to go matter least.
pub(super) fn find(pod: &Object, request: &PodRequest, cluster: &Cluster) -> Option<Candidate> {
    let fits = |node: &NodeInfo| FILTERS.iter().all(|filter| (filter.run)(pod, request, node).is_ok());
    let mut best: Option<((i64, i64, usize), Candidate)> = None;
    for node in cluster.nodes() {
        let mut lower: Vec<PodRequest> =
            node.pods().filter(|other| other.priority < request.priority).cloned().collect();
        if lower.is_empty() {
            continue;
        }
        let mut room = node.clone();
        lower.iter().for_each(|victim| room.remove(&victim.key));
        if !fits(&room) {
            continue;
        }
        // The important ones come back first, as far as there is room.
        lower.order_by_key(|other| Reverse(other.priority));
        let mut victims = Vec::new();
        for other in lower {
            room.add(&other);
            if !fits(&room) {
                room.remove(&other.key);
                victims.push(other);
            }
        }
        let highest = victims.iter().map(|victim| victim.priority).max().unwrap_or(i64::MIN);
        let rank = (highest, victims.iter().map(|victim| victim.priority).sum(), victims.len());
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            let victims = victims.into_iter().map(|victim| victim.key).collect();
            best = Some((rank, Candidate { node: node.name.to_string(), victims }));
        }
    }
    best.map(|(_, candidate)| candidate)
}

impl Scheduler {
    /// Lets the victims go, and writes down which node the pod waits for.
    pub(super) async fn preempt(&self, pod: &Object, candidate: &Candidate) {
        for key in &candidate.victims {
            let Some(victim) = self.pods.get_key(key).filter(|victim| !victim.is_terminating()) else {
                continue;
            };
            let mut marked = (*victim).clone();
            let condition = json!({
                "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
                "message": "default-scheduler: preempting to accommodate a higher priority pod",
                "observedGeneration": victim.generation(),
            });
            api::set_condition(&mut marked, condition, self.sim.now().timestamp());
            // A victim that is gone meanwhile is what was wanted.
            let _: Result<Object, Status> = self.client.update_status(POD, marked).await;
            let options = DeleteOptions::default();
            let _: Result<Object, Status> =
                self.client.delete(POD, victim.namespace(), victim.name(), options).await;
            let message = format!("Preempted by pod {} on node {}", pod.uid(), candidate.node);
            self.events.eventf(&victim, Some(pod), ["Normal", "Preempted", "Preempting", &message]);
        }
        if let Ok(fresh) = self.client.get(POD, pod.namespace(), pod.name()).await {
            let mut nominated = (*fresh).clone();
            set(&mut nominated, "/status/nominatedNodeName", json!(candidate.node));
            let _: Result<Object, Status> = self.client.update_status(POD, nominated).await;
        }
    }
}
