//! Claims that are made for one pod, from the template in its volume. Models pkg/controller/volume/ephemeral.

use super::Context;
use crate::api::pod::claim_of;
use crate::api::{self, Object, ObjectExt, PERSISTENT_VOLUME_CLAIM, POD, Status};
use crate::client::WorkQueue;
use crate::json;
use serde_json::Value;

pub(super) fn start(context: &Context) {
    let queue = WorkQueue::new(&context.sim);
    let pods = context.informers.informer(POD);
    let own = queue.clone();
    pods.on_change(move |old, new| {
        if let (None, Some(pod)) = (old, new)
            && templates(pod).next().is_some()
        {
            own.add(pod.key());
        }
    });
    let context = context.reporting_as("ephemeral_volume");
    context.clone().work(&queue, 1, move |key| {
        let (context, pod) = (context.clone(), pods.get_key(&key));
        async move {
            let Some(pod) = pod.filter(|pod| !pod.is_terminating()) else { return Ok(()) };
            for volume in templates(&pod) {
                create(&context, &pod, volume).await?;
            }
            Ok(())
        }
    });
}

fn templates(pod: &Object) -> impl Iterator<Item = &Value> {
    pod.list_at("/spec/volumes").iter().filter(|volume| volume.at("/ephemeral").is_object())
}

async fn create(context: &Context, pod: &Object, volume: &Value) -> Result<(), Status> {
    let (namespace, name) = (pod.namespace(), claim_of(pod, volume));
    let client = &context.client;
    match client.get(PERSISTENT_VOLUME_CLAIM, namespace, &name).await {
        Ok(claim) if claim.controller_uid() == Some(pod.uid()) => return Ok(()),
        Ok(_) => {
            let why = format!(
                "PVC {namespace}/{name} was not created for pod {namespace}/{} (pod is not owner)",
                pod.name()
            );
            context.events.event(pod, "Warning", "EphemeralVolumeCreationFailed", &why);
            return Err(Status::new(500, "", why));
        }
        Err(status) if !status.is_not_found() => return Err(status),
        Err(_) => {}
    }
    let template = volume.at("/ephemeral/volumeClaimTemplate");
    let mut claim = api::new_object(PERSISTENT_VOLUME_CLAIM, namespace, &name);
    for field in ["labels", "annotations"] {
        let value = template.at("/metadata").at(&format!("/{field}"));
        if !value.is_null() {
            claim["metadata"][field] = value.clone();
        }
    }
    claim["metadata"]["ownerReferences"] = json!([api::owner_reference(pod, POD)]);
    claim["spec"] = template.at("/spec").clone();
    client.create(PERSISTENT_VOLUME_CLAIM, namespace, claim).await.map(drop)
}
