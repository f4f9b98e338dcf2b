//! Environment variables as `kubectl set env --list` shows them, with where their values come from.

use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::base64_decode;
use crate::programs::kubectl::selection::Info;
use serde_json::Value;

/// Prints them.
pub async fn list(k: &Kubectl, info: &Info, env: &Value) -> Result<()> {
    let mut failed: Vec<(String, Vec<String>)> = Vec::new();
    for variable in env.as_array().into_iter().flatten() {
        let name = variable["name"].as_str().unwrap_or("");
        let from = &variable["valueFrom"];
        if from.is_null() {
            k.out(&format!("{name}={}\n", variable["value"].as_str().unwrap_or(""))).await;
            continue;
        }
        let reference = format!("# {name} from {}\n", reference(from));
        if !k.flags.bool("resolve") {
            k.out(&reference).await;
            continue;
        }
        match value(k, info, from).await {
            Ok(value) => k.out(&format!("{name}={value}\n")).await,
            Err(error @ Error::NotSimulated(_)) => return Err(error),
            Err(error) => {
                k.out(&reference).await;
                let why = error.message();
                match failed.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, names)) => names.push(name.to_string()),
                    None => failed.push((why, vec![name.to_string()])),
                }
            }
        }
    }
    for (why, names) in &failed {
        k.err(&format!("error retrieving reference for {}: {why}\n", names.join(", "))).await;
    }
    if failed.is_empty() { Ok(()) } else { Err(Error::text("failed to retrieve valueFrom references")) }
}

fn reference(from: &Value) -> String {
    let text = |path: &str| from.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
    if from["configMapKeyRef"].is_object() {
        format!("configmap {}, key {}", text("/configMapKeyRef/name"), text("/configMapKeyRef/key"))
    } else if from["secretKeyRef"].is_object() {
        format!("secret {}, key {}", text("/secretKeyRef/name"), text("/secretKeyRef/key"))
    } else if from["fieldRef"].is_object() {
        format!("field path {}", text("/fieldRef/fieldPath"))
    } else if from["resourceFieldRef"].is_object() {
        let container = match text("/resourceFieldRef/containerName") {
            name if name.is_empty() => name,
            name => format!("{name}/"),
        };
        format!("resource field {container}{}", text("/resourceFieldRef/resource"))
    } else {
        "invalid valueFrom".to_string()
    }
}

async fn value(k: &Kubectl, info: &Info, from: &Value) -> Result<String> {
    let kinds = [("configMapKeyRef", "configmaps", "config map"), ("secretKeyRef", "secrets", "secret")];
    for (field, plural, kind) in kinds {
        let reference = &from[field];
        if !reference.is_object() {
            continue;
        }
        let (name, key) = (reference["name"].as_str().unwrap_or(""), reference["key"].as_str().unwrap_or(""));
        let path = format!("/api/v1/namespaces/{}/{plural}/{name}", info.namespace);
        let object = k.client().await?.get(&path, &[]).await?;
        return match object["data"][key].as_str() {
            Some(value) if field == "secretKeyRef" => Ok(base64_decode(value)),
            Some(value) => Ok(value.to_string()),
            None => Err(Error::text(format!("key {key} not found in {kind} {name}"))),
        };
    }
    Err(Error::not_simulated("resolving references to fields"))
}
