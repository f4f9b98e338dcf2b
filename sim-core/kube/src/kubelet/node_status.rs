//! The node as an object: registering it, its lease, its status. Models pkg/kubelet/nodestatus and
//! pkg/kubelet/kubelet_node_status.go.

use super::Kubelet;
use crate::api::{self, LEASE, NODE, ObjectExt};
use crate::apiserver::VERSION;
use crate::client::Patch;
use crate::json;
use crate::kube_proxy::setup::{CANARY_TABLES, Jump, KUBELET_FIREWALL, KUBELET_JUMPS};
use linux::Host;
use linux::host::CPUS;
use linux::net::Table;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What kubelet keeps free before it evicts pods.
pub(super) const EVICTION_RESERVE_KIB: u64 = 100 * 1024;
const LEASE_PERIOD: Duration = Duration::from_secs(10);
const STATUS_PERIOD: Duration = Duration::from_secs(300);
/// How often it looks at what became of the node.
const UPDATE_PERIOD: Duration = Duration::from_secs(10);

/// What is the same for all nodes.
const NODE_TEXT: &str = include_str!("node.json");

/// The conditions, how each is while all is well, and what is said when it becomes so.
const CONDITIONS: [(&str, &str, &str); 4] = [
    ("MemoryPressure", "False", "NodeHasSufficientMemory"),
    ("DiskPressure", "False", "NodeHasNoDiskPressure"),
    ("PIDPressure", "False", "NodeHasSufficientPID"),
    ("Ready", "True", "NodeReady"),
];

/// Says something about the node, which kubelet knows by its name alone.
fn event(kubelet: &Kubelet, reason: &str, message: &str) {
    let node = &kubelet.config().node;
    let about = json!({"kind": "Node", "metadata": {"name": node, "uid": node}});
    kubelet.events().event(&about, "Normal", reason, message);
}

fn status_event(kubelet: &Kubelet, reason: &str) {
    event(kubelet, reason, &format!("Node {} status is now: {reason}", kubelet.config().node));
}

/// What every kubelet says first. Models `BirthCry`.
pub(super) fn birth_cry(kubelet: &Kubelet) {
    kubelet.events().restart();
    event(kubelet, "Starting", "Starting kubelet.");
    event(kubelet, "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
    for (_, _, reason) in &CONDITIONS[..3] {
        status_event(kubelet, reason);
    }
}

/// Tells which of these conditions are about to change; says whether any is.
fn tell_changes(kubelet: &Kubelet, old: &Value, conditions: &[(&str, &str, &str)]) -> bool {
    let mut any = false;
    for (kind, status, reason) in conditions {
        if api::condition(old, kind).is_none_or(|condition| condition.str_at("/status") != *status) {
            status_event(kubelet, reason);
            any = true;
        }
    }
    any
}

/// What kubelet keeps in iptables whether kube-proxy runs or not.
pub(super) fn write_rules(host: &Host) {
    let netns = host.namespaces().netns;
    let canary = host.net().netfilter(netns, |netfilter| {
        let mut tables = CANARY_TABLES.iter().filter_map(|name| Table::from_name(name));
        tables.all(|table| netfilter.table(table).chain("KUBE-KUBELET-CANARY").is_some())
    });
    if canary.unwrap_or(true) {
        return;
    }
    let filter = host.net().iptables_save(netns, Table::Filter);
    let mut text = String::new();
    for table in CANARY_TABLES {
        text.push_str(&format!("*{table}\n:KUBE-KUBELET-CANARY - [0:0]\n"));
        if table == "mangle" {
            text.push_str(":KUBE-IPTABLES-HINT - [0:0]\n");
        }
        if table == "filter" {
            text.push_str(&format!(":KUBE-FIREWALL - [0:0]\n-A KUBE-FIREWALL {KUBELET_FIREWALL}\n"));
            let missing =
                |(_, chain, rule): &&Jump| !filter.lines().any(|l| l == format!("-A {chain} {rule}"));
            for (_, chain, rule) in KUBELET_JUMPS.iter().filter(missing) {
                text.push_str(&format!("-A {chain} {rule}\n"));
            }
        }
        text.push_str("COMMIT\n");
    }
    host.net()
        .iptables_restore(netns, &text, true)
        .expect("the text is made of constants that are well-formed");
}

/// Creates the node, or takes over the one that is there.
pub(super) async fn register(kubelet: &Kubelet) {
    let config = kubelet.config();
    let node = &config.node;
    let mut object = api::new_object(NODE, "", node);
    let known = api::constant(NODE_TEXT);
    for field in ["labels", "annotations"] {
        object["metadata"][field] = known["metadata"][field].clone();
    }
    let labels = &mut object["metadata"]["labels"];
    labels["kubernetes.io/hostname"] = json!(node);
    for (key, value) in &config.labels {
        labels[key.as_str()] = json!(value);
    }
    let cidr = config.pod_cidr.to_string();
    api::set(&mut object, "/spec", json!({"podCIDR": cidr, "podCIDRs": [cidr]}));
    api::set(&mut object, "/status", status(kubelet, &Value::Null));
    let client = kubelet.client();
    let old = match client.create(NODE, "", object).await {
        // The first status of a real one is not ready for a blink, until its parts have been heard of.
        Ok(_) => Value::Null,
        Err(_) => client.get(NODE, "", node).await.map_or(Value::Null, |old| (*old).clone()),
    };
    tell_changes(kubelet, &old, &CONDITIONS[3..]);
    let _ = client
        .patch_status(NODE, "", node, Patch::Merge(json!({"status": status(kubelet, &Value::Null)})))
        .await;
}

fn status(kubelet: &Kubelet, old: &Value) -> Value {
    let config = kubelet.config();
    let installation = &config.installation;
    let now = kubelet.sim().now().timestamp().rfc3339();
    let hash =
        |what: &str| base16ct::lower::encode_string(&Sha256::digest(format!("{what}/{}", config.node))[..16]);
    let uuid = |what: &str| {
        let hex = hash(what);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    };
    let pods = config.max_pods.to_string();
    let images: Vec<Value> = kubelet
        .images()
        .list()
        .into_iter()
        .map(|(names, size)| json!({"names": names, "sizeBytes": size}))
        .collect();
    let mut status = api::constant(NODE_TEXT)["status"].take();
    status["addresses"][0]["address"] = json!(config.address.to_string());
    status["addresses"][1]["address"] = json!(config.node);
    for (list, reserved) in [("capacity", 0), ("allocatable", EVICTION_RESERVE_KIB)] {
        status[list]["cpu"] = json!(CPUS.to_string());
        status[list]["memory"] = json!(format!("{}Ki", installation.memory_kib - reserved));
        status[list]["pods"] = json!(pods);
        // What somebody else says that there is, such as `example.com/dongle`, can be had as well.
        for (name, amount) in old.map_at("/status/capacity").iter().filter(|(name, _)| name.contains('/')) {
            status[list][name.as_str()] = amount.clone();
        }
    }
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        let before = api::condition(old, condition.str_at("/type"));
        let since = before.filter(|before| before.at("/status") == condition.at("/status"));
        let since = since.map_or_else(|| json!(now), |before| before.at("/lastTransitionTime").clone());
        condition["lastHeartbeatTime"] = json!(now);
        condition["lastTransitionTime"] = since;
    }
    let os_image = installation.os_image.map_or_else(|| os_image(kubelet.host()), String::from);
    let info = [
        ("bootID", uuid("boot")),
        ("containerRuntimeVersion", installation.container_runtime.to_string()),
        ("kernelVersion", installation.kernel.to_string()),
        ("kubeletVersion", VERSION.to_string()),
        ("machineID", hash("machine")),
        ("osImage", os_image),
        ("systemUUID", uuid("system")),
    ];
    for (field, value) in info {
        status["nodeInfo"][field] = json!(value);
    }
    status["images"] = Value::Array(images);
    status
}

/// What the machine's `/etc/os-release` calls it.
fn os_image(host: &Host) -> String {
    let text = host.namespaces().root.read("/etc/os-release").unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or("Ubuntu 24.04.3 LTS", |name| name.trim_matches('"')).to_string()
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

/// Looks every minute whether somebody has flushed its chains.
pub(super) async fn guard_rules(kubelet: Kubelet) {
    loop {
        kubelet.sim().sleep(Duration::from_secs(60)).await;
        write_rules(kubelet.host());
    }
}

/// Reports the status every five minutes, or as soon as the node is not what it should be; and says so when pods may no
/// longer come, or may again.
pub(super) async fn report(kubelet: Kubelet) {
    let node = kubelet.config().node.clone();
    let client = kubelet.client();
    let mut unschedulable = false;
    let mut due = kubelet.sim().now() + STATUS_PERIOD;
    loop {
        kubelet.sim().sleep(UPDATE_PERIOD).await;
        let is_due = kubelet.sim().now() >= due;
        match client.get(NODE, "", &node).await {
            Ok(old) => {
                let cordoned = old.bool_at("/spec/unschedulable");
                if std::mem::replace(&mut unschedulable, cordoned) != cordoned {
                    status_event(&kubelet, if cordoned { "NodeNotSchedulable" } else { "NodeSchedulable" });
                }
                let told = tell_changes(&kubelet, &old, &CONDITIONS);
                let mut capacity = old.map_at("/status/capacity").iter();
                let has_more = capacity.any(|(name, amount)| {
                    name.contains('/') && old.at("/status/allocatable").get(name) != Some(amount)
                });
                if !told && !has_more && !is_due {
                    continue;
                }
                let new = status(&kubelet, &old);
                // Other conditions, such as those of a network plugin, are left where they are.
                let _ = client.patch_status(NODE, "", &node, Patch::Strategic(json!({"status": new}))).await;
            }
            Err(status) if status.is_not_found() && is_due => register(&kubelet).await,
            Err(_) => {}
        }
        if is_due {
            due += STATUS_PERIOD;
        }
    }
}
