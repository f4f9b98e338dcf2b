//! What Endpoints and EndpointSlices have in common: which pods stand behind a Service, and on which ports.
//! Models k8s.io/endpointslice/util and pkg/api/v1/endpoints.

use super::Context;
use crate::api::{self, Key, LabelSelector, Object, ObjectExt, POD, SERVICE};
use crate::client::{Informer, WorkQueue};
use crate::json;
use serde_json::{Map, Value};
use sim::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

pub(super) const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";
pub(super) const LAST_CHANGE: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// Puts a Service into `queue` when it, or a pod that it selects or selected, has changed. Pods wait for `batch`, so
/// that a rollout of many does not write once for each.
pub(super) fn watch(context: &Context, queue: &WorkQueue, batch: Duration) -> (Informer, Informer) {
    let (services, pods) = (context.informers.informer(SERVICE), context.informers.informer(POD));
    let own = queue.clone();
    services.on_change(move |old, new| {
        if let Some(service) = new.or(old) {
            own.add(service.key());
        }
    });
    let (own, all) = (queue.clone(), services.clone());
    pods.on_change(move |old, new| {
        let Some(namespace) = new.or(old).map(|pod| pod.namespace()) else { return };
        // Most namespaces have fewer Services than changes of pods.
        let is_behind = |service: Object| {
            let selector = selector(&service)?;
            let selected = old.into_iter().chain(new).any(|pod| selector.matches(pod.labels()));
            selected.then(|| service.key())
        };
        let mut keys = all.list_namespace(namespace).into_iter().filter_map(is_behind).peekable();
        let matters = |(old, new): (&Object, &Object)| changed(old, new);
        if keys.peek().is_some() && old.zip(new).is_none_or(matters) {
            keys.for_each(|key| own.add_after(key, batch));
        }
    });
    (services, pods)
}

/// The selector of a Service; nothing for one without.
pub(super) fn selector(service: &Object) -> Option<LabelSelector> {
    let map = service.map_at("/spec/selector");
    (!map.is_empty()).then(|| LabelSelector::from_map(map))
}

/// Whether a change of a pod matters to those who talk to it.
fn changed(old: &Object, new: &Object) -> bool {
    let ready = |pod: &Object| crate::api::pod::is_ready(pod);
    old.labels() != new.labels()
        || old.at("/status/podIP") != new.at("/status/podIP")
        || old.at("/spec/nodeName") != new.at("/spec/nodeName")
        || old.at("/status/phase") != new.at("/status/phase")
        || old.is_terminating() != new.is_terminating()
        || ready(old) != ready(new)
}

/// Whether a pod can have an endpoint: it has an address and has not ended.
pub(super) fn has_endpoint(pod: &Object, include_terminating: bool) -> bool {
    let ended = matches!(pod.str_at("/status/phase"), "Succeeded" | "Failed");
    !ended && !pod.str_at("/status/podIP").is_empty() && (include_terminating || !pod.is_terminating())
}

/// The port of a pod that a Service port leads to; nothing when the pod has no port of that name.
pub(super) fn find_port(pod: &Object, service_port: &Value) -> Option<i64> {
    match service_port.at("/targetPort") {
        Value::Number(number) => number.as_i64(),
        Value::String(name) => pod
            .list_at("/spec/containers")
            .iter()
            .chain(
                pod.list_at("/spec/initContainers").iter().filter(|c| c.str_at("/restartPolicy") == "Always"),
            )
            .flat_map(|container| container.list_at("/ports"))
            .find(|port| port.str_at("/name") == name && protocol(port) == protocol(service_port))
            .and_then(|port| port.int_at("/containerPort")),
        _ => service_port.int_at("/port"),
    }
}

pub(super) fn protocol(port: &Value) -> &str {
    match port.str_at("/protocol") {
        "" => "TCP",
        protocol => protocol,
    }
}

/// The ports of an Endpoints subset or a slice, for one pod.
pub(super) fn endpoint_ports(service: &Object, pod: &Object, with_empty_names: bool) -> Vec<Value> {
    let mut ports = Vec::new();
    for port in service.list_at("/spec/ports") {
        let Some(number) = find_port(pod, port) else { continue };
        let mut entry = json!({"port": number, "protocol": protocol(port)});
        let name = port.str_at("/name");
        if !name.is_empty() || with_empty_names {
            entry["name"] = json!(name);
        }
        if let Some(app) = port.get("appProtocol") {
            entry["appProtocol"] = app.clone();
        }
        ports.push(entry);
    }
    ports
}

/// The host name of an endpoint, where the pod belongs to this very Service.
pub(super) fn hostname<'a>(service: &Object, pod: &'a Object) -> Option<&'a str> {
    let hostname = pod.str_at("/spec/hostname");
    let same = pod.str_at("/spec/subdomain") == service.name() && pod.namespace() == service.namespace();
    (!hostname.is_empty() && same).then_some(hostname)
}

/// True when traffic may go to pods that are not ready.
pub(super) fn publish_not_ready(service: &Object) -> bool {
    service.bool_at("/spec/publishNotReadyAddresses")
}

pub(super) fn is_headless(service: &Object) -> bool {
    service.str_at("/spec/clusterIP") == "None"
}

/// The labels of the Service, with the headless mark where it belongs.
pub(super) fn labels(service: &Object) -> Map<String, Value> {
    let mut labels = service.labels().clone();
    labels.remove(HEADLESS_LABEL);
    if is_headless(service) {
        labels.insert(HEADLESS_LABEL.into(), json!(""));
    }
    labels
}

/// When that happened what a sync of a Service is about: a pod's turning ready or unready, or the Service's creation.
/// Models pkg/controller/util/endpoint `TriggerTimeTracker`.
#[derive(Clone, Default)]
pub(super) struct TriggerTimes(Rc<RefCell<SortedMap<Key, Seen>>>);

/// What the last sync saw: the pods' times by their names.
type Seen = SortedMap<String, String>;

impl TriggerTimes {
    /// The earliest of what has changed since the last sync; nothing when that is none of it.
    pub(super) fn next(&self, service: &Object, pods: &[Object]) -> Option<String> {
        let times: Seen = pods
            .iter()
            .filter_map(|pod| {
                let ready = crate::api::condition(pod, "Ready")?;
                Some((pod.name().to_string(), ready.str_at("/lastTransitionTime").to_string()))
            })
            .collect();
        let mut services = self.0.borrow_mut();
        let Some(seen) = services.insert(service.key(), times.clone()) else {
            return Some(service.creation_timestamp().to_string());
        };
        let is_new = |(pod, time): &(String, String)| seen.get(pod).is_none_or(|before| time > before);
        times.into_iter().filter(is_new).map(|(_, time)| time).min()
    }

    /// The Service is gone.
    pub(super) fn forget(&self, service: &Key) {
        self.0.borrow_mut().remove(service);
    }
}

/// Writes such a time down, or takes away the one of before.
pub(super) fn note_trigger(object: &mut Value, time: Option<&String>) {
    let mut annotations = object.annotations().clone();
    match time {
        Some(time) => drop(annotations.insert(LAST_CHANGE.to_string(), json!(time))),
        None => drop(annotations.remove(LAST_CHANGE)),
    }
    if annotations.is_empty() {
        api::remove(object, "/metadata/annotations");
    } else {
        api::set(object, "/metadata/annotations", Value::Object(annotations));
    }
}
