//! `kubectl events`: events in the order of time.
//!
//! Models `k8s.io/kubectl/pkg/cmd/events`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::describe::{event_interval, sort_events};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{Format, shown};
use crate::programs::kubectl::rest::{JSON, Request};
use crate::programs::kubectl::selection::warn_of_others;
use crate::programs::kubectl::tabwriter::TabWriter;
use encoding::tape::Hidden;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

const FLAGS: &[Flag] = &[
    Flag::int("chunk-size", "500", "Ask for long lists in pieces of this size. 0 switches that off."),
    Flag::string("for", "", "Only events about this resource."),
    Flag::bool("no-headers", "No line of headers."),
    Flag::slice("types", "Only events of these types."),
    Flag::bool("watch", "After listing the events, print new ones.").short('w'),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "events",
    short: "List events",
    long: "Display events.\n\n Prints a table of the most important information about events. Ask for the events of a namespace, of all namespaces, or about one resource.",
    examples: "# Recent events in the default namespace
kubectl events

# In all namespaces
kubectl events --all-namespaces

# About one pod, and what comes
kubectl events --for pod/web-pod-13je7 --watch

# As YAML
kubectl events -oyaml

# Only those of some types
kubectl events --types=Warning,Normal",
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
    flags: &[FLAGS, globals::ALL_NAMESPACES, globals::PRINT],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    for name in k.flags.list("types") {
        if !matches!(name.to_lowercase().as_str(), "normal" | "warning") {
            return Err(Error::text("valid --types are Normal or Warning"));
        }
    }
    let format = match Format::of(&k).await? {
        Format::Human { .. } => None,
        format => Some(format),
    };
    let (namespace, _) = k.namespace().await?;
    let all = k.flags.bool("all-namespaces");
    let fields = about(&k).await?;
    let mut query = vec![("limit", "500")];
    if let Some(fields) = &fields {
        query.push(("fieldSelector", fields));
    }
    let path =
        if all { "/api/v1/events".to_string() } else { format!("/api/v1/namespaces/{namespace}/events") };
    let client = k.client().await?;
    let shows = matches!(format, None | Some(Format::Name));
    let hidden = shows.then_some(Hidden::MANAGERS);
    let mut list = client.send(Request { hidden, ..Request::new("GET", &path, &query) }).await?;
    let mut items = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    items.retain(|event| wanted(&k, event));
    let watching = k.flags.bool("watch");
    if items.is_empty() && !watching {
        let text = if all {
            "No events found.\n".to_string()
        } else {
            format!("No events found in {namespace} namespace.\n")
        };
        k.err(&text).await;
        return Ok(());
    }
    // A watch begins with what is there, as it comes.
    if !watching {
        sort_events(&mut items);
    }
    for item in &mut items {
        item["apiVersion"] = Value::from("v1");
        item["kind"] = Value::from("Event");
    }
    let any = !items.is_empty();
    let mut writer = TabWriter::table();
    if let Some(format) = &format {
        let objects = match watching {
            true => items,
            false => vec![json!({"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": items})],
        };
        for object in objects {
            print(&k, format, object).await?;
        }
    } else {
        if !k.flags.bool("no-headers") && !items.is_empty() {
            headers(&mut writer, all);
        }
        for item in &items {
            row(&k, &mut writer, all, item);
            if watching {
                // Each is aligned with those before it.
                k.out(&writer.flush()).await;
            }
        }
        k.out(&writer.flush()).await;
    }
    if watching {
        let mut query: Vec<(&str, &str)> = query.into_iter().filter(|(key, _)| *key != "limit").collect();
        let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("").to_string();
        query.extend([("watch", "true"), ("resourceVersion", version.as_str())]);
        let mut stream = client.stream(&path, &query, JSON).await?;
        let mut named = k.flags.bool("no-headers") || any;
        while let Some(event) = stream.event().await? {
            if !matches!(event["type"].as_str(), Some("ADDED" | "MODIFIED")) || !wanted(&k, &event["object"])
            {
                continue;
            }
            match &format {
                Some(format) => print(&k, format, event["object"].clone()).await?,
                None => {
                    if !named {
                        headers(&mut writer, all);
                        named = true;
                    }
                    row(&k, &mut writer, all, &event["object"]);
                    k.out(&writer.flush()).await;
                }
            }
        }
    }
    Ok(())
}

/// The field selector of `--for`.
async fn about(k: &Kubectl) -> Result<Option<String>> {
    let target = k.flags.str("for");
    if target.is_empty() {
        return Ok(None);
    }
    let Some((kind, name)) = target.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(Error::text("--for must be in resource/name form"));
    };
    warn_of_others(k, std::iter::once(kind)).await?;
    let resource = match k.mapper().await?.find(kind) {
        Ok(resource) => resource,
        Err(error) => return Err(Error::Verbatim(error.message())),
    };
    if name.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "involvedObject.apiVersion={},involvedObject.kind={},involvedObject.name={name}",
        resource.api_version(),
        resource.kind
    )))
}

async fn print(k: &Kubectl, format: &Format, object: Value) -> Result<()> {
    let before = if matches!(format, Format::Yaml) { k.document() } else { "" };
    k.out(&format!("{before}{}", format.print_typed(&shown(k, object))?)).await;
    Ok(())
}

fn wanted(k: &Kubectl, event: &Value) -> bool {
    let types = k.flags.list("types");
    let own = event["type"].as_str().unwrap_or("").to_lowercase();
    types.is_empty() || types.iter().any(|t| t.to_lowercase() == own)
}

fn headers(writer: &mut TabWriter, all: bool) {
    let namespace = if all { "NAMESPACE\t" } else { "" };
    writer.push(&format!("{namespace}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n"));
}

fn row(k: &Kubectl, writer: &mut TabWriter, all: bool, event: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let namespace = if all { text(&event["metadata"]["namespace"]) + "\t" } else { String::new() };
    writer.push(&format!(
        "{namespace}{}\t{}\t{}\t{}/{}\t{}\n",
        event_interval(k.sys.clock(), event),
        text(&event["type"]),
        text(&event["reason"]),
        text(&event["involvedObject"]["kind"]),
        text(&event["involvedObject"]["name"]),
        text(&event["message"]).trim()
    ));
}
