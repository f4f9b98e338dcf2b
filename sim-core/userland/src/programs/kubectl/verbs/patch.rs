//! `kubectl patch`. Models pkg/cmd/patch.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::{JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::{self, Rules};
use crate::programs::kubectl::yaml;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "patch",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    short: "Update fields of a resource",
    long: "Update fields of a resource using strategic merge patch, a JSON merge patch, or a JSON patch.\n\n JSON and YAML formats are accepted.",
    examples: "# Cordon a node, with a strategic merge patch\nkubectl patch node k8s-node-1 -p '{\"spec\":{\"unschedulable\":true}}'\n\n# Change a container's image, with a JSON patch\nkubectl patch pod valid-pod --type='json' -p='[{\"op\": \"replace\", \"path\": \"/spec/containers/0/image\", \"value\":\"new image\"}]'\n\n# Change the size of a deployment through its scale\nkubectl patch deployment nginx-deployment --subresource='scale' --type='merge' -p '{\"spec\":{\"replicas\":2}}'",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("field-manager", "kubectl-patch", "Name that stands for who owns the fields"),
    Flag::bool("local", "Patch the file, not what is on the server").not_simulated(),
    Flag::string("patch", "", "The patch.").short('p'),
    Flag::string("patch-file", "", "A file with the patch."),
    Flag::string("subresource", "", "Patch this part of the object: status, scale or resize."),
    Flag::string("type", "strategic", "The kind of patch: json, merge or strategic"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let kind = k.flags.str("type").to_lowercase();
    let media_type = match kind.as_str() {
        "json" => JSON_PATCH,
        "merge" => MERGE_PATCH,
        "strategic" => STRATEGIC_MERGE_PATCH,
        _ => {
            return Err(k.usage_error(format!(
                "--type must be one of [json merge strategic], not {:?}",
                k.flags.str("type")
            )));
        }
    };
    let text = match (k.flags.changed("patch"), k.flags.str("patch-file")) {
        (false, "") => {
            return Err(Error::text(
                "must specify --patch or --patch-file containing the contents of the patch",
            ));
        }
        (true, "") => k.flags.str("patch").to_string(),
        (false, path) => {
            let bytes = k.sys.read_file(path).await;
            let bytes = bytes.map_err(|errno| {
                Error::text(format!(
                    "unable to read patch file: open {path}: {}",
                    errno.text().to_lowercase()
                ))
            })?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        (true, _) => return Err(Error::text("cannot specify --patch and --patch-file together")),
    };
    // What is not JSON may be YAML; what is neither goes to the server as it is, which says what is wrong.
    let patch: Value = match serde_json::from_str(&text) {
        Ok(patch) => patch,
        Err(_) => {
            yaml::parse(&text).map_err(|error| Error::text(format!("unable to parse {text:?}: {error}")))?
        }
    };
    let dry_run = printers::dry_run(&k)?;
    let selection = selection::select(&k, k.args(), Rules::default()).await?;
    let (infos, mut errors) = selection.fetch(&k, true).await?;
    for mut info in infos {
        if dry_run != DryRun::Client {
            let mut path = info.path();
            let subresource = k.flags.str("subresource");
            if !subresource.is_empty() {
                path = format!("{path}/{subresource}");
            }
            let query: &[(&str, &str)] = if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] };
            let before = info.object["metadata"]["resourceVersion"].clone();
            match k.client().await?.patch(&path, query, media_type, &patch).await {
                Ok(object) => info.object = object,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            }
            let same = info.object["metadata"]["resourceVersion"] == before && dry_run == DryRun::None;
            printers::print_result(&k, &info, if same { "patched (no change)" } else { "patched" }).await?;
        } else {
            printers::print_result(&k, &info, "patched").await?;
        }
    }
    Error::many(errors)
}
