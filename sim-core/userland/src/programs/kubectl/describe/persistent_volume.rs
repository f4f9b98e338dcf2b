//! `kubectl describe persistentvolume`.

use super::writer::{Writer, entries, items, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, volume: &Value) {
    let (metadata, spec) = (&volume["metadata"], &volume["spec"]);
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.field(0, "Finalizers", &finalizers(metadata));
    w.field(0, "StorageClass", &class(volume));
    status(w, volume);
    let claim = match &spec["claimRef"] {
        Value::Object(_) => {
            format!("{}/{}", plain(&spec["claimRef"]["namespace"]), plain(&spec["claimRef"]["name"]))
        }
        _ => String::new(),
    };
    w.field(0, "Claim", &claim);
    w.value(0, "Reclaim Policy", &spec["persistentVolumeReclaimPolicy"]);
    w.field(0, "Access Modes", &access_modes(&spec["accessModes"]));
    w.optional(0, "VolumeMode", &spec["volumeMode"]);
    w.field(0, "Capacity", spec["capacity"]["storage"].as_str().unwrap_or("0"));
    node_affinity(w, &spec["nodeAffinity"]);
    w.value(0, "Message", &volume["status"]["message"]);
    w.write(0, "Source:\n");
    source(w, spec);
}

/// `Status:`, of a volume or a claim.
pub fn status(w: &mut Writer, object: &Value) {
    match &object["metadata"]["deletionTimestamp"] {
        Value::Null => w.value(0, "Status", &object["status"]["phase"]),
        since => {
            let lasts = format!("Terminating (lasts {})", w.age(since));
            w.field(0, "Status", &lasts);
        }
    }
}

/// `[a b]`, as Go prints a list.
pub fn finalizers(metadata: &Value) -> String {
    let names: Vec<String> = items(&metadata["finalizers"]).iter().map(plain).collect();
    format!("[{}]", names.join(" "))
}

/// The class, by the annotation that it once was, or by the field.
pub fn class(object: &Value) -> String {
    match &object["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"] {
        Value::Null => plain(&object["spec"]["storageClassName"]),
        class => plain(class),
    }
}

/// `RWO,ROX`.
pub fn access_modes(modes: &Value) -> String {
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let found = short.iter().filter(|(mode, _)| items(modes).iter().any(|m| m == mode));
    found.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn node_affinity(w: &mut Writer, affinity: &Value) {
    w.write(0, "Node Affinity:\t");
    if affinity["required"].is_null() {
        return w.write(0, "<none>\n");
    }
    w.write(0, "\n");
    w.write(1, "Required Terms:\t");
    let terms = items(&affinity["required"]["nodeSelectorTerms"]);
    if terms.is_empty() {
        return w.write(0, "<none>\n");
    }
    w.write(0, "\n");
    for (i, term) in terms.iter().enumerate() {
        w.write(2, &format!("Term {i}:\t"));
        let expressions = items(&term["matchExpressions"]);
        if expressions.is_empty() {
            w.write(0, "<none>\n");
        }
        for (j, expression) in expressions.iter().enumerate() {
            if j > 0 {
                w.write(2, "\t");
            }
            let operator = plain(&expression["operator"]).to_lowercase();
            let values: Vec<String> = items(&expression["values"]).iter().map(plain).collect();
            let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
            w.write(0, &format!("{} {operator}{values}\n", plain(&expression["key"])));
        }
    }
}

fn source(w: &mut Writer, spec: &Value) {
    let flag = |value: &Value| (value == true).to_string();
    if let Value::Object(_) = &spec["hostPath"] {
        w.field(2, "Type", "HostPath (bare host directory volume)");
        w.value(2, "Path", &spec["hostPath"]["path"]);
        w.value(2, "HostPathType", &spec["hostPath"]["type"]);
    } else if let Value::Object(_) = &spec["nfs"] {
        w.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
        w.value(2, "Server", &spec["nfs"]["server"]);
        w.value(2, "Path", &spec["nfs"]["path"]);
        w.field(2, "ReadOnly", &flag(&spec["nfs"]["readOnly"]));
    } else if let Value::Object(_) = &spec["local"] {
        w.field(2, "Type", "LocalVolume (a persistent volume backed by local storage on a node)");
        w.value(2, "Path", &spec["local"]["path"]);
    } else if let Value::Object(_) = &spec["csi"] {
        let csi = &spec["csi"];
        w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
        w.value(2, "Driver", &csi["driver"]);
        w.value(2, "FSType", &csi["fsType"]);
        w.value(2, "VolumeHandle", &csi["volumeHandle"]);
        w.field(2, "ReadOnly", &flag(&csi["readOnly"]));
        w.write(2, "VolumeAttributes:\t");
        let lines: Vec<String> =
            entries(&csi["volumeAttributes"]).map(|(key, value)| format!("{key}={}", plain(value))).collect();
        if lines.is_empty() {
            w.write(0, "<none>\n");
        }
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                w.write(2, "");
                w.write(2, "\t");
            }
            w.write(2, &format!("{line}\n"));
        }
    } else {
        w.write(1, "<unknown>\n");
    }
}
