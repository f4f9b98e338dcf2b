//! Descriptions and formats against what a real kubectl 1.35.2 printed for the same objects (`testdata/`).

use super::writer::Writer;
use super::{endpoint_slice, events, node, pod, service};
use encoding::json;
use kube::json;
use serde_json::Value;
use sim::Timestamp;

fn writer(now: &str) -> Writer {
    Writer::new(Timestamp::parse_rfc3339(now).expect("a time"))
}

fn object(text: &str) -> Value {
    yaml::parse(text).expect("parses")
}

fn check(w: &mut Writer, expected: &str) {
    assert_eq!(w.finish(), expected);
}

const HALF: &str = include_str!("../testdata/pod-half.yaml");
const BADINIT: &str = include_str!("../testdata/pod-badinit.yaml");
const LOOPS: &str = include_str!("../testdata/pod-loops.yaml");

#[test]
fn pods_with_containers_that_wait_and_end() {
    // The YAML of this one was printed a second later, when the container ran once more.
    let mut badinit = object(BADINIT);
    let status = &mut badinit["status"]["initContainerStatuses"][0];
    status["containerID"] =
        json!("containerd://d7ec08ac5de89afff3b269fd6108b675e7e33d29004e41a20b4b14ce6b12e896");
    status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    status["restartCount"] = json!(1);
    let recorded = [
        (object(HALF), include_str!("../testdata/pod-half.txt")),
        (badinit, include_str!("../testdata/pod-badinit.txt")),
        (object(LOOPS), include_str!("../testdata/pod-loops.txt")),
    ];
    for (object, expected) in recorded {
        let w = &mut writer("2026-11-22T20:07:18Z");
        pod::describe(w, &object);
        check(w, expected);
    }
}

#[test]
fn what_is_read_is_written_alike() {
    for text in [
        HALF,
        BADINIT,
        LOOPS,
        include_str!("../testdata/deployment-blue.yaml"),
        include_str!("../testdata/endpointslices-unready.yaml"),
        include_str!("../testdata/node1.yaml"),
    ] {
        assert_eq!(yaml::emit(&object(text)), text);
    }
    let managed = include_str!("../testdata/deployment-managed.yaml");
    assert_eq!(yaml::emit(&object(managed)), managed);
}

#[test]
fn services_show_ready_endpoints_only() {
    let text = include_str!("../testdata/service-red.json");
    let red: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(json::indented(&red, "    ") + "\n", text);
    let slice = json!({"endpoints": [{"addresses": ["10.244.1.5"], "conditions": {"ready": true}}],
        "ports": [{"name": "", "port": 80}]});
    let w = &mut writer("2026-11-22T20:03:20Z");
    service::describe(w, &red, &[slice]);
    events::describe(w, Vec::new());
    check(w, include_str!("../testdata/service-red.txt"));

    let unready = json!({"metadata": {"name": "unready", "namespace": "default", "labels": {"app": "unready"}},
        "spec": {"selector": {"app": "unready"}, "type": "ClusterIP", "ipFamilyPolicy": "SingleStack",
            "ipFamilies": ["IPv4"], "clusterIP": "10.104.212.236", "clusterIPs": ["10.104.212.236"],
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}], "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster"}});
    let slices = object(include_str!("../testdata/endpointslices-unready.yaml"));
    let w = &mut writer("2026-11-22T20:03:20Z");
    service::describe(w, &unready, slices["items"].as_array().expect("a list"));
    events::describe(w, Vec::new());
    check(w, include_str!("../testdata/service-unready.txt"));
}

#[test]
fn more_than_three_endpoints_are_counted() {
    let endpoints: Vec<Value> = (1..=5).map(|n| json!({"addresses": [format!("10.244.0.{n}")]})).collect();
    let slice = json!({"endpoints": endpoints, "ports": [{"name": "", "port": 80}]});
    let w = &mut writer("2026-11-22T20:03:20Z");
    service::describe(
        w,
        &json!({"spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]}}),
        &[slice],
    );
    assert!(w.finish().contains("10.244.0.1:80,10.244.0.2:80,10.244.0.3:80 + 2 more...\n"));
}

#[test]
fn endpoint_slices() {
    let slice = json!({"metadata": {"name": "blue-rznl4", "namespace": "default", "labels": {"app": "blue"}},
        "addressType": "IPv4", "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.244.2.3"], "conditions": {"ready": true}, "nodeName": "node3",
            "targetRef": {"kind": "Pod", "name": "blue-796f87cc56-b5gm4"}}]});
    let w = &mut writer("2026-11-22T20:02:20Z");
    endpoint_slice::describe(w, &slice);
    events::describe(w, Vec::new());
    check(
        w,
        "Name:         blue-rznl4
Namespace:    default
Labels:       app=blue
Annotations:  <none>
AddressType:  IPv4
Ports:
  Name     Port  Protocol
  ----     ----  --------
  <unset>  80    TCP
Endpoints:
  - Addresses:  10.244.2.3
    Conditions:
      Ready:    true
    Hostname:   <unset>
    TargetRef:  Pod/blue-796f87cc56-b5gm4
    NodeName:   node3
    Zone:       <unset>
Events:         <none>
",
    );
}

#[test]
fn events_have_their_field_and_their_count() {
    let w = &mut writer("2026-11-22T20:11:15Z");
    let event = |reason: &str, first: &str, last: &str, count: i64| {
        json!({"type": "Normal", "reason": reason, "source": {"component": "kubelet"}, "count": count,
            "involvedObject": {"fieldPath": "spec.containers{loops}"}, "message": format!("{reason} it"),
            "firstTimestamp": first, "lastTimestamp": last})
    };
    let list = vec![
        event("Pulling", "2026-11-22T20:10:54Z", "2026-11-22T20:11:09Z", 3),
        event("Pulled", "2026-11-22T20:10:55Z", "2026-11-22T20:10:55Z", 1),
    ];
    events::describe(w, list);
    check(
        w,
        "Events:
  Type    Reason   Age               From     Message
  ----    ------   ----              ----     -------
  Normal  Pulled   20s               kubelet  spec.containers{loops}: Pulled it
  Normal  Pulling  6s (x3 over 21s)  kubelet  spec.containers{loops}: Pulling it
",
    );
}

#[test]
fn nodes_sum_up_what_their_pods_ask_for() {
    let resources = json!({"requests": {"cpu": "100m", "memory": "70Mi"}, "limits": {"memory": "170Mi"}});
    let pod = |namespace: &str, name: &str, created: &str, resources: Value| {
        json!({"metadata": {"namespace": namespace, "name": name, "creationTimestamp": created},
            "spec": {"containers": [{"resources": resources}]}})
    };
    let pods = [
        pod("default", "blue-796f87cc56-99mc6", "2026-11-22T20:02:26Z", json!({})),
        pod("kube-system", "coredns-5787d865df-9dcwj", "2026-11-22T20:01:22Z", resources),
        pod("kube-system", "kube-proxy-bdfh5", "2026-11-22T20:01:21Z", json!({})),
    ];
    let lease = json!({"spec": {"holderIdentity": "node1", "renewTime": "2026-11-22T20:02:30.000000Z"}});
    let w = &mut writer("2026-11-22T20:02:35Z");
    node::write(w, &object(include_str!("../testdata/node1.yaml")), &lease, &pods);
    events::describe(w, Vec::new());
    // The object was read a minute after the description was printed.
    check(w, &include_str!("../testdata/node1.txt").replace("20:02:10", "20:03:10"));
}
