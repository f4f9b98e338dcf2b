//! The scheduler: a node for each pod. Models pkg/scheduler with its default profile.
//!
//! Pods without a node wait in a queue. One at a time goes through the [`plugins`]: filters say on which nodes it
//! could run and why not on the others, scores say where it runs best, chance decides between equals. The binding is
//! written while the next pod is looked at already; until the cache has it, the pod counts as assumed.
//!
//! [`volume_binding`] is about the claims of a pod, [`topology`] about other pods, [`preemption`] about those that have
//! to make room. Left out: dynamic resources; disruption budgets in preemption, and room kept for nominated pods.

mod node_info;
mod plugins;
mod preemption;
mod queue;
mod topology;
mod volume_binding;

use crate::api::core_v1::event::CONTROL_PLANE;
use crate::api::{self, NODE, Object, ObjectExt, POD, Status};
use crate::apiserver::ApiServer;
use crate::client::{Client, EventRecorder, Informer, InformerFactory};
use crate::json;
use node_info::{Cluster, PodRequest};
use plugins::{FILTERS, SCORES};
use queue::SchedulingQueue;
use sim::{Ordered, SortedMap};
use sim::{Rng, Sim};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use topology::Topology;
use volume_binding::VolumeBinding;

/// What looking at all nodes for one pod takes.
const CYCLE: Duration = Duration::from_micros(500);
/// The name in `spec.schedulerName`.
const NAME: &str = "default-scheduler";

/// Starts the scheduler of a cluster.
pub fn start(sim: &Sim, api: &ApiServer) {
    let client = Client::new(api, "system:kube-scheduler");
    let informers = InformerFactory::new(&client);
    let scheduler = Scheduler {
        sim: sim.clone(),
        events: EventRecorder::new(&client, NAME, CONTROL_PLANE),
        pods: informers.informer(POD),
        nodes: informers.informer(NODE),
        cluster: Rc::default(),
        queue: SchedulingQueue::new(sim),
        storage: VolumeBinding::new(&informers),
        rng: Rc::new(RefCell::new(sim.rng("kube-scheduler"))),
        client,
    };
    scheduler.watch();
    sim.spawn(async move {
        informers.wait_for_sync().await;
        loop {
            let key = scheduler.queue.next().await;
            scheduler.sim.sleep(CYCLE).await;
            if let Some(pod) = scheduler.pods.get_key(&key) {
                scheduler.schedule(&pod).await;
            }
        }
    });
}

#[derive(Clone)]
struct Scheduler {
    sim: Sim,
    client: Client,
    events: EventRecorder,
    pods: Informer,
    nodes: Informer,
    cluster: Rc<RefCell<Cluster>>,
    queue: SchedulingQueue,
    rng: Rc<RefCell<Rng>>,
    storage: VolumeBinding,
}

impl Scheduler {
    fn watch(&self) {
        let this = self.clone();
        self.nodes.on_change(move |old, new| {
            let mut cluster = this.cluster.borrow_mut();
            match (old, new) {
                (_, Some(node)) => {
                    let matters = old.is_none_or(|old| {
                        old.at("/spec") != node.at("/spec")
                            || old.labels() != node.labels()
                            || old.at("/status/allocatable") != node.at("/status/allocatable")
                            || old.at("/status/images") != node.at("/status/images")
                    });
                    if matters {
                        cluster.set_node(node);
                        this.queue.move_all();
                    }
                }
                (Some(node), None) => cluster.remove_node(node.name()),
                (None, None) => {}
            }
        });
        let queue = self.queue.clone();
        self.storage.on_change(move || queue.move_all());
        let this = self.clone();
        self.pods.on_change(move |old, new| this.pod_changed(old, new));
    }

    fn pod_changed(&self, old: Option<&Object>, new: Option<&Object>) {
        let assigned = |pod: &&Object| !pod.str_at("/spec/nodeName").is_empty() && holds_resources(pod);
        match new {
            Some(pod) if assigned(&pod) => {
                if old.filter(assigned).is_none() {
                    self.cluster.borrow_mut().add_pod(&PodRequest::of(pod), pod.str_at("/spec/nodeName"));
                }
                self.queue.remove(&pod.key());
            }
            _ => {
                if let Some(old) = old.filter(assigned) {
                    self.cluster.borrow_mut().remove_pod(&old.key(), old.str_at("/spec/nodeName"));
                    self.queue.move_all();
                }
                match new {
                    Some(pod) if pod.str_at("/spec/nodeName").is_empty() => {
                        let ours = matches!(pod.str_at("/spec/schedulerName"), "" | NAME);
                        let gated = !pod.list_at("/spec/schedulingGates").is_empty();
                        if ours && !gated && holds_resources(pod) && !pod.is_terminating() {
                            let changed = old.is_none_or(|old| {
                                old.at("/spec") != pod.at("/spec") || old.labels() != pod.labels()
                            });
                            if changed {
                                self.queue.add(pod.key());
                            }
                        }
                    }
                    _ => {
                        if let Some(key) = new.or(old).map(|pod| pod.key()) {
                            self.queue.remove(&key);
                        }
                    }
                }
            }
        }
    }

    async fn schedule(&self, pod: &Object) {
        if !pod.str_at("/spec/nodeName").is_empty() || pod.is_terminating() {
            return;
        }
        let request = PodRequest::of(pod);
        let choice = self.choose(pod, &request);
        match choice {
            Ok(node) => {
                self.cluster.borrow_mut().add_pod(&request, &node);
                let this = self.clone();
                let pod = pod.clone();
                self.sim.spawn(async move { this.bind(&pod, &node).await });
            }
            Err((message, candidate)) => {
                self.fail(pod, &message).await;
                if let Some(candidate) = candidate {
                    self.preempt(pod, &candidate).await;
                }
            }
        }
    }

    /// The best node for a pod, or why there is none, and who could make room.
    fn choose(
        &self,
        pod: &Object,
        request: &PodRequest,
    ) -> Result<String, (String, Option<preemption::Candidate>)> {
        let cluster = self.cluster.borrow();
        if cluster.nodes().next().is_none() {
            return Err(("no nodes available to schedule pods".to_string(), None));
        }
        if let Err(why) = self.storage.pre_filter(pod) {
            // What comes after the sentence is what preemption finds: nothing.
            let count = cluster.nodes().count();
            return Err((format!("0/{count} nodes are available: {why}. not found"), None));
        }
        let topology = Topology::of(pod, &cluster, &self.pods);
        let mut reasons: SortedMap<String, usize> = SortedMap::new();
        let mut unresolvable = 0;
        let mut feasible = Vec::new();
        for node in cluster.nodes() {
            if let Some(reason) = self.storage.filter(pod, &node.node)
                && FILTERS.iter().all(|filter| (filter.run)(pod, request, node).is_ok())
            {
                unresolvable += 1;
                *reasons.entry(reason.to_string()).or_default() += 1;
                continue;
            }
            let near = || topology.as_ref().and_then(|topology| topology.filter(node).err());
            match FILTERS.iter().find_map(|filter| (filter.run)(pod, request, node).err()).or_else(near) {
                None => feasible.push(node),
                Some(rejection) => {
                    unresolvable += usize::from(rejection.unresolvable);
                    for reason in rejection.reasons {
                        *reasons.entry(reason).or_default() += 1;
                    }
                }
            }
        }
        if feasible.is_empty() {
            let count = cluster.nodes().count();
            let refused = preemption::ineligible(pod);
            let candidate = match refused {
                None if count > unresolvable => preemption::find(pod, request, &cluster),
                _ => None,
            };
            let message = match (&candidate, refused) {
                (Some(_), _) => format!("{}.", unfit(count, &reasons)),
                (None, Some(why)) => {
                    format!("{}. no new claims to deallocate, preemption: {why}", unfit(count, &reasons))
                }
                (None, None) => fit_error(count, &reasons, unresolvable),
            };
            return Err((message, candidate));
        }
        let mut totals = vec![0_i64; feasible.len()];
        for score in SCORES {
            for (total, value) in totals.iter_mut().zip((score.run)(pod, request, &feasible)) {
                *total += value * score.weight;
            }
        }
        if let Some(topology) = &topology {
            for (total, value) in totals.iter_mut().zip(topology.score(&feasible)) {
                *total += value;
            }
        }
        let best = totals.iter().copied().max().unwrap_or(0);
        let winners: Vec<usize> = (0..feasible.len()).filter(|&index| totals[index] == best).collect();
        let winner = self.rng.borrow_mut().pick(&winners).copied().unwrap_or(0);
        Ok(feasible[winner].name.to_string())
    }

    async fn bind(&self, pod: &Object, node: &str) {
        let machine = self.nodes.get("", node);
        if let Some(machine) = machine
            && let Err(why) = self.storage.pre_bind(&self.client, pod, &machine).await
        {
            self.cluster.borrow_mut().remove_pod(&pod.key(), node);
            return self.fail(pod, &why).await;
        }
        match self.client.bind(pod.namespace(), pod.name(), node).await {
            Ok(()) => {
                let message = format!("Successfully assigned {}/{} to {node}", pod.namespace(), pod.name());
                self.events.eventf(pod, None, ["Normal", "Scheduled", "Binding", &message]);
            }
            Err(status) => {
                self.cluster.borrow_mut().remove_pod(&pod.key(), node);
                if !status.is_not_found() {
                    self.fail(pod, &status.message).await;
                }
            }
        }
    }

    async fn fail(&self, pod: &Object, message: &str) {
        self.queue.add_unschedulable(pod.key());
        self.events.eventf(pod, None, ["Warning", "FailedScheduling", "Scheduling", message]);
        let now = self.sim.now().timestamp();
        let mut updated = (**pod).clone();
        let condition = json!({
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "observedGeneration": pod.generation(),
        });
        if api::set_condition(&mut updated, condition, now) {
            // A pod that is gone needs no condition.
            let _: Result<Object, Status> = self.client.update_status(POD, updated).await;
        }
    }
}

/// Pods that have ended no longer take room.
fn holds_resources(pod: &Object) -> bool {
    !matches!(pod.str_at("/status/phase"), "Succeeded" | "Failed")
}

/// Why no node will do.
fn unfit(nodes: usize, reasons: &SortedMap<String, usize>) -> String {
    let mut parts: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.order();
    format!("0/{nodes} nodes are available: {}", parts.join(", "))
}

/// Upstream's sentence for a pod that fits nowhere, with the one about preemption behind it.
fn fit_error(nodes: usize, reasons: &SortedMap<String, usize>, unresolvable: usize) -> String {
    let mut preemption = Vec::new();
    if nodes > unresolvable {
        preemption.push(format!("{} No preemption victims found for incoming pod", nodes - unresolvable));
    }
    if unresolvable > 0 {
        preemption.push(format!("{unresolvable} Preemption is not helpful for scheduling"));
    }
    preemption.order();
    format!(
        "{}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {}.",
        unfit(nodes, reasons),
        preemption.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_fits_nowhere_is_told_why() {
        let reasons = SortedMap::from([
            ("Insufficient cpu".to_string(), 2),
            ("node(s) were unschedulable".to_string(), 1),
        ]);
        assert_eq!(
            fit_error(3, &reasons, 1),
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, \
             preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims \
             found for incoming pod."
        );
    }
}
