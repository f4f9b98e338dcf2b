//! `configMapGenerator` and `secretGenerator`.

use super::{Item, entries, join, strings, text_of};
use crate::programs::base64;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::json;
use crate::programs::sha256sum;
use serde_json::{Map, Value, json};

/// Adds what the generators make.
pub async fn generate(k: &Kubectl, folder: &str, rules: &Value, items: &mut Vec<Item>) -> Result<()> {
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for rule in entries(&rules[field]) {
            if !matches!(rule["behavior"].as_str(), None | Some("create" | "")) {
                return Err(Error::not_simulated(format!("behavior: of a {field}")));
            }
            items.push(one(k, folder, rules, rule, kind).await?);
        }
    }
    Ok(())
}

async fn one(k: &Kubectl, folder: &str, rules: &Value, rule: &Value, kind: &str) -> Result<Item> {
    let mut data = Map::new();
    let mut put = |key: &str, value: String| {
        let value = if kind == "Secret" { base64::encode(value.as_bytes(), 0) } else { value };
        data.insert(key.to_string(), value.into());
    };
    let mut env_files = strings(&rule["envs"]);
    env_files.extend(rule["env"].as_str().map(str::to_string));
    for file in env_files {
        for line in text_of(k, &join(folder, &file)).await?.lines().map(str::trim) {
            if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                put(key, value.to_string());
            }
        }
    }
    for file in strings(&rule["files"]) {
        let (key, path) = match file.split_once('=') {
            Some((key, path)) => (key.to_string(), path.to_string()),
            None => (file.rsplit('/').next().unwrap_or(&file).to_string(), file.clone()),
        };
        put(&key, text_of(k, &join(folder, &path)).await?);
    }
    for literal in strings(&rule["literals"]) {
        let (key, value) = literal.split_once('=').ok_or_else(|| {
            Error::text(format!("literal values must be in the form 'key=value', got {literal:?}"))
        })?;
        put(key, value.trim_matches(['"', '\'']).to_string());
    }
    let mut object = json!({
        "apiVersion": "v1", "kind": kind, "metadata": {"name": rule["name"].as_str().unwrap_or("")},
    });
    if !data.is_empty() {
        object["data"] = Value::Object(data);
    }
    if kind == "Secret" {
        object["type"] = rule["type"].as_str().unwrap_or("Opaque").into();
    }
    if let Some(namespace) = rule["namespace"].as_str() {
        object["metadata"]["namespace"] = namespace.into();
    }
    let mut hashed = true;
    for options in [&rules["generatorOptions"], &rule["options"]] {
        for field in ["labels", "annotations"] {
            for (key, value) in options[field].as_object().into_iter().flatten() {
                object["metadata"][field][key] = value.clone();
            }
        }
        if options["immutable"] == true {
            object["immutable"] = true.into();
        }
        hashed &= options["disableNameSuffixHash"] != true;
    }
    let hash = hashed.then(|| hash(&object));
    Ok(Item { hash, ..Item::new(object) })
}

/// Ten letters that stand for the contents; those that could make a word are replaced.
fn hash(object: &Value) -> String {
    let mut contents = json!({"kind": object["kind"], "name": "", "data": object["data"]});
    if object["data"].is_null() {
        contents["data"] = "".into();
    }
    if object["kind"] == "Secret" {
        contents["type"] = object["type"].clone();
    }
    let digest = sha256sum::digest(json::compact(&contents).as_bytes());
    digest
        .chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_kustomizes_own() {
        let map = json!({"kind": "ConfigMap", "data": {"A": "1", "B": "two", "named": "hello\n", "x.txt": "hello\n"}});
        assert_eq!(hash(&map), "g2d77g4h9c");
        assert_eq!(hash(&json!({"kind": "Secret", "type": "Opaque", "data": {"pw": "YWJj"}})), "mk9d2m6dff");
    }
}
