//! The pod that a daemon set makes for a node, and whether the node takes it. Models
//! pkg/controller/daemon/util and nodeShouldRunDaemonPod.

use super::HASH;
use crate::api::apps_v1::daemon_set::GENERATION;
use crate::api::core_v1::node_selector;
use crate::api::{self, DAEMON_SET, Object, ObjectExt, taint};
use crate::controllers::pod_control::pod_from_template;
use crate::json;
use serde_json::Value;
use sim::Timestamp;

const TERMS: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// The pod for a node, as it is created.
pub(super) fn new_pod(set: &Object, node: &str, hash: &str) -> Value {
    let mut pod = pod_from_template(set, DAEMON_SET, set.at("/spec/template"));
    let generation = set.annotation(GENERATION).unwrap_or("1").to_string();
    let labels = api::object_at(&mut pod, "/metadata/labels");
    labels.insert("pod-template-generation".to_string(), json!(generation));
    labels.insert(HASH.to_string(), json!(hash));
    aim(&mut pod, node);
    let mut tolerations = pod.list_at("/spec/tolerations").to_vec();
    let host_network = pod.bool_at("/spec/hostNetwork");
    let kept = [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ];
    let network = host_network.then_some(("network-unavailable", "NoSchedule"));
    for (what, effect) in kept.into_iter().chain(network) {
        let toleration =
            json!({"effect": effect, "key": format!("node.kubernetes.io/{what}"), "operator": "Exists"});
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
    api::set(&mut pod, "/spec/tolerations", tolerations.into());
    pod
}

/// Alternatives to the node are gone, other demands stay.
fn aim(pod: &mut Value, node: &str) {
    let terms = api::slot(pod, TERMS);
    if terms.as_array().is_none_or(Vec::is_empty) {
        *terms = json!([{}]);
    }
    for term in terms.as_array_mut().into_iter().flatten() {
        term["matchFields"] = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    }
}

/// The node that a pod runs on or is made for.
pub(super) fn target_node(pod: &Value) -> &str {
    match pod.str_at("/spec/nodeName") {
        "" => pod.str_at(&format!("{TERMS}/0/matchFields/0/values/0")),
        node => node,
    }
}

/// Whether a node is to have a pod of the set, and whether it may keep one that it has. The pod is one of the set for
/// any node.
pub(super) fn should_run(pod: &mut Value, node: &Object) -> (bool, bool) {
    aim(pod, node.name());
    let named = pod.str_at("/spec/nodeName");
    if !(named.is_empty() || named == node.name()) || !node_selector::matches(pod, node) {
        return (false, false);
    }
    let bothered = |effects: &[&str]| {
        node.list_at("/spec/taints").iter().any(|one| {
            effects.contains(&one.str_at("/effect"))
                && !pod.list_at("/spec/tolerations").iter().any(|t| taint::tolerates(t, one))
        })
    };
    (!bothered(&["NoSchedule", "NoExecute"]), !bothered(&["NoExecute"]))
}

pub(super) fn is_updated(pod: &Value, hash: &str) -> bool {
    pod.label(HASH) == Some(hash)
}

/// Ready for as long as `minReadySeconds` asks.
pub(super) fn is_available(pod: &Value, set: &Value, now: Timestamp) -> bool {
    let least = set.int_at("/spec/minReadySeconds").unwrap_or(0).unsigned_abs();
    let since = api::condition(pod, "Ready").map(|ready| ready.str_at("/lastTransitionTime"));
    let since = since.and_then(Timestamp::parse_rfc3339);
    api::pod::is_ready(pod)
        && (least == 0 || since.is_some_and(|since| now.duration_since(since).as_secs() >= least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn a_pod_is_made_for_one_node_and_runs_where_it_is_tolerated() {
        let set = |spec: Value| {
            Rc::new(json!({"metadata": {"name": "agent", "namespace": "default", "uid": "u"},
                           "spec": {"template": {"metadata": {"labels": {"app": "agent"}}, "spec": spec}}}))
        };
        let node = |labels: Value, taints: Value| {
            Rc::new(json!({"metadata": {"name": "node2", "labels": labels}, "spec": {"taints": taints}}))
        };
        let plain = set(json!({"containers": []}));
        let pod = new_pod(&plain, "node2", "abc");
        assert_eq!(target_node(&pod), "node2");
        assert_eq!(pod.list_at("/spec/tolerations").len(), 6);
        let run = |set: &Object, taints: Value| {
            should_run(&mut new_pod(set, "", ""), &node(json!({"disk": "ssd"}), taints))
        };
        assert_eq!(run(&plain, json!([])), (true, true));
        let cordon = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
        assert_eq!(run(&plain, cordon), (true, true));
        assert_eq!(run(&plain, json!([{"key": "a", "effect": "NoSchedule"}])), (false, true));
        assert_eq!(run(&plain, json!([{"key": "a", "effect": "NoExecute"}])), (false, false));
        assert_eq!(run(&set(json!({"nodeSelector": {"disk": "hdd"}})), json!([])), (false, false));
    }
}
