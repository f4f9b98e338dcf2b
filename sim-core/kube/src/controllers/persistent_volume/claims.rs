//! The claim's side. Models `syncUnboundClaim` and `syncBoundClaim`.

use super::matching::{find_matching_volume, is_set_aside, mismatch};
use super::{BIND_COMPLETED, BOUND_BY_CONTROLLER, Binder, RESYNC, SELECTED_NODE};
use crate::api::core_v1::persistent_volume::class;
use crate::api::pod::claims_of;
use crate::api::storage_v1::storage_class;
use crate::api::{
    Key, Object, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, Status, object_at, set,
};
use crate::json;
use serde_json::Value;

impl Binder {
    pub(super) async fn sync_claim(&self, claim: &Object) -> Result<(), Status> {
        if claim.annotation(BIND_COMPLETED).is_some() {
            return self.sync_bound_claim(claim).await;
        }
        match claim.str_at("/spec/volumeName") {
            "" => {
                let delay = self.waits_for_consumer(claim) && claim.annotation(SELECTED_NODE).is_none();
                let volumes = self.volumes.list();
                match find_matching_volume(claim, &volumes, delay) {
                    Some(volume) => {
                        // The informer may be behind; the volume must be free still.
                        match self.fresh(PERSISTENT_VOLUME, &volume.key()).await {
                            Some(volume) => self.bind(&volume, claim).await,
                            None => Ok(()),
                        }
                    }
                    None => self.wait(claim, delay).await,
                }
            }
            name => {
                let Some(volume) = self.fresh(PERSISTENT_VOLUME, &Key::new("", name)).await else {
                    return self.pending(claim).await;
                };
                if volume.at("/spec/claimRef").is_null() {
                    if let Some(why) = mismatch(&volume, claim) {
                        let text = format!("Cannot bind to requested volume \"{name}\": {why}");
                        self.context.events.event(claim, "Warning", "VolumeMismatch", &text);
                        return self.pending(claim).await;
                    }
                    return self.bind(&volume, claim).await;
                }
                if is_set_aside(&volume, claim) {
                    return self.bind(&volume, claim).await;
                }
                // Somebody else has it; it may be let go.
                self.pending(claim).await
            }
        }
    }

    /// Says what a claim without a volume waits for.
    async fn wait(&self, claim: &Object, delay: bool) -> Result<(), Status> {
        if self.assign_default_class(claim).await? {
            return Ok(());
        }
        let events = &self.context.events;
        let name = class(claim);
        if delay {
            match self.first_pod(claim) {
                Some(pod) => {
                    let text = format!("waiting for pod {} to be scheduled", pod.name());
                    events.event(claim, "Normal", "WaitForPodScheduled", text);
                }
                None => events.event(
                    claim,
                    "Normal",
                    "WaitForFirstConsumer",
                    "waiting for first consumer to be created before binding",
                ),
            }
        } else if name.is_empty() {
            let text = "no persistent volumes available for this claim and no storage class is set";
            events.event(claim, "Normal", "FailedBinding", text);
        } else {
            self.provision(claim, name).await?;
        }
        self.queue.add_after(claim.key(), RESYNC);
        self.pending(claim).await
    }

    /// A claim that names no class gets the default one, also when that comes later.
    async fn assign_default_class(&self, claim: &Object) -> Result<bool, Status> {
        let annotated = claim.annotation("volume.beta.kubernetes.io/storage-class").is_some();
        if annotated || !claim.at("/spec/storageClassName").is_null() {
            return Ok(false);
        }
        let marked = self.classes.list().into_iter().filter(|class| storage_class::is_default(class)).rev();
        let newest = marked.max_by(|a, b| a.creation_timestamp().cmp(b.creation_timestamp()));
        let Some(default) = newest else { return Ok(false) };
        let mut new = (**claim).clone();
        set(&mut new, "/spec/storageClassName", json!(default.name()));
        self.update(PERSISTENT_VOLUME_CLAIM, claim, new).await.map(|_| true)
    }

    /// Nobody here makes volumes. Models `provisionClaim` for provisioners that are elsewhere.
    async fn provision(&self, claim: &Object, name: &str) -> Result<(), Status> {
        let events = &self.context.events;
        let Some(class) = self.classes.get("", name) else {
            let text = format!("storageclass.storage.k8s.io \"{name}\" not found");
            events.event(claim, "Warning", "ProvisioningFailed", text);
            return Ok(());
        };
        let provisioner = class.str_at("/provisioner");
        if provisioner.starts_with("kubernetes.io/") {
            let text = format!("no volume plugin matched name: {provisioner}");
            events.event(claim, "Warning", "ProvisioningFailed", text);
            return Ok(());
        }
        let text = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by \
             the system administrator. If volume creation is delayed, please verify that the provisioner is running \
             and correctly registered."
        );
        events.event(claim, "Normal", "ExternalProvisioning", text);
        let mut asked = (**claim).clone();
        let annotations = object_at(&mut asked, "/metadata/annotations");
        for key in
            ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"]
        {
            annotations.insert(key.to_string(), json!(provisioner));
        }
        self.update(PERSISTENT_VOLUME_CLAIM, claim, asked).await.map(drop)
    }

    fn first_pod(&self, claim: &Object) -> Option<Object> {
        let uses = |pod: &Object| claims_of(pod).iter().any(|name| name == claim.name());
        self.pods.list_namespace(claim.namespace()).into_iter().find(uses)
    }

    async fn pending(&self, claim: &Object) -> Result<(), Status> {
        self.set_phase(claim, "Pending", None).await
    }

    /// Writes what became of a claim.
    async fn set_phase(&self, claim: &Object, phase: &str, volume: Option<&Value>) -> Result<(), Status> {
        let Some(claim) = self.fresh(PERSISTENT_VOLUME_CLAIM, &claim.key()).await else { return Ok(()) };
        let mut new = (*claim).clone();
        let mut status = json!({"phase": phase});
        if let Some(volume) = volume {
            status["accessModes"] = volume.at("/spec/accessModes").clone();
            status["capacity"] = volume.at("/spec/capacity").clone();
        }
        set(&mut new, "/status", status);
        self.update_status(PERSISTENT_VOLUME_CLAIM, &claim, new).await
    }

    /// Ties both together, the volume first. Models `bind`.
    async fn bind(&self, volume: &Object, claim: &Object) -> Result<(), Status> {
        let mut new = (**volume).clone();
        let reference = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.namespace(),
            "name": claim.name(), "uid": claim.uid(), "resourceVersion": claim.resource_version(),
        });
        if volume.at("/spec/claimRef").is_null() {
            object_at(&mut new, "/metadata/annotations")
                .insert(BOUND_BY_CONTROLLER.to_string(), json!("yes"));
        }
        if volume.str_at("/spec/claimRef/uid") != claim.uid() {
            set(&mut new, "/spec/claimRef", reference);
        }
        let volume = self.update(PERSISTENT_VOLUME, volume, new).await?;
        self.set_volume_phase(&volume, "Bound", "").await?;
        let mut new = (**claim).clone();
        let annotations = object_at(&mut new, "/metadata/annotations");
        annotations.insert(BIND_COMPLETED.to_string(), json!("yes"));
        if claim.str_at("/spec/volumeName").is_empty() {
            annotations.insert(BOUND_BY_CONTROLLER.to_string(), json!("yes"));
            set(&mut new, "/spec/volumeName", json!(volume.name()));
        }
        let claim = self.update(PERSISTENT_VOLUME_CLAIM, claim, new).await?;
        self.set_phase(&claim, "Bound", Some(&volume)).await
    }

    async fn sync_bound_claim(&self, claim: &Object) -> Result<(), Status> {
        let name = claim.str_at("/spec/volumeName");
        let volume = match name {
            "" => None,
            name => self.fresh(PERSISTENT_VOLUME, &Key::new("", name)).await,
        };
        let lost = |reason: &str, text: &str| {
            if claim.str_at("/status/phase") != "Lost" {
                self.context.events.event(claim, "Warning", reason, text);
            }
        };
        match volume {
            None => {
                lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
                self.set_phase(claim, "Lost", None).await
            }
            Some(volume) if volume.at("/spec/claimRef").is_null() || is_set_aside(&volume, claim) => {
                self.bind(&volume, claim).await
            }
            Some(_) => {
                let text = "Two claims are bound to the same volume, this one is bound incorrectly";
                lost("ClaimMisbound", text);
                self.set_phase(claim, "Lost", None).await
            }
        }
    }
}
