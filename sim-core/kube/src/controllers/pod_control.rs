//! What every controller of pods does: find its pods, make them from a template, delete them, say so in events. Models
//! pkg/controller/controller_utils.go and controller_ref_manager.go.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{
    self, LabelSelector, Object, ObjectExt, POD, REPLICATION_CONTROLLER, Resource, Status, pod,
};
use crate::client::{DeleteOptions, Informer, Patch};
use crate::json;
use serde_json::{Map, Value};
use sim::SortedMap;
use std::borrow::Cow;
use std::cmp::Reverse;

/// Pods by the uid of whoever controls them.
pub(super) const BY_CONTROLLER: &str = "controller-uid";
/// Pods that nobody controls, by namespace.
pub(super) const ORPHANS: &str = "orphans";

/// Keeps the two indexes that controllers of pods look into.
pub(super) fn index(pods: &Informer) {
    pods.add_index(BY_CONTROLLER, |object| object.controller_uid().map(Cow::from).into_iter().collect());
    pods.add_index(ORPHANS, |object| {
        if object.controller_uid().is_none() { vec![object.namespace().into()] } else { Vec::new() }
    });
}

/// What to create: the template with a name to be completed and its owner.
pub(super) fn pod_from_template(owner: &Value, resource: Resource, template: &Value) -> Value {
    let mut metadata = Map::new();
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at("/metadata").get(field) {
            metadata.insert(field.to_string(), value.clone());
        }
    }
    metadata.insert("generateName".into(), format!("{}-", owner.name()).into());
    metadata.insert("ownerReferences".into(), Value::Array(vec![api::owner_reference(owner, resource)]));
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod"});
    pod["metadata"] = Value::Object(metadata);
    pod["spec"] = template.at("/spec").clone();
    pod
}

/// How far a pod has come: those that are missed least come first. Not scheduled before scheduled, pending before
/// running, not ready before ready, cheaper before dearer, on a crowded node before alone, ready for a short time before
/// long, restarted often before seldom, young before old. Models ActivePodsWithRanks.
pub(super) fn rank(pod: &Value, siblings: &SortedMap<&str, usize>) -> impl Ord + use<> {
    let ready = api::condition(pod, "Ready").filter(|condition| condition.str_at("/status") == "True");
    let restarts: i64 = pod
        .list_at("/status/containerStatuses")
        .iter()
        .map(|status| status.int_at("/restartCount").unwrap_or(0))
        .max()
        .unwrap_or(0);
    (
        !pod.str_at("/spec/nodeName").is_empty(),
        match pod.str_at("/status/phase") {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        },
        ready.is_some(),
        pod.annotation("controller.kubernetes.io/pod-deletion-cost")
            .and_then(|cost| cost.parse().ok())
            .unwrap_or(0_i32),
        Reverse(siblings.get(pod.str_at("/spec/nodeName")).copied().unwrap_or(0)),
        Reverse(ready.map(|condition| condition.str_at("/lastTransitionTime").to_string())),
        Reverse(restarts),
        Reverse(pod.creation_timestamp().to_string()),
    )
}

impl Context {
    /// Creates a pod in the name of its owner.
    pub(super) async fn create_pod(&self, owner: &Value, pod: Value) -> Result<Object, Status> {
        match self.client.create(POD, owner.namespace(), pod).await {
            Ok(pod) => {
                let message = format!("Created pod: {}", pod.name());
                self.events.event(owner, "Normal", "SuccessfulCreate", &message);
                Ok(pod)
            }
            Err(status) => {
                let message = format!("Error creating: {}", status.message);
                self.events.event(owner, "Warning", "FailedCreate", message);
                Err(status)
            }
        }
    }

    /// Deletes a pod in the name of its owner; one that is gone already will do.
    pub(super) async fn delete_pod(&self, owner: &Value, pod: &Object) -> Result<(), Status> {
        let deleted = self.client.delete(POD, pod.namespace(), pod.name(), DeleteOptions::default()).await;
        match deleted {
            Ok(_) => {
                let message = format!("Deleted pod: {}", pod.name());
                self.events.event(owner, "Normal", "SuccessfulDelete", &message);
                Ok(())
            }
            Err(status) if status.is_not_found() => Ok(()),
            Err(status) => {
                let message = format!("Error deleting: {}", status.message);
                self.events.event(owner, "Warning", "FailedDelete", message);
                Err(status)
            }
        }
    }

    /// The pods of an owner: orphans that match are adopted, pods that match no longer are let go.
    pub(super) async fn claim_pods(
        &self,
        owner: &Object,
        resource: Resource,
        pods: &Informer,
        matches: impl Fn(&Object) -> bool,
    ) -> Result<Vec<Object>, Status> {
        let mut claimed = Vec::new();
        for pod in pods.by_index(BY_CONTROLLER, owner.uid()) {
            if matches(&pod) {
                claimed.push(pod);
            } else if !pod.is_terminating() {
                let patch = json!({"metadata":
                    {"ownerReferences": [{"$patch": "delete", "uid": owner.uid()}], "uid": pod.uid()}});
                ignore_missing(
                    self.client.patch(POD, pod.namespace(), pod.name(), Patch::Strategic(patch)).await,
                )?;
            }
        }
        if owner.is_terminating() {
            return Ok(claimed);
        }
        for pod in orphans(pods, owner, &matches) {
            let reference = api::owner_reference(owner, resource);
            let patch = json!({"metadata": {"ownerReferences": [reference], "uid": pod.uid()}});
            match self.client.patch(POD, pod.namespace(), pod.name(), Patch::Strategic(patch)).await {
                Ok(pod) => claimed.push(pod),
                Err(status) if status.is_not_found() || status.is_invalid() => {}
                Err(status) => return Err(status),
            }
        }
        Ok(claimed)
    }
}

/// Active pods of nobody that an owner would adopt.
pub(super) fn orphans(pods: &Informer, owner: &Object, matches: &impl Fn(&Object) -> bool) -> Vec<Object> {
    let candidates = pods.by_index(ORPHANS, owner.namespace());
    candidates.into_iter().filter(|pod| pod::is_active(pod) && matches(pod)).collect()
}

/// `spec.selector` of an owner; a replication controller's is a map.
pub(super) fn selector(owner: &Value) -> LabelSelector {
    if owner.kind() == REPLICATION_CONTROLLER.kind {
        LabelSelector::from_map(owner.map_at("/spec/selector"))
    } else {
        LabelSelector::from_value(owner.at("/spec/selector"))
    }
}

/// Says on a pod that it is about to be deleted for no fault of its own, and with `ends` that it has failed by that.
pub(super) async fn mark_disrupted(
    context: &Context,
    pod: &Object,
    reason: &str,
    message: &str,
    ends: bool,
) -> Result<(), Status> {
    if ends && matches!(pod.str_at("/status/phase"), "Succeeded" | "Failed") {
        return Ok(());
    }
    let mut marked = (**pod).clone();
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message,
        "observedGeneration": pod.generation(),
    });
    api::set_condition(&mut marked, condition, context.sim.now().timestamp());
    if ends {
        api::set(&mut marked, "/status/phase", json!("Failed"));
    }
    ignore_missing(context.client.update_status(POD, marked).await)
}
