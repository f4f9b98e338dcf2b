//! `kubectl cordon` and `kubectl uncordon`: whether pods may be scheduled on a node. Models pkg/cmd/drain.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::STRATEGIC_MERGE_PATCH;
use crate::programs::kubectl::selection::{Info, Rules, select};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// `kubectl cordon`
pub const CORDON: Command = Command {
    name: "cordon",
    usage: "NODE",
    short: "Mark node as unschedulable",
    long: "Mark node as unschedulable.\n\n Pods that run there stay.",
    examples: "# No new pods on node foo\nkubectl cordon foo",
    flags: &[globals::DRY_RUN, globals::SELECTOR],
    run: Run::Verb(|k| Box::pin(run(k, true))),
    arguments: Arguments::Name("nodes"),
    ..Command::NEW
};

/// `kubectl uncordon`
pub const UNCORDON: Command = Command {
    name: "uncordon",
    usage: "NODE",
    short: "Mark node as schedulable",
    long: "Mark node as schedulable.",
    examples: "# New pods may come to node foo again\nkubectl uncordon foo",
    run: Run::Verb(|k| Box::pin(run(k, false))),
    ..CORDON
};

async fn run(k: Rc<Kubectl>, desired: bool) -> Result<()> {
    let nodes = nodes(&k).await?;
    mark(&k, &nodes, desired).await
}

/// The nodes that arguments or `--selector` name.
pub(super) async fn nodes(k: &Kubectl) -> Result<Vec<Info>> {
    let selected = !k.flags.str("selector").is_empty();
    if k.args().is_empty() && !k.flags.changed("selector") {
        return Err(k.usage_error(format!("USAGE: {} {} [flags]", k.command.name, k.command.usage)));
    }
    if !k.args().is_empty() && selected {
        return Err(k.usage_error("error: cannot specify both a node name and a --selector option"));
    }
    printers::dry_run(k)?;
    if let Some(selector) = Some(k.flags.str("pod-selector")).filter(|s| !s.is_empty())
        && kube::api::selector::LabelSelector::parse(selector).is_err()
    {
        return Err(Error::text("--pod-selector=<pod_selector> must be a valid label selector"));
    }
    let selection = if selected {
        select(k, &["nodes".to_string()], Rules::default()).await?
    } else {
        select(k, k.args(), Rules { default_type: Some("nodes"), ..Rules::default() }).await?
    };
    let (nodes, mut errors) = selection.fetch(k, true).await?;
    if !errors.is_empty() {
        return Err(errors.remove(0));
    }
    if let Some(other) = nodes.iter().find(|node| node.resource.plural != "nodes") {
        let resource = &other.resource;
        return Err(Error::text(format!(
            "error: expected resource of type node, got \"{}/{}, Resource={}\"",
            resource.group, resource.version, resource.plural
        )));
    }
    Ok(nodes)
}

/// Sets `spec.unschedulable` where it is not so yet, and says what became of each node.
pub(super) async fn mark(k: &Kubectl, nodes: &[Info], desired: bool) -> Result<()> {
    let dry_run = printers::dry_run(k)?;
    let verb = if desired { "cordon" } else { "uncordon" };
    for node in nodes {
        let is = node.object["spec"]["unschedulable"] == true;
        if is == desired {
            say(k, node, &format!("already {verb}ed"), dry_run).await;
            continue;
        }
        if dry_run != DryRun::Client {
            let value = if desired { Value::from(true) } else { Value::Null };
            let patch = json!({"spec": {"unschedulable": value}});
            let query: &[(&str, &str)] = if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] };
            let patched = k.client().await?.patch(&node.path(), query, STRATEGIC_MERGE_PATCH, &patch).await;
            if let Err(error) = patched {
                k.err(&format!("error: unable to {verb} node {:?}: {}\n", node.name, error.message())).await;
                continue;
            }
        }
        say(k, node, &format!("{verb}ed"), dry_run).await;
    }
    Ok(())
}

/// `node/node2 cordoned`
pub(super) async fn say(k: &Kubectl, info: &Info, operation: &str, dry_run: DryRun) {
    let how = match dry_run {
        DryRun::None => "",
        DryRun::Client => " (dry run)",
        DryRun::Server => " (server dry run)",
    };
    k.out(&format!("{} {operation}{how}\n", info.label())).await;
}
