//! How objects are printed: `-o yaml`, `-o jsonpath=...`, `-o name`, tables.
//!
//! Models `k8s.io/cli-runtime/pkg/printers` and `.../genericclioptions/print_flags.go`.

mod custom_columns;
mod go_template;
mod go_template_errors;
mod go_value;
mod kyaml;
mod sorter;
mod table;

use super::error::{Error, Result};
use super::flags::parse_bool;
use super::invocation::Kubectl;
use super::jsonpath::{self, JsonPath};
use super::selection::Info;
pub use custom_columns::CustomColumns;
use encoding::json;
pub use go_template::{GoTemplate, base64_decode};
use kube::api::go_order;
use kube::json;
use serde_json::Value;
pub use sorter::{Unsorted, sort_rows};
pub use table::{Decoration, table_text};

/// Formats of most commands, as an error lists them.
const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
/// Formats of `kubectl get`.
const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

/// What `-o` asks for.
pub enum Format {
    /// No `-o`, or `-o wide`.
    Human {
        /// With `wide`.
        wide: bool,
    },
    /// `-o name`
    Name,
    /// `-o json`
    Json,
    /// `-o yaml`
    Yaml,
    /// `-o kyaml`
    Kyaml,
    /// `-o jsonpath=...`; with the template as it was given, and whether the results come as JSON.
    JsonPath {
        /// The template read.
        path: JsonPath,
        /// As given.
        template: String,
        /// `jsonpath-as-json`
        as_json: bool,
    },
    /// `-o go-template=...`
    GoTemplate(GoTemplate),
    /// `-o custom-columns=...`
    CustomColumns(CustomColumns),
}

impl Format {
    /// Reads `-o` and `--template`.
    pub async fn of(k: &Kubectl) -> Result<Format> {
        let is_get = k.flags.has("sort-by");
        let output = k.flags.str("output");
        let (name, argument) = match output.split_once('=') {
            Some((name, argument)) => (name, argument.to_string()),
            None => (output, k.flags.str("template").to_string()),
        };
        let given = |argument: &str| -> Result<()> {
            if argument.is_empty() {
                return Err(Error::text("template format specified but no template given"));
            }
            Ok(())
        };
        match name {
            "" if k.flags.changed("template") => Ok(Format::GoTemplate(GoTemplate::parse(
                &argument,
                k.flags.bool("allow-missing-template-keys"),
            )?)),
            "" => Ok(Format::Human { wide: false }),
            "wide" if is_get => Ok(Format::Human { wide: true }),
            "name" => Ok(Format::Name),
            "json" => Ok(Format::Json),
            "yaml" => Ok(Format::Yaml),
            "kyaml" => Ok(Format::Kyaml),
            "jsonpath" | "jsonpath-as-json" | "jsonpath-file" => {
                given(&argument)?;
                let template =
                    if name == "jsonpath-file" { read_template(k, &argument).await? } else { argument };
                let mut path = JsonPath::parse(&template)
                    .map_err(|error| Error::text(format!("error parsing jsonpath {template}, {error}")))?;
                path.allow_missing = k.flags.bool("allow-missing-template-keys");
                Ok(Format::JsonPath { path, template, as_json: name == "jsonpath-as-json" })
            }
            "go-template" | "template" | "go-template-file" | "templatefile" => {
                given(&argument)?;
                let template =
                    if name.ends_with("file") { read_template(k, &argument).await? } else { argument };
                Ok(Format::GoTemplate(GoTemplate::parse(
                    &template,
                    k.flags.bool("allow-missing-template-keys"),
                )?))
            }
            "custom-columns" if is_get => Ok(Format::CustomColumns(CustomColumns::parse(&argument)?)),
            "custom-columns-file" if is_get => {
                let text = match argument.as_str() {
                    "" => String::new(),
                    path => match k.sys.read_file(path).await {
                        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                        Err(errno) => {
                            return Err(Error::text(format!(
                                "error reading template {path}, open {path}: {}",
                                errno.text().to_lowercase()
                            )));
                        }
                    },
                };
                Ok(Format::CustomColumns(CustomColumns::parse_file(&text)?))
            }
            _ => Err(Error::text(format!(
                "unable to match a printer suitable for the output format {output:?}, allowed formats are: {}",
                if is_get { GET_FORMATS } else { FORMATS }
            ))),
        }
    }

    /// True for tables.
    pub fn is_human(&self) -> bool {
        matches!(self, Format::Human { .. })
    }

    /// The names of the fields that are looked at in the objects of a list, where that can be told.
    pub fn looks_at(&self) -> Option<Vec<&str>> {
        match self {
            Format::JsonPath { path, .. } => {
                let mut names = Vec::new();
                path.looks_at(true, &mut names).then_some(names)
            }
            Format::CustomColumns(columns) => columns.looks_at(),
            Format::GoTemplate(template) => template.looks_at(),
            _ => None,
        }
    }

    /// An object in this format. Not for tables, and not for `-o name`, which need the type.
    pub fn print(&self, object: &Value) -> Result<String> {
        match self {
            Format::Human { .. } | Format::Name => Ok(String::new()),
            Format::Json => Ok(json::indented(object, "    ") + "\n"),
            Format::Yaml => Ok(yaml::emit(object)),
            Format::Kyaml => kyaml::emit(object),
            Format::JsonPath { path, template, as_json } => print_jsonpath(path, template, *as_json, object),
            Format::GoTemplate(template) => template.execute(object),
            Format::CustomColumns(columns) => columns.print(object, true),
        }
    }
}

impl Format {
    /// An object that kubectl made with Go's types: JSON and KYAML have the order of their fields.
    pub fn print_typed(&self, object: &Value) -> Result<String> {
        match self {
            Format::Json => Ok(go_order::indented(object) + "\n"),
            Format::Kyaml => kyaml::emit_typed(object),
            format => format.print(object),
        }
    }
}

async fn read_template(k: &Kubectl, path: &str) -> Result<String> {
    match k.sys.read_file(path).await {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(errno) => Err(Error::text(format!(
            "error reading --template {path}, open {path}: {}\n",
            errno.text().to_lowercase()
        ))),
    }
}

fn print_jsonpath(path: &JsonPath, template: &str, as_json: bool, object: &Value) -> Result<String> {
    let result = if as_json {
        path.find(object).map(|results| {
            let values: Vec<Value> = results.iter().flatten().map(|found| found.value().clone()).collect();
            json::indented(&Value::Array(values), "    ") + "\n"
        })
    } else {
        path.execute(object)
    };
    result.map_err(|error| {
        Error::text(format!(
            "error executing jsonpath {template:?}: Error executing template: {error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
            jsonpath::go_syntax(object)
        ))
    })
}

/// How much of a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// All of it.
    None,
    /// Nothing is sent.
    Client,
    /// It is sent, but not stored (`dryRun=All`).
    Server,
}

/// Reads `--dry-run`.
pub fn dry_run(k: &Kubectl) -> Result<DryRun> {
    if !k.flags.has("dry-run") {
        return Ok(DryRun::None);
    }
    match k.flags.str("dry-run") {
        "none" => Ok(DryRun::None),
        "client" | "unchanged" => Ok(DryRun::Client),
        "server" => Ok(DryRun::Server),
        other => match parse_bool(other) {
            Some(true) => Ok(DryRun::Client),
            Some(false) => Ok(DryRun::None),
            None => Err(Error::text(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        },
    }
}

/// Says that a form of `--dry-run` is an old one, as kubectl logs it.
pub async fn warn_of_old_dry_run(k: &Kubectl) {
    if !k.flags.has("dry-run") {
        return;
    }
    match k.flags.str("dry-run") {
        "none" | "client" | "server" => {}
        "unchanged" => {
            let text = "--dry-run is deprecated and can be replaced with --dry-run=client.";
            k.log('W', "helpers.go:719", text).await;
        }
        value => {
            if let Some(on) = parse_bool(value) {
                let (line, new) = if on { (733, "client") } else { (736, "none") };
                k.log(
                    'W',
                    &format!("helpers.go:{line}"),
                    &format!("--dry-run={value} is deprecated (boolean value) and can be replaced with --dry-run={new}."),
                )
                .await;
            }
        }
    }
}

/// Says what was done to an object (`deployment.apps/blue created`), or prints it as `-o` asks.
pub async fn print_result(k: &Kubectl, info: &Info, operation: &str) -> Result<()> {
    let dry_run = dry_run(k)?;
    let format = Format::of(k).await?;
    let text = match format {
        Format::Human { .. } => {
            let how = match dry_run {
                DryRun::None => "",
                DryRun::Client => " (dry run)",
                DryRun::Server => " (server dry run)",
            };
            format!("{} {operation}{how}\n", info.label())
        }
        Format::Name => format!("{}\n", info.label()),
        Format::Yaml => format!("{}{}", between(k), yaml::emit(&shown(k, info.object.clone()))),
        format => format.print(&shown(k, info.object.clone()))?,
    };
    k.out(&text).await;
    Ok(())
}

/// What stands before the next document. These commands take a new printer for each object, which knows of none before.
fn between(k: &Kubectl) -> &'static str {
    let forgets = ["autoscale", "label", "patch", "pause", "restart", "resume", "taint", "undo"];
    if forgets.contains(&k.command.name) { "" } else { k.document() }
}

/// The same for an object that went through Go's types.
pub async fn print_typed_result(k: &Kubectl, info: &Info, operation: &str) -> Result<()> {
    match Format::of(k).await? {
        Format::Human { .. } | Format::Name => print_result(k, info, operation).await,
        format => {
            let before = if matches!(format, Format::Yaml) { between(k) } else { "" };
            k.out(&format!("{before}{}", format.print_typed(&shown(k, info.object.clone()))?)).await;
            Ok(())
        }
    }
}

/// The object without `managedFields`, unless they are asked for; templates always see them.
pub fn shown(k: &Kubectl, mut object: Value) -> Value {
    let whole = matches!(k.flags.str("output"), "json" | "yaml" | "kyaml");
    if whole && !k.flags.bool("show-managed-fields") {
        hide_managed_fields(&mut object);
    }
    object
}

/// The object without `managedFields`.
pub fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    hide_managed_fields(&mut object);
    object
}

fn hide_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let is_list = object["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    if is_list {
        for item in object["items"].as_array_mut().into_iter().flatten() {
            hide_managed_fields(item);
        }
    }
}

/// Several objects as one of kind `List`.
pub fn list_of(objects: Vec<Value>) -> Value {
    let mut list =
        json!({"apiVersion": "v1", "items": [], "kind": "List", "metadata": {"resourceVersion": ""}});
    // Moved, where `json!` would copy them.
    list["items"] = Value::Array(objects);
    list
}
