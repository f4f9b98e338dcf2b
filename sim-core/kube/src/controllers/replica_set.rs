//! ReplicaSets and ReplicationControllers: so many pods of one template, no more and no fewer. Models
//! pkg/controller/replicaset and pkg/controller/replication, which is the same controller for the older kind.

mod tally;

use super::Context;
use super::expectations::Expectations;
use super::pod_control::{self, BY_CONTROLLER, orphans, pod_from_template, selector};
use crate::api::{
    self, Key, Object, ObjectExt, POD, REPLICA_SET, REPLICATION_CONTROLLER, Resource, Status, pod,
};
use crate::client::{Informer, WorkQueue};
use crate::json;
use serde_json::Value;
use sim::{Ordered, SortedMap, Timestamp, join_all};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tally::{Tallies, Tally};

const WORKERS: usize = 5;
/// No single reconciliation creates or deletes more pods than this.
const BURST_REPLICAS: usize = 500;

pub(super) fn start(context: &Context) {
    start_for(context, REPLICA_SET);
}

/// The same for replication controllers.
pub(super) fn start_replication(context: &Context) {
    start_for(&context.reporting_as("replication-controller"), REPLICATION_CONTROLLER);
}

fn start_for(context: &Context, resource: Resource) {
    let controller = Controller {
        resource,
        context: context.clone(),
        sets: context.informers.informer(resource),
        pods: context.informers.informer(POD),
        queue: WorkQueue::new(&context.sim),
        expectations: Rc::default(),
        tallies: Rc::default(),
    };
    pod_control::index(&controller.pods);
    controller.watch();
    let queue = controller.queue.clone();
    context.work(&queue, WORKERS, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

/// Changes of pods are collected for so long for each pod that the set is to have: the status of a large set is
/// counted once for many of them, that of a small one at once.
const BATCH_PER_POD: Duration = Duration::from_micros(50);

#[derive(Clone)]
struct Controller {
    resource: Resource,
    context: Context,
    sets: Informer,
    pods: Informer,
    queue: WorkQueue,
    expectations: Rc<RefCell<Expectations>>,
    tallies: Rc<RefCell<Tallies>>,
}

impl Controller {
    fn watch(&self) {
        let this = self.clone();
        self.sets.on_change(move |old, new| match (old, new) {
            (_, Some(set)) => {
                let pods = || this.pods.by_index(BY_CONTROLLER, set.uid());
                this.tallies.borrow_mut().set_changed(old, set, pods);
                this.queue.add(set.key());
            }
            (Some(set), None) => {
                this.tallies.borrow_mut().forget(set);
                this.expectations.borrow_mut().forget(&set.key());
                this.queue.add(set.key());
            }
            (None, None) => {}
        });
        let this = self.clone();
        self.pods.on_change(move |old, new| this.pod_changed(old, new));
    }

    fn pod_changed(&self, old: Option<&Object>, new: Option<&Object>) {
        let Some(pod) = new.or(old) else { return };
        self.tallies.borrow_mut().pod_changed(old, new);
        let Some(key) = self.set_of(pod) else {
            // An orphan may be wanted by any set whose selector matches.
            if new.is_some() && pod.controller_uid().is_none() {
                for set in self.sets.list_namespace(pod.namespace()) {
                    if selector(&set).matches(pod.labels()) {
                        self.queue.add(set.key());
                    }
                }
            }
            return;
        };
        let mut expectations = self.expectations.borrow_mut();
        if old.is_none() && !pod.is_terminating() {
            expectations.creation_observed(&key);
        }
        if new.is_none() || pod.is_terminating() {
            expectations.deletion_observed(&key, &pod.key());
        }
        drop(expectations);
        let size = self.sets.get_key(&key).and_then(|set| set.int_at("/spec/replicas")).unwrap_or(0);
        self.queue.add_after(key, BATCH_PER_POD * u32::try_from(size).unwrap_or(0));
    }

    fn set_of(&self, pod: &Object) -> Option<Key> {
        let owner = pod.controller_of().filter(|owner| owner.kind() == self.resource.kind)?;
        let set = self.sets.get(pod.namespace(), owner.str_at("/name"))?;
        (set.uid() == owner.str_at("/uid")).then(|| set.key())
    }

    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(set) = self.sets.get_key(&key) else { return Ok(()) };
        let needs_sync = self.expectations.borrow().satisfied(&key, self.context.sim.now());
        if let Some(tally) = self.settled(&set, needs_sync) {
            return self.update_status(&set, tally, None).await;
        }
        let selector = selector(&set);
        let matches = |pod: &Object| selector.matches(pod.labels());
        let pods = self.context.claim_pods(&set, self.resource, &self.pods, matches).await?;
        let mut failure = None;
        if needs_sync && !set.is_terminating() {
            let active: Vec<Object> = pods.iter().filter(|pod| pod::is_active(pod)).cloned().collect();
            failure = self.manage_replicas(&set, &key, &active).await.err();
        }
        let (tally, recheck) = tally::count(&set, &pods, self.context.sim.now().timestamp());
        if let Some(after) = recheck {
            self.queue.add_after(key, after);
        }
        self.update_status(&set, tally, failure.as_ref()).await?;
        failure.map_or(Ok(()), Err)
    }

    /// What the pods of a set add up to, if that is all there is to know: none is to be created, deleted, adopted or
    /// let go, and none becomes available by waiting.
    fn settled(&self, set: &Object, needs_sync: bool) -> Option<Tally> {
        let tally = self.tallies.borrow().get(set)?;
        let complete = tally.active == set.int_at("/spec/replicas").unwrap_or(1);
        let settled = tally.strays == 0
            && (!needs_sync || complete || set.is_terminating())
            && set.int_at("/spec/minReadySeconds").unwrap_or(0) == 0
            && (set.is_terminating() || self.has_no_orphans(set));
        settled.then_some(tally)
    }

    fn has_no_orphans(&self, set: &Object) -> bool {
        let selector = selector(set);
        orphans(&self.pods, set, &|pod: &Object| selector.matches(pod.labels())).is_empty()
    }

    async fn manage_replicas(&self, set: &Object, key: &Key, active: &[Object]) -> Result<(), Status> {
        let wanted = usize::try_from(set.int_at("/spec/replicas").unwrap_or(1)).unwrap_or(0);
        let now = self.context.sim.now();
        if active.len() < wanted {
            let missing = (wanted - active.len()).min(BURST_REPLICAS);
            self.expectations.borrow_mut().expect_creations(key, missing, now);
            self.create_pods(set, key, missing).await
        } else if active.len() > wanted {
            let surplus = (active.len() - wanted).min(BURST_REPLICAS);
            let victims = self.pods_to_delete(set, active, surplus);
            self.expectations.borrow_mut().expect_deletions(key, victims.iter().map(|pod| pod.key()), now);
            self.delete_pods(set, key, &victims).await
        } else {
            Ok(())
        }
    }

    /// Creates pods in batches of 1, 2, 4, ... so that a template that no server accepts costs one try, not all.
    async fn create_pods(&self, set: &Object, key: &Key, count: usize) -> Result<(), Status> {
        let template = pod_from_template(set, self.resource, set.at("/spec/template"));
        let (mut left, mut batch) = (count, 1);
        while left > 0 {
            let size = batch.min(left);
            let results = join_all((0..size).map(|_| self.create_pod(set, &template))).await;
            left -= size;
            if let Some(error) = results.into_iter().find_map(Result::err) {
                // What was not tried will never be seen.
                let mut expectations = self.expectations.borrow_mut();
                (0..left).for_each(|_| expectations.creation_observed(key));
                return Err(error);
            }
            batch *= 2;
        }
        Ok(())
    }

    async fn create_pod(&self, set: &Object, template: &Value) -> Result<(), Status> {
        let made = self.context.create_pod(set, template.clone()).await;
        if made.is_err() {
            self.expectations.borrow_mut().creation_observed(&set.key());
        }
        made.map(drop)
    }

    async fn delete_pods(&self, set: &Object, key: &Key, victims: &[Object]) -> Result<(), Status> {
        let deletions = victims.iter().map(|pod| async move {
            let deleted = self.context.delete_pod(set, pod).await;
            if deleted.is_err() {
                self.expectations.borrow_mut().deletion_observed(key, &pod.key());
            }
            deleted
        });
        join_all(deletions).await.into_iter().collect()
    }

    /// The pods that are missed least.
    fn pods_to_delete(&self, set: &Object, active: &[Object], count: usize) -> Vec<Object> {
        let mut siblings: SortedMap<&str, usize> = SortedMap::new();
        let related = self.related_pods(set);
        for pod in &related {
            *siblings.entry(pod.str_at("/spec/nodeName")).or_default() += 1;
        }
        let mut ranked: Vec<_> = active.iter().map(|pod| (pod_control::rank(pod, &siblings), pod)).collect();
        ranked.order_by(|(one, _), (other, _)| one.cmp(other));
        ranked.into_iter().take(count).map(|(_, pod)| pod.clone()).collect()
    }

    /// Active pods of all sets that belong to the same owner as this one.
    fn related_pods(&self, set: &Object) -> Vec<Object> {
        let owner = set.controller_of().map(|owner| owner.str_at("/uid").to_string());
        let family = self.sets.list_namespace(set.namespace()).into_iter().filter(|other| {
            other.uid() == set.uid()
                || (owner.is_some() && other.controller_of().map(|o| o.str_at("/uid").to_string()) == owner)
        });
        family
            .flat_map(|member| self.pods.by_index(BY_CONTROLLER, member.uid()))
            .filter(|pod| pod::is_active(pod))
            .collect()
    }

    async fn update_status(
        &self,
        set: &Object,
        tally: Tally,
        failure: Option<&Status>,
    ) -> Result<(), Status> {
        let status = new_status(set, tally, failure, self.context.sim.now().timestamp());
        if set.at("/status") == &status {
            return Ok(());
        }
        let mut updated = (**set).clone();
        updated["status"] = status;
        ignore_missing(self.context.client.update_status(self.resource, updated).await)
    }
}

/// The status of a set.
fn new_status(set: &Object, tally: Tally, failure: Option<&Status>, now: Timestamp) -> Value {
    let mut status = json!({
        "replicas": tally.active, "observedGeneration": set.generation(),
    });
    if set.kind() == REPLICA_SET.kind {
        status["terminatingReplicas"] = json!(tally.terminating);
    }
    for (name, count) in [
        ("fullyLabeledReplicas", tally.labelled),
        ("readyReplicas", tally.ready),
        ("availableReplicas", tally.available),
    ] {
        if count > 0 {
            status[name] = json!(count);
        }
    }
    let conditions = set.at("/status/conditions");
    if failure.is_some() && api::condition(set, "ReplicaFailure").is_some() {
        // The first failure is told; the others would only be other names of the same.
        status["conditions"] = conditions.clone();
    } else if let Some(failure) = failure {
        let reason = if failure.message.contains("delet") { "FailedDelete" } else { "FailedCreate" };
        let mut with = json!({"status": {"conditions": conditions}});
        let condition =
            json!({"type": "ReplicaFailure", "status": "True", "reason": reason, "message": failure.message});
        api::set_condition(&mut with, condition, now);
        status["conditions"] = with["status"]["conditions"].take();
    }
    status
}

/// Somebody else may have deleted the object meanwhile, or changed it: the next event brings the news.
pub(super) fn ignore_missing<T>(result: Result<T, Status>) -> Result<(), Status> {
    match result {
        Err(status) if !status.is_not_found() => Err(status),
        _ => Ok(()),
    }
}
