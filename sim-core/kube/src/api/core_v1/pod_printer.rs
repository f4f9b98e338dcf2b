//! How a pod shows in a list. Models `printPod`.

use super::pod;
use crate::api::table::{AGE, Column, NAME, age, column, or_none, wide};
use crate::api::{ObjectExt, condition, duration};
use serde_json::Value;
use sim::Timestamp;

/// The columns.
pub const COLUMNS: &[Column] = &[
    NAME,
    column("Ready", "The aggregate readiness state of this pod for accepting traffic."),
    column("Status", "The aggregate status of the containers in this pod."),
    column(
        "Restarts",
        "The number of times the containers in this pod have been restarted and when the last container in this \
         pod has restarted.",
    ),
    AGE,
    wide(
        "IP",
        "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.",
    ),
    wide("Node", "The name of the node that the pod is scheduled on."),
    wide("Nominated Node", "The node that the pod is nominated to be scheduled on."),
    wide("Readiness Gates", "The readiness gates of the pod."),
];

/// The cells.
pub fn row(pod: &Value, now: Timestamp) -> Vec<Value> {
    let summary = summary(pod);
    let restarts = match &summary.last_restart {
        Some(at) if summary.restarts > 0 => {
            format!("{} ({} ago)", summary.restarts, duration::since(at, now))
        }
        _ => summary.restarts.to_string(),
    };
    let gates = pod.list_at("/spec/readinessGates");
    let passed = gates.iter().filter(|g| {
        condition(pod, g.str_at("/conditionType")).is_some_and(|c| c.str_at("/status") == "True")
    });
    vec![
        pod.name().into(),
        format!("{}/{}", summary.ready, summary.total).into(),
        summary.reason.into(),
        restarts.into(),
        age(pod, now),
        or_none(pod::pod_ip(pod)),
        or_none(pod::node_name(pod)),
        or_none(pod.str_at("/status/nominatedNodeName")),
        or_none(if gates.is_empty() { String::new() } else { format!("{}/{}", passed.count(), gates.len()) }),
    ]
}

/// What a pod is, in a word and three numbers.
pub struct Summary {
    /// `Running`, `CrashLoopBackOff`, `Init:0/1`, ...
    pub reason: String,
    /// Containers that are ready.
    pub ready: usize,
    /// Containers there are.
    pub total: usize,
    /// How often containers were restarted.
    pub restarts: i64,
    /// When the last one was.
    pub last_restart: Option<String>,
}

fn ending(terminated: &Value) -> String {
    match (terminated.str_at("/reason"), terminated.int_at("/signal").unwrap_or(0)) {
        ("", 0) => format!("ExitCode:{}", terminated.int_at("/exitCode").unwrap_or(0)),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_string(),
    }
}

/// Sums a pod up.
pub fn summary(pod: &Value) -> Summary {
    let phase = pod::phase(pod);
    let mut s = Summary {
        reason: match pod.str_at("/status/reason") {
            "" => phase.to_string(),
            reason => reason.to_string(),
        },
        ready: 0,
        total: pod::containers(pod).len(),
        restarts: 0,
        last_restart: None,
    };
    if condition(pod, "PodScheduled").is_some_and(|c| c.str_at("/reason") == "SchedulingGated") {
        s.reason = "SchedulingGated".to_string();
    }
    let inits = pod.list_at("/spec/initContainers");
    let sidecar = |name: &str| {
        inits.iter().any(|c| c.str_at("/name") == name && c.str_at("/restartPolicy") == "Always")
    };
    s.total += inits.iter().filter(|c| c.str_at("/restartPolicy") == "Always").count();
    let mut initializing = false;
    for (i, status) in pod.list_at("/status/initContainerStatuses").iter().enumerate() {
        count_restarts(&mut s, status);
        let terminated = status.at("/state/terminated");
        let waiting = status.str_at("/state/waiting/reason");
        if terminated.is_object() && terminated.int_at("/exitCode") == Some(0) {
            continue;
        }
        if sidecar(status.str_at("/name")) && status.bool_at("/started") {
            s.ready += usize::from(status.bool_at("/ready"));
            continue;
        }
        s.reason = if terminated.is_object() {
            format!("Init:{}", ending(terminated))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{}", inits.len())
        };
        initializing = true;
        break;
    }
    if !initializing || condition(pod, "Initialized").is_some_and(|c| c.str_at("/status") == "True") {
        s.restarts = 0;
        s.last_restart = None;
        let mut running = false;
        for status in pod.list_at("/status/containerStatuses").iter().rev() {
            count_restarts(&mut s, status);
            let terminated = status.at("/state/terminated");
            match status.str_at("/state/waiting/reason") {
                "" if terminated.is_object() => s.reason = ending(terminated),
                "" => {
                    if status.bool_at("/ready") && status.at("/state/running").is_object() {
                        running = true;
                        s.ready += 1;
                    }
                }
                waiting => s.reason = waiting.to_string(),
            }
        }
        if s.reason == "Completed" && running {
            s.reason = if pod::is_ready(pod) { "Running" } else { "NotReady" }.to_string();
        }
    }
    if pod.is_terminating() {
        if pod.str_at("/status/reason") == "NodeLost" {
            s.reason = "Unknown".to_string();
        } else if !pod::is_terminal(pod) {
            s.reason = "Terminating".to_string();
        }
    }
    s
}

fn count_restarts(summary: &mut Summary, status: &Value) {
    summary.restarts += status.int_at("/restartCount").unwrap_or(0);
    if let Some(at) = status.at("/lastState/terminated/finishedAt").as_str()
        && summary.last_restart.as_deref().is_none_or(|last| last < at)
    {
        summary.last_restart = Some(at.to_string());
    }
}
