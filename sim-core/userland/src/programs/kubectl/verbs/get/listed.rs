//! Collections as `-o yaml`, `-o json` or `-o name`: each object is printed as it is read, and none is built. For
//! templates and columns that tell what they look at, no more than that is.

use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::jsonpath::MANAGED_FIELDS;
use crate::programs::kubectl::printers::{Format, list_of, without_managed_fields};
use crate::programs::kubectl::rest::Request;
use crate::programs::kubectl::selection::{Selection, Target, page_size};
use encoding::json;
use encoding::tape::{Hidden, Page, Tape};
use serde_json::Value;

/// Whether nothing more is asked for than one object after the other.
pub fn takes(k: &Kubectl, selection: &Selection, format: &Format) -> bool {
    // A list in a list would be looked into.
    let is_plain = |target: &Target| matches!(target, Target::Collection { resource, .. } if !resource.kind.ends_with("List"));
    (matches!(format, Format::Json | Format::Yaml | Format::Name) || format.looks_at().is_some())
        && k.flags.str("sort-by").is_empty()
        && k.flags.str("subresource").is_empty()
        && (!matches!(format, Format::Name | Format::GoTemplate(_)) || k.verbosity() < 2)
        && selection.targets.iter().all(is_plain)
}

/// Fetches and prints.
pub async fn print(k: &Kubectl, selection: &Selection, format: &Format) -> Result<()> {
    let client = k.client().await?;
    let limit = page_size(k);
    let text = match format {
        Format::Yaml => "apiVersion: v1\nitems:",
        Format::Json => "{\n    \"apiVersion\": \"v1\",\n    \"items\": [",
        _ => "",
    };
    let mut out = Printed { text: text.to_string(), values: Vec::new(), count: 0, format };
    let mut errors = Vec::new();
    let looked_at = format.looks_at();
    let managed = match &looked_at {
        Some(names) => names.contains(&MANAGED_FIELDS),
        None => k.flags.bool("show-managed-fields"),
    };
    let mut pages = Vec::new();
    for target in &selection.targets {
        let Target::Collection { resource, namespace } = target else { continue };
        let api_version = resource.api_version();
        let head = [("apiVersion", api_version.as_str()), ("kind", resource.kind.as_str())];
        let (path, mut token) = (resource.collection(namespace), String::new());
        let hidden = Hidden {
            fields: &["apiVersion", "kind"],
            but: looked_at.as_deref(),
            ..if managed { Hidden::NOTHING } else { Hidden::MANAGERS }
        };
        let name = resource.kind_group();
        let begin = (out.text.len(), out.count);
        loop {
            let mut query = selection.query();
            query.extend(limit.as_deref().map(|limit| ("limit", limit)));
            if !token.is_empty() {
                query.push(("continue", &token));
            }
            let page = match client.send_raw(Request::new("GET", &path, &query)).await {
                Ok(bytes) => {
                    let page = out.page(&bytes, &head, &name, hidden);
                    if looked_at.is_some() && page.is_ok() {
                        pages.push((head.map(|(key, value)| (key, value.to_string())), bytes));
                    }
                    page
                }
                Err(error) => Err(error),
            };
            match page {
                Ok(next) if next.is_empty() => break,
                Ok(next) => token = next,
                Err(error) => {
                    out.truncate(begin);
                    errors.push(selection.explain(resource, error));
                    break;
                }
            }
        }
    }
    if out.count > 0 || !k.flags.bool("ignore-not-found") {
        let printed = match (&looked_at, format) {
            (None, _) => {
                out.end();
                Ok(out.text)
            }
            (_, Format::CustomColumns(columns)) => {
                columns.print(&list_of(out.values), !k.flags.bool("no-headers"))
            }
            (_, format) => format.print(&list_of(out.values)).or_else(|_| {
                // Who is told of a mistake is shown the whole list.
                let mut values = Vec::new();
                for (head, bytes) in &pages {
                    values.extend(built(bytes, head, false)?.0);
                }
                format.print(&list_of(values))
            }),
        };
        match printed {
            Ok(text) => k.out(&text).await,
            Err(error) => errors.push(error),
        }
    }
    Error::many(errors)
}

/// The objects of an answer, and the token of the next one.
fn built<T: AsRef<str>>(
    bytes: &[u8],
    head: &[(&str, T)],
    hides_managers: bool,
) -> Result<(Vec<Value>, String)> {
    let mut list = match bytes {
        [] => Value::Null,
        bytes => json::read(bytes).map_err(|error| Error::text(error.to_string()))?,
    };
    let mut objects = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    for object in &mut objects {
        for (key, value) in head {
            object[*key] = Value::from(value.as_ref());
        }
        if hides_managers {
            *object = without_managed_fields(object);
        }
    }
    Ok((objects, list["metadata"]["continue"].as_str().unwrap_or("").to_string()))
}

struct Printed<'a> {
    text: String,
    /// What is looked at in each object, where that is told.
    values: Vec<Value>,
    count: usize,
    format: &'a Format,
}

impl Printed<'_> {
    /// Adds the objects of an answer; gives the token of the next one.
    fn page(
        &mut self,
        bytes: &[u8],
        head: &[(&str, &str)],
        name: &str,
        hidden: Hidden<'_>,
    ) -> Result<String> {
        let begin = (self.text.len(), self.count);
        self.text.reserve(bytes.len() / 4 * 3);
        let read =
            Page::of(bytes, head, hidden).and_then(|page| page.read(&mut |tape| self.object(tape, name)));
        if let Some(rest) = read {
            return Ok(rest["metadata"]["continue"].as_str().unwrap_or("").to_string());
        }
        // What cannot be read at once is built, or said to be no JSON.
        self.truncate(begin);
        let (objects, token) = built(bytes, head, hidden.within.is_some())?;
        for object in &objects {
            self.object(&Tape::of(object), name);
        }
        Ok(token)
    }

    /// Takes back what came behind this much text and so many objects.
    fn truncate(&mut self, (text, count): (usize, usize)) {
        self.text.truncate(text);
        self.count = count;
        self.values.truncate(count);
    }

    fn object(&mut self, tape: &Tape<'_>, name: &str) {
        self.count += 1;
        match self.format {
            Format::Yaml => yaml::item(&mut self.text, tape),
            Format::Json => {
                self.text += if self.count > 1 { ",\n        " } else { "\n        " };
                json::write(&mut self.text, tape, "    ", 2);
            }
            Format::JsonPath { .. } | Format::CustomColumns(_) | Format::GoTemplate(_) => {
                self.values.push(tape.value(0))
            }
            _ => {
                let own = tape.field(0, "metadata").and_then(|at| tape.field(at, "name"));
                for part in [name, "/", own.map_or("", |at| tape.str(at)), "\n"] {
                    self.text += part;
                }
            }
        }
    }

    fn end(&mut self) {
        self.text += match (self.format, self.count) {
            (Format::Yaml, 0) => " []",
            (Format::Json, 0) => "],",
            (Format::Json, _) => "\n    ],",
            _ => "",
        };
        self.text += match self.format {
            Format::Yaml => "\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
            Format::Json => {
                "\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
            }
            _ => "",
        };
    }
}
