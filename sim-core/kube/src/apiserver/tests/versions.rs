//! One stored object in two versions, addresses that are objects, and kinds that nobody stores.

use super::*;

const AUTOSCALERS: &str = "namespaces/default/horizontalpodautoscalers";
const ADDRESSES: &str = "/apis/networking.k8s.io/v1/ipaddresses";

#[test]
fn an_autoscaler_is_the_same_object_in_both_versions() {
    let w = world();
    let (old, new) =
        (format!("/apis/autoscaling/v1/{AUTOSCALERS}"), format!("/apis/autoscaling/v2/{AUTOSCALERS}"));
    let autoscaler = json!({"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "maxReplicas": 3, "targetCPUUtilizationPercentage": 60}});
    assert_eq!(w.call("POST", &old, autoscaler.clone()).1.int_at("/status/currentReplicas"), Some(0));
    assert_eq!(w.call("POST", &new, json!({})).0, 422);
    let stored = w.call("GET", &format!("{new}/web"), Value::Null).1;
    assert_eq!(stored.int_at("/spec/metrics/0/resource/target/averageUtilization"), Some(60));
    // Who wrote it knows it in the form in which he wrote it.
    let managers = stored.list_at("/metadata/managedFields");
    assert_eq!(managers[0].api_version(), "autoscaling/v1");
    assert!(!managers[0].at("/fieldsV1/f:spec/f:targetCPUUtilizationPercentage").is_null());
    // Another form changes the same value, and takes it over.
    let metrics = json!({"spec": {"metrics": [{"type": "Resource", "resource": {"name": "memory",
        "target": {"type": "Utilization", "averageUtilization": 70}}}]}});
    let changed = w.call("PATCH", &format!("{new}/web?fieldManager=other"), metrics).1;
    let managers = changed.list_at("/metadata/managedFields");
    assert!(managers[0].at("/fieldsV1/f:spec/f:targetCPUUtilizationPercentage").is_null());
    let shown = w.call("GET", &format!("{old}/web"), Value::Null).1;
    check(
        shown.annotation("autoscaling.alpha.kubernetes.io/metrics").unwrap(),
        expect![[r#"[{"type":"Resource","resource":{"name":"memory","targetAverageUtilization":70}}]"#]],
    );
    assert!(shown.at("/spec/targetCPUUtilizationPercentage").is_null());
    check(
        &w.message("POST", &old, autoscaler),
        expect![[r#"409 AlreadyExists: horizontalpodautoscalers.autoscaling "web" already exists"#]],
    );
    assert_eq!(w.call("DELETE", &format!("{old}/web"), Value::Null).0, 200);
    assert_eq!(w.call("GET", &format!("{new}/web"), Value::Null).0, 404);
}

#[test]
fn the_address_of_a_service_is_an_object_as_long_as_the_service_has_it() {
    let w = world();
    let names = || {
        let list = w.call("GET", ADDRESSES, Value::Null).1;
        list.list_at("/items").iter().map(|a| a.name().to_string()).collect::<Vec<_>>().join(" ")
    };
    let ports = json!([{"port": 80}]);
    w.call("POST", SERVICES, service("a", json!({"clusterIP": "10.96.5.5", "ports": ports})));
    assert_eq!(names(), "10.96.0.1 10.96.5.5");
    // Who has it keeps it.
    w.call("DELETE", &format!("{ADDRESSES}/10.96.5.5"), Value::Null);
    assert_eq!(names(), "10.96.0.1 10.96.5.5");
    w.call("DELETE", &format!("{SERVICES}/a"), Value::Null);
    assert_eq!(names(), "10.96.0.1");
    // A range that is not ready gives nothing.
    let range = json!({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"},
        "spec": {"cidrs": ["10.112.0.0/30"]}});
    let ranges = "/apis/networking.k8s.io/v1/servicecidrs";
    w.call("POST", ranges, range);
    let wanted = |ip: &str| service("b", json!({"clusterIP": ip, "ports": ports}));
    check(
        &w.message("POST", SERVICES, wanted("10.112.0.1")),
        expect![[
            r#"422 Invalid: Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.112.0.1"]: failed to allocate IP 10.112.0.1: the provided network does not match the current range"#
        ]],
    );
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "", "message": "",
        "lastTransitionTime": "2026-01-05T08:00:00Z"}]}});
    assert_eq!(w.call("PATCH", &format!("{ranges}/more/status"), ready).0, 200);
    assert_eq!(w.call("POST", SERVICES, wanted("10.112.0.1")).0, 201);
    check(
        &w.message("POST", SERVICES, wanted("10.112.0.3")),
        expect![[r#"409 AlreadyExists: services "b" already exists"#]],
    );
}

#[test]
fn component_statuses_are_found_out_when_somebody_asks() {
    let w = world();
    let url = "/api/v1/componentstatuses";
    let list = w.call("GET", url, Value::Null).1;
    let healthy: Vec<&str> =
        list.list_at("/items").iter().map(|status| status.str_at("/conditions/0/status")).collect();
    // There is no pod of a scheduler or of a controller manager here.
    assert_eq!(healthy, ["False", "False", "True"]);
    check(
        &[
            w.message("GET", &format!("{url}/nosuch"), Value::Null),
            w.message("GET", &format!("{url}?watch=true"), Value::Null),
            w.message("DELETE", &format!("{url}/scheduler"), Value::Null),
        ]
        .join("\n"),
        expect![[r#"
            500 : Component not found: nosuch
            405 MethodNotAllowed: watch is not supported on resources of kind "componentstatuses"
            405 MethodNotAllowed: the server does not allow this method on the requested resource"#]],
    );
}
