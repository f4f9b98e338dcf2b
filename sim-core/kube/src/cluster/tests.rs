//! Whole clusters: what a learner would see happen, down to the packets.

mod bed;

use super::*;
use crate::api::{CONFIG_MAP, DEPLOYMENT, NODE, SERVICE, set};
use crate::apiserver::{DeleteOptions, WriteOptions};
use bed::{World, container};
use serde_json::{Value, json};

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
fn a_container_that_crashes_is_started_again_with_growing_pauses() {
    let world = World::new(false);
    world.pod("crash", json!({"containers": [container("tools", &["exit", "3"])]}));
    world.run(6);
    // It ends faster than the node looks, so that one look queues up behind the other.
    let waits = "Running waiting CrashLoopBackOff ready=false restarts=1";
    assert_eq!(world.state("crash"), waits, "{}", world.pods());
    world.run(14);
    // From now on the node sleeps until the pause is over.
    assert_eq!(world.state("crash"), "Running terminated Error ready=false restarts=2", "{}", world.pods());
    world.run(34);
    let pod = world.get(POD, "crash").expect("the pod");
    assert_eq!(pod.int_at("/status/containerStatuses/0/lastState/terminated/exitCode"), Some(3));
    assert_eq!(
        pod.int_at("/status/containerStatuses/0/restartCount"),
        Some(3),
        "{:#?}",
        world.events("crash")
    );
    let events = world.events("crash");
    let has = |text: &str| events.iter().any(|event| event.contains(text));
    assert!(
        has("BackOff") && has("Back-off restarting failed container c in pod crash_default("),
        "{events:#?}"
    );
    assert!(has("Container created") && has("Container started"), "{events:#?}");
    assert!(has("Image size: 20000000 bytes."), "{events:#?}");
}

#[test]
fn an_image_that_is_not_there_is_asked_for_again_and_again() {
    let world = World::new(false);
    world.pod("bad", json!({"containers": [container("nosuch", &[])]}));
    world.run(3);
    assert_eq!(world.state("bad"), "Pending waiting ErrImagePull ready=false restarts=0");
    world.run(20);
    assert_eq!(world.state("bad"), "Pending waiting ImagePullBackOff ready=false restarts=0");
    let events = world.events("bad");
    assert!(
        events.iter().any(|e| e.contains("Failed to pull image \"nosuch\": failed to pull and unpack image"))
    );
    assert!(events.iter().any(|e| e.contains("Error: ImagePullBackOff")), "{events:#?}");
    world.pod("upper", json!({"containers": [container("NGINX", &[])]}));
    world.pod("path", json!({"containers": [container("tools", &["/no/such/file"])]}));
    world.pod(
        "noconfig",
        json!({"containers": [{"name": "c", "image": "web",
        "envFrom": [{"configMapRef": {"name": "settings"}}]}]}),
    );
    world.run(3);
    assert_eq!(world.state("upper"), "Pending waiting InvalidImageName ready=false restarts=0");
    assert_eq!(world.state("noconfig"), "Pending waiting CreateContainerConfigError ready=false restarts=0");
    world.run(2);
    assert!(world.events("path").iter().any(|e| e.starts_with("Failed x2 Error: failed to create")));
    assert_eq!(world.state("path"), "Running waiting CrashLoopBackOff ready=false restarts=1");
    world.run(16);
    assert_eq!(world.state("path"), "Running waiting RunContainerError ready=false restarts=2");
}

#[test]
fn pods_stop_as_they_like_within_their_grace() {
    let world = World::new(false);
    world.pod("polite", json!({"containers": [container("tools", &["polite"])]}));
    world.pod(
        "stubborn",
        json!({"terminationGracePeriodSeconds": 5, "containers": [container("tools", &["stubborn"])]}),
    );
    world.run(5);
    let address = |name: &str| world.get(POD, name).expect("the pod").str_at("/status/podIP").to_string();
    assert!(!address("polite").is_empty());
    for name in ["polite", "stubborn"] {
        world.cluster.api.delete(POD, "default", name, &DeleteOptions::default()).expect("deleted");
    }
    world.run(3);
    assert!(world.get(POD, "polite").is_none(), "{}", world.pods());
    assert!(world.get(POD, "stubborn").is_some());
    world.run(5);
    assert!(world.get(POD, "stubborn").is_none(), "{}", world.pods());
    assert!(world.events("stubborn").iter().any(|e| e == "Killing x1 Stopping container c"));
}

#[test]
fn probes_decide_who_is_ready_and_who_is_killed() {
    let world = World::new(false);
    let with = |field: &str, probe: Value| {
        let mut container = container("web", &[]);
        container[field] = probe;
        json!({"containers": [container]})
    };
    let get = |path: &str| json!({"httpGet": {"path": path, "port": 80}, "periodSeconds": 1, "failureThreshold": 2});
    world.pod("fine", with("readinessProbe", get("/")));
    world.pod("unready", with("readinessProbe", get("/nonexistent")));
    let mut liveness = with("livenessProbe", get("/broken"));
    liveness["terminationGracePeriodSeconds"] = json!(1);
    world.pod("unlive", liveness);
    world.pod("dialed", with("readinessProbe", json!({"tcpSocket": {"port": 81}})));
    world.pod("asked", with("readinessProbe", json!({"exec": {"command": ["exit", "0"]}})));
    world.run(8);
    assert_eq!(world.state("fine"), "Running running  ready=true restarts=0");
    assert_eq!(world.state("asked"), "Running running  ready=true restarts=0");
    assert_eq!(world.state("unready"), "Running running  ready=false restarts=0");
    let events = world.events("unready");
    assert!(
        events.iter().any(|e| e.contains("Readiness probe failed: HTTP probe failed with statuscode: 404"))
    );
    let dialed = world.events("dialed");
    assert!(dialed.iter().any(|e| e.contains(":81: connect: connection refused")), "{dialed:#?}");
    let killed = world.events("unlive");
    assert!(
        killed.iter().any(|e| e.contains("Container c failed liveness probe, will be restarted")),
        "{killed:#?}"
    );
    world.run(4);
    // The first restarts come at once, for there is no earlier end that back-off would count from.
    assert_eq!(world.state("unlive"), "Running waiting CrashLoopBackOff ready=false restarts=2");
}

#[test]
fn init_containers_run_first_and_finished_pods_stay() {
    let world = World::new(false);
    let mut spec = json!({"restartPolicy": "Never", "containers": [container("tools", &["exit", "0"])],
                          "initContainers": [container("tools", &["exit", "0"])]});
    set(&mut spec, "/initContainers/0/name", json!("first"));
    world.pod("job", spec.clone());
    set(&mut spec, "/initContainers/0/command", json!(["exit", "4"]));
    world.pod("failed", spec);
    world.run(8);
    assert_eq!(world.state("job"), "Succeeded terminated Completed ready=false restarts=0");
    assert_eq!(world.state("failed"), "Failed waiting PodInitializing ready=false restarts=0");
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
fn logs_and_commands_go_through_the_api_server_to_the_kubelet() {
    let world = World::new(false);
    world.pod("web", json!({"containers": [container("web", &[])]}));
    world.pod("crash", json!({"containers": [container("tools", &["exit", "3"])]}));
    let laptop = &world.cluster.laptop;
    let call = |argv: &[&str]| world.command(laptop, laptop.namespaces(), argv);
    let log = |pod: &str, query: &str| {
        call(&["api", "GET", &format!("/api/v1/namespaces/default/pods/{pod}/log?{query}")])
    };
    world.sim.advance(world.sim.now() + Duration::from_millis(300), u64::MAX);
    let early = log("web", "container=c");
    assert!(
        early.contains("container \\\"c\\\" in pod \\\"web\\\" is waiting to start: ContainerCreating"),
        "{early}"
    );
    assert_eq!(log("web", ""), "200\nlistening\n");
    let with_time = log("web", "timestamps=true&tailLines=1");
    assert!(
        with_time.starts_with("200\n2026-01-05T08:00:") && with_time.ends_with("Z listening\n"),
        "{with_time}"
    );
    assert_eq!(log("crash", "previous=true"), "200\nabout to end\n");
    let none = log("web", "previous=true");
    assert!(none.contains("previous terminated container \\\"c\\\" in pod \\\"web\\\" not found"), "{none}");
    assert!(log("web", "container=nosuch").starts_with("400\n"));

    let exec = |query: &str, input: &[&str]| {
        let target = format!("/api/v1/namespaces/default/pods/web/exec?container=c&{query}");
        call(&[&["stream", &target], input].concat())
    };
    let success = "3: {\"metadata\":{},\"status\":\"Success\"}\n";
    assert_eq!(exec("command=exit&command=0&stdout=true", &[]), format!("1: about to end\n{success}"));
    let failed = exec("command=cat&stdin=true&stdout=true", &["hello"]);
    assert!(
        failed.starts_with("1: hello\n3: ") && failed.contains("command terminated with exit code 5"),
        "{failed}"
    );
    let missing = exec("command=bash&stdout=true", &[]);
    assert!(missing.contains("exec: \\\"bash\\\": executable file not found in $PATH"), "{missing}");
    let terminal = exec("command=cat&stdin=true&stdout=true&tty=true", &["hello\r\u{4}"]);
    assert!(terminal.contains("hello") && terminal.contains("exit code 5"), "{terminal}");

    let port = |number: u16| {
        let target = format!("/api/v1/namespaces/default/pods/web/portforward?ports={number}");
        call(&["stream", &target, "GET / HTTP/1.0\r\n\r\n"])
    };
    let forwarded = port(80);
    assert!(forwarded.contains("web sees 127.0.0.1"), "{forwarded}");
    assert!(port(81).contains("connect: connection refused IPv6"), "{}", port(81));
}

#[test]
fn whoever_attaches_talks_to_the_container() {
    let world = World::new(false);
    let mut talker = container("tools", &["cat"]);
    talker["stdin"] = json!(true);
    talker["stdinOnce"] = json!(true);
    world.pod("talker", json!({"restartPolicy": "Never", "containers": [talker]}));
    world.run(5);
    let laptop = &world.cluster.laptop;
    let target = "/api/v1/namespaces/default/pods/talker/attach?container=c&stdin=true&stdout=true";
    let said = world.command(laptop, laptop.namespaces(), &["stream", target, "hello\n"]);
    assert!(said.starts_with("1: hello\n3: "), "{said}");
    assert_eq!(world.state("talker"), "Failed terminated Error ready=false restarts=0");
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

#[test]
fn containers_find_their_surroundings() {
    let world = World::new(false);
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default"},
                     "data": {"COLOR": "blue"}});
    world.create(CONFIG_MAP, map);
    let mut one = container("tools", &["polite"]);
    one["envFrom"] = json!([{"configMapRef": {"name": "settings"}}]);
    one["env"] = json!([
        {"name": "WHO", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "GREETING", "value": "$(WHO) is $(COLOR)"},
    ]);
    one["volumeMounts"] = json!([{"name": "shared", "mountPath": "/shared"}, {"name": "settings", "mountPath": "/etc/settings"}]);
    let mut two = container("tools", &["polite"]);
    two["name"] = json!("two");
    two["volumeMounts"] = json!([{"name": "shared", "mountPath": "/data"}]);
    world.pod(
        "here",
        json!({"containers": [one, two], "volumes": [
            {"name": "shared", "emptyDir": {}}, {"name": "settings", "configMap": {"name": "settings"}}]}),
    );
    world.run(5);
    let pod = world.get(POD, "here").expect("the pod");
    let node = world.cluster.nodes.iter().find(|n| n.name == pod.str_at("/spec/nodeName")).expect("its node");
    let worker = node.kubelet.worker_named("default", "here").expect("its worker");
    let (one, two) = (worker.running("c").expect("it runs"), worker.running("two").expect("it runs"));
    two.namespaces.root.put("/data/file", "hello", 0o644).expect("written");
    assert_eq!(one.namespaces.root.read("/shared/file").expect("shared"), b"hello");
    let value = |name: &str| one.env.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
    assert_eq!(value("GREETING"), "here is blue");
    assert_eq!(value("HOSTNAME"), "here");
    assert_eq!(value("KUBERNETES_SERVICE_HOST"), "10.96.0.1");
    assert_eq!(value("KUBERNETES_PORT"), "tcp://10.96.0.1:443");
    let account = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
    let shown =
        world.in_pod("here", &["show", "/etc/resolv.conf", "/etc/hostname", "/etc/settings/COLOR", account]);
    let expected = "== /etc/resolv.conf\nsearch default.svc.cluster.local svc.cluster.local cluster.local\n\
                    nameserver 10.96.0.10\noptions ndots:5\n\n== /etc/hostname\nhere\n\n\
                    == /etc/settings/COLOR\nblue\n";
    assert!(shown.contains(expected) && shown.contains("serviceaccount/namespace\ndefault\n"), "{shown}");
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
