//! The service account `default` of every namespace. Models pkg/controller/serviceaccount.

use super::Context;
use crate::api::{self, Key, NAMESPACE, ObjectExt, SERVICE_ACCOUNT};
use crate::client::WorkQueue;

const NAME: &str = "default";

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (namespaces, accounts) =
        (context.informers.informer(NAMESPACE), context.informers.informer(SERVICE_ACCOUNT));
    let own = queue.clone();
    namespaces.on_change(move |_, new| {
        if let Some(namespace) = new {
            own.add(namespace.key());
        }
    });
    let own = queue.clone();
    accounts.on_change(move |old, new| {
        if let (Some(account), None) = (old, new) {
            own.add(Key::new("", account.namespace()));
        }
    });
    let client = context.client.clone();
    context.work(&queue, 1, move |key| {
        let (client, namespaces, accounts) = (client.clone(), namespaces.clone(), accounts.clone());
        async move {
            let active = namespaces.get_key(&key).is_some_and(|namespace| !namespace.is_terminating());
            if !active || accounts.get(&key.name, NAME).is_some() {
                return Ok(());
            }
            let account = api::new_object(SERVICE_ACCOUNT, &key.name, NAME);
            match client.create(SERVICE_ACCOUNT, &key.name, account).await {
                Err(status) if !status.is_already_exists() => Err(status),
                _ => Ok(()),
            }
        }
    });
}
