//! Pods that have ended are counted once. Models trackJobStatusAndRemoveFinalizers.

use super::Controller;
use super::indexes;
use super::policy::{self, Verdict};
use super::round::Round;
use crate::api::{JOB, Key, Object, ObjectExt, Status, condition, pod, remove, set};
use crate::json;
use serde_json::Value;
use sim::{Ordered, SortedSet, join_all};

/// No status holds more uids than this.
const MOST_UNCOUNTED: usize = 500;

impl Controller {
    pub(super) async fn track(&self, mut round: Round, key: &Key) -> Result<(), Status> {
        let mut dirty = round.dirty;
        for (field, value) in
            [("active", round.active_count), ("ready", round.ready), ("terminating", round.terminating)]
        {
            let path = format!("/status/{field}");
            let before = round.job.int_at(&path);
            // `active` is left out when there is none, the other two are not.
            if field == "active" && value == 0 {
                dirty |= remove(&mut round.job, &path).is_some();
            } else if before != Some(value) {
                set(&mut round.job, &path, json!(value));
                dirty = true;
            }
        }
        let tracked = round.pods.iter().filter(|pod| round.is_tracked(pod));
        let mut held: SortedSet<String> = tracked.map(|pod| pod.uid().to_string()).collect();
        dirty |= count_released(&mut round.job, &held);
        let (ended, full) = self.collect(&mut round, &mut dirty);
        dirty |= write_indexes(&mut round);
        let terminal = round.finished.take().map(|finished| match finished.str_at("/type") {
            "FailureTarget" => {
                add_condition(&mut round.job, finished.clone());
                dirty = true;
                round.condition("Failed", finished.str_at("/reason"), finished.str_at("/message"))
            }
            "SuccessCriteriaMet" => {
                if condition(&round.job, "SuccessCriteriaMet").is_none() {
                    add_condition(&mut round.job, finished.clone());
                    dirty = true;
                }
                round.condition("Complete", finished.str_at("/reason"), finished.str_at("/message"))
            }
            _ => finished,
        });
        if dirty {
            let written = self.context.client.update_status(JOB, round.job.clone()).await?;
            round.job = (*written).clone();
            self.back_offs.borrow_mut().insert(key.clone(), round.back_off);
        }
        dirty = false;
        let removed = self.remove_finalizers(key, &ended).await;
        for (pod, removed) in ended.iter().zip(&removed) {
            if removed.is_ok() {
                held.remove(pod.uid());
            }
        }
        dirty |= count_released(&mut round.job, &held);
        if let Some(error) = removed.into_iter().find_map(Result::err) {
            if dirty {
                self.context.client.update_status(JOB, round.job).await?;
            }
            return Err(error);
        }
        let over = terminal.filter(|_| !full && round.terminating == 0 && nothing_uncounted(&round.job));
        if let Some(terminal) = &over {
            let text = |path: &str| terminal.str_at(path).to_string();
            let (kind, reason) = (text("/type"), text("/reason"));
            round.ensure_condition(&kind, "True", &reason, &text("/message"));
            if kind == "Complete" {
                set(&mut round.job, "/status/completionTime", terminal.at("/lastTransitionTime").clone());
            }
            dirty = true;
        }
        if dirty {
            self.context.client.update_status(JOB, round.job.clone()).await?;
        }
        if let Some(terminal) = over {
            self.announce(&round, &terminal);
        }
        Ok(())
    }

    /// The pods to let go, their uids written into the status; and whether there are more than fit.
    fn collect(&self, round: &mut Round, dirty: &mut bool) -> (Vec<Object>, bool) {
        let mut pods = round.pods.clone();
        if round.is_indexed() {
            pods.order_by_key(|pod| round.index_of(pod));
        }
        let (mut ended, mut count) = (Vec::new(), 0);
        for pod in pods {
            let failed = round.is_failed(&pod);
            if !round.is_tracked(&pod) || !may_go(round, &pod, failed) {
                continue;
            }
            let index = round.index_of(&pod);
            let lost = round.finished.as_ref().is_some_and(|f| f.str_at("/type") != "SuccessCriteriaMet");
            let (mut kind, mut counts) = ("", false);
            if pod::phase(&pod) == "Succeeded" {
                kind = "succeeded";
                // The index itself keeps a success from being counted twice.
                counts = !round.is_indexed();
                *dirty |= index.is_some_and(|index| !round.succeeded_before.contains(&index));
            } else if failed || lost {
                kind = "failed";
                let ignored = matches!(policy::judge(&round.job, &pod), Verdict::Ignore);
                counts = (!round.is_indexed() || index.is_some()) && !ignored;
            }
            if counts {
                let mut uids = round.job.list_at(&format!("/status/uncountedTerminatedPods/{kind}")).to_vec();
                if !uids.iter().any(|uid| uid.as_str() == Some(pod.uid())) {
                    uids.push(json!(pod.uid()));
                    set(&mut round.job, &format!("/status/uncountedTerminatedPods/{kind}"), uids.into());
                    *dirty = true;
                    count += 1;
                }
            }
            ended.push(pod);
            if count >= MOST_UNCOUNTED {
                return (ended, true);
            }
        }
        (ended, false)
    }

    async fn remove_finalizers(&self, key: &Key, pods: &[Object]) -> Vec<Result<(), Status>> {
        if !pods.is_empty() {
            let uids = pods.iter().map(|pod| pod.uid().to_string());
            self.removals.borrow_mut().entry(key.clone()).or_default().extend(uids);
        }
        join_all(pods.iter().map(|pod| async move {
            match self.remove_finalizer(pod).await {
                Ok(_) => Ok(()),
                Err(status) => {
                    if let Some(uids) = self.removals.borrow_mut().get_mut(key) {
                        uids.remove(pod.uid());
                    }
                    if status.is_not_found() { Ok(()) } else { Err(status) }
                }
            }
        }))
        .await
    }

    fn announce(&self, round: &Round, terminal: &Value) {
        let job = &round.job;
        let events = &self.context.events;
        if terminal.str_at("/type") == "Complete" {
            if round.completions().is_some_and(|most| job.int_at("/status/succeeded").unwrap_or(0) > most) {
                let message = "Too many succeeded pods running after completion count reached";
                events.event(job, "Warning", "TooManySucceededPods", message);
            }
            events.event(job, "Normal", "Completed", "Job completed");
        } else {
            events.event(job, "Warning", terminal.str_at("/reason"), terminal.str_at("/message"));
        }
    }
}

/// Models canRemoveFinalizer.
fn may_go(round: &Round, pod: &Object, failed: bool) -> bool {
    if round.job.is_terminating() || round.finished.is_some() || pod::phase(pod) == "Succeeded" {
        return true;
    }
    let delayed = round.index_of(pod).and_then(|index| round.delayed.get(&index));
    failed && delayed.is_none_or(|delayed| delayed.uid() != pod.uid())
}

/// Pods that nothing holds any more go from the list into the number. Models cleanUncountedPodsWithoutFinalizers.
fn count_released(job: &mut Value, held: &SortedSet<String>) -> bool {
    let mut changed = false;
    for kind in ["succeeded", "failed"] {
        let path = format!("/status/uncountedTerminatedPods/{kind}");
        let uids = job.list_at(&path).to_vec();
        let left: Vec<Value> =
            uids.iter().filter(|uid| uid.as_str().is_some_and(|uid| held.contains(uid))).cloned().collect();
        let released = i64::try_from(uids.len() - left.len()).unwrap_or(0);
        if released == 0 {
            continue;
        }
        changed = true;
        let total = job.int_at(&format!("/status/{kind}")).unwrap_or(0) + released;
        set(job, &format!("/status/{kind}"), json!(total));
        if left.is_empty() {
            remove(job, &path);
        } else {
            set(job, &path, left.into());
        }
    }
    changed
}

fn nothing_uncounted(job: &Value) -> bool {
    ["succeeded", "failed"]
        .iter()
        .all(|kind| job.list_at(&format!("/status/uncountedTerminatedPods/{kind}")).is_empty())
}

fn write_indexes(round: &mut Round) -> bool {
    if !round.is_indexed() {
        return false;
    }
    let mut changed = false;
    let completed = indexes::format(&round.succeeded_indexes);
    if round.job.str_at("/status/completedIndexes") != completed {
        set(&mut round.job, "/status/completedIndexes", json!(completed));
        changed = true;
    }
    if round.job.int_at("/status/succeeded").unwrap_or(0) != round.succeeded {
        set(&mut round.job, "/status/succeeded", json!(round.succeeded));
        changed = true;
    }
    if let Some(failed) = &round.failed_indexes {
        let failed = json!(indexes::format(failed));
        if round.job.at("/status/failedIndexes") != &failed {
            set(&mut round.job, "/status/failedIndexes", failed);
            changed = true;
        }
    }
    changed
}

fn add_condition(job: &mut Value, condition: Value) {
    let mut conditions = job.list_at("/status/conditions").to_vec();
    conditions.push(condition);
    set(job, "/status/conditions", conditions.into());
}
