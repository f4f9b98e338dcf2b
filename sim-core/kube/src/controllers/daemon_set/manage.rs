//! Pods where there are none and should be, none where there should not. Models manage and syncNodes.

use super::pod::{is_available, is_updated, new_pod, should_run};
use super::{Controller, Placed};
use crate::api::{Object, ObjectExt, Status};
use serde_json::Value;
use sim::{Ordered, join_all};
use std::time::Duration;

/// No single reconciliation creates or deletes more pods than this.
const BURST: usize = 250;
/// A failed pod is replaced at once, then after a second, then after twice as long each time.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(15 * 60);

impl Controller {
    pub(super) async fn manage(
        &self,
        set: &Object,
        nodes: &[Object],
        example: &mut Value,
        mut placed: Placed,
        hash: &str,
    ) -> Result<(), Status> {
        let (mut missing, mut surplus) = (Vec::new(), Vec::new());
        for node in nodes {
            let pods = placed.remove(node.name()).unwrap_or_default();
            let (wanted, may_stay) = should_run(example, node);
            if wanted && pods.is_empty() {
                missing.push(node.name().to_string());
            } else if may_stay && !pods.is_empty() {
                let kept = self.without_failed(set, node.name(), pods, &mut surplus);
                prune(set, kept, hash, self.context.sim.now().timestamp(), &mut surplus);
            } else if !may_stay {
                surplus.extend(pods.into_iter().filter(|pod| !pod.is_terminating()));
            }
        }
        // What is left is on nodes that are gone, or waits for them.
        surplus.extend(placed.into_values().flatten().filter(|pod| !pod.is_terminating()));
        self.sync_nodes(set, surplus, missing, hash).await
    }

    /// Pods that have ended are to go, each node's failures with pauses between them.
    fn without_failed(
        &self,
        set: &Object,
        node: &str,
        pods: Vec<Object>,
        surplus: &mut Vec<Object>,
    ) -> Vec<Object> {
        let mut running = Vec::new();
        for pod in pods {
            let what = (pod.namespace(), pod.name());
            let events = &self.context.events;
            match pod.str_at("/status/phase") {
                _ if pod.is_terminating() => {}
                "Failed" => {
                    if self.in_back_off(set, node) {
                        continue;
                    }
                    let message = format!(
                        "Found failed daemon pod {}/{} on node {node}, will try to kill it",
                        what.0, what.1
                    );
                    events.event(set, "Warning", "FailedDaemonPod", message);
                    surplus.push(pod);
                }
                "Succeeded" => {
                    let message = format!(
                        "Found succeeded daemon pod {}/{} on node {node}, will try to delete it",
                        what.0, what.1
                    );
                    events.event(set, "Normal", "SucceededDaemonPod", message);
                    surplus.push(pod);
                }
                _ => running.push(pod),
            }
        }
        running
    }

    /// Whether a failed pod on a node has to stay for now; when not, the next will have to stay longer.
    fn in_back_off(&self, set: &Object, node: &str) -> bool {
        let now = self.context.sim.now();
        let mut failures = self.failures.borrow_mut();
        let place = (set.key(), node.to_string());
        let next = match failures.get(&place) {
            None => FIRST_BACK_OFF,
            Some((since, wait)) if now < *since + *wait => {
                self.queue.add_after(set.key(), *since + *wait - now);
                return true;
            }
            Some((since, wait)) if now < *since + *wait * 2 + FIRST_BACK_OFF => {
                (*wait * 2).min(LONGEST_BACK_OFF)
            }
            Some(_) => FIRST_BACK_OFF,
        };
        failures.insert(place, (now, next));
        false
    }

    pub(super) async fn sync_nodes(
        &self,
        set: &Object,
        mut surplus: Vec<Object>,
        mut missing: Vec<String>,
        hash: &str,
    ) -> Result<(), Status> {
        missing.truncate(BURST);
        surplus.truncate(BURST);
        if missing.is_empty() && surplus.is_empty() {
            return Ok(());
        }
        let key = set.key();
        let deletions = surplus.iter().map(|pod| pod.key());
        self.expectations.borrow_mut().expect(&key, missing.len(), deletions, self.context.sim.now());
        let mut outcome = Ok(());
        // In batches of 1, 2, 4, ... so that a template that no server accepts costs one try, not all.
        let (mut rest, mut batch) = (missing.as_slice(), 1);
        while !rest.is_empty() {
            let (first, others) = rest.split_at(batch.min(rest.len()));
            let made =
                join_all(first.iter().map(|node| self.context.create_pod(set, new_pod(set, node, hash))));
            let results = made.await;
            let failed = results.iter().filter(|result| result.is_err()).count();
            if let Some(error) = results.into_iter().find_map(Result::err) {
                let mut expectations = self.expectations.borrow_mut();
                (0..failed + others.len()).for_each(|_| expectations.creation_observed(&key));
                outcome = Err(error);
                break;
            }
            rest = others;
            batch *= 2;
        }
        let deleted = join_all(surplus.iter().map(|pod| self.context.delete_pod(set, pod))).await;
        for (pod, result) in surplus.iter().zip(deleted) {
            if let Err(status) = result {
                self.expectations.borrow_mut().deletion_observed(&key, &pod.key());
                outcome = Err(status);
            }
        }
        outcome
    }
}

/// One pod is enough for a node, or an old and a new one while the new one comes up.
fn prune(set: &Object, mut running: Vec<Object>, hash: &str, now: sim::Timestamp, surplus: &mut Vec<Object>) {
    if running.len() <= 1 {
        return;
    }
    running.order_by(|a, b| (a.creation_timestamp(), a.name()).cmp(&(b.creation_timestamp(), b.name())));
    if !super::update::may_surge(set) {
        surplus.extend(running.into_iter().skip(1));
        return;
    }
    let (new, old): (Vec<_>, Vec<_>) = running.into_iter().partition(|pod| is_updated(pod, hash));
    let replaced = new.first().is_some_and(|pod| is_available(pod, set, now));
    surplus.extend(new.into_iter().skip(1));
    surplus.extend(old.into_iter().skip(usize::from(!replaced)));
}
