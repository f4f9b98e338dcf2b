//! `kubectl describe csinode`.

use super::writer::{Writer, items, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, node: &Value) {
    let metadata = &node["metadata"];
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.time(0, "CreationTimestamp", &metadata["creationTimestamp"]);
    w.write(0, "Spec:\n");
    let drivers = items(&node["spec"]["drivers"]);
    if !drivers.is_empty() {
        w.write(1, "Drivers:\n");
    }
    for driver in drivers {
        w.write(2, &format!("{}:\n", plain(&driver["name"])));
        w.value(3, "Node ID", &driver["nodeID"]);
        if let Value::Number(count) = &driver["allocatable"]["count"] {
            w.write(3, "Allocatables:\n");
            w.field(4, "Count", &count.to_string());
        }
        let keys: Vec<String> = items(&driver["topologyKeys"]).iter().map(plain).collect();
        if !keys.is_empty() {
            w.field(3, "Topology Keys", &format!("[{}]", keys.join(" ")));
        }
    }
}
