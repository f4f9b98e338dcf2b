//! The certificate of the API server's authority, in every namespace. Models
//! pkg/controller/certificates/rootcacertpublisher.

use super::Context;
use crate::api::{self, CONFIG_MAP, Key, NAMESPACE, ObjectExt};
use crate::client::WorkQueue;
use crate::json;

/// The certificate of this cluster's authority. Its key exists nowhere: nothing here is encrypted.
pub const ROOT_CA: &str = include_str!("ca.crt");

const NAME: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
distributions of Kubernetes clusters.";

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (namespaces, maps) = (context.informers.informer(NAMESPACE), context.informers.informer(CONFIG_MAP));
    let own = queue.clone();
    namespaces.on_change(move |_, new| {
        if let Some(namespace) = new {
            own.add(namespace.key());
        }
    });
    let own = queue.clone();
    maps.on_change(move |old, new| {
        if let (Some(map), None) = (old, new)
            && map.name() == NAME
        {
            own.add(Key::new("", map.namespace()));
        }
    });
    let client = context.client.clone();
    context.work(&queue, 1, move |key| {
        let (client, namespaces, maps) = (client.clone(), namespaces.clone(), maps.clone());
        async move {
            let active = namespaces.get_key(&key).is_some_and(|namespace| !namespace.is_terminating());
            if !active || maps.get(&key.name, NAME).is_some() {
                return Ok(());
            }
            let mut map = api::new_object(CONFIG_MAP, &key.name, NAME);
            map["metadata"]["annotations"] = json!({"kubernetes.io/description": DESCRIPTION});
            map["data"] = json!({"ca.crt": ROOT_CA});
            match client.create(CONFIG_MAP, &key.name, map).await {
                Err(status) if !status.is_already_exists() => Err(status),
                _ => Ok(()),
            }
        }
    });
}
