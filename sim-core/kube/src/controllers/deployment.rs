//! Deployments: rollouts, as pairs of a growing and shrinking ReplicaSets. Models pkg/controller/deployment.

mod progress;
mod replica_sets;
mod rolling;
mod status;

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{DEPLOYMENT, Key, LabelSelector, Object, ObjectExt, POD, REPLICA_SET, Status};
use crate::client::{Informer, WorkQueue};
use serde_json::Value;
use std::borrow::Cow;

const WORKERS: usize = 5;

pub(super) fn start(context: &Context) {
    let controller = Controller {
        context: context.clone(),
        deployments: context.informers.informer(DEPLOYMENT),
        sets: context.informers.informer(REPLICA_SET),
        pods: context.informers.informer(POD),
        queue: WorkQueue::new(&context.sim),
    };
    controller.sets.add_index(BY_CONTROLLER, controller_uid);
    controller.watch();
    let queue = controller.queue.clone();
    context.work(&queue, WORKERS, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

const BY_CONTROLLER: &str = "deployment-uid";

fn controller_uid(object: &Value) -> Vec<Cow<'_, str>> {
    object.controller_uid().map(Cow::from).into_iter().collect()
}

#[derive(Clone)]
struct Controller {
    context: Context,
    deployments: Informer,
    sets: Informer,
    pods: Informer,
    queue: WorkQueue,
}

impl Controller {
    fn watch(&self) {
        let queue = self.queue.clone();
        self.deployments.on_change(move |old, new| {
            if let Some(deployment) = new.or(old) {
                queue.add(deployment.key());
            }
        });
        let this = self.clone();
        self.sets.on_change(move |old, new| {
            if let Some(set) = new.or(old) {
                this.set_changed(set);
            }
        });
        // A Recreate deployment waits for the last old pod to be gone.
        let this = self.clone();
        self.pods.on_change(move |old, new| {
            if let (Some(pod), None) = (old, new) {
                this.pod_deleted(pod);
            }
        });
    }

    fn set_changed(&self, set: &Object) {
        match set.controller_of() {
            Some(owner) if owner.kind() == "Deployment" => {
                self.queue.add(Key::new(set.namespace(), owner.str_at("/name")))
            }
            Some(_) => {}
            None => {
                for deployment in self.deployments.list_namespace(set.namespace()) {
                    if selector(&deployment).matches(set.labels()) {
                        self.queue.add(deployment.key());
                    }
                }
            }
        }
    }

    fn pod_deleted(&self, pod: &Object) {
        let Some(owner) = pod.controller_of().filter(|owner| owner.kind() == "ReplicaSet") else { return };
        let Some(set) = self.sets.get(pod.namespace(), owner.str_at("/name")) else { return };
        if let Some(owner) = set.controller_of() {
            let recreate = self
                .deployments
                .get(set.namespace(), owner.str_at("/name"))
                .is_some_and(|deployment| deployment.str_at("/spec/strategy/type") == "Recreate");
            if recreate {
                self.queue.add(Key::new(set.namespace(), owner.str_at("/name")));
            }
        }
    }

    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(deployment) = self.deployments.get_key(&key) else { return Ok(()) };
        let sets = self.claim(&deployment).await?;
        if deployment.is_terminating() {
            return self.sync_status_only(&deployment, &sets).await;
        }
        let deployment = self.check_paused(deployment).await?;
        if deployment.bool_at("/spec/paused") || self.is_scaling(&deployment, &sets) {
            return self.sync_scale(&deployment, sets).await;
        }
        if deployment.str_at("/spec/strategy/type") == "Recreate" {
            self.roll_out_recreate(&deployment, sets).await
        } else {
            self.roll_out_rolling(&deployment, sets).await
        }
    }

    /// The replica sets of a deployment: orphans that match are adopted, those that match no longer are let go.
    async fn claim(&self, deployment: &Object) -> Result<Vec<Object>, Status> {
        let mut sets = self.sets.by_index(BY_CONTROLLER, deployment.uid());
        if deployment.is_terminating() {
            return Ok(sets);
        }
        let selector = selector(deployment);
        let (own, strangers): (Vec<Object>, Vec<Object>) =
            sets.into_iter().partition(|set| selector.matches(set.labels()));
        sets = own;
        for set in strangers {
            let reference = crate::json!({"$patch": "delete", "uid": deployment.uid()});
            let patch = crate::json!({"metadata": {"ownerReferences": [reference], "uid": set.uid()}});
            let patch = crate::client::Patch::Strategic(patch);
            ignore_missing(self.context.client.patch(REPLICA_SET, set.namespace(), set.name(), patch).await)?;
        }
        for set in self.sets.list_namespace(deployment.namespace()) {
            if set.controller_of().is_some() || set.is_terminating() || !selector.matches(set.labels()) {
                continue;
            }
            let reference = crate::api::owner_reference(deployment, DEPLOYMENT);
            let patch = crate::json!({"metadata": {"ownerReferences": [reference], "uid": set.uid()}});
            let patch = crate::client::Patch::Strategic(patch);
            match self.context.client.patch(REPLICA_SET, set.namespace(), set.name(), patch).await {
                Ok(set) => sets.push(set),
                Err(status) if status.is_not_found() => {}
                Err(status) => return Err(status),
            }
        }
        Ok(sets)
    }

    async fn update_set(&self, set: Value) -> Result<Object, Status> {
        self.context.client.update(REPLICA_SET, set).await
    }

    async fn write_status(&self, deployment: &Object, status: Value) -> Result<(), Status> {
        if deployment.at("/status") == &status {
            return Ok(());
        }
        let mut updated = (**deployment).clone();
        updated["status"] = status;
        ignore_missing(self.context.client.update_status(DEPLOYMENT, updated).await)
    }
}

fn selector(deployment: &Object) -> LabelSelector {
    LabelSelector::from_value(deployment.at("/spec/selector"))
}

/// `spec.replicas` of a deployment or replica set.
fn replicas(object: &Value) -> i64 {
    object.int_at("/spec/replicas").unwrap_or(1)
}

/// The sum of a status field over replica sets.
fn total(sets: &[Object], path: &str) -> i64 {
    sets.iter().map(|set| set.int_at(path).unwrap_or(0)).sum()
}
