//! The pods of a stateful set and their claims: names, labels, volumes. Models
//! pkg/controller/statefulset/stateful_set_utils.go and stateful_pod_control.go.

use super::Controller;
use crate::api::{self, Object, ObjectExt, PERSISTENT_VOLUME_CLAIM, POD, STATEFUL_SET, Status, pod};
use crate::client::{DeleteOptions, Patch};
use crate::controllers::history::template_of;
use crate::controllers::pod_control::pod_from_template;
use crate::controllers::replica_set::ignore_missing;
use crate::json;
use serde_json::Value;
use sim::Timestamp;

const REVISION: &str = "controller-revision-hash";
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// `web-2` is number 2 of `web`.
pub(super) fn parent_and_ordinal(name: &str) -> Option<(&str, i64)> {
    let (parent, ordinal) = name.rsplit_once('-')?;
    ordinal.bytes().all(|c| c.is_ascii_digit()).then(|| ordinal.parse().ok()).flatten().map(|n| (parent, n))
}

pub(super) fn ordinal(pod: &Value) -> i64 {
    parent_and_ordinal(pod.name()).map_or(-1, |(_, ordinal)| ordinal)
}

/// The revision that a pod was made of.
pub(super) fn revision_of(pod: &Value) -> &str {
    pod.label(REVISION).unwrap_or("")
}

pub(super) fn is_created(pod: &Value) -> bool {
    !pod::phase(pod).is_empty()
}

pub(super) fn is_ready(pod: &Value) -> bool {
    pod::phase(pod) == "Running" && pod::is_ready(pod)
}

/// Ready for as long as `minReadySeconds` asks.
pub(super) fn is_available(pod: &Value, set: &Value, now: Timestamp) -> bool {
    let least = set.int_at("/spec/minReadySeconds").unwrap_or(0).unsigned_abs();
    let since = api::condition(pod, "Ready").map(|ready| ready.str_at("/lastTransitionTime"));
    let since = since.and_then(Timestamp::parse_rfc3339);
    is_ready(pod) && (least == 0 || since.is_some_and(|since| now.duration_since(since).as_secs() >= least))
}

/// The pod of a number, as a revision has it.
pub(super) fn new_pod(set: &Object, revision: &Object, ordinal: i64) -> Value {
    let name = format!("{}-{ordinal}", set.name());
    let mut pod = pod_from_template(set, STATEFUL_SET, &template_of(revision));
    api::remove(&mut pod, "/metadata/generateName");
    api::set(&mut pod, "/metadata/name", json!(name));
    api::set(&mut pod, "/metadata/namespace", json!(set.namespace()));
    let labels = api::object_at(&mut pod, "/metadata/labels");
    for (key, value) in
        [(POD_NAME, name.clone()), (POD_INDEX, ordinal.to_string()), (REVISION, revision.name().to_string())]
    {
        labels.insert(key.to_string(), json!(value));
    }
    api::set(&mut pod, "/spec/hostname", json!(name));
    let service = set.str_at("/spec/serviceName");
    if !service.is_empty() {
        api::set(&mut pod, "/spec/subdomain", json!(service));
    }
    let templates = set.list_at("/spec/volumeClaimTemplates");
    if !templates.is_empty() {
        let mut volumes: Vec<Value> = templates
            .iter()
            .map(|template| {
                json!({"name": template.name(),
                       "persistentVolumeClaim": {"claimName": claim_name(set, template, ordinal)}})
            })
            .collect();
        let claimed = |volume: &&Value| !templates.iter().any(|t| t.name() == volume.str_at("/name"));
        volumes.extend(pod.list_at("/spec/volumes").iter().filter(claimed).cloned().collect::<Vec<_>>());
        api::set(&mut pod, "/spec/volumes", volumes.into());
    }
    pod
}

fn claim_name(set: &Value, template: &Value, ordinal: i64) -> String {
    format!("{}-{}-{ordinal}", template.name(), set.name())
}

impl Controller {
    fn record(&self, set: &Object, verb: &str, what: &str, outcome: Result<&str, &Status>) {
        let mut title = verb.to_string();
        title[..1].make_ascii_uppercase();
        let within = format!("in StatefulSet {}", set.name());
        let events = &self.context.events;
        match outcome {
            Ok(done) => {
                let message = format!("{verb} {what} {within} {done}");
                events.event(set, "Normal", &format!("Successful{title}"), message);
            }
            Err(status) => {
                let message = format!("{verb} {what} {within} failed error: {}", status.message);
                events.event(set, "Warning", &format!("Failed{title}"), message);
            }
        }
    }

    pub(super) async fn create(&self, set: &Object, pod: &Value) -> Result<(), Status> {
        self.create_claims(set, pod).await?;
        let what = format!("Pod {}", pod.name());
        match self.context.client.create(POD, set.namespace(), pod.clone()).await {
            Ok(_) => {
                self.record(set, "create", &what, Ok("successful"));
                Ok(())
            }
            // The cache is behind.
            Err(status) if status.is_already_exists() => Err(status),
            Err(status) => {
                self.record(set, "create", &what, Err(&status));
                Err(status)
            }
        }
    }

    pub(super) async fn delete(&self, set: &Object, pod: &Value) -> Result<(), Status> {
        let deleted =
            self.context.client.delete(POD, pod.namespace(), pod.name(), DeleteOptions::default()).await;
        match deleted {
            Err(status) if !status.is_not_found() => {
                self.record(set, "delete", &format!("Pod {}", pod.name()), Err(&status));
                Err(status)
            }
            _ => {
                self.record(set, "delete", &format!("Pod {}", pod.name()), Ok("successful"));
                Ok(())
            }
        }
    }

    /// The claims that a pod's volumes name, made when they are not there.
    pub(super) async fn create_claims(&self, set: &Object, pod: &Value) -> Result<(), Status> {
        for template in set.list_at("/spec/volumeClaimTemplates") {
            let name = claim_name(set, template, ordinal(pod));
            match self.context.client.get(PERSISTENT_VOLUME_CLAIM, set.namespace(), &name).await {
                Ok(_) => continue,
                Err(status) if status.is_not_found() => {}
                Err(status) => return Err(status),
            }
            let mut claim = api::new_object(PERSISTENT_VOLUME_CLAIM, set.namespace(), &name);
            claim["spec"] = template.at("/spec").clone();
            let mut labels = template.labels().clone();
            labels.extend(set.map_at("/spec/selector/matchLabels").clone());
            api::object_at(&mut claim, "/metadata/labels").extend(labels);
            if !template.annotations().is_empty() {
                claim["metadata"]["annotations"] = Value::Object(template.annotations().clone());
            }
            if set.str_at("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted") == "Delete" {
                claim["metadata"]["ownerReferences"] = json!([api::owner_reference(set, STATEFUL_SET)]);
            }
            let what = format!("Claim {name} Pod {}", pod.name());
            match self.context.client.create(PERSISTENT_VOLUME_CLAIM, set.namespace(), claim).await {
                Ok(_) => self.record(set, "create", &what, Ok("success")),
                Err(status) => {
                    let what = format!("Claim {name} for Pod {}", pod.name());
                    self.record(set, "create", &what, Err(&status));
                    return Err(status);
                }
            }
        }
        Ok(())
    }

    /// Claims that are to go with their pod when the set is scaled down.
    pub(super) async fn hand_over_claims(&self, set: &Object, pod: &Value) -> Result<(), Status> {
        if set.str_at("/spec/persistentVolumeClaimRetentionPolicy/whenScaled") != "Delete" {
            return Ok(());
        }
        for template in set.list_at("/spec/volumeClaimTemplates") {
            let name = claim_name(set, template, ordinal(pod));
            let mut owner = api::owner_reference(pod, POD);
            api::remove(&mut owner, "/blockOwnerDeletion");
            let patch = Patch::Merge(json!({"metadata": {"ownerReferences": [owner]}}));
            ignore_missing(
                self.context.client.patch(PERSISTENT_VOLUME_CLAIM, set.namespace(), &name, patch).await,
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn a_pod_has_the_name_and_volumes_of_its_number() {
        assert_eq!(parent_and_ordinal("my-web-10"), Some(("my-web", 10)));
        assert_eq!(parent_and_ordinal("web-x"), None);
        let set = Rc::new(json!({"metadata": {"name": "web", "namespace": "default", "uid": "u"}, "spec": {
            "serviceName": "nginx", "volumeClaimTemplates": [{"metadata": {"name": "www"}}]}}));
        let revision = Rc::new(json!({"metadata": {"name": "web-abc"}, "data": {"spec": {"template": {
            "$patch": "replace", "metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": []}}}}}));
        let pod = new_pod(&set, &revision, 1);
        assert_eq!(
            *pod.labels(),
            *json!({"app": "nginx", POD_NAME: "web-1", POD_INDEX: "1", REVISION: "web-abc"})
                .as_object()
                .expect("an object")
        );
        assert_eq!(
            pod["spec"],
            json!({"containers": [], "hostname": "web-1", "subdomain": "nginx",
                   "volumes": [{"name": "www", "persistentVolumeClaim": {"claimName": "www-web-1"}}]})
        );
    }
}
