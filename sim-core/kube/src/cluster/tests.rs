//! Whole clusters: what a learner would see happen, down to the packets.

mod bed;
mod network;
mod pods;
mod storage;

use super::*;
use crate::api::{CONFIG_MAP, NODE};
use crate::apiserver::{DeleteOptions, WriteOptions};
use crate::json;
use bed::{World, container};

#[test]
fn a_fresh_cluster_has_what_kubeadm_leaves() {
    let world = World::new(false);
    let names: Vec<String> = world
        .cluster
        .api
        .snapshot(POD)
        .iter()
        .map(|pod| pod.name().trim_end_matches(|c| c != '-').trim_end_matches('-').to_string())
        .collect();
    assert!(names.iter().filter(|n| *n == "kube-proxy").count() == 3, "{names:?}");
    assert_eq!(names.len(), 9, "{names:?}");
    for node in world.cluster.api.snapshot(NODE) {
        assert_eq!(condition(&node, "Ready").map(|c| c.str_at("/status")), Some("True"));
    }
    assert!(world.cluster.api.get(CONFIG_MAP, "default", "kube-root-ca.crt").is_ok());
    let seconds = world.sim.now().as_nanos() / 1_000_000_000;
    assert!((1..120).contains(&seconds), "it took {seconds} s");
}

#[test]
fn a_watch_over_the_wire_tells_what_happens() {
    let world = World::new(false);
    let laptop = world.cluster.laptop.clone();
    let sim = world.sim.clone();
    let (api, at) = (world.cluster.api.clone(), world.sim.now());
    sim.schedule(at + Duration::from_secs(2), move || {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": "default"}});
        assert!(api.create(CONFIG_MAP, "default", map, &WriteOptions::default()).is_ok());
    });
    let target = "/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=5";
    let seen = world.command(&laptop, laptop.namespaces(), &["api", "GET", target]);
    assert!(seen.starts_with("200\n") && seen.contains("\"ADDED\"") && seen.contains("\"new\""), "{seen}");
}

#[test]
fn a_static_pod_cannot_be_deleted_and_a_kube_proxy_comes_back() {
    let world = World::new(false);
    let names =
        || -> Vec<String> { world.cluster.api.snapshot(POD).iter().map(|p| p.name().to_string()).collect() };
    let uid = |name: &str| world.cluster.api.get(POD, "kube-system", name).map(|p| p.uid().to_string()).ok();
    let before = uid("etcd-node1");
    let proxy = names().into_iter().find(|n| n.starts_with("kube-proxy")).expect("a kube-proxy");
    for name in ["etcd-node1", &proxy] {
        world.cluster.api.delete(POD, "kube-system", name, &DeleteOptions::default()).expect("deleted");
    }
    world.run(10);
    assert!(uid("etcd-node1").is_some() && uid("etcd-node1") != before, "{}", world.pods());
    assert!(!names().contains(&proxy) && names().len() == 9, "{:?}", names());
}

#[test]
fn equal_seeds_make_equal_clusters() {
    let run = || {
        let world = World::new(false);
        world.pod("web", json!({"containers": [container("web", &[])]}));
        world.run(30);
        world.sim.trace()
    };
    assert_eq!(run(), run());
}
