//! Discovery: which groups, versions and kinds there are, and the server's version and health.

use super::rest::{Request, Response, header, json_line};
use super::{ApiServer, VERSION, negotiate, openapi};
use crate::api::{ObjectExt, Resource, ResourceInfo};
use crate::json;
use serde_json::{Map, Value};
use sim::Ordered;

/// What kubectl asks for first: all kinds of a root in one document.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// In which form clients ask for the second version of OpenAPI: a protocol buffer.
const OPENAPI_V2: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// `swagger: "2.0", info: {title: "Kubernetes", version: "v1.35.2"}`, which tells of no kinds: they are told in the
/// third version only. A client that has not found one there asks here before it says so.
const NO_KINDS: &[u8] = b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.35.2";

impl ApiServer {
    /// The answer for a path that is no resource, if there is one. What was told once is kept: it does not change.
    pub(super) fn discover(&self, request: &Request) -> Option<Response> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return None;
        }
        let path = request.path.trim_matches('/');
        if let Some(answer) = health(path, request) {
            return Some(answer);
        }
        if path == "openapi/v2" && request.header("Accept").contains(OPENAPI_V2) {
            let headers = vec![header("Content-Type", &OPENAPI_V2.replace('@', "."))];
            return Some(Response::Whole { status: 200, headers, body: NO_KINDS.to_vec() });
        }
        let aggregated = matches!(path, "api" | "apis")
            && request.header("Accept").split(',').any(|form| form.trim() == AGGREGATED);
        let key = if aggregated { format!("{path} aggregated") } else { path.to_string() };
        let known = self.0.documents.borrow().get(&key).cloned();
        let body = match known {
            Some(body) => body,
            None => {
                let mut value =
                    if aggregated { aggregate(&self.resources(), path) } else { self.document(path)? };
                if path == "apis" {
                    self.add_aggregated(&mut value, aggregated);
                }
                let body = json_line(&value);
                self.0.documents.borrow_mut().insert(key, body.clone());
                body
            }
        };
        let is_list = path == "api" || path.starts_with("api");
        if is_list
            && !aggregated
            && let Err(refused) = negotiate::check_accept(request, "get")
        {
            return Some(Response::from(refused));
        }
        let content = if aggregated { AGGREGATED } else { "application/json" };
        Some(Response::Whole { status: 200, headers: vec![header("Content-Type", content)], body })
    }
}

impl ApiServer {
    fn document(&self, path: &str) -> Option<Value> {
        let own = document(&self.resources(), path);
        own.or_else(|| {
            let name = path.strip_prefix("apis/")?;
            let aggregated = self.0.aggregated.borrow();
            let found = aggregated.iter().find(|found| found.group == name)?;
            Some(group_alone(name, &[&found.version]))
        })
    }
}

/// What the server says of its own health, one check a line when `verbose` is asked for.
fn health(path: &str, request: &Request) -> Option<Response> {
    let (which, one) = path.split_once('/').map_or((path, None), |(which, one)| (which, Some(one)));
    if !matches!(which, "healthz" | "livez" | "readyz") {
        return None;
    }
    let first: &[&str] = match which {
        "readyz" => &["ping", "log", "etcd", "etcd-readiness", "informer-sync"],
        _ => &["ping", "log", "etcd"],
    };
    let last: &[&str] = if which == "readyz" { &["shutdown"] } else { &[] };
    let known = |one: &str| first.iter().chain(HOOKS).chain(last).any(|check| *check == one);
    if let Some(one) = one {
        return known(one).then(|| Response::text(200, "ok"));
    }
    if !request.query.iter().any(|(name, _)| name == "verbose") {
        return Some(Response::text(200, "ok"));
    }
    let is_excluded =
        |check: &str| request.query.iter().any(|(name, value)| name == "exclude" && value == check);
    let mut text = String::new();
    for check in first.iter().chain(HOOKS).chain(last) {
        let said = if is_excluded(check) { "excluded: ok" } else { "ok" };
        text += &format!("[+]{check} {said}\n");
    }
    let excluded = request.query.iter().filter(|(name, value)| name == "exclude" && !known(value));
    let unknown: Vec<String> = excluded.map(|(_, value)| format!("{value:?}")).collect();
    if !unknown.is_empty() {
        text +=
            &format!("warn: some health checks cannot be excluded: no matches for {}\n", unknown.join(","));
    }
    Some(Response::text(200, &format!("{text}{which} check passed\n")))
}

/// What runs once the server has started, as its health checks name it.
const HOOKS: &[&str] = &[
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/aggregator-reload-proxy-client-cert",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

/// The document at a path.
pub(super) fn document(all: &[Resource], path: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').collect();
    Some(match parts[..] {
        [""] => root(all),
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.10.0.11:6443"}],
        }),
        ["api", "v1"] => resources(all, "", "v1")?,
        ["apis"] => {
            let groups: Vec<Value> =
                groups(all).iter().map(|(group, versions)| self::group(group, versions)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", name] => {
            let groups = groups(all);
            let (group, versions) = groups.iter().find(|(group, _)| *group == name)?;
            group_alone(group, versions)
        }
        ["apis", group, version] => resources(all, group, version)?,
        ["openapi", "v3"] => openapi::index(all),
        ["openapi", "v3", "api", version] => openapi::document(all, "", version)?,
        ["openapi", "v3", "apis", group, version] => openapi::document(all, group, version)?,
        ["openapi", "v3", "version"] => openapi::whole(Map::new(), Map::new()),
        ["version"] => version(),
        _ => return None,
    })
}

fn group_alone(name: &str, versions: &[&str]) -> Value {
    let mut value = group(name, versions);
    value["kind"] = json!("APIGroup");
    value["apiVersion"] = json!("v1");
    value
}

/// Groups as upstream's aggregator puts them in order.
const ORDER: &[&str] = &[
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
];

/// All kinds below `/api` or `/apis`. Models `apiserver/pkg/endpoints/discovery/aggregated`.
fn aggregate(all: &[Resource], root: &str) -> Value {
    let one = |group: &str, version: &str| {
        let mut resources = Vec::new();
        if let Some(list) = resources_of(all, group, version) {
            resources = list;
        }
        json!({"version": version, "resources": resources, "freshness": "Current"})
    };
    let items: Vec<Value> = if root == "api" {
        vec![json!({"metadata": {}, "versions": [one("", "v1")]})]
    } else {
        let item = |(group, versions): (&str, Vec<&str>)| {
            let versions: Vec<Value> = versions.iter().map(|version| one(group, version)).collect();
            json!({"metadata": {"name": group}, "versions": versions})
        };
        groups(all).into_iter().map(item).collect()
    };
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

/// The kinds of a group's version as the aggregated document tells them.
fn resources_of(all: &[Resource], group: &str, version: &str) -> Option<Vec<Value>> {
    Some(told(&resources(all, group, version)?, group, version))
}

/// The kinds of an older document, told the newer way.
pub(super) fn told(legacy: &Value, group: &str, version: &str) -> Vec<Value> {
    let scope = |entry: &Value| if entry.bool_at("/namespaced") { "Namespaced" } else { "Cluster" };
    let kind = |entry: &Value| {
        let or = |path: &str, own: &str| {
            if entry.at("/kind").is_null() || entry.at("/version").is_null() {
                own.to_string()
            } else {
                entry.str_at(path).to_string()
            }
        };
        json!({"group": or("/group", group), "version": or("/version", version), "kind": entry.at("/kind")})
    };
    let mut list: Vec<Value> = Vec::new();
    for entry in legacy.list_at("/resources") {
        let name = entry.str_at("/name");
        if let Some((parent, below)) = name.split_once('/') {
            let sub = json!({"subresource": below, "responseKind": kind(entry), "verbs": entry.at("/verbs")});
            if let Some(parent) = list.iter_mut().find(|found| found.str_at("/resource") == parent) {
                match parent.get_mut("subresources").and_then(Value::as_array_mut) {
                    Some(subresources) => subresources.push(sub),
                    None => parent["subresources"] = json!([sub]),
                }
            }
            continue;
        }
        let mut value = json!({
            "resource": name, "responseKind": kind(entry), "scope": scope(entry),
            "singularResource": entry.at("/singularName"), "verbs": entry.at("/verbs"),
        });
        for field in ["shortNames", "categories"] {
            if !entry.at(&format!("/{field}")).is_null() {
                value[field] = entry.at(&format!("/{field}")).clone();
            }
        }
        list.push(value);
    }
    list
}

/// Named groups with their versions, each in upstream's order of preference.
fn groups(all: &[Resource]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for resource in all.iter().filter(|r| !r.group.is_empty()) {
        match groups.iter_mut().find(|(group, _)| *group == resource.group) {
            Some((_, versions)) if versions.contains(&resource.version) => {}
            Some((_, versions)) => versions.push(resource.version),
            None => groups.push((resource.group, vec![resource.version])),
        }
    }
    for (_, versions) in &mut groups {
        versions.order_by_key(|version| rank(version));
    }
    groups.order_by_key(|(group, _)| ORDER.iter().position(|g| g == group).unwrap_or(ORDER.len()));
    groups
}

/// The place of a version among others: `v2`, `v1`, `v1beta2`, `v1alpha1`, then what is named otherwise. Models
/// `CompareKubeAwareVersionStrings`.
fn rank(version: &str) -> (u8, u32, u32, &str) {
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0).map(|n| u32::MAX - n);
    let parts = version.strip_prefix('v').and_then(|rest| {
        let (major, level) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let minor = level.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let stability = match &level[..level.len() - minor.len()] {
            "" if minor.is_empty() => return Some((0, number(major)?, 0)),
            "beta" => 1,
            "alpha" => 2,
            _ => return None,
        };
        Some((stability, number(major)?, number(minor)?))
    });
    let (stability, major, minor) = parts.unwrap_or((3, 0, 0));
    (stability, major, minor, version)
}

pub(super) fn group(name: &str, versions: &[&str]) -> Value {
    let entry = |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let entries: Vec<Value> = versions.iter().map(entry).collect();
    json!({"name": name, "preferredVersion": entries.first(), "versions": entries})
}

fn resources(all: &[Resource], group: &str, version: &str) -> Option<Value> {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for resource in all.iter().filter(|r| r.group == group && r.version == version) {
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
    entries.order_by(|a, b| a.0.cmp(&b.0));
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

fn root(all: &[Resource]) -> Value {
    let mut paths = vec!["/api".to_string(), "/api/v1".to_string(), "/apis".to_string()];
    for (group, versions) in groups(all) {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|version| format!("/apis/{group}/{version}")));
    }
    paths.extend(["/healthz", "/livez", "/readyz", "/version"].map(str::to_string));
    paths.order();
    json!({"paths": paths})
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "35",
        "emulationMajor": "1", "emulationMinor": "35",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "34",
        "gitVersion": VERSION,
        "gitCommit": "fdc9d74cbf2da6754ebf81d56f80ae2948cd6425",
        "gitTreeState": "clean", "buildDate": "2026-02-26T20:14:50Z", "goVersion": "go1.25.7", "compiler": "gc",
        "platform": "linux/amd64",
    })
}
