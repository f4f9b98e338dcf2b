//! `status` of a pod, from what its containers are doing. Models pkg/kubelet/kubelet_pods.go
//! `generateAPIPodStatus` and pkg/kubelet/status/generate.go. Pure: data in, JSON out.

use crate::api::{ObjectExt, texts};
use crate::json;
use serde_json::Value;
use sim::Timestamp;
use std::cell::LazyCell;
use std::net::Ipv4Addr;

/// The fields of a status that are kubelet's.
pub(super) const FIELDS: &[&str] = &[
    "conditions",
    "containerStatuses",
    "ephemeralContainerStatuses",
    "hostIP",
    "hostIPs",
    "initContainerStatuses",
    "message",
    "observedGeneration",
    "phase",
    "podIP",
    "podIPs",
    "reason",
    "startTime",
];

/// How a run of a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminated {
    /// 128 and more: by a signal.
    pub exit_code: i32,
    /// `Completed`, `Error`, `StartError`.
    pub reason: String,
    /// Often empty.
    pub message: String,
    /// Nothing when it never ran.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// `containerd://…`
    pub container_id: String,
}

/// What a container is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Not running, for this reason.
    Waiting {
        /// `ContainerCreating`, `ImagePullBackOff`, ...; empty for the one that fits the pod.
        reason: String,
        /// Often empty.
        message: String,
    },
    /// It runs.
    Running {
        /// Since when.
        started_at: Timestamp,
    },
    /// It has ended.
    Terminated(Terminated),
}

/// A container as its status says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRecord {
    /// Its name.
    pub name: String,
    /// An init container.
    pub init: bool,
    /// An init container with `restartPolicy: Always`.
    pub sidecar: bool,
    /// Added to the pod while it runs.
    pub ephemeral: bool,
    /// What it is doing.
    pub state: ContainerState,
    /// The run before.
    pub last: Option<Terminated>,
    /// How often it was started again.
    pub restart_count: u32,
    /// The image's full name, once it is known.
    pub image: String,
    /// The image by its digest.
    pub image_id: String,
    /// `containerd://…`
    pub container_id: String,
    /// Its readiness probe says so, or it has none.
    pub ready: bool,
    /// Its startup probe says so, or it has none.
    pub started: bool,
    /// User and group it runs as.
    pub user: (u32, u32),
}

impl ContainerRecord {
    /// A container that has not been tried yet.
    pub fn new(name: &str, init: bool, sidecar: bool) -> Self {
        ContainerRecord {
            name: name.to_string(),
            init,
            sidecar,
            ephemeral: false,
            state: ContainerState::Waiting { reason: String::new(), message: String::new() },
            last: None,
            restart_count: 0,
            image: String::new(),
            image_id: String::new(),
            container_id: String::new(),
            ready: false,
            started: false,
            user: (0, 0),
        }
    }

    /// A container that was added while the pod ran.
    pub fn ephemeral(name: &str) -> Self {
        ContainerRecord { ephemeral: true, ..ContainerRecord::new(name, false, false) }
    }

    /// One of `spec.containers`.
    pub fn is_regular(&self) -> bool {
        !self.init && !self.ephemeral
    }

    /// Whether it runs now.
    pub fn is_running(&self) -> bool {
        matches!(self.state, ContainerState::Running { .. })
    }

    /// The end of its last run, whether it waits for another one or not.
    pub fn last_run(&self) -> Option<&Terminated> {
        match &self.state {
            ContainerState::Terminated(terminated) => Some(terminated),
            _ => self.last.as_ref(),
        }
    }

    /// An init container that has done its work.
    pub fn is_initialized(&self) -> bool {
        if self.sidecar {
            return self.started && self.is_running();
        }
        matches!(&self.state, ContainerState::Terminated(t) if t.exit_code == 0)
    }
}

/// A pod as kubelet knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRecord {
    /// When kubelet first saw it.
    pub start_time: Timestamp,
    /// The node's address.
    pub host_ip: Ipv4Addr,
    /// Its own address, once it has one.
    pub pod_ip: Option<Ipv4Addr>,
    /// Whether sandbox and network are there.
    pub sandbox_ready: bool,
    /// Init containers, then the others, as in the spec.
    pub containers: Vec<ContainerRecord>,
    /// Nothing of it will run again: it is being deleted and has stopped, or it has finished.
    pub terminal: bool,
    /// Why kubelet itself has ended it: reason and message.
    pub failure: Option<(&'static str, &'static str)>,
}

impl PodRecord {
    /// The phase. Models `getPhase`.
    pub fn phase(&self, restart_policy: &str, is_static: bool) -> &'static str {
        if self.failure.is_some() {
            return "Failed";
        }
        let (mut running, mut waiting, mut stopped, mut succeeded) = (0, 0, 0, 0);
        for container in self.containers.iter().filter(|c| c.is_regular()) {
            match &container.state {
                ContainerState::Running { .. } => running += 1,
                ContainerState::Terminated(t) => {
                    stopped += 1;
                    succeeded += u32::from(t.exit_code == 0);
                }
                ContainerState::Waiting { .. } if container.last.is_some() => stopped += 1,
                ContainerState::Waiting { .. } => waiting += 1,
            }
        }
        let init_failed = |c: &ContainerRecord| {
            matches!(&c.state, ContainerState::Terminated(t) if t.exit_code != 0) && restart_policy == "Never"
        };
        let init = || self.containers.iter().filter(|c| c.init && !c.sidecar);
        if init().any(init_failed) && running == 0 {
            return "Failed";
        }
        if self.terminal && !is_static && running == 0 {
            return if stopped > 0 && stopped == succeeded && waiting == 0 { "Succeeded" } else { "Failed" };
        }
        if self.containers.iter().any(|c| c.init && !c.is_initialized()) && stopped + running == 0
            || waiting > 0
        {
            return "Pending";
        }
        if running > 0 {
            return "Running";
        }
        match restart_policy {
            "Never" if stopped == succeeded => "Succeeded",
            "Never" => "Failed",
            "OnFailure" if stopped == succeeded => "Succeeded",
            _ if stopped > 0 => "Running",
            _ => "Pending",
        }
    }

    /// The whole `status`, with transition times kept from `old` where a condition's status stays.
    pub fn to_status(&self, pod: &Value, now: Timestamp) -> Value {
        let spec = pod.at("/spec");
        let is_static = pod.annotation("kubernetes.io/config.mirror").is_some()
            || pod.annotation("kubernetes.io/config.source") == Some("file");
        let phase = self.phase(spec.str_at("/restartPolicy"), is_static);
        let host_network = spec.bool_at("/hostNetwork");
        let ip = self.host_ip.to_string();
        let mut status = json!({
            "hostIP": ip, "hostIPs": [{"ip": ip}], "phase": phase, "startTime": self.start_time.rfc3339(),
        });
        status["conditions"] = Value::Array(self.conditions(pod, phase, now));
        if let Some((reason, message)) = self.failure {
            status["reason"] = json!(reason);
            status["message"] = json!(message);
        }
        if let Some(ip) = self.pod_ip.or(host_network.then_some(self.host_ip)) {
            let ip = ip.to_string();
            status["podIP"] = json!(ip);
            status["podIPs"] = json!([{"ip": ip}]);
        }
        if pod.generation() > 0 {
            status["observedGeneration"] = json!(pod.generation());
        }
        for (field, kind, of_spec) in [
            ("containerStatuses", (false, false), "/containers"),
            ("initContainerStatuses", (true, false), "/initContainers"),
            ("ephemeralContainerStatuses", (false, true), "/ephemeralContainers"),
        ] {
            let list: Vec<Value> = self
                .containers
                .iter()
                .filter(|c| (c.init, c.ephemeral) == kind)
                .zip(spec.list_at(of_spec))
                .map(|(record, spec)| self.container_status(record, spec))
                .collect();
            if !list.is_empty() {
                status[field] = Value::Array(list);
            }
        }
        status
    }

    /// Whether a container of the pod proper has ever started: then its init containers are done, whatever becomes of
    /// sidecars later.
    fn has_begun(&self) -> bool {
        self.containers.iter().any(|c| c.is_regular() && (c.is_running() || c.last_run().is_some()))
    }

    fn conditions(&self, pod: &Value, phase: &str, now: Timestamp) -> Vec<Value> {
        let names =
            |list: Vec<&ContainerRecord>| list.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(" ");
        let over = match phase {
            "Succeeded" => Some("PodCompleted"),
            "Failed" => Some("PodFailed"),
            _ => None,
        };
        let uninitialized: Vec<_> =
            self.containers.iter().filter(|c| c.init && !c.is_initialized()).collect();
        let unready: Vec<_> =
            self.containers.iter().filter(|c| (c.is_regular() || c.sidecar) && !c.ready).collect();
        let has_init = self.containers.iter().any(|c| c.init);
        let initialized = if phase == "Succeeded" {
            (true, "PodCompleted", String::new())
        } else if !has_init || uninitialized.is_empty() || self.has_begun() {
            (true, "", String::new())
        } else {
            let message = format!("containers with incomplete status: [{}]", names(uninitialized));
            (false, "ContainersNotInitialized", message)
        };
        let ready = match over {
            Some(reason) => (false, reason, String::new()),
            None if unready.is_empty() => (true, "", String::new()),
            None => {
                let message = format!("containers with unready status: [{}]", names(unready));
                (false, "ContainersNotReady", message)
            }
        };
        let gates = unmet_gates(pod);
        let all_ready = match over {
            None if ready.0 && !gates.is_empty() => (false, "ReadinessGatesNotReady", gates),
            _ => ready.clone(),
        };
        let rows = [
            ("PodReadyToStartContainers", (self.sandbox_ready, "", String::new())),
            ("Initialized", initialized),
            ("Ready", all_ready),
            ("ContainersReady", ready),
            ("PodScheduled", (true, "", String::new())),
        ];
        let old = pod.list_at("/status/conditions");
        let generation = pod.generation();
        let now = LazyCell::new(|| now.rfc3339());
        let mut conditions: Vec<Value> = rows
            .into_iter()
            .map(|(kind, (status, reason, message))| {
                let status = if status { "True" } else { "False" };
                let before = old.iter().find(|c| c.str_at("/type") == kind);
                let since = match before {
                    Some(before) if before.str_at("/status") == status => {
                        before.str_at("/lastTransitionTime")
                    }
                    _ => &now,
                };
                let mut condition = texts(&[
                    ("lastTransitionTime", since),
                    ("message", &message),
                    ("reason", reason),
                    ("status", status),
                    ("type", kind),
                ]);
                condition.insert("lastProbeTime".into(), Value::Null);
                if generation > 0 {
                    condition.insert("observedGeneration".into(), Value::from(generation));
                }
                Value::Object(condition)
            })
            .collect();
        // Conditions of others, such as DisruptionTarget, stay.
        let ours = |c: &&Value| rows_contain(c.str_at("/type"));
        conditions.extend(old.iter().filter(|c| !ours(c)).cloned());
        conditions
    }

    fn container_status(&self, record: &ContainerRecord, spec: &Value) -> Value {
        let image = if record.image.is_empty() { spec.str_at("/image") } else { &record.image };
        let mut status = json!({
            "name": record.name, "image": image, "imageID": record.image_id, "ready": record.ready,
            "started": record.started, "restartCount": record.restart_count, "lastState": {},
        });
        status["state"] = self.state_json(record);
        if !record.container_id.is_empty() {
            status["containerID"] = json!(record.container_id);
        }
        if let Some(last) = &record.last {
            status["lastState"]["terminated"] = terminated_json(last);
        }
        if record.is_running() {
            let resources = spec.at("/resources");
            status["resources"] = if resources.is_null() { json!({}) } else { resources.clone() };
            if let Some(requests) = resources.get("requests") {
                status["allocatedResources"] = requests.clone();
            }
            let (uid, gid) = record.user;
            status["user"] = json!({"linux": {"uid": uid, "gid": gid, "supplementalGroups": [gid]}});
        }
        let mounts: Vec<Value> = spec
            .list_at("/volumeMounts")
            .iter()
            .map(|mount| {
                let mut out = json!({"name": mount.at("/name"), "mountPath": mount.at("/mountPath")});
                if mount.bool_at("/readOnly") {
                    out["readOnly"] = json!(true);
                    out["recursiveReadOnly"] = json!("Disabled");
                }
                out
            })
            .collect();
        if !mounts.is_empty() {
            status["volumeMounts"] = Value::Array(mounts);
        }
        status
    }

    fn state_json(&self, record: &ContainerRecord) -> Value {
        match &record.state {
            ContainerState::Running { started_at } => json!({"running": {"startedAt": started_at.rfc3339()}}),
            ContainerState::Terminated(terminated) => json!({"terminated": terminated_json(terminated)}),
            ContainerState::Waiting { reason, message } => {
                let initializing = self.containers.iter().any(|c| c.init);
                let reason = match reason.as_str() {
                    "" if initializing => "PodInitializing",
                    "" => "ContainerCreating",
                    reason => reason,
                };
                let mut waiting = json!({"reason": reason});
                if !message.is_empty() {
                    waiting["message"] = json!(message);
                }
                json!({"waiting": waiting})
            }
        }
    }
}

/// Which conditions that somebody else has to set keep a pod from being ready.
pub(super) fn unmet_gates(pod: &Value) -> String {
    let unmet = pod.list_at("/spec/readinessGates").iter().filter_map(|gate| {
        let kind = gate.str_at("/conditionType");
        match crate::api::condition(pod, kind).map(|condition| condition.str_at("/status")) {
            None => Some(format!("corresponding condition of pod readiness gate {kind:?} does not exist.")),
            Some("True") => None,
            Some(status) => {
                Some(format!("the status of pod readiness gate {kind:?} is not \"True\", but {status}"))
            }
        }
    });
    unmet.collect::<Vec<String>>().join(", ")
}

fn rows_contain(kind: &str) -> bool {
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].contains(&kind)
}

fn terminated_json(terminated: &Terminated) -> Value {
    let started = match terminated.started_at {
        Some(started) => started.rfc3339(),
        None => "1970-01-01T00:00:00Z".to_string(),
    };
    let mut out = json!({
        "exitCode": terminated.exit_code,
        "reason": terminated.reason,
        "startedAt": started,
        "finishedAt": terminated.finished_at.rfc3339(),
        "containerID": terminated.container_id,
    });
    if !terminated.message.is_empty() {
        out["message"] = json!(terminated.message);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp { seconds: 1_767_600_000, nanos: 0 };

    fn ended(code: i32) -> Terminated {
        Terminated {
            exit_code: code,
            reason: if code == 0 { "Completed" } else { "Error" }.into(),
            message: String::new(),
            started_at: Some(NOW),
            finished_at: NOW,
            container_id: "containerd://1".into(),
        }
    }

    fn container(name: &str, state: ContainerState) -> ContainerRecord {
        ContainerRecord { state, ..ContainerRecord::new(name, false, false) }
    }

    fn record(containers: Vec<ContainerRecord>) -> PodRecord {
        PodRecord {
            start_time: NOW,
            host_ip: [10, 10, 0, 11].into(),
            pod_ip: None,
            sandbox_ready: true,
            containers,
            terminal: false,
            failure: None,
        }
    }

    #[test]
    fn phases() {
        let waiting =
            || container("a", ContainerState::Waiting { reason: String::new(), message: String::new() });
        let running = || container("a", ContainerState::Running { started_at: NOW });
        let done = |code| container("b", ContainerState::Terminated(ended(code)));
        let phase = |list, policy| record(list).phase(policy, false);
        assert_eq!(phase(vec![waiting()], "Always"), "Pending");
        assert_eq!(phase(vec![running(), waiting()], "Always"), "Pending");
        assert_eq!(phase(vec![running(), done(1)], "Always"), "Running");
        assert_eq!(phase(vec![done(0)], "Always"), "Running");
        assert_eq!(phase(vec![done(0)], "OnFailure"), "Succeeded");
        assert_eq!(phase(vec![done(1)], "OnFailure"), "Running");
        assert_eq!(phase(vec![done(1)], "Never"), "Failed");
        assert_eq!(PodRecord { terminal: true, ..record(vec![done(0)]) }.phase("Always", false), "Succeeded");
        assert_eq!(PodRecord { terminal: true, ..record(vec![done(137)]) }.phase("Always", false), "Failed");
        let backing_off = ContainerRecord { last: Some(ended(1)), ..waiting() };
        assert_eq!(phase(vec![backing_off], "Always"), "Running");
        let init = ContainerRecord { init: true, ..container("i", ContainerState::Terminated(ended(4))) };
        assert_eq!(phase(vec![init.clone(), waiting()], "Always"), "Pending");
        assert_eq!(phase(vec![init, waiting()], "Never"), "Failed");
    }

    #[test]
    fn a_status_says_what_is_not_ready() {
        let pod =
            json!({"metadata": {"generation": 1}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}});
        let status = record(vec![ContainerRecord::new("c", false, false)]).to_status(&pod, NOW);
        assert!(status.map_at("").keys().all(|name| FIELDS.contains(&name.as_str())));
        assert_eq!(status.str_at("/containerStatuses/0/state/waiting/reason"), "ContainerCreating");
        assert_eq!(status.str_at("/conditions/2/message"), "containers with unready status: [c]");
        assert_eq!(status.str_at("/conditions/2/reason"), "ContainersNotReady");
        assert_eq!(status.int_at("/observedGeneration"), Some(1));
        assert_eq!(status.str_at("/phase"), "Pending");
    }
}
