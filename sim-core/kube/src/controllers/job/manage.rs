//! More pods, or fewer. Models manageJob.

use super::back_off;
use super::indexes::{COMPLETION_INDEX, Indexes};
use super::round::{Round, set_failure_count};
use super::{Controller, TRACKING};
use crate::api::{self, JOB, Key, Object, ObjectExt, Status, pod};
use crate::controllers::pod_control::{pod_from_template, rank};
use crate::json;
use serde_json::Value;
use sim::{Ordered, SortedMap, join_all};
use std::time::Duration;

/// No single reconciliation creates or deletes more pods than this.
const MOST_PER_SYNC: usize = 500;

impl Controller {
    pub(super) async fn manage(&self, round: &mut Round, key: &Key) -> Result<(), Status> {
        if round.is_suspended() {
            return self.delete_surplus(round, key, round.active.len()).await;
        }
        let parallelism = round.job.int_at("/spec/parallelism").unwrap_or(1);
        let wanted = match round.completions() {
            None if round.succeeded > 0 => round.active_count,
            None => parallelism,
            Some(completions) => (completions - round.succeeded).min(parallelism).max(0),
        };
        let surplus = usize::try_from(round.active_count - wanted).unwrap_or(0);
        if surplus > 0 || (round.is_indexed() && !self.surplus(round, 0).is_empty()) {
            return self.delete_surplus(round, key, surplus).await;
        }
        let waiting = if round.replaces_failed_only() { round.terminating } else { 0 };
        let missing = usize::try_from(wanted - waiting - round.active_count).unwrap_or(0);
        if missing == 0 {
            return Ok(());
        }
        let mut wait =
            if round.has_limit_per_index() { Duration::ZERO } else { round.back_off.remaining(round.now) };
        let mut places: Vec<Option<i64>> = vec![None; missing.min(MOST_PER_SYNC)];
        if wait.is_zero() && round.is_indexed() {
            let (indexes, later) = due_indexes(round, missing.min(MOST_PER_SYNC));
            wait = later;
            places = indexes.into_iter().map(Some).collect();
        }
        if !wait.is_zero() {
            self.queue.add_after(key.clone(), wait);
            return Ok(());
        }
        self.create(round, key, &places).await
    }

    /// Creates pods in batches of 1, 2, 4, ... so that a template that no server accepts costs one try, not all.
    async fn create(&self, round: &mut Round, key: &Key, places: &[Option<i64>]) -> Result<(), Status> {
        let now = self.context.sim.now();
        self.expectations.borrow_mut().expect_creations(key, places.len(), now);
        let template = template(&round.job, round.is_indexed());
        let (mut rest, mut batch) = (places, 1);
        while !rest.is_empty() {
            let (first, others) = rest.split_at(batch.min(rest.len()));
            let job = &round.job;
            let results = join_all(first.iter().map(|place| {
                let mut pod = template.clone();
                if let Some(index) = place {
                    give_index(&mut pod, job, *index);
                    if round.has_limit_per_index() {
                        set_failure_count(&mut pod, round.failures_of(*index));
                    }
                }
                self.context.create_pod(job, pod)
            }))
            .await;
            let made = results.iter().filter(|result| result.is_ok()).count();
            round.active_count += i64::try_from(made).unwrap_or(0);
            if let Some(error) = results.into_iter().find_map(Result::err) {
                // What failed or was not tried will never be seen.
                let mut expectations = self.expectations.borrow_mut();
                (0..first.len() - made + others.len()).for_each(|_| expectations.creation_observed(key));
                return Err(error);
            }
            rest = others;
            batch *= 2;
        }
        Ok(())
    }

    /// The active pods to delete: duplicates of an index first, then those that are missed least.
    fn surplus(&self, round: &Round, at_least: usize) -> Vec<Object> {
        let nowhere = SortedMap::new();
        let mut ranked: Vec<_> = round.active.iter().map(|pod| (rank(pod, &nowhere), pod)).collect();
        ranked.order_by(|(one, _), (other, _)| one.cmp(other));
        let mut pods: Vec<Object> = ranked.into_iter().map(|(_, pod)| pod.clone()).collect();
        let mut victims = Vec::new();
        if round.is_indexed() {
            let mut seen = Indexes::new();
            let mut left = Vec::new();
            // The one that has come farthest keeps its index.
            for pod in pods.into_iter().rev() {
                if round.index_of(&pod).is_some_and(|index| seen.insert(index)) {
                    left.push(pod);
                } else {
                    victims.push(pod);
                }
            }
            left.reverse();
            pods = left;
        }
        let more = at_least.saturating_sub(victims.len());
        victims.extend(pods.into_iter().take(more));
        victims.truncate(MOST_PER_SYNC);
        victims
    }

    async fn delete_surplus(&self, round: &mut Round, key: &Key, at_least: usize) -> Result<(), Status> {
        let victims = self.surplus(round, at_least);
        let now = self.context.sim.now();
        self.expectations.borrow_mut().expect_deletions(key, victims.iter().map(|pod| pod.key()), now);
        let job = &round.job;
        let results = join_all(victims.iter().map(|pod| async move {
            // Nobody has to count what the controller itself deletes.
            if pod.has_finalizer(TRACKING) {
                self.remove_finalizer(pod).await?;
            }
            self.context.delete_pod(job, pod).await
        }))
        .await;
        self.deleted(round, key, &victims, results)
    }

    /// Deletes what is active when the job has come to its end; their finalizers hold them until they are counted.
    pub(super) async fn delete_active(&self, round: &mut Round, satisfied: bool) -> Result<(), Status> {
        let victims = round.active.clone();
        let results = join_all(victims.iter().map(|pod| self.context.delete_pod(&round.job, pod))).await;
        if !satisfied || results.iter().any(Result::is_err) {
            // Pods may be missing in the cache that are to be deleted, too.
            round.finished = None;
        }
        let key = round.job.key();
        self.deleted(round, &key, &victims, results)
    }

    fn deleted(
        &self,
        round: &mut Round,
        key: &Key,
        victims: &[Object],
        results: Vec<Result<(), Status>>,
    ) -> Result<(), Status> {
        let mut outcome = Ok(());
        for (victim, result) in victims.iter().zip(results) {
            match result {
                Ok(()) => {
                    round.active_count -= 1;
                    round.terminating += 1;
                    round.ready -= i64::from(pod::is_ready(victim));
                }
                Err(status) => {
                    self.expectations.borrow_mut().deletion_observed(key, &victim.key());
                    outcome = Err(status);
                }
            }
        }
        outcome
    }
}

/// Indexes without a pod whose time has come, or how long it is until one has.
fn due_indexes(round: &Round, count: usize) -> (Vec<i64>, Duration) {
    let busy: Indexes = round.active.iter().filter_map(|pod| round.index_of(pod)).collect();
    let failed = round.failed_indexes.clone().unwrap_or_default();
    let free = (0..round.completions().unwrap_or(0)).filter(|index| {
        !busy.contains(index) && !failed.contains(index) && !round.succeeded_indexes.contains(index)
    });
    let mut due = Vec::new();
    let mut soonest: Option<Duration> = None;
    for index in free.take(count) {
        let wait = round.delayed.get(&index).map_or(Duration::ZERO, |pod| {
            let failures = u32::try_from(round.failures_of(index).max(1)).unwrap_or(u32::MAX);
            back_off::remaining(failures, back_off::finished_at(pod), round.now)
        });
        if wait.is_zero() {
            due.push(index);
        } else {
            soonest = Some(soonest.map_or(wait, |sooner| sooner.min(wait)));
        }
    }
    let wait = if due.is_empty() { soonest.unwrap_or(Duration::ZERO) } else { Duration::ZERO };
    (due, wait)
}

fn template(job: &Value, indexed: bool) -> Value {
    let mut pod = pod_from_template(job, JOB, job.at("/spec/template"));
    let mut finalizers = pod.list_at("/metadata/finalizers").to_vec();
    if !pod.has_finalizer(TRACKING) {
        finalizers.push(json!(TRACKING));
    }
    api::set(&mut pod, "/metadata/finalizers", Value::Array(finalizers));
    if !indexed {
        return pod;
    }
    let variable = json!({"name": "JOB_COMPLETION_INDEX",
        "valueFrom": {"fieldRef": {"fieldPath": format!("metadata.labels['{COMPLETION_INDEX}']")}}});
    for list in ["initContainers", "containers"] {
        for container in pod["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let mut env = container.list_at("/env").to_vec();
            if !env.iter().any(|variable| variable.str_at("/name") == "JOB_COMPLETION_INDEX") {
                env.push(variable.clone());
                container["env"] = Value::Array(env);
            }
        }
    }
    pod
}

fn give_index(pod: &mut Value, job: &Value, index: i64) {
    for map in ["/metadata/annotations", "/metadata/labels"] {
        api::object_at(pod, map).insert(COMPLETION_INDEX.to_string(), json!(index.to_string()));
    }
    api::set(pod, "/spec/hostname", json!(format!("{}-{index}", job.name())));
    let end = format!("-{index}-");
    let name = job.name();
    let kept = name.get(..58 - end.len().min(58)).unwrap_or(name);
    api::set(pod, "/metadata/generateName", json!(format!("{kept}{end}")));
}
