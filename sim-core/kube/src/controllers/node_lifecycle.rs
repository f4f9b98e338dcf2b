//! Nodes whose kubelet has fallen silent. Models pkg/controller/nodelifecycle.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{self, LEASE, NODE, Object, ObjectExt, POD, Status};
use crate::client::Informer;
use crate::json;
use serde_json::Value;
use sim::{Instant, SortedMap, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// How often nodes are looked at.
const MONITOR_PERIOD: Duration = Duration::from_secs(5);
/// How long a node may be silent. Models `--node-monitor-grace-period`.
const GRACE_PERIOD: Duration = Duration::from_secs(50);
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

pub(super) fn start(context: &Context) {
    let monitor = Monitor {
        context: context.reporting_as("node-controller"),
        nodes: context.informers.informer(NODE),
        leases: context.informers.informer(LEASE),
        pods: context.informers.informer(POD),
        seen: Rc::default(),
        known: Rc::default(),
    };
    context.sim.spawn(async move {
        monitor.context.informers.wait_for_sync().await;
        monitor.watch_cordons();
        loop {
            let nodes = monitor.nodes.list();
            monitor.classify(&nodes);
            for node in nodes {
                // What fails now is tried again at the next round.
                let _ = monitor.check(&node).await;
            }
            monitor.context.sim.sleep(MONITOR_PERIOD).await;
        }
    });
}

#[derive(Clone)]
struct Monitor {
    context: Context,
    nodes: Informer,
    leases: Informer,
    pods: Informer,
    /// The last sign of life of a node, and when it was seen here: clocks of nodes are not trusted.
    seen: Rc<RefCell<SortedMap<String, (String, Instant)>>>,
    /// The nodes that were there at the last look, and their uids.
    known: Rc<RefCell<SortedMap<String, String>>>,
}

impl Monitor {
    /// Cordons and their ends show in the taints at once. Models doNoScheduleTaintingPass.
    fn watch_cordons(&self) {
        let this = self.clone();
        self.nodes.on_change(move |old, new| {
            let cordoned = |node: &Object| node.bool_at("/spec/unschedulable");
            if let (Some(old), Some(new)) = (old, new)
                && cordoned(old) != cordoned(new)
            {
                let (this, node) = (this.clone(), new.clone());
                this.context.sim.clone().spawn(async move {
                    let now = this.context.sim.now().timestamp();
                    // What fails now is tried again at the next round.
                    let _ = this.taint(&node, now).await;
                });
            }
        });
    }

    /// Says which nodes have come and gone. Models classifyNodes.
    fn classify(&self, nodes: &[Object]) {
        let mut known = self.known.borrow_mut();
        for node in nodes.iter().filter(|node| !known.contains_key(node.name())) {
            self.node_event(
                node.name(),
                node.uid(),
                "RegisteredNode",
                &format!("event: Registered Node {} in Controller", node.name()),
            );
        }
        let now = nodes.iter().map(|node| (node.name().to_string(), node.uid().to_string()));
        let before = std::mem::replace(&mut *known, now.collect());
        for (name, uid) in before.iter().filter(|(name, _)| !known.contains_key(*name)) {
            self.node_event(
                name,
                uid,
                "RemovingNode",
                &format!("event: Removing Node {name} from Controller"),
            );
        }
    }

    fn node_event(&self, name: &str, uid: &str, reason: &str, what: &str) {
        let about = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": uid}});
        self.context.events.event(&about, "Normal", reason, format!("Node {name} {what}"));
    }

    async fn check(&self, node: &Object) -> Result<(), Status> {
        let lease = self.leases.get("kube-node-lease", node.name());
        let sign = lease.map(|lease| lease.str_at("/spec/renewTime").to_string()).unwrap_or_default()
            + api::condition(node, "Ready").map_or("", |ready| ready.str_at("/lastHeartbeatTime"));
        let now = self.context.sim.now();
        let last = {
            let mut seen = self.seen.borrow_mut();
            let entry = seen.entry(node.name().to_string()).or_insert_with(|| (sign.clone(), now));
            if entry.0 != sign {
                *entry = (sign, now);
            }
            entry.1
        };
        let ready =
            |node: &Object| api::condition(node, "Ready").map(|ready| ready.str_at("/status") == "True");
        let was_ready = ready(node);
        let node = if now.duration_since(last) > GRACE_PERIOD {
            self.mark_unknown(node, now.timestamp()).await?
        } else {
            node.clone()
        };
        let is_ready = ready(&node);
        if was_ready == Some(true) && is_ready == Some(false) {
            self.node_event(node.name(), node.uid(), "NodeNotReady", "status is now: NodeNotReady");
        }
        self.taint(&node, now.timestamp()).await?;
        if is_ready == Some(false) {
            self.mark_pods_not_ready(node.name()).await?;
        }
        Ok(())
    }

    async fn mark_unknown(&self, node: &Object, now: Timestamp) -> Result<Object, Status> {
        if api::condition(node, "Ready").is_some_and(|ready| ready.str_at("/status") == "Unknown") {
            return Ok(node.clone());
        }
        let mut updated = (**node).clone();
        for kind in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
            let beat = api::condition(node, kind)
                .map_or(Value::Null, |condition| condition.at("/lastHeartbeatTime").clone());
            let mut condition = json!({
                "type": kind,
                "status": "Unknown",
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
            });
            if !beat.is_null() {
                condition["lastHeartbeatTime"] = beat;
            }
            api::set_condition(&mut updated, condition, now);
        }
        self.context.client.update_status(NODE, updated).await
    }

    /// Taints that say why nothing should run there.
    async fn taint(&self, node: &Object, now: Timestamp) -> Result<(), Status> {
        let status = api::condition(node, "Ready").map_or("", |ready| ready.str_at("/status"));
        let cordoned = node.bool_at("/spec/unschedulable");
        let wanted = match status {
            "True" => None,
            "False" => Some(NOT_READY),
            _ => Some(UNREACHABLE),
        };
        let present = node.list_at("/spec/taints");
        let mut taints: Vec<Value> = present
            .iter()
            .filter(|taint| {
                let key = taint.str_at("/key");
                let kept = if key == UNSCHEDULABLE { cordoned } else { Some(key) == wanted };
                !matches!(key, NOT_READY | UNREACHABLE | UNSCHEDULABLE) || kept
            })
            .cloned()
            .collect();
        for effect in ["NoSchedule", "NoExecute"] {
            let Some(key) = wanted else { break };
            if !taints.iter().any(|taint| taint.str_at("/key") == key && taint.str_at("/effect") == effect) {
                taints.push(json!({"key": key, "effect": effect, "timeAdded": now.rfc3339()}));
            }
        }
        if cordoned && !taints.iter().any(|taint| taint.str_at("/key") == UNSCHEDULABLE) {
            taints.push(json!({"key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": now.rfc3339()}));
        }
        if taints == present {
            return Ok(());
        }
        let mut updated = (**node).clone();
        if taints.is_empty() {
            api::remove(&mut updated, "/spec/taints");
        } else {
            updated["spec"]["taints"] = Value::Array(taints);
        }
        ignore_missing(self.context.client.update(NODE, updated).await)
    }

    async fn mark_pods_not_ready(&self, node: &str) -> Result<(), Status> {
        let now = self.context.sim.now().timestamp();
        for pod in self.pods.list().into_iter().filter(|pod| pod.str_at("/spec/nodeName") == node) {
            if !api::pod::is_ready(&pod) {
                continue;
            }
            let mut updated = (*pod).clone();
            let mut condition =
                api::condition(&pod, "Ready").cloned().unwrap_or_else(|| json!({"type": "Ready"}));
            condition["status"] = json!("False");
            api::set_condition(&mut updated, condition, now);
            ignore_missing(self.context.client.update_status(POD, updated).await)?;
            self.context.events.event(&pod, "Warning", "NodeNotReady", "Node is not ready");
        }
        Ok(())
    }
}
