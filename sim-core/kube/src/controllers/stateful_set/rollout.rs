//! One step towards what was asked for: create, delete, replace, in order. Models
//! pkg/controller/statefulset/stateful_set_control.go.

use super::Controller;
use super::pod;
use super::status::Tally;
use crate::api::{Object, ObjectExt, Status};
use serde_json::Value;
use sim::Ordered;
use std::cmp::Reverse;

impl Controller {
    pub(super) async fn roll_out(
        &self,
        set: &Object,
        current: &Object,
        update: &Object,
        pods: &[Object],
    ) -> (Tally, Result<(), Status>) {
        let now = self.context.sim.now().timestamp();
        let mut tally = Tally::new(current, update);
        tally.count(pods.iter().map(|pod| &**pod), set, now);
        if set.is_terminating() {
            return (tally, Ok(()));
        }
        let first = set.int_at("/spec/ordinals/start").unwrap_or(0);
        let end = first + set.int_at("/spec/replicas").unwrap_or(1);
        let mut replicas: Vec<Value> = (first..end)
            .map(|ordinal| match pods.iter().find(|pod| pod::ordinal(pod) == ordinal) {
                Some(pod) => (**pod).clone(),
                None => {
                    let old = ordinal < first + partition(set) && is_rolling(set);
                    pod::new_pod(set, if old { current } else { update }, ordinal)
                }
            })
            .collect();
        let mut condemned: Vec<Value> = pods
            .iter()
            .filter(|pod| !(first..end).contains(&pod::ordinal(pod)))
            .map(|pod| (**pod).clone())
            .collect();
        condemned.order_by_key(|pod| Reverse(pod::ordinal(pod)));
        let outcome = self.step(set, update, &mut replicas, &condemned, &mut tally).await;
        (tally, outcome)
    }

    async fn step(
        &self,
        set: &Object,
        update: &Object,
        replicas: &mut [Value],
        condemned: &[Value],
        tally: &mut Tally,
    ) -> Result<(), Status> {
        let now = self.context.sim.now().timestamp();
        let ordered = set.str_at("/spec/podManagementPolicy") != "Parallel";
        for replica in replicas.iter() {
            if self.process_replica(set, replica, ordered).await? && ordered {
                return Ok(());
            }
        }
        let healthy = |pod: &Value| pod::is_ready(pod) && !pod.is_terminating();
        let first_unhealthy = replicas
            .iter()
            .chain(condemned)
            .filter(|pod| !healthy(pod))
            .min_by_key(|pod| pod::ordinal(pod))
            .map(|pod| pod.name().to_string());
        for pod in condemned {
            if pod.is_terminating() {
                if ordered {
                    return Ok(());
                }
                continue;
            }
            let blocks = !pod::is_available(pod, set, now) && first_unhealthy.as_deref() != Some(pod.name());
            if ordered && blocks {
                return Ok(());
            }
            self.hand_over_claims(set, pod).await?;
            self.delete(set, pod).await?;
            if ordered {
                return Ok(());
            }
        }
        if set.str_at("/spec/updateStrategy/type") == "OnDelete" {
            return Ok(());
        }
        self.replace(set, update, replicas, tally).await
    }

    /// Does what one pod needs; says whether the next have to wait.
    async fn process_replica(&self, set: &Object, replica: &Value, ordered: bool) -> Result<bool, Status> {
        let now = self.context.sim.now().timestamp();
        if let phase @ ("Failed" | "Succeeded") = replica.str_at("/status/phase") {
            if replica.is_terminating() {
                return Ok(true);
            }
            let (reason, what) = if phase == "Failed" {
                ("RecreatingFailedPod", "failed")
            } else {
                ("RecreatingTerminatedPod", "terminated")
            };
            let message = format!(
                "StatefulSet {}/{} is recreating {what} Pod {}",
                set.namespace(),
                set.name(),
                replica.name()
            );
            self.context.events.event(set, "Warning", reason, message);
            self.delete(set, replica).await?;
            return Ok(true);
        }
        if !pod::is_created(replica) {
            self.create(set, replica).await?;
            return Ok(true);
        }
        if replica.str_at("/status/phase") == "Pending" {
            self.create_claims(set, replica).await?;
        }
        Ok(ordered && (replica.is_terminating() || !pod::is_available(replica, set, now)))
    }

    /// Deletes pods of other revisions from the top, as many as may be away at a time.
    async fn replace(
        &self,
        set: &Object,
        update: &Object,
        replicas: &[Value],
        tally: &mut Tally,
    ) -> Result<(), Status> {
        let now = self.context.sim.now().timestamp();
        let away =
            replicas.iter().filter(|pod| pod.is_terminating() || !pod::is_available(pod, set, now)).count();
        let mut left = max_unavailable(set, replicas.len()).saturating_sub(away);
        let lowest = usize::try_from(partition(set)).unwrap_or(0).min(replicas.len());
        for pod in replicas[lowest..].iter().rev() {
            if left == 0 {
                break;
            }
            if pod::revision_of(pod) != update.name() && !pod.is_terminating() {
                self.delete(set, pod).await?;
                tally.current -= i64::from(pod::revision_of(pod) == tally.current_revision);
                left -= 1;
            }
        }
        Ok(())
    }
}

fn is_rolling(set: &Object) -> bool {
    set.str_at("/spec/updateStrategy/type") == "RollingUpdate"
}

fn partition(set: &Object) -> i64 {
    set.int_at("/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0)
}

/// At least one; a share is rounded down.
fn max_unavailable(set: &Object, replicas: usize) -> usize {
    let value = set.at("/spec/updateStrategy/rollingUpdate/maxUnavailable");
    let share = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<usize>().ok());
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    share.map(|share| replicas * share / 100).or(number).unwrap_or(1).max(1)
}
