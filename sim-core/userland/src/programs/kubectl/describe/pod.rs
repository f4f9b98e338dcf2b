//! `kubectl describe pod`.

use super::writer::{Writer, controller, human_age, items, plain};
use super::{containers, volumes};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, pod: &Value) {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.optional(0, "Priority", &spec["priority"]);
    w.optional(0, "Priority Class Name", &spec["priorityClassName"]);
    w.optional(0, "Runtime Class Name", &spec["runtimeClassName"]);
    w.optional(0, "Service Account", &spec["serviceAccountName"]);
    match spec["nodeName"].as_str().filter(|node| !node.is_empty()) {
        Some(node) => w.field(0, "Node", &format!("{node}/{}", plain(&status["hostIP"]))),
        None => w.field(0, "Node", "<none>"),
    }
    if status["startTime"].is_string() {
        w.time(0, "Start Time", &status["startTime"]);
    }
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    if metadata["deletionTimestamp"].is_string() && status["reason"] != "NodeLost" {
        let lasts = human_age(w.now, &metadata["deletionTimestamp"]);
        w.field(0, "Status", &format!("Terminating (lasts {lasts})"));
        let grace = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
        w.field(0, "Termination Grace Period", &format!("{grace}s"));
    } else {
        w.value(0, "Status", &status["phase"]);
    }
    w.optional(0, "Reason", &status["reason"]);
    w.optional(0, "Message", &status["message"]);
    w.optional(0, "SeccompProfile", &spec["securityContext"]["seccompProfile"]["type"]);
    w.value(0, "IP", &status["podIP"]);
    if items(&status["podIPs"]).is_empty() {
        w.field(0, "IPs", "<none>");
    } else {
        w.write(0, "IPs:\n");
        for ip in items(&status["podIPs"]) {
            w.value(1, "IP", &ip["ip"]);
        }
    }
    if let Some(controller) = controller(pod) {
        w.field(0, "Controlled By", &controller);
    }
    w.optional(0, "NominatedNodeName", &status["nominatedNodeName"]);
    if !items(&spec["initContainers"]).is_empty() {
        let statuses = &status["initContainerStatuses"];
        containers::describe(w, "Init Containers", &spec["initContainers"], statuses, Some(pod), "");
    }
    containers::describe(w, "Containers", &spec["containers"], &status["containerStatuses"], Some(pod), "");
    readiness_gates(w, pod);
    if !items(&status["conditions"]).is_empty() {
        w.write(0, "Conditions:\n  Type\tStatus\n");
        for condition in items(&status["conditions"]) {
            w.write(1, &format!("{} \t{} \n", plain(&condition["type"]), plain(&condition["status"])));
        }
    }
    volumes::describe(w, &spec["volumes"], "");
    w.optional(0, "QoS Class", &status["qosClass"]);
    w.labels("Node-Selectors", &spec["nodeSelector"]);
    w.tolerations("Tolerations", &spec["tolerations"]);
}

fn readiness_gates(w: &mut Writer, pod: &Value) {
    let gates = items(&pod["spec"]["readinessGates"]);
    if gates.is_empty() {
        return;
    }
    w.write(0, "Readiness Gates:\n  Type\tStatus\n");
    for gate in gates {
        let kind = &gate["conditionType"];
        let status = items(&pod["status"]["conditions"]).iter().find(|c| &c["type"] == kind);
        let status = status.map_or("<none>".to_string(), |c| plain(&c["status"]));
        w.write(1, &format!("{} \t{status} \n", plain(kind)));
    }
}
