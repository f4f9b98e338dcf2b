//! The conditions Available and Progressing, and pausing. Models pkg/controller/deployment/progress.go.

use super::replica_sets::find_new;
use super::{Controller, replicas};
use crate::api::{self, DEPLOYMENT, Object, ObjectExt, Status};
use crate::json;
use encoding::value::field;
use serde_json::Value;
use sim::Timestamp;
use std::time::Duration;

/// Sets the condition Available on `holder`, which has the new status.
pub(super) fn availability(holder: &mut Value, deployment: &Object, now: Timestamp) {
    let needed = replicas(deployment) - super::rolling::max_unavailable(deployment);
    let available = holder.int_at("/status/availableReplicas").unwrap_or(0) >= needed;
    if available {
        let message = "Deployment has minimum availability.";
        set(holder, "Available", "True", "MinimumReplicasAvailable", message, now);
    } else {
        let message = "Deployment does not have minimum availability.";
        set(holder, "Available", "False", "MinimumReplicasUnavailable", message, now);
    }
}

/// How long a rollout may go without progress, where that is watched.
pub(super) fn deadline(deployment: &Object) -> Option<i64> {
    deployment.int_at("/spec/progressDeadlineSeconds").filter(|&seconds| seconds < i64::from(i32::MAX))
}

/// Sets the condition Progressing for a new replica set that was made or found.
pub(super) fn new_set(deployment: &mut Value, reason: &str, message: &str, now: Timestamp) {
    if !deployment["status"].is_object() {
        deployment["status"] = json!({});
    }
    set(deployment, "Progressing", "True", reason, message, now);
}

impl Controller {
    /// Sets the condition Progressing; says when to look again for a deadline.
    pub(super) fn progress(
        &self,
        holder: &mut Value,
        deployment: &Object,
        new: Option<&Object>,
        all: &[Object],
    ) -> Option<Duration> {
        let now = self.context.sim.now().timestamp();
        let deadline = deadline(deployment)?;
        let present = api::condition(holder, "Progressing").cloned();
        let reason = present.as_ref().map(|c| c.str_at("/reason").to_string()).unwrap_or_default();
        let name = new.map_or_else(|| deployment.name().to_string(), |set| set.name().to_string());
        let what = if new.is_some() { "ReplicaSet" } else { "Deployment" };
        let settled = deployment.int_at("/status/replicas") == deployment.int_at("/status/updatedReplicas")
            && reason == "NewReplicaSetAvailable";
        if settled && !self.is_scaling(deployment, all) && find_new(deployment, all).is_some() {
            return None;
        }
        if self.is_complete(deployment, all) {
            let message = format!("{what} \"{name}\" has successfully progressed.");
            set(holder, "Progressing", "True", "NewReplicaSetAvailable", &message, now);
            return None;
        }
        if present.is_none() {
            let message = format!("Created new replica set \"{name}\"");
            set(holder, "Progressing", "True", "NewReplicaSetCreated", &message, now);
        } else if progressed(deployment, holder) {
            let message = format!("{what} \"{name}\" is progressing.");
            let mut updated = condition("Progressing", "True", "ReplicaSetUpdated", &message, now);
            // Progress renews the time of the last update even where nothing else changes.
            if let Some(old) = present.filter(|old| old.str_at("/status") == "True") {
                updated["lastTransitionTime"] = old.at("/lastTransitionTime").clone();
            }
            replace(holder, updated);
        } else if reason != "DeploymentPaused" {
            return self.check_deadline(holder, deployment, &name, what, deadline, now);
        }
        Some(Duration::from_secs(deadline.unsigned_abs() + 1))
    }

    fn check_deadline(
        &self,
        holder: &mut Value,
        deployment: &Object,
        name: &str,
        what: &str,
        deadline: i64,
        now: Timestamp,
    ) -> Option<Duration> {
        let condition_now = api::condition(holder, "Progressing")?;
        if condition_now.str_at("/reason") == "ProgressDeadlineExceeded" || deployment.bool_at("/spec/paused")
        {
            return None;
        }
        let since = Timestamp::parse_rfc3339(condition_now.str_at("/lastUpdateTime"))?;
        let limit = Duration::from_secs(deadline.unsigned_abs());
        let passed = now.duration_since(since);
        if passed < limit {
            return Some(limit - passed + Duration::from_secs(1));
        }
        let message = format!("{what} \"{name}\" has timed out progressing.");
        set(holder, "Progressing", "False", "ProgressDeadlineExceeded", &message, now);
        None
    }

    /// Records that a deployment was paused or goes on. Models checkPausedConditions.
    pub(super) async fn check_paused(&self, deployment: Object) -> Result<Object, Status> {
        if deployment.int_at("/spec/progressDeadlineSeconds").is_none() {
            return Ok(deployment);
        }
        let reason = api::condition(&deployment, "Progressing").map(|c| c.str_at("/reason").to_string());
        if reason.as_deref() == Some("ProgressDeadlineExceeded") {
            return Ok(deployment);
        }
        let was_paused = reason.as_deref() == Some("DeploymentPaused");
        let (reason, message) = match (deployment.bool_at("/spec/paused"), was_paused) {
            (true, false) => ("DeploymentPaused", "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return Ok(deployment),
        };
        let now = self.context.sim.now().timestamp();
        let mut updated = (*deployment).clone();
        if !updated["status"].is_object() {
            updated["status"] = json!({});
        }
        set(&mut updated, "Progressing", "Unknown", reason, message, now);
        self.context.client.update_status(DEPLOYMENT, updated).await
    }
}

/// More updated, fewer old, more ready or more available replicas than before.
fn progressed(deployment: &Object, holder: &Value) -> bool {
    let (old, new) = (deployment.map_at("/status"), holder.map_at("/status"));
    let before = |name: &str| field(old, name).and_then(Value::as_i64).unwrap_or(0);
    let after = |name: &str| field(new, name).and_then(Value::as_i64).unwrap_or(0);
    let old = |of: &dyn Fn(&str) -> i64| of("replicas") - of("updatedReplicas");
    after("updatedReplicas") > before("updatedReplicas")
        || old(&after) < old(&before)
        || after("readyReplicas") > before("readyReplicas")
        || after("availableReplicas") > before("availableReplicas")
}

fn condition(kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) -> Value {
    let now = now.rfc3339();
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastUpdateTime": now, "lastTransitionTime": now})
}

/// Sets a condition unless one of the same status and reason is there.
fn set(holder: &mut Value, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
    let present = api::condition(holder, kind);
    if present.is_some_and(|p| p.str_at("/status") == status && p.str_at("/reason") == reason) {
        return;
    }
    let mut condition = condition(kind, status, reason, message, now);
    if let Some(same) = present.filter(|present| present.str_at("/status") == status) {
        condition["lastTransitionTime"] = same.at("/lastTransitionTime").clone();
    }
    replace(holder, condition);
}

/// Puts a condition behind all others of another type, as upstream's filterOutCondition does.
fn replace(holder: &mut Value, condition: Value) {
    let Some(status) = holder["status"].as_object_mut() else { return };
    let list = status.entry("conditions").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.retain(|other| other.at("/type") != condition.at("/type"));
        list.push(condition);
    }
}
