//! Static pods: those of `/etc/kubernetes/manifests`, which run whether there is an API server or not, and the
//! mirror pods that show them there. Models pkg/kubelet/pod/mirror_client.go.

use super::Kubelet;
use crate::api::{self, NODE, Object, ObjectExt, POD};
use crate::client::DeleteOptions;
use crate::json;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// The annotation of a mirror pod.
pub(super) const MIRROR: &str = "kubernetes.io/config.mirror";

/// Starts them all.
pub(super) fn start(kubelet: &Kubelet) {
    for manifest in &kubelet.config().static_pods {
        let pod = Rc::new(complete(kubelet, manifest));
        kubelet.start_pod(&pod, true);
        create_mirror(kubelet, pod);
    }
}

/// What kubelet adds to a manifest: the node's name, a uid that is a hash, its source.
fn complete(kubelet: &Kubelet, manifest: &Value) -> Value {
    let node = &kubelet.config().node;
    let hash = base16ct::lower::encode_string(&Sha256::digest(format!("{manifest}{node}").as_bytes())[..16]);
    let mut pod = manifest.clone();
    api::set(&mut pod, "/metadata/name", json!(format!("{}-{node}", manifest.name())));
    api::set(&mut pod, "/metadata/uid", json!(hash));
    api::set(&mut pod, "/spec/nodeName", json!(node));
    let annotations = api::object_at(&mut pod, "/metadata/annotations");
    annotations.insert("kubernetes.io/config.hash".into(), json!(hash));
    annotations
        .insert("kubernetes.io/config.seen".into(), json!(kubelet.sim().now().timestamp().rfc3339_micro()));
    annotations.insert("kubernetes.io/config.source".into(), json!("file"));
    pod
}

fn create_mirror(kubelet: &Kubelet, pod: Object) {
    let kubelet = kubelet.clone();
    kubelet.sim().clone().spawn(async move {
        let client = kubelet.client();
        let mut mirror = (*pod).clone();
        api::remove(&mut mirror, "/metadata/uid");
        let hash = pod.uid().to_string();
        api::object_at(&mut mirror, "/metadata/annotations").insert(MIRROR.into(), json!(hash));
        let node = &kubelet.config().node;
        if let Ok(node) = client.get(NODE, "", node).await {
            let mut owner = api::owner_reference(&node, NODE);
            api::remove(&mut owner, "/blockOwnerDeletion");
            api::set(&mut mirror, "/metadata/ownerReferences", json!([owner]));
        }
        if client.create(POD, pod.namespace(), mirror).await.is_ok() {
            kubelet.resend_status(pod.uid());
        }
    });
}

/// Deleting a mirror does not delete the pod: it comes back.
pub(super) fn mirror_changed(kubelet: &Kubelet, mirror: &Object) {
    if mirror.is_terminating() {
        let (kubelet, mirror) = (kubelet.clone(), mirror.clone());
        kubelet.sim().clone().spawn(async move {
            let options = DeleteOptions {
                grace_period_seconds: Some(0),
                uid: Some(mirror.uid().to_string()),
                ..DeleteOptions::default()
            };
            let _ = kubelet.client().delete(POD, mirror.namespace(), mirror.name(), options).await;
        });
    }
}

/// See [`mirror_changed`].
pub(super) fn mirror_gone(kubelet: &Kubelet, mirror: &Object) {
    if let Some(worker) = mirror.annotation(MIRROR).and_then(|hash| kubelet.worker(hash)) {
        create_mirror(kubelet, worker.pod());
    }
}
