//! `kubectl describe storageclass` and `kubectl describe volumeattributesclass`.

use super::writer::{Writer, items, labels_text, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, class: &Value) {
    let annotations = &class["metadata"]["annotations"];
    let is_default =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
            .iter()
            .any(|key| annotations[*key] == "true");
    w.value(0, "Name", &class["metadata"]["name"]);
    w.field(0, "IsDefaultClass", if is_default { "Yes" } else { "No" });
    w.field(0, "Annotations", &labels_text(annotations));
    w.value(0, "Provisioner", &class["provisioner"]);
    w.field(0, "Parameters", &labels_text(&class["parameters"]));
    let expands = match &class["allowVolumeExpansion"] {
        Value::Null => "<unset>",
        value if value == true => "True",
        _ => "False",
    };
    w.field(0, "AllowVolumeExpansion", expands);
    let options = items(&class["mountOptions"]);
    if options.is_empty() {
        w.field(0, "MountOptions", "<none>");
    } else {
        w.write(0, "MountOptions:\n");
        for option in options {
            w.write(1, &format!("{}\n", plain(option)));
        }
    }
    w.optional(0, "ReclaimPolicy", &class["reclaimPolicy"]);
    w.optional(0, "VolumeBindingMode", &class["volumeBindingMode"]);
    let topologies = items(&class["allowedTopologies"]);
    if topologies.is_empty() {
        return;
    }
    w.write(0, "AllowedTopologies:\t\n");
    for (i, term) in topologies.iter().enumerate() {
        w.write(1, &format!("Term {i}:\t"));
        for (j, label) in items(&term["matchLabelExpressions"]).iter().enumerate() {
            if j > 0 {
                w.write(1, "\t");
            }
            let values: Vec<String> = items(&label["values"]).iter().map(plain).collect();
            w.write(0, &format!("{} in [{}]\n", plain(&label["key"]), values.join(", ")));
        }
    }
}

/// Writes a class of attributes, events left out.
pub fn attributes(w: &mut Writer, class: &Value) {
    w.value(0, "Name", &class["metadata"]["name"]);
    w.field(0, "Annotations", &labels_text(&class["metadata"]["annotations"]));
    w.value(0, "DriverName", &class["driverName"]);
    w.field(0, "Parameters", &labels_text(&class["parameters"]));
}
