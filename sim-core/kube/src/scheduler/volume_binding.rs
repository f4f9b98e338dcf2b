//! Pods and their claims: a pod goes where its volumes are. Models pkg/scheduler/framework/plugins/volumebinding
//! and, for what it refuses before any node is looked at, `PreFilter`.

use crate::api::core_v1::node_selector::term_matches;
use crate::api::core_v1::persistent_volume::class;
use crate::api::pod::{claim_of, claims_of};
use crate::api::resource_list::Amount;
use crate::api::{
    Key, Object, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, STORAGE_CLASS, object_at, set,
};
use crate::client::{Client, Informer, InformerFactory};
use crate::json;
use serde_json::Value;
use std::time::Duration;

/// How long a pod may wait for its claims once it has a node.
const BIND_TIMEOUT: Duration = Duration::from_secs(600);
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// What the scheduler knows of storage.
#[derive(Clone)]
pub(super) struct VolumeBinding {
    claims: Informer,
    volumes: Informer,
    classes: Informer,
}

impl VolumeBinding {
    pub(super) fn new(informers: &InformerFactory) -> Self {
        VolumeBinding {
            claims: informers.informer(PERSISTENT_VOLUME_CLAIM),
            volumes: informers.informer(PERSISTENT_VOLUME),
            classes: informers.informer(STORAGE_CLASS),
        }
    }

    /// Calls `changed` when storage came, went or changed.
    pub(super) fn on_change(&self, changed: impl Fn() + Clone + 'static) {
        for informer in [&self.claims, &self.volumes, &self.classes] {
            let changed = changed.clone();
            informer.on_change(move |_, _| changed());
        }
    }

    /// Why no node will do.
    pub(super) fn pre_filter(&self, pod: &Object) -> Result<(), String> {
        let mut unbound = false;
        for name in claims_of(pod) {
            let Some(claim) = self.claims.get(pod.namespace(), &name) else {
                let mut volumes = pod.list_at("/spec/volumes").iter();
                let is_made = volumes.any(|v| v.at("/ephemeral").is_object() && claim_of(pod, v) == name);
                let what = format!("persistentvolumeclaim \"{name}\"");
                return Err(match is_made {
                    true => format!("waiting for ephemeral volume controller to create the {what}"),
                    false => format!("{what} not found"),
                });
            };
            if claim.is_terminating() {
                return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            if claim.str_at("/status/phase") == "Lost" {
                let volume = claim.str_at("/spec/volumeName");
                let text = "bound to non-existent persistentvolume";
                return Err(format!("persistentvolumeclaim \"{name}\" {text} \"{volume}\""));
            }
            unbound |= !is_bound(&claim) && !self.waits_for_consumer(&claim);
        }
        if unbound { Err("pod has unbound immediate PersistentVolumeClaims".to_string()) } else { Ok(()) }
    }

    /// Why this node will not do.
    pub(super) fn filter(&self, pod: &Object, node: &Object) -> Option<&'static str> {
        for name in claims_of(pod) {
            let claim = self.claims.get(pod.namespace(), &name)?;
            if is_bound(&claim) {
                match self.volumes.get("", claim.str_at("/spec/volumeName")) {
                    Some(volume) if reaches(&volume, node) => {}
                    Some(_) => return Some("node(s) didn't match PersistentVolume's node affinity"),
                    None => {
                        return Some(
                            "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
                        );
                    }
                }
            } else if self.find(&claim, node).is_none() && !self.is_provisioned(&claim) {
                return Some("node(s) didn't find available persistent volumes to bind");
            }
        }
        None
    }

    /// Sees to it that the claims of a pod that got a node get their volumes there.
    pub(super) async fn pre_bind(&self, client: &Client, pod: &Object, node: &Object) -> Result<(), String> {
        let waiting: Vec<Object> = claims_of(pod)
            .into_iter()
            .filter_map(|name| self.claims.get(pod.namespace(), &name))
            .filter(|claim| !is_bound(claim))
            .collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let failed = |why: &str| format!("running PreBind plugin \"VolumeBinding\": binding volumes: {why}");
        for claim in &waiting {
            let written = match self.find(claim, node) {
                Some(volume) => {
                    let mut new = (*volume).clone();
                    let reference = json!({
                        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.namespace(),
                        "name": claim.name(), "uid": claim.uid(), "resourceVersion": claim.resource_version(),
                    });
                    set(&mut new, "/spec/claimRef", reference);
                    annotate(&mut new, "pv.kubernetes.io/bound-by-controller", "yes");
                    client.update(PERSISTENT_VOLUME, new).await
                }
                None => {
                    let mut new = (**claim).clone();
                    annotate(&mut new, "volume.kubernetes.io/selected-node", node.name());
                    client.update(PERSISTENT_VOLUME_CLAIM, new).await
                }
            };
            written.map_err(|status| failed(&status.message))?;
        }
        let until = client.sim().now() + BIND_TIMEOUT;
        let bound = |claim: &Object| self.claims.get_key(&claim.key()).is_some_and(|claim| is_bound(&claim));
        while !waiting.iter().all(bound) {
            if client.sim().now() >= until {
                return Err(failed("context deadline exceeded"));
            }
            client.sim().sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    fn class_of(&self, claim: &Value) -> Option<Object> {
        self.classes.get_key(&Key::new("", class(claim)))
    }

    fn waits_for_consumer(&self, claim: &Value) -> bool {
        self.class_of(claim).is_some_and(|c| c.str_at("/volumeBindingMode") == "WaitForFirstConsumer")
    }

    /// Whether somebody makes volumes of the claim's class.
    fn is_provisioned(&self, claim: &Value) -> bool {
        self.class_of(claim).is_some_and(|c| c.str_at("/provisioner") != "kubernetes.io/no-provisioner")
    }

    /// The smallest free volume that this node reaches.
    fn find(&self, claim: &Value, node: &Object) -> Option<Object> {
        let size = |object: &Value, path: &str| Amount::parse(object.at(path).as_str().unwrap_or("0")).milli;
        let wanted = size(claim, "/spec/resources/requests/storage");
        let fits = |volume: &Object| {
            volume.at("/spec/claimRef").is_null()
                && volume.str_at("/status/phase") == "Available"
                && class(volume) == class(claim)
                && volume.at("/spec/volumeMode") == claim.at("/spec/volumeMode")
                && claim
                    .list_at("/spec/accessModes")
                    .iter()
                    .all(|mode| volume.list_at("/spec/accessModes").contains(mode))
                && size(volume, "/spec/capacity/storage") >= wanted
                && reaches(volume, node)
        };
        let volumes = self.volumes.list().into_iter().filter(fits);
        volumes.min_by_key(|volume| size(volume, "/spec/capacity/storage"))
    }
}

fn annotate(object: &mut Value, key: &str, value: &str) {
    object_at(object, "/metadata/annotations").insert(key.to_string(), json!(value));
}

fn is_bound(claim: &Value) -> bool {
    !claim.str_at("/spec/volumeName").is_empty() && claim.annotation(BIND_COMPLETED).is_some()
}

/// Whether a node can use a volume.
fn reaches(volume: &Value, node: &Object) -> bool {
    let terms = volume.list_at("/spec/nodeAffinity/required/nodeSelectorTerms");
    terms.is_empty() || terms.iter().any(|term| term_matches(term, node))
}
