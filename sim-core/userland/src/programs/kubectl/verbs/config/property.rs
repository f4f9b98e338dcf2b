//! `kubectl config set` and `unset`: one property, named by its path. Models navigation_step_parser.go.

use super::{put, remove, unexpected};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::{Flag, parse_bool};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::kubeconfig::Kubeconfig;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// `kubectl config set`
pub const SET: Command = Command {
    name: "set",
    short: "Set an individual value in a kubeconfig file",
    long: "Set an individual value in a kubeconfig file.\n\n PROPERTY_NAME has dots between its parts, each of which is a field or the name of an entry. Names of entries may have dots as well.\n\n Certificates and keys are given in base64, or as they are with --set-raw-bytes.",
    examples: "# The server of the cluster my-cluster\nkubectl config set clusters.my-cluster.server https://1.2.3.4\n\n# The cluster of the context my-context\nkubectl config set contexts.my-context.cluster my-cluster",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    flags: &[&[Flag::bool("set-raw-bytes", "The value of certificates and keys is not in base64.")]],
    run: Run::Verb(|k| Box::pin(set(k))),
    ..Command::NEW
};

/// `kubectl config unset`
pub const UNSET: Command = Command {
    name: "unset",
    short: "Unset an individual value in a kubeconfig file",
    long: "Unset an individual value in a kubeconfig file.\n\n PROPERTY_NAME has dots between its parts, each of which is a field or the name of an entry.",
    examples: "# Unset the current context\nkubectl config unset current-context\n\n# Unset the namespace of the context foo\nkubectl config unset contexts.foo.namespace",
    usage: "PROPERTY_NAME",
    run: Run::Verb(|k| Box::pin(unset(k))),
    ..Command::NEW
};

const CLUSTER: &[&str] = &[
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
];
const CONTEXT: &[&str] = &["cluster", "user", "namespace"];
const USER: &[&str] = &[
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "as",
    "as-uid",
    "username",
    "password",
];

/// Where a path leads.
enum Property<'a> {
    CurrentContext,
    /// All entries of a list.
    List(&'static str),
    /// One of them.
    Entry(&'static str, &'a str),
    /// A field of it.
    Field(&'static str, &'a str, &'a str),
}

fn parse(path: &str) -> Result<Property<'_>> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (list, fields) = match first {
        "clusters" => ("clusters", CLUSTER),
        "contexts" => ("contexts", CONTEXT),
        "users" => ("users", USER),
        "current-context" if rest.is_none() => return Ok(Property::CurrentContext),
        _ => return Err(Error::text(format!("unable to parse {path} after [] at api.Config"))),
    };
    let Some(rest) = rest else { return Ok(Property::List(list)) };
    // A name may have dots: what stands before the last one that is followed by a field.
    Ok(match rest.rsplit_once('.').filter(|(_, field)| fields.contains(field)) {
        Some((name, field)) => Property::Field(list, name, field),
        None => Property::Entry(list, rest),
    })
}

async fn set(k: Rc<Kubectl>) -> Result<()> {
    let [path, value] = k.args() else { return Err(unexpected(&k).await) };
    if value.is_empty() {
        return Err(Error::text("you cannot use set to unset a property"));
    }
    if path.is_empty() {
        return Err(Error::text("you must specify a property"));
    }
    let mut config = k.kubeconfig().await?;
    match parse(path)? {
        Property::CurrentContext => config.value["current-context"] = value.as_str().into(),
        Property::List(list) | Property::Entry(list, _) => {
            // Go shows the map that cannot be a value, with the addresses of what is in it.
            let entries: Vec<String> = config
                .entries(list)
                .iter()
                .map(|entry| {
                    let address = 0xc0_0000_0000 | (k.sys.random() & 0xff_ff80);
                    format!("{}:{address:#x}", entry["name"].as_str().unwrap_or(""))
                })
                .collect();
            return Err(Error::text(format!("can't set a map to a value: map[{}]", entries.join(" "))));
        }
        Property::Field(list, name, field) => {
            let value = typed(field, value, k.flags.bool("set-raw-bytes"))?;
            let new = if list == "clusters" { json!({"server": ""}) } else { empty(list) };
            let mut entry = config.entry(list, name).cloned().unwrap_or(new);
            entry[field] = value;
            put(&mut config, list, name, entry);
        }
    }
    config.save(&k.sys).await?;
    k.out(&format!("Property {path:?} set.\n")).await;
    Ok(())
}

fn empty(list: &str) -> Value {
    if list == "contexts" { json!({"cluster": "", "user": ""}) } else { json!({}) }
}

fn typed(field: &str, value: &str, raw: bool) -> Result<Value> {
    if matches!(field, "insecure-skip-tls-verify" | "disable-compression") {
        return parse_bool(value)
            .map(Value::from)
            .ok_or_else(|| Error::text(format!("strconv.ParseBool: parsing {value:?}: invalid syntax")));
    }
    if !field.ends_with("-data") {
        return Ok(value.into());
    }
    if raw {
        return Ok(BASE64.encode(value.as_bytes()).into());
    }
    match BASE64.decode(value.as_bytes()) {
        Ok(_) => Ok(value.into()),
        Err(error) => {
            let at = value
                .bytes()
                .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')))
                .unwrap_or_else(|| kube::api::corrupt_at(&error, value));
            Err(Error::text(format!("error decoding input value: illegal base64 data at input byte {at}")))
        }
    }
}

async fn unset(k: Rc<Kubectl>) -> Result<()> {
    let [path] = k.args() else { return Err(unexpected(&k).await) };
    if path.is_empty() {
        return Err(Error::text("you must specify a property"));
    }
    let mut config = k.kubeconfig().await?;
    let missing = |config: &Kubeconfig, list: &str, name: &str| match config.entry(list, name) {
        Some(_) => Ok(()),
        None => Err(Error::text(format!("current map key `{name}` is invalid"))),
    };
    match parse(path)? {
        Property::CurrentContext => config.value["current-context"] = "".into(),
        Property::List(list) => config.value[list] = Value::Null,
        Property::Entry(list, name) => {
            missing(&config, list, name)?;
            remove(&mut config, list, name);
        }
        Property::Field(list, name, field) => {
            missing(&config, list, name)?;
            let mut entry = config.entry(list, name).cloned().unwrap_or(json!({}));
            if matches!(field, "server" | "cluster" | "user") {
                entry[field] = "".into();
            } else if let Some(fields) = entry.as_object_mut() {
                fields.remove(field);
            }
            put(&mut config, list, name, entry);
        }
    }
    config.save(&k.sys).await?;
    k.out(&format!("Property {path:?} unset.\n")).await;
    Ok(())
}
