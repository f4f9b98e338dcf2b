//! The volume's side. Models `syncVolume` and `reclaimVolume`.

use super::{BOUND_BY_CONTROLLER, Binder};
use crate::api::core_v1::persistent_volume::SOURCES;
use crate::api::{
    Key, Object, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, Status, object_at, remove, set,
};
use crate::client::DeleteOptions;
use crate::controllers::replica_set::ignore_missing;
use crate::json;

impl Binder {
    pub(super) async fn sync_volume(&self, volume: &Object) -> Result<(), Status> {
        let reference = volume.at("/spec/claimRef");
        // One that is set aside for a claim that is not there yet is as good as free.
        if reference.is_null() || reference.str_at("/uid").is_empty() {
            return self.set_volume_phase(volume, "Available", "").await;
        }
        let key = Key::new(reference.str_at("/namespace"), reference.str_at("/name"));
        let claim = self.fresh(PERSISTENT_VOLUME_CLAIM, &key).await;
        match claim.filter(|claim| claim.uid() == reference.str_at("/uid")) {
            None => {
                let phase = volume.str_at("/status/phase");
                if !matches!(phase, "Released" | "Failed") {
                    self.set_volume_phase(volume, "Released", "").await?;
                }
                self.reclaim(volume).await
            }
            Some(claim) if claim.str_at("/spec/volumeName").is_empty() => {
                self.queue.add(claim.key());
                Ok(())
            }
            Some(claim) if claim.str_at("/spec/volumeName") == volume.name() => {
                self.set_volume_phase(volume, "Bound", "").await
            }
            // The claim has found another.
            Some(_) if volume.annotation(BOUND_BY_CONTROLLER).is_some() => {
                let mut new = (**volume).clone();
                remove(&mut new, "/spec/claimRef");
                object_at(&mut new, "/metadata/annotations").remove(BOUND_BY_CONTROLLER);
                let volume = self.update(PERSISTENT_VOLUME, volume, new).await?;
                self.set_volume_phase(&volume, "Available", "").await
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) async fn set_volume_phase(
        &self,
        volume: &Object,
        phase: &str,
        message: &str,
    ) -> Result<(), Status> {
        if volume.str_at("/status/phase") == phase {
            return Ok(());
        }
        let now = self.context.sim.now().timestamp().rfc3339();
        let mut new = (**volume).clone();
        let mut status = json!({"phase": phase, "lastPhaseTransitionTime": now});
        if !message.is_empty() {
            status["message"] = json!(message);
        }
        set(&mut new, "/status", status);
        ignore_missing(self.context.client.update_status(PERSISTENT_VOLUME, new).await)
    }

    /// What the policy says. Only volumes below /tmp of a node can be deleted from here.
    async fn reclaim(&self, volume: &Object) -> Result<(), Status> {
        if volume.str_at("/spec/persistentVolumeReclaimPolicy") != "Delete"
            || volume.is_terminating()
            || volume.str_at("/status/phase") == "Failed"
        {
            return Ok(());
        }
        let path = volume.str_at("/spec/hostPath/path");
        let why = if path.is_empty() {
            let kind = SOURCES.iter().find(|source| volume.at("/spec").get(**source).is_some());
            // An external provisioner's volume is its own to delete.
            if kind == Some(&"csi") {
                return Ok(());
            }
            format!(
                "error getting deleter volume plugin for volume \"{}\": no deletable volume plugin matched",
                volume.name()
            )
        } else if path.strip_prefix("/tmp/").is_none_or(str::is_empty) {
            format!("host_path deleter only supports /tmp/.+ but received provided {path}")
        } else {
            let deleted =
                self.context.client.delete(PERSISTENT_VOLUME, "", volume.name(), DeleteOptions::default());
            return ignore_missing(deleted.await);
        };
        self.context.events.event(volume, "Warning", "VolumeFailedDelete", &why);
        let Some(volume) = self.fresh(PERSISTENT_VOLUME, &volume.key()).await else { return Ok(()) };
        self.set_volume_phase(&volume, "Failed", &why).await
    }
}
