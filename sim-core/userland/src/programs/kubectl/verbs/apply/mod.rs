//! `kubectl apply`: makes what is there be what the file says. Models pkg/cmd/apply, the client's side of it: the last
//! file is kept in an annotation, and what the file no longer has is taken away.

mod last_applied;
pub(super) mod prune;
mod server_side;

use super::create;
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun, Format};
use crate::programs::kubectl::rest::{MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::{self, Info, Rules, Target};
use encoding::json;
use kube::api::{scheme, strategic};
use kube::json;
use serde_json::Value;
pub(super) use server_side::merged as server_side;
use std::rc::Rc;
use std::time::Duration;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "apply",
    usage: "(-f FILENAME | -k DIRECTORY)",
    short: "Apply a configuration to a resource by file name or stdin",
    long: "Apply a configuration to a resource by file name or stdin. The resource name must be specified. This resource will be created if it doesn't exist yet. To use 'apply', always create the resource initially with either 'apply' or 'create --save-config'.\n\n JSON and YAML formats are accepted.",
    examples: "# Apply what a file says\nkubectl apply -f ./pod.json\n\n# Apply what comes from standard input\ncat pod.json | kubectl apply -f -\n\n# Apply all .json files\nkubectl apply -f '*.json'",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, globals::SELECTOR, FLAGS],
    commands: &[&super::edit::LAST_APPLIED, &last_applied::SET, &last_applied::VIEW],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("all", "All resources in the namespace of the given types"),
    Flag::string("cascade", "background", "How what is owned is deleted: background, orphan or foreground.")
        .bare("background"),
    Flag::string("field-manager", "kubectl-client-side-apply", "Name that stands for who owns the fields"),
    Flag::bool("force", "Delete and make again what cannot be changed"),
    Flag::bool("force-conflicts", "With --server-side: take fields over from others"),
    Flag::int("grace-period", "-1", "Seconds that what is deleted has to end"),
    Flag::bool("openapi-patch", "Compute the patch with the server's schema").default("true"),
    Flag::bool("overwrite", "Take over what others have changed meanwhile").default("true"),
    Flag::bool("prune", "Delete what was applied before and the files no longer have; with --all or -l"),
    Flag::array("prune-allowlist", "Types that --prune deletes, as group/version/kind"),
    Flag::bool("server-side", "Let the server merge"),
    Flag::string("subresource", "", "With --server-side: apply this part of the object."),
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
    let dry_run = printers::dry_run(&k)?;
    let directive = create::validation(&k)?;
    check_flags(&k, dry_run)?;
    let prune = prune::Prune::read(&k).await?;
    let rules = Rules { validate: directive != "Ignore", own_all: true, ..Rules::default() };
    let selection = selection::select(&k, &[], rules).await?;
    let mut infos = Vec::new();
    for target in selection.targets {
        if let Target::Named(info) = target {
            infos.push(info);
        }
    }
    if infos.is_empty() {
        return Err(Error::text("no objects passed to apply"));
    }
    let mut errors = Vec::new();
    let mut applied: Vec<Info> = Vec::new();
    let format = Format::of(&k).await?;
    let at_once = matches!(format, Format::Human { .. } | Format::Name);
    for mut info in infos {
        k.record(&mut info.object);
        let result = match k.flags.bool("server-side") {
            true => server_side::apply(&k, info, dry_run).await,
            false => apply(&k, info, dry_run).await,
        };
        match result {
            Ok((info, done)) => {
                if at_once {
                    printers::print_result(&k, &info, done).await?;
                }
                applied.push(info);
            }
            Err(error) => errors.push(error),
        }
    }
    if !at_once {
        let mut objects: Vec<Value> = applied.iter().map(|info| info.object.clone()).collect();
        let object = match objects.len() {
            0 => Value::Null,
            1 => objects.remove(0),
            _ => json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}}),
        };
        if !object.is_null() {
            let object = printers::shown(&k, object);
            // Several come in a list that kubectl makes.
            let list = object["kind"] == "List";
            k.out(&if list { format.print_typed(&object)? } else { format.print(&object)? }).await;
        }
    }
    if let Some(prune) = prune.filter(|_| errors.is_empty()) {
        prune.run(&k, &applied, dry_run).await?;
    }
    if errors.is_empty() && k.verbosity() >= 4 {
        k.log('I', "apply.go:546", "Running apply post-processor function").await;
    }
    Error::many(errors)
}

/// The mistakes in the use of flags, in the order in which kubectl finds them.
fn check_flags(k: &Kubectl, dry_run: DryRun) -> Result<()> {
    let flags = &k.flags;
    let (force, server_side) = (flags.bool("force"), flags.bool("server-side"));
    let say = |text: &str| Err(Error::text(text));
    if flags.bool("force-conflicts") && !server_side {
        return say("--force-conflicts only works with --server-side");
    }
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    if dry_run == DryRun::Client && server_side {
        return say(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        );
    }
    if dry_run == DryRun::Server && force {
        return say("--dry-run=server cannot be used with --force");
    }
    if flags.list("filename").is_empty() && flags.str("kustomize").is_empty() {
        return say("must specify one of -f and -k");
    }
    if force && server_side {
        return say("--force cannot be used with --server-side");
    }
    if flags.bool("prune") {
        let (all, selected) = (flags.bool("all"), !flags.str("selector").is_empty());
        if all && selected {
            return say("cannot set --all and --selector at the same time");
        }
        if force {
            return say("--force cannot be used with --prune");
        }
        if !all && !selected {
            return say(
                "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
            );
        }
    }
    if !flags.str("subresource").is_empty() && !server_side {
        return say("--subresource can only be specified for --server-side");
    }
    Ok(())
}

/// Makes one object what the file says; gives it back with the word for what was done.
async fn apply(k: &Kubectl, mut info: Info, dry_run: DryRun) -> Result<(Info, &'static str)> {
    let client = k.client().await?;
    let mut modified = info.object.clone();
    modified["metadata"]["annotations"][LAST_APPLIED] = configuration(&info.object).into();
    let query = create::query(k, dry_run)?;
    let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let current = match client.get(&info.path(), &[]).await {
        Ok(current) => current,
        Err(error) if error.is_not_found() => {
            if dry_run != DryRun::Client {
                let created =
                    client.post(&info.resource.collection(&info.namespace), &query, &modified).await;
                modified = created.map_err(|error| error.about_file("creating", &info.source))?;
            }
            info.object = modified;
            return Ok((info, "created"));
        }
        Err(error) => return Err(retrieving(&info, error)),
    };
    if current["metadata"]["annotations"][LAST_APPLIED].as_str().is_none_or(str::is_empty) {
        k.warn(&format!(
            "resource {}/{} is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.resource.plural,
            info.name
        ))
        .await;
    }
    if dry_run == DryRun::Client {
        info.object = current;
        return Ok((info, "configured"));
    }
    let Some((patch, media_type)) = patch_of(&info, &modified, &current) else {
        info.object = current;
        return Ok((info, "unchanged"));
    };
    info.object = match client.patch(&info.path(), &query, media_type, &patch).await {
        Ok(patched) => patched,
        Err(error) if k.flags.bool("force") && matches!(error.reason(), "Conflict" | "Invalid") => {
            again(k, &info, &query, &modified).await?
        }
        Err(error) => return Err(applying(&info, &patch, error)),
    };
    Ok((info, "configured"))
}

/// `--force`: deletes the object and makes it again.
async fn again(k: &Kubectl, info: &Info, query: &[(&str, &str)], modified: &Value) -> Result<Value> {
    let client = k.client().await?;
    let policy = super::delete::policy(k.flags.str("cascade"))?;
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
    if k.flags.int("grace-period") >= 0 {
        options["gracePeriodSeconds"] = k.flags.int("grace-period").into();
    }
    client.delete(&info.path(), &[], &options).await?;
    let limit = k.flags.duration("timeout").unwrap_or(Duration::from_secs(300));
    super::wait::deletion(k, info, "", limit).await?;
    client.post(&info.resource.collection(&info.namespace), query, modified).await
}

/// What brings `current` to what the file says, and what the last file said and this one does not away; with its
/// media type. Nothing when there is nothing to do.
pub(super) fn patch_of(info: &Info, modified: &Value, current: &Value) -> Option<(Value, &'static str)> {
    let text = current["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap_or("");
    let original: Value = json::parse(text).unwrap_or(Value::Null);
    let (patch, media_type) = match scheme::schema_of(&info.resource.api_version(), &info.resource.kind) {
        Some(schema) => (strategic::three_way(schema, &original, modified, current), STRATEGIC_MERGE_PATCH),
        None => (merge_patch(&original, modified, current), MERGE_PATCH),
    };
    patch.as_object().is_some_and(|fields| !fields.is_empty()).then_some((patch, media_type))
}

/// The same for kinds that kubectl does not know: a JSON merge patch.
fn merge_patch(original: &Value, modified: &Value, current: &Value) -> Value {
    let (Value::Object(new), Value::Object(live)) = (modified, current) else { return modified.clone() };
    let mut patch = serde_json::Map::new();
    for key in original.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !new.contains_key(key) && live.contains_key(key) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    for (key, value) in new {
        match live.get(key) {
            Some(there) if there.is_object() && value.is_object() => {
                let old = original.get(key).unwrap_or(&Value::Null);
                let inner = merge_patch(old, value, there);
                if inner.as_object().is_some_and(|fields| !fields.is_empty()) {
                    patch.insert(key.clone(), inner);
                }
            }
            Some(there) if there == value => {}
            _ => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(patch)
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

pub(super) fn applying(info: &Info, patch: &Value, error: Error) -> Error {
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
