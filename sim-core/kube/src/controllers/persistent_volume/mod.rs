//! Volumes and claims find each other. Models pkg/controller/volume/persistentvolume.
//!
//! A claim without a volume gets the smallest that fits ([`matching`]); what cannot be had is told in an event,
//! again every fifteen seconds. A volume whose claim is gone is released and, if its policy says so, deleted.
//! Nobody here makes volumes: a class whose provisioner is elsewhere waits for it. Left out: recycling, which
//! upstream deprecates.

mod claims;
mod matching;
mod protection;
mod volumes;

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{
    Key, Object, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD, Resource, STORAGE_CLASS, Status,
    core_v1::persistent_volume::class,
};
use crate::client::{EventRecorder, Informer, WorkQueue};
use serde_json::Value;
use std::time::Duration;

pub(super) use protection::{start_claim_protection, start_volume_protection};

/// `--pvclaimbinder-sync-period`
const RESYNC: Duration = Duration::from_secs(15);

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// Where the scheduler says on which node the first pod of a claim is going to run.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

pub(super) fn start(context: &Context) {
    // Its events bear an older name.
    let events = EventRecorder::new(&context.client, "persistentvolume-controller", "");
    let mut context = context.clone();
    context.events = events;
    let context = &context;
    let binder = Binder {
        volumes: context.informers.informer(PERSISTENT_VOLUME),
        claims: context.informers.informer(PERSISTENT_VOLUME_CLAIM),
        classes: context.informers.informer(STORAGE_CLASS),
        pods: context.informers.informer(POD),
        context: context.clone(),
        queue: WorkQueue::new(&context.sim),
    };
    for (informer, other) in [(&binder.volumes, &binder.claims), (&binder.claims, &binder.volumes)] {
        let (queue, other) = (binder.queue.clone(), other.clone());
        informer.on_change(move |old, new| {
            if let Some(object) = new.or(old) {
                queue.add(object.key());
            }
            // What comes, goes or is let go may suit one that waits.
            let waits = |object: &&Object| {
                matches!(object.str_at("/status/phase"), "Pending" | "Available" | "Bound" | "")
            };
            if old.is_none() || new.is_none() || old.map(|o| o.at("/spec")) != new.map(|n| n.at("/spec")) {
                for object in other.list().iter().filter(waits) {
                    queue.add(object.key());
                }
            }
        });
    }
    let (queue, claims) = (binder.queue.clone(), binder.claims.clone());
    binder.classes.on_change(move |_, _| {
        for claim in claims.list() {
            queue.add(claim.key());
        }
    });
    let queue = binder.queue.clone();
    context.work(&queue, 1, move |key| {
        let binder = binder.clone();
        async move { binder.sync(key).await }
    });
}

#[derive(Clone)]
struct Binder {
    context: Context,
    volumes: Informer,
    claims: Informer,
    classes: Informer,
    pods: Informer,
    queue: WorkQueue,
}

impl Binder {
    /// A key with a namespace is a claim's.
    async fn sync(&self, key: Key) -> Result<(), Status> {
        let resource = if key.namespace.is_empty() { PERSISTENT_VOLUME } else { PERSISTENT_VOLUME_CLAIM };
        let Some(object) = self.fresh(resource, &key).await else { return Ok(()) };
        if key.namespace.is_empty() {
            self.sync_volume(&object).await
        } else {
            self.sync_claim(&object).await
        }
    }

    /// What is written follows from what is so now, not from what an informer has heard.
    async fn fresh(&self, resource: Resource, key: &Key) -> Option<Object> {
        self.context.client.get(resource, &key.namespace, &key.name).await.ok()
    }

    async fn update(&self, resource: Resource, old: &Object, new: Value) -> Result<Object, Status> {
        if **old == new { Ok(old.clone()) } else { self.context.client.update(resource, new).await }
    }

    async fn update_status(&self, resource: Resource, old: &Object, new: Value) -> Result<(), Status> {
        if **old == new {
            return Ok(());
        }
        ignore_missing(self.context.client.update_status(resource, new).await)
    }

    /// Whether claims of this class wait for the first pod that wants them.
    fn waits_for_consumer(&self, claim: &Value) -> bool {
        let class = self.classes.get("", class(claim));
        class.is_some_and(|class| class.str_at("/volumeBindingMode") == "WaitForFirstConsumer")
    }
}
