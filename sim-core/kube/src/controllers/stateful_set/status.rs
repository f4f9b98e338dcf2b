//! What a stateful set says of itself. Models updateStatus and completeRollingUpdate.

use super::pod;
use crate::api::{Object, ObjectExt};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

/// Numbers of pods, and the two revisions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub replicas: i64,
    pub ready: i64,
    pub available: i64,
    pub current: i64,
    pub updated: i64,
    pub current_revision: String,
    pub update_revision: String,
}

impl Tally {
    pub(super) fn new(current: &Object, update: &Object) -> Tally {
        Tally {
            current_revision: current.name().to_string(),
            update_revision: update.name().to_string(),
            ..Tally::default()
        }
    }

    pub(super) fn count<'a>(&mut self, pods: impl Iterator<Item = &'a Value>, set: &Object, now: Timestamp) {
        (self.replicas, self.ready, self.available, self.current, self.updated) = (0, 0, 0, 0, 0);
        for one in pods {
            let created = pod::is_created(one);
            self.replicas += i64::from(created);
            self.ready += i64::from(pod::is_ready(one));
            self.available += i64::from(pod::is_available(one, set, now));
            if created && !one.is_terminating() {
                self.current += i64::from(pod::revision_of(one) == self.current_revision);
                self.updated += i64::from(pod::revision_of(one) == self.update_revision);
            }
        }
    }

    /// The status; a rolling update that has come to its end makes the new revision the current one.
    pub(super) fn complete(mut self, set: &Object) -> Value {
        let wanted = set.int_at("/spec/replicas").unwrap_or(1);
        let rolling = set.str_at("/spec/updateStrategy/type") == "RollingUpdate";
        if rolling && [self.updated, self.ready, self.replicas].iter().all(|count| *count == wanted) {
            self.current = self.updated;
            self.current_revision.clone_from(&self.update_revision);
        }
        let mut status = json!({
            "observedGeneration": set.generation(),
            "replicas": self.replicas,
            "availableReplicas": self.available,
            "currentRevision": self.current_revision,
            "updateRevision": self.update_revision,
            "collisionCount": set.int_at("/status/collisionCount").unwrap_or(0),
        });
        for (field, count) in [
            ("readyReplicas", self.ready),
            ("currentReplicas", self.current),
            ("updatedReplicas", self.updated),
        ] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        if set.at("/status/conditions").is_array() {
            status["conditions"] = set.at("/status/conditions").clone();
        }
        status
    }
}
