//! Lists in pages and forms, and watches that go on from them.

use super::*;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL_NOPAD};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn maps(w: &World, count: usize) {
    for i in 0..count {
        w.ok("POST", MAPS, json!({"metadata": {"name": format!("m{i}")}}));
    }
}

#[test]
fn a_list_comes_in_pages() {
    let w = world();
    maps(&w, 5);
    let first = w.ok("GET", &format!("{MAPS}?limit=2"), Value::Null);
    assert_eq!(first.int_at("/metadata/remainingItemCount"), Some(3));
    let token = first.str_at("/metadata/continue").to_string();
    let decoded = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    let version = first.str_at("/metadata/resourceVersion");
    assert_eq!(
        String::from_utf8(decoded).unwrap(),
        format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{version},\"start\":\"m1\\u0000\"}}")
    );
    let second = w.ok("GET", &format!("{MAPS}?limit=2&continue={token}"), Value::Null);
    let names: Vec<&str> = second.list_at("/items").iter().map(|m| m.name()).collect();
    assert_eq!((names, second.str_at("/metadata/resourceVersion")), (vec!["m2", "m3"], version));
    for i in 0..300 {
        w.ok("PATCH", &format!("{MAPS}/m0"), json!({"data": {"i": i.to_string()}}));
    }
    let (status, gone) = w.call("GET", &format!("{MAPS}?limit=2&continue={token}"), Value::Null);
    assert_eq!((status, gone.str_at("/reason")), (410, "Expired"));
    let token = gone.str_at("/metadata/continue");
    let rest = w.ok("GET", &format!("{MAPS}?continue={token}"), Value::Null);
    assert_eq!(rest.list_at("/items").len(), 3);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let w = world();
    let lines = [
        w.message("GET", &format!("{MAPS}?continue=x"), Value::Null),
        w.message("GET", &format!("{MAPS}?resourceVersion=x"), Value::Null),
        w.message("GET", &format!("{MAPS}?resourceVersion=9000"), Value::Null),
        w.message("GET", &format!("{MAPS}?resourceVersionMatch=Exact"), Value::Null),
        w.message("GET", &format!("{MAPS}?resourceVersionMatch=Same&resourceVersion=1"), Value::Null),
        w.message("POST", MAPS, json!({"data": {"a": "x".repeat(3 << 20)}})),
    ];
    check(
        &lines.join("\n"),
        expect![[r#"
            400 BadRequest: invalid continue token: continue key is not valid: illegal base64 data at input byte 0
            400 BadRequest: invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax
            504 Timeout: Timeout: Too large resource version: 9000, current: 110
            422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided
            422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Same": supported values: "Exact", "NotOlderThan", ""
            413 RequestEntityTooLarge: Request entity too large: limit is 3145728"#]],
    );
}

#[test]
fn lists_are_of_the_version_they_say() {
    let w = world();
    maps(&w, 4);
    let then = w.api.resource_version();
    w.ok("DELETE", &format!("{MAPS}/m1"), Value::Null);
    w.ok("PATCH", &format!("{MAPS}/m2"), json!({"data": {"a": "b"}}));
    w.ok("POST", MAPS, json!({"metadata": {"name": "m0a"}}));
    w.ok("POST", MAPS, json!({"metadata": {"name": "m1"}, "data": {"new": "yes"}}));
    let exact = format!("{MAPS}?resourceVersion={then}&resourceVersionMatch=Exact");
    let list = w.ok("GET", &exact, Value::Null);
    let names: Vec<String> =
        list.list_at("/items").iter().map(|m| format!("{}{}", m.name(), m.at("/data"))).collect();
    assert_eq!(names, ["m0null", "m1null", "m2null", "m3null"]);
    assert_eq!(list.resource_version(), then.to_string());
    // A page later goes on with the same version.
    let first = w.ok("GET", &format!("{MAPS}?limit=2"), Value::Null);
    w.ok("DELETE", &format!("{MAPS}/m3"), Value::Null);
    let token = first.str_at("/metadata/continue");
    let second = w.ok("GET", &format!("{MAPS}?continue={token}"), Value::Null);
    let names: Vec<&str> = second.list_at("/items").iter().map(|m| m.name()).collect();
    assert_eq!(names, ["m1", "m2", "m3"]);
    for i in 0..300 {
        w.ok("PATCH", &format!("{MAPS}/m0"), json!({"data": {"i": i.to_string()}}));
    }
    check(
        &w.message("GET", &exact, Value::Null),
        expect!["410 Expired: The resourceVersion for the provided list is too old."],
    );
}

#[test]
fn namespaces_are_listed_in_the_order_of_their_keys() {
    let w = world();
    for namespace in ["team", "team-a"] {
        w.ok("POST", "/api/v1/namespaces", json!({"metadata": {"name": namespace}}));
        for name in ["one", "two"] {
            let path = format!("/api/v1/namespaces/{namespace}/secrets");
            w.ok("POST", &path, json!({"metadata": {"name": name}}));
        }
    }
    // Page by page, nothing is told twice and nothing is left out.
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = w.ok("GET", &format!("/api/v1/secrets?limit=1&continue={token}"), Value::Null);
        seen.extend(page.list_at("/items").iter().map(|secret| secret.key().to_string()));
        token = page.str_at("/metadata/continue").to_string();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["team-a/one", "team-a/two", "team/one", "team/two"]);
}

#[test]
fn metadata_can_be_had_alone() {
    let w = world();
    maps(&w, 1);
    let accept =
        ("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
    let Response::Whole { body, .. } = w.request("GET", MAPS, &[accept], &Value::Null) else {
        panic!("a list is whole")
    };
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(list.str_at("/kind"), "PartialObjectMetadataList");
    assert_eq!(list.str_at("/items/0/kind"), "PartialObjectMetadata");
    assert_eq!(list.str_at("/items/0/metadata/name"), "m0");
}

#[test]
fn bookmarks_tell_how_far_the_world_has_come() {
    let w = world();
    let url = format!(
        "{MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=100&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    );
    let Response::Watch(mut watch) = w.request("GET", &url, &[], &Value::Null) else {
        panic!("a watch was asked for")
    };
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = seen.clone();
    w.sim.spawn(async move {
        while let Some(line) = watch.next().await {
            let event: Value = serde_json::from_slice(&line).unwrap();
            let initial = !event.at("/object/metadata/annotations").is_null();
            log.borrow_mut().push(format!("{} {initial}", event.str_at("/type")));
        }
        log.borrow_mut().push("end".to_string());
    });
    w.later(1);
    maps(&w, 1);
    w.later(200);
    assert_eq!(*seen.borrow(), ["BOOKMARK true", "ADDED false", "BOOKMARK false", "end"]);
}
