//! Namespaces that are deleted are emptied first. Models pkg/controller/namespace.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{Key, NAMESPACE, ObjectExt, Status};
use crate::client::{DeleteOptions, ListOptions, WorkQueue};
use serde_json::json;
use std::time::Duration;

/// How long to wait for pods that still end before looking again.
const RETRY: Duration = Duration::from_secs(5);

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let namespaces = context.informers.informer(NAMESPACE);
    let own = queue.clone();
    namespaces.on_change(move |_, new| {
        if let Some(namespace) = new.filter(|namespace| namespace.is_terminating()) {
            own.add(namespace.key());
        }
    });
    let (context2, queue2) = (context.clone(), queue.clone());
    context.work(&queue, 3, move |key| {
        let (context, queue, namespaces) = (context2.clone(), queue2.clone(), namespaces.clone());
        async move {
            let Some(namespace) = namespaces.get_key(&key) else { return Ok(()) };
            if !namespace.is_terminating() || namespace.list_at("/spec/finalizers").is_empty() {
                return Ok(());
            }
            if empty(&context, &key).await? {
                let mut finalized = (*namespace).clone();
                finalized["spec"]["finalizers"] = json!([]);
                ignore_missing(context.client.finalize(finalized).await)
            } else {
                queue.add_after(key, RETRY);
                Ok(())
            }
        }
    });
}

/// Deletes all that is in the namespace; says whether nothing is left.
async fn empty(context: &Context, key: &Key) -> Result<bool, Status> {
    let mut left = 0;
    let kinds = context.client.server().resources();
    for &resource in kinds.iter().filter(|resource| resource.namespaced && resource.verbs.contains(&"list")) {
        let list = context.client.list(resource, &key.name, &ListOptions::default()).await?;
        for object in list.items.iter().filter(|object| !object.is_terminating()) {
            let deleted =
                context.client.delete(resource, &key.name, object.name(), DeleteOptions::default()).await;
            ignore_missing(deleted)?;
        }
        if !list.items.is_empty() {
            left += context.client.list(resource, &key.name, &ListOptions::default()).await?.items.len();
        }
    }
    Ok(left == 0)
}
