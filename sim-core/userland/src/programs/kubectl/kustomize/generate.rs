//! `configMapGenerator` and `secretGenerator`. Models `api/internal/generators`, `api/kv` and `resmap`'s
//! `AbsorbAll`.

use super::file::Kustomization;
use super::resource::{Res, append};
use super::{load, prefixed};
use crate::programs::kubectl::env_file;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use kube::json;
use serde_json::{Map, Value};

/// Longest line of a secret's value.
const LINE: usize = 70;

/// Adds what the generators make.
pub async fn run(k: &Kubectl, root: &str, kustomization: &Kustomization, all: &mut Vec<Res>) -> Result<()> {
    let options = &kustomization.value["generatorOptions"];
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for generator in kustomization.list(field) {
            let made = generate(k, root, generator, kind, options).await?;
            absorb(all, made, generator["behavior"].as_str().unwrap_or(""))?;
        }
    }
    Ok(())
}

async fn generate(k: &Kubectl, root: &str, generator: &Value, kind: &str, options: &Value) -> Result<Res> {
    let text = |field: &str| generator[field].as_str().unwrap_or("");
    if text("name").is_empty() {
        return Err(Error::text("a configmap must have a name"));
    }
    let pairs = pairs(k, root, generator).await.map_err(|error| prefixed("loading KV pairs", error))?;
    let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": text("name")}});
    if !text("namespace").is_empty() {
        object["metadata"]["namespace"] = generator["namespace"].clone();
    }
    if kind == "Secret" {
        object["type"] = Value::from(if text("type").is_empty() { "Opaque" } else { text("type") });
    }
    // A secret has the field without any key, too.
    if pairs.is_empty() && kind == "Secret" {
        object["data"] = json!({});
    }
    for (key, value) in pairs {
        if ["data", "binaryData"].iter().any(|field| !object[*field][&key].is_null()) {
            return Err(Error::text(format!("configmap {} illegally repeats the key `{key}`", text("name"))));
        }
        match (kind, String::from_utf8(value)) {
            ("ConfigMap", Ok(value)) => object["data"][key] = Value::from(value),
            ("ConfigMap", Err(error)) => {
                object["binaryData"][key] = Value::from(in_lines(error.as_bytes()));
            }
            (_, Ok(value)) => object["data"][key] = Value::from(in_lines(value.as_bytes())),
            (_, Err(error)) => object["data"][key] = Value::from(in_lines(error.as_bytes())),
        }
    }
    let own = &generator["options"];
    for field in ["labels", "annotations"] {
        for from in [options, own] {
            for (key, value) in from[field].as_object().into_iter().flatten() {
                object["metadata"][field][key] = value.clone();
            }
        }
    }
    if [options, own].iter().any(|options| options["immutable"] == true) {
        object["immutable"] = Value::from(true);
    }
    let mut res = Res::new(object);
    res.needs_hash = ![options, own].iter().any(|options| options["disableNameSuffixHash"] == true);
    res.generated = true;
    Ok(res)
}

/// Keys and values, in the order in which kustomize reads them: env files, files, literals.
async fn pairs(k: &Kubectl, root: &str, generator: &Value) -> Result<Vec<(String, Vec<u8>)>> {
    let strings = |field: &str| -> Vec<String> {
        let list = generator[field].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|one| one.as_str().map(str::to_string)).collect()
    };
    let mut pairs = Vec::new();
    let mut envs = strings("envs");
    envs.extend(generator["env"].as_str().filter(|env| !env.is_empty()).map(str::to_string));
    let failed = |what: &str, list: &[String], why: String| {
        let colon = if what == "literal" { "" } else { ":" };
        Error::text(format!("{what} sources{colon} [{}]: {why}", list.join(" ")))
    };
    for path in &envs {
        let bytes = load(k, root, path)
            .await
            .map_err(|why| failed("env source files", &envs, why).message())
            .map_err(|why| Error::text(why.replace("env source files sources", "env source files")))?;
        let text = String::from_utf8_lossy(&bytes);
        for (key, value) in env_file::variables(k, &text) {
            pairs.push((key.to_string(), value.into_bytes()));
        }
    }
    let files = strings("files");
    for source in &files {
        let parts: Vec<&str> = source.split('=').collect();
        let (key, path) = match parts[..] {
            [path] => (path.rsplit('/').next().unwrap_or(path), path),
            ["", path] => {
                return Err(failed(
                    "file",
                    &files,
                    format!("missing key name for file path {path:?} in source {source:?}"),
                ));
            }
            [key, ""] => {
                return Err(failed(
                    "file",
                    &files,
                    format!("missing file path for key name {key:?} in source {source:?}"),
                ));
            }
            [key, path] => (key, path),
            _ => {
                return Err(failed(
                    "file",
                    &files,
                    format!("source {source:?} key name or file path contains '='"),
                ));
            }
        };
        let bytes = load(k, root, path).await.map_err(|why| failed("file", &files, why))?;
        pairs.push((key.to_string(), bytes));
    }
    let literals = strings("literals");
    for literal in &literals {
        let (key, value) = match literal.split_once('=') {
            Some((key, value)) if !key.is_empty() => (key, value),
            _ => {
                return Err(failed(
                    "literal",
                    &literals,
                    format!("invalid literal source {literal}, expected key=value"),
                ));
            }
        };
        pairs.push((key.to_string(), unquoted(value).as_bytes().to_vec()));
    }
    Ok(pairs)
}

/// Without the quotes around it, if both are there.
fn unquoted(value: &str) -> &str {
    for quote in ['\'', '"'] {
        if value.len() >= 2 && value.starts_with(quote) && value.ends_with(quote) {
            return &value[1..value.len() - 1];
        }
    }
    value
}

/// Base64, in lines when it is long.
fn in_lines(bytes: &[u8]) -> String {
    let encoded = BASE64.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut text = String::new();
    for (i, c) in encoded.chars().enumerate() {
        if i > 0 && i % LINE == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text + "\n"
}

/// Adds what was generated, or changes what an earlier generator has made.
fn absorb(all: &mut Vec<Res>, made: Res, behavior: &str) -> Result<()> {
    let generator = "&{0xc000000000 <nil>}";
    let (name, namespace, kind) =
        (made.name().to_string(), made.namespace().to_string(), made.kind().to_string());
    let found = all.iter().position(|res| {
        res.kind() == kind
            && res.text("/apiVersion") == "v1"
            && res.was_called(&name)
            && res.was_in(&namespace)
    });
    let id = format!(
        "id resid.ResId{{Gvk:resid.Gvk{{Group:\"\", Version:\"v1\", Kind:{kind:?}, isClusterScoped:false}}, Name:{name:?}, Namespace:{namespace:?}}}"
    );
    match (behavior, found) {
        ("merge" | "replace", None) => Err(Error::text(format!(
            "merging from generator {generator}: {id} does not exist; cannot merge or replace"
        ))),
        ("merge" | "replace", Some(at)) => {
            let old = &mut all[at];
            let before = old.value.clone();
            old.value = made.value;
            let metadata = before["metadata"].clone();
            for field in ["labels", "annotations"] {
                let mut merged = metadata[field].as_object().cloned().unwrap_or_default();
                for (key, value) in old.value["metadata"][field].as_object().into_iter().flatten() {
                    merged.insert(key.clone(), value.clone());
                }
                set_map(&mut old.value["metadata"], field, merged);
            }
            for field in ["name", "namespace"] {
                if !metadata[field].is_null() {
                    old.value["metadata"][field] = metadata[field].clone();
                }
            }
            if behavior == "merge" {
                for field in ["data", "binaryData"] {
                    let mut merged = before[field].as_object().cloned().unwrap_or_default();
                    for (key, value) in old.value[field].as_object().into_iter().flatten() {
                        merged.insert(key.clone(), value.clone());
                    }
                    set_map(&mut old.value, field, merged);
                }
            }
            Ok(())
        }
        (_, Some(_)) => Err(Error::text(format!(
            "merging from generator {generator}: {id} exists; behavior must be merge or replace"
        ))),
        _ => append(all, made).map_err(Error::text),
    }
}

fn set_map(object: &mut Value, field: &str, map: Map<String, Value>) {
    if !map.is_empty() {
        object[field] = Value::Object(map);
    }
}
