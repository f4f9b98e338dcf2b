//! Collections as `-o yaml`, `-o json` or `-o name`: each object is printed as it is read, and none is built.

use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{Format, without_managed_fields};
use crate::programs::kubectl::rest::Request;
use crate::programs::kubectl::selection::{Selection, Target, page_size};
use encoding::json;
use encoding::tape::{Hidden, Page, Tape};
use serde_json::Value;

/// Whether nothing more is asked for than one object after the other.
pub fn takes(k: &Kubectl, selection: &Selection, format: &Format) -> bool {
    // A list in a list would be looked into.
    let is_plain = |target: &Target| matches!(target, Target::Collection { resource, .. } if !resource.kind.ends_with("List"));
    matches!(format, Format::Json | Format::Yaml | Format::Name)
        && k.flags.str("sort-by").is_empty()
        && k.flags.str("subresource").is_empty()
        && (!matches!(format, Format::Name) || k.verbosity() < 2)
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
    let (mut out, mut errors) = (Printed { text: text.to_string(), count: 0, format }, Vec::new());
    let managed = k.flags.bool("show-managed-fields");
    for target in &selection.targets {
        let Target::Collection { resource, namespace } = target else { continue };
        let api_version = resource.api_version();
        let head = [("apiVersion", api_version.as_str()), ("kind", resource.kind.as_str())];
        let (path, mut token) = (resource.collection(namespace), String::new());
        let hidden = Hidden {
            fields: &["apiVersion", "kind"],
            metadata: if managed { &[] } else { &["managedFields"] },
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
                Ok(bytes) => out.page(&bytes, &head, &name, hidden),
                Err(error) => Err(error),
            };
            match page {
                Ok(next) if next.is_empty() => break,
                Ok(next) => token = next,
                Err(error) => {
                    out.text.truncate(begin.0);
                    out.count = begin.1;
                    errors.push(selection.explain(resource, error));
                    break;
                }
            }
        }
    }
    if out.count > 0 || !k.flags.bool("ignore-not-found") {
        out.end();
        k.out(&out.text).await;
    }
    Error::many(errors)
}

struct Printed<'a> {
    text: String,
    count: usize,
    format: &'a Format,
}

impl Printed<'_> {
    /// Adds the objects of an answer; gives the token of the next one.
    fn page(&mut self, bytes: &[u8], head: &[(&str, &str)], name: &str, hidden: Hidden) -> Result<String> {
        let begin = (self.text.len(), self.count);
        self.text.reserve(bytes.len() / 4 * 3);
        let read =
            Page::of(bytes, head, hidden).and_then(|page| page.read(&mut |tape| self.object(tape, name)));
        if let Some(token) = read {
            return Ok(token);
        }
        // What cannot be read at once is built, or said to be no JSON.
        self.text.truncate(begin.0);
        self.count = begin.1;
        let mut list = match bytes {
            [] => Value::Null,
            bytes => json::read(bytes).map_err(|error| Error::text(error.to_string()))?,
        };
        for mut object in list["items"].as_array_mut().map(std::mem::take).unwrap_or_default() {
            for (key, value) in head {
                object[*key] = Value::from(*value);
            }
            if !hidden.metadata.is_empty() {
                object = without_managed_fields(&object);
            }
            self.object(&Tape::of(&object), name);
        }
        Ok(list["metadata"]["continue"].as_str().unwrap_or("").to_string())
    }

    fn object(&mut self, tape: &Tape<'_>, name: &str) {
        self.count += 1;
        match self.format {
            Format::Yaml => yaml::item(&mut self.text, tape),
            Format::Json => {
                self.text += if self.count > 1 { ",\n        " } else { "\n        " };
                json::write(&mut self.text, tape, "    ", 2);
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
