//! `kubectl annotate`, and what it shares with `kubectl label`. Models pkg/cmd/annotate.

use super::change;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::MERGE_PATCH;
use crate::programs::kubectl::selection::{self, Info, Rules};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "annotate",
    usage: USAGE,
    short: "Update the annotations on a resource",
    long: "Update the annotations on one or more resources.\n\n All Kubernetes objects support the ability to store additional data with the object as annotations. Annotations are key/value pairs that can be larger than labels and include arbitrary string values such as structured JSON. Tools and system extensions may use annotations to store their own data.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# Describe a pod\nkubectl annotate pods foo description='my frontend'\n\n# Change a description that is there\nkubectl annotate --overwrite pods foo description='my frontend running nginx'\n\n# Take it away\nkubectl annotate pods foo description-",
    flags: &[
        globals::ALL_NAMESPACES,
        globals::DRY_RUN,
        globals::FIELD_SELECTOR,
        globals::FILENAMES,
        globals::PRINT,
        globals::RECORD,
        globals::SELECTOR,
        COMMON_FLAGS,
        FLAGS,
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("field-manager", "kubectl-annotate", "Name that stands for who owns the fields"),
    Flag::bool("list", "Show the annotations"),
    Flag::bool("local", "Annotate the file, not what is on the server"),
    Flag::bool("overwrite", "Change annotations that are there already"),
];

/// How both verbs are used.
pub(super) const USAGE: &str =
    "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]";

/// The flags that say the same for both verbs.
pub(super) const COMMON_FLAGS: &[Flag] = &[
    Flag::bool("all", "All resources of the given types in the namespace"),
    Flag::string("resource-version", "", "Only change what has this resource version."),
];

/// What is to be set and what is to go.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) set: Vec<(String, String)>,
    pub(super) remove: Vec<String>,
}

impl Changes {
    /// Reads the command line: what names resources, and the changes of each `what`. Neither may be left out.
    pub(super) fn read(k: &Kubectl, what: &str) -> Result<(Vec<String>, Changes)> {
        let (resources, changes) = split(k.args(), what)?;
        if k.flags.bool("all") && !k.flags.str("selector").is_empty() {
            return Err(Error::text("cannot set --all and --selector at the same time"));
        }
        let files = k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty();
        if resources.is_empty() && files {
            return Err(Error::text(
                "one or more resources must be specified as <resource> <name> or <resource>/<name>",
            ));
        }
        if k.flags.bool("list") && !k.flags.str("output").is_empty() {
            return Err(Error::text("--list and --output may not be specified together"));
        }
        if changes.is_empty() && !k.flags.bool("list") {
            return Err(Error::text(format!("at least one {what} update is required")));
        }
        Ok((resources, changes))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// The objects that are meant: those of the server, or with `--local` those of the files; and whether it is one.
pub(super) async fn objects(
    k: &Kubectl,
    resources: &[String],
    example: &str,
) -> Result<(Vec<Info>, Vec<Error>, bool)> {
    if k.flags.bool("local") {
        if !resources.is_empty() || k.flags.list("filename").is_empty() {
            return Err(Error::text(format!(
                "can only use local files by -f {example} when --local=true is set"
            )));
        }
        let infos = selection::local(k, false).await?;
        let single = infos.len() == 1;
        return Ok((infos, Vec::new(), single));
    }
    let rules = Rules { own_all: true, ..Rules::default() };
    let selection = selection::select(k, resources, rules).await?;
    if !selection.single && !k.flags.str("resource-version").is_empty() {
        return Err(Error::text("--resource-version may only be used with a single resource"));
    }
    let (infos, errors) = selection.fetch(k, true).await?;
    Ok((infos, errors, selection.single))
}

/// Tells what names resources from `key=value` and `key-`.
fn split(args: &[String], what: &str) -> Result<(Vec<String>, Changes)> {
    let mut resources = Vec::new();
    let mut changes = Changes::default();
    for arg in args {
        let is_change = arg.contains('=') || arg.ends_with('-');
        match arg.split_once('=') {
            _ if !is_change && changes.is_empty() => resources.push(arg.clone()),
            Some((key, value)) if !key.is_empty() => {
                changes.set.retain(|(other, _)| other != key);
                changes.set.push((key.to_string(), value.to_string()));
            }
            None if arg.ends_with('-') && arg.len() > 1 => {
                changes.remove.push(arg[..arg.len() - 1].to_string())
            }
            None if !changes.is_empty() => {
                return Err(Error::text(
                    "all resources must be specified before ".to_string() + what + " changes: " + arg,
                ));
            }
            _ => return Err(Error::text(format!("unknown {what} spec: {arg}"))),
        }
    }
    if changes.set.iter().any(|(key, _)| changes.remove.contains(key)) {
        return Err(Error::text(format!("can not both modify and remove a {what} in the same command")));
    }
    Ok((resources, changes))
}

/// The first change that would overwrite, with what is there.
pub(super) fn overwritten(object: &Value, field: &str, changes: &Changes) -> Option<(String, String)> {
    let present = &object["metadata"][field];
    changes.set.iter().find_map(|(key, value)| {
        let old = present.get(key)?.as_str()?;
        (old != value).then(|| (key.clone(), old.to_string()))
    })
}

/// Sends the changes of `metadata.FIELD`.
pub(super) async fn send(
    k: &Kubectl,
    info: &mut Info,
    field: &str,
    changes: &Changes,
    dry_run: DryRun,
) -> Result<()> {
    let mut patch = json!({"metadata": {field: {}}});
    for (key, value) in &changes.set {
        patch["metadata"][field][key] = value.as_str().into();
    }
    for key in &changes.remove {
        patch["metadata"][field][key] = Value::Null;
    }
    if !k.flags.str("resource-version").is_empty() {
        patch["metadata"]["resourceVersion"] = k.flags.str("resource-version").into();
    }
    k.record(&mut patch);
    if dry_run == DryRun::Client || k.flags.bool("local") || k.flags.bool("list") {
        kube::api::merge_patch::apply(&mut info.object, &patch);
        return Ok(());
    }
    let query = change::query(k, dry_run == DryRun::Server);
    info.object = k.client().await?.patch(&info.path(), &query, MERGE_PATCH, &patch).await?;
    Ok(())
}

/// Shows all of `metadata.FIELD`.
pub(super) async fn list(k: &Kubectl, info: &Info, field: &str, single: bool) {
    let mut text = String::new();
    let indent = if single { "" } else { " " };
    if !single {
        let (kind, group) = (&info.resource.kind, &info.resource.group);
        text += &format!("Listing {field} for {kind}.{group}/{}:\n", info.name);
    }
    for (key, value) in info.object["metadata"][field].as_object().into_iter().flatten() {
        text += &format!("{indent}{key}={}\n", value.as_str().unwrap_or(""));
    }
    k.out(&text).await;
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let (resources, changes) = Changes::read(&k, "annotation")?;
    let dry_run = printers::dry_run(&k)?;
    let (infos, mut errors, single) = objects(&k, &resources, "rsrc.yaml or --filename=rsrc.json").await?;
    for mut info in infos {
        if !k.flags.bool("overwrite")
            && let Some((key, old)) = overwritten(&info.object, "annotations", &changes)
        {
            errors.push(Error::text(format!(
                "--overwrite is false but found the following declared annotation(s): '{key}' already has a value ({old})"
            )));
            continue;
        }
        if let Err(error) = send(&k, &mut info, "annotations", &changes, dry_run).await {
            errors.push(error);
        } else if k.flags.bool("list") {
            list(&k, &info, "annotations", single).await;
        } else {
            printers::print_result(&k, &info, "annotated").await?;
        }
    }
    Error::many(errors)
}
