//! What is used of a quota, counted anew when something goes. Models pkg/controller/resourcequota.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::quota::{in_scope, is_of, usage};
use crate::api::resource_list::{self, Amount, ResourceList};
use crate::api::scheme::RESOURCES;
use crate::api::{EVENT, Key, LEASE, Object, ObjectExt, POD, RESOURCE_QUOTA, Resource, Status, pod, set};
use crate::client::{Informer, WorkQueue};

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let quotas = context.informers.informer(RESOURCE_QUOTA);
    let own = queue.clone();
    quotas.on_change(move |old, new| {
        if let Some(quota) = new
            && (old.is_none_or(|old| old.at("/spec") != quota.at("/spec")))
        {
            own.add(quota.key());
        }
    });
    // Objects that come are counted by admission; those that go free what they used.
    let wanted = |r: &Resource| {
        let stored = r.conversion.is_none() && r.verbs.contains(&"watch");
        r.namespaced && stored && r.kind != EVENT.kind && r.kind != LEASE.kind
    };
    let counted = RESOURCES.iter().copied().filter(wanted);
    for resource in counted {
        let (own, quotas) = (queue.clone(), quotas.clone());
        context.informers.informer(resource).on_change(move |old, new| {
            let Some(old) = old else { return };
            if !frees(resource, old, new) {
                return;
            }
            for quota in quotas.list_namespace(old.namespace()) {
                own.add(quota.key());
            }
        });
    }
    let controller = Controller { context: context.clone(), quotas };
    context.work(&queue, 5, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

/// Whether an object used more than it does now.
fn frees(resource: Resource, old: &Object, new: Option<&Object>) -> bool {
    match new {
        None => true,
        Some(new) if std::ptr::eq(resource, POD) => pod::is_terminal(new) && !pod::is_terminal(old),
        Some(new) => resource.kind == "Service" && old.at("/spec/type") != new.at("/spec/type"),
    }
}

#[derive(Clone)]
struct Controller {
    context: Context,
    quotas: Informer,
}

impl Controller {
    /// Models `syncResourceQuota`.
    async fn sync(&self, key: Key) -> Result<(), Status> {
        // What is counted must be newer than what admission has written.
        let Ok(quota) = self.context.client.get(RESOURCE_QUOTA, &key.namespace, &key.name).await else {
            return Ok(());
        };
        let hard = quota.at("/spec/hard");
        let mut used = ResourceList::new();
        for name in quota.map_at("/spec/hard").keys() {
            if let Some(amount) = self.used(&quota, name) {
                used.insert(name.clone(), amount);
            }
        }
        let used = resource_list::write(&used);
        if quota.at("/status/hard") == hard && quota.at("/status/used") == &used {
            return Ok(());
        }
        let mut new = (*quota).clone();
        set(&mut new, "/status/hard", hard.clone());
        set(&mut new, "/status/used", used);
        ignore_missing(self.context.client.update_status(RESOURCE_QUOTA, new).await)
    }

    /// What objects of the namespace use of a resource; nothing when no kind is counted under its name.
    fn used(&self, quota: &Object, name: &str) -> Option<Amount> {
        let resource = RESOURCES.iter().copied().find(|r| r.namespaced && is_of(r, name))?;
        let objects = if std::ptr::eq(resource, RESOURCE_QUOTA) {
            self.quotas.list_namespace(quota.namespace())
        } else {
            self.context.informers.informer(resource).list_namespace(quota.namespace())
        };
        let mut total = Amount::default();
        for object in objects.iter().filter(|object| in_scope(quota, resource, object)) {
            if let Some(amount) = usage(resource, object).get(name) {
                total = total.plus(*amount);
            }
        }
        Some(total)
    }
}
