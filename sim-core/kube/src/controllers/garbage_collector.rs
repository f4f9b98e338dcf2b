//! What is owned goes with its owner. Models pkg/controller/garbagecollector.
//!
//! Every kind is watched. When an object disappears, what names it as an owner is deleted, unless another owner is
//! left. An owner that is deleted in the foreground waits for those that block it; one that is orphaned is taken out of
//! their references first.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{ENDPOINTS, EVENT, Key, LEASE, Object, ObjectExt, Resource, Status, scheme};
use crate::client::{DeleteOptions, Informer, Patch, Propagation, WorkQueue};
use crate::json;
use serde_json::Value;
use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
const BY_OWNER: &str = "owner-uid";
const WORKERS: usize = 20;
/// How far the collector's graph is behind the caches.
const LAG: Duration = Duration::from_millis(100);

fn owner_uids(object: &Value) -> Vec<Cow<'_, str>> {
    object.owner_references().iter().map(|reference| reference.str_at("/uid").into()).collect()
}

pub(super) fn start(context: &Context) {
    let wanted = |r: &Resource| {
        let stored = r.conversion.is_none() && r.verbs.contains(&"watch");
        stored && r.kind != EVENT.kind && r.kind != LEASE.kind
    };
    let watched = scheme::RESOURCES.iter().copied().filter(wanted);
    let kinds: Vec<Kind> =
        watched.map(|resource| Kind { resource, informer: context.informers.informer(resource) }).collect();
    let collector =
        Collector { context: context.clone(), kinds: Rc::new(kinds), queue: WorkQueue::new(&context.sim) };
    for (index, kind) in collector.kinds.iter().enumerate() {
        kind.informer.add_index(BY_OWNER, owner_uids);
        let this = collector.clone();
        kind.informer.on_change(move |old, new| this.changed(index, old, new));
    }
    let queue = collector.queue.clone();
    context.work(&queue, WORKERS, move |key| {
        let collector = collector.clone();
        async move { collector.process(key).await }
    });
}

struct Kind {
    resource: Resource,
    informer: Informer,
}

#[derive(Clone)]
struct Collector {
    context: Context,
    kinds: Rc<Vec<Kind>>,
    /// Keys are `namespace` and `INDEX/name`, where the index says which kind.
    queue: WorkQueue,
}

impl Collector {
    fn changed(&self, index: usize, old: Option<&Object>, new: Option<&Object>) {
        match (old, new) {
            (_, Some(object)) => {
                let has_work = object.has_finalizer(FOREGROUND) || object.has_finalizer(ORPHAN);
                // Owners that are named only now may be gone.
                let owned = old.is_none_or(|old| old.owner_references() != object.owner_references());
                if (object.is_terminating() && has_work) || (owned && !object.owner_references().is_empty()) {
                    self.enqueue(index, object);
                }
            }
            (Some(gone), None) => {
                for (index, dependent) in self.dependents(gone.uid()) {
                    self.enqueue(index, &dependent);
                }
                // An owner that waits for this one may be done.
                for reference in gone.owner_references() {
                    if let Some((index, owner)) = self.find(reference, gone.namespace()) {
                        self.enqueue(index, &owner);
                    }
                }
            }
            (None, None) => {}
        }
    }

    fn enqueue(&self, index: usize, object: &Object) {
        let key = Key::new(object.namespace(), &format!("{index}/{}", object.name()));
        self.queue.add_after(key, LAG);
    }

    fn dependents(&self, uid: &str) -> Vec<(usize, Object)> {
        let of = |(index, kind): (usize, &Kind)| {
            kind.informer
                .by_index(BY_OWNER, uid)
                .into_iter()
                .map(move |object| (index, object))
                .collect::<Vec<_>>()
        };
        self.kinds.iter().enumerate().flat_map(of).collect()
    }

    /// The owner that a reference names, if it is there.
    fn find(&self, reference: &Value, namespace: &str) -> Option<(usize, Object)> {
        let (index, kind) = self.kinds.iter().enumerate().find(|(_, kind)| {
            kind.resource.kind == reference.str_at("/kind")
                && kind.resource.api_version() == reference.str_at("/apiVersion")
        })?;
        let namespace = if kind.resource.namespaced { namespace } else { "" };
        let owner = kind.informer.get(namespace, reference.str_at("/name"))?;
        (owner.uid() == reference.str_at("/uid")).then_some((index, owner))
    }

    async fn process(&self, key: Key) -> Result<(), Status> {
        let (index, name) = key.name.split_once('/').expect("keys are INDEX/name");
        let kind = &self.kinds[index.parse::<usize>().expect("keys are INDEX/name")];
        let Some(object) = kind.informer.get(&key.namespace, name) else { return Ok(()) };
        if object.is_terminating() {
            if object.has_finalizer(ORPHAN) {
                return self.orphan_dependents(kind, &object).await;
            }
            if object.has_finalizer(FOREGROUND) {
                return self.delete_dependents(kind, &object, &key).await;
            }
            return Ok(());
        }
        self.collect(kind, &object, &key).await
    }

    /// Deletes an object all of whose owners are gone; takes out the references to those that are gone otherwise.
    async fn collect(&self, kind: &Kind, object: &Object, key: &Key) -> Result<(), Status> {
        let known = |reference: &Value| {
            self.kinds.iter().any(|kind| {
                kind.resource.kind == reference.str_at("/kind")
                    && kind.resource.api_version() == reference.str_at("/apiVersion")
            })
        };
        let references = object.owner_references();
        if references.is_empty() {
            return Ok(());
        }
        let mut dangling = Vec::new();
        let mut solid = 0;
        let mut waiting = false;
        for reference in references {
            match self.find(reference, object.namespace()) {
                Some((_, owner)) if owner.is_terminating() && owner.has_finalizer(FOREGROUND) => {
                    waiting = true
                }
                Some(_) => solid += 1,
                // A kind that is not served cannot be looked up: upstream leaves such objects alone, too.
                None if !known(reference) => solid += 1,
                None => {
                    if self.exists(reference, object.namespace()).await? {
                        // The cache is behind.
                        self.queue.add_after(key.clone(), Duration::from_millis(200));
                        return Ok(());
                    }
                    dangling.push(reference.str_at("/uid"));
                }
            }
        }
        if solid > 0 {
            if !dangling.is_empty() && kind.resource.kind != ENDPOINTS.kind {
                return self.remove_references(kind, object, &dangling).await;
            }
            return Ok(());
        }
        let policy = if waiting { Propagation::Foreground } else { Propagation::Background };
        let options = DeleteOptions {
            propagation_policy: Some(policy),
            uid: Some(object.uid().to_string()),
            ..DeleteOptions::default()
        };
        let deleted =
            self.context.client.delete(kind.resource, object.namespace(), object.name(), options).await;
        ignore_missing(deleted)
    }

    async fn exists(&self, reference: &Value, namespace: &str) -> Result<bool, Status> {
        let found = scheme::by_kind(reference.str_at("/apiVersion"), reference.str_at("/kind"));
        let Some(resource) = found else { return Ok(true) };
        let namespace = if resource.namespaced { namespace } else { "" };
        match self.context.client.get(resource, namespace, reference.str_at("/name")).await {
            Ok(owner) => Ok(owner.uid() == reference.str_at("/uid")),
            Err(status) if status.is_not_found() => Ok(false),
            Err(status) => Err(status),
        }
    }

    async fn delete_dependents(&self, kind: &Kind, owner: &Object, key: &Key) -> Result<(), Status> {
        let dependents = self.dependents(owner.uid());
        let mut blocked = false;
        for (index, dependent) in &dependents {
            blocked |= dependent
                .owner_references()
                .iter()
                .any(|r| r.str_at("/uid") == owner.uid() && r.bool_at("/blockOwnerDeletion"));
            if !dependent.is_terminating() {
                self.enqueue(*index, dependent);
            }
        }
        if blocked {
            self.queue.add_after(key.clone(), Duration::from_millis(500));
            return Ok(());
        }
        self.remove_finalizer(kind, owner, FOREGROUND).await
    }

    async fn orphan_dependents(&self, kind: &Kind, owner: &Object) -> Result<(), Status> {
        for (index, dependent) in self.dependents(owner.uid()) {
            self.remove_references(&self.kinds[index], &dependent, &[owner.uid()]).await?;
        }
        self.remove_finalizer(kind, owner, ORPHAN).await
    }

    async fn remove_references(&self, kind: &Kind, object: &Object, uids: &[&str]) -> Result<(), Status> {
        let references: Vec<Value> = uids.iter().map(|uid| json!({"$patch": "delete", "uid": uid})).collect();
        let patch =
            Patch::Strategic(json!({"metadata": {"ownerReferences": references, "uid": object.uid()}}));
        ignore_missing(
            self.context.client.patch(kind.resource, object.namespace(), object.name(), patch).await,
        )
    }

    async fn remove_finalizer(&self, kind: &Kind, object: &Object, finalizer: &str) -> Result<(), Status> {
        let mut updated = (**object).clone();
        if let Some(list) = updated["metadata"]["finalizers"].as_array_mut() {
            list.retain(|other| other != finalizer);
        }
        ignore_missing(self.context.client.update(kind.resource, updated).await)
    }
}
