//! Storage that is deleted while it is in use stays until it is not. Models pkg/controller/volume/pvcprotection
//! and pvprotection.

use crate::api::pod::claims_of;
use crate::api::{
    Key, Object, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD, Resource, Status, set,
};
use crate::client::WorkQueue;
use crate::controllers::Context;
use crate::controllers::replica_set::ignore_missing;
use crate::json;
use serde_json::Value;

/// Claims stay while a pod that has a node mounts them.
pub(in crate::controllers) fn start_claim_protection(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (claims, pods) =
        (context.informers.informer(PERSISTENT_VOLUME_CLAIM), context.informers.informer(POD));
    watch(&queue, &claims);
    let (own, all) = (queue.clone(), claims.clone());
    pods.on_change(move |old, new| {
        // Only one that goes lets go of anything.
        let (Some(pod), None) = (old, new) else { return };
        for name in claims_of(pod) {
            if all.get(pod.namespace(), &name).is_some_and(|claim| claim.is_terminating()) {
                own.add(Key::new(pod.namespace(), &name));
            }
        }
    });
    let context2 = context.clone();
    context.work(&queue, 1, move |key| {
        let (context, claims, pods) = (context2.clone(), claims.clone(), pods.clone());
        async move {
            let Some(claim) = claims.get_key(&key) else { return Ok(()) };
            let used = pods.list_namespace(&key.namespace).iter().any(|pod| {
                !pod.str_at("/spec/nodeName").is_empty()
                    && claims_of(pod).iter().any(|name| **name == *key.name)
            });
            if used {
                return Ok(());
            }
            let_go(&context, PERSISTENT_VOLUME_CLAIM, &claim, "kubernetes.io/pvc-protection").await
        }
    });
}

/// Volumes stay while they are bound.
pub(in crate::controllers) fn start_volume_protection(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let volumes = context.informers.informer(PERSISTENT_VOLUME);
    watch(&queue, &volumes);
    let context2 = context.clone();
    context.work(&queue, 1, move |key| {
        let (context, volumes) = (context2.clone(), volumes.clone());
        async move {
            let Some(volume) = volumes.get_key(&key) else { return Ok(()) };
            if volume.str_at("/status/phase") == "Bound" {
                return Ok(());
            }
            let_go(&context, PERSISTENT_VOLUME, &volume, "kubernetes.io/pv-protection").await
        }
    });
}

fn watch(queue: &WorkQueue, informer: &crate::client::Informer) {
    let queue = queue.clone();
    informer.on_change(move |_, new| {
        if let Some(object) = new.filter(|object| object.is_terminating()) {
            queue.add(object.key());
        }
    });
}

/// Takes the finalizer off an object that is being deleted.
async fn let_go(
    context: &Context,
    resource: Resource,
    object: &Object,
    finalizer: &str,
) -> Result<(), Status> {
    if !object.is_terminating() || !object.has_finalizer(finalizer) {
        return Ok(());
    }
    let mut new: Value = (**object).clone();
    let left: Vec<&str> = object.finalizers().into_iter().filter(|f| *f != finalizer).collect();
    let left = if left.is_empty() { Value::Null } else { json!(left) };
    if left.is_null() {
        crate::api::remove(&mut new, "/metadata/finalizers");
    } else {
        set(&mut new, "/metadata/finalizers", left);
    }
    ignore_missing(context.client.update(resource, new).await)
}
