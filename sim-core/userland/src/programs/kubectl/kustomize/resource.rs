//! An object on its way through kustomizations, with all names that it has had.

use kube::json;
use serde_json::Value;
use sim::Ordered;

/// Kinds that come first and last when objects are printed. Models `legacyOrder` of kustomize.
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// An object.
#[derive(Clone, Debug)]
pub struct Res {
    /// As it is now.
    pub value: Value,
    /// Its names and namespaces up to now, the first one first.
    pub before: Vec<(String, String)>,
    /// Prefixes and suffixes that it was given, to tell apart what has the same first name.
    pub affixes: Vec<String>,
    /// Whether a hash goes behind its name.
    pub needs_hash: bool,
    /// Whether a later generator may change it.
    pub generated: bool,
}

impl Res {
    /// An object that was just read.
    pub fn new(value: Value) -> Res {
        Res { value, before: Vec::new(), affixes: Vec::new(), needs_hash: false, generated: false }
    }

    /// A text of the object.
    pub fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// Group and version.
    pub fn group_version(&self) -> (&str, &str) {
        let api_version = self.text("/apiVersion");
        api_version.split_once('/').unwrap_or(("", api_version))
    }

    /// Whether it is, or was, called so.
    pub fn was_called(&self, name: &str) -> bool {
        self.name() == name || self.before.iter().any(|(other, _)| other == name)
    }

    /// Whether it is, or was, in this namespace.
    pub fn was_in(&self, namespace: &str) -> bool {
        let plain =
            |namespace: &str| if namespace == "default" { String::new() } else { namespace.to_string() };
        let namespace = plain(namespace);
        plain(self.namespace()) == namespace || self.before.iter().any(|(_, other)| plain(other) == namespace)
    }

    /// Remembers the name it has now.
    pub fn remember(&mut self) {
        let now = (self.name().to_string(), self.namespace().to_string());
        if self.before.last() != Some(&now) {
            self.before.push(now);
        }
    }

    /// Another name.
    pub fn rename(&mut self, name: String) {
        self.remember();
        self.value["metadata"]["name"] = Value::from(name);
    }

    /// Whether it lives outside of namespaces.
    pub fn is_cluster_scoped(&self) -> bool {
        kube::api::scheme::by_kind(self.text("/apiVersion"), self.kind())
            .is_some_and(|resource| !resource.namespaced)
    }

    /// `ConfigMap.v1.[noGrp]/a.[noNs]`
    pub fn id(&self) -> String {
        let (group, version) = self.group_version();
        id(group, version, self.kind(), self.name(), self.namespace())
    }

    /// Puts the hash of its contents behind its name, which has no part in it.
    pub fn add_hash(&mut self) {
        let name = self.name().to_string();
        let mut hashed = json!({"kind": self.kind(), "name": "", "data": self.value["data"]});
        if hashed["data"].is_null() {
            hashed["data"] = Value::from("");
        }
        if self.kind() == "Secret" {
            hashed["type"] = self.value["type"].clone();
        } else if self.value["binaryData"].is_object() {
            hashed["binaryData"] = self.value["binaryData"].clone();
        }
        let hash = crate::programs::kubectl::verbs::create::hash(&hashed);
        self.rename(format!("{name}-{hash}"));
    }
}

/// An identity as kustomize writes it.
pub fn id(group: &str, version: &str, kind: &str, name: &str, namespace: &str) -> String {
    let or = |text: &str, other: &str| if text.is_empty() { other.to_string() } else { text.to_string() };
    format!("{kind}.{}.{}/{name}.{}", or(version, "[noVer]"), or(group, "[noGrp]"), or(namespace, "[noNs]"))
}

/// Adds an object, unless there is one of its name.
pub fn append(all: &mut Vec<Res>, res: Res) -> std::result::Result<(), String> {
    let id = res.id();
    if all.iter().any(|other| other.id() == id) {
        return Err(format!("may not add resource with an already registered id: {id}"));
    }
    all.push(res);
    Ok(())
}

/// Why a file holds no objects.
pub enum Unreadable {
    /// It is no YAML.
    Malformed(String),
    /// A key comes twice: nothing is said before this.
    Twice(String),
    /// What it says is no object.
    Wrong(String),
}

/// The objects of a file.
pub fn read(bytes: &[u8]) -> std::result::Result<Vec<Res>, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for document in yaml::documents(&text) {
        let value = yaml::parse_kyaml(&document).map_err(|why| {
            if why.starts_with(yaml::TWICE) { Unreadable::Twice(why) } else { Unreadable::Malformed(why) }
        })?;
        if value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty) {
            continue;
        }
        if !value.is_object() {
            return Err(Unreadable::Wrong("missing Resource metadata".to_string()));
        }
        let kind = value["kind"].as_str().unwrap_or("").to_string();
        match &value["items"] {
            Value::Array(items) if kind.ends_with("List") => found.extend(items.iter().cloned()),
            Value::Null => found.push(value),
            _ if kind.ends_with("List") => {}
            _ => found.push(value),
        }
    }
    for value in &found {
        let text = |pointer: &str| match value.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => scalar.to_string(),
            _ => String::new(),
        };
        let shown = format!(
            "{{{{{} {}}} {{{{{} {}}} map[] map[]}}}}",
            text("/apiVersion"),
            text("/kind"),
            text("/metadata/name"),
            text("/metadata/namespace")
        );
        if text("/kind").is_empty() {
            return Err(Unreadable::Wrong(format!("missing kind in object {shown}")));
        }
        if text("/metadata/name").is_empty() && !text("/kind").ends_with("List") {
            return Err(Unreadable::Wrong(format!("missing metadata.name in object {shown}")));
        }
    }
    let mut all = Vec::new();
    for value in found {
        append(&mut all, Res::new(value)).map_err(Unreadable::Wrong)?;
    }
    Ok(all)
}

/// Sorts objects as kubectl prints them: by kind, then by group, version, namespace and name.
pub fn order(all: &mut [Res]) {
    all.order_by(|a, b| rank(a.kind()).cmp(&rank(b.kind())).then_with(|| sort_key(a).cmp(&sort_key(b))));
}

fn rank(kind: &str) -> i64 {
    if let Some(at) = FIRST.iter().position(|one| *one == kind) {
        return at as i64 - FIRST.len() as i64;
    }
    LAST.iter().position(|one| *one == kind).map_or(0, |at| at as i64 + 1)
}

fn sort_key(res: &Res) -> (String, String) {
    let (group, version) = res.group_version();
    let or = |text: &str, other: &str| if text.is_empty() { other.to_string() } else { text.to_string() };
    let gvk = format!("{}_{}_{}", or(group, "~G"), or(version, "~V"), res.kind());
    (gvk.clone(), format!("{gvk}|{}|{}", or(res.namespace(), "~X"), res.name()))
}
