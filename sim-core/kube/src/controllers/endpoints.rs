//! Endpoints: the addresses behind a Service, in one object. Models pkg/controller/endpoint.

use super::Context;
use super::replica_set::ignore_missing;
use super::service_endpoints::{self as common, TriggerTimes};
use crate::api::{self, ENDPOINTS, Key, Object, ObjectExt, Status};
use crate::client::{DeleteOptions, Informer, WorkQueue};
use crate::json;
use md5::{Digest, Md5};
use serde_json::Value;
use sim::{Ordered, SortedMap};
use std::time::Duration;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
/// Changes of pods are collected for this long. Models endpointUpdatesBatchPeriod.
const BATCH: Duration = Duration::from_millis(50);
/// Says that there are more.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// No Endpoints object holds more addresses; the slices have them all.
const MAX_CAPACITY: usize = 1000;

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (services, pods) = common::watch(context, &queue, BATCH);
    let controller = Controller {
        context: context.clone(),
        services,
        pods,
        endpoints: context.informers.informer(ENDPOINTS),
        trigger_times: TriggerTimes::default(),
    };
    context.work(&queue, 5, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    services: Informer,
    pods: Informer,
    endpoints: Informer,
    trigger_times: TriggerTimes,
}

impl Controller {
    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(service) = self.services.get_key(&key) else {
            self.trigger_times.forget(&key);
            // Also those that somebody made by hand.
            if self.endpoints.get_key(&key).is_some() {
                let options = DeleteOptions::default();
                ignore_missing(
                    self.context.client.delete(ENDPOINTS, &key.namespace, &key.name, options).await,
                )?;
            }
            return Ok(());
        };
        let Some(selector) = common::selector(&service) else { return Ok(()) };
        if service.str_at("/spec/type") == "ExternalName" {
            return Ok(());
        }
        let mut pods = self.pods.list_namespace(service.namespace());
        pods.retain(|pod| selector.matches(pod.labels()));
        let trigger = self.trigger_times.next(&service, &pods);
        pods.retain(|pod| common::has_endpoint(pod, false));
        let subsets = subsets(&service, &pods);
        let mut labels = common::labels(&service);
        labels.insert(MANAGED_BY.into(), json!("endpoint-controller"));
        let present = self.endpoints.get_key(&key);
        if let Some(present) = &present {
            let unchanged = same_addresses(present.at("/subsets"), &subsets) && present.labels() == &labels;
            if unchanged {
                return Ok(());
            }
        }
        let mut wanted = match &present {
            Some(present) => (**present).clone(),
            None => api::new_object(ENDPOINTS, service.namespace(), service.name()),
        };
        wanted["metadata"]["labels"] = Value::Object(labels);
        let over = if pods.len() > MAX_CAPACITY { json!({OVER_CAPACITY: "truncated"}) } else { json!({}) };
        api::set(&mut wanted, "/metadata/annotations", over);
        common::note_trigger(&mut wanted, trigger.as_ref());
        if subsets.is_empty() {
            api::remove(&mut wanted, "/subsets");
        } else {
            wanted["subsets"] = Value::Array(subsets);
        }
        let written = match present {
            Some(_) => self.context.client.update(ENDPOINTS, wanted).await,
            None => self.context.client.create(ENDPOINTS, service.namespace(), wanted).await,
        };
        written.map(drop)
    }
}

/// Ports, and the addresses that have them: ready ones and others.
type Group = (Vec<Value>, Vec<Value>, Vec<Value>);

/// Addresses grouped by the ports that they have, each group sorted by address.
fn subsets(service: &Object, pods: &[Object]) -> Vec<Value> {
    let mut groups: SortedMap<String, Group> = SortedMap::new();
    let mut sorted: Vec<&Object> = pods.iter().collect();
    sorted.order_by_key(|pod| pod.str_at("/status/podIP").parse::<std::net::Ipv4Addr>().ok());
    for pod in sorted.into_iter().take(MAX_CAPACITY) {
        let ports = common::endpoint_ports(service, pod, false);
        if ports.is_empty() && !service.list_at("/spec/ports").is_empty() {
            continue;
        }
        let group =
            groups.entry(Value::from(ports.clone()).to_string()).or_insert_with(|| (ports, vec![], vec![]));
        let ready = common::publish_not_ready(service) || api::pod::is_ready(pod);
        if ready { &mut group.1 } else { &mut group.2 }.push(address(service, pod));
    }
    let subset = |(mut ports, ready, not_ready): Group| {
        ports.order_by_key(port_hash);
        let mut subset = json!({});
        for (name, list) in [("addresses", ready), ("notReadyAddresses", not_ready), ("ports", ports)] {
            if !list.is_empty() {
                subset[name] = Value::Array(list);
            }
        }
        subset
    };
    groups.into_values().map(subset).collect()
}

/// What upstream sorts the ports of a subset by: the MD5 sum of a dump of the Go structure. Models `RepackSubsets`.
fn port_hash(port: &Value) -> [u8; 16] {
    let app = port.get("appProtocol").and_then(Value::as_str).unwrap_or("<nil>");
    let dump = format!(
        "(v1.EndpointPort){{Name:(string){} Port:(int32){} Protocol:(v1.Protocol){} AppProtocol:(*string){app}}}",
        port.str_at("/name"),
        port.int_at("/port").unwrap_or(0),
        port.str_at("/protocol"),
    );
    Md5::digest(dump).into()
}

fn address(service: &Object, pod: &Object) -> Value {
    let mut address = json!({
        "ip": pod.str_at("/status/podIP"),
        "nodeName": pod.str_at("/spec/nodeName"),
        "targetRef": {
            "kind": "Pod",
            "name": pod.name(),
            "namespace": pod.namespace(),
            "uid": pod.uid(),
        },
    });
    if let Some(hostname) = common::hostname(service, pod) {
        address["hostname"] = json!(hostname);
    }
    address
}

fn same_addresses(present: &Value, wanted: &[Value]) -> bool {
    present.as_array().map_or(wanted.is_empty(), |present| present == wanted)
}
