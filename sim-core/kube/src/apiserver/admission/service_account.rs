//! Gives a pod its service account and the volume with its token. Models
//! `plugin/pkg/admission/serviceaccount`.

use crate::api::{ObjectExt, POD, SERVICE_ACCOUNT, Status, constant, set, slot};
use crate::apiserver::ApiServer;
use crate::json;
use serde_json::Value;

const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Lets a pod in.
pub(crate) fn admit(server: &ApiServer, pod: &mut Value) -> Result<(), Status> {
    // What runs on a node without the server has no account; the kubelet only reports it.
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return Ok(());
    }
    if pod.str_at("/spec/serviceAccountName").is_empty() {
        set(pod, "/spec/serviceAccountName", json!("default"));
    }
    let account = pod.str_at("/spec/serviceAccountName").to_string();
    set(pod, "/spec/serviceAccount", json!(account));
    let found = server.get(SERVICE_ACCOUNT, pod.namespace(), &account).map_err(|_| {
        let place = format!("{}/{account}", pod.namespace());
        let why = format!("error looking up service account {place}: serviceaccount \"{account}\" not found");
        let name = match pod.name() {
            "" => pod.str_at("/metadata/generateName"),
            name => name,
        };
        Status::forbidden(POD, name, &why)
    })?;
    let wants = |object: &Value, path: &str| object.at(path).as_bool();
    let automount = wants(pod, "/spec/automountServiceAccountToken")
        .or(wants(&found, "/automountServiceAccountToken"))
        .unwrap_or(true);
    if automount {
        mount_token(server, pod);
    }
    Ok(())
}

/// An hour, and seven seconds by which kubelets know a token that upstream's admission made.
const VOLUME: &str = r#"{"projected": {"defaultMode": 420, "sources": [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
    {"downwardAPI": {"items": [
        {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    ]}}
]}}"#;

fn mount_token(server: &ApiServer, pod: &mut Value) {
    let mounted = |container: &Value| {
        container.list_at("/volumeMounts").iter().any(|m| m.str_at("/mountPath") == MOUNT_PATH)
    };
    let lists = ["/spec/initContainers", "/spec/containers"];
    if lists.iter().all(|list| pod.list_at(list).iter().all(mounted)) {
        return;
    }
    let name = format!("kube-api-access-{}", server.suffix());
    for list in lists {
        let Some(containers) = pod.pointer_mut(list).and_then(Value::as_array_mut) else { continue };
        for container in containers.iter_mut().filter(|c| !mounted(c)) {
            let mounts = slot(container, "/volumeMounts");
            if !mounts.is_array() {
                *mounts = json!([]);
            }
            if let Value::Array(mounts) = mounts {
                mounts.push(json!({"mountPath": MOUNT_PATH, "name": name, "readOnly": true}));
            }
        }
    }
    let volumes = slot(pod, "/spec/volumes");
    if !volumes.is_array() {
        *volumes = json!([]);
    }
    if let Value::Array(volumes) = volumes {
        let mut volume = constant(VOLUME);
        volume["name"] = json!(name);
        volumes.push(volume);
    }
}
