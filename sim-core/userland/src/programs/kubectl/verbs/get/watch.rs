//! `kubectl get --watch`: the list, then a line for every event.

use super::{ROWS, decoration, path_of, sort, with_kind};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{Decoration, Format, shown, table_text};
use crate::programs::kubectl::rest::{JSON, Request, TABLE};
use crate::programs::kubectl::selection::{Selection, Target, sees_no_managers};
use crate::programs::kubectl::tabwriter::TabWriter;
use encoding::json;
use encoding::tape::Hidden;
use kube::json;
use serde_json::Value;

/// Prints until the server ends the watch or a signal ends kubectl.
pub async fn watch(k: &Kubectl, selection: &Selection, format: &Format) -> Result<()> {
    let [target] = &selection.targets[..] else {
        return Err(Error::text("you may only specify a single resource type"));
    };
    let mut printer = Printer::new(k, selection, target, format);
    let sorts = !k.flags.str("sort-by").is_empty();
    if sorts {
        k.err("warning: --watch requested, --sort-by will be ignored for watch events received\n").await;
    }
    let client = k.client().await?;
    let accept = if format.is_human() { TABLE } else { JSON };
    let path = path_of(k, target);
    let mut query = match target {
        Target::Collection { .. } => selection.query(),
        Target::Named(_) => Vec::new(),
    };
    if sorts && format.is_human() {
        query.push(("includeObject", "Object"));
    }
    // Tables have no managers, and templates may look at them.
    let hides = matches!(target, Target::Collection { .. }) && sees_no_managers(k) && !format.is_human();
    let hidden = hides.then_some(Hidden::MANAGERS);
    let request = Request { accept, hidden, ..Request::new("GET", &path, &query) };
    let mut first = client.send(request).await.map_err(|error| match target {
        Target::Collection { resource, .. } => selection.explain(resource, error),
        Target::Named(_) => error,
    })?;
    let version = first["metadata"]["resourceVersion"].as_str().map(str::to_string).or_else(|| {
        let row = &first["rows"][0]["object"]["metadata"]["resourceVersion"];
        row.as_str().map(str::to_string)
    });
    if let Some(rows) = first["rows"].as_array_mut().filter(|_| format.is_human()) {
        sort(k, rows, ROWS).await.map_err(|error| match error {
            Error::Text(why) => Error::text(format!("unable to output the provided object: {why}")),
            other => other,
        })?;
    }
    if !k.flags.bool("watch-only") {
        printer.print_first(first).await?;
    } else {
        printer.learn_columns(&first);
    }
    let by_name;
    let mut query = match target {
        Target::Collection { .. } => selection.query(),
        Target::Named(info) => {
            by_name = format!("metadata.name={}", info.name);
            vec![("fieldSelector", by_name.as_str())]
        }
    };
    query.push(("watch", "true"));
    let version = version.unwrap_or_default();
    if !version.is_empty() {
        query.push(("resourceVersion", &version));
    }
    let collection = match target {
        Target::Collection { .. } => path.clone(),
        Target::Named(info) => info.resource.collection(&info.namespace),
    };
    let mut stream = client.stream(&collection, &query, accept).await?;
    while let Some(mut event) = stream.event().await? {
        let kind = event["type"].as_str().unwrap_or("").to_string();
        match kind.as_str() {
            "BOOKMARK" => {}
            "ERROR" => return Err(Error::Status(event["object"].clone())),
            _ => printer.print(&kind, event["object"].take()).await?,
        }
    }
    stream.close();
    Ok(())
}

struct Printer<'a> {
    k: &'a Kubectl,
    format: &'a Format,
    how: Decoration,
    writer: TabWriter,
    columns: Value,
    events: bool,
    label: String,
    documents: usize,
}

impl<'a> Printer<'a> {
    fn new(k: &'a Kubectl, selection: &Selection, target: &Target, format: &'a Format) -> Printer<'a> {
        let wide = matches!(format, Format::Human { wide: true });
        Printer {
            k,
            format,
            how: decoration(k, selection, target.resource(), wide, with_kind(k, selection)),
            writer: TabWriter::table(),
            columns: Value::Null,
            events: k.flags.bool("output-watch-events"),
            label: target.resource().kind_group(),
            documents: 0,
        }
    }

    fn learn_columns(&mut self, table: &Value) {
        if table["columnDefinitions"].as_array().is_some_and(|c| !c.is_empty()) {
            self.columns = table["columnDefinitions"].clone();
        }
    }

    /// What was there at the beginning.
    async fn print_first(&mut self, mut first: Value) -> Result<()> {
        if self.format.is_human() {
            return self.print("ADDED", first).await;
        }
        match first["items"].as_array_mut().map(std::mem::take) {
            Some(items) => {
                let (api_version, kind) = (&first["apiVersion"], first["kind"].as_str().unwrap_or(""));
                for mut item in items {
                    item["apiVersion"] = api_version.clone();
                    item["kind"] = Value::from(kind.trim_end_matches("List"));
                    self.print("ADDED", item).await?;
                }
                Ok(())
            }
            None => self.print("ADDED", first).await,
        }
    }

    async fn print(&mut self, event: &str, object: Value) -> Result<()> {
        let text = match self.format {
            Format::Human { .. } => self.rows(event, object),
            Format::Name => {
                format!("{}/{}\n", self.label, object["metadata"]["name"].as_str().unwrap_or(""))
            }
            format => {
                let object = shown(self.k, object);
                let object = if self.events { json!({"object": object, "type": event}) } else { object };
                self.documents += 1;
                let text = match format {
                    Format::CustomColumns(columns) => {
                        let headers = self.documents == 1 && !self.how.no_headers;
                        columns.print(&object, headers)?
                    }
                    Format::Json if self.events => json::compact(&object) + "\n",
                    format => format.print(&object)?,
                };
                let separate = matches!(format, Format::Yaml) && self.documents > 1;
                if separate { format!("---\n{text}") } else { text }
            }
        };
        self.k.out(&text).await;
        Ok(())
    }

    fn rows(&mut self, event: &str, mut table: Value) -> String {
        self.learn_columns(&table);
        if table["rows"].as_array().is_none_or(Vec::is_empty) {
            return String::new();
        }
        table["columnDefinitions"] = self.columns.clone();
        // As wide as the longest of them.
        self.how.event = self.events.then(|| format!("{event:<8}"));
        self.writer.push(&table_text(&table, &self.how));
        self.how.no_headers = true;
        self.writer.flush()
    }
}
