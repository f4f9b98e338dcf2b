//! `namespace`, `namePrefix`, `nameSuffix`, `labels`, `commonAnnotations`, `replicas`, `images`.

use super::{Item, entries};
use crate::programs::kubectl::error::{Error, Result};
use kube::api::scheme;
use serde_json::Value;

/// Kinds whose names stay.
const KEEP_NAME: &[&str] = &["APIService", "CustomResourceDefinition", "Namespace"];
/// Kinds that have a pod template at `spec.template`.
const TEMPLATED: &[&str] =
    &["DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"];
/// Of those, the ones whose selectors are labels.
const SELECTING: &[&str] = &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];

/// Changes the objects as the rules of one folder say.
pub fn transform(rules: &Value, items: &mut [Item]) -> Result<()> {
    let text = |field: &str| rules[field].as_str().unwrap_or("");
    for item in items.iter_mut() {
        let namespaced = scheme::by_kind(item.object["apiVersion"].as_str().unwrap_or(""), item.kind())
            .is_none_or(|kind| kind.namespaced);
        if !text("namespace").is_empty() && namespaced {
            item.object["metadata"]["namespace"] = text("namespace").into();
        }
        let (prefix, suffix) = (text("namePrefix"), text("nameSuffix"));
        let is_named = !prefix.is_empty() || !suffix.is_empty();
        if is_named && !KEEP_NAME.contains(&item.kind()) {
            let name = format!("{prefix}{}{suffix}", item.name());
            item.rename(name);
        }
        for rule in entries(&rules["labels"]) {
            if !rule["fields"].is_null() {
                return Err(Error::not_simulated("fields: of labels in a kustomization"));
            }
            let selectors = rule["includeSelectors"] == true;
            label(item, &rule["pairs"], selectors, selectors || rule["includeTemplates"] == true);
        }
        label(item, &rules["commonLabels"], true, true);
        for (key, value) in rules["commonAnnotations"].as_object().into_iter().flatten() {
            item.object["metadata"]["annotations"][key] = value.clone();
            if let Some(template) = templates(item) {
                template["metadata"]["annotations"][key] = value.clone();
            }
        }
        for rule in entries(&rules["replicas"]) {
            let scales =
                matches!(item.kind(), "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet");
            if scales && rule["name"].as_str().is_some_and(|name| item.is_called(name)) {
                item.object["spec"]["replicas"] = rule["count"].clone();
            }
        }
        for rule in entries(&rules["images"]) {
            images(&mut item.object, rule);
        }
    }
    Ok(())
}

/// The metadata and spec of the pods that an object makes.
fn templates(item: &mut Item) -> Option<&mut Value> {
    let path = match item.kind() {
        "CronJob" => "/spec/jobTemplate/spec/template",
        kind if TEMPLATED.contains(&kind) => "/spec/template",
        _ => return None,
    };
    item.object.pointer_mut(path)
}

fn label(item: &mut Item, pairs: &Value, selectors: bool, in_templates: bool) {
    for (key, value) in pairs.as_object().into_iter().flatten() {
        item.object["metadata"]["labels"][key] = value.clone();
        if in_templates {
            if let Some(template) = templates(item) {
                template["metadata"]["labels"][key] = value.clone();
            }
            if item.kind() == "CronJob" {
                item.object["spec"]["jobTemplate"]["metadata"]["labels"][key] = value.clone();
            }
        }
        if !selectors {
            continue;
        }
        match item.kind() {
            "Service" if item.object["spec"]["selector"].is_object() => {
                item.object["spec"]["selector"][key] = value.clone();
            }
            "ReplicationController" => item.object["spec"]["selector"][key] = value.clone(),
            kind if SELECTING.contains(&kind) => {
                item.object["spec"]["selector"]["matchLabels"][key] = value.clone();
            }
            _ => {
                for path in ["/spec/selector/matchLabels", "/spec/podSelector/matchLabels"] {
                    if let Some(labels) = item.object.pointer_mut(path).and_then(Value::as_object_mut) {
                        labels.insert(key.clone(), value.clone());
                    }
                }
            }
        }
    }
}

/// Renames images wherever containers are.
fn images(value: &mut Value, rule: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if matches!(key.as_str(), "containers" | "initContainers") {
                    for container in value.as_array_mut().into_iter().flatten() {
                        if let Some(image) =
                            container["image"].as_str().and_then(|image| renamed(image, rule))
                        {
                            container["image"] = image.into();
                        }
                    }
                }
                images(value, rule);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| images(item, rule)),
        _ => {}
    }
}

fn renamed(image: &str, rule: &Value) -> Option<String> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].find(':') {
        Some(at) => (&rest[..slash + at], Some(&rest[slash + at + 1..])),
        None => (rest, None),
    };
    if rule["name"] != name {
        return None;
    }
    let new = rule["newName"].as_str().unwrap_or(name);
    let behind = match (rule["digest"].as_str(), rule["newTag"].as_str()) {
        (Some(digest), _) => format!("@{digest}"),
        (None, Some(tag)) => format!(":{tag}"),
        (None, None) => match (tag, digest) {
            (_, Some(digest)) => format!("@{digest}"),
            (Some(tag), None) => format!(":{tag}"),
            (None, None) => String::new(),
        },
    };
    Some(format!("{new}{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn images_keep_what_is_not_named() {
        let check = |image: &str, rule: Value, new: Option<&str>| {
            assert_eq!(renamed(image, &rule).as_deref(), new, "{image}");
        };
        check("nginx", json!({"name": "nginx", "newTag": "1.25"}), Some("nginx:1.25"));
        check("a:5000/nginx:1", json!({"name": "a:5000/nginx", "newName": "b"}), Some("b:1"));
        check(
            "httpd:2",
            json!({"name": "httpd", "newName": "x/httpd", "digest": "sha256:a"}),
            Some("x/httpd@sha256:a"),
        );
        check("nginx2", json!({"name": "nginx", "newTag": "1"}), None);
    }
}
