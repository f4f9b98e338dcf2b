//! `kubectl apply --server-side`: the file goes to the server as it is, which merges and notes who set what.

use super::LAST_APPLIED;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::DryRun;
use crate::programs::kubectl::rest::{JSON_PATCH, Request};
use crate::programs::kubectl::selection::Info;
use crate::programs::kubectl::verbs::create::validation;
use kube::api::merge_patch;
use kube::json;
use serde_json::Value;

const APPLY_PATCH: &str = "application/apply-patch+yaml";
/// The manager when none is named.
const DEFAULT: &str = "kubectl";
/// The manager of the annotation alone.
const ANNOTATION_MANAGER: &str = "kubectl-last-applied";
const CONFLICTS: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Applies one object.
pub async fn apply(k: &Kubectl, mut info: Info, dry_run: DryRun) -> Result<(Info, &'static str)> {
    let file = info.clone();
    info.object = merged(k, &file, dry_run == DryRun::Server).await?;
    if dry_run == DryRun::None {
        keep_annotation(k, &mut info).await?;
        if let Some(patch) = migration(&info.object, manager(k))
            && k.client().await?.patch(&info.path(), &[], JSON_PATCH, &patch).await.is_ok()
        {
            info.object = merged(k, &file, false).await?;
        }
    }
    Ok((info, "serverside-applied"))
}

fn manager(k: &Kubectl) -> &str {
    if k.flags.changed("field-manager") { k.flags.str("field-manager") } else { DEFAULT }
}

/// The annotation of applies on the client's side gets a manager of its own, so that this one, which does not know it,
/// does not take it away. Models `saveLastApplyAnnotationIfNecessary`.
async fn keep_annotation(k: &Kubectl, info: &mut Info) -> Result<()> {
    let metadata = &info.object["metadata"];
    let Some(annotation) = metadata["annotations"][LAST_APPLIED].as_str() else { return Ok(()) };
    if manager(k) != DEFAULT || entries(&info.object).iter().any(|entry| owns_annotation(entry, "Apply")) {
        return Ok(());
    }
    let mut only = json!({
        "apiVersion": info.resource.api_version(), "kind": info.resource.kind,
        "metadata": {"annotations": {LAST_APPLIED: annotation}, "name": info.name},
    });
    if !info.namespace.is_empty() {
        only["metadata"]["namespace"] = info.namespace.as_str().into();
    }
    let path = info.path();
    let query = [("fieldManager", ANNOTATION_MANAGER)];
    let body = only.to_string().into_bytes();
    let request = Request { body, content_type: APPLY_PATCH, ..Request::new("PATCH", &path, &query) };
    info.object = k.client().await?.send(request).await?;
    Ok(())
}

fn entries(object: &Value) -> &[Value] {
    object["metadata"]["managedFields"].as_array().map_or(&[], Vec::as_slice)
}

fn owns_annotation(entry: &Value, operation: &str) -> bool {
    entry["operation"] == operation
        && !entry["fieldsV1"]["f:metadata"]["f:annotations"][format!("f:{LAST_APPLIED}")].is_null()
}

/// What earlier applies on the client's side manage becomes this one's, so that they are in nobody's way. Models
/// client-go/util/csaupgrade.
fn migration(object: &Value, manager: &str) -> Option<Value> {
    let mut kept = entries(object).to_vec();
    let mut old: Vec<Value> = kept.iter().filter(|entry| owns_annotation(entry, "Update")).cloned().collect();
    old.dedup_by(|a, b| a["manager"] == b["manager"]);
    if old.is_empty() {
        return None;
    }
    for entry in old {
        let is_old = |other: &Value| {
            other["manager"] == entry["manager"]
                && other["operation"] == "Update"
                && other["subresource"].is_null()
        };
        let own = kept.iter_mut().find(|e| e["manager"] == *manager && e["operation"] == "Apply");
        if let Some(own) = own {
            merge_patch::apply(&mut own["fieldsV1"], &entry["fieldsV1"]);
            if let Some(metadata) = own["fieldsV1"]["f:metadata"].as_object_mut() {
                if let Some(annotations) = metadata.get_mut("f:annotations").and_then(Value::as_object_mut) {
                    annotations.remove(&format!("f:{LAST_APPLIED}"));
                }
                metadata.retain(|_, fields| *fields != json!({}));
            }
        }
        kept.retain(|other| !is_old(other));
    }
    let version = &object["metadata"]["resourceVersion"];
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]))
}

/// What the server makes of the file.
pub async fn merged(k: &Kubectl, info: &Info, dry_run: bool) -> Result<Value> {
    let manager = manager(k);
    let force = if k.flags.bool("force-conflicts") { "true" } else { "false" };
    let mut query = vec![("fieldManager", manager), ("force", force)];
    if k.flags.has("validate") {
        query.push(("fieldValidation", validation(k)?));
    }
    if dry_run {
        query.push(("dryRun", "All"));
    }
    let mut path = info.path();
    if k.flags.has("subresource") && !k.flags.str("subresource").is_empty() {
        path = format!("{path}/{}", k.flags.str("subresource"));
    }
    let body = info.object.to_string().into_bytes();
    let request = Request { body, content_type: APPLY_PATCH, ..Request::new("PATCH", &path, &query) };
    k.client().await?.send(request).await.map_err(|error| match error.reason() {
        "Conflict" if k.flags.has("server-side") && k.flags.has("force") => {
            Error::text(format!("{}\n{CONFLICTS}", error.message()))
        }
        _ => error,
    })
}
