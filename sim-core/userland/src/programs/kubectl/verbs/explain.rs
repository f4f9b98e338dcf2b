//! `kubectl explain`: the fields of a type, as the server's OpenAPI tells them.
//!
//! Models `k8s.io/kubectl/pkg/cmd/explain` and the plaintext template of `k8s.io/kubectl/pkg/explain/v2`.
//! Left out: `-o plaintext-openapiv2`, for which the server would have to serve OpenAPI v2.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::jsonpath;
use crate::programs::kubectl::rest::{self, Request};
use crate::programs::kubectl::selection::warn_of_others;
use serde_json::Value;
use sim::Ordered;
use std::rc::Rc;

const FLAGS: &[Flag] = &[
    Flag::string("api-version", "", "The group and version of the type to explain, as group/version."),
    Flag::string(
        "output",
        "plaintext",
        "Format of the explanation. Valid values are: (plaintext, plaintext-openapiv2).",
    )
    .short('o'),
    Flag::bool("recursive", "Print the names of the fields of fields too, without descriptions."),
];

const SUGGEST: &str = "Use \"kubectl api-resources\" for a complete list of supported resources.";

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "explain",
    short: "Get documentation for a resource",
    long: "Describe fields and structure of various resources.\n\n A field is named by the path that leads to it:\n\n  <type>.<fieldName>[.<fieldName>]\n  \n What is known about each field comes from the server, in OpenAPI format.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# What a pod consists of
kubectl explain pods

# All fields of it, and theirs
kubectl explain pods --recursive

# Deployments of one version
kubectl explain deployments --api-version=apps/v1

# One field
kubectl explain pods.spec.containers",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let argument = match k.args() {
        [] => {
            return Err(Error::text(format!("You must specify the type of resource to explain. {SUGGEST}")));
        }
        [one] => one.clone(),
        _ => return Err(Error::text("We accept only this format: explain RESOURCE")),
    };
    let api_version = k.flags.str("api-version");
    let (resource, path) = parse(&k, &argument, api_version.is_empty()).await?;
    let output = k.flags.str("output");
    if output == "plaintext-openapiv2" {
        return Err(Error::not_simulated("explain -o plaintext-openapiv2"));
    }
    let (group, version) = match api_version.split('/').collect::<Vec<_>>()[..] {
        [""] => (resource.group.clone(), resource.version.clone()),
        [version] => (String::new(), version.to_string()),
        [group, version] => (group.to_string(), version.to_string()),
        _ => {
            return Err(Error::text(format!("unexpected GroupVersion string: {api_version}")));
        }
    };
    let client = k.client().await?;
    let request =
        Request { accept: rest::ANY, ..Request::new("GET", "/openapi/v3", client.discovery_query()) };
    let index = client.send(request).await?;
    let root = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
    let full_name = format!("{group}/{version}, Resource={}", resource.plural);
    let Some(url) = index["paths"][&root]["serverRelativeURL"].as_str() else {
        return Err(Error::text(format!("couldn't find resource for \"{full_name}\"")));
    };
    let (url_path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut query: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    query.extend_from_slice(client.discovery_query());
    let document = client.get(url_path, &query).await?;
    if output != "plaintext" {
        return Err(Error::text(format!("unrecognized format: {output}")));
    }
    let Some(gvk) = gvk(&document, &root, &resource.plural) else {
        return Err(Error::text(format!("GVR ({full_name}) not found in OpenAPI schema")));
    };
    let page = Page { document: &document, recursive: k.flags.bool("recursive") };
    let text = |field: &str| gvk[field].as_str().unwrap_or("");
    let mut head = String::new();
    if !text("group").is_empty() {
        head.push_str(&format!("GROUP:      {}\n", text("group")));
    }
    head.push_str(&format!("KIND:       {}\nVERSION:    {}\n\n", text("kind"), text("version")));
    k.out(&head).await;
    let Some(schema) = page.of_kind(gvk) else {
        let map = format!("map[group:{} kind:{} version:{}]", text("group"), text("kind"), text("version"));
        return Err(Error::text(format!("GVK {map} not found in OpenAPI schema")));
    };
    let body = page.output(schema, &path, &mut Vec::new());
    if body.is_empty() {
        let field = path.last().map_or("", String::as_str);
        return Err(Error::text(format!("field {field:?} does not exist")));
    }
    k.out(&format!("{body}\n")).await;
    Ok(())
}

/// The type and the path of fields that an argument means. With `by_group`, the type may have its group.
async fn parse(k: &Kubectl, argument: &str, by_group: bool) -> Result<(Rc<Resource>, Vec<String>)> {
    let nodes = nodes(argument)?;
    let Some(Some(name)) = nodes.first().cloned() else { return Err(no_field()) };
    let mapper = k.mapper().await?;
    if name.is_empty() {
        return Err(Error::text("a resource must be present, got: /, Resource="));
    }
    warn_of_others(k, std::iter::once(name.as_str())).await?;
    let found = mapper.all_called(&name);
    if by_group {
        for resource in &found {
            if let Some(rest) = argument.strip_prefix(&resource.group_resource()) {
                let path = if rest.is_empty() { Vec::new() } else { path_of(self::nodes(rest)?)? };
                return Ok((resource.clone(), path));
            }
        }
    }
    let Some(first) = found.first().cloned() else {
        return Err(Error::Verbatim(format!("the server doesn't have a resource type {name:?}")));
    };
    Ok((first, path_of(nodes)?))
}

fn no_field() -> Error {
    Error::text("invalid jsonpath syntax, first node must be field node")
}

/// `a.b.c`, read as a JSONPath.
fn nodes(argument: &str) -> Result<Vec<Option<String>>> {
    let argument = argument.strip_suffix('.').unwrap_or(argument);
    jsonpath::field_names(&format!("{{.{argument}}}")).map_err(Error::text)
}

/// What follows the first node: names of fields only.
fn path_of(nodes: Vec<Option<String>>) -> Result<Vec<String>> {
    let names: Option<Vec<String>> = nodes.into_iter().skip(1).collect();
    names.ok_or_else(no_field)
}

/// Group, version and kind of the objects of a resource, from the operations of its paths.
fn gvk<'a>(document: &'a Value, root: &str, plural: &str) -> Option<&'a Value> {
    let paths = [
        format!("/{root}/{plural}"),
        format!("/{root}/{plural}/{{name}}"),
        format!("/{root}/namespaces/{{namespace}}/{plural}"),
        format!("/{root}/namespaces/{{namespace}}/{plural}/{{name}}"),
    ];
    paths.iter().rev().find_map(|path| {
        ["get", "post", "put", "patch", "delete"]
            .iter()
            .map(|method| &document["paths"][path][method]["x-kubernetes-group-version-kind"])
            .find(|gvk| gvk.is_object())
    })
}

/// What is printed, and from what.
struct Page<'a> {
    document: &'a Value,
    recursive: bool,
}

impl<'a> Page<'a> {
    fn of_kind(&self, gvk: &Value) -> Option<&'a Value> {
        let schemas = self.document["components"]["schemas"].as_object()?;
        schemas.values().find(|schema| {
            schema["x-kubernetes-group-version-kind"].as_array().is_some_and(|list| list.contains(gvk))
        })
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap_or(schema),
            None => schema,
        }
    }

    /// Goes down to the field and tells of it; empty when there is none.
    fn output(&self, schema: &'a Value, path: &[String], seen: &mut Vec<&'a str>) -> String {
        let reference = schema["$ref"].as_str().unwrap_or("");
        let resolved = self.resolve(schema);
        let Some(name) = path.first() else {
            let mut description = String::new();
            self.describe(resolved, &mut description);
            if description.is_empty() {
                description.push_str("<empty>");
            }
            let mut text = format!("DESCRIPTION:\n{}\n", indent(4, &wrap(76, &description)));
            let mut fields = String::new();
            self.fields(resolved, 1, &mut Vec::new(), &mut fields);
            if !fields.is_empty() {
                text.push_str("FIELDS:\n");
                text.push_str(&fields);
            }
            return text;
        };
        if !reference.is_empty() && seen.contains(&reference) {
            return String::new();
        }
        if let Some(field) = resolved["properties"].get(name) {
            let mut text = String::new();
            if path.len() == 1 {
                text = format!("FIELD: {name} <{}>\n{}\n\n", self.type_of(field), enum_lines(field));
            }
            text.push_str(&self.output(field, &path[1..], &mut Vec::new()));
            return text;
        }
        seen.push(reference);
        let below = if resolved["items"].is_object() {
            self.output(&resolved["items"], path, seen)
        } else if resolved["additionalProperties"].is_object() {
            self.output(&resolved["additionalProperties"], path, seen)
        } else {
            let all = list(&resolved["allOf"]).iter();
            all.map(|part| self.output(part, path, seen)).find(|text| !text.is_empty()).unwrap_or_default()
        };
        seen.pop();
        below
    }

    fn fields(&self, schema: &'a Value, level: usize, seen: &mut Vec<&'a str>, text: &mut String) {
        let reference = schema["$ref"].as_str().unwrap_or("");
        if !reference.is_empty() && seen.contains(&reference) {
            return;
        }
        seen.push(reference);
        let resolved = self.resolve(schema);
        if let Some(properties) = resolved["properties"].as_object() {
            let mut names: Vec<&String> = properties.keys().collect();
            names.order();
            for name in names {
                let field = &properties[name];
                self.field(name, field, list(&resolved["required"]), level, text);
                if self.recursive {
                    self.fields(field, level + 1, seen, text);
                }
            }
        }
        for part in list(&resolved["allOf"]) {
            self.fields(part, level, seen, text);
        }
        for below in [&resolved["items"], &resolved["additionalProperties"]] {
            if below.is_object() {
                self.fields(below, level, seen, text);
            }
        }
        seen.pop();
    }

    fn field(&self, name: &str, field: &Value, required: &[Value], level: usize, text: &mut String) {
        let by = level * 2;
        text.push_str(&format!("{}\t<{}>", indent(by, name), self.type_of(field)));
        if required.iter().any(|r| r == name) {
            text.push_str(" -required-");
        }
        text.push_str(&enum_line(field, by));
        text.push('\n');
        if !self.recursive {
            let description =
                field["description"].as_str().filter(|d| !d.is_empty()).unwrap_or("<no description>");
            text.push_str(&indent(by + 2, &wrap(78 - by, description)));
            text.push_str("\n\n");
        }
    }

    /// The descriptions of a schema and of what it is made of.
    fn describe(&self, schema: &Value, text: &mut String) {
        let schema = match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap_or(schema),
            None => schema,
        };
        if let Some(description) = schema["description"].as_str().filter(|d| !d.is_empty()) {
            text.push_str(description);
            text.push('\n');
        }
        for part in list(&schema["allOf"]) {
            self.describe(part, text);
        }
        for below in [&schema["items"], &schema["additionalProperties"]] {
            if below.is_object() {
                self.describe(below, text);
            }
        }
    }

    /// `string`, `PodSpec`, `[]Container`, `map[string]string`.
    fn type_of(&self, schema: &Value) -> String {
        let own = schema["type"].as_str();
        if schema["items"].is_object() {
            return format!("[]{}", self.type_of(&schema["items"]));
        }
        if schema["additionalProperties"].is_object() {
            return format!("map[string]{}", self.type_of(&schema["additionalProperties"]));
        }
        if let [only] = list(&schema["allOf"])
            && schema["properties"].is_null()
        {
            return self.type_of(only);
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
            return match target.and_then(|target| target["type"].as_str()) {
                None | Some("object") => reference.rsplit(['/', '.']).next().unwrap_or("Object").to_string(),
                Some(primitive) => primitive.to_string(),
            };
        }
        match own {
            None | Some("object") => "Object".to_string(),
            Some(own) => own.to_string(),
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn enum_values(field: &Value) -> Vec<String> {
    list(&field["enum"])
        .iter()
        .map(|value| match value.as_str() {
            Some("") => "\"\"".to_string(),
            Some(text) => text.to_string(),
            None => value.to_string(),
        })
        .collect()
}

/// All values, each on its line.
fn enum_lines(field: &Value) -> String {
    let values = enum_values(field);
    if values.is_empty() {
        return String::new();
    }
    format!("ENUM:{}", values.iter().map(|v| format!("\n    {v}")).collect::<String>())
}

/// The first four values, on a line of their own.
fn enum_line(field: &Value, by: usize) -> String {
    let values = enum_values(field);
    if values.is_empty() {
        return String::new();
    }
    let more = if values.len() > 4 { ", ...." } else { "" };
    let first: Vec<String> = values.into_iter().take(4).collect();
    format!("\n{}enum: {}{more}", " ".repeat(by), first.join(", "))
}

fn indent(by: usize, text: &str) -> String {
    let pad = " ".repeat(by);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

/// Breaks lines at spaces. Models `mitchellh/go-wordwrap`.
fn wrap(limit: usize, text: &str) -> String {
    let mut wrapped = String::new();
    let (mut current, mut word, mut space) = (0, String::new(), String::new());
    // What ends a line: its last word, or as much space as there is room for.
    let end = |wrapped: &mut String, current: usize, word: &mut String, space: &mut String| {
        if !word.is_empty() || current + space.chars().count() <= limit {
            wrapped.push_str(space);
            wrapped.push_str(word);
        }
        word.clear();
        space.clear();
    };
    for c in text.chars() {
        if c == '\n' {
            end(&mut wrapped, current, &mut word, &mut space);
            wrapped.push(c);
            current = 0;
        } else if c.is_whitespace() && c != '\u{a0}' {
            if space.is_empty() || !word.is_empty() {
                current += space.chars().count() + word.chars().count();
                wrapped.push_str(&space);
                wrapped.push_str(&word);
                space.clear();
                word.clear();
            }
            space.push(c);
        } else {
            word.push(c);
            let length = word.chars().count();
            if current + space.chars().count() + length > limit && length < limit {
                wrapped.push('\n');
                current = 0;
                space.clear();
            }
        }
    }
    end(&mut wrapped, current, &mut word, &mut space);
    wrapped
}
