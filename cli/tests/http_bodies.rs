//! Bodies and forms of answers that no kubectl sends or asks for: over real TLS sockets, in upstream's words.

mod support;

use expect_test::expect;
use hyper::Method;
use serde_json::json;
use support::{MAPS, PODS, check, post, told, warnings, with_server};

#[test]
fn json_that_is_none_is_refused() {
    with_server(|_, api| async move {
        let mut to = api.connect().await;
        let mut lines = Vec::new();
        for body in [
            "",
            "{",
            "{\"metadata\": {\"name\": \"a\",}}",
            "{\"metadata\": {\"name\": \"a\"}} x",
            "hello",
            "[]",
            "\"x\"",
            "7",
            "{\"kind\": 7}",
            "{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}",
            "{\"kind\": \"Foo\"}",
            "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v2\"}",
            "{\"kind\": \"Deployment\", \"apiVersion\": \"apps/v1\"}",
            "{\"metadata\": 7}",
            "{\"data\": {\"a\": 1}}",
            "\u{feff}{}",
        ] {
            lines.push(format!("{body:?} -> {}", post(&mut to, MAPS, "application/json", body).await));
        }
        let deployments = "/apis/apps/v1/namespaces/default/deployments";
        for version in ["apps/v1beta1", "extensions/v1beta1", "v1"] {
            let body = json!({"kind": "Deployment", "apiVersion": version}).to_string();
            lines
                .push(format!("{version} -> {}", post(&mut to, deployments, "application/json", body).await));
        }
        check(
            &lines,
            expect![[r#"
                "" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)
                "{" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({)
                "{\"metadata\": {\"name\": \"a\",}}" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({"metadata": {"name": "a",}})
                "{\"metadata\": {\"name\": \"a\"}} x" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'x' after top-level value ({"metadata": {"name": "a"}} x)
                "hello" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)
                "[]" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b5d)
                "\"x\"" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (227822)
                "7" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (37)
                "{\"kind\": 7}" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind": 7})
                "{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}" -> 400 BadRequest: Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion
                "{\"kind\": \"Foo\"}" -> 400 BadRequest: Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
                "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v2\"}" -> 400 BadRequest: ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
                "{\"kind\": \"Deployment\", \"apiVersion\": \"apps/v1\"}" -> 400 BadRequest: Deployment in version "v1" cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion
                "{\"metadata\": 7}" -> 400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.metadata of type v1.ObjectMeta
                "{\"data\": {\"a\": 1}}" -> 400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string
                "\u{feff}{}" -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'ï' looking for beginning of value (efbbbf7b7d)
                apps/v1beta1 -> 400 BadRequest: the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)
                extensions/v1beta1 -> 400 BadRequest: Deployment in version "v1beta1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "extensions/v1beta1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
                v1 -> 400 BadRequest: Deployment in version "v1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
            "#]],
        );
    });
}

#[test]
fn yaml_is_read_and_written() {
    with_server(|_, api| async move {
        let mut to = api.connect().await;
        let mut laughs = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_string();
        for (this, before) in "bcdefghi".chars().zip("abcdefgh".chars()) {
            laughs += &format!("{this}: &{this} [{}]\n", vec![format!("*{before}"); 9].join(","));
        }
        let good = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\ndata: &d\n  a: x\n  b: w\n";
        let merged = "kind: ConfigMap\nmetadata: {name: merged, labels: &l {a: x}, annotations: *l}\n";
        let mut lines = Vec::new();
        for (name, body) in [
            ("good", good),
            ("an anchor", merged),
            ("nothing", ""),
            ("a tab", "kind: ConfigMap\nmetadata:\n\tname: x\n"),
            ("out of place", "kind: ConfigMap\nmetadata:\n  name: x\n data: {}\n"),
            ("a list", "- a\n"),
            ("no such anchor", "metadata: {name: *x}\n"),
            ("a billion laughs", &laughs),
            ("itself", "a: &a [*a]\n"),
            ("a wrong type", "metadata: {name: x}\ndata: {a: 1}\n"),
            ("twice", "metadata: {name: twice, name: twice}\ndata:\n  a: x\n  a: w\ncolour: blue\n"),
        ] {
            lines.push(format!("{name} -> {}", post(&mut to, MAPS, "application/yaml", body).await));
        }
        let strict = format!("{MAPS}?fieldValidation=Strict");
        let body = "metadata: {name: thrice}\ndata:\n  a: x\n  a: w\n  a: z\ncolour: blue\n";
        lines.push(format!(
            "strict -> {}",
            post(&mut to, &strict, "application/yaml; charset=utf-8", body).await
        ));
        let apply = [("Content-Type", "application/apply-patch+yaml")];
        for (query, body) in [
            ("fieldManager=me", "apiVersion: v1\nkind: ConfigMap\ndata: {a: x, a: w}\n"),
            (
                "fieldManager=me&fieldValidation=Strict",
                "apiVersion: v1\nkind: ConfigMap\ndata: {a: x, a: w}\n",
            ),
            ("fieldManager=me", "apiVersion: v1\nkind: ConfigMap\n\tdata: x\n"),
            ("fieldManager=me", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}"),
        ] {
            let answer = to.send(Method::PATCH, &format!("{MAPS}/applied?{query}"), &apply, body).await;
            lines.push(format!("apply -> {}{}", told(&answer), warnings(&answer)));
        }
        let yaml = [("Accept", "application/yaml")];
        let answer = to.send(Method::GET, &format!("{MAPS}/nosuch"), &yaml, "").await;
        lines.push(format!("{}\n{}", answer.header("content-type"), answer.text()));
        check(
            &lines,
            expect![[r#"
                good -> 201 "ConfigMap" "good"
                an anchor -> 201 "ConfigMap" "merged"
                nothing -> 422 Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required
                a tab -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): yaml: line 3: found character that cannot start any token (6b696e643a20436f6e6669674d61700a6d657461646174613a0a096e616d ...)
                out of place -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): yaml: line 3: did not find expected key (6b696e643a20436f6e6669674d61700a6d657461646174613a0a20206e61 ...)
                a list -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (2d20610a)
                no such anchor -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): yaml: unknown anchor 'x' referenced (6d657461646174613a207b6e616d653a202a787d0a)
                a billion laughs -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): yaml: document contains excessive aliasing (613a202661205b6c6f6c2c206c6f6c2c206c6f6c2c206c6f6c2c206c6f6c ...)
                itself -> 400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): yaml: anchor 'a' value contains itself (613a202661205b2a615d0a)
                a wrong type -> 400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string
                twice -> 201 "ConfigMap" "twice"
                  299 - "line 1: key \"name\" already set in map"
                  299 - "line 4: key \"a\" already set in map"
                  299 - "unknown field \"colour\""
                strict -> 400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:
                  line 4: key "a" already set in map
                  line 5: key "a" already set in map, unknown field "colour"
                apply -> 201 "ConfigMap" "applied"
                  299 - "line 3: key \"a\" already set in map"
                apply -> 400 BadRequest: error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:
                  line 3: key "a" already set in map
                apply -> 400 BadRequest: error decoding patch: error converting YAML to JSON: yaml: line 2: found a tab character that violates indentation
                apply -> 400 BadRequest: invalid object type: v1, Kind=Pod does not match v1, Kind=ConfigMap
                application/yaml
                apiVersion: v1
                code: 404
                details:
                  kind: configmaps
                  name: nosuch
                kind: Status
                message: configmaps "nosuch" not found
                metadata: {}
                reason: NotFound
                status: Failure

            "#]],
        );
    });
}

#[test]
fn strict_decoding_tells_in_the_order_of_the_text() {
    with_server(|_, api| async move {
        let mut to = api.connect().await;
        let body = r#"{"zzz": 1, "kind": "ConfigMap", "metadata": {"name": "a", "name": "b", "labelz": {}}, "data": {"x": "1", "x": "2"}, "aaa": {"b": 1, "b": 2}}"#;
        let mut lines = Vec::new();
        for validation in ["", "Warn", "Strict", "Ignore", "Loud"] {
            let target = format!("{MAPS}?dryRun=All&fieldValidation={validation}");
            lines.push(format!(
                "{validation:?} -> {}",
                post(&mut to, &target, "application/json", body).await
            ));
        }
        let pod = r#"{"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx", "imagee": "x", "ports": [{"containerPort": 80, "containerPort": 81}]}]}}"#;
        let target = format!("{PODS}?dryRun=All&fieldValidation=Strict");
        lines.push(post(&mut to, &target, "application/json", pod).await);
        check(
            &lines,
            expect![[r#"
            "" -> 201 "ConfigMap" "b"
              299 - "unknown field \"zzz\""
              299 - "duplicate field \"metadata.name\""
              299 - "unknown field \"metadata.labelz\""
              299 - "duplicate field \"data.x\""
              299 - "unknown field \"aaa\""
            "Warn" -> 201 "ConfigMap" "b"
              299 - "unknown field \"zzz\""
              299 - "duplicate field \"metadata.name\""
              299 - "unknown field \"metadata.labelz\""
              299 - "duplicate field \"data.x\""
              299 - "unknown field \"aaa\""
            "Strict" -> 400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "zzz", duplicate field "metadata.name", unknown field "metadata.labelz", duplicate field "data.x", unknown field "aaa"
            "Ignore" -> 201 "ConfigMap" "b"
            "Loud" -> 422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Loud": supported values: "", "Ignore", "Strict", "Warn"
            400 BadRequest: Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].imagee", duplicate field "spec.containers[0].ports[0].containerPort"
        "#]],
        );
    });
}

#[test]
fn forms_that_nobody_reads_or_writes_are_refused() {
    with_server(|_, api| async move {
        let mut to = api.connect().await;
        let map = json!({"metadata": {"name": "a"}}).to_string();
        let mut lines = Vec::new();
        for content in [
            "",
            "text/plain",
            "application/xml",
            "application/JSON; charset=utf-8",
            "application/cbor",
            "a b",
        ] {
            let target = format!("{MAPS}?dryRun=All");
            lines.push(format!(
                "POST as {content:?} -> {}",
                post(&mut to, &target, content, map.clone()).await
            ));
        }
        to.ok(Method::POST, MAPS, &json!({"metadata": {"name": "a"}})).await;
        for content in ["application/json", "text/plain", "application/merge-patch+json"] {
            let headers = [("Content-Type", content)];
            let answer = to.send(Method::PATCH, &format!("{MAPS}/a"), &headers, "{}").await;
            lines.push(format!("PATCH as {content:?} -> {}", told(&answer)));
        }
        for (content, body) in [
            ("application/json-patch+json", "{}"),
            ("application/json-patch+json", "[{\"op\": \"remove\", \"path\": \"/data/nosuch\"}]"),
            ("application/json-patch+json", "[{"),
            ("application/merge-patch+json", "[]"),
            ("application/merge-patch+json", "{,"),
            ("application/strategic-merge-patch+json", "7"),
            ("application/strategic-merge-patch+json", "{\"data\": "),
        ] {
            let headers = [("Content-Type", content)];
            let answer = to.send(Method::PATCH, &format!("{MAPS}/a"), &headers, body).await;
            lines.push(format!("{content} {body} -> {}", told(&answer)));
        }
        for accept in [
            "text/html",
            "application/xml, text/*",
            "application/json;as=Table;v=v9;g=meta.k8s.io",
            "application/vnd.kubernetes.protobuf",
            "application/vnd.kubernetes.protobuf, */*",
            "text/html, application/json;q=0.1",
        ] {
            let answer = to.send(Method::GET, &format!("{MAPS}/a"), &[("Accept", accept)], "").await;
            lines.push(format!("Accept {accept:?} -> {}", told(&answer)));
        }
        let answer = to.send(Method::GET, &format!("{MAPS}/nosuch"), &[("Accept", "text/html")], "").await;
        lines.push(answer.text());
        let answer = to.send(Method::GET, "/api", &[("User-Agent", "curl/8")], "").await;
        lines.push(answer.text());
        let huge = format!("{{\"data\": {{\"a\": \"{}\"}}}}", "x".repeat(3 << 20));
        lines.push(format!("3 MiB -> {}", post(&mut to, MAPS, "application/json", huge).await));
        check(
            &lines,
            expect![[r#"
                POST as "" -> 201 "ConfigMap" "a"
                POST as "text/plain" -> 415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf
                POST as "application/xml" -> 415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf
                POST as "application/JSON; charset=utf-8" -> 201 "ConfigMap" "a"
                POST as "application/cbor" -> 415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf
                POST as "a b" -> 415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf
                PATCH as "application/json" -> 415 UnsupportedMediaType: 415: Unsupported Media Type
                PATCH as "text/plain" -> 415 UnsupportedMediaType: 415: Unsupported Media Type
                PATCH as "application/merge-patch+json" -> 200 "ConfigMap" "a"
                application/json-patch+json {} -> 400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp
                application/json-patch+json [{"op": "remove", "path": "/data/nosuch"}] -> 422 Invalid: the server rejected our request due to an error in our request
                application/json-patch+json [{ -> 400 BadRequest: error decoding patch: unexpected end of JSON input
                application/merge-patch+json [] -> 400 BadRequest: error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}
                application/merge-patch+json {, -> 400 BadRequest: error decoding patch: invalid character ',' looking for beginning of object key string
                application/strategic-merge-patch+json 7 -> 400 BadRequest: json: cannot unmarshal number into Go value of type map[string]interface {}
                application/strategic-merge-patch+json {"data":  -> 400 BadRequest: unexpected end of JSON input
                Accept "text/html" -> 406 NotAcceptable: 406: Not Acceptable

                Available representations: application/json, application/yaml, application/vnd.kubernetes.protobuf
                Accept "application/xml, text/*" -> 406 NotAcceptable: 406: Not Acceptable

                Available representations: application/json, application/yaml, application/vnd.kubernetes.protobuf
                Accept "application/json;as=Table;v=v9;g=meta.k8s.io" -> 406 NotAcceptable: only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf
                Accept "application/vnd.kubernetes.protobuf" -> 501 NotImplemented: kube-apiserver: an answer in application/vnd.kubernetes.protobuf is not simulated
                Accept "application/vnd.kubernetes.protobuf, */*" -> 200 "ConfigMap" "a"
                Accept "text/html, application/json;q=0.1" -> 200 "ConfigMap" "a"
                {
                  "kind": "Status",
                  "apiVersion": "v1",
                  "metadata": {},
                  "status": "Failure",
                  "message": "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
                  "reason": "NotAcceptable",
                  "details": {},
                  "code": 406
                }
                {
                  "kind": "APIVersions",
                  "versions": [
                    "v1"
                  ],
                  "serverAddressByClientCIDRs": [
                    {
                      "clientCIDR": "0.0.0.0/0",
                      "serverAddress": "10.10.0.11:6443"
                    }
                  ]
                }
                3 MiB -> 413 RequestEntityTooLarge: Request entity too large: limit is 3145728
            "#]],
        );
    });
}
