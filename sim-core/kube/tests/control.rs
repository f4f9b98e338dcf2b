//! The controllers and the scheduler against the real API server, with a hollow kubelet: pods that are bound run at
//! once, pods that are deleted go at once.

use kube::api::{
    DEPLOYMENT, ENDPOINT_SLICE, ENDPOINTS, EVENT, NAMESPACE, NODE, ObjectExt, POD, REPLICA_SET, SERVICE,
};
use kube::apiserver::ApiServer;
use kube::client::{Client, DeleteOptions, InformerFactory, ListOptions, Patch, Propagation};
use kube::{controllers, scheduler};
use serde_json::json;
use sim::Sim;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

struct World {
    sim: Sim,
    client: Client,
}

impl World {
    fn new(nodes: usize) -> World {
        let sim = Sim::new(7);
        let api = ApiServer::new(&sim);
        controllers::start(&sim, &api);
        scheduler::start(&sim, &api);
        let world = World { sim: sim.clone(), client: Client::new(&api, "system:admin") };
        world.start_kubelet(&api);
        for number in 1..=nodes {
            let node = json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": format!("node{number}"), "labels": {"kubernetes.io/hostname": format!("node{number}")}},
                "status": {
                    "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
                    "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-01-05T08:00:00Z"}],
                },
            });
            world.run(async move |client| {
                let made = client.create(NODE, "", node.clone()).await.expect("a node is accepted");
                let mut with_status = (*made).clone();
                with_status["status"] = node["status"].clone();
                client.update_status(NODE, with_status).await.expect("a status is accepted");
            });
        }
        world
    }

    fn start_kubelet(&self, api: &ApiServer) {
        let client = Client::new(api, "system:node:hollow");
        let pods = InformerFactory::new(&client).informer(POD);
        let (beats, beat) = (self.sim.clone(), client.clone());
        self.sim.spawn(async move {
            loop {
                for node in beat.list(NODE, "", &ListOptions::default()).await.expect("lists").items {
                    let mut updated = (*node).clone();
                    updated["status"]["conditions"][0]["lastHeartbeatTime"] =
                        beats.now().timestamp().rfc3339().into();
                    drop(beat.update_status(NODE, updated).await);
                }
                beats.sleep(Duration::from_secs(10)).await;
            }
        });
        let (sim, next) = (self.sim.clone(), Rc::new(RefCell::new(2)));
        pods.on_change(move |_, new| {
            let Some(pod) = new.cloned() else { return };
            let (client, next) = (client.clone(), next.clone());
            if pod.is_terminating() {
                let gone = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
                sim.spawn(async move { drop(client.delete(POD, pod.namespace(), pod.name(), gone).await) });
            } else if !pod.str_at("/spec/nodeName").is_empty() && pod.str_at("/status/podIP").is_empty() {
                let now = sim.now().timestamp().rfc3339();
                sim.spawn(async move {
                    let number = next.replace_with(|number| *number + 1);
                    let mut running = (*pod).clone();
                    running["status"] = json!({
                        "phase": "Running", "podIP": format!("10.244.0.{number}"),
                        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
                    });
                    drop(client.update_status(POD, running).await);
                });
            }
        });
    }

    /// Does something as the administrator, then lets a minute pass.
    fn run<T: 'static, F: Future<Output = T>>(&self, act: impl FnOnce(Client) -> F + 'static) -> T {
        let result = Rc::new(RefCell::new(None));
        let (slot, client) = (result.clone(), self.client.clone());
        self.sim.spawn(async move {
            let value = act(client).await;
            *slot.borrow_mut() = Some(value);
        });
        let progress = self.sim.advance(self.sim.now() + Duration::from_secs(60), 1_000_000);
        assert!(progress.done, "the cluster comes to rest");
        result.borrow_mut().take().expect("the administrator is done within a minute")
    }

    fn list(&self, resource: kube::api::Resource, namespace: &'static str) -> Vec<kube::api::Object> {
        self.run(async move |client| {
            client.list(resource, namespace, &ListOptions::default()).await.expect("lists").items
        })
    }

    fn deploy(&self, name: &'static str, image: &'static str, replicas: usize) {
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {"app": name}},
            "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "main", "image": image}]},
                },
            },
        });
        self.run(async move |client| {
            client.create(DEPLOYMENT, "default", deployment).await.expect("is accepted")
        });
    }

    fn deployment(&self) -> kube::api::Object {
        self.list(DEPLOYMENT, "default").remove(0)
    }
}

#[test]
fn a_deployment_becomes_available_and_its_pods_are_spread() {
    let world = World::new(3);
    world.deploy("blue", "jpetazzo/color", 6);
    let deployment = world.deployment();
    assert_eq!(deployment.int_at("/status/availableReplicas"), Some(6));
    let conditions: Vec<&str> =
        deployment.list_at("/status/conditions").iter().map(|c| c.str_at("/reason")).collect();
    assert_eq!(conditions, ["MinimumReplicasAvailable", "NewReplicaSetAvailable"]);
    let mut per_node: BTreeMap<String, usize> = BTreeMap::new();
    for pod in world.list(POD, "default") {
        *per_node.entry(pod.str_at("/spec/nodeName").to_string()).or_default() += 1;
        assert!(pod.name().starts_with(world.list(REPLICA_SET, "default")[0].name()));
    }
    assert_eq!(per_node.into_values().collect::<Vec<_>>(), [2, 2, 2]);
    let messages: Vec<String> =
        world.list(EVENT, "default").iter().map(|event| event.str_at("/message").to_string()).collect();
    let set = world.list(REPLICA_SET, "default")[0].name().to_string();
    assert!(messages.contains(&format!("Scaled up replica set {set} from 0 to 6")), "{messages:?}");
    assert_eq!(messages.iter().filter(|m| m.starts_with("Created pod: ")).count(), 6);
    assert_eq!(messages.iter().filter(|m| m.starts_with("Successfully assigned default/")).count(), 6);
}

/// How much is written, and how much happens, until a deployment of so many is available and at rest.
fn work(replicas: usize) -> (u64, u64) {
    let world = World::new(3);
    let count = || (world.client.server().resource_version(), world.sim.trace().steps);
    let before = count();
    world.deploy("blue", "jpetazzo/color", replicas);
    assert_eq!(world.deployment().int_at("/status/availableReplicas"), i64::try_from(replicas).ok());
    let after = count();
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn work_grows_with_the_pods_and_no_faster() {
    let (few, many) = (work(40), work(160));
    assert!(many.0 < 4 * few.0, "writes: {} for 40 pods, {} for 160", few.0, many.0);
    assert!(many.1 < 4 * few.1, "steps: {} for 40 pods, {} for 160", few.1, many.1);
    // Created, bound, running, an event each of the scheduler, a few for the whole set.
    assert!(many.0 < 6 * 160, "writes: {} for 160 pods", many.0);
}

#[test]
fn a_new_image_rolls_out_without_falling_below_what_must_be_available() {
    let world = World::new(3);
    world.deploy("blue", "one", 4);
    world.run(async |client| {
        let patch =
            json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "two"}]}}}});
        client.patch(DEPLOYMENT, "default", "blue", Patch::Strategic(patch)).await.expect("is accepted");
    });
    let pods = world.list(POD, "default");
    assert_eq!(pods.len(), 4);
    assert!(pods.iter().all(|pod| pod.str_at("/spec/containers/0/image") == "two"));
    let sizes: Vec<(i64, String)> = world
        .list(REPLICA_SET, "default")
        .iter()
        .map(|set| {
            let revision = set.annotation("deployment.kubernetes.io/revision").unwrap_or("").to_string();
            (set.int_at("/spec/replicas").unwrap_or(-1), revision)
        })
        .collect();
    assert!(sizes.contains(&(0, "1".into())) && sizes.contains(&(4, "2".into())), "{sizes:?}");
}

#[test]
fn scaling_down_deletes_the_surplus_and_deleting_takes_everything_along() {
    let world = World::new(2);
    world.deploy("blue", "one", 5);
    world.run(async |client| {
        let patch = json!({"spec": {"replicas": 2}});
        client.patch(DEPLOYMENT, "default", "blue", Patch::Merge(patch)).await.expect("is accepted");
    });
    assert_eq!(world.list(POD, "default").len(), 2);
    world.run(async |client| {
        client.delete(DEPLOYMENT, "default", "blue", DeleteOptions::default()).await.expect("is accepted");
    });
    assert!(world.list(REPLICA_SET, "default").is_empty());
    assert!(world.list(POD, "default").is_empty());
}

#[test]
fn an_orphaned_replica_set_keeps_its_pods() {
    let world = World::new(1);
    world.deploy("blue", "one", 2);
    world.run(async |client| {
        let options =
            DeleteOptions { propagation_policy: Some(Propagation::Orphan), ..DeleteOptions::default() };
        client.delete(DEPLOYMENT, "default", "blue", options).await.expect("is accepted");
    });
    let sets = world.list(REPLICA_SET, "default");
    assert_eq!(sets.len(), 1);
    assert!(sets[0].owner_references().is_empty());
    assert_eq!(world.list(POD, "default").len(), 2);
}

#[test]
fn a_deleted_pod_is_replaced_and_the_service_follows() {
    let world = World::new(2);
    world.deploy("blue", "one", 2);
    world.run(async |client| {
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "blue", "labels": {"app": "blue"}},
            "spec": {"selector": {"app": "blue"}, "ports": [{"port": 80}]},
        });
        client.create(SERVICE, "default", service).await.expect("is accepted");
    });
    let addresses = |world: &World| -> Vec<String> {
        let slices = world.list(ENDPOINT_SLICE, "default");
        let slice = slices.iter().find(|slice| slice.name().starts_with("blue-")).expect("there is a slice");
        let mut addresses: Vec<String> =
            slice.list_at("/endpoints").iter().map(|e| e.str_at("/addresses/0").to_string()).collect();
        addresses.sort();
        let endpoints = world.list(ENDPOINTS, "default");
        let endpoints = endpoints.iter().find(|e| e.name() == "blue").expect("there are endpoints");
        let mut listed: Vec<String> =
            endpoints.list_at("/subsets/0/addresses").iter().map(|a| a.str_at("/ip").to_string()).collect();
        listed.sort();
        assert_eq!(addresses, listed);
        addresses
    };
    assert_eq!(addresses(&world), ["10.244.0.2", "10.244.0.3"]);
    let victim = world.list(POD, "default").remove(0);
    let gone = victim.str_at("/status/podIP").to_string();
    world.run(async move |client| {
        client.delete(POD, "default", victim.name(), DeleteOptions::default()).await.expect("is accepted");
    });
    let after = addresses(&world);
    assert_eq!(after.len(), 2);
    assert!(!after.contains(&gone) && after.contains(&"10.244.0.4".to_string()), "{after:?}");
}

#[test]
fn a_namespace_goes_with_all_that_is_in_it() {
    let world = World::new(1);
    world.run(async |client| {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        client.create(NAMESPACE, "", namespace).await.expect("is accepted");
    });
    assert_eq!(world.list(kube::api::SERVICE_ACCOUNT, "shop").len(), 1);
    assert_eq!(world.list(kube::api::CONFIG_MAP, "shop")[0].name(), "kube-root-ca.crt");
    world.run(async |client| {
        client.delete(NAMESPACE, "", "shop", DeleteOptions::default()).await.expect("is accepted");
    });
    assert!(world.list(NAMESPACE, "").iter().all(|namespace| namespace.name() != "shop"));
}

#[test]
fn a_pod_that_fits_nowhere_waits_and_says_why() {
    let world = World::new(2);
    world.run(async |client| {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "big"},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "64"}}}]},
        });
        client.create(POD, "default", pod).await.expect("is accepted");
    });
    let pod = world.list(POD, "default").remove(0);
    let condition = kube::api::condition(&pod, "PodScheduled").expect("there is a condition").clone();
    assert_eq!(condition.str_at("/reason"), "Unschedulable");
    assert_eq!(
        condition.str_at("/message"),
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: \
         2 Preemption is not helpful for scheduling."
    );
}

#[test]
fn equal_seeds_give_equal_histories() {
    let trace = || {
        let world = World::new(3);
        world.deploy("blue", "one", 7);
        let names: Vec<String> =
            world.list(POD, "default").iter().map(|pod| pod.name().to_string()).collect();
        (names, world.sim.trace())
    };
    assert_eq!(trace(), trace());
}
