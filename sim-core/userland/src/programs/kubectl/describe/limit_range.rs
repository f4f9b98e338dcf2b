//! `kubectl describe limitrange`, and the limit ranges of a namespace.

use super::writer::{Writer, items, plain};
use serde_json::Value;
use sim::Ordered;

const TITLE: &str = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n";
const LINES: &str = "----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n";

/// Writes it; limit ranges have no events.
pub fn describe(w: &mut Writer, range: &Value) {
    w.value(0, "Name", &range["metadata"]["name"]);
    w.value(0, "Namespace", &range["metadata"]["namespace"]);
    w.write(0, TITLE);
    w.write(0, LINES);
    limits(w, "", range);
}

/// All limit ranges of a namespace.
pub fn of_namespace(w: &mut Writer, ranges: &[Value]) {
    if ranges.is_empty() {
        return w.write(0, "No LimitRange resource.\n");
    }
    w.write(0, &format!("Resource Limits\n {TITLE} {LINES}"));
    for range in ranges {
        limits(w, " ", range);
    }
}

fn limits(w: &mut Writer, prefix: &str, range: &Value) {
    for item in items(&range["spec"]["limits"]) {
        let columns = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
        let mut names: Vec<&String> = columns
            .iter()
            .filter_map(|column| item[*column].as_object())
            .flat_map(|map| map.keys())
            .collect();
        names.order();
        names.dedup();
        for name in names {
            let cells = columns.map(|column| match &item[column][name] {
                Value::Null => "-".to_string(),
                value => plain(value),
            });
            w.write(0, &format!("{prefix}{}\t{name}\t{}\n", plain(&item["type"]), cells.join("\t")));
        }
    }
}
