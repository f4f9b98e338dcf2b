//! Discovery: which groups, versions and kinds there are, and the server's version and health.

use super::rest::{Request, Response, json_line};
use super::{ApiServer, VERSION};
use crate::api::ResourceInfo;
use crate::api::scheme::RESOURCES;
use serde_json::{Map, Value, json};

impl ApiServer {
    /// The answer for a path that is no resource, if there is one. What was told once is kept: it does not change.
    pub(super) fn discover(&self, request: &Request) -> Option<Response> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return None;
        }
        let path = request.path.trim_matches('/');
        if let Some(body) = self.0.documents.borrow().get(path) {
            return Some(Response::json_bytes(200, body.clone()));
        }
        if matches!(path, "healthz" | "livez" | "readyz") {
            return Some(Response::text(200, "ok"));
        }
        let body = json_line(&document(path)?);
        self.0.documents.borrow_mut().insert(path.to_string(), body.clone());
        Some(Response::json_bytes(200, body))
    }
}

/// The document at a path.
fn document(path: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').collect();
    Some(match parts[..] {
        [""] => root(),
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.10.0.11:6443"}],
        }),
        ["api", "v1"] => resources("", "v1")?,
        ["apis"] => {
            let groups: Vec<Value> =
                groups().iter().map(|(group, version)| self::group(group, version)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", name] => {
            let groups = groups();
            let (group, version) = groups.iter().find(|(group, _)| *group == name)?;
            let mut value = self::group(group, version);
            value["kind"] = json!("APIGroup");
            value["apiVersion"] = json!("v1");
            value
        }
        ["apis", group, version] => resources(group, version)?,
        ["openapi", "v3"] => {
            let path = |resource: &ResourceInfo| {
                if resource.group.is_empty() {
                    "api/v1".to_string()
                } else {
                    format!("apis/{}", resource.api_version())
                }
            };
            let entry = |r: &&ResourceInfo| {
                (path(r), json!({"serverRelativeURL": format!("/openapi/v3/{}", path(r))}))
            };
            json!({"paths": RESOURCES.iter().map(entry).collect::<Map<_, _>>()})
        }
        ["openapi", "v3", "api", version] => field_validation("", version),
        ["openapi", "v3", "apis", group, version] => field_validation(group, version),
        ["version"] => version(),
        _ => return None,
    })
}

/// Named groups with their version, in upstream's order of preference.
fn groups() -> Vec<(&'static str, &'static str)> {
    let order = ["apps", "events.k8s.io", "coordination.k8s.io", "discovery.k8s.io"];
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for resource in RESOURCES.iter().filter(|r| !r.group.is_empty()) {
        if !groups.contains(&(resource.group, resource.version)) {
            groups.push((resource.group, resource.version));
        }
    }
    groups.sort_by_key(|(group, _)| order.iter().position(|g| g == group));
    groups
}

fn group(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for resource in RESOURCES.iter().filter(|r| r.group == group && r.version == version) {
        entries.push((resource.plural.to_string(), entry(resource)));
        for sub in resource.subresources {
            let name = format!("{}/{}", resource.plural, sub.name);
            let mut value = json!({
                "name": name, "singularName": "", "namespaced": resource.namespaced, "kind": sub.kind,
                "verbs": sub.verbs,
            });
            if !sub.group.is_empty() {
                value["group"] = json!(sub.group);
                value["version"] = json!(sub.version);
            }
            entries.push((name, value));
        }
    }
    if entries.is_empty() {
        return None;
    }
    if group.is_empty() {
        let binding = json!({"name": "bindings", "singularName": "binding", "namespaced": true, "kind": "Binding",
            "verbs": ["create"]});
        entries.push(("bindings".to_string(), binding));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let group_version = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    let list: Vec<Value> = entries.into_iter().map(|(_, value)| value).collect();
    let mut value = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": list});
    if !group.is_empty() {
        value["apiVersion"] = json!("v1");
    }
    Some(value)
}

fn entry(resource: &ResourceInfo) -> Value {
    let mut value = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        value["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        value["categories"] = json!(resource.categories);
    }
    value
}

fn root() -> Value {
    let mut paths = vec!["/api".to_string(), "/api/v1".to_string(), "/apis".to_string()];
    for (group, version) in groups() {
        paths.push(format!("/apis/{group}"));
        paths.push(format!("/apis/{group}/{version}"));
    }
    paths.extend(["/healthz", "/livez", "/readyz", "/version"].map(str::to_string));
    paths.sort();
    json!({"paths": paths})
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "35",
        "emulationMajor": "1", "emulationMinor": "35",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "34",
        "gitVersion": VERSION,
        "gitCommit": "fdc9d74cbf2da6754ebf81d56f80ab2948cd7425",
        "gitTreeState": "clean", "buildDate": "2026-02-26T20:14:50Z", "goVersion": "go1.25.7", "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// The one thing that kubectl looks for in the OpenAPI document before it sends an object: that
/// unknown fields are the server's business. The schemas themselves are not told.
fn field_validation(group: &str, version: &str) -> Value {
    let paths = RESOURCES.iter().filter(|r| r.group == group && r.version == version).map(|resource| {
        let base =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let patch = json!({
            "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
            "responses": {},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": resource.kind},
        });
        (format!("{base}{place}/{}/{{name}}", resource.plural), json!({"patch": patch}))
    });
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": VERSION},
        "paths": paths.collect::<Map<_, _>>(), "components": {"schemas": {}},
    })
}
