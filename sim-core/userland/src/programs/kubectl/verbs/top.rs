//! `kubectl top`: what nodes and pods use. Models pkg/cmd/top.
//!
//! The simulated cluster has no metrics server, as a new one of kubeadm has none: what is left is the complaint.

use crate::programs::kubectl::command::{Arguments, Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "top",
    short: "Display resource (CPU/memory) usage",
    long: "Display resource (CPU/memory) usage.\n\n The figures come from the metrics server, which has to run in the cluster. They are meant for autoscalers: steady rather than exact.",
    commands: &[&NODE, &POD],
    usage: "[flags]",
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

const SORT_BY: Flag = Flag::string("sort-by", "", "Sort the lines by 'cpu' or 'memory'.");
const NO_HEADERS: Flag = Flag::bool("no-headers", "No line of headers");
const PROTOCOL_BUFFERS: Flag =
    Flag::bool("use-protocol-buffers", "Ask for the figures as protocol buffers.").default("true");

const NODE: Command = Command {
    name: "node",
    aliases: &["nodes", "no"],
    usage: "[NAME | -l label]",
    short: "Display resource (CPU/memory) usage of nodes",
    long: "Display resource (CPU/memory) usage of nodes.",
    examples: "# All nodes\nkubectl top node\n\n# One of them\nkubectl top node NODE_NAME",
    flags: &[
        globals::SELECTOR,
        &[
            NO_HEADERS,
            Flag::bool("show-capacity", "Parts of the node's capacity rather than of what pods may have."),
            Flag::bool("show-swap", "Also show swap memory."),
            SORT_BY,
            PROTOCOL_BUFFERS,
        ],
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Name("nodes"),
    ..Command::NEW
};

const POD: Command = Command {
    name: "pod",
    aliases: &["pods", "po"],
    usage: "[NAME | -l label]",
    short: "Display resource (CPU/memory) usage of pods",
    long: "Display resource (CPU/memory) usage of pods.\n\n A pod that was just created has no figures for some minutes.",
    examples: "# All pods here\nkubectl top pod\n\n# One of them, by container\nkubectl top pod POD_NAME --containers\n\n# By label\nkubectl top pod -l name=myLabel",
    flags: &[
        globals::ALL_NAMESPACES,
        globals::FIELD_SELECTOR,
        globals::SELECTOR,
        &[
            Flag::bool("containers", "Show each container of a pod."),
            NO_HEADERS,
            Flag::bool("show-swap", "Also show swap memory."),
            SORT_BY,
            Flag::bool("sum", "Show the sum"),
            PROTOCOL_BUFFERS,
        ],
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Name("pods"),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let flags = &k.flags;
    if k.args().len() > 1 {
        return Err(k.usage_error(format!("{} {}", k.command.name, k.command.usage)));
    }
    if !matches!(flags.str("sort-by"), "" | "cpu" | "memory") {
        return Err(Error::text("--sort-by accepts only cpu or memory"));
    }
    let of_pods = flags.has("field-selector");
    let selected = !flags.str("selector").is_empty() || (of_pods && !flags.str("field-selector").is_empty());
    if !k.args().is_empty() && selected {
        let what = if of_pods { "selector" } else { "--selector" };
        return Err(Error::text(format!("only one of NAME or {what} can be provided")));
    }
    k.client().await?.tell_discovery();
    if k.discover(&[]).await?.resources.iter().any(|resource| resource.group == "metrics.k8s.io") {
        return Err(Error::not_simulated("showing metrics"));
    }
    Err(Error::text("Metrics API not available"))
}
