//! What `set`, `rollout` and `edit` share: an object is changed here, and the difference goes to the server as a
//! strategic merge patch. Models `CalculatePatches` of pkg/cmd/set/helper.go.

use crate::programs::kubectl::error::Result;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::rest::{MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::Info;
use kube::api::{scheme, strategic};
use serde_json::{Map, Value};

/// What turns `before` into `after`; nothing when they are the same.
pub fn patch_between(info: &Info, before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let patch = match scheme::schema_of(&info.resource.api_version(), &info.resource.kind) {
        Some(schema) => strategic::two_way(schema, before, after),
        None => merge_patch(before, after),
    };
    patch.as_object().is_some_and(|fields| !fields.is_empty()).then_some(patch)
}

/// The JSON merge patch (RFC 7386) that turns `before` into `after`.
pub fn merge_patch(before: &Value, after: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return after.clone() };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        match old.get(key) {
            Some(same) if same == value => {}
            Some(other) => drop(patch.insert(key.clone(), merge_patch(other, value))),
            None => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(patch)
}

/// Sends a patch in the name of the field manager of the command.
pub async fn send_patch(k: &Kubectl, info: &Info, patch: &Value, server_dry_run: bool) -> Result<Value> {
    let known = scheme::schema_of(&info.resource.api_version(), &info.resource.kind).is_some();
    let media_type = if known { STRATEGIC_MERGE_PATCH } else { MERGE_PATCH };
    k.client().await?.patch(&info.path(), &query(k, server_dry_run), media_type, patch).await
}

/// The query of a request that writes.
pub fn query(k: &Kubectl, server_dry_run: bool) -> Vec<(&str, &str)> {
    let mut query = Vec::new();
    if server_dry_run {
        query.push(("dryRun", "All"));
    }
    if !k.flags.str("field-manager").is_empty() {
        query.push(("fieldManager", k.flags.str("field-manager")));
    }
    query
}

/// Where the spec of the pods is that an object makes, or that of the pod itself.
pub fn pod_spec_path(group: &str, kind: &str) -> Option<&'static str> {
    match (group, kind) {
        ("", "Pod") => Some("/spec"),
        ("", "ReplicationController")
        | ("apps", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "Job") => Some("/spec/template/spec"),
        ("batch", "CronJob") => Some("/spec/jobTemplate/spec/template/spec"),
        _ => None,
    }
}

/// The Go type of an object, as `%T` prints it: `*v1.Service`.
pub fn go_type(info: &Info) -> String {
    format!("*{}.{}", info.resource.version, info.resource.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn merge_patches_delete_with_null() {
        let patch = merge_patch(&json!({"a": 1, "b": {"c": 1, "d": 2}}), &json!({"b": {"c": 1}, "e": [1]}));
        assert_eq!(patch, json!({"a": null, "b": {"d": null}, "e": [1]}));
    }
}
