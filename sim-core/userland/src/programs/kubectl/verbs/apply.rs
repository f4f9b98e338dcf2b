//! `kubectl apply`: makes what is there be what the file says. Models pkg/cmd/apply, the client's side of it: the last
//! file is kept in an annotation, and what the file no longer has is taken away.

use super::create;
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::{MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::{self, Info, Rules, Target};
use kube::api::{scheme, strategic};
use serde_json::{Value, json};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "apply",
    usage: "(-f FILENAME | -k DIRECTORY)",
    short: "Apply a configuration to a resource by file name or stdin",
    long: "Apply a configuration to a resource by file name or stdin. The resource name must be specified. This resource will be created if it doesn't exist yet. To use 'apply', always create the resource initially with either 'apply' or 'create --save-config'.\n\n JSON and YAML formats are accepted.",
    examples: "# Apply what a file says\nkubectl apply -f ./pod.json\n\n# Apply what comes from standard input\ncat pod.json | kubectl apply -f -\n\n# Apply all .json files\nkubectl apply -f '*.json'",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("all", "All resources in the namespace of the given types"),
    Flag::string("cascade", "background", "How what is owned is deleted: background, orphan or foreground.")
        .bare("background"),
    Flag::string("field-manager", "kubectl-client-side-apply", "Name that stands for who owns the fields"),
    Flag::bool("force", "Delete and make again what cannot be changed"),
    Flag::bool("force-conflicts", "With --server-side: take fields over from others").not_simulated(),
    Flag::int("grace-period", "-1", "Seconds that what is deleted has to end"),
    Flag::bool("openapi-patch", "Compute the patch with the server's schema").default("true"),
    Flag::bool("overwrite", "Take over what others have changed meanwhile").default("true"),
    Flag::bool("prune", "Delete what the files no longer have").not_simulated(),
    Flag::array("prune-allowlist", "Types that --prune deletes").not_simulated(),
    Flag::bool("server-side", "Let the server merge").not_simulated(),
    Flag::duration("timeout", "0s", "How long to wait for a deletion"),
    Flag::string(
        "validate",
        "strict",
        "What to do about unknown or doubled fields: strict (or true), warn, or ignore (or false)",
    )
    .bare("strict"),
    Flag::bool("wait", "Wait until what is deleted is gone"),
];

/// The annotation that keeps the last file.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object as the annotation keeps it.
pub(super) fn configuration(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    format!("{object}\n")
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if k.flags.list("filename").is_empty() {
        if !k.args().is_empty() {
            return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
        }
        return Err(Error::text("must specify one of -f and -k"));
    }
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    let dry_run = printers::dry_run(&k)?;
    let validate = create::validation(&k)? != "Ignore";
    let rules = Rules { validate, ..Rules::default() };
    let selection = selection::select(&k, &[], rules).await?;
    if selection.targets.is_empty() {
        return Err(Error::text("no objects passed to apply"));
    }
    let mut errors = Vec::new();
    for target in selection.targets {
        let Target::Named(info) = target else { continue };
        if let Err(error) = apply(&k, info, dry_run).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn apply(k: &Kubectl, mut info: Info, dry_run: DryRun) -> Result<()> {
    let client = k.client().await?;
    let modified_text = configuration(&info.object);
    let mut modified = info.object.clone();
    modified["metadata"]["annotations"][LAST_APPLIED] = modified_text.into();
    let query = create::query(k, dry_run)?;
    let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let current = match client.get(&info.path(), &[]).await {
        Ok(current) => current,
        Err(error) if error.is_not_found() => {
            if dry_run != DryRun::Client {
                let created =
                    client.post(&info.resource.collection(&info.namespace), &query, &modified).await;
                modified = created.map_err(|error| create::from_file::when_creating(&info.source, error))?;
            }
            info.object = modified;
            return printers::print_result(k, &info, "created").await;
        }
        Err(error) => return Err(retrieving(&info, error)),
    };
    let original_text = current["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap_or("").to_string();
    if original_text.is_empty() {
        k.warn(&format!(
            "resource {}/{} is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.resource.group_resource(),
            info.name
        ))
        .await;
    }
    if dry_run == DryRun::Client {
        info.object = modified;
        return printers::print_result(k, &info, "configured").await;
    }
    let original: Value = serde_json::from_str(&original_text).unwrap_or(Value::Null);
    let schema = scheme::schema_of(&info.resource.api_version(), &info.resource.kind);
    let (patch, media_type) = match schema {
        Some(schema) => (strategic::three_way(schema, &original, &modified, &current), STRATEGIC_MERGE_PATCH),
        None => (modified.clone(), MERGE_PATCH),
    };
    if patch.as_object().is_none_or(serde_json::Map::is_empty) {
        info.object = current;
        return printers::print_result(k, &info, "unchanged").await;
    }
    let patched = match client.patch(&info.path(), &query, media_type, &patch).await {
        Ok(patched) => patched,
        Err(error) => return Err(applying(&info, &patch, error)),
    };
    let same = patched["metadata"]["resourceVersion"] == current["metadata"]["resourceVersion"];
    info.object = patched;
    printers::print_result(k, &info, if same && dry_run == DryRun::None { "unchanged" } else { "configured" })
        .await
}

fn retrieving(info: &Info, error: Error) -> Error {
    let Error::Status(mut status) = error else { return error };
    let message = status["message"].as_str().unwrap_or("").to_string();
    let gvk = |text: &str| format!("{}/{}, {text}", info.resource.group, info.resource.version);
    status["message"] = format!(
        "error when retrieving current configuration of:\nResource: {:?}, GroupVersionKind: {:?}\nName: {:?}, Namespace: {:?}\nfrom server for: {:?}: {message}",
        gvk(&format!("Resource={}", info.resource.plural)),
        gvk(&format!("Kind={}", info.resource.kind)),
        info.name,
        info.namespace,
        info.source
    )
    .into();
    Error::Status(status)
}

fn applying(info: &Info, patch: &Value, error: Error) -> Error {
    let Error::Status(mut status) = error else { return error };
    if status["reason"] == "Invalid" {
        return Error::Status(status);
    }
    let message = status["message"].as_str().unwrap_or("").to_string();
    let gvk = |text: &str| format!("{}/{}, {text}", info.resource.group, info.resource.version);
    status["message"] = format!(
        "error when applying patch:\n{patch}\nto:\nResource: {:?}, GroupVersionKind: {:?}\nName: {:?}, Namespace: {:?}\nfor: {:?}: error when patching {:?}: {message}",
        gvk(&format!("Resource={}", info.resource.plural)),
        gvk(&format!("Kind={}", info.resource.kind)),
        info.name,
        info.namespace,
        info.source,
        info.source
    )
    .into();
    Error::Status(status)
}
