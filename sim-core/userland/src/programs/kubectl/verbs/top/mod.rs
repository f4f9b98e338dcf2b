//! `kubectl top`: what nodes and pods use. Models pkg/cmd/top.
//!
//! The figures are those of metrics.k8s.io. A cluster without a metrics server, as a new one of kubeadm is, has none of
//! them: what is left is the complaint.

mod printer;

use crate::programs::kubectl::command::{Arguments, Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::{Flag, duration_text};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::rest::{JSON, Request, escape};
use kube::api::selector::LabelSelector;
use printer::Printer;
use serde_json::Value;
use sim::{Ordered, Timestamp};
use std::rc::Rc;
use std::time::Duration;

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

/// How old a pod may be and have no figures yet.
const CREATION_DELAY: Duration = Duration::from_secs(120);
const PROTOBUF_OR_ANY: &str = "application/vnd.kubernetes.protobuf, */*";

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
    let fields = if of_pods { flags.str("field-selector") } else { "" };
    let labels = flags.str("selector");
    let selected = !labels.is_empty() || !fields.is_empty();
    if selected && !k.args().is_empty() {
        let what = if of_pods { "selector" } else { "--selector" };
        return Err(Error::text(format!("only one of NAME or {what} can be provided")));
    }
    let labels = LabelSelector::parse(labels).map_err(Error::text)?.to_string();
    let fields = parse_fields(fields)?;
    let (namespace, _) = k.namespace().await?;
    let client = k.client().await?;
    client.tell_discovery();
    if !k.discover(&[]).await?.versions.iter().any(|version| version == "metrics.k8s.io/v1beta1") {
        return Err(Error::text("Metrics API not available"));
    }
    let query: Vec<(&str, &str)> = [("labelSelector", labels.as_str()), ("fieldSelector", fields.as_str())]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let all = of_pods && flags.bool("all-namespaces");
    let mut path = match (of_pods, all) {
        (false, _) => "nodes".to_string(),
        (true, true) => "pods".to_string(),
        (true, false) => format!("namespaces/{namespace}/pods"),
    };
    if let Some(name) = k.args().first() {
        path = format!("{path}/{}", escape(name));
    }
    // The figures themselves come as JSON from a server that has no protocol buffers.
    let accept = if flags.bool("use-protocol-buffers") { PROTOBUF_OR_ANY } else { JSON };
    let metrics_path = format!("/apis/metrics.k8s.io/v1beta1/{path}");
    let metrics = client.send(Request { accept, ..Request::new("GET", &metrics_path, &query) }).await?;
    let metrics = items(metrics, k.args());
    let printer = Printer {
        swap: flags.bool("show-swap"),
        headers: !flags.bool("no-headers"),
        sort_by: flags.str("sort-by"),
    };
    if of_pods {
        if metrics.is_empty() {
            // Whatever namespaces were asked for, it is the current one that is searched for a reason.
            let pods = client.get(&format!("/api/v1/namespaces/{namespace}/pods"), &query).await?;
            return explain_nothing(&k, &items(pods, &[]), &namespace).await;
        }
        let text = printer.pods(metrics, flags.bool("containers"), all, flags.bool("sum"));
        k.out(&text).await;
        return Ok(());
    }
    if metrics.is_empty() {
        return Err(Error::text("metrics not available yet"));
    }
    let nodes = items(client.get(&format!("/api/v1/{path}"), &query).await?, k.args());
    k.out(&printer.nodes(metrics, &nodes, flags.bool("show-capacity"))).await;
    Ok(())
}

/// The objects of a list, or the one that was asked for by name.
fn items(mut answer: Value, named: &[String]) -> Vec<Value> {
    if !named.is_empty() {
        return vec![answer];
    }
    answer["items"].as_array_mut().map(std::mem::take).unwrap_or_default()
}

/// Why there are no figures: there are no pods, or they are too young, or nobody measures them. Models
/// `verifyEmptyMetrics`.
async fn explain_nothing(k: &Kubectl, pods: &[Value], namespace: &str) -> Result<()> {
    if pods.is_empty() {
        let place = match k.flags.bool("all-namespaces") {
            true => String::new(),
            false => format!(" in {namespace} namespace."),
        };
        k.err(&format!("No resources found{place}\n")).await;
        return Ok(());
    }
    for pod in pods {
        let text = |field: &str| pod["metadata"][field].as_str().unwrap_or("").to_string();
        let now = k.sys.clock();
        let created = Timestamp::parse_rfc3339(&text("creationTimestamp")).unwrap_or(now);
        let age = now.duration_since(created);
        let shown = duration_text(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
        let said = |when: &str| {
            format!(
                "Metrics not {when}available for pod {}/{}, age: {shown}",
                text("namespace"),
                text("name")
            )
        };
        if age > CREATION_DELAY {
            return Err(Error::text(said("")));
        }
        if k.verbosity() >= 2 {
            k.log('I', "top_pod.go:287", &said("yet ")).await;
        }
    }
    Err(Error::text("metrics not available yet"))
}

/// Reads and writes a field selector anew, its terms in order. Models `fields.ParseSelector`.
fn parse_fields(text: &str) -> Result<String> {
    let mut terms: Vec<&str> = text.split(',').filter(|term| !term.is_empty()).collect();
    terms.order();
    match terms.iter().find(|term| !term.contains('=')) {
        Some(term) => Err(Error::text(format!("invalid selector: '{text}'; can't understand '{term}'"))),
        None => Ok(terms.join(",").replace("==", "=")),
    }
}
