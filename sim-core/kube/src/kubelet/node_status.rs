//! The node as an object: registering it, its lease, its status. Models pkg/kubelet/nodestatus and
//! pkg/kubelet/kubelet_node_status.go.

use super::Kubelet;
use crate::api::{self, LEASE, NODE, ObjectExt};
use crate::apiserver::VERSION;
use crate::client::Patch;
use crate::kube_proxy::setup::{CANARY_TABLES, KUBELET_FIREWALL, KUBELET_JUMPS};
use data_encoding::HEXLOWER;
use linux::Host;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

const LEASE_PERIOD: Duration = Duration::from_secs(10);
const STATUS_PERIOD: Duration = Duration::from_secs(300);

/// What kubelet keeps in iptables whether kube-proxy runs or not.
pub(super) fn write_rules(host: &Host) {
    let mut text = String::new();
    for table in CANARY_TABLES {
        text.push_str(&format!("*{table}\n:KUBE-KUBELET-CANARY - [0:0]\n"));
        if table == "mangle" {
            text.push_str(":KUBE-IPTABLES-HINT - [0:0]\n");
        }
        if table == "filter" {
            text.push_str(&format!(":KUBE-FIREWALL - [0:0]\n-A KUBE-FIREWALL {KUBELET_FIREWALL}\n"));
            for (_, chain, rule) in KUBELET_JUMPS {
                text.push_str(&format!("-A {chain} {rule}\n"));
            }
        }
        text.push_str("COMMIT\n");
    }
    host.net()
        .iptables_restore(host.namespaces().netns, &text, true)
        .expect("the text is made of constants that are well-formed");
}

/// Creates the node, or takes over the one that is there.
pub(super) async fn register(kubelet: &Kubelet) {
    let config = kubelet.config();
    let node = &config.node;
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node,
        "kubernetes.io/os": "linux",
    });
    for (key, value) in &config.labels {
        labels[key.as_str()] = json!(value);
    }
    let cidr = config.pod_cidr.to_string();
    let mut object = api::new_object(NODE, "", node);
    api::set(&mut object, "/metadata/labels", labels);
    api::set(
        &mut object,
        "/metadata/annotations",
        json!({
            "node.alpha.kubernetes.io/ttl": "0",
            "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        }),
    );
    api::set(&mut object, "/spec", json!({"podCIDR": cidr, "podCIDRs": [cidr]}));
    api::set(&mut object, "/status", status(kubelet, &Value::Null));
    let client = kubelet.client();
    let _ = client.create(NODE, "", object).await;
    let _ = client
        .patch_status(NODE, "", node, Patch::Merge(json!({"status": status(kubelet, &Value::Null)})))
        .await;
}

fn status(kubelet: &Kubelet, old: &Value) -> Value {
    let config = kubelet.config();
    let now = kubelet.sim().now().timestamp().rfc3339();
    let hash = |what: &str| HEXLOWER.encode(&Sha256::digest(format!("{what}/{}", config.node))[..16]);
    let uuid = |what: &str| {
        let hex = hash(what);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    };
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        let before = old.list_at("/status/conditions").iter().find(|c| c.str_at("/type") == kind);
        let since =
            before.filter(|c| c.str_at("/status") == status).map(|c| c.at("/lastTransitionTime").clone());
        json!({"type": kind, "status": status, "reason": reason, "message": message,
               "lastHeartbeatTime": now, "lastTransitionTime": since.unwrap_or_else(|| json!(now))})
    };
    let images: Vec<Value> = kubelet
        .images()
        .list()
        .into_iter()
        .map(|(names, size)| json!({"names": names, "sizeBytes": size}))
        .collect();
    json!({
        "addresses": [
            {"type": "InternalIP", "address": config.address.to_string()},
            {"type": "Hostname", "address": config.node},
        ],
        "capacity": {"cpu": "2", "ephemeral-storage": "50633164Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
                     "memory": "4028804Ki", "pods": "110"},
        "allocatable": {"cpu": "2", "ephemeral-storage": "46663523866", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
                        "memory": "3926404Ki", "pods": "110"},
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10_250}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": uuid("boot"),
            "containerRuntimeVersion": "containerd://2.2.1",
            "kernelVersion": "6.8.0-90-generic",
            "kubeProxyVersion": "",
            "kubeletVersion": VERSION,
            "machineID": hash("machine"),
            "operatingSystem": "linux",
            "osImage": "Ubuntu 24.04.3 LTS",
            "swap": {"capacity": 0},
            "systemUUID": uuid("system"),
        },
        "images": images,
        "runtimeHandlers": [
            {"name": "runc", "features": {"recursiveReadOnlyMounts": true, "userNamespaces": true}},
            {"name": "", "features": {"recursiveReadOnlyMounts": true, "userNamespaces": true}},
        ],
        "features": {"supplementalGroupsPolicy": true},
    })
}

/// Renews the lease every ten seconds: the node is alive.
pub(super) async fn heartbeat(kubelet: Kubelet) {
    let node = kubelet.config().node.clone();
    let client = kubelet.client();
    loop {
        let now = kubelet.sim().now().timestamp().rfc3339_micro();
        let renewed = json!({"spec": {"renewTime": now}});
        let patched = client.patch(LEASE, "kube-node-lease", &node, Patch::Merge(renewed)).await;
        if patched.is_err_and(|status| status.is_not_found()) {
            let mut lease = api::new_object(LEASE, "kube-node-lease", &node);
            api::set(
                &mut lease,
                "/spec",
                json!({"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now}),
            );
            if let Ok(object) = client.get(NODE, "", &node).await {
                let mut owner = api::owner_reference(&object, NODE);
                api::remove(&mut owner, "/controller");
                api::remove(&mut owner, "/blockOwnerDeletion");
                api::set(&mut lease, "/metadata/ownerReferences", json!([owner]));
            }
            let _ = client.create(LEASE, "kube-node-lease", lease).await;
        }
        kubelet.sim().sleep(LEASE_PERIOD).await;
    }
}

/// Reports the status every five minutes.
pub(super) async fn report(kubelet: Kubelet) {
    let node = kubelet.config().node.clone();
    let client = kubelet.client();
    loop {
        kubelet.sim().sleep(STATUS_PERIOD).await;
        match client.get(NODE, "", &node).await {
            Ok(old) => {
                let new = status(&kubelet, &old);
                // Other conditions, such as those of a network plugin, are left where they are.
                let _ = client.patch_status(NODE, "", &node, Patch::Strategic(json!({"status": new}))).await;
            }
            Err(status) if status.is_not_found() => register(&kubelet).await,
            Err(_) => {}
        }
    }
}
