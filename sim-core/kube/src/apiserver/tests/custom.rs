//! Kinds that a cluster learns.

use super::*;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CRONTABS: &str = "/apis/stable.example.com/v1/namespaces/default/crontabs";

fn definition() -> Value {
    json!({"metadata": {"name": "crontabs.stable.example.com"}, "spec": {
        "group": "stable.example.com", "scope": "Namespaced",
        "names": {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"]},
        "versions": [{"name": "v1", "served": true, "storage": true,
            "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
            "additionalPrinterColumns": [
                {"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec"},
                {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
                {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "required": ["cronSpec"], "properties": {
                    "cronSpec": {"type": "string", "pattern": "^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$"},
                    "image": {"type": "string", "default": "busybox", "enum": ["busybox", "alpine"]},
                    "replicas": {"type": "integer", "minimum": 1, "maximum": 10}}},
                "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}}}}}}]}})
}

fn crontab(spec: Value) -> Value {
    json!({"apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": {"name": "mine"}, "spec": spec})
}

#[test]
fn a_definition_makes_a_kind() {
    let w = world();
    assert_eq!(w.call("GET", CRONTABS, Value::Null).0, 404);
    let made = w.ok("POST", DEFINITIONS, definition());
    assert_eq!(made.str_at("/status/conditions/1/type"), "Established");
    assert_eq!(made.str_at("/spec/names/listKind"), "CronTabList");
    let spec = json!({"cronSpec": "* * * * */5", "replicas": 3, "stranger": 1});
    let own = w.ok("POST", CRONTABS, crontab(spec.clone()));
    assert_eq!(own.at("/spec"), &json!({"cronSpec": "* * * * */5", "image": "busybox", "replicas": 3}));
    check(
        &w.table(CRONTABS),
        expect![[r#"
        NAME | SPEC | REPLICAS | AGE
        mine | * * * * */5 | 3 | 0s
    "#]],
    );
    let url = format!("{CRONTABS}/mine/scale");
    let mut scale = w.ok("GET", &url, Value::Null);
    scale["spec"]["replicas"] = json!(5);
    w.ok("PUT", &url, scale);
    let own = w.ok("MERGE", &format!("{CRONTABS}/mine"), json!({"metadata": {"labels": {"a": "b"}}}));
    assert_eq!((own.int_at("/spec/replicas"), own.generation()), (Some(5), 2));
    let status = w.ok("MERGE", &format!("{CRONTABS}/mine/status"), json!({"status": {"replicas": 4}}));
    assert_eq!(status.int_at("/status/replicas"), Some(4));
    let list = w.ok("GET", "/apis/stable.example.com/v1", Value::Null);
    assert_eq!(list.list_at("/resources").len(), 3);
    let doc = w.ok("GET", "/openapi/v3/apis/stable.example.com/v1", Value::Null);
    assert!(
        doc.at("/components/schemas")["com.example.stable.v1.CronTab"].at("/properties/spec").is_object()
    );
    w.ok("DELETE", &format!("{DEFINITIONS}/crontabs.stable.example.com"), Value::Null);
    assert_eq!(w.call("GET", CRONTABS, Value::Null).0, 404);
}

#[test]
fn objects_are_held_against_their_schema() {
    let w = world();
    w.ok("POST", DEFINITIONS, definition());
    let strict = format!("{CRONTABS}?fieldValidation=Strict");
    let lines = [
        w.message("POST", CRONTABS, crontab(json!({"cronSpec": "x", "replicas": 20}))),
        w.message("POST", CRONTABS, crontab(json!({"cronSpec": 5, "image": "nginx"}))),
        w.message("POST", CRONTABS, crontab(json!({}))),
        w.message("POST", &strict, crontab(json!({"cronSpec": "* * * * *", "x": 1}))),
        w.message("POST", DEFINITIONS, json!({"metadata": {"name": "x"}, "spec": {"group": "g", "scope": "World",
            "names": {"plural": "p", "kind": "K"}, "versions": [{"name": "v1", "served": true, "storage": true}]}})),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
        422 Invalid: CronTab.stable.example.com "mine" is invalid: [spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match '^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$', spec.replicas: Invalid value: 20: spec.replicas in body should be less than or equal to 10]
        422 Invalid: CronTab.stable.example.com "mine" is invalid: [spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer", spec.image: Unsupported value: "nginx": supported values: "busybox", "alpine"]
        422 Invalid: CronTab.stable.example.com "mine" is invalid: spec.cronSpec: Required value
        400 BadRequest: CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.x"
        422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "x" is invalid: [metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group, spec.group: Invalid value: "g": should be a domain with at least one dot, spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced", spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required]"#]],
    );
}

#[test]
fn what_a_custom_object_owns_goes_with_it() {
    let w = world();
    w.ok("POST", DEFINITIONS, definition());
    let owner = w.ok("POST", CRONTABS, crontab(json!({"cronSpec": "* * * * *"})));
    let maps = "/api/v1/namespaces/default/configmaps";
    let reference =
        json!({"apiVersion": "stable.example.com/v1", "kind": "CronTab", "name": "mine", "uid": owner.uid()});
    w.ok("POST", maps, json!({"metadata": {"name": "owned", "ownerReferences": [reference]}}));
    w.ok("DELETE", &format!("{CRONTABS}/mine"), json!({"propagationPolicy": "Foreground"}));
    assert_eq!(w.call("GET", &format!("{CRONTABS}/mine"), Value::Null).0, 404);
    assert_eq!(w.call("GET", &format!("{maps}/owned"), Value::Null).0, 404);
}
