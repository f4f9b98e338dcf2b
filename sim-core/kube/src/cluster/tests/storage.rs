//! Volumes that outlive pods, and quotas.

use super::bed::{World, container};
use crate::apiserver::{DeleteOptions, WriteOptions};
use crate::cluster::*;
use crate::json;
use serde_json::Value;

#[test]
fn a_claim_finds_its_volume_and_keeps_what_pods_write() {
    use crate::api::{EVENT, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, STORAGE_CLASS};
    let world = World::new(false);
    let claim = |name: &str, class: Value| {
        world.create(
            PERSISTENT_VOLUME_CLAIM,
            json!({"metadata": {"name": name, "namespace": "default"},
                   "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                            "storageClassName": class}}),
        );
    };
    let volume = |name: &str, class: &str, policy: &str, node: Value| {
        let spec = json!({"capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"],
                          "persistentVolumeReclaimPolicy": policy, "storageClassName": class,
                          "hostPath": {"path": format!("/tmp/{name}")}, "nodeAffinity": node});
        world.create(PERSISTENT_VOLUME, json!({"metadata": {"name": name}, "spec": spec}));
    };
    let phases = || {
        let volumes = world.cluster.api.snapshot(PERSISTENT_VOLUME);
        let claims = world.cluster.api.snapshot(PERSISTENT_VOLUME_CLAIM);
        let all = volumes.iter().chain(&claims);
        all.map(|o| format!("{}={}", o.name(), o.str_at("/status/phase"))).collect::<Vec<_>>().join(" ")
    };
    let reasons = |name: &str| {
        let events = world.cluster.api.snapshot(EVENT);
        let of = events.iter().filter(|event| event.str_at("/involvedObject/name") == name);
        of.map(|event| format!("{}: {}", event.str_at("/reason"), event.str_at("/message")))
            .collect::<Vec<_>>()
    };
    claim("data", json!(""));
    let mounted = |claim: &str| {
        json!({"containers": [{"name": "c", "image": "tools", "command": ["polite"],
                               "volumeMounts": [{"name": "v", "mountPath": "/data"}]}],
               "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]})
    };
    world.pod("user", mounted("data"));
    world.run(3);
    assert_eq!(
        reasons("data"),
        ["FailedBinding: no persistent volumes available for this claim and no storage class is set"]
    );
    assert_eq!(
        reasons("user"),
        [
            "FailedScheduling: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
        ]
    );
    volume("disk", "", "Delete", Value::Null);
    world.run(10);
    assert_eq!(phases(), "disk=Bound data=Bound");
    assert!(world.state("user").starts_with("Running"), "{}", world.state("user"));
    let node = world.get(POD, "user").expect("the pod").str_at("/spec/nodeName").to_string();
    let node = world.cluster.nodes.iter().find(|found| found.name == node).expect("the node");
    node.host.namespaces().root.put("/tmp/disk/note", b"kept".to_vec(), 0o644).expect("a file");
    assert!(world.in_pod("user", &["show", "/data/note"]).ends_with("kept\n"));
    // What is in use goes when it is not used any more, and with it the volume, as its policy says.
    let delete = |resource: crate::api::Resource, name: &str| {
        let namespace = if std::ptr::eq(resource, PERSISTENT_VOLUME) { "" } else { "default" };
        world.cluster.api.delete(resource, namespace, name, &DeleteOptions::default()).expect("it is there");
    };
    delete(PERSISTENT_VOLUME_CLAIM, "data");
    world.run(3);
    assert_eq!(phases(), "disk=Bound data=Bound");
    delete(POD, "user");
    world.run(40);
    assert_eq!(phases(), "");
    // A class may wait for the first pod; then the volume's node is the pod's.
    world.create(
        STORAGE_CLASS,
        json!({"metadata": {"name": "local"}, "provisioner": "kubernetes.io/no-provisioner",
               "volumeBindingMode": "WaitForFirstConsumer"}),
    );
    let on_node2 = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node2"]}]}]}});
    volume("near", "local", "Retain", on_node2);
    claim("late", json!("local"));
    world.run(3);
    assert_eq!(phases(), "near=Available late=Pending");
    assert_eq!(
        reasons("late"),
        ["WaitForFirstConsumer: waiting for first consumer to be created before binding"]
    );
    world.pod("second", mounted("late"));
    world.run(10);
    assert_eq!(phases(), "near=Bound late=Bound");
    assert_eq!(world.get(POD, "second").expect("the pod").str_at("/spec/nodeName"), "node2");
    delete(POD, "second");
    delete(PERSISTENT_VOLUME_CLAIM, "late");
    world.run(40);
    assert_eq!(phases(), "near=Released");
    delete(PERSISTENT_VOLUME, "near");
    world.run(2);
    assert_eq!(phases(), "");
}

#[test]
fn a_quota_counts_what_comes_and_what_goes() {
    use crate::api::{LIMIT_RANGE, REPLICA_SET, RESOURCE_QUOTA};
    let world = World::new(false);
    let api = &world.cluster.api;
    world.create(
        RESOURCE_QUOTA,
        json!({"metadata": {"name": "q", "namespace": "default"},
               "spec": {"hard": {"pods": 2, "requests.memory": "1Gi", "count/configmaps": 5}}}),
    );
    world.run(1);
    let used = || world.get(RESOURCE_QUOTA, "q").expect("the quota").at("/status/used").to_string();
    assert_eq!(used(), r#"{"count/configmaps":"1","pods":"0","requests.memory":"0"}"#);
    let try_pod = |name: &str, memory: &str| {
        let mut container = container("tools", &["polite"]);
        if !memory.is_empty() {
            container["resources"] = json!({"requests": {"memory": memory}, "limits": {"memory": memory}});
        }
        let pod = json!({"metadata": {"name": name}, "spec": {"containers": [container]}});
        match api.create(POD, "default", pod, &WriteOptions::default()) {
            Ok(written) => written.object.at("/spec/containers/0/resources").to_string(),
            Err(status) => status.message,
        }
    };
    assert_eq!(
        try_pod("a", ""),
        "pods \"a\" is forbidden: failed quota: q: must specify requests.memory for: c"
    );
    assert_eq!(
        try_pod("a", "2Gi"),
        "pods \"a\" is forbidden: exceeded quota: q, requested: requests.memory=2Gi, used: requests.memory=0, \
         limited: requests.memory=1Gi"
    );
    world.create(
        LIMIT_RANGE,
        json!({"metadata": {"name": "l", "namespace": "default"},
               "spec": {"limits": [{"type": "Container", "max": {"memory": "512Mi"},
                                    "defaultRequest": {"memory": "64Mi"}}]}}),
    );
    assert_eq!(
        try_pod("a", "600Mi"),
        "pods \"a\" is forbidden: maximum memory usage per Container is 512Mi, but limit is 600Mi"
    );
    assert_eq!(try_pod("a", ""), r#"{"limits":{"memory":"512Mi"},"requests":{"memory":"64Mi"}}"#);
    assert_eq!(used(), r#"{"count/configmaps":"1","pods":"1","requests.memory":"64Mi"}"#);
    world.create(
        REPLICA_SET,
        json!({"metadata": {"name": "many", "namespace": "default"},
               "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "many"}},
                        "template": {"metadata": {"labels": {"app": "many"}},
                                     "spec": {"containers": [container("tools", &["polite"])]}}}}),
    );
    world.run(5);
    assert_eq!(used(), r#"{"count/configmaps":"1","pods":"2","requests.memory":"128Mi"}"#);
    let events = world.events("many");
    let refused = "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2";
    assert!(events.iter().any(|event| event.contains(refused)), "{events:?}");
    api.delete(POD, "default", "a", &DeleteOptions::default()).expect("it is there");
    world.run(60);
    assert_eq!(used(), r#"{"count/configmaps":"1","pods":"2","requests.memory":"128Mi"}"#);
    assert_eq!(world.get(REPLICA_SET, "many").expect("the set").int_at("/status/replicas"), Some(2));
}
