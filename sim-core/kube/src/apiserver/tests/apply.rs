//! Who manages which fields, and server-side apply.

use super::*;

fn apply(w: &World, url: &str, body: &Value) -> (u16, Value) {
    match w.request("PATCH", url, &[("Content-Type", "application/apply-patch+yaml")], body) {
        Response::Whole { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        _ => panic!("an answer is whole"),
    }
}

fn managers(object: &Value) -> String {
    let line = |m: &Value| {
        let subresource = m.str_at("/subresource");
        format!("{} {} {subresource} {}\n", m.str_at("/manager"), m.str_at("/operation"), m.at("/fieldsV1"))
    };
    object.list_at("/metadata/managedFields").iter().map(line).collect()
}

fn deployment(replicas: Value) -> Value {
    let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx", "ports": [{"containerPort": 80}]}]}}}});
    if !replicas.is_null() {
        object["spec"]["replicas"] = replicas;
    }
    object
}

#[test]
fn what_is_created_belongs_to_who_created_it() {
    let w = world();
    let made = w.ok("POST", &format!("{DEPLOYMENTS}?fieldManager=kubectl-create"), deployment(json!(2)));
    check(
        &managers(&made),
        expect![[r#"
            kubectl-create Update  {"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}
        "#]],
    );
    w.later(1);
    let url = format!("{DEPLOYMENTS}/web?fieldManager=kubectl-label");
    let labelled = w.ok("PATCH", &url, json!({"metadata": {"labels": {"tier": "front", "app": "x"}}}));
    check(
        &managers(&labelled),
        expect![[r#"
            kubectl-create Update  {"f:metadata":{"f:labels":{}},"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}
            kubectl-label Update  {"f:metadata":{"f:labels":{"f:app":{},"f:tier":{}}}}
        "#]],
    );
}

#[test]
fn conflicts_are_told_and_can_be_forced() {
    let w = world();
    w.ok("POST", &format!("{DEPLOYMENTS}?fieldManager=kubectl-create"), deployment(json!(2)));
    let url = format!("{DEPLOYMENTS}/web?fieldManager=kubectl");
    let (status, refused) = apply(&w, &url, &deployment(json!(5)));
    assert_eq!((status, refused.str_at("/reason")), (409, "Conflict"));
    check(
        refused.str_at("/message"),
        expect![[
            r#"Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas"#
        ]],
    );
    check(
        &refused.at("/details").to_string(),
        expect![[
            r#"{"causes":[{"field":".spec.replicas","message":"conflict with \"kubectl-create\" using apps/v1","reason":"FieldManagerConflict"}]}"#
        ]],
    );
    let mut both = deployment(json!(5));
    both["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:2");
    check(
        apply(&w, &url, &both).1.str_at("/message"),
        expect![[r#"
        Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:
        - .spec.replicas
        - .spec.template.spec.containers[name="nginx"].image"#]],
    );
    let (status, forced) = apply(&w, &format!("{url}&force=true"), &both);
    assert_eq!((status, forced.int_at("/spec/replicas")), (200, Some(5)));
    check(
        &managers(&forced),
        expect![[r#"
        kubectl Apply  {"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}
        kubectl-create Update  {"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:progressDeadlineSeconds":{},"f:revisionHistoryLimit":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":{".":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}
    "#]],
    );
    // Nothing new: nothing happens.
    let (_, again) = apply(&w, &url, &both);
    assert_eq!(again, forced);
}

#[test]
fn what_is_applied_no_more_goes_unless_somebody_else_has_it() {
    let w = world();
    let url = format!("{DEPLOYMENTS}/web?fieldManager=mine");
    let mut first = deployment(json!(3));
    first["metadata"]["annotations"] = json!({"a": "1", "b": "2"});
    first["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]);
    let (status, made) = apply(&w, &url, &first);
    assert_eq!(status, 201);
    check(
        &managers(&made),
        expect![[r#"
        mine Apply  {"f:metadata":{"f:annotations":{"f:a":{},"f:b":{}},"f:labels":{"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":{".":{},"f:env":{"k:{\"name\":\"X\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"Y\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}
    "#]],
    );
    let other = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": {"b": "2"}}});
    apply(&w, &format!("{DEPLOYMENTS}/web?fieldManager=other"), &other);
    let mut second = deployment(Value::Null);
    second["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "Y", "value": "2"}]);
    let (_, now) = apply(&w, &url, &second);
    assert_eq!(now.at("/metadata/annotations"), &json!({"b": "2"}));
    assert_eq!(now.int_at("/spec/replicas"), Some(1), "the default comes back");
    assert_eq!(now.at("/spec/template/spec/containers/0/env"), &json!([{"name": "Y", "value": "2"}]));
}

#[test]
fn an_apply_needs_a_manager_and_knows_its_fields() {
    let w = world();
    let url = format!("{DEPLOYMENTS}/web");
    let message = |url: &str, body: &Value| apply(&w, url, body).1.str_at("/message").to_string();
    let mut wrong = deployment(json!(1));
    wrong["spec"]["replica"] = json!(2);
    let lines = [
        message(&url, &deployment(json!(1))),
        message(&format!("{url}?fieldManager=x&fieldValidation=Strict"), &wrong),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
        PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch
        Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica""#]],
    );
}

#[test]
fn what_the_cluster_makes_is_told_when_asked_for() {
    let w = world();
    let mut owned = pod("made");
    owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs",
        "uid": "u", "controller": true}]);
    w.api.create(POD, "default", owned, &WriteOptions::default()).unwrap();
    assert!(w.api.get(POD, "default", "made").unwrap().meta("managedFields").is_null());
    let shown = w.ok("GET", &format!("{PODS}/made"), Value::Null);
    let names: Vec<&str> =
        shown.list_at("/metadata/managedFields").iter().map(|m| m.str_at("/manager")).collect();
    assert_eq!(names, ["kube-controller-manager", "kubelet"]);
}

#[test]
fn what_leads_to_a_field_stays_when_the_field_goes() {
    let w = world();
    let url = "/api/v1/namespaces/default/configmaps/conf?fieldManager=kubectl";
    let mut config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "labels": {"a": "b"}}});
    assert_eq!(apply(&w, url, &config).0, 201);
    config["metadata"] = json!({"name": "conf"});
    let (status, applied) = apply(&w, url, &config);
    assert_eq!((status, applied.name(), applied.at("/metadata/labels")), (200, "conf", &Value::Null));
}
