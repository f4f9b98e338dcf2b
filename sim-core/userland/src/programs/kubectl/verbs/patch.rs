//! `kubectl patch`. Models pkg/cmd/patch.

use super::change;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun, Format};
use crate::programs::kubectl::rest::{JSON_PATCH, MERGE_PATCH, Request, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::{self, Info, Rules};
use encoding::json;
use kube::api::{json_patch, merge_patch, scheme, strategic};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "patch",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    short: "Update fields of a resource",
    long: "Update fields of a resource using strategic merge patch, a JSON merge patch, or a JSON patch.\n\n JSON and YAML formats are accepted.",
    examples: "# Cordon a node, with a strategic merge patch\nkubectl patch node k8s-node-1 -p '{\"spec\":{\"unschedulable\":true}}'\n\n# Change a container's image, with a JSON patch\nkubectl patch pod valid-pod --type='json' -p='[{\"op\": \"replace\", \"path\": \"/spec/containers/0/image\", \"value\":\"new image\"}]'\n\n# Change the size of a deployment through its scale\nkubectl patch deployment nginx-deployment --subresource='scale' --type='merge' -p '{\"spec\":{\"replicas\":2}}'",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("field-manager", "kubectl-patch", "Name that stands for who owns the fields"),
    Flag::bool("local", "Patch the file, not what is on the server"),
    Flag::string("patch", "", "The patch.").short('p'),
    Flag::string("patch-file", "", "A file with the patch."),
    Flag::string("subresource", "", "Patch this part of the object: status, scale or resize."),
    Flag::string("type", "strategic", "The kind of patch: json, merge or strategic"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let flags = &k.flags;
    let dry_run = printers::dry_run(&k)?;
    let (text, file, local) = (flags.str("patch"), flags.str("patch-file"), flags.bool("local"));
    let kind = flags.str("type").to_lowercase();
    let media_type = match kind.as_str() {
        "json" => Some(JSON_PATCH),
        "merge" => Some(MERGE_PATCH),
        "strategic" | "" => Some(STRATEGIC_MERGE_PATCH),
        _ => None,
    };
    let media_type = match (text.is_empty(), file.is_empty(), media_type) {
        (false, false, _) => {
            return Err(Error::text("cannot specify --patch and --patch-file together"));
        }
        (true, true, _) => {
            return Err(Error::text(
                "must specify --patch or --patch-file containing the contents of the patch",
            ));
        }
        _ if local && !k.args().is_empty() => {
            return Err(Error::text("cannot specify --local and server resources"));
        }
        _ if local && dry_run == DryRun::Server => {
            return Err(Error::text(
                "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
            ));
        }
        (_, _, None) => {
            return Err(Error::text(format!(
                "--type must be one of [json merge strategic], not {:?}",
                flags.str("type")
            )));
        }
        (_, _, Some(media_type)) => media_type,
    };
    let text = match file {
        "" => text.to_string(),
        path => {
            let bytes = k.sys.read_file(path).await.map_err(|errno| {
                Error::text(format!(
                    "unable to read patch file: open {path}: {}",
                    errno.text().to_lowercase()
                ))
            })?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    // What begins as a JSON object goes to the server as it is, which says what is wrong; all else is YAML.
    let body = if text.trim_start().starts_with('{') {
        text
    } else {
        let patch = yaml::parse(&text)
            .map_err(|error| Error::text(format!("unable to parse {:?}: {error}", flags.str("patch"))))?;
        patch.to_string()
    };
    let (infos, mut errors) = if local {
        (selection::local(&k, false).await?, Vec::new())
    } else {
        let mut selection = selection::select(&k, k.args(), Rules::default()).await?;
        selection.subresource = flags.str("subresource").to_string();
        selection.fetch(&k, true).await?
    };
    if infos.is_empty() && errors.is_empty() {
        return Err(Error::text("no objects passed to patch"));
    }
    for mut info in infos {
        let patched = match local || dry_run == DryRun::Client {
            true => here(&info, media_type, &body),
            false => sent(&k, &info, media_type, &body, dry_run).await,
        };
        match patched {
            Ok(object) => {
                let done = if object == info.object { "patched (no change)" } else { "patched" };
                info.object = object;
                let info = part_of(info);
                // It does not say whether anything was stored.
                match Format::of(&k).await?.is_human() {
                    true => k.out(&format!("{} {done}\n", info.label())).await,
                    false => printers::print_result(&k, &info, done).await?,
                }
            }
            // Custom kinds know no strategic merge.
            Err(error) if error.reason() == "UnsupportedMediaType" => errors.push(Error::text(format!(
                "{media_type} is not supported by {}, Kind={}: {}",
                info.object["apiVersion"].as_str().unwrap_or(""),
                info.object["kind"].as_str().unwrap_or(""),
                error.message()
            ))),
            Err(error) => errors.push(error),
        }
    }
    Error::many(errors)
}

/// A subresource may be an object of a kind of its own.
fn part_of(mut info: Info) -> Info {
    if info.object["kind"] == "Scale" {
        let mut resource = (*info.resource).clone();
        resource.kind = "Scale".to_string();
        resource.group = "autoscaling".to_string();
        info.resource = Rc::new(resource);
    }
    info
}

async fn sent(k: &Kubectl, info: &Info, media_type: &str, body: &str, dry_run: DryRun) -> Result<Value> {
    let mut path = info.path();
    let subresource = k.flags.str("subresource");
    if !subresource.is_empty() {
        path = format!("{path}/{subresource}");
    }
    let query = change::query(k, dry_run == DryRun::Server);
    let body = body.as_bytes().to_vec();
    let request = Request { body, content_type: media_type, ..Request::new("PATCH", &path, &query) };
    let client = k.client().await?;
    let object = client.send(request).await?;
    let mut patch = json!({});
    match k.record(&mut patch) {
        true => Ok(client.patch(&path, &query, MERGE_PATCH, &patch).await.unwrap_or(object)),
        false => Ok(object),
    }
}

/// What the patch makes of the object, without a server.
fn here(info: &Info, media_type: &str, body: &str) -> Result<Value> {
    let patch: Value = json::parse(body).map_err(|error| Error::text(error.to_string()))?;
    let mut object = info.object.clone();
    match media_type {
        JSON_PATCH => json_patch::apply(&mut object, &patch).map_err(Error::text)?,
        MERGE_PATCH => merge_patch::apply(&mut object, &patch),
        _ => {
            let (api_version, kind) = (info.resource.api_version(), &info.resource.kind);
            let schema = scheme::schema_of(&api_version, kind).ok_or_else(|| {
                Error::text(format!(
                    "strategic merge patch is not supported for {}/{}, Kind={kind} locally, try --type merge",
                    info.resource.group, info.resource.version
                ))
            })?;
            strategic::apply(schema, &mut object, &patch);
        }
    }
    Ok(object)
}
