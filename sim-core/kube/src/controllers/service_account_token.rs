//! Secrets that somebody makes to have a token of a service account that does not run out. Models
//! pkg/controller/serviceaccount/tokens_controller.go.

use super::root_ca::ROOT_CA;
use super::{Context, replica_set::ignore_missing};
use crate::api::{self, Key, Object, ObjectExt, SECRET, SERVICE_ACCOUNT, Status};
use crate::client::{DeleteOptions, Informer, WorkQueue};
use crate::json;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::Value;

const TYPE: &str = "kubernetes.io/service-account-token";
const NAME: &str = "kubernetes.io/service-account.name";
const UID: &str = "kubernetes.io/service-account.uid";

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (secrets, accounts) =
        (context.informers.informer(SECRET), context.informers.informer(SERVICE_ACCOUNT));
    let own = queue.clone();
    secrets.on_change(move |_, new| {
        if let Some(secret) = new.filter(|secret| secret.str_at("/type") == TYPE) {
            own.add(secret.key());
        }
    });
    let (own, all) = (queue.clone(), secrets.clone());
    accounts.on_change(move |_, new_or_gone| {
        let namespace = new_or_gone.map(|account| account.namespace().to_string());
        for secret in all.list().iter().filter(|secret| secret.str_at("/type") == TYPE) {
            if namespace.as_deref().is_none_or(|namespace| namespace == secret.namespace()) {
                own.add(secret.key());
            }
        }
    });
    let context = context.clone();
    context.clone().work(&queue, 1, move |key| {
        let (context, secrets) = (context.clone(), secrets.clone());
        async move { sync(&context, &secrets, key).await }
    });
}

async fn sync(context: &Context, secrets: &Informer, key: Key) -> Result<(), Status> {
    let Some(secret) = secrets.get_key(&key).filter(|secret| !secret.is_terminating()) else { return Ok(()) };
    let account = secret.annotation(NAME).unwrap_or("");
    let found = context.client.get(SERVICE_ACCOUNT, secret.namespace(), account).await;
    let account = match found {
        Ok(account) if secret.annotation(UID).is_none_or(|uid| uid == account.uid()) => account,
        Err(status) if !status.is_not_found() => return Err(status),
        // Nobody can have a token of it any more.
        _ => {
            let options = DeleteOptions { uid: Some(secret.uid().to_string()), ..DeleteOptions::default() };
            return ignore_missing(
                context.client.delete(SECRET, secret.namespace(), secret.name(), options).await,
            );
        }
    };
    let filled = fill(context, &secret, &account);
    if filled == *secret { Ok(()) } else { ignore_missing(context.client.update(SECRET, filled).await) }
}

/// The secret with all that belongs in it.
fn fill(context: &Context, secret: &Object, account: &Object) -> Value {
    let mut filled = (**secret).clone();
    let missing = |field: &str| secret.map_at("/data").get(field).is_none_or(|value| value == "");
    let mut put = |field: &str, text: &str| {
        api::object_at(&mut filled, "/data").insert(field.to_string(), json!(BASE64.encode(text)));
    };
    if missing("ca.crt") {
        put("ca.crt", ROOT_CA);
    }
    if missing("namespace") {
        put("namespace", secret.namespace());
    }
    if missing("token") {
        put("token", &context.client.server().secret_token(account, secret.name()));
    }
    api::object_at(&mut filled, "/metadata/annotations").insert(UID.to_string(), json!(account.uid()));
    filled
}
