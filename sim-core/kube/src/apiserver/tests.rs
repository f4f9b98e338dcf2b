//! Requests in, answers out.

mod apply;
mod custom;
mod discovery;
mod eviction;
mod list;
mod rbac;
mod versions;
mod watch;

use super::{ApiServer, Filter, Request, Response, WatchHandle, WriteOptions};
use crate::api::{Object, ObjectExt, POD, SERVICE_ACCOUNT};
use crate::json;
use expect_test::{Expect, expect};
use serde_json::Value;
use sim::{Duration, Instant, Sim};

struct World {
    sim: Sim,
    api: ApiServer,
}

fn world() -> World {
    let sim = Sim::new(1);
    let api = ApiServer::new(&sim);
    let account = json!({"metadata": {"name": "default"}});
    api.create(SERVICE_ACCOUNT, "default", account, &WriteOptions::default()).unwrap();
    api.ensure_kubernetes_service("10.10.0.11");
    World { sim, api }
}

const PODS: &str = "/api/v1/namespaces/default/pods";
const SERVICES: &str = "/api/v1/namespaces/default/services";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"run": name}},
        "spec": {"containers": [{"name": name, "image": "nginx"}]}})
}

fn service(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
}

impl World {
    fn later(&self, seconds: u64) {
        self.sim.advance(self.sim.now() + Duration::from_secs(seconds), 100_000);
    }

    fn request(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &Value) -> Response {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let pair = |text: &str| {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            (key.to_string(), value.to_string())
        };
        self.api.handle(Request {
            method: method.to_string(),
            path: path.to_string(),
            query: query.split('&').filter(|q| !q.is_empty()).map(pair).collect(),
            headers: headers.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            user: "kubernetes-admin".to_string(),
            ..Request::default()
        })
    }

    fn call(&self, method: &str, url: &str, body: Value) -> (u16, Value) {
        let content = match method {
            "PATCH" if body.is_array() => "application/json-patch+json",
            "PATCH" => "application/strategic-merge-patch+json",
            "MERGE" => "application/merge-patch+json",
            _ => "application/json",
        };
        let method = if method == "MERGE" { "PATCH" } else { method };
        match self.request(method, url, &[("Content-Type", content)], &body) {
            Response::Whole { status, body, .. } => (
                status,
                serde_json::from_slice(&body).unwrap_or(Value::String(String::from_utf8(body).unwrap())),
            ),
            Response::Upstream(upstream) => (0, json!(format!("{} {}", upstream.node, upstream.path))),
            Response::Watch(_) => panic!("a watch has no end"),
        }
    }

    fn ok(&self, method: &str, url: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, url, body);
        assert!(status < 300, "{answer}");
        answer
    }

    fn message(&self, method: &str, url: &str, body: Value) -> String {
        let (status, answer) = self.call(method, url, body);
        format!("{status} {}: {}", answer.str_at("/reason"), answer.str_at("/message"))
    }

    /// A table as kubectl prints it, without its padding.
    fn table(&self, url: &str) -> String {
        let accept = ("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        let Response::Whole { body, .. } = self.request("GET", url, &[accept], &Value::Null) else {
            panic!("a list is whole")
        };
        let table: Value = serde_json::from_slice(&body).unwrap();
        let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_string);
        let mut lines = vec![
            table
                .list_at("/columnDefinitions")
                .iter()
                .map(|c| c.str_at("/name").to_uppercase())
                .collect::<Vec<_>>(),
        ];
        lines.extend(
            table.list_at("/rows").iter().map(|row| row.list_at("/cells").iter().map(text).collect()),
        );
        lines.iter().map(|line| line.join(" | ") + "\n").collect()
    }
}

fn check(actual: &str, expect: Expect) {
    expect.assert_eq(actual);
}

#[test]
fn a_pod_gets_what_every_pod_gets() {
    let w = world();
    let mut pod = w.ok("POST", PODS, pod("solo"));
    for field in ["uid", "resourceVersion", "managedFields"] {
        pod["metadata"][field] = json!("-");
    }
    let volume = pod.str_at("/spec/volumes/0/name").to_string();
    let text = serde_json::to_string(&pod).unwrap().replace(&volume, "kube-api-access-xxxxx");
    check(
        &text,
        expect![[
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":"2026-01-05T08:00:00Z","generation":1,"labels":{"run":"solo"},"managedFields":"-","name":"solo","namespace":"default","resourceVersion":"-","uid":"-"},"spec":{"containers":[{"image":"nginx","imagePullPolicy":"Always","name":"solo","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","volumeMounts":[{"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"kube-api-access-xxxxx","readOnly":true}]}],"dnsPolicy":"ClusterFirst","enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority","priority":0,"restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"serviceAccount":"default","serviceAccountName":"default","terminationGracePeriodSeconds":30,"tolerations":[{"effect":"NoExecute","key":"node.kubernetes.io/not-ready","operator":"Exists","tolerationSeconds":300},{"effect":"NoExecute","key":"node.kubernetes.io/unreachable","operator":"Exists","tolerationSeconds":300}],"volumes":[{"name":"kube-api-access-xxxxx","projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"items":[{"key":"ca.crt","path":"ca.crt"}],"name":"kube-root-ca.crt"}},{"downwardAPI":{"items":[{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"},"path":"namespace"}]}}]}}]},"status":{"phase":"Pending","qosClass":"BestEffort"}}"#
        ]],
    );
}

#[test]
fn services_show_as_the_deck_shows_them() {
    let w = world();
    let port = json!([{"port": 80, "protocol": "TCP"}]);
    w.ok(
        "POST",
        SERVICES,
        service("fixed", json!({"clusterIP": "10.96.77.77", "ports": port, "selector": {"app": "web"}})),
    );
    w.ok(
        "POST",
        SERVICES,
        service("headless", json!({"clusterIP": "None", "ports": port, "selector": {"app": "web"}})),
    );
    w.ok("POST", SERVICES, service("name", json!({"type": "ExternalName", "externalName": "example.com"})));
    w.ok(
        "POST",
        SERVICES,
        service("balanced", json!({"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30_953}]})),
    );
    w.later(125);
    check(
        &w.table(SERVICES),
        expect![[r#"
            NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE | SELECTOR
            balanced | LoadBalancer | 10.107.21.210 | <pending> | 80:30953/TCP | 2m5s | <none>
            fixed | ClusterIP | 10.96.77.77 | <none> | 80/TCP | 2m5s | app=web
            headless | ClusterIP | None | <none> | 80/TCP | 2m5s | app=web
            kubernetes | ClusterIP | 10.96.0.1 | <none> | 443/TCP | 2m5s | <none>
            name | ExternalName | <none> | example.com | <none> | 2m5s | <none>
        "#]],
    );
}

#[test]
fn a_service_changes_its_type_and_keeps_its_address() {
    let w = world();
    let made = w.ok("POST", SERVICES, service("blue", json!({"ports": [{"port": 80}]})));
    let url = format!("{SERVICES}/blue");
    let open = w.ok("PATCH", &url, json!({"spec": {"type": "NodePort"}}));
    assert_eq!(open.at("/spec/clusterIP"), made.at("/spec/clusterIP"));
    assert!((30_000..=32_767).contains(&open.int_at("/spec/ports/0/nodePort").unwrap()));
    assert_eq!(open.str_at("/spec/externalTrafficPolicy"), "Cluster");
    let closed = w.ok("PATCH", &url, json!({"spec": {"type": "ClusterIP"}}));
    assert_eq!(closed.at("/spec"), made.at("/spec"));
    let named = w.ok("PATCH", &url, json!({"spec": {"type": "ExternalName", "externalName": "a.b"}}));
    assert!(named.at("/spec/clusterIP").is_null());
}

#[test]
fn mistakes_are_told_in_upstreams_words() {
    let w = world();
    w.ok("POST", SERVICES, service("blue", json!({"clusterIP": "10.96.5.5", "ports": [{"port": 80}]})));
    let blue = format!("{SERVICES}/blue");
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {
        "replica": 2, "selector": {"matchLabels": {"app": "x"}},
        "template": {"metadata": {"labels": {"app": "y"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
    let strict = format!("{DEPLOYMENTS}?fieldValidation=Strict");
    let lines = [
        w.message("GET", &format!("{PODS}/nosuch"), Value::Null),
        w.message("GET", "/api/v1/podz", Value::Null),
        w.message("POST", SERVICES, service("blue", json!({"ports": [{"port": 80}]}))),
        w.message("POST", SERVICES, service("x", json!({"ports": [{"port": 99_999}]}))),
        w.message("POST", SERVICES, service("x", json!({"clusterIP": "10.96.5.5", "ports": [{"port": 80}]}))),
        w.message("PATCH", &blue, json!({"spec": {"clusterIP": "10.96.1.1"}})),
        w.message("PATCH", &blue, json!({"spec": {"ports": [{"port": 0}]}})),
        w.message("PATCH", &blue, json!({"spec": {"ports": [{"port": "x"}]}})),
        w.message("POST", &strict, deployment.clone()),
        w.message("POST", DEPLOYMENTS, deployment),
        w.message("POST", "/api/v1/namespaces/nosuch/pods", pod("a")),
        w.message("DELETE", "/api/v1/namespaces/default", Value::Null),
        w.message("GET", &format!("{PODS}?fieldSelector=spec.image=nginx"), Value::Null),
        w.message("GET", &format!("{PODS}?labelSelector=app in blue"), Value::Null),
        w.message("PUT", &format!("{PODS}/a"), pod("b")),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
            404 NotFound: pods "nosuch" not found
            404 NotFound: the server could not find the requested resource
            409 AlreadyExists: services "blue" already exists
            422 Invalid: Service "x" is invalid: [spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: Invalid value: 99999: must be between 1 and 65535, inclusive]
            422 Invalid: Service "x" is invalid: spec.clusterIPs: Invalid value: ["10.96.5.5"]: failed to allocate IP 10.96.5.5: provided IP is already allocated
            422 Invalid: Service "blue" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.1.1"]: may not change once set
            422 Invalid: Service "blue" is invalid: [spec.ports[0].name: Required value, spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[1].name: Required value]
            422 Invalid:  "" is invalid: patch: Invalid value: "map[spec:map[ports:[map[port:x]]]]": unrecognized type: int32
            400 BadRequest: Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica"
            422 Invalid: Deployment.apps "x" is invalid: spec.template.metadata.labels: Invalid value: {"app":"y"}: `selector` does not match template `labels`
            404 NotFound: namespaces "nosuch" not found
            403 Forbidden: namespaces "default" is forbidden: this namespace may not be deleted
            400 BadRequest: field label not supported: spec.image
            400 BadRequest: unable to parse requirement: found 'blue' expected: '('
            400 BadRequest: the name of the object (b) does not match the name on the URL (a)"#]],
    );
}

#[test]
fn who_writes_an_old_version_is_told_to_read_again() {
    let w = world();
    let made = w.ok("POST", SERVICES, service("blue", json!({"ports": [{"port": 80}]})));
    let url = format!("{SERVICES}/blue");
    w.ok("PATCH", &url, json!({"metadata": {"labels": {"a": "b"}}}));
    check(
        &w.message("PUT", &url, made),
        expect![[
            r#"409 Conflict: Operation cannot be fulfilled on services "blue": the object has been modified; please apply your changes to the latest version and try again"#
        ]],
    );
}

#[test]
fn writing_what_is_there_changes_nothing() {
    let w = world();
    let made = w.ok("POST", SERVICES, service("blue", json!({"ports": [{"port": 80}]})));
    let again = w.ok("PATCH", &format!("{SERVICES}/blue"), json!({"metadata": {"labels": null}}));
    assert_eq!(again, made);
}

#[test]
fn a_scheduled_pod_goes_when_its_kubelet_says_so() {
    let w = world();
    w.ok("POST", PODS, pod("solo"));
    w.api.bind("default", "solo", "node1").unwrap();
    let url = format!("{PODS}/solo");
    let going = w.ok("DELETE", &url, Value::Null);
    assert_eq!(going.str_at("/metadata/deletionTimestamp"), "2026-01-05T08:00:30Z");
    assert!(w.table(PODS).contains("solo | 0/1 | Terminating | 0 | 0s"));
    w.ok("DELETE", &url, json!({"gracePeriodSeconds": 0}));
    assert_eq!(w.call("GET", &url, Value::Null).0, 404);
}

#[test]
fn an_unscheduled_pod_goes_at_once() {
    let w = world();
    w.ok("POST", PODS, pod("solo"));
    w.ok("DELETE", &format!("{PODS}/solo"), Value::Null);
    assert_eq!(w.call("GET", &format!("{PODS}/solo"), Value::Null).0, 404);
}

#[test]
fn a_finalizer_holds_an_object_back() {
    let w = world();
    let mut held = service("blue", json!({"ports": [{"port": 80}]}));
    held["metadata"]["finalizers"] = json!(["example.com/wait"]);
    w.ok("POST", SERVICES, held);
    let url = format!("{SERVICES}/blue");
    w.ok("DELETE", &url, Value::Null);
    assert!(w.ok("GET", &url, Value::Null).is_terminating());
    w.ok("PATCH", &url, json!([{"op": "remove", "path": "/metadata/finalizers"}]));
    assert_eq!(w.call("GET", &url, Value::Null).0, 404);
}

#[test]
fn the_endpoints_of_a_service_go_with_it() {
    let w = world();
    let endpoints = "/api/v1/namespaces/default/endpoints";
    for name in ["blue", "red"] {
        w.ok("POST", SERVICES, service(name, json!({"ports": [{"port": 80}]})));
        w.ok("POST", endpoints, json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}}));
    }
    w.ok("DELETE", &format!("{SERVICES}/blue?dryRun=All"), Value::Null);
    w.ok("GET", &format!("{endpoints}/blue"), Value::Null);
    w.ok("DELETE", &format!("{SERVICES}/blue"), Value::Null);
    assert_eq!(w.call("GET", &format!("{endpoints}/blue"), Value::Null).0, 404);
    w.ok("GET", &format!("{endpoints}/red"), Value::Null);
}

#[test]
fn nothing_new_comes_into_a_namespace_that_goes() {
    let w = world();
    w.ok("POST", "/api/v1/namespaces", json!({"metadata": {"name": "lab"}}));
    let url = "/api/v1/namespaces/lab";
    w.ok("DELETE", url, Value::Null);
    check(
        &w.message("POST", "/api/v1/namespaces/lab/configmaps", json!({"metadata": {"name": "a"}})),
        expect![[
            r#"403 Forbidden: configmaps "a" is forbidden: unable to create new content in namespace lab because it is being terminated"#
        ]],
    );
    assert!(w.table("/api/v1/namespaces").contains("lab | Terminating | 0s"));
    let mut namespace = w.ok("GET", url, Value::Null);
    namespace["spec"] = json!({});
    w.ok("PUT", "/api/v1/namespaces/lab/finalize", namespace);
    assert_eq!(w.call("GET", url, Value::Null).0, 404);
}

#[test]
fn the_scale_of_a_deployment_is_an_object_of_its_own() {
    let w = world();
    let made = json!({"metadata": {"name": "blue"}, "spec": {"selector": {"matchLabels": {"app": "blue"}},
        "template": {"metadata": {"labels": {"app": "blue"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
    w.ok("POST", DEPLOYMENTS, made);
    let url = format!("{DEPLOYMENTS}/blue/scale");
    let mut scale = w.ok("GET", &url, Value::Null);
    assert_eq!(scale.str_at("/status/selector"), "app=blue");
    scale["spec"]["replicas"] = json!(3);
    w.ok("PUT", &url, scale);
    let blue = w.ok("GET", &format!("{DEPLOYMENTS}/blue"), Value::Null);
    assert_eq!((blue.int_at("/spec/replicas"), blue.generation()), (Some(3), 2));
}

#[test]
fn logs_are_the_kubelets_to_tell() {
    let w = world();
    w.ok("POST", PODS, pod("solo"));
    assert_eq!(w.call("GET", &format!("{PODS}/solo/log"), Value::Null), (200, json!("")));
    w.api.bind("default", "solo", "node2").unwrap();
    let lines = [
        w.call("GET", &format!("{PODS}/solo/log"), Value::Null).1.to_string(),
        w.call("POST", &format!("{PODS}/solo/exec?container=solo&command=ls"), Value::Null).1.to_string(),
        w.message("GET", &format!("{PODS}/solo/log?container=x"), Value::Null),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
            "node2 /containerLogs/default/solo/solo"
            "node2 /exec/default/solo/solo"
            400 BadRequest: container x is not valid for pod solo"#]],
    );
}

#[test]
fn a_dry_run_keeps_nothing() {
    let w = world();
    w.ok("POST", &format!("{PODS}?dryRun=All"), pod("solo"));
    assert_eq!(w.call("GET", &format!("{PODS}/solo"), Value::Null).0, 404);
}

#[test]
fn a_watch_tells_what_comes_and_goes() {
    let w = world();
    let url = format!("{PODS}?watch=true&labelSelector=run=solo");
    let Response::Watch(mut watch) = w.request("GET", &url, &[], &Value::Null) else {
        panic!("a watch was asked for")
    };
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = seen.clone();
    w.sim.spawn(async move {
        while let Some(line) = watch.next().await {
            let event: Value = serde_json::from_slice(&line).unwrap();
            log.borrow_mut().push(format!(
                "{} {}",
                event.str_at("/type"),
                event.str_at("/object/metadata/name")
            ));
        }
    });
    w.ok("POST", PODS, pod("solo"));
    w.ok("POST", PODS, pod("other"));
    w.ok("PATCH", &format!("{PODS}/solo"), json!({"metadata": {"labels": {"a": "b"}}}));
    w.ok("PATCH", &format!("{PODS}/solo"), json!({"metadata": {"labels": {"run": "x"}}}));
    w.ok("DELETE", &format!("{PODS}/other"), Value::Null);
    w.sim.advance(Instant::ZERO, 100);
    assert_eq!(*seen.borrow(), ["ADDED solo", "MODIFIED solo", "DELETED solo"]);
}

#[test]
fn a_watch_of_a_node_sees_the_pods_of_that_node() {
    let w = world();
    let filter = |fields: &str| Filter::parse(POD, "", fields).unwrap();
    let watch = |fields: &str| w.api.watch(POD, "", filter(fields), None).unwrap();
    let (one, two) = (watch("spec.nodeName=node1"), watch("spec.nodeName=node2"));
    let (none, named) = (watch("spec.nodeName="), watch("metadata.name=solo,spec.nodeName=node1"));
    w.ok("POST", PODS, pod("solo"));
    w.ok("POST", PODS, pod("other"));
    w.api.bind("default", "solo", "node1").unwrap();
    w.api.bind("default", "other", "node1").unwrap();
    w.ok("DELETE", &format!("{PODS}/solo?gracePeriodSeconds=0"), Value::Null);
    let told = |watch: &WatchHandle| {
        let events = std::iter::from_fn(|| watch.try_next());
        let lines = events.map(|event| format!("{} {}", event.kind.as_str(), event.object.name()));
        lines.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(told(&one), "ADDED solo, ADDED other, DELETED solo");
    assert_eq!(told(&two), "");
    assert_eq!(told(&none), "ADDED solo, ADDED other, DELETED solo, DELETED other");
    assert_eq!(told(&named), "ADDED solo, DELETED solo");
}

#[test]
fn strangers_may_do_nothing() {
    let w = world();
    let ask = |user: &str, path: &str| {
        let request = Request {
            method: "GET".to_string(),
            path: path.to_string(),
            user: user.to_string(),
            ..Request::default()
        };
        match w.api.handle(request) {
            Response::Whole { body, .. } => {
                serde_json::from_slice::<Value>(&body).unwrap().str_at("/message").to_string()
            }
            _ => panic!("a refusal is whole"),
        }
    };
    let lines = [
        ask("system:anonymous", "/"),
        ask("alice", PODS),
        ask("alice", "/api/v1/pods"),
        ask("alice", "/apis/apps/v1/namespaces/default/deployments/blue"),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
            forbidden: User "system:anonymous" cannot get path "/"
            pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"
            pods is forbidden: User "alice" cannot list resource "pods" in API group "" at the cluster scope
            deployments.apps "blue" is forbidden: User "alice" cannot get resource "deployments" in API group "apps" in the namespace "default""#]],
    );
}

#[test]
fn restarts_show_when_the_last_one_was() {
    let w = world();
    w.ok("POST", PODS, pod("solo"));
    w.later(60);
    let mut pod: Value = Object::unwrap_or_clone(w.api.get(POD, "default", "solo").unwrap());
    pod["status"] = json!({"phase": "Running", "podIP": "10.244.1.2", "containerStatuses": [{
        "name": "solo", "ready": false, "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-05T08:00:48Z"}}}]});
    w.ok("PUT", &format!("{PODS}/solo/status"), pod);
    assert!(
        w.table(PODS).contains("solo | 0/1 | CrashLoopBackOff | 2 (12s ago) | 60s | 10.244.1.2 | <none>")
    );
}
