//! `kubectl version`.

use crate::programs::kubectl::VERSION;
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::rest::{self, Request};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

const KUSTOMIZE: &str = "v5.7.1";

const FLAGS: &[Flag] = &[
    Flag::bool("client", "Only the version of this client (no server is asked)."),
    Flag::string("output", "", "One of 'yaml', 'kyaml' or 'json'.").short('o'),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "version",
    short: "Print the client and server version information",
    long: "Print the client and server version information for the current context.",
    examples: "# Versions of client and server\nkubectl version",
    usage: "[flags]",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if !k.args().is_empty() {
        return Err(Error::text(format!("extra arguments: [{}]", k.args().join(" "))));
    }
    let output = k.flags.str("output");
    if !matches!(output, "" | "json" | "yaml") {
        return Err(Error::text("--output must be 'yaml' or 'json'"));
    }
    let client = client_version();
    let (server, error) = if k.flags.bool("client") {
        (Value::Null, None)
    } else {
        let client = k.client().await?;
        let request =
            Request { accept: rest::ANY, ..Request::new("GET", "/version", client.discovery_query()) };
        match client.send(request).await {
            Ok(server) => (server, None),
            Err(error) => (Value::Null, Some(error)),
        }
    };
    let text = match output {
        "" => {
            let mut text = format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}\n");
            if server.is_object() {
                text.push_str(&format!("Server Version: {}\n", server["gitVersion"].as_str().unwrap_or("")));
            }
            text
        }
        "json" => as_json(&client, &server),
        _ => {
            let mut all = json!({"clientVersion": client, "kustomizeVersion": KUSTOMIZE});
            if server.is_object() {
                all["serverVersion"] = server.clone();
            }
            yaml::emit(&all) + "\n"
        }
    };
    k.out(&text).await;
    if server.is_object() {
        warn_of_skew(&k, &client, &server).await;
    }
    error.map_or(Ok(()), Err)
}

fn client_version() -> Value {
    json!({
        "major": "1", "minor": "35", "gitVersion": VERSION,
        "gitCommit": "fdc9d74cbf2da6754ebf81d56f80ae2948cd6425", "gitTreeState": "clean",
        "buildDate": "2026-02-26T20:05:34Z", "goVersion": "go1.25.7", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// With the fields in the order of Go's struct.
fn as_json(client: &Value, server: &Value) -> String {
    const FIELDS: [&str; 13] = [
        "major",
        "minor",
        "emulationMajor",
        "emulationMinor",
        "minCompatibilityMajor",
        "minCompatibilityMinor",
        "gitVersion",
        "gitCommit",
        "gitTreeState",
        "buildDate",
        "goVersion",
        "compiler",
        "platform",
    ];
    let info = |name: &str, info: &Value| {
        let fields: Vec<String> = FIELDS
            .iter()
            .filter(|field| !info[**field].is_null())
            .map(|field| format!("    \"{field}\": {}", info[*field]))
            .collect();
        format!("  \"{name}\": {{\n{}\n  }}", fields.join(",\n"))
    };
    let mut parts = vec![info("clientVersion", client), format!("  \"kustomizeVersion\": \"{KUSTOMIZE}\"")];
    if server.is_object() {
        parts.push(info("serverVersion", server));
    }
    format!("{{\n{}\n}}\n", parts.join(",\n"))
}

async fn warn_of_skew(k: &Kubectl, client: &Value, server: &Value) {
    let minor =
        |info: &Value| info["minor"].as_str().and_then(|m| m.trim_end_matches('+').parse::<i64>().ok());
    if let (Some(ours), Some(theirs)) = (minor(client), minor(server))
        && (ours - theirs).abs() > 1
    {
        k.warn(&format!(
            "version difference between client (1.{ours}) and server (1.{theirs}) exceeds the supported minor version skew of +/-1"
        ))
        .await;
    }
}
