//! Namespaces that are deleted are emptied first. Models pkg/controller/namespace.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{Key, NAMESPACE, Object, ObjectExt, Resource, Status, set_condition};
use crate::client::{DeleteOptions, ListOptions, WorkQueue};
use crate::json;
use sim::{Ordered, SortedMap};
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
            let left = empty(&context, &key).await?;
            if left.is_empty() {
                let mut finalized = (*namespace).clone();
                finalized["spec"]["finalizers"] = json!([]);
                return ignore_missing(context.client.finalize(finalized).await);
            }
            tell(&context, &key, &left).await?;
            queue.add_after(key, RETRY);
            Ok(())
        }
    });
}

/// What is still there: a resource with its objects.
type Left = Vec<(Resource, Vec<Object>)>;

/// Deletes all that is in the namespace; gives what is left.
async fn empty(context: &Context, key: &Key) -> Result<Left, Status> {
    let mut left = Vec::new();
    let kinds = context.client.server().resources();
    for &resource in kinds.iter().filter(|resource| resource.namespaced && resource.verbs.contains(&"list")) {
        let list = context.client.list(resource, &key.name, &ListOptions::default()).await?;
        for object in list.items.iter().filter(|object| !object.is_terminating()) {
            let deleted =
                context.client.delete(resource, &key.name, object.name(), DeleteOptions::default()).await;
            ignore_missing(deleted)?;
        }
        if !list.items.is_empty() {
            let rest = context.client.list(resource, &key.name, &ListOptions::default()).await?.items;
            if !rest.is_empty() {
                left.push((resource, rest));
            }
        }
    }
    Ok(left)
}

/// Says in the namespace's conditions what it waits for. Models
/// pkg/controller/namespace/deletion/status_condition_utils.go.
async fn tell(context: &Context, key: &Key, left: &Left) -> Result<(), Status> {
    let Ok(namespace) = context.client.get(NAMESPACE, "", &key.name).await else { return Ok(()) };
    let mut finalizers: SortedMap<&str, usize> = SortedMap::new();
    for finalizer in left.iter().flat_map(|(_, objects)| objects).flat_map(|object| object.finalizers()) {
        *finalizers.entry(finalizer).or_default() += 1;
    }
    let mut remaining: Vec<String> = left
        .iter()
        .map(|(resource, objects)| {
            format!("{}.{} has {} resource instances", resource.plural, resource.group, objects.len())
        })
        .collect();
    remaining.order();
    let held: Vec<String> =
        finalizers.iter().map(|(name, count)| format!("{name} in {count} resource instances")).collect();
    let held_by = if held.is_empty() {
        ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_string())
    } else {
        let text = format!("Some content in the namespace has finalizers remaining: {}", held.join(", "));
        ("True", "SomeFinalizersRemain", text)
    };
    let remains = format!("Some resources are remaining: {}", remaining.join(", "));
    let deleted = "All content successfully deleted, may be waiting on finalization";
    let conditions = [
        (
            "NamespaceDeletionDiscoveryFailure",
            ("False", "ResourcesDiscovered", "All resources successfully discovered".to_string()),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            ("False", "ParsedGroupVersions", "All legacy kube types successfully parsed".to_string()),
        ),
        ("NamespaceDeletionContentFailure", ("False", "ContentDeleted", deleted.to_string())),
        ("NamespaceContentRemaining", ("True", "SomeResourcesRemain", remains)),
        ("NamespaceFinalizersRemaining", held_by),
    ];
    let mut new = (*namespace).clone();
    let now = context.sim.now().timestamp();
    let mut changed = false;
    for (kind, (status, reason, message)) in conditions {
        let condition = json!({"type": kind, "status": status, "reason": reason, "message": message});
        changed |= set_condition(&mut new, condition, now);
    }
    if changed { ignore_missing(context.client.update_status(NAMESPACE, new).await) } else { Ok(()) }
}
