//! Ranges of Service addresses become ready, and stay while somebody has an address that no other range holds. Models
//! pkg/controller/servicecidrs.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::networking_v1::{ip_address, service_cidr};
use crate::api::{IP_ADDRESS, Object, ObjectExt, SERVICE_CIDR, Status, condition, remove, set};
use crate::client::{Informer, WorkQueue};
use crate::json;
use serde_json::Value;
use sim::{Duration, Timestamp};
use std::net::IpAddr;

/// How long a range that is free stays, so that all allocators hear that it goes.
const GRACE: Duration = Duration::from_secs(10);

const IN_USE: &str =
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (cidrs, addresses) =
        (context.informers.informer(SERVICE_CIDR), context.informers.informer(IP_ADDRESS));
    // One range may hold what another lets go of.
    let (own, all) = (queue.clone(), cidrs.clone());
    cidrs.on_change(move |_, new| {
        for object in new.into_iter().chain(&all.list()) {
            own.add(object.key());
        }
    });
    let (own, all) = (queue.clone(), cidrs.clone());
    addresses.on_change(move |old, new| {
        if old.is_none() || new.is_none() {
            for object in all.list().iter().filter(|object| object.is_terminating()) {
                own.add(object.key());
            }
        }
    });
    let (context2, own) = (context.clone(), queue.clone());
    context.work(&queue, 1, move |key| {
        let (context, cidrs, addresses, own) =
            (context2.clone(), cidrs.clone(), addresses.clone(), own.clone());
        async move {
            let Some(object) = cidrs.get_key(&key) else { return Ok(()) };
            if !object.is_terminating() {
                return ready(&context, &object).await;
            }
            if !is_free(&object, &cidrs, &addresses) {
                return tell(&context, &object, "False", "Terminating", IN_USE).await;
            }
            let now = context.sim.now().timestamp();
            let since = object.deletion_timestamp().and_then(Timestamp::parse_rfc3339);
            let waited = since.map_or(GRACE, |since| now.duration_since(since));
            if waited < GRACE {
                own.add_after(key, GRACE - waited);
                return Ok(());
            }
            let mut new: Value = (*object).clone();
            let left: Vec<&str> =
                object.finalizers().into_iter().filter(|f| *f != service_cidr::FINALIZER).collect();
            if left.is_empty() {
                remove(&mut new, "/metadata/finalizers");
            } else {
                set(&mut new, "/metadata/finalizers", json!(left));
            }
            ignore_missing(context.client.update(SERVICE_CIDR, new).await)
        }
    });
}

async fn ready(context: &Context, object: &Object) -> Result<(), Status> {
    if !object.has_finalizer(service_cidr::FINALIZER) {
        let mut new: Value = (**object).clone();
        let mut finalizers = object.finalizers();
        finalizers.push(service_cidr::FINALIZER);
        set(&mut new, "/metadata/finalizers", json!(finalizers));
        // The change brings the range here again.
        return ignore_missing(context.client.update(SERVICE_CIDR, new).await);
    }
    tell(context, object, "True", "", "Kubernetes Service CIDR is ready").await
}

/// Writes the condition down, where it says something new.
async fn tell(
    context: &Context,
    object: &Object,
    status: &str,
    reason: &str,
    message: &str,
) -> Result<(), Status> {
    let same = |ready: &Value| {
        (ready.str_at("/status"), ready.str_at("/reason"), ready.str_at("/message"))
            == (status, reason, message)
    };
    if condition(object, "Ready").is_some_and(same) {
        return Ok(());
    }
    let mut new: Value = (**object).clone();
    let now = context.sim.now().timestamp().rfc3339();
    let ready = json!({"type": "Ready", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": now});
    set(&mut new, "/status/conditions", json!([ready]));
    ignore_missing(context.client.update_status(SERVICE_CIDR, new).await)
}

/// Whether no address would be left without a range. Models `canDeleteCIDR`.
fn is_free(object: &Object, cidrs: &Informer, addresses: &Informer) -> bool {
    let others: Vec<Object> =
        cidrs.list().into_iter().filter(|other| other.name() != object.name()).collect();
    let held =
        |address: &IpAddr| others.iter().flat_map(|o| service_cidr::networks(o)).any(|n| n.contains(address));
    let contained = service_cidr::networks(object)
        .all(|own| others.iter().flat_map(|o| service_cidr::networks(o)).any(|n| n.contains(&own)));
    let managed = addresses.list().into_iter().filter(|address| ip_address::is_managed(address));
    let mut own = managed.filter_map(|address| address.name().parse::<IpAddr>().ok());
    contained
        || !own.any(|address| {
            service_cidr::networks(object).any(|network| network.contains(&address)) && !held(&address)
        })
}
