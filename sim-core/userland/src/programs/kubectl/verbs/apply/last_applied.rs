//! `kubectl apply view-last-applied` and `set-last-applied`: the annotation that keeps the last file.

use super::LAST_APPLIED;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::MERGE_PATCH;
use crate::programs::kubectl::selection::{self, Rules, Target};
use encoding::json;
use kube::json;
use std::rc::Rc;

/// The row of the tree.
pub const VIEW: Command = Command {
    name: "view-last-applied",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    short: "View the latest last-applied-configuration annotations of a resource/object",
    long: "View the latest last-applied-configuration annotations by type/name or file.\n\n The default output is YAML; -o changes that.",
    examples: "# View the annotation by type and name, as YAML\nkubectl apply view-last-applied deployment/nginx\n\n# View it as JSON\nkubectl apply view-last-applied -f deploy.yaml -o json",
    flags: &[globals::FILENAMES, globals::SELECTOR, VIEW_FLAGS],
    run: Run::Verb(|k| Box::pin(view(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

const VIEW_FLAGS: &[Flag] = &[
    Flag::bool("all", "All resources of the given types in the namespace"),
    Flag::string("output", "yaml", "Output format. Must be one of (yaml, json)").short('o'),
];

/// The row of the tree.
pub const SET: Command = Command {
    name: "set-last-applied",
    usage: "-f FILENAME",
    short: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    long: "Set the latest last-applied-configuration annotations by setting it to match the contents of a file. It is as if 'kubectl apply -f <file>' had been run, but nothing else of the object changes.",
    examples: "# Let the annotation be what a file says\nkubectl apply set-last-applied -f deploy.yaml\n\n# Make it if there is none\nkubectl apply set-last-applied -f deploy.yaml --create-annotation=true",
    flags: &[globals::DRY_RUN, globals::FILENAME, globals::PRINT, SET_FLAGS],
    run: Run::Verb(|k| Box::pin(set(k))),
    ..Command::NEW
};

const SET_FLAGS: &[Flag] =
    &[Flag::bool("create-annotation", "Make the annotation on objects that have none")];

async fn view(k: Rc<Kubectl>) -> Result<()> {
    let output = k.flags.str("output");
    if !matches!(output, "yaml" | "json") {
        return Err(k.usage_error(format!(
            "Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json"
        )));
    }
    let selection = selection::select(&k, k.args(), Rules { own_all: true, ..Rules::default() }).await?;
    let (infos, errors) = selection.fetch(&k, true).await?;
    Error::many(errors)?;
    for info in infos {
        let text = info.object["metadata"]["annotations"][LAST_APPLIED].as_str();
        let Some(object) = text.and_then(|text| json::parse(text).ok()) else { continue };
        let text = if output == "json" { json::indented(&object, "  ") + "\n" } else { yaml::emit(&object) };
        k.out(&text).await;
    }
    Ok(())
}

async fn set(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let client = k.client().await?;
    let selection = selection::select(&k, &[], Rules::default()).await?;
    let mut ready = Vec::new();
    for target in selection.targets {
        let Target::Named(info) = target else { continue };
        let current = client.get(&info.path(), &[]).await?;
        let wanted = format!("{}\n", info.object);
        match current["metadata"]["annotations"][LAST_APPLIED].as_str() {
            None if !k.flags.bool("create-annotation") => {
                return Err(Error::text(format!(
                    "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                    info.name
                )));
            }
            Some(text) if text == wanted => {
                k.out(&format!("set-last-applied {}: no changes required.\n", info.name)).await;
            }
            _ => ready.push((info, wanted)),
        }
    }
    for (mut info, text) in ready {
        if dry_run != DryRun::Client {
            let patch = json!({"metadata": {"annotations": {LAST_APPLIED: text}}});
            let query: &[(&str, &str)] = if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] };
            info.object = client.patch(&info.path(), query, MERGE_PATCH, &patch).await?;
        }
        printers::print_result(&k, &info, "configured").await?;
    }
    Ok(())
}
