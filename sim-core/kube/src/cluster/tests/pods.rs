//! What containers do, and what the kubelet does about it.

use super::bed::{World, container};
use crate::api::{CONFIG_MAP, set};
use crate::apiserver::DeleteOptions;
use crate::cluster::*;
use crate::json;
use serde_json::Value;

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
