//! `kubectl describe resourcequota`, and the quotas of a namespace.

use super::writer::{Writer, entries, items, plain};
use serde_json::Value;
use sim::Ordered;

/// Writes it; quotas have no events.
pub fn describe(w: &mut Writer, quota: &Value) {
    w.value(0, "Name", &quota["metadata"]["name"]);
    w.value(0, "Namespace", &quota["metadata"]["namespace"]);
    scopes(w, 0, " * ", quota);
    w.write(0, "Resource\tUsed\tHard\n--------\t----\t----\n");
    amounts(w, 0, quota);
}

/// All quotas of a namespace.
pub fn of_namespace(w: &mut Writer, quotas: &[Value]) {
    if quotas.is_empty() {
        return w.write(0, "No resource quota.\n");
    }
    w.write(0, "Resource Quotas\n");
    for quota in quotas {
        w.value(1, "Name", &quota["metadata"]["name"]);
        scopes(w, 1, "* ", quota);
        w.write(1, "Resource\tUsed\tHard\n");
        w.write(1, "--------\t---\t---\n");
        amounts(w, 1, quota);
    }
}

fn scopes(w: &mut Writer, level: usize, bullet: &str, quota: &Value) {
    let mut scopes: Vec<String> = items(&quota["spec"]["scopes"]).iter().map(plain).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.order();
    w.field(level, "Scopes", &scopes.join(", "));
    for scope in &scopes {
        let help = match scope.as_str() {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before \
                 being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods \
                 whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality \
                 of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or \
                 guaranteed quality of service."
            }
            _ => continue,
        };
        w.write(level, &format!("{bullet}{help}\n"));
    }
}

fn amounts(w: &mut Writer, level: usize, quota: &Value) {
    for (name, hard) in entries(&quota["status"]["hard"]) {
        let used = quota["status"]["used"][name].as_str().unwrap_or("0");
        w.write(level, &format!("{name}\t{used}\t{}\n", plain(hard)));
    }
}
