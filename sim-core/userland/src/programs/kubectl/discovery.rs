//! What the server serves: kinds, their plurals and short names, as discovery tells it.
//!
//! Models `k8s.io/client-go/discovery` (aggregated where the server can, one document per version where it
//! cannot) and the lookups of `k8s.io/client-go/restmapper`. Nothing is cached between invocations.

use super::error::{Error, Result};
use super::rest::{Client, Query, Request};
use serde_json::Value;
use sim::Ordered;
use std::rc::Rc;

/// What asks for all groups at once.
pub const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A resource type that the server serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core.
    pub group: String,
    /// Version.
    pub version: String,
    /// `deployments`.
    pub plural: String,
    /// `deployment`.
    pub singular: String,
    /// `Deployment`.
    pub kind: String,
    /// `deploy`.
    pub short_names: Vec<String>,
    /// `all`.
    pub categories: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// `get`, `list`, ...
    pub verbs: Vec<String>,
    /// Its subresources: `status`, `scale`, `log`, ...
    pub subresources: Vec<String>,
}

impl Resource {
    /// `apps/v1`, or `v1` for the core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, or `pods` for the core: what errors call it.
    pub fn group_resource(&self) -> String {
        with_group(&self.plural, &self.group)
    }

    /// `deployment.apps`, or `pod`: what comes before the slash in `deployment.apps/blue`.
    pub fn kind_group(&self) -> String {
        with_group(&self.kind.to_lowercase(), &self.group)
    }

    /// Path of all its objects, or of those of a namespace (empty: all).
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// Path of one object.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), super::rest::escape(name))
    }
}

fn with_group(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_string() } else { format!("{name}.{group}") }
}

/// All resource types of a server.
#[derive(Debug, Default)]
pub struct Mapper {
    /// In the order of discovery, preferred versions first within a group.
    pub resources: Vec<Rc<Resource>>,
    /// `apps/v1`, ... as discovery lists them.
    pub versions: Vec<String>,
}

impl Mapper {
    /// Asks the server; the query is that of the two requests for groups.
    pub async fn discover(client: &Client, query: Query<'_>) -> Result<Mapper> {
        let mut mapper = Mapper::default();
        for root in ["/api", "/apis"] {
            let request = Request { accept: AGGREGATED, ..Request::new("GET", root, query) };
            let answer = client.send(request).await?;
            match answer["kind"].as_str() {
                Some("APIGroupDiscoveryList") => mapper.add_aggregated(&answer),
                Some("APIVersions") => {
                    for version in strings(&answer["versions"]) {
                        mapper.add_version(client, "", &version).await?;
                    }
                }
                _ => {
                    for group in list(&answer["groups"]) {
                        let name = text(&group["name"]);
                        let preferred = text(&group["preferredVersion"]["version"]);
                        let mut versions: Vec<String> =
                            list(&group["versions"]).iter().map(|v| text(&v["version"])).collect();
                        versions.order_by_key(|version| *version != preferred);
                        for version in versions {
                            mapper.add_version(client, &name, &version).await?;
                        }
                    }
                }
            }
        }
        Ok(mapper)
    }

    fn add_aggregated(&mut self, answer: &Value) {
        for group in list(&answer["items"]) {
            let name = text(&group["metadata"]["name"]);
            // What another server serves that does not answer is left out.
            for version in list(&group["versions"]).iter().filter(|version| version["freshness"] != "Stale") {
                let version_name = text(&version["version"]);
                self.versions.push(join_version(&name, &version_name));
                for entry in list(&version["resources"]) {
                    let kind = &entry["responseKind"];
                    self.resources.push(Rc::new(Resource {
                        group: name.clone(),
                        version: version_name.clone(),
                        plural: text(&entry["resource"]),
                        singular: text(&entry["singularResource"]),
                        kind: text(&kind["kind"]),
                        short_names: strings(&entry["shortNames"]),
                        categories: strings(&entry["categories"]),
                        namespaced: entry["scope"] == "Namespaced",
                        verbs: strings(&entry["verbs"]),
                        subresources: list(&entry["subresources"])
                            .iter()
                            .map(|s| text(&s["subresource"]))
                            .collect(),
                    }));
                }
            }
        }
    }

    async fn add_version(&mut self, client: &Client, group: &str, version: &str) -> Result<()> {
        let path =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let answer = client.get(&path, &[]).await?;
        self.add_resource_list(group, version, &answer);
        Ok(())
    }

    /// Takes an `APIResourceList`.
    pub fn add_resource_list(&mut self, group: &str, version: &str, answer: &Value) {
        self.versions.push(join_version(group, version));
        let entries = list(&answer["resources"]);
        for entry in entries.iter().filter(|e| !text(&e["name"]).contains('/')) {
            let plural = text(&entry["name"]);
            let kind = text(&entry["kind"]);
            let singular = match text(&entry["singularName"]) {
                name if name.is_empty() => kind.to_lowercase(),
                name => name,
            };
            let prefix = format!("{plural}/");
            let subresources = entries
                .iter()
                .filter_map(|e| e["name"].as_str()?.strip_prefix(&prefix).map(str::to_string))
                .collect();
            self.resources.push(Rc::new(Resource {
                group: group.to_string(),
                version: version.to_string(),
                plural,
                singular,
                kind,
                short_names: strings(&entry["shortNames"]),
                categories: strings(&entry["categories"]),
                namespaced: entry["namespaced"] == true,
                verbs: strings(&entry["verbs"]),
                subresources,
            }));
        }
    }

    /// Finds a type by what a user calls it: plural, singular or kind in whatever case, or short name, with or
    /// without (the beginning of) a group, with or without a version.
    ///
    /// # Errors
    /// `the server doesn't have a resource type ...`
    pub fn find(&self, arg: &str) -> Result<Rc<Resource>> {
        let lower = arg.to_lowercase();
        let (_, rest) = lower.split_once('.').unwrap_or((lower.as_str(), ""));
        let name = arg.split('.').next().unwrap_or(arg);
        let has_group = lower.contains('.');
        if let Some((version, group)) = rest.split_once('.') {
            // A short name stands for the preferred version, whichever is asked for.
            let of_group = self.resources.iter().filter(|r| r.group == group);
            let short = |r: &&Rc<Resource>| r.short_names.iter().any(|short| short == name);
            let exact = |r: &&Rc<Resource>| r.version == version && is_called(r, name);
            if let Some(found) = of_group.clone().find(short).or_else(|| of_group.clone().find(exact)) {
                return Ok(found.clone());
            }
        }
        let fits = |r: &&Rc<Resource>| {
            !has_group || (r.group.starts_with(rest) && (!rest.is_empty() || r.group.is_empty()))
        };
        let candidates: Vec<&Rc<Resource>> =
            self.resources.iter().filter(fits).filter(|r| is_called(r, name)).collect();
        let exact = candidates.iter().find(|r| has_group && r.group == rest);
        match exact.or(candidates.first()) {
            Some(found) => Ok((*found).clone()),
            None => {
                let shown = arg.split('.').next().unwrap_or(arg);
                Err(Error::text(format!("the server doesn't have a resource type {shown:?}")))
            }
        }
    }

    /// What else a short name could mean: the types that come behind the one that it is taken for. Models the
    /// `shortcutExpander` of `k8s.io/client-go/restmapper`.
    pub fn also_called(&self, arg: &str) -> Vec<String> {
        let (name, group) = arg.split_once('.').unwrap_or((arg, ""));
        let fits = |r: &&Rc<Resource>| group.is_empty() || r.group == group;
        if self.resources.iter().filter(fits).any(|r| r.plural == name) {
            return Vec::new();
        }
        let mut all: Vec<String> = Vec::new();
        for resource in self.resources.iter().filter(fits) {
            let called = resource.group_resource();
            if resource.short_names.iter().any(|short| short == name) && !all.contains(&called) {
                all.push(called);
            }
        }
        all.drain(..all.len().min(1));
        all
    }

    /// All types of this name, without a group, in the order of discovery.
    pub fn all_called(&self, name: &str) -> Vec<Rc<Resource>> {
        self.resources.iter().filter(|r| is_called(r, name)).cloned().collect()
    }

    /// The type of objects that say `apiVersion` and `kind`.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Rc<Resource>> {
        self.resources.iter().find(|r| r.kind == kind && r.api_version() == api_version).cloned()
    }

    /// The types of a category such as `all`; empty when there is none.
    pub fn category(&self, name: &str) -> Vec<Rc<Resource>> {
        let mut found: Vec<Rc<Resource>> = Vec::new();
        for resource in self.resources.iter().filter(|r| r.categories.iter().any(|c| c == name)) {
            let known = found.iter().any(|r| r.plural == resource.plural && r.group == resource.group);
            if !known {
                found.push(resource.clone());
            }
        }
        found
    }
}

fn is_called(resource: &Resource, name: &str) -> bool {
    let lower = name.to_lowercase();
    resource.plural == lower
        || resource.singular == lower
        || resource.kind.to_lowercase() == lower
        || resource.short_names.iter().any(|short| short == name)
}

fn join_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_string() } else { format!("{group}/{version}") }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_string()
}

fn strings(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use kube::json;

    /// A mapper as a small server would fill it.
    pub fn mapper() -> Mapper {
        let mut mapper = Mapper::default();
        mapper.add_resource_list(
            "",
            "v1",
            &json!({"resources": [
                {"name": "endpoints", "singularName": "endpoints", "kind": "Endpoints", "namespaced": true, "shortNames": ["ep"]},
                {"name": "events", "singularName": "event", "kind": "Event", "namespaced": true, "shortNames": ["ev"]},
                {"name": "namespaces", "singularName": "namespace", "kind": "Namespace", "namespaced": false, "shortNames": ["ns"]},
                {"name": "pods", "singularName": "pod", "kind": "Pod", "namespaced": true, "shortNames": ["po"], "categories": ["all"]},
                {"name": "pods/log", "singularName": "", "kind": "Pod", "namespaced": true},
                {"name": "services", "singularName": "service", "kind": "Service", "namespaced": true, "shortNames": ["svc"], "categories": ["all"]}
            ]}),
        );
        mapper.add_resource_list(
            "apps",
            "v1",
            &json!({"resources": [
                {"name": "deployments", "singularName": "deployment", "kind": "Deployment", "namespaced": true, "shortNames": ["deploy"], "categories": ["all"]},
                {"name": "replicasets", "singularName": "replicaset", "kind": "ReplicaSet", "namespaced": true, "shortNames": ["rs"], "categories": ["all"]}
            ]}),
        );
        mapper.add_resource_list(
            "events.k8s.io",
            "v1",
            &json!({"resources": [{"name": "events", "singularName": "event", "kind": "Event", "namespaced": true, "shortNames": ["ev"]}]}),
        );
        mapper
    }

    #[test]
    fn types_go_by_many_names() {
        let mapper = mapper();
        let check = |arg: &str, found: &str| {
            let result = mapper.find(arg).map(|r| format!("{} {}", r.api_version(), r.plural));
            assert_eq!(result.map_err(|e| e.message()).unwrap_or_else(|e| e), found, "{arg}");
        };
        check("po", "v1 pods");
        check("Pods", "v1 pods");
        check("pods.v1.", "v1 pods");
        check("PO", "the server doesn't have a resource type \"PO\"");
        check("deploy.apps", "apps/v1 deployments");
        check("deployments.app", "apps/v1 deployments");
        check("deployments.v1.apps", "apps/v1 deployments");
        check("events", "v1 events");
        check("events.events.k8s.io", "events.k8s.io/v1 events");
        check("services.v1", "the server doesn't have a resource type \"services\"");
        check("foo", "the server doesn't have a resource type \"foo\"");
        check("pods svc", "the server doesn't have a resource type \"pods svc\"");
        check("", "the server doesn't have a resource type \"\"");
    }

    #[test]
    fn categories_hold_what_says_so() {
        let all: Vec<String> = mapper().category("all").iter().map(|r| r.group_resource()).collect();
        assert_eq!(all, ["pods", "services", "deployments.apps", "replicasets.apps"]);
        assert!(mapper().category("nothing").is_empty());
    }
}
