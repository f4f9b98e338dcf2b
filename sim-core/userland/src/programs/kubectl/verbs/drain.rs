//! `kubectl drain`: a node without pods, for maintenance. Models pkg/cmd/drain and pkg/drain.
//!
//! Each pod has its own course, all at the same time: evict, try again while a PodDisruptionBudget forbids it,
//! then wait until the pod is gone.

use super::cordon;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::{Flag, duration_text};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::Info;
use kube::api::ObjectExt;
use kube::json;
use serde_json::Value;
use sim::{Instant, Timestamp, join_all};
use std::rc::Rc;
use std::time::Duration;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "drain",
    usage: "NODE",
    short: "Drain node in preparation for maintenance",
    long: "Drain node in preparation for maintenance.\n\n The node is marked unschedulable, then its pods are evicted, as far as their PodDisruptionBudgets allow, and the command waits until they are gone. Static pods stay. Pods of a DaemonSet would come back at once: with such pods there, --ignore-daemonsets is needed. Pods without a controller never come back: they need --force. Pods with an emptyDir lose it: they need --delete-emptydir-data.\n\n kubectl uncordon lets pods come back to the node.",
    examples: "# Drain node foo, even if there are pods that no controller would start elsewhere\nkubectl drain foo --force\n\n# Stop at such pods, and give the others 15 minutes to end\nkubectl drain foo --grace-period=900",
    flags: &[globals::DRY_RUN, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Name("nodes"),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::int("chunk-size", "500", "How many objects to ask for at a time. 0 for all at once."),
    Flag::bool(
        "delete-emptydir-data",
        "Go on even if there are pods with an emptyDir, whose contents are lost.",
    ),
    Flag::bool(
        "disable-eviction",
        "Delete pods rather than evict them. PodDisruptionBudgets are not asked then.",
    ),
    Flag::bool("force", "Go on even if there are pods without a controller."),
    Flag::int("grace-period", "-1", "Seconds that each pod has to end. What the pod says if negative."),
    Flag::bool("ignore-daemonsets", "Leave pods of DaemonSets alone."),
    Flag::string("pod-selector", "", "Labels of the pods that have to go"),
    Flag::int(
        "skip-wait-for-delete-timeout",
        "0",
        "Do not wait for a pod that was deleted more than this many seconds ago. Greater than 0 to have an effect.",
    ),
    Flag::duration("timeout", "0s", "How long to wait before giving up, zero for as long as it takes"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let nodes = cordon::nodes(&k).await?;
    cordon::mark(&k, &nodes, true).await?;
    let dry_run = printers::dry_run(&k)?;
    let mut fatal: Vec<String> = Vec::new();
    let mut remaining = Vec::new();
    for node in &nodes {
        match empty(&k, node, dry_run).await {
            Ok(()) => cordon::say(&k, node, "drained", dry_run).await,
            Err(errors) => {
                k.err(&format!(
                    "error: unable to drain node {:?} due to error: {}, continuing command...\n",
                    node.name,
                    aggregate(&errors)
                ))
                .await;
                fatal.extend(errors);
                remaining.push(format!(" {}\n", node.name));
            }
        }
    }
    if remaining.is_empty() {
        return Ok(());
    }
    k.err(&format!("There are pending nodes to be drained:\n{}", remaining.concat())).await;
    Err(Error::Verbatim(fatal.join("\n")))
}

/// Several errors as Go's `NewAggregate` writes them.
fn aggregate(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// What is to be done with a pod.
enum Verdict {
    Go,
    GoWithWarning(String),
    StayWithWarning(String),
    Stay,
    Fail(String),
}

/// The pods to remove from a node, and what is said of the others.
struct Pods {
    go: Vec<Value>,
    warnings: Vec<(String, Vec<String>)>,
    errors: Vec<(String, Vec<String>)>,
}

fn sorted_in(list: &mut Vec<(String, Vec<String>)>, message: String, pod: &Value) {
    let name = format!("{}/{}", pod.namespace(), pod.name());
    match list.iter_mut().find(|(other, _)| *other == message) {
        Some((_, pods)) => pods.push(name),
        None => list.push((message, vec![name])),
    }
}

fn joined(list: &[(String, Vec<String>)], prefix: &str) -> Vec<String> {
    list.iter().map(|(message, pods)| format!("{prefix}{message}: {}", pods.join(", "))).collect()
}

async fn pods_for_deletion(k: &Kubectl, node: &str) -> Result<Pods> {
    let by_node = format!("spec.nodeName={node}");
    let mut query = vec![("fieldSelector", by_node.as_str())];
    if !k.flags.str("pod-selector").is_empty() {
        query.push(("labelSelector", k.flags.str("pod-selector")));
    }
    let list = k.client().await?.get("/api/v1/pods", &query).await?;
    let mut pods = Pods { go: Vec::new(), warnings: Vec::new(), errors: Vec::new() };
    for pod in list["items"].as_array().into_iter().flatten() {
        match verdict(k, pod).await {
            Verdict::Go => pods.go.push(pod.clone()),
            Verdict::GoWithWarning(message) => {
                sorted_in(&mut pods.warnings, message, pod);
                pods.go.push(pod.clone());
            }
            Verdict::StayWithWarning(message) => sorted_in(&mut pods.warnings, message, pod),
            Verdict::Stay => {}
            Verdict::Fail(message) => sorted_in(&mut pods.errors, message, pod),
        }
    }
    Ok(pods)
}

/// Models pkg/drain/filters.go: the first filter that holds the pod back decides, else the last that warned.
async fn verdict(k: &Kubectl, pod: &Value) -> Verdict {
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let owners = pod["metadata"]["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
    let controller = owners.iter().find(|owner| owner["controller"] == true);
    let force = k.flags.bool("force");
    let mut verdict = Verdict::Go;
    if skipped(k, pod) {
        return Verdict::Stay;
    }
    if let Some(owner) = controller.filter(|owner| owner["kind"] == "DaemonSet" && !ended) {
        match daemon_set(k, pod.namespace(), owner["name"].as_str().unwrap_or("")).await {
            Err(error) if error.is_not_found() && force => verdict = Verdict::GoWithWarning(error.message()),
            Err(error) => return Verdict::Fail(error.message()),
            Ok(()) if !k.flags.bool("ignore-daemonsets") => {
                return Verdict::Fail("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".into());
            }
            Ok(()) => return Verdict::StayWithWarning("ignoring DaemonSet-managed Pods".into()),
        }
    }
    if pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some() {
        return Verdict::Stay;
    }
    let volumes = pod["spec"]["volumes"].as_array().map_or(&[][..], Vec::as_slice);
    if !ended && volumes.iter().any(|volume| !volume["emptyDir"].is_null()) {
        if !k.flags.bool("delete-emptydir-data") {
            return Verdict::Fail("Pods with local storage (use --delete-emptydir-data to override)".into());
        }
        verdict = Verdict::GoWithWarning("deleting Pods with local storage".into());
    }
    if ended || controller.is_some() {
        // The last filter says that all is well, whatever those before it said.
        return match verdict {
            Verdict::GoWithWarning(_) => Verdict::Go,
            other => other,
        };
    }
    if force {
        return Verdict::GoWithWarning("deleting Pods that declare no controller".into());
    }
    Verdict::Fail("cannot delete Pods that declare no controller (use --force to override)".into())
}

async fn daemon_set(k: &Kubectl, namespace: &str, name: &str) -> Result<()> {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}");
    k.client().await?.get(&path, &[]).await.map(drop)
}

/// Whether the pod was deleted longer ago than `--skip-wait-for-delete-timeout`.
fn skipped(k: &Kubectl, pod: &Value) -> bool {
    let limit = k.flags.int("skip-wait-for-delete-timeout");
    let deleted = pod["metadata"]["deletionTimestamp"].as_str().and_then(Timestamp::parse_rfc3339);
    let now = k.sys.clock();
    limit > 0 && deleted.is_some_and(|then| now.duration_since(then).as_secs() as i64 > limit)
}

/// Removes the pods of a node.
async fn empty(k: &Kubectl, node: &Info, dry_run: DryRun) -> std::result::Result<(), Vec<String>> {
    let text = |error: Error| vec![error.message()];
    let pods = pods_for_deletion(k, &node.name).await.map_err(text)?;
    if !pods.errors.is_empty() {
        return Err(joined(&pods.errors, "cannot delete "));
    }
    if !pods.warnings.is_empty() {
        k.err(&format!("Warning: {}\n", joined(&pods.warnings, "").join("; "))).await;
    }
    if dry_run == DryRun::Client {
        for pod in &pods.go {
            k.out(&format!("evicting pod {}/{} (dry run)\n", pod.namespace(), pod.name())).await;
        }
        return Ok(());
    }
    let Err(errors) = remove(k, &pods.go, dry_run).await else { return Ok(()) };
    if let Ok(left) = pods_for_deletion(k, &node.name).await {
        if !left.go.is_empty() {
            k.err(&format!(
                "There are pending pods in node {:?} when an error occurred: {}\n",
                node.name,
                aggregate(&errors)
            ))
            .await;
        }
        for pod in &left.go {
            k.err(&format!("pod/{}\n", pod.name())).await;
        }
        let again = joined(&left.errors, "cannot delete ");
        if !again.is_empty() {
            k.err(&format!(
                "Following errors occurred while getting the list of pods to delete:\n{}",
                aggregate(&again)
            ))
            .await;
        }
    }
    Err(errors)
}

async fn remove(k: &Kubectl, pods: &[Value], dry_run: DryRun) -> std::result::Result<(), Vec<String>> {
    if pods.is_empty() {
        return Ok(());
    }
    let text = |error: Error| vec![error.message()];
    let mapper = k.mapper().await.map_err(text)?;
    let kind = mapper.find("pods").map_err(text)?;
    let evicts = !k.flags.bool("disable-eviction") && kind.subresources.iter().any(|name| name == "eviction");
    let end = k.flags.duration("timeout").map(|limit| k.sys.now() + limit);
    let outcomes = if evicts {
        // Of routines that are begun together, Go's scheduler runs the last one first.
        let (last, others) = (pods.iter().rev().take(1), &pods[..pods.len() - 1]);
        join_all(last.chain(others).map(|pod| evict(k, pod, dry_run, end))).await
    } else {
        for pod in pods {
            let path = path(pod, "");
            match k.client().await.map_err(text)?.delete(&path, query(dry_run), &options(k)).await {
                Err(error) if !error.is_not_found() => return Err(text(error)),
                _ => {}
            }
        }
        if dry_run == DryRun::Server {
            return Ok(());
        }
        join_all(pods.iter().map(|pod| wait_for_delete(k, pod, "deleted", end))).await
    };
    let errors: Vec<String> = outcomes.into_iter().filter_map(std::result::Result::err).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn path(pod: &Value, subresource: &str) -> String {
    format!("/api/v1/namespaces/{}/pods/{}{subresource}", pod.namespace(), pod.name())
}

fn query(dry_run: DryRun) -> &'static [(&'static str, &'static str)] {
    if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] }
}

fn options(k: &Kubectl) -> Value {
    let mut options = json!({});
    if k.flags.int("grace-period") >= 0 {
        options["gracePeriodSeconds"] = k.flags.int("grace-period").into();
    }
    options
}

/// `global timeout reached: 1s`, when it is.
fn timed_out(k: &Kubectl, end: Option<Instant>) -> Option<String> {
    end.filter(|end| k.sys.now() >= *end)
        .map(|_| format!("global timeout reached: {}", duration_text(k.flags.nanos("timeout"))))
}

async fn evict(
    k: &Kubectl,
    pod: &Value,
    dry_run: DryRun,
    end: Option<Instant>,
) -> std::result::Result<(), String> {
    let (namespace, name) = (pod.namespace(), pod.name());
    let about = format!("error when evicting pods/{name:?} -n {namespace:?}");
    let mut eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": options(k),
    });
    if dry_run == DryRun::Server {
        eviction["deleteOptions"]["dryRun"] = json!(["All"]);
    }
    loop {
        let how = if dry_run == DryRun::Server { " (server dry run)" } else { "" };
        k.out(&format!("evicting pod {namespace}/{name}{how}\n")).await;
        if let Some(late) = timed_out(k, end) {
            return Err(format!("{about}: {late}"));
        }
        let client = k.client().await.map_err(|error| error.message())?;
        match client.post(&path(pod, "/eviction"), &[], &eviction).await {
            Ok(_) => break,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if error.reason() == "TooManyRequests" => {
                k.err(&format!("{about} (will retry after 5s): {}\n", error.message())).await;
                let _ = k.sys.sleep(Duration::from_secs(5)).await;
            }
            Err(error) => return Err(format!("{about}: {}", error.message())),
        }
    }
    if dry_run == DryRun::Server {
        return Ok(());
    }
    wait_for_delete(k, pod, "evicted", end).await.map_err(|error| {
        format!("error when waiting for pod {name:?} in namespace {namespace:?} to terminate: {error}")
    })
}

/// Looks once a second whether the pod is gone.
async fn wait_for_delete(
    k: &Kubectl,
    pod: &Value,
    how: &str,
    end: Option<Instant>,
) -> std::result::Result<(), String> {
    loop {
        let client = k.client().await.map_err(|error| error.message())?;
        match client.get(&path(pod, ""), &[]).await {
            Err(error) if !error.is_not_found() => return Err(error.message()),
            Ok(now) if now["metadata"]["uid"] == pod["metadata"]["uid"] => {
                if skipped(k, &now) {
                    k.out(&format!(
                        "pod {:?} has DeletionTimestamp older than {} seconds, skipping\n",
                        pod.name(),
                        k.flags.int("skip-wait-for-delete-timeout")
                    ))
                    .await;
                    return Ok(());
                }
            }
            _ => {
                k.out(&format!("pod/{} {how}\n", pod.name())).await;
                return Ok(());
            }
        }
        if let Some(late) = timed_out(k, end) {
            return Err(late);
        }
        let _ = k.sys.sleep(Duration::from_secs(1)).await;
    }
}
