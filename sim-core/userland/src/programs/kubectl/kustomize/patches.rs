//! `patches`: strategic merge patches and JSON patches, inline or in files.

use super::{Item, entries, join, strings, text_of};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::yaml;
use kube::api::selector::LabelSelector;
use kube::api::{json_patch, merge_patch, scheme, strategic};
use serde_json::{Map, Value};

/// Applies all patches of a folder, in order.
pub async fn apply(k: &Kubectl, folder: &str, rules: &Value, items: &mut Vec<Item>) -> Result<()> {
    for given in strings(&rules["patchesStrategicMerge"]) {
        let text = if given.contains('\n') { given } else { text_of(k, &join(folder, &given)).await? };
        patch(&text, &Value::Null, items)?;
    }
    for field in ["patches", "patchesJson6902"] {
        for rule in entries(&rules[field]) {
            let text = match (rule["patch"].as_str(), rule["path"].as_str()) {
                (Some(text), None) => text.to_string(),
                (None, Some(path)) => text_of(k, &join(folder, path)).await?,
                _ => {
                    return Err(Error::text(
                        "must specify one of patch and path in PatchTransformer".to_string(),
                    ));
                }
            };
            patch(&text, &rule["target"], items)?;
        }
    }
    Ok(())
}

fn patch(text: &str, target: &Value, items: &mut Vec<Item>) -> Result<()> {
    for document in yaml::documents(text) {
        let patch = yaml::parse(&document).map_err(|error| {
            Error::text(format!("unable to parse SM or JSON patch from [{text}]: {error}"))
        })?;
        if patch.is_array() {
            if target.is_null() {
                return Err(Error::text("must specify a target for JSON patch"));
            }
            for item in items.iter_mut().filter(|item| fits(item, target)) {
                json_patch::apply(&mut item.object, &patch).map_err(Error::text)?;
            }
        } else if patch.is_object() {
            merge(&patch, target, items)?;
        }
    }
    Ok(())
}

fn merge(patch: &Value, target: &Value, items: &mut Vec<Item>) -> Result<()> {
    let text = |path: &str| patch.pointer(path).and_then(Value::as_str).unwrap_or("");
    let (kind, name, version) = (text("/kind"), text("/metadata/name"), text("/apiVersion"));
    let meant = |item: &Item| {
        if target.is_null() {
            item.kind() == kind && item.object["apiVersion"] == version && item.is_called(name)
        } else {
            fits(item, target)
        }
    };
    let mut found = false;
    let delete = patch["$patch"] == "delete";
    items.retain_mut(|item| {
        if !meant(item) {
            return true;
        }
        found = true;
        if delete {
            return false;
        }
        let own_name = item.object["metadata"]["name"].clone();
        let api_version = item.object["apiVersion"].as_str().unwrap_or("").to_string();
        match scheme::schema_of(&api_version, item.kind()) {
            Some(schema) => strategic::apply(schema, &mut item.object, patch),
            None => merge_patch::apply(&mut item.object, patch),
        }
        item.object["metadata"]["name"] = own_name;
        true
    });
    if !found && target.is_null() {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let group = if group.is_empty() { "[noGrp]" } else { group };
        let namespace = match text("/metadata/namespace") {
            "" => "[noNs]",
            namespace => namespace,
        };
        let id = format!("{kind}.{version}.{group}/{name}.{namespace}");
        return Err(Error::text(format!(
            "no resource matches strategic merge patch {id:?}: no matches for Id {id}; failed to find unique target for patch {id}"
        )));
    }
    Ok(())
}

/// Whether an object is what a target asks for. Names and kinds may end with `.*`.
fn fits(item: &Item, target: &Value) -> bool {
    let says = |field: &str, value: &str| match target[field].as_str() {
        None | Some("" | ".*") => true,
        Some(wanted) => match wanted.strip_suffix(".*") {
            Some(start) => value.starts_with(start),
            None => value == wanted,
        },
    };
    let api_version = item.object["apiVersion"].as_str().unwrap_or("");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let none = Map::new();
    let labels = item.object["metadata"]["labels"].as_object().unwrap_or(&none);
    let selected = target["labelSelector"]
        .as_str()
        .is_none_or(|selector| LabelSelector::parse(selector).is_ok_and(|selector| selector.matches(labels)));
    says("kind", item.kind())
        && says("group", group)
        && says("version", version)
        && says("namespace", item.object["metadata"]["namespace"].as_str().unwrap_or(""))
        && (says("name", item.name()) || item.names.iter().any(|name| says("name", name)))
        && selected
}
