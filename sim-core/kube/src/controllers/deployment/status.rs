//! What a deployment says of itself. Models syncRolloutStatus, syncDeploymentStatus and calculateStatus in
//! pkg/controller/deployment.

use super::{Controller, replicas, total};
use crate::api::{Object, ObjectExt, Status};
use crate::json;
use serde_json::Value;

impl Controller {
    pub(super) async fn sync_status_only(&self, deployment: &Object, sets: &[Object]) -> Result<(), Status> {
        let new = super::replica_sets::find_new(deployment, sets).cloned();
        let old: Vec<Object> =
            sets.iter().filter(|set| Some(set.uid()) != new.as_ref().map(|new| new.uid())).cloned().collect();
        self.sync_status(deployment, new.as_ref(), &old, false).await
    }

    /// Tells how many replicas there are, and while it is rolled out, how that goes on: of a Deployment that is paused or
    /// scaled, nobody says that it progresses.
    pub(super) async fn sync_status(
        &self,
        deployment: &Object,
        new: Option<&Object>,
        old: &[Object],
        rolls_out: bool,
    ) -> Result<(), Status> {
        let now = self.context.sim.now().timestamp();
        let mut all = old.to_vec();
        all.extend(new.cloned());
        let mut holder = json!({});
        holder["status"] = calculate(deployment, new, &all);
        let mut conditions = deployment.at("/status/conditions").clone();
        if !conditions.is_array() {
            conditions = json!([]);
        }
        holder["status"]["conditions"] = conditions;
        super::progress::availability(&mut holder, deployment, now);
        if rolls_out && let Some(recheck) = self.progress(&mut holder, deployment, new, &all) {
            self.queue.add_after(deployment.key(), recheck);
        }
        if holder["status"]["conditions"].as_array().is_some_and(Vec::is_empty) {
            crate::api::remove(&mut holder, "/status/conditions");
        }
        self.write_status(deployment, holder["status"].take()).await
    }
}

fn calculate(deployment: &Object, new: Option<&Object>, all: &[Object]) -> Value {
    let available = total(all, "/status/availableReplicas");
    let specified: i64 = all.iter().map(|set| replicas(set)).sum();
    let counts = [
        ("availableReplicas", available),
        ("readyReplicas", total(all, "/status/readyReplicas")),
        ("replicas", total(all, "/status/replicas")),
        ("unavailableReplicas", (specified - available).max(0)),
        ("updatedReplicas", new.and_then(|set| set.int_at("/status/replicas")).unwrap_or(0)),
    ];
    let mut status = json!({
        "observedGeneration": deployment.generation(),
        "terminatingReplicas": total(all, "/status/terminatingReplicas"),
    });
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        status[name] = json!(count);
    }
    if let Some(collisions) = deployment.int_at("/status/collisionCount") {
        status["collisionCount"] = json!(collisions);
    }
    status
}
