//! Requests that no kubectl sends, and what the served API says to them: over real TLS sockets, in upstream's words.

mod support;

use expect_test::expect;
use hyper::Method;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use support::{Connection, MAPS, PODS, check, get, masked, post, told, with_server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[test]
fn options_that_make_no_sense_are_refused() {
    with_server(|_, api| async move {
        let mut to = api.connect().await;
        let made = to.ok(Method::POST, MAPS, &json!({"metadata": {"name": "a"}})).await;
        let mut lines = Vec::new();
        for query in [
            "?resourceVersion=x",
            "?resourceVersion=-1",
            "?resourceVersion=99999999999999999999",
            "?resourceVersion=99999999",
            "?resourceVersion=1&resourceVersionMatch=Exact",
            "?resourceVersionMatch=Exact",
            "?resourceVersion=0&resourceVersionMatch=Exact",
            "?resourceVersion=1&resourceVersionMatch=Same",
            "?sendInitialEvents=true",
            "?limit=x",
            "?timeoutSeconds=x&watch=1",
            "?continue=x",
            "?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjkifQ",
            "?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJzdGFydCI6ImEifQ",
            "?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIuLi9hIn0",
            "?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhIn0&resourceVersion=7",
            "?watch=true&resourceVersion=x",
            "?watch=true&resourceVersionMatch=NotOlderThan",
            "?watch=true&sendInitialEvents=true",
            "?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact",
            "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x",
            "?labelSelector=a+b",
            "?labelSelector=a%20in%20b",
            "?fieldSelector=spec.x=y",
            "?fieldSelector=x",
            "/a?resourceVersion=x",
            "/a?resourceVersion=99999999",
        ] {
            lines.push(format!("{query} -> {}", get(&mut to, &format!("{MAPS}{query}")).await));
        }
        let json = [("Content-Type", "application/json")];
        for (query, body) in [
            ("?gracePeriodSeconds=x", ""),
            ("?propagationPolicy=Sideways", ""),
            ("?dryRun=Some", ""),
            ("", "{"),
            ("", "{\"propagationPolicy\": \"Sideways\"}"),
            ("", "{\"preconditions\": {\"uid\": \"x\"}}"),
            ("", "{\"preconditions\": {\"resourceVersion\": \"1\"}}"),
        ] {
            let answer = to.send(Method::DELETE, &format!("{MAPS}/a{query}"), &json, body).await;
            lines.push(format!("DELETE {query}{body} -> {}", told(&answer)));
        }
        lines.push(post(&mut to, &format!("{MAPS}?dryRun=Some"), "application/json", "{}").await);
        check(
            &masked(&lines, &made),
            expect![[r#"
                ?resourceVersion=x -> 400 BadRequest: invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax
                ?resourceVersion=-1 -> 400 BadRequest: invalid resource version: resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax
                ?resourceVersion=99999999999999999999 -> 400 BadRequest: invalid resource version: resourceVersion: Invalid value: "99999999999999999999": strconv.ParseUint: parsing "99999999999999999999": value out of range
                ?resourceVersion=99999999 -> 504 Timeout: Timeout: Too large resource version: 99999999, current: VERSION
                ?resourceVersion=1&resourceVersionMatch=Exact -> 200 "ConfigMapList" null
                ?resourceVersionMatch=Exact -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided
                ?resourceVersion=0&resourceVersionMatch=Exact -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"
                ?resourceVersion=1&resourceVersionMatch=Same -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Same": supported values: "Exact", "NotOlderThan", ""
                ?sendInitialEvents=true -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list
                ?limit=x -> 400 BadRequest: strconv.ParseInt: parsing "x": invalid syntax
                ?timeoutSeconds=x&watch=1 -> 400 BadRequest: strconv.ParseInt: parsing "x": invalid syntax
                ?continue=x -> 400 BadRequest: invalid continue token: continue key is not valid: illegal base64 data at input byte 0
                ?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjkifQ -> 400 BadRequest: invalid continue token: continue key is not valid: server does not recognize this encoded version meta.k8s.io/v9
                ?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJzdGFydCI6ImEifQ -> 400 BadRequest: invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)
                ?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIuLi9hIn0 -> 400 BadRequest: invalid continue token: continue key is not valid: ../a
                ?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhIn0&resourceVersion=7 -> 400 BadRequest: specifying resource version is not allowed when using continue
                ?watch=true&resourceVersion=x -> 500 -: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax
                ?watch=true&resourceVersionMatch=NotOlderThan -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided
                ?watch=true&sendInitialEvents=true -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan
                ?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]
                ?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x -> 422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided
                ?labelSelector=a+b -> 400 BadRequest: unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt
                ?labelSelector=a%20in%20b -> 400 BadRequest: unable to parse requirement: found 'b' expected: '('
                ?fieldSelector=spec.x=y -> 400 BadRequest: field label not supported: spec.x
                ?fieldSelector=x -> 400 BadRequest: invalid selector: 'x'; can't understand 'x'
                /a?resourceVersion=x -> 500 -: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax
                /a?resourceVersion=99999999 -> 504 Timeout: Timeout: Too large resource version: 99999999, current: VERSION
                DELETE ?gracePeriodSeconds=x -> 400 BadRequest: strconv.ParseInt: parsing "x": invalid syntax
                DELETE ?propagationPolicy=Sideways -> 422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"
                DELETE ?dryRun=Some -> 422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"
                DELETE { -> 500 -: couldn't get version/kind; json parse error: unexpected end of JSON input
                DELETE {"propagationPolicy": "Sideways"} -> 422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"
                DELETE {"preconditions": {"uid": "x"}} -> 409 Conflict: Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (x) does not match the UID in record (UID). The object might have been deleted and then recreated
                DELETE {"preconditions": {"resourceVersion": "1"}} -> 409 Conflict: Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (VERSION). The object might have been modified
                422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"
            "#]],
        );
    });
}

#[test]
fn who_writes_an_old_version_is_told_so() {
    with_server(|_, api| async move {
        let (mut one, mut other) = (api.connect().await, api.connect().await);
        let made = one.ok(Method::POST, MAPS, &json!({"metadata": {"name": "a"}})).await;
        let mut first = made.clone();
        first["data"] = json!({"by": "one"});
        one.ok(Method::PUT, &format!("{MAPS}/a"), &first).await;
        let json = [("Content-Type", "application/json")];
        let put = async |to: &mut Connection, name: &str, object: &Value| {
            told(&to.send(Method::PUT, &format!("{MAPS}/{name}"), &json, object.to_string()).await)
        };
        let mut lines = vec![put(&mut other, "a", &made).await];
        let mut another = made.clone();
        another["metadata"]["resourceVersion"] = json!("x");
        lines.push(put(&mut other, "a", &another).await);
        another["metadata"]["uid"] = json!("b5b5");
        lines.push(put(&mut other, "a", &another).await);
        lines.push(put(&mut other, "b", &made).await);
        let mut elsewhere = json!({"metadata": {"name": "a", "namespace": "kube-system"}});
        lines.push(put(&mut other, "a", &elsewhere).await);
        lines.push(post(&mut other, MAPS, "application/json", elsewhere.to_string()).await);
        elsewhere["metadata"] = json!({"name": "a"});
        lines.push(post(&mut other, MAPS, "application/json", elsewhere.to_string()).await);
        elsewhere["metadata"]["resourceVersion"] = json!("7");
        lines.push(post(&mut other, MAPS, "application/json", elsewhere.to_string()).await);
        let merge = [("Content-Type", "application/merge-patch+json")];
        let patch =
            json!({"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"x": "y"}});
        let answer = other.send(Method::PATCH, &format!("{MAPS}/a"), &merge, patch.to_string()).await;
        lines.push(told(&answer));
        check(
            &masked(&lines, &made),
            expect![[r#"
                409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again
                500 -: strconv.ParseUint: parsing "x": invalid syntax
                409 Conflict: Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: b5b5, UID in object meta: UID
                400 BadRequest: the name of the object (a) does not match the name on the URL (b)
                400 BadRequest: the namespace of the provided object does not match the namespace sent on the request
                400 BadRequest: the namespace of the provided object does not match the namespace sent on the request
                409 AlreadyExists: configmaps "a" already exists
                400 BadRequest: resourceVersion should not be set on objects to be created
                409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again
            "#]],
        );
    });
}

#[test]
fn paths_and_methods_that_are_not_there_are_refused() {
    with_server(|_, api| async move {
        let mut to = api.connect().await;
        let mut lines = Vec::new();
        for (method, path) in [
            (Method::GET, "/nosuch"),
            (Method::GET, "/api/v2"),
            (Method::GET, "/api/v1/nosuch"),
            (Method::GET, "/apis/nosuch/v1/things"),
            (Method::GET, "/apis/apps/v9/deployments"),
            (Method::GET, "/api/v1/namespaces/default/pods/a/nosuch"),
            (Method::GET, "/api/v1/namespaces/default/configmaps/a/status"),
            (Method::GET, "/api/v1/namespaces/nosuch/pods"),
            (Method::PUT, PODS),
            (Method::POST, "/api/v1/pods"),
            (Method::POST, "/api/v1/namespaces/default/pods/a"),
            (Method::DELETE, "/api/v1/namespaces"),
            (Method::GET, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
            (Method::OPTIONS, PODS),
            (Method::from_bytes(b"BREW").expect("a method"), PODS),
            (Method::GET, "/metrics"),
        ] {
            let json = [("Content-Type", "application/json")];
            let answer = to.send(method.clone(), path, &json, "").await;
            lines.push(format!("{method} {path} -> {}", told(&answer)));
        }
        check(
            &lines,
            expect![[r#"
                GET /nosuch -> 404 "404 page not found\n"
                GET /api/v2 -> 404 NotFound: the server could not find the requested resource
                GET /api/v1/nosuch -> 404 NotFound: the server could not find the requested resource
                GET /apis/nosuch/v1/things -> 404 "404 page not found\n"
                GET /apis/apps/v9/deployments -> 404 NotFound: the server could not find the requested resource
                GET /api/v1/namespaces/default/pods/a/nosuch -> 404 NotFound: the server could not find the requested resource
                GET /api/v1/namespaces/default/configmaps/a/status -> 404 NotFound: the server could not find the requested resource
                GET /api/v1/namespaces/nosuch/pods -> 200 "PodList" null
                PUT /api/v1/namespaces/default/pods -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                POST /api/v1/pods -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                POST /api/v1/namespaces/default/pods/a -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                DELETE /api/v1/namespaces -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                OPTIONS /api/v1/namespaces/default/pods -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                BREW /api/v1/namespaces/default/pods -> 405 MethodNotAllowed: the server does not allow this method on the requested resource
                GET /metrics -> 501 NotImplemented: kube-apiserver: /metrics is not simulated
            "#]],
        );
    });
}

#[test]
fn tokens_and_masks_are_looked_at() {
    with_server(|server, api| async move {
        let mut admin = api.connect().await;
        let mut nobody = api.connect_as_nobody().await;
        let request = json!({"spec": {"expirationSeconds": 600}});
        let url = "/api/v1/namespaces/default/serviceaccounts/default/token";
        let token =
            admin.ok(Method::POST, url, &request).await["status"]["token"].as_str().expect("one").to_string();
        let good = format!("Bearer {token}");
        let mut lines = Vec::new();
        let cut = &good[..good.len() - 4];
        for (name, value) in [
            ("none", ""),
            ("good", &good),
            ("in small letters", &good.replace("Bearer", "bearer")),
            ("cut", cut),
            ("garbage", "Bearer garbage"),
            ("empty", "Bearer "),
            ("two dots", "Bearer a.b.c"),
            ("another scheme", "Basic YTpi"),
        ] {
            let headers: &[(&str, &str)] = if value.is_empty() { &[] } else { &[("Authorization", value)] };
            let answer = nobody.send(Method::GET, PODS, headers, "").await;
            lines.push(format!("{name} -> {}", told(&answer)));
        }
        // Nobody can say over the wire who the certificate says they are.
        let answer = nobody
            .send(
                Method::GET,
                PODS,
                &[("X-Remote-User", "kubernetes-admin"), ("X-Remote-Group", "system:masters")],
                "",
            )
            .await;
        lines.push(format!("pretended -> {}", told(&answer)));
        let later = server.world().now() + std::time::Duration::from_secs(3_600);
        while !server.world_mut().handle_timeout(later, u64::MAX).done {}
        let answer = nobody.send(Method::GET, PODS, &[("Authorization", &good)], "").await;
        lines.push(format!("expired -> {}", told(&answer)));
        for headers in [
            &[("Impersonate-User", "jane")][..],
            &[("Impersonate-Group", "devs")],
            &[("Impersonate-Uid", "7")],
            &[("Impersonate-Extra-Scopes", "view")],
            &[("Impersonate-User", "jane"), ("Impersonate-Group", "system:masters")],
            &[("Impersonate-User", "system:serviceaccount:default:default")],
            &[("Impersonate-User", "system:anonymous")],
        ] {
            let answer = admin.send(Method::GET, PODS, headers, "").await;
            lines.push(format!("{headers:?} -> {}", told(&answer)));
        }
        let answer = nobody.send(Method::GET, PODS, &[("Impersonate-User", "kubernetes-admin")], "").await;
        lines.push(format!("nobody as the administrator -> {}", told(&answer)));
        check(
            &lines,
            expect![[r#"
            none -> 403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"
            good -> 403 Forbidden: pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"
            in small letters -> 403 Forbidden: pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"
            cut -> 401 Unauthorized: Unauthorized
            garbage -> 401 Unauthorized: Unauthorized
            empty -> 403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"
            two dots -> 401 Unauthorized: Unauthorized
            another scheme -> 403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"
            pretended -> 403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"
            expired -> 401 Unauthorized: Unauthorized
            [("Impersonate-User", "jane")] -> 403 Forbidden: pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"
            [("Impersonate-Group", "devs")] -> 500 "Internal Server Error: \"/api/v1/namespaces/default/pods\": requested [{Group  devs    }] without impersonating a user\n"
            [("Impersonate-Uid", "7")] -> 500 "Internal Server Error: \"/api/v1/namespaces/default/pods\": requested [{UID  7  authentication.k8s.io/v1  }] without impersonating a user\n"
            [("Impersonate-Extra-Scopes", "view")] -> 500 "Internal Server Error: \"/api/v1/namespaces/default/pods\": requested [{UserExtra  view  authentication.k8s.io/v1  scopes}] without impersonating a user\n"
            [("Impersonate-User", "jane"), ("Impersonate-Group", "system:masters")] -> 200 "PodList" null
            [("Impersonate-User", "system:serviceaccount:default:default")] -> 403 Forbidden: pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"
            [("Impersonate-User", "system:anonymous")] -> 403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"
            nobody as the administrator -> 403 Forbidden: users "kubernetes-admin" is forbidden: User "system:anonymous" cannot impersonate resource "users" in API group "" at the cluster scope
        "#]],
        );
    });
}

#[test]
fn health_is_told_to_everybody() {
    with_server(|_, api| async move {
        let mut nobody = api.connect_as_nobody().await;
        let mut lines = Vec::new();
        for path in [
            "/livez",
            "/readyz",
            "/healthz",
            "/readyz/ping",
            "/livez/etcd",
            "/readyz/nosuch",
            "/readyz?verbose&exclude=etcd&exclude=x",
            "/version",
        ] {
            let answer = nobody.send(Method::GET, path, &[], "").await;
            lines.push(format!(
                "{path} -> {} {}\n{}",
                answer.status,
                answer.header("content-type"),
                answer.text()
            ));
        }
        check(
            &lines,
            expect![[r#"
                /livez -> 200 text/plain; charset=utf-8
                ok
                /readyz -> 200 text/plain; charset=utf-8
                ok
                /healthz -> 200 text/plain; charset=utf-8
                ok
                /readyz/ping -> 403 application/json
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"system:anonymous\" cannot get path \"/readyz/ping\"","reason":"Forbidden","details":{},"code":403}

                /livez/etcd -> 403 application/json
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"system:anonymous\" cannot get path \"/livez/etcd\"","reason":"Forbidden","details":{},"code":403}

                /readyz/nosuch -> 403 application/json
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"system:anonymous\" cannot get path \"/readyz/nosuch\"","reason":"Forbidden","details":{},"code":403}

                /readyz?verbose&exclude=etcd&exclude=x -> 200 text/plain; charset=utf-8
                [+]ping ok
                [+]log ok
                [+]etcd excluded: ok
                [+]etcd-readiness ok
                [+]informer-sync ok
                [+]poststarthook/start-apiserver-admission-initializer ok
                [+]poststarthook/generic-apiserver-start-informers ok
                [+]poststarthook/priority-and-fairness-config-consumer ok
                [+]poststarthook/priority-and-fairness-filter ok
                [+]poststarthook/storage-object-count-tracker-hook ok
                [+]poststarthook/start-apiextensions-informers ok
                [+]poststarthook/start-apiextensions-controllers ok
                [+]poststarthook/crd-informer-synced ok
                [+]poststarthook/start-system-namespaces-controller ok
                [+]poststarthook/start-cluster-authentication-info-controller ok
                [+]poststarthook/start-kube-apiserver-identity-lease-controller ok
                [+]poststarthook/start-kube-apiserver-identity-lease-garbage-collector ok
                [+]poststarthook/start-legacy-token-tracking-controller ok
                [+]poststarthook/start-service-ip-repair-controllers ok
                [+]poststarthook/rbac/bootstrap-roles ok
                [+]poststarthook/scheduling/bootstrap-system-priority-classes ok
                [+]poststarthook/priority-and-fairness-config-producer ok
                [+]poststarthook/bootstrap-controller ok
                [+]poststarthook/start-kubernetes-service-cidr-controller ok
                [+]poststarthook/aggregator-reload-proxy-client-cert ok
                [+]poststarthook/start-kube-aggregator-informers ok
                [+]poststarthook/apiservice-status-local-available-controller ok
                [+]poststarthook/apiservice-status-remote-available-controller ok
                [+]poststarthook/apiservice-registration-controller ok
                [+]poststarthook/apiservice-discovery-controller ok
                [+]poststarthook/kube-apiserver-autoregistration ok
                [+]autoregister-completion ok
                [+]poststarthook/apiservice-openapi-controller ok
                [+]poststarthook/apiservice-openapiv3-controller ok
                [+]shutdown ok
                warn: some health checks cannot be excluded: no matches for "x"
                readyz check passed

                /version -> 200 application/json
                {
                  "major": "1",
                  "minor": "35",
                  "emulationMajor": "1",
                  "emulationMinor": "35",
                  "minCompatibilityMajor": "1",
                  "minCompatibilityMinor": "34",
                  "gitVersion": "v1.35.2",
                  "gitCommit": "fdc9d74cbf2da6754ebf81d56f80ae2948cd6425",
                  "gitTreeState": "clean",
                  "buildDate": "2026-02-26T20:14:50Z",
                  "goVersion": "go1.25.7",
                  "compiler": "gc",
                  "platform": "linux/amd64"
                }
            "#]],
        );
    });
}

#[test]
fn what_is_no_http_is_refused() {
    with_server(|server, api| async move {
        let port = api.port();
        let mut lines = Vec::new();
        let host = format!("Host: 127.0.0.1:{port}\r\n");
        for (name, request) in [
            ("no HTTP", "hello\r\n\r\n".to_string()),
            ("no version", "GET /livez\r\n\r\n".to_string()),
            ("a wrong version", format!("GET /livez HTTP/7.0\r\n{host}\r\n")),
            ("a header without a colon", format!("GET /livez HTTP/1.1\r\n{host}nonsense\r\n\r\n")),
            ("a wrong length", format!("POST {MAPS} HTTP/1.1\r\n{host}Content-Length: x\r\n\r\n")),
            (
                "a head without end",
                format!("GET /livez HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(1 << 20)),
            ),
            ("no host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n".to_string()),
            (
                "another host",
                "GET /livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_string(),
            ),
            (
                "our host on another port",
                "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\n\r\n".to_string(),
            ),
            ("good", format!("GET /livez HTTP/1.1\r\n{host}Connection: close\r\n\r\n")),
        ] {
            let answer = api.raw(request.as_bytes()).await;
            let first = answer.lines().next().unwrap_or("").to_string();
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            lines.push(format!("{name} -> {first} {body:?}"));
        }
        let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("it listens");
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it is read");
        let mut answer = String::new();
        plain.read_to_string(&mut answer).await.expect("it is text");
        lines.push(format!("without TLS -> {answer:?}"));
        // It listens on one address of this machine only.
        let other = TcpStream::connect((Ipv4Addr::new(127, 0, 0, 2), port)).await;
        lines.push(format!("on another address -> {:?}", other.err().map(|error| error.kind())));
        // After all of this it serves as before.
        lines.push(get(&mut api.connect().await, "/livez").await);
        drop(server);
        check(
            &lines,
            expect![[r#"
            no HTTP -> HTTP/1.1 400 Bad Request ""
            no version -> HTTP/1.1 400 Bad Request ""
            a wrong version -> HTTP/1.1 400 Bad Request ""
            a header without a colon -> HTTP/1.1 400 Bad Request ""
            a wrong length -> HTTP/1.1 400 Bad Request ""
            a head without end -> HTTP/1.1 431 Request Header Fields Too Large ""
            no host -> HTTP/1.1 400 Bad Request "400 Bad Request: missing required Host header"
            another host -> HTTP/1.1 421 Misdirected Request "the Host header names another machine\n"
            our host on another port -> HTTP/1.1 421 Misdirected Request "the Host header names another machine\n"
            good -> HTTP/1.1 200 OK "ok"
            without TLS -> "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
            on another address -> Some(ConnectionRefused)
            200 "ok"
        "#]],
        );
    });
}

/// 10,000 pods come, change and go: a watch over TLS tells each change once and in order.
#[test]
fn a_watch_of_ten_thousand_pods_loses_nothing() {
    with_server(|server, api| async move {
        let cluster_api = server.world().cluster().api.clone();
        let begin = cluster_api.resource_version();
        let target = format!("{PODS}?watch=true&allowWatchBookmarks=true&resourceVersion={begin}");
        let mut watch = api.connect().await.watch(&target).await;
        let (mut last, mut told) = (begin, 0_u64);
        let mut expected = 0_u64;
        for round in 0..20 {
            // The world stands still meanwhile: what is delivered afterwards has been waiting.
            for number in 0..500 {
                let name = format!("p{}", round * 500 + number);
                let pod = json!({"metadata": {"name": name, "labels": {"round": round.to_string()}},
                    "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "nginx"}]}});
                let options = kube::apiserver::WriteOptions::default();
                let made =
                    cluster_api.create(kube::api::POD, "default", pod, &options).expect("it is well-formed");
                expected += 1;
                if number % 2 == 0 {
                    let mut changed = (*made.object).clone();
                    changed["metadata"]["labels"]["changed"] = json!("yes");
                    cluster_api
                        .update(kube::api::POD, "default", changed, false, &options)
                        .expect("it is new");
                    let options = kube::apiserver::DeleteOptions::default();
                    cluster_api.delete(kube::api::POD, "default", &name, &options).expect("it is there");
                    expected += 2;
                }
            }
            while told < expected {
                let event = watch.next().await.expect("the watch goes on");
                let text = event["object"]["metadata"]["resourceVersion"].as_str().expect("a version");
                let version: u64 = text.parse().expect("a number");
                if event["type"] == "BOOKMARK" {
                    assert!(version >= last, "{version} after {last}");
                    continue;
                }
                assert!(version > last, "{version} after {last}");
                last = version;
                told += 1;
            }
        }
        assert_eq!(told, 20_000);
        // Who comes back where it left hears nothing twice; who is too late is told so.
        let target = format!("{PODS}?watch=true&timeoutSeconds=1&resourceVersion={last}");
        assert!(api.connect().await.watch(&target).await.next().await.is_none());
        let target = format!("{PODS}?watch=true&resourceVersion={begin}");
        let event = api.connect().await.watch(&target).await.next().await.expect("an event");
        assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
        let message = event["object"]["message"].as_str().expect("a message");
        assert!(message.starts_with(&format!("too old resource version: {begin} (")), "{message}");
    });
}
