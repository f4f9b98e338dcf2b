//! `kubectl describe ipaddress`.

use super::writer::Writer;
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, address: &Value) {
    let metadata = &address["metadata"];
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    let parent = &address["spec"]["parentRef"];
    if parent.is_object() {
        w.write(0, "Parent Reference:\n");
        for (label, field) in
            [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
        {
            w.field(1, label, parent[field].as_str().unwrap_or(""));
        }
    }
}
