//! EndpointSlices: the addresses behind a Service, a hundred at a time, as kube-proxy reads them.
//! Models pkg/controller/endpointslice and k8s.io/endpointslice.

use super::Context;
use super::replica_set::ignore_missing;
use super::service_endpoints::{self as common, TriggerTimes};
use crate::api::{self, ENDPOINT_SLICE, Key, Object, ObjectExt, SERVICE, Status};
use crate::client::{DeleteOptions, Informer, WorkQueue};
use crate::json;
use serde_json::Value;
use sim::{Ordered, SortedMap};
use std::borrow::Cow;
use std::time::Duration;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MAX_ENDPOINTS: usize = 100;
/// Changes of pods are collected for this long. Models endpointUpdatesBatchPeriod.
const BATCH: Duration = Duration::from_millis(100);

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let (services, pods) = common::watch(context, &queue, BATCH);
    let slices = context.informers.informer(ENDPOINT_SLICE);
    slices.add_index(BY_SERVICE, service_of);
    let trigger_times = TriggerTimes::default();
    let controller = Controller { context: context.clone(), services, pods, slices, trigger_times };
    context.work(&queue, 5, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

const BY_SERVICE: &str = "service";

/// The Service of a slice that this controller manages.
fn service_of(slice: &Value) -> Vec<Cow<'_, str>> {
    match slice.label(SERVICE_NAME) {
        Some(name) if slice.label(MANAGED_BY) == Some(CONTROLLER) => {
            vec![format!("{}/{name}", slice.namespace()).into()]
        }
        _ => Vec::new(),
    }
}

#[derive(Clone)]
struct Controller {
    context: Context,
    services: Informer,
    pods: Informer,
    slices: Informer,
    trigger_times: TriggerTimes,
}

impl Controller {
    async fn sync(&self, key: Key) -> Result<(), Status> {
        let present = self.slices.by_index(BY_SERVICE, &key.to_string());
        let Some(service) = self.services.get_key(&key) else {
            self.trigger_times.forget(&key);
            return self.delete_all(&present).await;
        };
        let Some(selector) = common::selector(&service) else { return Ok(()) };
        if service.str_at("/spec/type") == "ExternalName" {
            return self.delete_all(&present).await;
        }
        let mut pods = self.pods.list_namespace(service.namespace());
        pods.retain(|pod| selector.matches(pod.labels()));
        let trigger = self.trigger_times.next(&service, &pods);
        pods.retain(|pod| common::has_endpoint(pod, true));
        let mut groups = group_by_ports(&service, &pods);
        if groups.is_empty() {
            groups.insert("null".into(), (Value::Null, Vec::new()));
        }
        let mut surplus = present;
        for (ports, endpoints) in groups.into_values() {
            let (same, other): (Vec<_>, Vec<_>) =
                surplus.into_iter().partition(|slice| slice.at("/ports") == &ports);
            surplus = other;
            let unused = self.reconcile(&service, trigger.as_ref(), ports, endpoints, same).await?;
            surplus.extend(unused);
        }
        self.delete_all(&surplus).await
    }

    /// Makes slices of one set of ports hold these endpoints; gives back the slices that are not needed.
    async fn reconcile(
        &self,
        service: &Object,
        trigger: Option<&String>,
        ports: Value,
        endpoints: Vec<Value>,
        present: Vec<Object>,
    ) -> Result<Vec<Object>, Status> {
        let mut left: SortedMap<String, Value> = endpoints.into_iter().map(|e| (identity(&e), e)).collect();
        let mut kept: Vec<(Object, Vec<Value>)> = Vec::new();
        for slice in present {
            // Those that are there keep their places; what has changed is exchanged.
            let stay =
                slice.list_at("/endpoints").iter().filter_map(|old| left.remove(&identity(old))).collect();
            kept.push((slice, stay));
        }
        // The newest come in the order of their pods' creation, which is chance enough.
        let mut fresh: Vec<Value> = left.into_values().collect();
        for (_, endpoints) in &mut kept {
            let room = MAX_ENDPOINTS.saturating_sub(endpoints.len());
            endpoints.extend(fresh.drain(..room.min(fresh.len())));
        }
        let mut unused = Vec::new();
        let last = kept.len();
        for (index, (slice, endpoints)) in kept.into_iter().enumerate() {
            if endpoints.is_empty() && (index + 1 < last || index > 0) {
                unused.push(slice);
                continue;
            }
            let mut wanted = (*slice).clone();
            self.fill(&mut wanted, service, endpoints, &ports);
            if wanted != *slice {
                common::note_trigger(&mut wanted, trigger);
                self.context.client.update(ENDPOINT_SLICE, wanted).await?;
            }
        }
        let mut chunks: Vec<Vec<Value>> = fresh.chunks(MAX_ENDPOINTS).map(<[Value]>::to_vec).collect();
        if last == 0 && chunks.is_empty() {
            chunks.push(Vec::new());
        }
        for chunk in chunks {
            let mut slice = api::new_object(ENDPOINT_SLICE, service.namespace(), "");
            api::remove(&mut slice, "/metadata/name");
            slice["metadata"]["generateName"] = json!(format!("{}-", service.name()));
            slice["metadata"]["ownerReferences"] = json!([api::owner_reference(service, SERVICE)]);
            common::note_trigger(&mut slice, trigger);
            slice["addressType"] = json!("IPv4");
            self.fill(&mut slice, service, chunk, &ports);
            self.context.client.create(ENDPOINT_SLICE, service.namespace(), slice).await?;
        }
        Ok(unused)
    }

    fn fill(&self, slice: &mut Value, service: &Object, endpoints: Vec<Value>, ports: &Value) {
        let mut labels = common::labels(service);
        labels.insert(MANAGED_BY.into(), json!(CONTROLLER));
        labels.insert(SERVICE_NAME.into(), json!(service.name()));
        slice["metadata"]["labels"] = Value::Object(labels);
        slice["endpoints"] = Value::Array(endpoints);
        slice["ports"] = ports.clone();
    }

    async fn delete_all(&self, slices: &[Object]) -> Result<(), Status> {
        for slice in slices {
            let options = DeleteOptions::default();
            let result =
                self.context.client.delete(ENDPOINT_SLICE, slice.namespace(), slice.name(), options).await;
            ignore_missing(result)?;
        }
        Ok(())
    }
}

/// Ports and the endpoints that have them, by the text of the ports.
type Groups = SortedMap<String, (Value, Vec<Value>)>;

fn group_by_ports(service: &Object, pods: &[Object]) -> Groups {
    let mut groups = Groups::new();
    let mut by_age: Vec<&Object> = pods.iter().collect();
    by_age.order_by_key(|pod| (pod.creation_timestamp().to_string(), pod.uid().to_string()));
    for pod in by_age {
        let ports = common::endpoint_ports(service, pod, true);
        let ports = if ports.is_empty() { Value::Null } else { Value::Array(ports) };
        groups.entry(ports.to_string()).or_insert_with(|| (ports, Vec::new())).1.push(endpoint(service, pod));
    }
    groups
}

fn endpoint(service: &Object, pod: &Object) -> Value {
    let (ready, terminating) = (api::pod::is_ready(pod), pod.is_terminating());
    let mut endpoint = json!({
        "addresses": [pod.str_at("/status/podIP")],
        "conditions": {
            "ready": common::publish_not_ready(service) || (ready && !terminating),
            "serving": ready,
            "terminating": terminating,
        },
        "nodeName": pod.str_at("/spec/nodeName"),
        "targetRef": {"kind": "Pod", "name": pod.name(), "namespace": pod.namespace(), "uid": pod.uid()},
    });
    if let Some(hostname) = common::hostname(service, pod) {
        endpoint["hostname"] = json!(hostname);
    }
    endpoint
}

fn identity(endpoint: &Value) -> String {
    format!("{}|{}", endpoint.str_at("/targetRef/uid"), endpoint.str_at("/addresses/0"))
}
