//! What a kustomization does to all its objects: patches, namespace, prefix, suffix, labels, annotations, replicas,
//! images, in this order. Models `api/internal/target/kusttarget_configplugin.go` and the default field specs of
//! `api/internal/konfig/builtinpluginconsts`.

use super::file::Kustomization;
use super::patch;
use super::resource::Res;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use kube::json;
use serde_json::{Map, Value};

/// Kinds with a pod template at `spec.template`.
const TEMPLATED: &[&str] =
    &["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job"];
/// Kinds whose selector is made when there is none.
const SELECTING: &[&str] = &["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"];
/// Kinds that keep their names.
const UNPREFIXED: &[&str] = &["CustomResourceDefinition", "APIService", "Namespace"];
const SCALED: &[&str] = &["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

/// Does all of it.
pub async fn run(k: &Kubectl, root: &str, kustomization: &Kustomization, all: &mut Vec<Res>) -> Result<()> {
    let value = &kustomization.value;
    patch::merge(k, root, kustomization, all).await?;
    patch::run(k, root, kustomization.list("patches"), false, all).await?;
    let namespace = kustomization.text("namespace");
    if !namespace.is_empty() {
        all.iter_mut().for_each(|res| move_to(res, namespace));
        for (i, res) in all.iter().enumerate() {
            if all[..i].iter().any(|other| other.id() == res.id()) {
                return Err(Error::text(format!(
                    "namespace transformation produces ID conflict: [{}]",
                    res.id()
                )));
            }
        }
    }
    let (prefix, suffix) = (kustomization.text("namePrefix"), kustomization.text("nameSuffix"));
    for (affix, is_prefix) in [(prefix, true), (suffix, false)] {
        if affix.is_empty() {
            continue;
        }
        for res in all.iter_mut().filter(|res| !UNPREFIXED.contains(&res.kind())) {
            let name = res.name();
            let name = if is_prefix { format!("{affix}{name}") } else { format!("{name}{affix}") };
            res.rename(name);
            res.affixes.push(affix.to_string());
        }
    }
    for label in kustomization.list("labels") {
        if !label["fields"].is_null() {
            return Err(Error::not_simulated("the field \"labels.fields\" of a kustomization"));
        }
        let Some(pairs) = label["pairs"].as_object() else { continue };
        let (selectors, templates) = (label["includeSelectors"] == true, label["includeTemplates"] == true);
        all.iter_mut().for_each(|res| add_labels(res, pairs, selectors, templates));
    }
    if let Some(pairs) = value["commonLabels"].as_object() {
        all.iter_mut().for_each(|res| add_labels(res, pairs, true, true));
    }
    if let Some(pairs) = value["commonAnnotations"].as_object() {
        all.iter_mut().for_each(|res| annotate(res, pairs));
    }
    patch::run(k, root, kustomization.list("patchesJson6902"), true, all).await?;
    for replica in kustomization.list("replicas") {
        scale(replica, all)?;
    }
    for image in kustomization.list("images") {
        all.iter_mut().for_each(|res| set_images(&mut res.value, image));
    }
    Ok(())
}

fn move_to(res: &mut Res, namespace: &str) {
    res.remember();
    if res.kind() == "Namespace" && res.text("/apiVersion") == "v1" {
        res.value["metadata"]["name"] = Value::from(namespace);
        return;
    }
    if !res.is_cluster_scoped() {
        res.value["metadata"]["namespace"] = Value::from(namespace);
    }
    if matches!(res.kind(), "RoleBinding" | "ClusterRoleBinding") {
        for subject in res.value["subjects"].as_array_mut().into_iter().flatten() {
            if subject["kind"] == "ServiceAccount" && subject["name"] == "default" {
                subject["namespace"] = Value::from(namespace);
            }
        }
    }
}

/// Puts pairs into a map of the object; where there is none, only if it is to be made.
fn put(value: &mut Value, path: &[&str], pairs: &Map<String, Value>, create: bool) {
    let Some((first, rest)) = path.split_first() else {
        if let Some(map) = value.as_object_mut() {
            map.extend(pairs.clone());
        }
        return;
    };
    if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(|item| put(item, path, pairs, create));
        return;
    }
    let Some(fields) = value.as_object_mut() else { return };
    if !fields.contains_key(*first) || fields[*first].is_null() {
        if !create {
            return;
        }
        fields.insert(first.to_string(), json!({}));
    }
    put(&mut fields[*first], rest, pairs, create);
}

fn add_labels(res: &mut Res, pairs: &Map<String, Value>, selectors: bool, templates: bool) {
    let kind = res.kind().to_string();
    let kind = kind.as_str();
    let value = &mut res.value;
    put(value, &["metadata", "labels"], pairs, true);
    if selectors || templates {
        if TEMPLATED.contains(&kind) {
            put(value, &["spec", "template", "metadata", "labels"], pairs, true);
        }
        if kind == "CronJob" {
            put(value, &["spec", "jobTemplate", "metadata", "labels"], pairs, true);
            put(value, &["spec", "jobTemplate", "spec", "template", "metadata", "labels"], pairs, true);
        }
        if kind == "StatefulSet" && selectors && value["spec"]["volumeClaimTemplates"].is_array() {
            put(value, &["spec", "volumeClaimTemplates", "metadata", "labels"], pairs, true);
        }
    }
    if !selectors {
        return;
    }
    match kind {
        "Service" | "ReplicationController" => put(value, &["spec", "selector"], pairs, true),
        kind if SELECTING.contains(&kind) => put(value, &["spec", "selector", "matchLabels"], pairs, true),
        "Job" | "PodDisruptionBudget" => put(value, &["spec", "selector", "matchLabels"], pairs, false),
        "CronJob" => put(value, &["spec", "jobTemplate", "spec", "selector", "matchLabels"], pairs, false),
        "NetworkPolicy" => {
            put(value, &["spec", "podSelector", "matchLabels"], pairs, false);
            put(value, &["spec", "ingress", "from", "podSelector", "matchLabels"], pairs, false);
            put(value, &["spec", "egress", "to", "podSelector", "matchLabels"], pairs, false);
        }
        _ => {}
    }
    if matches!(kind, "Deployment" | "StatefulSet") {
        for affinity in ["podAffinity", "podAntiAffinity"] {
            let at = ["spec", "template", "spec", "affinity", affinity];
            let preferred = ["preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm"];
            let required = ["requiredDuringSchedulingIgnoredDuringExecution"];
            let tail = ["labelSelector", "matchLabels"];
            put(value, &[&at[..], &preferred, &tail].concat(), pairs, false);
            put(value, &[&at[..], &required, &tail].concat(), pairs, false);
        }
        let spread =
            ["spec", "template", "spec", "topologySpreadConstraints", "labelSelector", "matchLabels"];
        put(value, &spread, pairs, false);
    }
}

fn annotate(res: &mut Res, pairs: &Map<String, Value>) {
    let kind = res.kind().to_string();
    put(&mut res.value, &["metadata", "annotations"], pairs, true);
    if TEMPLATED.contains(&kind.as_str()) {
        put(&mut res.value, &["spec", "template", "metadata", "annotations"], pairs, true);
    }
    if kind == "CronJob" {
        put(&mut res.value, &["spec", "jobTemplate", "metadata", "annotations"], pairs, true);
        let template = ["spec", "jobTemplate", "spec", "template", "metadata", "annotations"];
        put(&mut res.value, &template, pairs, true);
    }
}

fn scale(replica: &Value, all: &mut [Res]) -> Result<()> {
    let name = replica["name"].as_str().unwrap_or("");
    let mut found = false;
    for res in all.iter_mut().filter(|res| SCALED.contains(&res.kind()) && res.was_called(name)) {
        found = true;
        if !res.value["spec"].is_object() {
            res.value["spec"] = json!({});
        }
        res.value["spec"]["replicas"] = replica["count"].clone();
        if replica["count"].is_null() {
            res.value["spec"]["replicas"] = Value::from(0);
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<String> = SCALED.iter().map(|kind| format!("{kind}.[noVer].[noGrp]")).collect();
    Err(Error::text(format!(
        "resource with name {name} does not match a config with the following GVK [{}]",
        kinds.join(" ")
    )))
}

/// Changes images wherever there are containers.
fn set_images(value: &mut Value, image: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| set_images(item, image)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if matches!(name.as_str(), "containers" | "initContainers")
                    && let Some(containers) = value.as_array_mut()
                {
                    for container in containers {
                        if let Some(text) = container["image"].as_str()
                            && let Some(new) = new_image(text, image)
                        {
                            container["image"] = Value::from(new);
                        }
                    }
                } else {
                    set_images(value, image);
                }
            }
        }
        _ => {}
    }
}

/// The image that takes the place of `old`, if it is meant.
fn new_image(old: &str, image: &Value) -> Option<String> {
    let text = |field: &str| image[field].as_str().unwrap_or("");
    let (rest, digest) = match old.split_once('@') {
        Some((rest, digest)) => (rest, digest),
        None => (old, ""),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].find(':') {
        Some(at) => (&rest[..slash + at], &rest[slash + at + 1..]),
        None => (rest, ""),
    };
    if name != text("name") {
        return None;
    }
    let name = if text("newName").is_empty() { name } else { text("newName") };
    let (mut tag, mut digest) = (tag.to_string(), digest);
    if !text("newTag").is_empty() {
        (tag, digest) = (text("newTag").to_string(), text("digest"));
    } else if !text("digest").is_empty() {
        (tag, digest) = (String::new(), text("digest"));
    }
    if !text("tagSuffix").is_empty() {
        tag.push_str(text("tagSuffix"));
        digest = "";
    }
    let tag = if tag.is_empty() { String::new() } else { format!(":{tag}") };
    let digest = if digest.is_empty() { String::new() } else { format!("@{digest}") };
    Some(format!("{name}{tag}{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_get_names_tags_and_digests() {
        let check = |old: &str, image: Value, new: Option<&str>| {
            assert_eq!(new_image(old, &image).as_deref(), new, "{old}");
        };
        check("nginx:1.0", json!({"name": "nginx", "newTag": "2"}), Some("nginx:2"));
        check("r:5000/nginx", json!({"name": "r:5000/nginx", "newName": "x"}), Some("x"));
        check("nginx:1@sha256:a", json!({"name": "nginx", "newTag": "2"}), Some("nginx:2"));
        check("nginx:1", json!({"name": "nginx", "digest": "sha256:b"}), Some("nginx@sha256:b"));
        check("nginx-x", json!({"name": "nginx", "newTag": "2"}), None);
    }
}
