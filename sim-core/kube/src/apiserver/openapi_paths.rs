//! The paths of an OpenAPI document: what can be asked of a kind, and with which parameters.

use super::openapi::{META, description};
use crate::api::{ResourceInfo, map_of};
use crate::json;
use serde_json::{Map, Value};

/// A query parameter.
fn query(name: &str, ty: &str) -> Value {
    json!({"name": name, "in": "query", "description": description(&format!("query.{name}")),
        "schema": {"type": ty, "uniqueItems": true}})
}

const BODIES: [&str; 4] =
    ["application/cbor", "application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
const PATCHES: [&str; 5] = [
    "application/apply-patch+cbor",
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

fn content(forms: &[&str], schema: &str) -> Value {
    let schema = json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
    let forms = map_of(forms.iter().map(|form| ((*form).to_string(), schema.clone())));
    json!({"content": forms})
}

/// One operation of a path.
fn operation(resource: &ResourceInfo, action: &str, kind: &Value, schema: &str) -> Value {
    let tag = match resource.group {
        "" => format!("core_{}", resource.version),
        group => format!("{}_{}", group.split('.').next().unwrap_or(group), resource.version),
    };
    let mut parameters = Vec::new();
    if matches!(action, "put" | "post" | "patch" | "delete" | "deletecollection") {
        parameters.push(query("dryRun", "string"));
    }
    if matches!(action, "put" | "post" | "patch") {
        parameters.push(query("fieldManager", "string"));
        parameters.push(query("fieldValidation", "string"));
    }
    if action == "patch" {
        parameters.push(query("force", "boolean"));
    }
    if matches!(action, "list" | "deletecollection") {
        for (name, ty) in [
            ("allowWatchBookmarks", "boolean"),
            ("continue", "string"),
            ("fieldSelector", "string"),
            ("labelSelector", "string"),
            ("limit", "integer"),
            ("resourceVersion", "string"),
            ("resourceVersionMatch", "string"),
            ("sendInitialEvents", "boolean"),
            ("timeoutSeconds", "integer"),
            ("watch", "boolean"),
        ] {
            parameters.push(query(name, ty));
        }
    }
    if matches!(action, "delete" | "deletecollection") {
        for (name, ty) in [
            ("gracePeriodSeconds", "integer"),
            ("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
            ("orphanDependents", "boolean"),
            ("propagationPolicy", "string"),
        ] {
            parameters.push(query(name, ty));
        }
    }
    let mut answer = content(&BODIES, schema);
    answer["description"] = json!("OK");
    let mut value = json!({
        "tags": [tag],
        "responses": {"200": answer, "401": {"description": "Unauthorized"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
    });
    if !parameters.is_empty() {
        value["parameters"] = json!(parameters);
    }
    match action {
        "post" | "put" => {
            value["requestBody"] = content(&["*/*"], schema);
            value["requestBody"]["required"] = json!(true);
        }
        "patch" => {
            value["requestBody"] = content(&PATCHES, &format!("{META}.Patch"));
            value["requestBody"]["required"] = json!(true);
        }
        _ => {}
    }
    value
}

/// The paths of a kind: of its collections, of one object, and of what is below it.
pub(super) fn add_paths(paths: &mut Map<String, Value>, resource: &ResourceInfo, schema: &str) {
    let base = match resource.group {
        "" => format!("/api/{}", resource.version),
        group => format!("/apis/{group}/{}", resource.version),
    };
    let kind = json!({"group": resource.group, "kind": resource.kind, "version": resource.version});
    let can = |verb: &str| resource.verbs.contains(&verb);
    let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let in_path = |name: &str| {
        json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "uniqueItems": true},
            "description": description(&format!("path.{name}"))})
    };
    let mut of_collection = vec![query("pretty", "string")];
    if resource.namespaced {
        of_collection.insert(0, in_path("namespace"));
    }
    let mut of_object = of_collection.clone();
    of_object.insert(0, in_path("name"));
    let item = |action: &str| operation(resource, action, &kind, schema);
    let list = || operation(resource, "list", &kind, &format!("{schema}List"));
    if resource.namespaced && can("list") {
        paths.insert(format!("{base}/{}", resource.plural), json!({"get": list()}));
    }
    let mut collection = json!({"parameters": of_collection});
    if can("list") {
        collection["get"] = list();
    }
    if can("create") {
        collection["post"] = item("post");
    }
    if can("deletecollection") {
        collection["delete"] = operation(resource, "deletecollection", &kind, &format!("{META}.Status"));
    }
    paths.insert(format!("{base}{place}/{}", resource.plural), collection);
    let mut one = json!({"parameters": of_object});
    for (verb, method, action) in [
        ("get", "get", "get"),
        ("update", "put", "put"),
        ("patch", "patch", "patch"),
        ("delete", "delete", "delete"),
    ] {
        if can(verb) {
            one[method] = item(action);
        }
    }
    if one.as_object().is_some_and(|one| one.len() > 1) {
        paths.insert(format!("{base}{place}/{}/{{name}}", resource.plural), one);
    }
    for sub in resource.subresources {
        let mut path = json!({"parameters": of_object});
        let (group, version) = if sub.group.is_empty() && sub.version.is_empty() {
            (resource.group, resource.version)
        } else {
            (sub.group, sub.version)
        };
        let kind = json!({"group": group, "kind": sub.kind, "version": version});
        for verb in sub.verbs {
            let (method, action) = match *verb {
                "create" => ("post", "post"),
                "update" => ("put", "put"),
                other => (other, other),
            };
            if sub.kind == resource.kind {
                path[method] = operation(resource, action, &kind, schema);
            } else {
                // What goes in and out is a kind of another group; it is not told here.
                path[method] = json!({"x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind,
                    "responses": {"200": {"description": "OK"}}});
            }
        }
        paths.insert(format!("{base}{place}/{}/{{name}}/{}", resource.plural, sub.name), path);
    }
}
