//! Tables: the server says the columns and the cells, kubectl lays them out.
//!
//! Models `k8s.io/cli-runtime/pkg/printers/tableprinter.go`.

use serde_json::Value;

/// What is added to the server's columns.
#[derive(Clone, Debug, Default)]
pub struct Decoration {
    /// No line of headers.
    pub no_headers: bool,
    /// Also the columns of low priority.
    pub wide: bool,
    /// A column with the namespace first.
    pub with_namespace: bool,
    /// Names as `pod/NAME`: what comes before the slash.
    pub kind: Option<String>,
    /// A column with all labels last.
    pub show_labels: bool,
    /// Columns of labels.
    pub label_columns: Vec<String>,
    /// Something to print before each row, such as the kind of a watch event; with its header.
    pub event: Option<String>,
}

/// Rows with tabs, headers included.
pub fn table_text(table: &Value, how: &Decoration) -> String {
    let definitions = table["columnDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
    let columns: Vec<usize> = (0..definitions.len())
        .filter(|&i| how.wide || definitions[i]["priority"].as_i64().unwrap_or(0) == 0)
        .collect();
    let name_column = definitions.iter().position(|d| d["format"] == "name" && d["type"] == "string");
    let mut text = String::new();
    if !how.no_headers {
        let mut headers: Vec<String> = Vec::new();
        if how.event.is_some() {
            headers.push("EVENT".to_string());
        }
        if how.with_namespace {
            headers.push("NAMESPACE".to_string());
        }
        headers.extend(columns.iter().map(|&i| definitions[i]["name"].as_str().unwrap_or("").to_uppercase()));
        headers.extend(
            how.label_columns.iter().map(|label| label.rsplit('/').next().unwrap_or("").to_uppercase()),
        );
        if how.show_labels {
            headers.push("LABELS".to_string());
        }
        text.push_str(&headers.join("\t"));
        text.push('\n');
    }
    for row in table["rows"].as_array().into_iter().flatten() {
        let metadata = &row["object"]["metadata"];
        let begin = text.len();
        if let Some(event) = &how.event {
            text = text + event + "\t";
        }
        if how.with_namespace {
            text = text + metadata["namespace"].as_str().unwrap_or("") + "\t";
        }
        for &i in &columns {
            if let Some(kind) = how.kind.as_ref().filter(|_| Some(i) == name_column) {
                text = text + kind + "/";
            }
            push_cell(&mut text, &row["cells"][i]);
            text.push('\t');
        }
        for label in &how.label_columns {
            text = text + metadata["labels"][label.as_str()].as_str().unwrap_or("") + "\t";
        }
        if how.show_labels {
            text = text + &labels_text(&metadata["labels"]) + "\t";
        }
        if text.len() > begin {
            text.pop();
        }
        text.push('\n');
    }
    text
}

fn push_cell(text: &mut String, cell: &Value) {
    match cell {
        Value::Null => {}
        Value::String(cell) => {
            // By bytes: a search for characters decodes them all.
            match cell.bytes().position(|byte| matches!(byte, b'\n' | b'\r' | 0xc)) {
                Some(end) => *text = std::mem::take(text) + &cell[..end] + "...",
                None => text.push_str(cell),
            }
        }
        other => text.push_str(&super::go_value::text(other)),
    }
}

fn labels_text(labels: &Value) -> String {
    let pairs: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
        .collect();
    if pairs.is_empty() { "<none>".to_string() } else { pairs.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::kubectl::tabwriter::TabWriter;
    use kube::json;

    fn services() -> Value {
        let column = |name: &str, format: &str, priority: i64| json!({"name": name, "type": "string", "format": format, "priority": priority});
        json!({
            "columnDefinitions": [column("Name", "name", 0), column("Type", "", 0), column("Cluster-IP", "", 0),
                column("External-IP", "", 0), column("Port(s)", "", 0), column("Age", "", 0), column("Selector", "", 1)],
            "rows": [
                {"cells": ["blue", "ClusterIP", "10.102.137.228", "<none>", "80/TCP", "1s", "app=blue"],
                 "object": {"metadata": {"name": "blue", "namespace": "default", "labels": {"app": "blue"}}}},
                {"cells": ["kubernetes", "ClusterIP", "10.96.0.1", "<none>", "443/TCP", "73s", "<none>"],
                 "object": {"metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}}}},
            ]
        })
    }

    fn check(how: &Decoration, text: &str) {
        let mut writer = TabWriter::table();
        writer.push(&table_text(&services(), how));
        assert_eq!(writer.flush(), text);
    }

    #[test]
    fn tables_are_laid_out_as_kubectls() {
        check(
            &Decoration::default(),
            "NAME         TYPE        CLUSTER-IP       EXTERNAL-IP   PORT(S)   AGE
blue         ClusterIP   10.102.137.228   <none>        80/TCP    1s
kubernetes   ClusterIP   10.96.0.1        <none>        443/TCP   73s
",
        );
        check(
            &Decoration { wide: true, ..Decoration::default() },
            "NAME         TYPE        CLUSTER-IP       EXTERNAL-IP   PORT(S)   AGE   SELECTOR
blue         ClusterIP   10.102.137.228   <none>        80/TCP    1s    app=blue
kubernetes   ClusterIP   10.96.0.1        <none>        443/TCP   73s   <none>
",
        );
    }

    #[test]
    fn columns_can_be_added() {
        check(
            &Decoration {
                with_namespace: true,
                kind: Some("service".into()),
                show_labels: true,
                label_columns: vec!["app".into()],
                no_headers: true,
                ..Decoration::default()
            },
            "default   service/blue         ClusterIP   10.102.137.228   <none>   80/TCP    1s    blue   app=blue
default   service/kubernetes   ClusterIP   10.96.0.1        <none>   443/TCP   73s          component=apiserver,provider=kubernetes
",
        );
    }
}
