//! Jobs: pods until so many have succeeded, or too many have failed. Models pkg/controller/job.
//!
//! Every pod carries a finalizer that keeps it until it is counted: its uid goes into `uncountedTerminatedPods`, the
//! finalizer is taken out, the number goes up. So a pod counts once, whoever deletes it and whenever the controller
//! is restarted.

mod back_off;
pub(super) mod indexes;
mod manage;
mod policy;
mod round;
mod track;

use super::Context;
use super::expectations::Expectations;
use super::pod_control::{self, selector};
use super::replica_set::ignore_missing;
use crate::api::batch_v1::job::is_finished;
use crate::api::{JOB, Key, Object, ObjectExt, POD, Status};
use crate::client::{Informer, Patch, WorkQueue};
use crate::json;
use back_off::BackOff;
use round::Round;
use sim::{SortedMap, SortedSet};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const WORKERS: usize = 5;
/// Changes of pods and of the status are collected for so long.
const BATCH: Duration = Duration::from_secs(1);
/// What holds a pod until its job has counted it.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

pub(super) fn start(context: &Context) {
    let controller = Controller {
        context: context.clone(),
        jobs: context.informers.informer(JOB),
        pods: context.informers.informer(POD),
        queue: WorkQueue::new(&context.sim),
        orphans: WorkQueue::new(&context.sim),
        expectations: Rc::default(),
        removals: Rc::default(),
        back_offs: Rc::default(),
    };
    pod_control::index(&controller.pods);
    controller.watch();
    let (queue, orphans) = (controller.queue.clone(), controller.orphans.clone());
    let this = controller.clone();
    context.work(&queue, WORKERS, move |key| {
        let this = this.clone();
        async move { this.sync(key).await }
    });
    context.work(&orphans, 1, move |key| {
        let this = controller.clone();
        async move { this.release(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    jobs: Informer,
    pods: Informer,
    queue: WorkQueue,
    /// Pods whose job is gone.
    orphans: WorkQueue,
    expectations: Rc<RefCell<Expectations>>,
    /// Uids of pods whose finalizer was taken out and still shows in the cache.
    removals: Rc<RefCell<SortedMap<Key, SortedSet<String>>>>,
    back_offs: Rc<RefCell<SortedMap<Key, BackOff>>>,
}

impl Controller {
    fn watch(&self) {
        let this = self.clone();
        self.jobs.on_change(move |old, new| match (old, new) {
            (Some(old), Some(job)) if old.generation() == job.generation() => {
                this.queue.add_after(job.key(), BATCH);
            }
            (_, Some(job)) => this.queue.add(job.key()),
            (Some(job), None) => {
                for pod in this.pods.by_index(pod_control::BY_CONTROLLER, job.uid()) {
                    this.orphan(&pod);
                }
                this.queue.add(job.key());
            }
            (None, None) => {}
        });
        let this = self.clone();
        self.pods.on_change(move |old, new| this.pod_changed(old, new));
    }

    fn pod_changed(&self, old: Option<&Object>, new: Option<&Object>) {
        let Some(pod) = new.or(old) else { return };
        let Some(owner) = pod.controller_of() else {
            if new.is_some() {
                for job in self.jobs.list_namespace(pod.namespace()) {
                    if selector(&job).matches(pod.labels()) {
                        self.queue.add_after(job.key(), BATCH);
                    }
                }
            }
            return;
        };
        if owner.kind() != "Job" {
            return;
        }
        let job = self
            .jobs
            .get(pod.namespace(), owner.str_at("/name"))
            .filter(|job| job.uid() == owner.str_at("/uid"));
        let Some(job) = job.filter(|job| !is_finished(job)) else {
            // Nobody is left who would count it.
            if new.is_some() && (pod.is_terminating() || self.jobs.has_synced()) {
                self.orphan(pod);
            }
            return;
        };
        let key = job.key();
        if old.is_none() && !pod.is_terminating() {
            self.expectations.borrow_mut().creation_observed(&key);
        }
        if new.is_none() || pod.is_terminating() {
            self.expectations.borrow_mut().deletion_observed(&key, &pod.key());
        }
        if (new.is_none() || !pod.has_finalizer(TRACKING))
            && let Some(removals) = self.removals.borrow_mut().get_mut(&key)
        {
            removals.remove(pod.uid());
        }
        self.queue.add_after(key, BATCH);
    }

    fn orphan(&self, pod: &Object) {
        if pod.has_finalizer(TRACKING) {
            self.orphans.add(pod.key());
        }
    }

    /// Lets a pod go whose job is gone or has ended.
    async fn release(&self, key: Key) -> Result<(), Status> {
        let Some(pod) = self.pods.get_key(&key).filter(|pod| pod.has_finalizer(TRACKING)) else {
            return Ok(());
        };
        let owner = pod.controller_of();
        let job = owner.and_then(|owner| {
            self.jobs
                .get(pod.namespace(), owner.str_at("/name"))
                .filter(|job| job.uid() == owner.str_at("/uid"))
        });
        if job.is_some_and(|job| !is_finished(&job)) {
            return Ok(());
        }
        ignore_missing(self.remove_finalizer(&pod).await)
    }

    async fn remove_finalizer(&self, pod: &Object) -> Result<Object, Status> {
        let patch =
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [TRACKING], "uid": pod.uid()}});
        self.context.client.patch(POD, pod.namespace(), pod.name(), Patch::Strategic(patch)).await
    }

    fn forget(&self, key: &Key) {
        self.expectations.borrow_mut().forget(key);
        self.removals.borrow_mut().remove(key);
        self.back_offs.borrow_mut().remove(key);
    }

    /// Models syncJob.
    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(job) = self.jobs.get_key(&key) else {
            self.forget(&key);
            return Ok(());
        };
        let manager = job.str_at("/spec/managedBy");
        if !matches!(manager, "" | "kubernetes.io/job-controller") {
            return Ok(());
        }
        if is_finished(&job) {
            self.back_offs.borrow_mut().remove(&key);
            return Ok(());
        }
        let satisfied = self.expectations.borrow().satisfied(&key, self.context.sim.now());
        let selector = selector(&job);
        let pods =
            self.context.claim_pods(&job, JOB, &self.pods, |pod| selector.matches(pod.labels())).await?;
        let removed = self.removals.borrow().get(&key).cloned().unwrap_or_default();
        let record = self.back_offs.borrow().get(&key).copied().unwrap_or_default();
        let now = self.context.sim.now().timestamp();
        let mut round = Round::new(&job, pods, removed, record, now);
        round.decide();
        if let Some(left) = round.deadline_in() {
            self.queue.add_after(key.clone(), left);
        }
        let mut managed = Ok(());
        if round.finished.is_some() {
            managed = self.delete_active(&mut round, satisfied).await;
        } else {
            let manages = satisfied && !job.is_terminating();
            if manages {
                managed = self.manage(&mut round, &key).await;
            }
            if round.is_complete() {
                round.succeed();
            } else if manages {
                self.suspend_or_resume(&mut round);
            }
        }
        self.track(round, &key).await?;
        managed
    }

    fn suspend_or_resume(&self, round: &mut Round) {
        let (status, reason, message, event) = if round.is_suspended() {
            ("True", "JobSuspended", "Job suspended", "Suspended")
        } else {
            ("False", "JobResumed", "Job resumed", "Resumed")
        };
        if !round.ensure_condition("Suspended", status, reason, message) {
            return;
        }
        round.dirty = true;
        self.context.events.event(&round.job, "Normal", event, message);
        if status == "False" {
            round.start_clock();
        }
    }
}
