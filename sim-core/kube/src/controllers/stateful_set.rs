//! StatefulSets: pods with names, places and volumes that last. Models pkg/controller/statefulset.
//!
//! Pods are numbered. With `OrderedReady` each waits until those before it are ready, and goes when those after it are
//! gone; with `Parallel` none waits. A new template replaces pods from the top, as far down as the partition.

mod pod;
mod rollout;
mod status;

use super::Context;
use super::history::History;
use super::pod_control::{self, selector};
use super::replica_set::ignore_missing;
use crate::api::{Key, Object, ObjectExt, POD, STATEFUL_SET, Status};
use crate::client::{Informer, WorkQueue};
use std::time::Duration;

const WORKERS: usize = 5;

pub(super) fn start(context: &Context) {
    let controller = Controller {
        context: context.clone(),
        sets: context.informers.informer(STATEFUL_SET),
        pods: context.informers.informer(POD),
        history: History::new(context, STATEFUL_SET, "controller.kubernetes.io/hash"),
        queue: WorkQueue::new(&context.sim),
    };
    pod_control::index(&controller.pods);
    controller.watch();
    let queue = controller.queue.clone();
    context.work(&queue, WORKERS, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    sets: Informer,
    pods: Informer,
    history: History,
    queue: WorkQueue,
}

impl Controller {
    fn watch(&self) {
        let queue = self.queue.clone();
        self.sets.on_change(move |old, new| {
            if let Some(set) = new.or(old) {
                queue.add(set.key());
            }
        });
        let this = self.clone();
        self.pods.on_change(move |old, new| this.pod_changed(old, new));
    }

    fn pod_changed(&self, old: Option<&Object>, new: Option<&Object>) {
        let Some(pod) = new.or(old) else { return };
        let Some(owner) = pod.controller_of() else {
            for set in self.sets.list_namespace(pod.namespace()) {
                if new.is_some() && selector(&set).matches(pod.labels()) {
                    self.queue.add(set.key());
                }
            }
            return;
        };
        if owner.kind() != STATEFUL_SET.kind {
            return;
        }
        let Some(set) = self.sets.get(pod.namespace(), owner.str_at("/name")) else { return };
        let wait = set.int_at("/spec/minReadySeconds").unwrap_or(0).unsigned_abs();
        if wait > 0 && new.is_some_and(|pod| crate::api::pod::is_ready(pod)) {
            self.queue.add_after(set.key(), Duration::from_secs(wait + 1));
        }
        self.queue.add(set.key());
    }

    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(set) = self.sets.get_key(&key) else { return Ok(()) };
        let wanted = selector(&set);
        let mine = |pod: &Object| {
            wanted.matches(pod.labels())
                && pod::parent_and_ordinal(pod.name()).is_some_and(|(parent, _)| parent == set.name())
        };
        let pods = self.context.claim_pods(&set, STATEFUL_SET, &self.pods, mine).await?;
        let mut revisions = self.history.list(&set);
        let update = self.history.current(&set, &mut revisions).await?;
        let named = set.str_at("/status/currentRevision");
        let current = revisions.iter().find(|revision| revision.name() == named).unwrap_or(&update).clone();
        let (status, outcome) = self.roll_out(&set, &current, &update, &pods).await;
        let status = status.complete(&set);
        if &status != set.at("/status") {
            let mut updated = (*set).clone();
            updated["status"] = status;
            ignore_missing(self.context.client.update_status(STATEFUL_SET, updated).await)?;
        }
        outcome?;
        let live = |revision: &Object| {
            revision.name() == current.name()
                || revision.name() == update.name()
                || pods.iter().any(|pod| pod::revision_of(pod) == revision.name())
        };
        self.history.truncate(&set, &revisions, live).await
    }
}
