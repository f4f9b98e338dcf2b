//! Describers: what `kubectl describe` prints, one file per kind.
//!
//! Models `k8s.io/kubectl/pkg/describe/describe.go`. Kinds without a file of their own are printed field by
//! field ([`generic`]).

mod config_map;
mod containers;
mod cron_job;
mod csi_node;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod events;
mod generic;
mod horizontal_pod_autoscaler;
mod ingress;
mod ingress_class;
mod ip_address;
mod job;
mod limit_range;
mod namespace;
mod network_policy;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod pod_template;
mod priority_class;
mod quantity;
mod replica_set;
mod replication_controller;
mod resource_quota;
mod role;
mod secret;
mod service;
mod service_account;
mod service_cidr;
mod stateful_set;
mod storage_class;
mod volumes;
mod writer;

use super::discovery::Resource;
use super::error::Result;
use super::rest::{Client, Dialect, Query};
pub use events::{interval as event_interval, sort as sort_events};
use serde_json::Value;
use sim::Timestamp;
use std::rc::Rc;
use writer::Writer;

/// `Pod Template:` by itself, as the history of a rollout shows it.
pub fn pod_template_text(now: Timestamp, template: &Value) -> String {
    let w = &mut Writer::new(now);
    pod_template::describe(w, template);
    w.raw()
}

/// What describers need besides the object.
pub struct Describer {
    /// To fetch what belongs to the object.
    pub client: Rc<Client>,
    /// The time for ages.
    pub now: Timestamp,
    /// False with `--show-events=false`.
    pub show_events: bool,
}

impl Describer {
    /// The description of an object.
    pub async fn describe(&self, resource: &Resource, object: &Value) -> Result<String> {
        let w = &mut Writer::new(self.now);
        match (resource.group.as_str(), resource.kind.as_str()) {
            ("", "ConfigMap") => config_map::describe(w, object),
            ("", "Endpoints") => endpoints::describe(w, object),
            ("", "Namespace") => {
                namespace::describe(self, w, object).await;
                return Ok(w.finish());
            }
            ("", "Node") => {
                node::describe(self, w, object).await?;
            }
            ("", "LimitRange") => {
                limit_range::describe(w, object);
                return Ok(w.finish());
            }
            ("", "PersistentVolume") => persistent_volume::describe(w, object),
            ("", "PersistentVolumeClaim") => {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or("");
                let pods = self
                    .list(&format!("/api/v1/namespaces/{namespace}/pods"), &[], Some(&["metadata", "spec"]))
                    .await;
                persistent_volume_claim::describe(w, object, &pods);
            }
            ("", "Pod") => pod::describe(w, object),
            ("", "ReplicationController") => {
                let pods = self.pods_of(object).await;
                replication_controller::describe(w, object, &pods);
            }
            ("", "ResourceQuota") => {
                resource_quota::describe(w, object);
                return Ok(w.finish());
            }
            ("", "Secret") => {
                secret::describe(w, object);
                return Ok(w.finish());
            }
            ("", "Service") => {
                let slices = self.endpoint_slices(object).await;
                service::describe(w, object, &slices);
            }
            ("", "ServiceAccount") => service_account::describe(w, object),
            ("apps", "DaemonSet") => {
                let pods = self.pods_of(object).await;
                daemon_set::describe(w, object, &pods);
            }
            ("apps", "Deployment") => {
                let sets = self.owned(object, "/apis/apps/v1/namespaces/{}/replicasets", None).await;
                deployment::describe(w, object, &sets);
            }
            ("apps", "ReplicaSet") => {
                let pods = self.pods_of(object).await;
                replica_set::describe(w, object, &pods);
            }
            ("apps", "StatefulSet") => {
                let pods = self.pods_of(object).await;
                stateful_set::describe(w, object, &pods);
            }
            ("autoscaling", "HorizontalPodAutoscaler") if resource.version == "v1" => {
                // The newer form says more.
                let newer = Resource { version: "v2".to_string(), ..resource.clone() };
                let meta = &object["metadata"];
                let text = |field: &str| meta[field].as_str().unwrap_or("");
                let object = self.client.get(&newer.path(text("namespace"), text("name")), &[]).await?;
                horizontal_pod_autoscaler::describe(w, &object);
            }
            ("autoscaling", "HorizontalPodAutoscaler") => horizontal_pod_autoscaler::describe(w, object),
            ("batch", "CronJob") => cron_job::describe(w, object),
            ("batch", "Job") => job::describe(w, object),
            ("policy", "PodDisruptionBudget") => pod_disruption_budget::describe(w, object),
            ("discovery.k8s.io", "EndpointSlice") => endpoint_slice::describe(w, object),
            ("networking.k8s.io", "Ingress") => ingress::describe(self, w, object).await,
            ("networking.k8s.io", "IngressClass") => ingress_class::describe(w, object),
            ("networking.k8s.io", "IPAddress") => ip_address::describe(w, object),
            ("networking.k8s.io", "ServiceCIDR") => service_cidr::describe(w, object),
            ("networking.k8s.io", "NetworkPolicy") => {
                network_policy::describe(w, object);
                return Ok(w.finish());
            }
            ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
                role::describe(w, object);
                return Ok(w.finish());
            }
            ("rbac.authorization.k8s.io", _) => {
                role::binding(w, object);
                return Ok(w.finish());
            }
            ("scheduling.k8s.io", "PriorityClass") => priority_class::describe(w, object),
            ("storage.k8s.io", "CSINode") => csi_node::describe(w, object),
            ("storage.k8s.io", "StorageClass") => storage_class::describe(w, object),
            ("storage.k8s.io", "VolumeAttributesClass") => storage_class::attributes(w, object),
            _ => generic::describe(w, object),
        }
        if self.show_events {
            let list = self.events_of(resource, object).await;
            events::describe(w, list);
        }
        Ok(w.finish())
    }

    /// Items of a list; nothing when it cannot be had.
    /// A list without who manages which fields; of its objects no more than `but`, if anything is there.
    async fn list(&self, path: &str, query: Query<'_>, but: Option<&[&str]>) -> Vec<Value> {
        self.client.speak(Dialect::Typed);
        self.client.list(path, query, but).await.unwrap_or_default()
    }

    async fn events_of(&self, resource: &Resource, object: &Value) -> Vec<Value> {
        let metadata = &object["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or("").to_string();
        let namespace = text("namespace");
        let path = if namespace.is_empty() {
            "/api/v1/events".to_string()
        } else {
            format!("/api/v1/namespaces/{namespace}/events")
        };
        let mut events = Vec::new();
        // Controllers know a node by its uid; kubelet and kube-proxy by its name, which they take for the uid.
        for uid in [text("uid"), text("name")].iter().take(if resource.kind == "Node" { 2 } else { 1 }) {
            let mut fields = vec![format!("involvedObject.name={}", text("name"))];
            if !namespace.is_empty() {
                fields.push(format!("involvedObject.namespace={namespace}"));
            }
            fields.push(format!("involvedObject.uid={uid}"));
            let fields = fields.join(",");
            events.extend(self.list(&path, &[("fieldSelector", &fields), ("limit", "500")], None).await);
        }
        events
    }

    async fn endpoint_slices(&self, service: &Value) -> Vec<Value> {
        let namespace = service["metadata"]["namespace"].as_str().unwrap_or("");
        let name = service["metadata"]["name"].as_str().unwrap_or("");
        let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices");
        let selector = format!("kubernetes.io/service-name={name}");
        self.list(&path, &[("labelSelector", &selector)], None).await
    }

    /// Objects at `path` (`{}` is the namespace) that match the object's selector and have it as controller; no more
    /// of them than `but`, if anything is there.
    async fn owned(&self, owner: &Value, path: &str, but: Option<&[&str]>) -> Vec<Value> {
        let namespace = owner["metadata"]["namespace"].as_str().unwrap_or("");
        // The selector of a replication controller is a map.
        let selector = match &owner["spec"]["selector"] {
            map if owner["kind"] == "ReplicationController" => writer::labels_text(map),
            selector => writer::selector_text(selector),
        };
        let path = path.replace("{}", namespace);
        let mut found = self.list(&path, &[("labelSelector", &selector)], but).await;
        let uid = &owner["metadata"]["uid"];
        found.retain(|item| {
            item["metadata"]["ownerReferences"].as_array().into_iter().flatten().any(|r| &r["uid"] == uid)
        });
        found
    }

    async fn pods_of(&self, owner: &Value) -> Vec<Value> {
        self.owned(owner, "/api/v1/namespaces/{}/pods", Some(&["metadata", "status"])).await
    }
}

#[cfg(test)]
mod tests;
