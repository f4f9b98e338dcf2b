//! The replica sets of a deployment: which one is new, what they are called, how they are annotated.
//! Models pkg/controller/deployment/sync.go and util/deployment_util.go.

use super::{Controller, replicas};
use crate::api::{self, DEPLOYMENT, Object, ObjectExt, REPLICA_SET, Status};
use crate::client::DeleteOptions;
use crate::json;
use serde_json::Value;
use sim::Ordered;
use std::cmp::Reverse;

const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
const HASH: &str = "pod-template-hash";
/// Letters and digits of generated names, without vowels and look-alikes.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Controller {
    /// The replica set of the present template, made if `create`, and all others.
    pub(super) async fn new_and_old(
        &self,
        deployment: &Object,
        sets: Vec<Object>,
        create: bool,
    ) -> Result<(Option<Object>, Vec<Object>), Status> {
        let new_uid = find_new(deployment, &sets).map(|set| set.uid().to_string());
        let (mut new, old): (Vec<_>, Vec<_>) =
            sets.into_iter().partition(|set| Some(set.uid()) == new_uid.as_deref());
        let revision = old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
        let new = match new.pop() {
            Some(set) => Some(self.refresh_new(deployment, set, revision).await?),
            None if create => Some(self.create_new(deployment, &old, revision).await?),
            None => None,
        };
        Ok((new, old))
    }

    async fn refresh_new(&self, deployment: &Object, set: Object, revision: i64) -> Result<Object, Status> {
        let (annotations, seconds) = ("/metadata/annotations", "/spec/minReadySeconds");
        let mut fresh = json!({});
        api::set(&mut fresh, annotations, set.at(annotations).clone());
        annotate(&mut fresh, deployment, revision, true);
        let wanted = deployment.at(seconds);
        let set = if fresh.at(annotations) == set.at(annotations) && wanted == set.at(seconds) {
            set
        } else {
            let mut updated = (*set).clone();
            api::set(&mut updated, annotations, fresh["metadata"]["annotations"].take());
            if wanted.is_null() {
                api::remove(&mut updated, seconds);
            } else {
                api::set(&mut updated, seconds, wanted.clone());
            }
            self.update_set(updated).await?
        };
        let found = api::condition(deployment, "Progressing")
            .is_none()
            .then(|| ("FoundNewReplicaSet", format!("Found new replica set \"{}\"", set.name())));
        self.set_revision(deployment, set.annotation(REVISION).unwrap_or("1"), found).await?;
        Ok(set)
    }

    async fn create_new(&self, deployment: &Object, old: &[Object], revision: i64) -> Result<Object, Status> {
        let hash =
            template_hash(deployment.at("/spec/template"), deployment.int_at("/status/collisionCount"));
        let mut template = deployment.at("/spec/template").clone();
        api::set(&mut template, &format!("/metadata/labels/{HASH}"), json!(hash));
        let mut selector = deployment.at("/spec/selector").clone();
        api::set(&mut selector, &format!("/matchLabels/{HASH}"), json!(hash));
        let mut set =
            api::new_object(REPLICA_SET, deployment.namespace(), &format!("{}-{hash}", deployment.name()));
        set["metadata"]["labels"] = template.at("/metadata/labels").clone();
        set["metadata"]["ownerReferences"] = json!([api::owner_reference(deployment, DEPLOYMENT)]);
        set["spec"] = json!({"replicas": 0, "selector": selector, "template": template});
        if let Some(seconds) = deployment.int_at("/spec/minReadySeconds").filter(|&seconds| seconds > 0) {
            set["spec"]["minReadySeconds"] = json!(seconds);
        }
        let mut all = old.to_vec();
        let count = self.new_set_replicas(deployment, &all, &set);
        set["spec"]["replicas"] = json!(count);
        annotate(&mut set, deployment, revision, false);
        match self.context.client.create(REPLICA_SET, deployment.namespace(), set).await {
            Ok(set) => {
                all.push(set.clone());
                if count > 0 {
                    let message = format!("Scaled up replica set {} from 0 to {count}", set.name());
                    self.context.events.event(deployment, "Normal", "ScalingReplicaSet", &message);
                }
                let created = ("NewReplicaSetCreated", format!("Created new replica set \"{}\"", set.name()));
                self.set_revision(deployment, &revision.to_string(), Some(created)).await?;
                Ok(set)
            }
            Err(status) if status.is_already_exists() => {
                // Another template with the same hash: count the collision, so that the next try has another name.
                let mut updated = (**deployment).clone();
                let collisions = deployment.int_at("/status/collisionCount").unwrap_or(0) + 1;
                api::set(&mut updated, "/status/collisionCount", json!(collisions));
                self.context.client.update_status(DEPLOYMENT, updated).await?;
                Err(status)
            }
            Err(status) => Err(status),
        }
    }

    /// Notes the revision on the deployment and, where a deadline asks for it, that there is a new replica set; both
    /// go through its status, so that the note does not count as a change by somebody.
    async fn set_revision(
        &self,
        deployment: &Object,
        revision: &str,
        progress: Option<(&str, String)>,
    ) -> Result<(), Status> {
        if progress.is_none() && deployment.annotation(REVISION) == Some(revision) {
            return Ok(());
        }
        let mut updated = (**deployment).clone();
        if let Some((reason, message)) = progress
            && super::progress::deadline(deployment).is_some()
        {
            super::progress::new_set(&mut updated, reason, &message, self.context.sim.now().timestamp());
        }
        set_annotation(&mut updated, REVISION, revision);
        if updated == **deployment {
            return Ok(());
        }
        self.context.client.update_status(DEPLOYMENT, updated).await.map(drop)
    }

    /// Scales a replica set and says so in an event of the deployment.
    pub(super) async fn scale(&self, deployment: &Object, set: &Object, to: i64) -> Result<Object, Status> {
        let from = replicas(set);
        let mut updated = (**set).clone();
        updated["spec"]["replicas"] = json!(to);
        annotate_size(&mut updated, deployment);
        if updated == **set {
            return Ok(set.clone());
        }
        let scaled = self.update_set(updated).await?;
        if from != to {
            let way = if to > from { "up" } else { "down" };
            let message = format!("Scaled {way} replica set {} from {from} to {to}", set.name());
            self.context.events.event(deployment, "Normal", "ScalingReplicaSet", &message);
        }
        Ok(scaled)
    }

    /// Deletes the oldest empty replica sets beyond `revisionHistoryLimit`.
    pub(super) async fn clean_up(&self, deployment: &Object, old: &[Object]) -> Result<(), Status> {
        let limit = usize::try_from(deployment.int_at("/spec/revisionHistoryLimit").unwrap_or(10))
            .unwrap_or(usize::MAX);
        let mut candidates: Vec<&Object> = old.iter().filter(|set| !set.is_terminating()).collect();
        let surplus = candidates.len().saturating_sub(limit);
        candidates.order_by_key(|set| revision(set));
        for set in candidates.into_iter().take(surplus) {
            let idle = set.int_at("/status/replicas").unwrap_or(0) == 0
                && replicas(set) == 0
                && set.generation() <= set.int_at("/status/observedGeneration").unwrap_or(0);
            if idle {
                let result = self
                    .context
                    .client
                    .delete(REPLICA_SET, set.namespace(), set.name(), DeleteOptions::default())
                    .await;
                super::ignore_missing(result)?;
            }
        }
        Ok(())
    }
}

/// The replica set whose template is the deployment's; the oldest one if there are several.
pub(super) fn find_new<'a>(deployment: &Object, sets: &'a [Object]) -> Option<&'a Object> {
    let mut candidates: Vec<&Object> = sets.iter().collect();
    candidates.order_by_key(|set| (set.creation_timestamp().to_string(), set.name().to_string()));
    candidates
        .into_iter()
        .find(|set| same_template(set.at("/spec/template"), deployment.at("/spec/template")))
}

/// Equal but for the label that a set adds, and for what is absent here and empty there.
fn same_template(of_set: &Value, of_deployment: &Value) -> bool {
    let labels = of_set.map_at("/metadata/labels").iter().filter(|(key, _)| *key != HASH);
    of_set.at("/spec") == of_deployment.at("/spec")
        && labels.eq(of_deployment.map_at("/metadata/labels"))
        && of_set.map_at("/metadata/annotations") == of_deployment.map_at("/metadata/annotations")
}

/// The revision of a replica set, 0 when it has none.
pub(super) fn revision(set: &Value) -> i64 {
    set.annotation(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The size of the deployment when the set was last scaled in proportion.
pub(super) fn max_annotation(set: &Value) -> Option<i64> {
    set.annotation(MAX)?.parse().ok()
}

/// `desired-replicas` of a set.
pub(super) fn desired_annotation(set: &Value) -> Option<i64> {
    set.annotation(DESIRED)?.parse().ok()
}

/// Sorted with the newest first.
pub(super) fn newest_first(sets: &mut [Object]) {
    sets.order_by_key(|set| (Reverse(set.creation_timestamp().to_string()), set.name().to_string()));
}

fn annotate(set: &mut Value, deployment: &Object, new_revision: i64, exists: bool) {
    for (key, value) in deployment.annotations() {
        let skipped =
            [REVISION, REVISION_HISTORY, DESIRED, MAX, "kubectl.kubernetes.io/last-applied-configuration"];
        if !skipped.contains(&key.as_str()) {
            set_annotation(set, key, value.as_str().unwrap_or(""));
        }
    }
    let old = revision(set);
    if old < new_revision {
        if exists && old > 0 {
            let history = match set.annotation(REVISION_HISTORY) {
                Some(history) if !history.is_empty() => format!("{history},{old}"),
                _ => old.to_string(),
            };
            set_annotation(set, REVISION_HISTORY, &history);
        }
        set_annotation(set, REVISION, &new_revision.to_string());
    }
    annotate_size(set, deployment);
}

fn annotate_size(set: &mut Value, deployment: &Object) {
    let desired = replicas(deployment);
    set_annotation(set, DESIRED, &desired.to_string());
    set_annotation(set, MAX, &(desired + super::rolling::max_surge(deployment)).to_string());
}

fn set_annotation(set: &mut Value, key: &str, value: &str) {
    let metadata = &mut set["metadata"];
    if !metadata["annotations"].is_object() {
        metadata["annotations"] = json!({});
    }
    metadata["annotations"][key] = json!(value);
}

/// The hash of a template in the names of its pods. Upstream hashes a dump of Go structures, which nothing else can
/// make; this is the same hash (FNV-1a, 32 bits) of the JSON, in the same letters.
fn template_hash(template: &Value, collisions: Option<i64>) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    let mut fold = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    };
    fold(template.to_string().as_bytes());
    if let Some(collisions) = collisions {
        fold(&collisions.to_le_bytes());
    }
    hash.to_string().bytes().map(|digit| char::from(SAFE[usize::from(digit) % SAFE.len()])).collect()
}
