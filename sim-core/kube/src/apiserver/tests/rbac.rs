//! Who asks, and what they may do.

use super::*;
use crate::apiserver::TokenOptions;

fn ask(
    w: &World,
    user: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, Value) {
    let mut headers: Vec<(String, String)> =
        headers.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
    if !user.is_empty() {
        headers.push(("X-Remote-User".to_string(), user.to_string()));
    }
    headers.push(("Content-Type".to_string(), "application/json".to_string()));
    let request = Request {
        method: method.to_string(),
        path: path.to_string(),
        headers,
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        ..Request::default()
    };
    match w.api.handle(request) {
        Response::Whole { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        _ => panic!("an answer is whole"),
    }
}

fn message(w: &World, user: &str, method: &str, path: &str, body: &Value) -> String {
    let (status, answer) = ask(w, user, method, path, &[], body);
    format!("{status} {}", answer.str_at("/message"))
}

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";

fn bind(kind: &str, name: &str, user: &str) -> Value {
    json!({"metadata": {"name": format!("{name}-{user}")}, "roleRef": {"kind": kind, "name": name},
        "subjects": [{"kind": "User", "name": user}]})
}

#[test]
fn a_binding_gives_what_its_role_says() {
    let w = world();
    assert_eq!(ask(&w, "alice", "GET", PODS, &[], &Value::Null).0, 403);
    w.ok("POST", BINDINGS, bind("ClusterRole", "view", "alice"));
    assert_eq!(ask(&w, "alice", "GET", PODS, &[], &Value::Null).0, 200);
    let lines = [
        message(&w, "alice", "GET", "/api/v1/namespaces/kube-system/pods", &Value::Null),
        message(&w, "alice", "GET", "/api/v1/namespaces/default/secrets", &Value::Null),
        message(&w, "alice", "DELETE", &format!("{PODS}/solo"), &Value::Null),
        message(&w, "alice", "GET", "/metrics", &Value::Null),
        message(&w, "", "GET", PODS, &Value::Null),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
        403 pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "kube-system"
        403 secrets is forbidden: User "alice" cannot list resource "secrets" in API group "" in the namespace "default"
        403 pods "solo" is forbidden: User "alice" cannot delete resource "pods" in API group "" in the namespace "default"
        403 forbidden: User "alice" cannot get path "/metrics"
        403 pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default""#]],
    );
    w.ok("POST", BINDINGS, bind("Role", "nosuch", "bob"));
    check(
        &message(&w, "bob", "GET", PODS, &Value::Null),
        expect![[
            r#"403 pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default": RBAC: role.rbac.authorization.k8s.io "nosuch" not found"#
        ]],
    );
}

#[test]
fn nobody_gives_away_what_they_do_not_have() {
    let w = world();
    w.ok("POST", BINDINGS, bind("ClusterRole", "admin", "alice"));
    let role = |resource: &str| json!({"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": [resource], "verbs": ["get", "list"]}]});
    assert_eq!(ask(&w, "alice", "POST", ROLES, &[], &role("pods")).0, 201);
    let lines = [
        message(
            &w,
            "alice",
            "POST",
            ROLES,
            &json!({"metadata": {"name": "n"}, "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]}),
        ),
        message(&w, "alice", "POST", BINDINGS, &bind("ClusterRole", "system:monitoring", "bob")),
        message(
            &w,
            "kubernetes-admin",
            "PUT",
            &format!("{BINDINGS}/admin-alice"),
            &json!({"metadata": {"name": "admin-alice"}, "roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": []}),
        ),
        message(
            &w,
            "kubernetes-admin",
            "POST",
            ROLES,
            &json!({"metadata": {"name": "n"}, "rules": [{"resources": ["nodes"]}]}),
        ),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
            403 roles.rbac.authorization.k8s.io "n" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
            {APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}
            403 rolebindings.rbac.authorization.k8s.io "system:monitoring-bob" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
            {NonResourceURLs:["/healthz/*"], Verbs:["get"]}
            {NonResourceURLs:["/livez/*"], Verbs:["get"]}
            {NonResourceURLs:["/metrics"], Verbs:["get"]}
            {NonResourceURLs:["/metrics/slis"], Verbs:["get"]}
            {NonResourceURLs:["/readyz/*"], Verbs:["get"]}
            422 RoleBinding.rbac.authorization.k8s.io "admin-alice" is invalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"view"}: cannot change roleRef
            422 Role.rbac.authorization.k8s.io "n" is invalid: [rules[0].verbs: Required value: verbs must contain at least one value, rules[0].apiGroups: Required value: resource rules must supply at least one api group]"#]],
    );
}

#[test]
fn tokens_say_who_one_is() {
    let w = world();
    let url = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let made = w.ok("POST", url, json!({"spec": {"expirationSeconds": 600}}));
    let token = made.str_at("/status/token").to_string();
    let bearer = format!("Bearer {token}");
    let who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let (status, me) = ask(&w, "", "POST", who, &[("Authorization", &bearer)], &json!({}));
    assert_eq!(status, 201);
    assert_eq!(me.str_at("/status/userInfo/username"), "system:serviceaccount:default:default");
    assert_eq!(
        me.at("/status/userInfo/groups"),
        &json!(["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"])
    );
    let forged = format!("{bearer}x");
    assert_eq!(ask(&w, "", "POST", who, &[("Authorization", &forged)], &json!({})).0, 401);
    w.later(601);
    assert_eq!(ask(&w, "", "POST", who, &[("Authorization", &bearer)], &json!({})).0, 401);
    check(
        &w.message("POST", url, json!({"spec": {"expirationSeconds": 60}})),
        expect![[
            r#"422 Invalid: TokenRequest.authentication.k8s.io "default" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes"#
        ]],
    );
    assert!(w.api.issue_token("default", "nobody", TokenOptions::default()).is_err());
}

#[test]
fn one_may_pretend_to_be_another() {
    let w = world();
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let question =
        json!({"spec": {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "default"}}});
    let can = |user: &str, headers: &[(&str, &str)]| {
        ask(&w, user, "POST", reviews, headers, &question).1.at("/status").to_string()
    };
    let lines = [
        can("kubernetes-admin", &[]),
        can("alice", &[]),
        can("kubernetes-admin", &[("Impersonate-User", "alice"), ("Impersonate-Group", "system:masters")]),
        message(
            &w,
            "kubernetes-admin",
            "POST",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            &json!({"spec": {}}),
        ),
        ask(&w, "alice", "GET", PODS, &[("Impersonate-User", "bob")], &Value::Null)
            .1
            .str_at("/message")
            .to_string(),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
        {"allowed":true,"reason":"RBAC: allowed by ClusterRoleBinding \"kubeadm:cluster-admins\" of ClusterRole \"cluster-admin\" to Group \"kubeadm:cluster-admins\""}
        {"allowed":false}
        {"allowed":true}
        422 SubjectAccessReview.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]
        users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope"#]],
    );
    let rules = ask(
        &w,
        "alice",
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        &[],
        &json!({"spec": {"namespace": "default"}}),
    )
    .1;
    check(
        &rules.at("/status").to_string(),
        expect![[
            r#"{"incomplete":false,"nonResourceRules":[{"nonResourceURLs":["/api","/api/*","/apis","/apis/*","/healthz","/livez","/openapi","/openapi/*","/readyz","/version","/version/"],"verbs":["get"]},{"nonResourceURLs":["/healthz","/livez","/readyz","/version","/version/"],"verbs":["get"]}],"resourceRules":[{"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectaccessreviews","selfsubjectrulesreviews"],"verbs":["create"]},{"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"],"verbs":["create"]}]}"#
        ]],
    );
}

#[test]
fn roles_show_as_upstream_shows_them() {
    let w = world();
    let table = w.table("/apis/rbac.authorization.k8s.io/v1/namespaces/kube-public/rolebindings");
    check(
        &table,
        expect![[r#"
        NAME | ROLE | AGE | USERS | GROUPS | SERVICEACCOUNTS
        kubeadm:bootstrap-signer-clusterinfo | Role/kubeadm:bootstrap-signer-clusterinfo | 0s | system:anonymous |  | 
        system:controller:bootstrap-signer | Role/system:controller:bootstrap-signer | 0s |  |  | kube-system/bootstrap-signer
    "#]],
    );
    let edit = w.ok("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/edit", Value::Null);
    assert!(edit.list_at("/rules").len() > 20);
}
