//! `kubectl delete`.
//!
//! Models `k8s.io/kubectl/pkg/cmd/delete/delete.go`.

use super::wait::deletion;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::{Flag, parse_bool};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{DryRun, dry_run};
use crate::programs::kubectl::rest::Request;
use crate::programs::kubectl::selection::{Info, Rules, Target, select};
use kube::json;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

const FLAGS: &[Flag] = &[
    Flag::bool("all", "Delete all resources of the types, in the namespace."),
    Flag::string("cascade", "background", "Must be \"background\", \"orphan\", or \"foreground\". What happens to what the object owns (e.g. the pods of a replica set). Background by default.").bare("background"),
    Flag::bool("force", "If true, remove resources from the API at once, without their grace period. For some resources this can lead to inconsistency or loss of data."),
    Flag::int("grace-period", "-1", "Seconds that the resource gets to end by itself. Ignored if negative. 1 for immediate shutdown. 0 only together with --force."),
    Flag::bool("ignore-not-found", "End with success when the object is not there. On by default with --all."),
    Flag::bool("interactive", "Ask before anything is deleted.").short('i'),
    Flag::bool("now", "Shut resources down at once (same as --grace-period=1)."),
    Flag::string("output", "", "Output mode. \"-o name\" for less output (resource/name).").short('o'),
    Flag::string("raw", "", "Path to DELETE at the server, as it is."),
    Flag::duration("timeout", "0s", "How long to wait before giving up; zero takes a time that fits the object."),
    Flag::bool("wait", "If true, wait until the resources are gone, finalizers included.").default("true"),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "delete",
    short: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    long: "Delete resources by file names, stdin, resources and names, or by resources and label selector.\n\n Files are JSON or YAML. Only one way of naming resources can be used at a time.\n\n Some resources, such as pods, end gracefully: they have a default period before they are killed. --grace-period changes it, --now sets it to 1, and --force removes the object without waiting for anything; a pod's processes may then run on for a while.\n\n Deleting does not check resource versions: what somebody else changes at the same moment is lost with the rest.",
    examples: "# What pod.json describes
kubectl delete -f ./pod.json

# What the JSON on standard input describes
cat pod.json | kubectl delete -f -

# Pods and services called \"baz\" and \"foo\"
kubectl delete pod,service baz foo

# Pods and services by label
kubectl delete pods,services -l name=myLabel

# A pod, with little delay
kubectl delete pod foo --now

# A pod on a dead node
kubectl delete pod foo --force

# All pods
kubectl delete pods --all",
    usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
    flags: &[
        FLAGS,
        globals::ALL_NAMESPACES,
        globals::DRY_RUN,
        globals::FIELD_SELECTOR,
        globals::FILENAMES,
        globals::SELECTOR,
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let flags = &k.flags;
    if let Some(on) = parse_bool(flags.str("cascade")) {
        let new = if on { "background" } else { "orphan" };
        k.err(&format!(
            "warning: --cascade={} is deprecated (boolean value) and can be replaced with --cascade={new}.\n",
            flags.str("cascade")
        ))
        .await;
    }
    let (all, selected) = (flags.bool("all"), !flags.str("selector").is_empty());
    let by_field = !flags.str("field-selector").is_empty();
    let mut grace = flags.int("grace-period");
    let force = flags.bool("force");
    if flags.bool("now") {
        if grace != -1 {
            return Err(Error::text("--now and --grace-period cannot be specified together"));
        }
        grace = 1;
    }
    if grace == 0 && !force {
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    let output = flags.str("output");
    if !matches!(output, "" | "name") {
        return Err(Error::text(format!("unexpected -o output mode: {output}. We only support '-o name'")));
    }
    let policy = policy(flags.str("cascade"))?;
    if !flags.str("raw").is_empty() {
        return raw(&k).await;
    }
    let dry_run = dry_run(&k)?;
    let selection = select(&k, k.args(), Rules::default()).await?;
    if force && grace > 0 {
        return Err(Error::text("--force and --grace-period greater than 0 cannot be specified together"));
    }
    if grace == 0 {
        k.warn("Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.").await;
    }
    let cluster_scoped = selection.targets.iter().any(|target| !target.resource().namespaced);
    if cluster_scoped && flags.changed("namespace") {
        k.warn("deleting cluster-scoped resources, not scoped to the provided namespace").await;
    }
    // Objects that are named need not be fetched to be deleted.
    let (infos, mut errors) = if selection.targets.iter().all(|t| matches!(t, Target::Named(_))) {
        let named = selection.targets.iter().filter_map(|target| match target {
            Target::Named(info) => Some(info.clone()),
            Target::Collection { .. } => None,
        });
        (named.collect(), Vec::new())
    } else {
        selection.fetch(&k, false).await?
    };
    if flags.bool("interactive") && !infos.is_empty() && !confirmed(&k, &infos).await {
        return Ok(());
    }
    let ignore_missing = flags.bool("ignore-not-found")
        || ((all || selected || by_field) && !flags.changed("ignore-not-found"));
    let how = How { policy, grace, dry_run, short: output == "name" };
    let mut deleted: Vec<(Info, String)> = Vec::new();
    let mut found = 0;
    for info in infos {
        found += 1;
        match delete(&k, &info, &how).await {
            Ok(uid) => deleted.push((info, uid)),
            Err(error) if error.is_not_found() && ignore_missing => {}
            Err(error) => errors.push(with_source(&info, error)),
        }
    }
    if found == 0 && errors.is_empty() {
        k.out("No resources found\n").await;
        return Ok(());
    }
    if flags.bool("wait") && dry_run == DryRun::None {
        let timeout = flags.duration("timeout").unwrap_or(Duration::from_secs(7 * 24 * 3600));
        for (info, uid) in &deleted {
            if let Err(error) = deletion(&k, info, uid, timeout).await {
                errors.push(error);
            }
        }
    }
    Error::many(errors)
}

/// Asks whether all of it shall be deleted.
async fn confirmed(k: &Kubectl, infos: &[Info]) -> bool {
    let mut text = format!("You are about to delete the following {} resource(s):\n", infos.len());
    for info in infos {
        text.push_str(&format!("{}\n", info.label()));
    }
    k.out(&format!("{text}Do you want to continue? (y/N): ")).await;
    let mut answer = String::new();
    while !answer.ends_with('\n') {
        match k.sys.read(0, 1).await {
            Ok(bytes) if !bytes.is_empty() => answer.push_str(&String::from_utf8_lossy(&bytes)),
            _ => break,
        }
    }
    let yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !yes {
        k.out("deletion is cancelled\n").await;
    }
    yes
}

/// `--raw`: the answer of the server as it came.
async fn raw(k: &Kubectl) -> Result<()> {
    let files = k.flags.list("filename");
    let problem = if files.len() > 1 {
        "--raw can only use a single local file or stdin"
    } else if files.iter().any(|file| is_url(file)) {
        "--raw cannot read from a url"
    } else if k.flags.bool("recursive") {
        "--raw and --recursive are mutually exclusive"
    } else if !k.flags.str("output").is_empty() {
        "--raw and --output are mutually exclusive"
    } else {
        return send_raw(k, "DELETE", k.flags.str("raw"), files.first().map(String::as_str)).await;
    };
    Err(Error::text(problem))
}

/// Whether a file is to be fetched.
pub(super) fn is_url(file: &str) -> bool {
    file.starts_with("http://") || file.starts_with("https://")
}

/// Sends a file to a path of the server, and prints the answer as it comes.
pub(super) async fn send_raw(k: &Kubectl, method: &str, path: &str, file: Option<&str>) -> Result<()> {
    if !path.starts_with('/') {
        return Err(Error::text(format!(
            "--raw must be a valid URL path: parse {path:?}: invalid URI for request"
        )));
    }
    let body = match file {
        None => Vec::new(),
        Some("-") => k.sys.read_to_end(0).await.unwrap_or_default(),
        Some(file) => k
            .sys
            .read_file(file)
            .await
            .map_err(|errno| Error::text(format!("open {file}: {}", errno.text().to_lowercase())))?,
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let request = Request { body, ..Request::new(method, path, &query) };
    let answer = k.client().await?.send_raw(request).await?;
    k.out(&String::from_utf8_lossy(&answer)).await;
    Ok(())
}

struct How {
    policy: &'static str,
    grace: i64,
    dry_run: DryRun,
    short: bool,
}

/// Deletes one object and says so; gives back its uid, where the server said it.
async fn delete(k: &Kubectl, info: &Info, how: &How) -> Result<String> {
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": how.policy});
    if how.grace >= 0 {
        options["gracePeriodSeconds"] = Value::from(how.grace);
    }
    let client = k.client().await?;
    let mut uid = String::new();
    let mut query = Vec::new();
    if how.dry_run == DryRun::Server {
        query.push(("dryRun", "All"));
    }
    if how.dry_run != DryRun::Client {
        let answer = client.delete(&info.path(), &query, &options).await?;
        let of_status = answer["details"]["uid"].as_str();
        uid = of_status.or(answer["metadata"]["uid"].as_str()).unwrap_or("").to_string();
    }
    let text = if how.short {
        format!("{}\n", info.label())
    } else {
        let operation = if how.grace == 0 { "force deleted" } else { "deleted" };
        let place = if info.namespace.is_empty() {
            String::new()
        } else {
            format!(" from {} namespace", info.namespace)
        };
        let dry = match how.dry_run {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        };
        format!("{} {:?} {operation}{place}{dry}\n", info.resource.kind_group(), info.name)
    };
    k.out(&text).await;
    Ok(uid)
}

pub(super) fn policy(cascade: &str) -> Result<&'static str> {
    match cascade {
        "background" => Ok("Background"),
        "foreground" => Ok("Foreground"),
        "orphan" => Ok("Orphan"),
        other => match parse_bool(other) {
            Some(true) => Ok("Background"),
            Some(false) => Ok("Orphan"),
            None => Err(Error::text(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            ))),
        },
    }
}

fn with_source(info: &Info, error: Error) -> Error {
    match error {
        Error::Status(mut status) if !info.source.is_empty() => {
            let message = status["message"].as_str().unwrap_or("").to_string();
            status["message"] = Value::from(format!("error when deleting {:?}: {message}", info.source));
            Error::Status(status)
        }
        other => other,
    }
}
