//! `kubectl logs`. Models pkg/cmd/logs.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::selection::unable_to_list;
use serde_json::Value;
use sim::Ordered;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "logs",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    short: "Print the logs for a container in a pod",
    long: "Print the logs for a container in a pod or specified resource. If the pod has only one container, the container name is optional.",
    examples: "# Logs of pod nginx, which has one container\nkubectl logs nginx\n\n# Of all pods with label app=nginx, all containers\nkubectl logs -l app=nginx --all-containers=true\n\n# Of the container before the last restart\nkubectl logs -p -c ruby web-1\n\n# As they come\nkubectl logs -f -c ruby web-1\n\n# The last 20 lines; the last hour\nkubectl logs --tail=20 nginx\nkubectl logs --since=1h nginx\n\n# Of the first container of a deployment\nkubectl logs deployment/nginx",
    flags: &[globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::PodsAndContainers,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("all-containers", "The logs of all containers of the pods."),
    Flag::bool("all-pods", "The logs of all pods; sets prefix."),
    Flag::string("container", "", "The container.").short('c'),
    Flag::bool("follow", "Go on as the log grows.").short('f'),
    Flag::bool("ignore-errors", "With --follow, go on when one of the logs fails."),
    Flag::bool("insecure-skip-tls-verify-backend", "Do not check the identity of the kubelet."),
    Flag::int("limit-bytes", "0", "No more bytes than this. No limit by default."),
    Flag::int("max-log-requests", "5", "How many logs to follow at once with a selector."),
    Flag::duration("pod-running-timeout", "20s", "How long to wait until a pod runs"),
    Flag::bool("prefix", "Put the source before each line."),
    Flag::bool("previous", "The container before the last restart.").short('p'),
    Flag::duration(
        "since",
        "0s",
        "Only what is newer than this, for example 5s, 2m, or 3h. Not together with --since-time.",
    ),
    Flag::string("since-time", "", "Only what came after this moment (RFC3339). Not together with --since."),
    Flag::int("tail", "-1", "How many of the last lines. -1 for all; 10 with a selector."),
    Flag::bool("timestamps", "Put the time before each line."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let selector = k.flags.str("selector").to_string();
    if k.args().is_empty() && selector.is_empty() {
        return Err(k.usage_error("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"));
    }
    if k.args().len() > 2 {
        return Err(k.usage_error("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"));
    }
    if !k.args().is_empty() && !selector.is_empty() {
        return Err(k.usage_error("only a selector (-l) or a POD name is allowed"));
    }
    if k.flags.changed("since") && !k.flags.str("since-time").is_empty() {
        return Err(Error::text("at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    let named = match k.args().get(1) {
        Some(container) => container.clone(),
        None => k.flags.str("container").to_string(),
    };
    if k.flags.bool("all-containers") && !named.is_empty() {
        return Err(Error::text(format!(
            "--all-containers=true should not be specified with container name {named}"
        )));
    }
    if k.flags.changed("since") && k.flags.nanos("since") < 0 {
        return Err(Error::text("--since must be greater than 0"));
    }
    if k.flags.int("limit-bytes") < 0 {
        return Err(Error::text("--limit-bytes must be greater than 0"));
    }
    if k.flags.int("tail") < -1 {
        return Err(Error::text("--tail must be greater than or equal to -1"));
    }
    let (namespace, _) = k.namespace().await?;
    let (pods, many) = if selector.is_empty() {
        let info = pods::named(&k, &k.args()[0]).await.map_err(|error| not_found(error, &namespace))?;
        match pods::selector(&info) {
            Ok(None) => (vec![info.object], false),
            Ok(Some(_)) => {
                let limit = k.flags.duration("pod-running-timeout").unwrap_or_default();
                let all = pods::list(
                    &k,
                    &info.namespace,
                    &pods::selector(&info)?.map(|s| s.to_string()).unwrap_or_default(),
                )
                .await?;
                if k.flags.bool("all-pods") {
                    return print_pods(&k, &all, &named, false).await;
                }
                let pod = pods::logged(&k, &info, limit).await?;
                if all.len() > 1 {
                    let name = pod["metadata"]["name"].as_str().unwrap_or("");
                    k.err(&format!("Found {} pods, using pod/{name}\n", all.len())).await;
                }
                (vec![pod], false)
            }
            Err(error) => {
                let kind = &info.resource.kind;
                return Err(Error::text(format!("cannot get the logs from *v1.{kind}: {}", error.message())));
            }
        }
    } else {
        let pods = pods::list(&k, &namespace, &selector).await;
        (pods.map_err(|error| unable_to_list(error, "/v1, Resource=pods", &selector, ""))?, true)
    };
    if pods.is_empty() {
        k.err(&format!("No resources found in {namespace} namespace.\n")).await;
        return Ok(());
    }
    print_pods(&k, &pods, &named, many).await
}

/// How kubectl words that there is nothing whose logs could be shown.
fn not_found(error: Error, namespace: &str) -> Error {
    if !error.is_not_found() {
        return error;
    }
    Error::text(format!("error from server (NotFound): {} in namespace {namespace:?}", error.message()))
}

async fn print_pods(k: &Kubectl, pods: &[Value], named: &str, many: bool) -> Result<()> {
    let mut sources = Vec::new();
    for pod in pods {
        let names = if k.flags.bool("all-containers") {
            let mut all = pods::containers(pod);
            all.order_by_key(|(_, init)| !init);
            all.into_iter().map(|(name, _)| name).collect()
        } else {
            vec![pods::container(k, pod, named, false).await?]
        };
        sources.extend(names.into_iter().map(|name| Source::of(pod, name)));
    }
    print_all(k, &sources, many).await
}

struct Source {
    namespace: String,
    pod: String,
    container: String,
}

impl Source {
    fn of(pod: &Value, container: String) -> Source {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
        Source { namespace: text("/metadata/namespace"), pod: text("/metadata/name"), container }
    }
}

async fn print_all(k: &Kubectl, sources: &[Source], by_selector: bool) -> Result<()> {
    let follow = k.flags.bool("follow");
    let limit = usize::try_from(k.flags.int("max-log-requests")).unwrap_or(5);
    if follow && sources.len() > 1 && sources.len() > limit {
        return Err(Error::text(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {limit}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    let options = options(k, by_selector)?;
    let one = |source: &Source| {
        let mut query: Vec<(&str, String)> = vec![("container", source.container.clone())];
        query.extend(options.iter().cloned());
        let prefix = (k.flags.bool("prefix") || k.flags.bool("all-pods"))
            .then(|| format!("[pod/{}/{}] ", source.pod, source.container));
        let (namespace, pod) = (source.namespace.clone(), source.pod.clone());
        async move {
            let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
            stream(k, &namespace, &pod, &query, prefix.as_deref()).await
        }
    };
    if follow && sources.len() > 1 {
        return sim::join_all(sources.iter().map(one)).await.into_iter().collect();
    }
    for source in sources {
        one(source).await?;
    }
    Ok(())
}

fn options(k: &Kubectl, by_selector: bool) -> Result<Vec<(&'static str, String)>> {
    let mut query = Vec::new();
    for (flag, parameter) in [("follow", "follow"), ("previous", "previous"), ("timestamps", "timestamps")] {
        if k.flags.bool(flag) {
            query.push((parameter, "true".to_string()));
        }
    }
    if k.flags.int("limit-bytes") > 0 {
        query.push(("limitBytes", k.flags.int("limit-bytes").to_string()));
    }
    if let Some(since) = k.flags.duration("since") {
        query.push(("sinceSeconds", since.as_secs_f64().ceil().to_string()));
    }
    let since_time = k.flags.str("since-time");
    if !since_time.is_empty() {
        if sim::Timestamp::parse_rfc3339(since_time).is_none() {
            return Err(Error::text(format!(
                "parsing time {since_time:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {since_time:?} as \"2006\""
            )));
        }
        query.push(("sinceTime", since_time.to_string()));
    }
    let tail = k.flags.int("tail");
    if tail >= 0 {
        query.push(("tailLines", tail.to_string()));
    } else if by_selector && !k.flags.changed("tail") {
        query.push(("tailLines", "10".to_string()));
    }
    Ok(query)
}

/// Prints the log of a container.
pub(super) async fn print(k: &Kubectl, namespace: &str, pod: &str, query: &[(&str, &str)]) -> Result<()> {
    stream(k, namespace, pod, query, None).await
}

async fn stream(
    k: &Kubectl,
    namespace: &str,
    pod: &str,
    query: &[(&str, &str)],
    prefix: Option<&str>,
) -> Result<()> {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log");
    let mut log = k.client().await?.stream(&path, query, "application/json, */*").await?;
    let mut at_line_start = true;
    while let Some(piece) = log.piece().await? {
        let Some(prefix) = prefix else {
            if k.sys.write_all(1, &piece).await.is_err() {
                return Ok(());
            }
            continue;
        };
        let mut text = Vec::new();
        for line in piece.split_inclusive(|&byte| byte == b'\n') {
            if at_line_start {
                text.extend_from_slice(prefix.as_bytes());
            }
            text.extend_from_slice(line);
            at_line_start = line.ends_with(b"\n");
        }
        if k.sys.write_all(1, &text).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
