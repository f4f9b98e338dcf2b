//! Evictions, and the budgets that hold them back.

use super::*;

#[test]
fn a_budget_is_asked_first() {
    let w = world();
    w.ok("POST", PODS, pod("solo"));
    w.api.bind("default", "solo", "node1").unwrap();
    let mut running: Value = Object::unwrap_or_clone(w.api.get(POD, "default", "solo").unwrap());
    running["status"] = json!({"phase": "Running", "podIP": "10.244.1.2", "conditions": [{"type": "Ready", "status": "True"}]});
    w.ok("PUT", &format!("{PODS}/solo/status"), running);
    let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    let budget = json!({"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"run": "solo"}}}});
    let mut budget = w.ok("POST", budgets, budget);
    let url = format!("{PODS}/solo/eviction");
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "solo"}});
    let cause = |answer: &Value| answer.str_at("/details/causes/0/message").to_string();
    let first = w.call("POST", &url, eviction.clone());
    budget["status"] = json!({"observedGeneration": 1, "desiredHealthy": 1, "currentHealthy": 1, "expectedPods": 1, "disruptionsAllowed": 0});
    w.ok("PUT", &format!("{budgets}/web/status"), budget.clone());
    let second = w.call("POST", &url, eviction.clone());
    let lines = [format!("{} {}", first.0, first.1.str_at("/message")), cause(&first.1), cause(&second.1)];
    check(
        &lines.join("\n"),
        expect![[r#"
        429 Cannot evict pod as it would violate the pod's disruption budget.
        The disruption budget web is still being processed by the server.
        The disruption budget web needs 1 healthy pods and has 1 currently"#]],
    );
    budget["metadata"]["resourceVersion"] = Value::Null;
    budget["status"]["disruptionsAllowed"] = json!(1);
    w.ok("PUT", &format!("{budgets}/web/status"), budget);
    w.ok("POST", &url, eviction);
    let going = w.ok("GET", &format!("{PODS}/solo"), Value::Null);
    assert!(going.is_terminating());
    let left = w.ok("GET", &format!("{budgets}/web"), Value::Null);
    assert_eq!(left.int_at("/status/disruptionsAllowed"), Some(0));
    assert!(left.at("/status/disruptedPods/solo").is_string());
}

#[test]
fn pods_and_services_answer_through_the_server() {
    let w = world();
    w.ok("POST", PODS, pod("solo"));
    let lines = [
        w.message("GET", &format!("{PODS}/solo:80/proxy/x"), Value::Null),
        w.message("GET", &format!("{SERVICES}/kubernetes:http/proxy/"), Value::Null),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
        400 BadRequest: address not allowed
        503 ServiceUnavailable: no service port "http" found for service "kubernetes""#]],
    );
    let Response::Upstream(upstream) =
        w.request("GET", &format!("{SERVICES}/kubernetes:443/proxy/healthz"), &[], &Value::Null)
    else {
        panic!("somebody else has the answer")
    };
    assert_eq!((upstream.address.as_str(), upstream.path.as_str()), ("10.10.0.11:6443", "/healthz"));
}
