//! What a client asks before it asks for objects.

use super::*;

fn get(w: &World, url: &str, accept: &str) -> (u16, String, Value) {
    match w.request("GET", url, &[("Accept", accept)], &Value::Null) {
        Response::Whole { status, headers, body } => {
            let content = headers.iter().find(|(name, _)| name == "Content-Type").unwrap().1.clone();
            let text = String::from_utf8(body).unwrap();
            (status, content, serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
        _ => panic!("a document is whole"),
    }
}

#[test]
fn kinds_come_in_one_document_for_who_asks_so() {
    let w = world();
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let (status, content, list) = get(&w, "/apis", accept);
    assert_eq!((status, content.as_str()), (200, &accept[..accept.len() - 17]));
    let apps = &list.list_at("/items")[0];
    assert_eq!(apps.str_at("/metadata/name"), "apps");
    let find = |name: &str| {
        apps.list_at("/versions/0/resources").iter().find(|r| r.str_at("/resource") == name).unwrap().clone()
    };
    check(
        &find("deployments").to_string(),
        expect![[
            r#"{"categories":["all"],"resource":"deployments","responseKind":{"group":"apps","kind":"Deployment","version":"v1"},"scope":"Namespaced","shortNames":["deploy"],"singularResource":"deployment","subresources":[{"responseKind":{"group":"autoscaling","kind":"Scale","version":"v1"},"subresource":"scale","verbs":["get","patch","update"]},{"responseKind":{"group":"apps","kind":"Deployment","version":"v1"},"subresource":"status","verbs":["get","patch","update"]}],"verbs":["create","delete","deletecollection","get","list","patch","update","watch"]}"#
        ]],
    );
    assert_eq!(get(&w, "/apis", "application/json").2.str_at("/kind"), "APIGroupList");
}

#[test]
fn openapi_tells_the_tables_of_fields() {
    let w = world();
    let (_, _, doc) = get(&w, "/openapi/v3/apis/apps/v1", "application/json");
    let schema = |name: &str| doc.at("/components/schemas")[name].clone();
    check(
        &schema("io.k8s.api.core.v1.ContainerPort").to_string(),
        expect![[
            r#"{"description":"A port that a container listens on.","properties":{"containerPort":{"description":"The number of the port, from 1 to 65535.","format":"int32","type":"integer"},"hostIP":{"description":"The address of the node on which the host port is open.","type":"string"},"hostPort":{"description":"The number of a port of the node that leads here. Most containers need none.","format":"int32","type":"integer"},"name":{"description":"A name by which Services can refer to the port.","type":"string"},"protocol":{"default":"TCP","description":"TCP, UDP or SCTP; TCP if not said.","type":"string"}},"required":["containerPort"],"type":"object"}"#
        ]],
    );
    let deployment = schema("io.k8s.api.apps.v1.Deployment");
    assert_eq!(
        deployment.at("/x-kubernetes-group-version-kind"),
        &json!([{"group": "apps", "kind": "Deployment", "version": "v1"}])
    );
    assert_eq!(
        deployment.at("/properties/metadata/allOf/0/$ref"),
        "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    );
    let patch = &doc.at("/paths")["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
    let names: Vec<&str> = patch.list_at("/parameters").iter().map(|p| p.str_at("/name")).collect();
    assert_eq!(names, ["dryRun", "fieldManager", "fieldValidation", "force"]);
    // Whatever is referred to is there.
    let text = doc.to_string();
    for name in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(!schema(name).is_null(), "{name}");
    }
}

#[test]
fn health_is_told_check_by_check() {
    let w = world();
    assert_eq!(get(&w, "/readyz", "").2, "ok");
    assert_eq!(get(&w, "/livez/etcd", "").2, "ok");
    let verbose = get(&w, "/readyz?verbose", "").2;
    let verbose = verbose.as_str().unwrap();
    assert!(verbose.starts_with("[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]etcd-readiness ok\n"));
    assert!(verbose.ends_with("[+]shutdown ok\nreadyz check passed\n"));
}

#[test]
fn every_kind_is_described() {
    let text = include_str!("../../api/descriptions.txt");
    let keys: Vec<&str> = text.lines().map(|line| line.split_once(": ").unwrap().0).collect();
    let all = crate::api::scheme::RESOURCES;
    let missing: Vec<&str> = all.iter().map(|r| r.schema.go).filter(|go| !keys.contains(go)).collect();
    assert!(missing.is_empty(), "no sentence says what these are: {missing:?}");
    let mut seen = sim::SortedSet::new();
    assert!(keys.iter().all(|key| seen.insert(*key)), "each has one sentence");
}
