//! Names, addresses, and who may talk to whom.

use super::bed::{World, container};
use crate::api::{DEPLOYMENT, SERVICE};
use crate::apiserver::DeleteOptions;
use crate::cluster::*;
use crate::json;
use serde_json::Value;

#[test]
fn a_service_leads_to_its_pods_from_pods_and_nodes() {
    let world = World::new(false);
    world.create(
        DEPLOYMENT,
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "blue", "namespace": "default"},
               "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "blue"}},
                        "template": {"metadata": {"labels": {"app": "blue"}},
                                     "spec": {"containers": [container("web", &[])]}}}}),
    );
    let service = world.create(
        SERVICE,
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "blue", "namespace": "default"},
               "spec": {"type": "NodePort", "selector": {"app": "blue"}, "ports": [{"port": 80}]}}),
    );
    world.pod("client", json!({"containers": [container("tools", &["polite"])]}));
    world.run(10);
    assert_eq!(world.state("client"), "Running running  ready=true restarts=0", "{}", world.pods());
    let ip = service.str_at("/spec/clusterIP").to_string();
    let from_node = world.on_node(0, &["fetch", &ip, "80"]);
    assert!(from_node.starts_with("blue-"), "{from_node}");
    let from_pod = world.in_pod("client", &["fetch", "blue", "80"]);
    let own = world.get(POD, "client").expect("the pod").str_at("/status/podIP").to_string();
    assert!(from_pod.starts_with("blue-") && from_pod.ends_with(&format!("sees {own}\n")), "{from_pod}");
    let node_port = service.int_at("/spec/ports/0/nodePort").expect("a node port").to_string();
    let laptop = &world.cluster.laptop;
    let outside = |argv: &[&str]| world.command(laptop, laptop.namespaces(), argv);
    assert!(outside(&["fetch", "node2", &node_port]).starts_with("blue-"));
    assert_eq!(outside(&["fetch", &ip, "80"]), "timed out\n");
    assert_eq!(outside(&["fetch", "blue", "80"]), "unknown\n");
    assert_eq!(world.on_node(0, &["fetch", "blue", "80"]), "unknown\n");
    assert!(outside(&["fetch", "example.com", "80"]).contains("Example Domain"));
    assert!(world.in_pod("client", &["fetch", "example.com", "80"]).contains("Example Domain"));
    // The API server is reached by its Service as well.
    assert!(world.in_pod("client", &["fetch", "kubernetes", "443"]).contains("forbidden"));
}

#[test]
fn a_cloud_gives_addresses_to_load_balancers() {
    let world = World::new(true);
    world.pod("web", json!({"containers": [container("web", &[])]}));
    world.create(
        SERVICE,
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "lb", "namespace": "default"},
               "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}}),
    );
    world.run(30);
    let ip = world.get(SERVICE, "lb").expect("the service");
    assert_eq!(ip.str_at("/status/loadBalancer/ingress/0/ip"), "203.0.113.101");
    let laptop = &world.cluster.laptop;
    let answer = world.command(laptop, laptop.namespaces(), &["fetch", "203.0.113.101", "80"]);
    assert!(answer.starts_with("web sees"), "{answer}");
}

#[test]
fn names_are_answered_by_coredns_over_the_wire() {
    let world = World::new(false);
    world.pod("web", json!({"hostname": "first", "subdomain": "db", "containers": [container("web", &[])]}));
    world.create(
        SERVICE,
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "default"},
               "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80, "name": "http"}]}}),
    );
    world.run(6);
    let ip = world.get(POD, "web").expect("the pod").str_at("/status/podIP").to_string();
    let dig = |kind: &str, name: &str| world.in_pod("web", &["dig", kind, name]);
    let a = dig("A", "first.db.default.svc.cluster.local");
    assert_eq!(a, format!("NOERROR aa=true ra=false\nfirst.db.default.svc.cluster.local. 30 A({ip})\n"));
    let srv = dig("SRV", "_http._tcp.db.default.svc.cluster.local");
    assert!(srv.contains("weight: 100, port: 80, target: \"first.db.default.svc.cluster.local.\""), "{srv}");
    let back = dig("PTR", "1.0.96.10.in-addr.arpa");
    assert!(back.contains("Ptr(\"kubernetes.default.svc.cluster.local.\")"), "{back}");
    let nobody = dig("A", "nosuch.default.svc.cluster.local");
    assert!(nobody.starts_with("NXDOMAIN aa=true ra=false\ncluster.local. 30 Soa"), "{nobody}");
    let foreign = dig("A", "example.com");
    assert!(foreign.starts_with("NOERROR aa=true ra=true\nexample.com. 30 A(203.0.113.80)"), "{foreign}");
    // Two pods answer, each from its own cache.
    let later: Vec<String> = (0..6).map(|_| dig("A", "example.com")).collect();
    assert!(later.iter().any(|reply| !reply.contains(" 30 A(")), "some come from a cache: {later:?}");
}

#[test]
fn kube_proxy_mends_flushed_rules_and_forced_deletion_leaves_nothing() {
    let world = World::new(false);
    let node = &world.cluster.nodes[0].host;
    let netns = node.namespaces().netns;
    let nat = || node.net().iptables_save(netns, linux::net::Table::Nat);
    assert!(nat().contains("KUBE-SVC-TCOU7JCQXEZGVUNU"));
    node.net().iptables_restore(netns, "*nat\nCOMMIT\n", false).expect("flushed");
    assert!(!nat().contains("KUBE-SVC-TCOU7JCQXEZGVUNU"));
    world.run(62);
    assert!(nat().contains("KUBE-SVC-TCOU7JCQXEZGVUNU") && nat().contains("-A PREROUTING"), "{}", nat());
    // A chain that is missing when others are to be changed does not stop it for long.
    node.net()
        .iptables_restore(netns, "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\nCOMMIT\n", false)
        .expect("flushed");
    world.create(
        SERVICE,
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"},
               "spec": {"clusterIP": "10.96.77.77", "ports": [{"port": 80}]}}),
    );
    world.run(10);
    let filter = node.net().iptables_save(netns, linux::net::Table::Filter);
    assert!(filter.contains("10.96.77.77/32") && filter.contains("default/s has no endpoints"), "{filter}");
    world.pod("stubborn", json!({"containers": [container("tools", &["stubborn"])]}));
    world.run(5);
    let on = world.get(POD, "stubborn").expect("the pod").str_at("/spec/nodeName").to_string();
    let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    world.cluster.api.delete(POD, "default", "stubborn", &options).expect("deleted");
    assert!(world.get(POD, "stubborn").is_none());
    world.run(5);
    let node = world.cluster.nodes.iter().find(|n| n.name == on).expect("its node");
    assert!(node.kubelet.worker_named("default", "stubborn").is_none());
}

#[test]
fn a_network_policy_cuts_connections_and_lets_them_through() {
    use crate::api::NETWORK_POLICY;
    let world = World::new(false);
    let rules = || {
        let nodes = world.cluster.nodes.iter();
        let save = |node: &Node| {
            let netns = node.host.namespaces().netns;
            node.host.net().iptables_save(netns, linux::net::Table::Filter)
        };
        // Without the lines that say when.
        let text = nodes.map(save).collect::<String>();
        text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
    };
    world.pod("web", json!({"nodeName": "node2", "containers": [container("web", &[])]}));
    for (name, node) in [("near", "node2"), ("far", "node3")] {
        world.pod(name, json!({"nodeName": node, "containers": [container("tools", &["polite"])]}));
    }
    world.run(10);
    let ip = world.get(POD, "web").expect("the pod").str_at("/status/podIP").to_string();
    let fetch = |pod: &str| world.in_pod(pod, &["fetch", &ip, "80"]);
    assert!(fetch("near").starts_with("web sees") && fetch("far").starts_with("web sees"));
    let before = rules();
    assert!(!before.contains("KUBE-ROUTER"));
    let policy = |name: &str, spec: Value| {
        world.create(
            NETWORK_POLICY,
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                   "metadata": {"name": name, "namespace": "default"}, "spec": spec}),
        );
        world.run(2);
    };
    policy("deny-all", json!({"podSelector": {"matchLabels": {"app": "web"}}}));
    assert_eq!(
        (fetch("near").as_str(), fetch("far").as_str()),
        ("Connection refused\n", "Connection refused\n")
    );
    // What comes from the pod's own node always gets through, what comes from another does not.
    assert!(world.on_node(1, &["fetch", &ip, "80"]).starts_with("web sees"));
    assert_eq!(world.on_node(0, &["fetch", &ip, "80"]), "Connection refused\n");
    policy(
        "far",
        json!({"podSelector": {"matchLabels": {"app": "web"}},
               "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "far"}}}],
                            "ports": [{"port": 80}]}]}),
    );
    assert_eq!(fetch("near"), "Connection refused\n");
    assert!(fetch("far").starts_with("web sees"));
    // A pod that may go nowhere does not even get an answer to a name.
    policy("stay", json!({"podSelector": {"matchLabels": {"app": "far"}}, "policyTypes": ["Egress"]}));
    assert_eq!(fetch("far"), "Connection refused\n");
    assert_eq!(world.in_pod("far", &["fetch", "example.com", "80"]), "unknown\n");
    policy(
        "names",
        json!({"podSelector": {"matchLabels": {"app": "far"}}, "policyTypes": ["Egress"],
               "egress": [{"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                           "ports": [{"port": 53, "protocol": "UDP"}]},
                          {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"]}}]}]}),
    );
    assert!(world.in_pod("far", &["fetch", "example.com", "80"]).contains("Example Domain"));
    assert_eq!(fetch("far"), "Connection refused\n");
    for name in ["deny-all", "far", "stay", "names"] {
        world
            .cluster
            .api
            .delete(NETWORK_POLICY, "default", name, &DeleteOptions::default())
            .expect("it was there");
    }
    world.run(2);
    assert_eq!(rules(), before);
    assert!(fetch("near").starts_with("web sees") && fetch("far").starts_with("web sees"));
}
