//! `kubectl get`: tables and objects.
//!
//! Models `k8s.io/kubectl/pkg/cmd/get/get.go`.

mod listed;
mod watch;

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::jsonpath::{JsonPath, MANAGED_FIELDS, relaxed};
use crate::programs::kubectl::printers::{
    Decoration, Format, Unsorted, list_of, shown, sort_rows, table_text,
};
use crate::programs::kubectl::rest::{ANY, JSON, Request, TABLE};
use crate::programs::kubectl::selection::{Info, Rules, Selection, Target, missing, page_size, select};
use crate::programs::kubectl::tabwriter::TabWriter;
use encoding::tape::Hidden;
use kube::api::duration;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

const FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "Look in all namespaces; the one of the context and --namespace are then ignored.").short('A'),
    Flag::bool("allow-missing-template-keys", "If true, a field or key that is missing is no error in templates. Holds for golang and jsonpath output formats.").default("true"),
    Flag::int("chunk-size", "500", "Ask for long lists in pieces of this size. 0 switches that off."),
    Flag::bool("ignore-not-found", "End with success when the object is not there."),
    Flag::slice("label-columns", "Labels to show as columns, separated by commas. Names are case-sensitive. Can be given more than once.").short('L'),
    Flag::bool("no-headers", "No line of headers in the default and custom-columns output formats."),
    Flag::string("output", "", "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file, custom-columns, custom-columns-file, wide). See custom columns [https://kubernetes.io/docs/reference/kubectl/#custom-columns], golang template [http://golang.org/pkg/text/template/#pkg-overview] and jsonpath template [https://kubernetes.io/docs/reference/kubectl/jsonpath/].").short('o'),
    Flag::bool("output-watch-events", "With --watch or --watch-only, show what kind each event is. The objects at the beginning are ADDED events."),
    Flag::string("raw", "", "Path to ask of the server, as it is, with the transport of the kubeconfig file."),
    Flag::bool("server-print", "Let the server make the table.").default("true"),
    Flag::bool("show-kind", "Show the type of each resource."),
    Flag::bool("show-labels", "Show all labels in a last column."),
    Flag::bool("show-managed-fields", "If true, show managedFields in JSON and YAML."),
    Flag::string("sort-by", "", "JSONPath of the field to sort by (e.g. '{.metadata.name}'). It must hold a whole number or a text."),
    Flag::string("subresource", "", "Get this subresource of the object. Must be one of [status scale resize]."),
    Flag::string("template", "", "Template, or file with one, for -o=go-template and -o=go-template-file. It is a Go template [http://golang.org/pkg/text/template/#pkg-overview]."),
    Flag::bool("watch", "Print the objects, then every change to them.").short('w'),
    Flag::bool("watch-only", "Print changes only."),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "get",
    short: "Display one or many resources",
    long: "Display one or many resources.\n\n Prints a table with what matters most about the resources. Choose among them with a label selector and --selector. Resources that live in namespaces are looked for in the current one, unless you name another.\n\n With 'template' as output format and a Go template as --template you choose the fields yourself.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# Pods as a table
kubectl get pods

# Pods with more columns, such as their nodes
kubectl get pods -o wide

# One deployment
kubectl get deployment web

# Deployments of version \"v1\" of group \"apps\", as JSON
kubectl get deployments.v1.apps -o json

# One pod as JSON
kubectl get -o json pod web-pod-13je7

# What pod.yaml describes, as the server has it
kubectl get -f pod.yaml -o json

# Only the phase of a pod
kubectl get -o template pod/web-pod-13je7 --template={{.status.phase}}

# Columns of your own
kubectl get pod test-pod -o custom-columns=CONTAINER:.spec.containers[0].name,IMAGE:.spec.containers[0].image

# Replica sets and services together
kubectl get rs,services

# Resources by type and name
kubectl get rs/web service/frontend pods/web-pod-13je7

# Pods of all namespaces
kubectl get pods --all-namespaces",
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
    flags: &[FLAGS, globals::FILENAMES, globals::SELECTOR, globals::FIELD_SELECTOR],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if !k.flags.str("raw").is_empty() {
        return raw(&k).await;
    }
    if k.args().is_empty() && k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        k.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n").await;
        return Err(k.usage_error("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods)."));
    }
    let subresource = k.flags.str("subresource");
    let watching = k.flags.bool("watch") || k.flags.bool("watch-only");
    if k.flags.bool("output-watch-events") && !watching {
        return Err(Error::text(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    let format = Format::of(&k).await?;
    let rules = Rules { type_alone_is_all: true, ..Rules::default() };
    let selection = select(&k, k.args(), rules).await?;
    if !subresource.is_empty() && selection.targets.iter().any(|t| matches!(t, Target::Collection { .. })) {
        return Err(Error::text("subresource cannot be used when bulk resources are specified"));
    }
    if watching {
        return watch::watch(&k, &selection, &format).await;
    }
    match format {
        Format::Human { wide } => tables(&k, &selection, wide).await,
        format if listed::takes(&k, &selection, &format) => listed::print(&k, &selection, &format).await,
        format => objects(&k, &selection, &format).await,
    }
}

async fn raw(k: &Kubectl) -> Result<()> {
    let path = k.flags.str("raw");
    if !k.args().is_empty() {
        return Err(Error::text("arguments may not be passed when --raw is specified"));
    }
    let filters = ["watch", "watch-only"].iter().any(|flag| k.flags.bool(flag));
    if filters || !k.flags.str("selector").is_empty() {
        return Err(Error::text(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if !k.flags.str("output").is_empty() {
        return Err(Error::text("--raw and --output are mutually exclusive"));
    }
    if !path.starts_with('/') {
        return Err(Error::text(format!(
            "--raw must be a valid URL path: parse {path:?}: invalid URI for request"
        )));
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<(&str, &str)> =
        query.split('&').filter(|q| !q.is_empty()).map(|q| q.split_once('=').unwrap_or((q, ""))).collect();
    let request = Request { accept: ANY, ..Request::new("GET", path, &query) };
    let bytes = k.client().await?.send_raw(request).await?;
    let _ = k.sys.write_all(1, &bytes).await;
    Ok(())
}

/// Path of a target on the server.
fn path_of(k: &Kubectl, target: &Target) -> String {
    match (target, k.flags.str("subresource")) {
        (Target::Collection { resource, namespace }, _) => resource.collection(namespace),
        (Target::Named(info), "") => info.path(),
        (Target::Named(info), subresource) => format!("{}/{subresource}", info.path()),
    }
}

/// What the printer of tables says of objects, from `-v=2` on.
const NO_TABLE: &str = "Unable to decode server response into a Table. Falling back to hardcoded types: attempt to decode non-Table object";

/// `-o yaml` and its kind: objects, in a list unless exactly one is meant.
async fn objects(k: &Kubectl, selection: &Selection, format: &Format) -> Result<()> {
    let (infos, mut errors) = if k.flags.str("subresource").is_empty() {
        selection.fetch(k, true).await?
    } else {
        subresources(k, selection).await?
    };
    if selection.single && !errors.is_empty() {
        return Err(errors.remove(0));
    }
    if infos.is_empty() && k.flags.bool("ignore-not-found") {
        return Error::many(errors);
    }
    let printed = matches!(format, Format::Name | Format::GoTemplate(_));
    if printed && k.verbosity() >= 2 && (!infos.is_empty() || errors.is_empty()) {
        k.log('I', "table_printer.go:45", NO_TABLE).await;
    }
    if matches!(format, Format::Name) {
        let mut rows: Vec<Value> = Vec::new();
        for info in infos {
            let label = info.label();
            rows.push(Value::Array(vec![info.object, label.into()]));
        }
        sort(k, &mut rows, PAIRS).await?;
        for row in &rows {
            k.out(&format!("{}\n", row[1].as_str().unwrap_or(""))).await;
        }
        return Error::many(errors);
    }
    let mut values: Vec<Value> = infos.into_iter().map(|info| info.object).collect();
    sort(k, &mut values, OBJECTS).await?;
    let object = if selection.single && values.len() == 1 { values.remove(0) } else { list_of(values) };
    let object = shown(k, object);
    let text = match format {
        Format::CustomColumns(columns) => columns.print(&object, !k.flags.bool("no-headers")),
        format => format.print(&object),
    };
    match text {
        Ok(text) => k.out(&text).await,
        Err(error) => errors.push(error),
    }
    Error::many(errors)
}

async fn subresources(k: &Kubectl, selection: &Selection) -> Result<(Vec<Info>, Vec<Error>)> {
    let client = k.client().await?;
    let (mut infos, mut errors) = (Vec::new(), Vec::new());
    for target in &selection.targets {
        match client.get(&path_of(k, target), &[]).await {
            Ok(object) => infos.push(Info::of_object(target.resource(), object)),
            Err(error) => errors.push(error),
        }
    }
    Ok((infos, errors))
}

/// What `--sort-by` looks at, where that can be read.
fn sort_path(k: &Kubectl) -> Option<JsonPath> {
    let field = k.flags.str("sort-by");
    if field.is_empty() { None } else { JsonPath::parse(&relaxed(field).ok()?).ok() }
}

/// Where the object is in what is sorted, and the line and the words with which it is said to have no order.
type Held = (fn(&Value) -> &Value, u32, &'static str);

/// Objects by themselves.
const OBJECTS: Held = (|object| object, 329, "*unstructured.Unstructured");
/// Objects with something else.
const PAIRS: Held = (|pair| &pair[0], 329, "*unstructured.Unstructured");
/// Rows that the server made, and rows that kubectl made.
const ROWS: Held = (|row| &row["object"], 375, "[][][]reflect.Value");
const OWN_ROWS: Held = (|row| &row["object"], 329, "*unstructured.Unstructured");

/// Sorts objects as `--sort-by` asks, several at least. What has no order ends kubectl.
async fn sort(k: &Kubectl, rows: &mut [Value], (object_of, line, holder): Held) -> Result<()> {
    let field = k.flags.str("sort-by");
    if field.is_empty() || rows.len() < 2 {
        return Ok(());
    }
    match sort_rows(rows, field, object_of) {
        Ok(()) => Ok(()),
        Err(Unsorted::Path(why)) => Err(Error::text(why)),
        Err(Unsorted::Type(why)) => {
            let field = relaxed(field).unwrap_or_default();
            let text = format!("Field {field} in {holder} is an unsortable type: interface, err: {why}");
            k.log('F', &format!("sorter.go:{line}"), &text).await;
            Err(Error::Exit(1))
        }
    }
}

/// How the table of a resource type is decorated.
fn decoration(
    k: &Kubectl,
    selection: &Selection,
    resource: &Resource,
    wide: bool,
    with_kind: bool,
) -> Decoration {
    Decoration {
        no_headers: k.flags.bool("no-headers"),
        wide,
        with_namespace: selection.all_namespaces && resource.namespaced,
        kind: with_kind.then(|| resource.kind_group()),
        show_labels: k.flags.bool("show-labels"),
        label_columns: k.flags.list("label-columns").to_vec(),
        event: None,
    }
}

/// Whether names are printed with their type.
fn with_kind(k: &Kubectl, selection: &Selection) -> bool {
    let mut types = selection.targets.iter().map(Target::resource);
    let first = types.next();
    k.flags.bool("show-kind") || types.any(|r| Some(r) != first)
}

async fn tables(k: &Kubectl, selection: &Selection, wide: bool) -> Result<()> {
    let client = k.client().await?;
    let sorting = !k.flags.str("sort-by").is_empty();
    let limit = page_size(k);
    let sort_by = sort_path(k);
    let mut names = vec!["metadata"];
    let told = sort_by.as_ref().is_some_and(|path| path.looks_at(false, &mut names));
    let object = Hidden {
        but: Some(&names),
        ..if names.contains(&MANAGED_FIELDS) { Hidden::NOTHING } else { Hidden::MANAGERS }
    };
    let in_rows = Hidden { within: Some(("object", &object)), ..Hidden::NOTHING };
    let server_prints = k.flags.bool("server-print");
    let hidden = (told && server_prints).then_some(in_rows);
    let mut errors = Vec::new();
    let mut tables: Vec<Value> = Vec::new();
    for (index, target) in selection.targets.iter().enumerate() {
        let mut query = match target {
            Target::Collection { .. } => selection.query(),
            Target::Named(_) => Vec::new(),
        };
        if matches!(target, Target::Collection { .. }) {
            query.extend(limit.as_deref().map(|limit| ("limit", limit)));
        }
        if sorting {
            query.push(("includeObject", "Object"));
        }
        let path = path_of(k, target);
        let accept = if server_prints { TABLE } else { JSON };
        let request = Request { accept, hidden, ..Request::new("GET", &path, &query) };
        match client.send(request).await {
            Ok(answer) => {
                let table = if answer["kind"] == "Table" { answer } else { plain_table(k, answer) };
                tables.push(Value::Array(vec![table, index.into()]));
            }
            Err(error) if error.is_not_found() && k.flags.bool("ignore-not-found") => {}
            Err(error) => {
                errors.push(match target {
                    Target::Named(info) => missing(&client, &info.namespace, error).await,
                    Target::Collection { resource, .. } => selection.explain(resource, error),
                });
            }
        }
    }
    // Several tables are sorted themselves.
    sort(k, &mut tables, PAIRS).await?;
    // One table for each run of targets of one type.
    let mut groups: Vec<(Rc<Resource>, Value)> = Vec::new();
    for mut table in tables {
        let index = table[1].as_u64().unwrap_or(0) as usize;
        let (resource, table) = (selection.targets[index].resource(), table[0].take());
        match groups.last_mut().filter(|(last, _)| last == resource) {
            Some((_, known)) => append_rows(known, table),
            None => groups.push((resource.clone(), table)),
        }
    }
    // Only what the server knew counts as a type of its own.
    let with_kind = k.flags.bool("show-kind") || groups.iter().any(|(r, _)| *r != groups[0].0);
    let mut writer = TabWriter::table();
    let mut written = false;
    let alone = groups.len() == 1;
    for (resource, table) in &mut groups {
        if let Some(rows) = table["rows"].as_array_mut() {
            match sort(k, rows, if server_prints { ROWS } else { OWN_ROWS }).await {
                // What cannot be sorted by is not printed at all.
                Err(Error::Text(_)) if alone && server_prints => rows.clear(),
                other => other?,
            }
        }
        if table["rows"].as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let how = decoration(k, selection, resource, wide, with_kind);
        writer.forget();
        writer.push(&table_text(table, &how));
        let text = writer.flush();
        if written && !how.no_headers {
            k.out("\n").await;
        }
        written = true;
        k.out(&text).await;
    }
    if !written && errors.is_empty() && !k.flags.bool("ignore-not-found") {
        let namespaced = selection.targets.iter().all(|target| target.resource().namespaced);
        let text = if namespaced && !selection.all_namespaces {
            format!("No resources found in {} namespace.\n", selection.namespace)
        } else {
            "No resources found\n".to_string()
        };
        k.err(&text).await;
    }
    Error::many(errors)
}

/// The table that kubectl makes itself of objects, or of a list of them: names and ages.
fn plain_table(k: &Kubectl, mut answer: Value) -> Value {
    let items = match answer["items"].as_array_mut() {
        Some(items) => std::mem::take(items),
        None => vec![answer],
    };
    let now = k.sys.clock();
    let rows = items.into_iter().map(|object| {
        let age = duration::since(object["metadata"]["creationTimestamp"].as_str().unwrap_or(""), now);
        json!({"cells": [object["metadata"]["name"], age], "object": object})
    });
    let rows: Vec<Value> = rows.collect();
    json!({
        "columnDefinitions": [
            {"name": "Name", "type": "string", "format": "name"},
            {"name": "Age", "type": "string"},
        ],
        "rows": rows,
    })
}

fn append_rows(known: &mut Value, mut more: Value) {
    let rows = more["rows"].as_array_mut().map(std::mem::take).unwrap_or_default();
    if let Some(known) = known["rows"].as_array_mut() {
        known.extend(rows);
    }
}
