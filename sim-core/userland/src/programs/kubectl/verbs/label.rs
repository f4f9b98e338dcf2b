//! `kubectl label`. Models pkg/cmd/label.

use super::annotate::{self, Changes};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "label",
    usage: annotate::USAGE,
    short: "Update the labels on a resource",
    long: "Update the labels on a resource.\n\n  *  A label key and value must begin with a letter or number, and may contain letters, numbers, hyphens, dots, and underscores, up to 63 characters each.\n  *  Optionally, the key can begin with a DNS subdomain prefix and a single '/', like example.com/my-app.\n  *  If --overwrite is true, then existing labels can be overwritten, otherwise attempting to overwrite a label will result in an error.\n  *  If --resource-version is specified, then updates will use this resource version, otherwise the existing resource-version will be used.",
    examples: "# Give a pod the label unhealthy=true\nkubectl label pods foo unhealthy=true\n\n# Change a label that is there\nkubectl label --overwrite pods foo status=unhealthy\n\n# Give one to all pods of the namespace\nkubectl label pods --all status=unhealthy\n\n# Take the label bar away\nkubectl label pods foo bar-",
    flags: &[
        globals::ALL_NAMESPACES,
        globals::DRY_RUN,
        globals::FIELD_SELECTOR,
        globals::FILENAMES,
        globals::PRINT,
        globals::RECORD,
        globals::SELECTOR,
        annotate::COMMON_FLAGS,
        FLAGS,
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("field-manager", "kubectl-label", "Name that stands for who owns the fields"),
    Flag::bool("list", "Show the labels"),
    Flag::bool("local", "Label the file, not what is on the server"),
    Flag::bool("overwrite", "Change labels that are there already"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let (resources, changes) = Changes::read(&k, "label")?;
    for (key, value) in &changes.set {
        if let Some(why) = wrong_value(value) {
            return Err(Error::text(format!("invalid label value: \"{key}={value}\": {why}")));
        }
    }
    let dry_run = printers::dry_run(&k)?;
    let (infos, mut errors, single) =
        annotate::objects(&k, &resources, "pod.yaml or --filename=pod.json").await?;
    let here = dry_run == DryRun::Client || k.flags.bool("local") || k.flags.bool("list");
    for mut info in infos {
        if !k.flags.bool("overwrite")
            && let Some((key, old)) = annotate::overwritten(&info.object, "labels", &changes)
        {
            errors
                .push(Error::text(format!("'{key}' already has a value ({old}), and --overwrite is false")));
            continue;
        }
        let present = info.object["metadata"]["labels"].clone();
        for key in changes.remove.iter().filter(|key| !here && present.get(*key).is_none()) {
            k.out(&format!("label {key:?} not found.\n")).await;
        }
        let outcome = outcome(&present, &changes);
        let versioned = !k.flags.str("resource-version").is_empty();
        let changed = outcome != "not labeled" || versioned;
        if changed && let Err(error) = annotate::send(&k, &mut info, "labels", &changes, dry_run).await {
            errors.push(error);
        } else if k.flags.bool("list") {
            annotate::list(&k, &info, "labels", single).await;
        } else {
            printers::print_result(&k, &info, outcome).await?;
        }
    }
    Error::many(errors)
}

fn outcome(present: &Value, changes: &Changes) -> &'static str {
    let sets = changes.set.iter().any(|(key, value)| present.get(key).and_then(Value::as_str) != Some(value));
    let removes = changes.remove.iter().any(|key| present.get(key).is_some());
    match (sets, removes) {
        (true, _) => "labeled",
        (false, true) => "unlabeled",
        (false, false) => "not labeled",
    }
}

/// Why a text cannot be the value of a label.
fn wrong_value(value: &str) -> Option<String> {
    if value.len() > 63 {
        return Some("must be no more than 63 bytes".to_string());
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    let fine = value.chars().all(inner) && edge(value.chars().next()) && edge(value.chars().last());
    (!fine).then(|| {
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')".to_string()
    })
}
