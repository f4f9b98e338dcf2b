//! `kubectl set`: small changes of objects, most of them of pod templates. Models pkg/cmd/set.

mod env;
mod image;
mod pairs;
mod references;
mod resources;
mod selector;
mod service_account;
mod subject;

use super::change;
use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::{self, Info, Rules};
use kube::api::go_order;
use serde_json::Value;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "set",
    short: "Set specific features on objects",
    long: "Configure application resources.\n\n With these commands you change resources of applications that exist.",
    commands: &[
        &env::COMMAND,
        &image::COMMAND,
        &resources::COMMAND,
        &selector::COMMAND,
        &service_account::COMMAND,
        &subject::COMMAND,
    ],
    usage: "SUBCOMMAND",
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

/// Flags of all of them.
const FLAGS: &[Flag] = &[
    Flag::bool("all", "All resources of the given types in the namespace"),
    Flag::string("field-manager", "kubectl-set", "Name that stands for who owns the fields"),
    Flag::bool("local", "Change what the file says and show it; the server is not asked."),
];

/// The objects that `resources` and the flags name; all of them or an error.
async fn objects(k: &Kubectl, resources: &[String]) -> Result<Vec<Info>> {
    if k.flags.bool("local") {
        if !resources.is_empty() || k.flags.list("filename").is_empty() {
            return Err(Error::text(
                "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
            ));
        }
        let mut infos = selection::local(k, true).await?;
        for info in &mut infos {
            info.object = go_order::through_types(&info.object);
        }
        return Ok(infos);
    }
    let rules = Rules { typed: true, own_all: true, ..Rules::default() };
    let selection = selection::select(k, resources, rules).await?;
    let (infos, errors) = selection.fetch(k, true).await?;
    Error::many(errors)?;
    Ok(infos)
}

/// The mistakes that all of them make in the same words.
fn check_flags(k: &Kubectl, dry_run: DryRun) -> Result<()> {
    if k.flags.bool("all") && !k.flags.str("selector").is_empty() {
        return Err(Error::text("cannot set --all and --selector at the same time"));
    }
    if k.flags.bool("local") && dry_run == DryRun::Server {
        return Err(Error::text(
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ));
    }
    Ok(())
}

/// What is said about a change.
struct Words {
    /// When it is made: `image updated`.
    done: &'static str,
    /// When the server refuses: `failed to patch image update to pod template:`.
    failed: &'static str,
    /// Also send it when it changes nothing.
    always: bool,
}

/// Sends what differs between each object and what it has become.
async fn send(k: &Kubectl, changed: Vec<(Info, Result<Value>)>, words: &Words) -> Result<Vec<Error>> {
    let dry_run = printers::dry_run(k)?;
    let mut errors = Vec::new();
    for (mut info, after) in changed {
        let after = match after {
            Ok(mut after) => {
                k.record(&mut after);
                after
            }
            Err(error) => {
                let name = format!("{}/{}", info.resource.plural, info.name);
                errors.push(Error::text(format!("error: {name} {}\n", error.message())));
                continue;
            }
        };
        let patch = change::patch_between(&info, &info.object, &after);
        if patch.is_none() && !words.always {
            continue;
        }
        if k.flags.bool("local") || dry_run == DryRun::Client {
            info.object = go_order::through_types(&after);
            printers::print_typed_result(k, &info, words.done).await?;
            continue;
        }
        let patch = patch.unwrap_or_else(|| kube::json!({}));
        match change::send_patch(k, &info, &patch, dry_run == DryRun::Server).await {
            Ok(object) => info.object = go_order::through_types(&object),
            Err(error) => {
                errors.push(Error::text(format!("{} {}", words.failed, error.message())));
                continue;
            }
        }
        printers::print_typed_result(k, &info, words.done).await?;
    }
    Ok(errors)
}

/// Changes the spec of the pods of an object.
fn with_pod_spec(info: &Info, change: impl FnOnce(&mut Value) -> Result<()>) -> Result<Value> {
    let mut after = info.object.clone();
    let path = change::pod_spec_path(&info.resource.group, &info.resource.kind);
    match path.and_then(|path| after.pointer_mut(path)) {
        Some(spec) => change(spec)?,
        None => {
            return Err(Error::text(format!(
                "the object is not a pod or does not have a pod template: {}",
                change::go_type(info)
            )));
        }
    }
    Ok(after)
}

/// The containers of a spec whose names fit a pattern with `*`.
fn containers<'a>(spec: &'a mut Value, list: &str, pattern: &'a str) -> impl Iterator<Item = &'a mut Value> {
    let containers = spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
    containers.filter(move |container| fits(container["name"].as_str().unwrap_or(""), pattern))
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).any(|at| name.is_char_boundary(at) && fits(&name[at..], rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        assert!(fits("color", "*") && fits("color", "co*r") && fits("color", "color") && fits("", "*"));
        assert!(!fits("color", "c*x") && !fits("color", "") && !fits("color", "col"));
    }
}
