//! What a daemon set says of itself. Models updateDaemonSetStatus.

use super::Controller;
use super::pod::{is_available, is_updated, should_run};
use crate::api::{self, DAEMON_SET, Object, ObjectExt, Status};
use crate::controllers::replica_set::ignore_missing;
use crate::json;
use serde_json::Value;
use sim::Ordered;

impl Controller {
    pub(super) async fn update_status(
        &self,
        set: &Object,
        nodes: &[Object],
        example: &mut Value,
        hash: &str,
        observe: bool,
    ) -> Result<(), Status> {
        let mut placed = self.placed(set).await?;
        let now = self.context.sim.now().timestamp();
        let (mut desired, mut current, mut misplaced, mut ready) = (0, 0, 0, 0);
        let (mut available, mut updated) = (0, 0);
        for node in nodes {
            let mut pods = placed.remove(node.name()).unwrap_or_default();
            if !should_run(example, node).0 {
                misplaced += i64::from(!pods.is_empty());
                continue;
            }
            desired += 1;
            pods.order_by(|a, b| (a.creation_timestamp(), a.name()).cmp(&(b.creation_timestamp(), b.name())));
            let Some(oldest) = pods.first() else { continue };
            current += 1;
            ready += i64::from(api::pod::is_ready(oldest));
            available += i64::from(is_available(oldest, set, now));
            updated += i64::from(is_updated(oldest, hash));
        }
        let observed =
            if observe { json!(set.generation()) } else { set.at("/status/observedGeneration").clone() };
        let mut status = json!({
            "currentNumberScheduled": current, "desiredNumberScheduled": desired,
            "numberMisscheduled": misplaced, "numberReady": ready,
        });
        if !observed.is_null() {
            status["observedGeneration"] = observed;
        }
        for (field, count) in [
            ("updatedNumberScheduled", updated),
            ("numberAvailable", available),
            ("numberUnavailable", desired - available),
        ] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        for field in ["collisionCount", "conditions"] {
            if let Some(value) = set.at("/status").get(field) {
                status[field] = value.clone();
            }
        }
        if &status == set.at("/status") {
            return Ok(());
        }
        let mut changed = (**set).clone();
        changed["status"] = status;
        ignore_missing(self.context.client.update_status(DAEMON_SET, changed).await)
    }
}
