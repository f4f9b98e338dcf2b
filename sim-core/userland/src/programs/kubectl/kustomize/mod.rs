//! Kustomizations: objects from files, changed by rules that a `kustomization.yaml` holds. Models
//! sigs.k8s.io/kustomize/api.
//!
//! Reading order: here (a folder becomes objects), [`generators`] (config maps and secrets), [`transformers`]
//! (names, namespaces, labels, images, replicas), [`patches`], [`references`] (names inside of objects follow).
//!
//! Left out: components, replacements, helm charts, plugins, remote resources; they say so.

mod generators;
mod patches;
mod references;
mod transformers;

use super::error::{Error, Result};
use super::invocation::Kubectl;
use super::manifest;
use super::yaml;
use linux::vfs::FileType;
use serde_json::Value;
use sim::Ordered;
use std::future::Future;
use std::pin::Pin;

/// An object on its way, with the names that it has had: references know it by any of them.
pub struct Item {
    object: Value,
    names: Vec<String>,
    /// What comes behind its name at the end, so that a change of its contents is a change of its name.
    hash: Option<String>,
}

impl Item {
    fn new(object: Value) -> Item {
        let name = object["metadata"]["name"].as_str().unwrap_or("").to_string();
        Item { object, names: vec![name], hash: None }
    }

    fn kind(&self) -> &str {
        self.object["kind"].as_str().unwrap_or("")
    }

    fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or("")
    }

    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name) || self.name() == name
    }

    fn rename(&mut self, name: String) {
        self.names.push(self.name().to_string());
        self.object["metadata"]["name"] = name.into();
    }
}

const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
const KNOWN: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "images",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
];
const NOT_SIMULATED: &[&str] = &[
    "buildMetadata",
    "components",
    "configurations",
    "crds",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "openapi",
    "replacements",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];
/// What kustomize puts first, in its order.
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

/// Builds the kustomization of a folder: its objects in kustomize's order.
pub async fn build(k: &Kubectl, folder: &str) -> Result<Vec<Value>> {
    if folder.contains("://") || folder.starts_with("github.com/") {
        return Err(Error::not_simulated("a kustomization from a URL"));
    }
    if !is_folder(k, folder) {
        return Err(Error::text(missing(&absolute(k, folder), folder)));
    }
    let mut items = layer(k, absolute(k, folder)).await?;
    for item in &mut items {
        if let Some(hash) = item.hash.take() {
            let name = format!("{}-{hash}", item.name());
            item.rename(name);
        }
    }
    references::follow(&mut items);
    let mut objects: Vec<Value> = items.into_iter().map(|item| item.object).collect();
    objects.order_by_key(|object| {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
        let kind = text("/kind");
        let place = match kind.as_str() {
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => usize::MAX,
            kind => FIRST.iter().position(|first| *first == kind).unwrap_or(FIRST.len()),
        };
        // What has no namespace is sorted as if it were called this.
        let namespace = Some(text("/metadata/namespace")).filter(|name| !name.is_empty());
        (place, text("/apiVersion"), kind, namespace.unwrap_or("~X".to_string()), text("/metadata/name"))
    });
    Ok(objects)
}

fn is_folder(k: &Kubectl, path: &str) -> bool {
    k.sys.stat(path).is_ok_and(|stat| stat.file_type == FileType::Directory)
}

fn missing(path: &str, given: &str) -> String {
    format!(
        "must build at directory: not a valid directory: evalsymlink failure on '{given}' : lstat {path}: no such file or directory"
    )
}

/// The path from the root, without `.` and `..`.
fn absolute(k: &Kubectl, path: &str) -> String {
    join(&k.sys.getcwd(), path)
}

fn join(base: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_string() } else { format!("{base}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// One folder with all that it refers to.
fn layer(k: &Kubectl, folder: String) -> Pin<Box<dyn Future<Output = Result<Vec<Item>>> + '_>> {
    Box::pin(async move {
        let rules = read(k, &folder).await?;
        let mut items = Vec::new();
        for field in ["resources", "bases"] {
            for path in strings(&rules[field]) {
                items.extend(resource(k, &folder, &path).await?);
            }
        }
        generators::generate(k, &folder, &rules, &mut items).await?;
        patches::apply(k, &folder, &rules, &mut items).await?;
        transformers::transform(&rules, &mut items)?;
        Ok(items)
    })
}

async fn read(k: &Kubectl, folder: &str) -> Result<Value> {
    let found = FILES.iter().map(|file| format!("{folder}/{file}")).find(|path| k.sys.stat(path).is_ok());
    let path = found.ok_or_else(|| {
        Error::text(format!(
            "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{folder}'"
        ))
    })?;
    let text = text_of(k, &path).await?;
    let rules = yaml::parse(&text).map_err(|error| Error::text(format!("invalid Kustomization: {error}")))?;
    for field in rules.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if NOT_SIMULATED.contains(&field.as_str()) {
            return Err(Error::not_simulated(format!("the field {field} of a kustomization")));
        }
        if !KNOWN.contains(&field.as_str()) {
            return Err(Error::text(format!("invalid Kustomization: json: unknown field {field:?}")));
        }
    }
    let outdated = [
        ("bases", "resources"),
        ("commonLabels", "labels"),
        ("patchesStrategicMerge", "patches"),
        ("patchesJson6902", "patches"),
    ];
    for (old, new) in outdated.into_iter().filter(|(old, _)| !rules[*old].is_null()) {
        k.err(&format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n"
        ))
        .await;
    }
    Ok(rules)
}

/// The text of a file.
async fn text_of(k: &Kubectl, path: &str) -> Result<String> {
    match k.sys.read_file(path).await {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(errno) => Err(Error::text(format!("open {path}: {}", errno.text().to_lowercase()))),
    }
}

async fn resource(k: &Kubectl, folder: &str, given: &str) -> Result<Vec<Item>> {
    if given.contains("://") || given.starts_with("github.com/") {
        return Err(Error::not_simulated("a kustomization from a URL"));
    }
    let path = join(folder, given);
    if is_folder(k, &path) {
        return layer(k, path).await;
    }
    if k.sys.stat(&path).is_err() {
        return Err(Error::text(format!(
            "accumulating resources: accumulation err='accumulating resources from '{given}': evalsymlink failure on '{path}' : lstat {path}: no such file or directory': {}",
            missing(&path, &path)
        )));
    }
    let text = text_of(k, &path).await?;
    let mut objects = Vec::new();
    manifest::read(&mut objects, given, text.as_bytes(), false)
        .map_err(|error| Error::text(format!("accumulating resources: {}", error.message())))?;
    Ok(objects.into_iter().map(|(_, object)| Item::new(object)).collect())
}

/// The texts of a list.
fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}

/// The entries of a list.
fn entries(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}
