//! One look at a job: what its pods say, and whether that decides it.

use super::TRACKING;
use super::back_off::BackOff;
use super::indexes::{self, Indexes};
use super::policy::{self, Verdict};
use crate::api::{self, Object, ObjectExt, condition, pod, set};
use crate::json;
use serde_json::Value;
use sim::{SortedMap, SortedSet, Timestamp};
use std::time::Duration;

const FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";

/// What is known in one reconciliation. Models syncJobCtx.
pub(super) struct Round {
    /// The job, with the status as it will be written.
    pub job: Value,
    pub pods: Vec<Object>,
    pub active: Vec<Object>,
    /// How many pods will be active after this round.
    pub active_count: i64,
    pub ready: i64,
    pub terminating: i64,
    /// Uids of pods that need not be looked at: the cache is behind.
    pub removed: SortedSet<String>,
    pub succeeded: i64,
    failed: i64,
    pub back_off: BackOff,
    /// The condition that ends the job.
    pub finished: Option<Value>,
    pub succeeded_before: Indexes,
    pub succeeded_indexes: Indexes,
    pub failed_indexes: Option<Indexes>,
    /// Failed pods that are kept until their index has a new one, which takes over their count.
    pub delayed: SortedMap<i64, Object>,
    pub now: Timestamp,
    /// Whether the status is to be written whatever else happens.
    pub dirty: bool,
}

impl Round {
    pub(super) fn new(
        job: &Object,
        pods: Vec<Object>,
        removed: SortedSet<String>,
        record: BackOff,
        now: Timestamp,
    ) -> Round {
        let mut round = Round {
            job: (**job).clone(),
            active: pods.iter().filter(|pod| pod::is_active(pod)).cloned().collect(),
            terminating: count(&pods, |pod| pod.is_terminating() && !pod::is_terminal(pod)),
            active_count: 0,
            ready: 0,
            pods,
            removed,
            succeeded: 0,
            failed: 0,
            back_off: record,
            finished: None,
            succeeded_before: Indexes::new(),
            succeeded_indexes: Indexes::new(),
            failed_indexes: None,
            delayed: SortedMap::new(),
            now,
            dirty: false,
        };
        round.active_count = count(&round.active, |_| true);
        round.ready = count(&round.active, |pod| pod::is_ready(pod));
        if job.at("/status/uncountedTerminatedPods").is_null() {
            set(&mut round.job, "/status/uncountedTerminatedPods", json!({}));
        }
        if job.at("/status/startTime").is_null() && !round.is_suspended() {
            round.start_clock();
        }
        let succeeded = round.uncounted_pods("succeeded", |pod| pod::phase(pod) == "Succeeded");
        let failed = round.uncounted_pods("failed", |pod| round.is_failed(pod));
        let waiting = |kind: &str| {
            i64::try_from(job.list_at(&format!("/status/uncountedTerminatedPods/{kind}")).len()).unwrap_or(0)
        };
        let counted = count(&failed, |pod| !matches!(policy::judge(job, pod), Verdict::Ignore));
        round.succeeded =
            job.int_at("/status/succeeded").unwrap_or(0) + count(&succeeded, |_| true) + waiting("succeeded");
        round.failed = job.int_at("/status/failed").unwrap_or(0) + counted + waiting("failed");
        round.back_off = record.and(&succeeded, &failed);
        round
    }

    /// Pods that have come to this end and are not in the status yet.
    fn uncounted_pods(&self, kind: &str, ended: impl Fn(&Object) -> bool) -> Vec<Object> {
        let waiting = self.job.list_at(&format!("/status/uncountedTerminatedPods/{kind}"));
        let fresh = |pod: &&Object| {
            self.is_tracked(pod)
                && !waiting.iter().any(|uid| uid.as_str() == Some(pod.uid()))
                && (!self.is_indexed() || self.index_of(pod).is_some())
                && ended(pod)
        };
        self.pods.iter().filter(fresh).cloned().collect()
    }

    /// Whether a pod still waits to be counted.
    pub(super) fn is_tracked(&self, pod: &Object) -> bool {
        pod.has_finalizer(TRACKING) && !self.removed.contains(pod.uid())
    }

    pub(super) fn is_indexed(&self) -> bool {
        self.job.str_at("/spec/completionMode") == "Indexed"
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.job.bool_at("/spec/suspend")
    }

    pub(super) fn completions(&self) -> Option<i64> {
        self.job.int_at("/spec/completions")
    }

    /// The index of a pod, if it is one of this job's.
    pub(super) fn index_of(&self, pod: &Value) -> Option<i64> {
        indexes::of(pod).filter(|index| *index < self.completions().unwrap_or(0))
    }

    fn per_index_limit(&self) -> Option<i64> {
        self.job.int_at("/spec/backoffLimitPerIndex")
    }

    pub(super) fn has_limit_per_index(&self) -> bool {
        self.is_indexed() && self.per_index_limit().is_some()
    }

    /// Whether only pods that have come to their end are replaced.
    pub(super) fn replaces_failed_only(&self) -> bool {
        self.job.str_at("/spec/podReplacementPolicy") == "Failed"
            || self.job.at("/spec/podFailurePolicy").is_object()
    }

    /// Whether a pod has failed: one that is on its way out counts, unless only failed ones are replaced.
    pub(super) fn is_failed(&self, pod: &Value) -> bool {
        match pod::phase(pod) {
            "Failed" => true,
            "Succeeded" => false,
            _ => pod.is_terminating() && !self.replaces_failed_only(),
        }
    }

    pub(super) fn start_clock(&mut self) {
        set(&mut self.job, "/status/startTime", json!(self.now.rfc3339()));
    }

    pub(super) fn condition(&self, kind: &str, reason: &str, message: &str) -> Value {
        new_condition(kind, "True", reason, message, self.now)
    }

    /// Sets a condition; one that is not there does not come to be false. Says whether anything changed.
    pub(super) fn ensure_condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) -> bool {
        let old = condition(&self.job, kind);
        let same = old.is_some_and(|old| {
            (old.str_at("/status"), old.str_at("/reason"), old.str_at("/message"))
                == (status, reason, message)
        });
        if same || (old.is_none() && status == "False") {
            return false;
        }
        let new = new_condition(kind, status, reason, message, self.now);
        api::set_condition(&mut self.job, new, self.now)
    }

    /// Whether the job has come to its end, and which.
    pub(super) fn decide(&mut self) {
        let is_true =
            |job: &Value, kind: &str| condition(job, kind).filter(|c| c.str_at("/status") == "True").cloned();
        self.finished = is_true(&self.job, "SuccessCriteriaMet");
        if self.finished.is_none() {
            if let Some(target) = is_true(&self.job, "FailureTarget") {
                let (reason, message) = (target.str_at("/reason"), target.str_at("/message"));
                self.finished = Some(self.condition("Failed", reason, message));
            } else {
                let why = self.pods.iter().filter(|pod| self.is_failed(pod)).find_map(|pod| {
                    match policy::judge(&self.job, pod) {
                        Verdict::FailJob(why) => Some(why),
                        _ => None,
                    }
                });
                self.finished = why.map(|why| self.condition("FailureTarget", "PodFailurePolicy", &why));
            }
        }
        if self.finished.is_none() {
            let limit = self.job.int_at("/spec/backoffLimit").unwrap_or(6);
            let failure = |reason, message| Some(self.condition("FailureTarget", reason, message));
            if self.failed > limit || self.restarted_too_often(limit) {
                self.finished =
                    failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
            } else if self.deadline_in().is_some_and(|left| left.is_zero()) {
                self.finished = failure("DeadlineExceeded", "Job was active longer than specified deadline");
            }
        }
        if self.is_indexed() {
            self.decide_by_index();
        }
    }

    fn decide_by_index(&mut self) {
        let completions = self.completions().unwrap_or(0);
        self.succeeded_before = indexes::parse(self.job.str_at("/status/completedIndexes"), completions);
        self.succeeded_indexes = self.succeeded_before.clone();
        let done =
            self.pods.iter().filter(|pod| pod::phase(pod) == "Succeeded" && pod.has_finalizer(TRACKING));
        let done: Vec<i64> = done.filter_map(|pod| self.index_of(pod)).collect();
        self.succeeded_indexes.extend(done);
        self.succeeded = i64::try_from(self.succeeded_indexes.len()).unwrap_or(0);
        if self.has_limit_per_index() {
            let mut failed = indexes::parse(self.job.str_at("/status/failedIndexes"), completions);
            let lost = self.pods.iter().filter(|pod| pod.has_finalizer(TRACKING) && self.loses_index(pod));
            failed.extend(lost.filter_map(|pod| self.index_of(pod)).collect::<Vec<_>>());
            failed.retain(|index| !self.succeeded_indexes.contains(index));
            let count = i64::try_from(failed.len()).unwrap_or(0);
            let most = self.job.int_at("/spec/maxFailedIndexes");
            if self.finished.is_none() && most.is_some_and(|most| count > most) {
                self.finished = Some(self.condition(
                    "FailureTarget",
                    "MaxFailedIndexesExceeded",
                    "Job has exceeded the specified maximal number of failed indexes",
                ));
            } else if self.finished.is_none() && count > 0 && count + self.succeeded >= completions {
                self.finished =
                    Some(self.condition("FailureTarget", "FailedIndexes", "Job has failed indexes"));
            }
            self.failed_indexes = Some(failed);
            self.find_delayed();
        }
        if self.finished.is_none()
            && let Some(message) = policy::success(&self.job, &self.succeeded_indexes, completions)
        {
            self.finished = Some(self.condition("SuccessCriteriaMet", "SuccessPolicy", &message));
        }
    }

    fn loses_index(&self, pod: &Object) -> bool {
        self.is_failed(pod)
            && match policy::judge(&self.job, pod) {
                Verdict::FailIndex => true,
                Verdict::Ignore => false,
                _ => failure_count(pod) >= self.per_index_limit().unwrap_or(0),
            }
    }

    fn find_delayed(&mut self) {
        let busy: Indexes = self.active.iter().filter_map(|pod| self.index_of(pod)).collect();
        let mut delayed: SortedMap<i64, Object> = SortedMap::new();
        for pod in self.pods.iter().filter(|pod| self.is_tracked(pod) && self.is_failed(pod)) {
            let Some(index) = self.index_of(pod).filter(|index| !busy.contains(index)) else { continue };
            let over = self.succeeded_indexes.contains(&index)
                || self.failed_indexes.as_ref().is_some_and(|failed| failed.contains(&index));
            let newer = delayed.get(&index).is_none_or(|other| failure_count(other) <= failure_count(pod));
            if !over && newer {
                delayed.insert(index, pod.clone());
            }
        }
        self.delayed = delayed;
    }

    /// How many failures the next pod of an index begins with.
    pub(super) fn failures_of(&self, index: i64) -> i64 {
        self.delayed.get(&index).map_or(0, |pod| match policy::judge(&self.job, pod) {
            Verdict::Ignore => failure_count(pod),
            _ => failure_count(pod) + 1,
        })
    }

    /// Restarts of containers count where pods are not replaced.
    fn restarted_too_often(&self, limit: i64) -> bool {
        if self.job.str_at("/spec/template/spec/restartPolicy") != "OnFailure" {
            return false;
        }
        let alive = self.pods.iter().filter(|pod| matches!(pod::phase(pod), "Running" | "Pending"));
        let restarts: i64 = alive
            .flat_map(|pod| {
                let init = pod.list_at("/status/initContainerStatuses");
                init.iter().chain(pod.list_at("/status/containerStatuses"))
            })
            .filter_map(|status| status.int_at("/restartCount"))
            .sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    /// How long the job may still run.
    pub(super) fn deadline_in(&self) -> Option<Duration> {
        let allowed = self.job.int_at("/spec/activeDeadlineSeconds")?;
        let start = Timestamp::parse_rfc3339(self.job.str_at("/status/startTime"))?;
        let allowed = Duration::from_secs(allowed.unsigned_abs());
        (!self.is_suspended()).then(|| allowed.saturating_sub(self.now.duration_since(start)))
    }

    /// Whether so many pods as were asked for have succeeded, or one where no number was asked for.
    pub(super) fn is_complete(&self) -> bool {
        self.active_count == 0
            && match self.completions() {
                None => self.succeeded > 0,
                Some(completions) => self.succeeded >= completions,
            }
    }

    pub(super) fn succeed(&mut self) {
        self.finished = Some(self.condition(
            "SuccessCriteriaMet",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        ));
    }
}

fn count(pods: &[Object], which: impl Fn(&Object) -> bool) -> i64 {
    i64::try_from(pods.iter().filter(|pod| which(pod)).count()).unwrap_or(i64::MAX)
}

fn failure_count(pod: &Value) -> i64 {
    pod.annotation(FAILURE_COUNT).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Writes the failures of an index into the pod that takes over.
pub(super) fn set_failure_count(pod: &mut Value, count: i64) {
    api::object_at(pod, "/metadata/annotations").insert(FAILURE_COUNT.to_string(), json!(count.to_string()));
}

fn new_condition(kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) -> Value {
    let time = now.rfc3339();
    let mut condition =
        json!({"type": kind, "status": status, "lastProbeTime": time, "lastTransitionTime": time});
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition[field] = json!(text);
        }
    }
    condition
}
