//! `kubectl describe persistentvolumeclaim`.

use super::persistent_volume::{access_modes, class, finalizers, status};
use super::writer::{Writer, items, plain, rfc1123};
use serde_json::Value;

/// Writes it, events left out. `pods` are all of its namespace.
pub fn describe(w: &mut Writer, claim: &Value, pods: &[Value]) {
    let (metadata, spec) = (&claim["metadata"], &claim["spec"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.field(0, "StorageClass", &class(claim));
    status(w, claim);
    w.value(0, "Volume", &spec["volumeName"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.field(0, "Finalizers", &finalizers(metadata));
    let bound = !plain(&spec["volumeName"]).is_empty();
    let capacity = claim["status"]["capacity"]["storage"].as_str().unwrap_or("0");
    w.field(0, "Capacity", if bound { capacity } else { "" });
    let modes = if bound { access_modes(&claim["status"]["accessModes"]) } else { String::new() };
    w.field(0, "Access Modes", &modes);
    w.optional(0, "VolumeMode", &spec["volumeMode"]);
    let source = &spec["dataSource"];
    if source.is_object() {
        w.write(0, "DataSource:\n");
        if !source["apiGroup"].is_null() {
            w.value(1, "APIGroup", &source["apiGroup"]);
        }
        w.value(1, "Kind", &source["kind"]);
        w.value(1, "Name", &source["name"]);
    }
    used_by(w, &metadata["name"], pods);
    let conditions = items(&claim["status"]["conditions"]);
    if !conditions.is_empty() {
        w.write(0, "Conditions:\n");
        w.write(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n");
        w.write(1, "----\t------\t-----------------\t------------------\t------\t-------\n");
        for c in conditions {
            let text = format!(
                "{} \t{} \t{} \t{} \t{} \t{}\n",
                plain(&c["type"]),
                plain(&c["status"]),
                rfc1123(&c["lastProbeTime"]),
                rfc1123(&c["lastTransitionTime"]),
                plain(&c["reason"]),
                plain(&c["message"])
            );
            w.write(1, &text);
        }
    }
}

fn used_by(w: &mut Writer, name: &Value, pods: &[Value]) {
    let uses = |pod: &&Value| {
        items(&pod["spec"]["volumes"]).iter().any(|v| &v["persistentVolumeClaim"]["claimName"] == name)
    };
    w.write(0, "Used By:\t");
    let mut first = true;
    for pod in pods.iter().filter(uses) {
        let tab = if std::mem::take(&mut first) { "" } else { "\t" };
        w.write(0, &format!("{tab}{}\n", plain(&pod["metadata"]["name"])));
    }
    if first {
        w.write(0, "<none>\n");
    }
}
