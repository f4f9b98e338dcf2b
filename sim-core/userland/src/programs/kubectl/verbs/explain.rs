//! `kubectl explain`: the fields of a kind, as the server's OpenAPI document tells them.
//!
//! Models pkg/explain/v2 and its template for plain text.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::discovery::{Mapper, Resource};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "explain",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    short: "Get documentation for a resource",
    long: "Describe fields and structure of various resources.\n\n Fields are named by a path:\n\n        <type>.<fieldName>[.<fieldName>]\n\n What is told comes from the server, in OpenAPI format.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# A resource and its fields\nkubectl explain pods\n\n# All fields of it\nkubectl explain pods --recursive\n\n# Of a certain version\nkubectl explain deployments --api-version=apps/v1\n\n# One field\nkubectl explain pods.spec.containers",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Types,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("api-version", "", "The version to explain (API group/version)"),
    Flag::string("output", "plaintext", "Format (plaintext, plaintext-openapiv2)").short('o'),
    Flag::bool("recursive", "Also the fields of fields, without their descriptions"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let path = match k.args() {
        [] => {
            return Err(Error::text(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
            ));
        }
        [path] => path.clone(),
        _ => return Err(Error::text("We accept only this format: explain RESOURCE")),
    };
    let mapper = k.mapper().await?;
    let (mut resource, fields) = split(&mapper, &path)?;
    let version = k.flags.str("api-version");
    if !version.is_empty() {
        let other =
            mapper.resources.iter().find(|r| r.plural == resource.plural && r.api_version() == version);
        resource = other.cloned().ok_or_else(|| {
            let (group, version) = version.split_once('/').unwrap_or(("", version));
            Error::text(format!(
                "couldn't find resource for \"{group}/{version}, Resource={}\"",
                resource.plural
            ))
        })?;
    }
    match k.flags.str("output") {
        "plaintext" => {}
        "plaintext-openapiv2" => return Err(Error::not_simulated("explain --output=plaintext-openapiv2")),
        other => return Err(Error::text(format!("unrecognized format: {other}"))),
    }
    let root = if resource.group.is_empty() { "api" } else { "apis" };
    let place = format!("/openapi/v3/{root}/{}", resource.api_version());
    let document = k.client().await?.get(&place, &[]).await?;
    let mut page = Page { document: &document, recursive: k.flags.bool("recursive"), text: String::new() };
    let schema = page.of_kind(&resource).ok_or_else(|| {
        Error::text(format!(
            "GVR ({}/{}) not found in OpenAPI schema",
            resource.api_version(),
            resource.plural
        ))
    })?;
    if !resource.group.is_empty() {
        page.text.push_str(&format!("GROUP:      {}\n", resource.group));
    }
    page.text.push_str(&format!("KIND:       {}\nVERSION:    {}\n\n", resource.kind, resource.version));
    let result = page.explain(schema, &fields);
    k.out(&page.text).await;
    result
}

/// The type and the fields of `deployments.v1.apps.spec.paused`: the longest beginning that names a type.
fn split(mapper: &Mapper, path: &str) -> Result<(Rc<Resource>, Vec<String>)> {
    let parts: Vec<&str> = path.split('.').collect();
    let fields = |from: usize| {
        parts[from..].iter().filter(|field| !field.is_empty()).map(|field| field.to_string()).collect()
    };
    let of_group = |group: &str, version: Option<&str>| {
        mapper.resources.iter().any(|r| {
            r.group == group && !group.is_empty() && version.is_none_or(|version| r.version == version)
        })
    };
    let lower = path.to_lowercase();
    let words: Vec<&str> = lower.split('.').collect();
    for end in (2..=words.len()).rev() {
        let versioned = end > 2 && of_group(&words[2..end].join("."), Some(words[1]));
        if (versioned || of_group(&words[1..end].join("."), None))
            && let Ok(resource) = mapper.find(&words[..end].join("."))
        {
            return Ok((resource, fields(end)));
        }
    }
    match mapper.find(parts[0]) {
        Ok(resource) => Ok((resource, fields(1))),
        Err(error) => Err(Error::Verbatim(error.message())),
    }
}

/// A page of the documentation.
struct Page<'a> {
    document: &'a Value,
    recursive: bool,
    text: String,
}

impl<'a> Page<'a> {
    /// The schema of a kind.
    fn of_kind(&self, resource: &Resource) -> Option<&'a Value> {
        let schemas = self.document["components"]["schemas"].as_object()?;
        schemas.values().find(|schema| {
            let kinds = schema["x-kubernetes-group-version-kind"].as_array().map_or(&[][..], Vec::as_slice);
            kinds.iter().any(|kind| {
                kind["group"] == resource.group
                    && kind["version"] == resource.version
                    && kind["kind"] == resource.kind
            })
        })
    }

    /// What a schema refers to, by `$ref` or as the only part of `allOf`.
    fn referred(&self, schema: &'a Value) -> Option<(&'a Value, &'a str)> {
        let reference = schema["$ref"].as_str().or_else(|| match schema["allOf"].as_array()?.as_slice() {
            [only] => only["$ref"].as_str(),
            _ => None,
        })?;
        let name = reference.rsplit('/').next()?;
        Some((self.document["components"]["schemas"].get(name)?, name))
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        self.referred(schema).map_or(schema, |(target, _)| target)
    }

    /// What kind of value it is: `string`, `[]Container`, `map[string]string`.
    fn type_of(&self, schema: &'a Value) -> String {
        if schema["items"].is_object() {
            return format!("[]{}", self.type_of(&schema["items"]));
        }
        if schema["additionalProperties"].is_object() {
            return format!("map[string]{}", self.type_of(&schema["additionalProperties"]));
        }
        if let Some((target, name)) = self.referred(schema) {
            return match target["type"].as_str() {
                // Times are texts that have a name of their own only in the document.
                Some("string") if target["format"] == "date-time" => "string".to_string(),
                _ => name.rsplit('.').next().unwrap_or(name).to_string(),
            };
        }
        match schema["type"].as_str() {
            Some(name) if name == "object" && schema["properties"].is_object() => "Object".to_string(),
            Some(name) => name.to_string(),
            None => "Object".to_string(),
        }
    }

    fn description(&self, schema: &'a Value) -> String {
        let own = schema["description"].as_str().unwrap_or("").to_string();
        let (target, _) = self.referred(schema).unwrap_or((&Value::Null, ""));
        let inner = [&schema["items"], &schema["additionalProperties"]];
        let mut parts = vec![own, target["description"].as_str().unwrap_or("").to_string()];
        for schema in inner.into_iter().filter(|schema| schema.is_object()) {
            parts.push(self.description(schema));
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }

    fn explain(&mut self, schema: &'a Value, fields: &[String]) -> Result<()> {
        let target = self.resolved(schema);
        let Some((field, rest)) = fields.split_first() else {
            let description = self.description(schema);
            let description = if description.is_empty() { "<empty>".to_string() } else { description };
            // A description ends its line, so that an empty one follows, indented.
            let end = if description == "<empty>" { "" } else { "\n    " };
            self.text.push_str(&format!("DESCRIPTION:\n{}{end}\n", wrapped(&description, 76, 4)));
            let list = self.fields(schema, 1, &mut Vec::new());
            if !list.is_empty() {
                self.text.push_str(&format!("FIELDS:\n{list}"));
            }
            self.text.push('\n');
            return Ok(());
        };
        let property = target["properties"].get(field);
        if let Some(property) = property {
            if rest.is_empty() {
                self.text.push_str(&format!(
                    "FIELD: {field} <{}>\n{}\n\n",
                    self.type_of(property),
                    long_enum(self.resolved(property))
                ));
            }
            return self.explain(property, rest);
        }
        for inner in ["items", "additionalProperties"] {
            if target[inner].is_object() {
                return self.explain(&target[inner], fields);
            }
        }
        Err(Error::text(format!("field {field:?} does not exist")))
    }

    /// The list of the fields of a schema.
    fn fields(&self, schema: &'a Value, level: usize, above: &mut Vec<&'a str>) -> String {
        let name = self.referred(schema).map_or("", |(_, name)| name);
        if !name.is_empty() && above.contains(&name) {
            return String::new();
        }
        let target = self.resolved(schema);
        for inner in ["items", "additionalProperties"] {
            if target[inner].is_object() {
                return self.fields(&target[inner], level, above);
            }
        }
        above.push(name);
        let required = target["required"].as_array().map_or(&[][..], Vec::as_slice);
        let mut text = String::new();
        let indent = " ".repeat(level * 2);
        for (field, property) in target["properties"].as_object().into_iter().flatten() {
            let needed = if required.iter().any(|name| name == field) { " -required-" } else { "" };
            text.push_str(&format!("{indent}{field}\t<{}>{needed}\n", self.type_of(property)));
            text.push_str(&short_enum(self.resolved(property), &indent));
            if self.recursive {
                text.push_str(&self.fields(property, level + 1, above));
            } else {
                let description = self.description(property);
                let description =
                    if description.is_empty() { "<no description>".to_string() } else { description };
                text.push_str(&format!("{}\n\n", wrapped(&description, 78 - level * 2, level * 2 + 2)));
            }
        }
        above.pop();
        text
    }
}

fn values(schema: &Value) -> Vec<String> {
    let values = schema["enum"].as_array().map_or(&[][..], Vec::as_slice);
    values
        .iter()
        .map(|value| match value.as_str() {
            Some("") => "\"\"".to_string(),
            Some(text) => text.to_string(),
            None => value.to_string(),
        })
        .collect()
}

fn long_enum(schema: &Value) -> String {
    let values = values(schema);
    if values.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = values.iter().map(|value| format!("    {value}")).collect();
    format!("ENUM:\n{}", lines.join("\n"))
}

fn short_enum(schema: &Value, indent: &str) -> String {
    let values = values(schema);
    if values.is_empty() {
        return String::new();
    }
    let shown = &values[..values.len().min(4)];
    let more = if values.len() > 4 { ", ...." } else { "" };
    format!("{indent}enum: {}{more}\n", shown.join(", "))
}

/// The words in lines of a width, each indented. Line breaks stay.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    let indent = " ".repeat(indent);
    lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_descriptions_are_wrapped() {
        assert_eq!(wrapped("one two three", 8, 2), "  one two\n  three");
        assert_eq!(wrapped("a\n\nb", 8, 0), "a\n\nb");
    }

    #[test]
    fn enums_are_shown_short_and_long() {
        let schema = serde_json::json!({"enum": ["a", "b", "c", "d", "e"]});
        assert_eq!(short_enum(&schema, "  "), "  enum: a, b, c, d, ....\n");
        assert_eq!(long_enum(&schema), "ENUM:\n    a\n    b\n    c\n    d\n    e");
    }
}
