//! `kubectl describe`: everything about an object, for people.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::describe::Describer;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::selection::{Info, Rules, Selection, Target, select};
use serde_json::Value;
use std::rc::Rc;

const FLAGS: &[Flag] = &[
    Flag::int("chunk-size", "500", "Ask for long lists in pieces of this size. 0 switches that off."),
    Flag::bool("show-events", "If true, show the events of the object.").default("true"),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "describe",
    short: "Show details of a specific resource or group of resources",
    long: "Show details of a specific resource or group of resources.\n\n Prints what is known about the resources, together with what belongs to them, such as events and controllers. Choose objects by name, all objects of a type, with a name prefix, or with a label selector. For example:\n\n  $ kubectl describe TYPE NAME_PREFIX\n\n first looks for TYPE and NAME_PREFIX as they are. If there is no such resource, it prints details for every resource whose name begins with NAME_PREFIX.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# A node
kubectl describe nodes kubernetes-node-emt8.c.myproject.internal

# A pod
kubectl describe pods/nginx

# The object that is identified by type and name in \"pod.json\"
kubectl describe -f pod.json

# All pods
kubectl describe pods

# Pods by label
kubectl describe pods -l name=myLabel

# All pods that the replica set 'frontend' made (their names begin with its name)
kubectl describe pods frontend",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    flags: &[FLAGS, globals::ALL_NAMESPACES, globals::FILENAMES, globals::SELECTOR],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if k.args().is_empty() && k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        return Err(Error::text(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let rules = Rules { type_alone_is_all: true, ..Rules::default() };
    let selection = select(&k, k.args(), rules).await?;
    let (mut infos, mut errors) = selection.fetch(&k, true).await?;
    let mut prefixed = false;
    if infos.is_empty() && errors.len() == 1 && errors[0].is_not_found() && k.args().len() == 2 {
        infos = by_prefix(&k, &selection).await?;
        if !infos.is_empty() {
            errors.clear();
            prefixed = true;
        }
    }
    let describer =
        Describer { client: k.client().await?, now: k.sys.clock(), show_events: k.flags.bool("show-events") };
    for (i, info) in infos.iter().enumerate() {
        match describer.describe(&info.resource, &info.object).await {
            Ok(text) => {
                let (before, after) = match (prefixed, i) {
                    (true, _) => ("", "\n"),
                    (false, 0) => ("", ""),
                    (false, _) => ("\n\n", ""),
                };
                k.out(&format!("{before}{text}{after}")).await;
            }
            Err(error) => errors.push(error),
        }
    }
    if infos.is_empty() && errors.is_empty() {
        let text = if selection.all_namespaces || !selection.targets.iter().all(|t| t.resource().namespaced) {
            "No resources found\n".to_string()
        } else {
            format!("No resources found in {} namespace.\n", selection.namespace)
        };
        k.err(&text).await;
    }
    Error::many(errors)
}

/// All objects whose names begin with what was given as a name.
async fn by_prefix(k: &Kubectl, selection: &Selection) -> Result<Vec<Info>> {
    let [Target::Named(wanted)] = &selection.targets[..] else { return Ok(Vec::new()) };
    let all = Selection {
        targets: vec![Target::Collection {
            resource: wanted.resource.clone(),
            namespace: wanted.namespace.clone(),
        }],
        ..Selection::default()
    };
    let (mut infos, _) = all.fetch(k, false).await?;
    infos.retain(|info| info.name.starts_with(&wanted.name));
    infos.retain(|info| info.object != Value::Null);
    Ok(infos)
}
