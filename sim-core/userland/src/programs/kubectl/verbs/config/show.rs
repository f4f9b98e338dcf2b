//! `kubectl config view`, `current-context`, `get-clusters`, `get-contexts`, `get-users`.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::kubeconfig::Kubeconfig;
use crate::programs::kubectl::printers::Format;
use crate::programs::kubectl::tabwriter::TabWriter;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::Value;
use sim::Ordered;
use std::rc::Rc;

/// `kubectl config current-context`
pub const CURRENT_CONTEXT: Command = Command {
    name: "current-context",
    short: "Display the current-context",
    examples: "# The current context\nkubectl config current-context",
    usage: "[flags]",
    run: Run::Verb(|k| {
        Box::pin(async move {
            match k.kubeconfig().await?.value["current-context"].as_str() {
                Some(name) if !name.is_empty() => {
                    k.out(&format!("{name}\n")).await;
                    Ok(())
                }
                _ => Err(Error::text("current-context is not set")),
            }
        })
    }),
    ..Command::NEW
};

/// `kubectl config get-clusters`
pub const GET_CLUSTERS: Command = Command {
    name: "get-clusters",
    short: "Display clusters defined in the kubeconfig",
    examples: "# The clusters that kubectl knows\nkubectl config get-clusters",
    usage: "[flags]",
    run: Run::Verb(|k| Box::pin(names(k, "clusters"))),
    ..Command::NEW
};

/// `kubectl config get-contexts`
pub const GET_CONTEXTS: Command = Command {
    name: "get-contexts",
    short: "Describe one or many contexts",
    long: "Display one or many contexts from the kubeconfig file.",
    examples: "# All contexts
kubectl config get-contexts

# One of them
kubectl config get-contexts my-context",
    usage: "[(-o|--output=)name)]",
    flags: &[&[
        Flag::bool("no-headers", "No line of headers."),
        Flag::string("output", "", "Output format. One of: (name).").short('o'),
    ]],
    run: Run::Verb(|k| Box::pin(get_contexts(k))),
    arguments: Arguments::Config("contexts"),
    ..Command::NEW
};

/// `kubectl config get-users`
pub const GET_USERS: Command = Command {
    name: "get-users",
    short: "Display users defined in the kubeconfig",
    examples: "# The users that kubectl knows\nkubectl config get-users",
    usage: "[flags]",
    run: Run::Verb(|k| Box::pin(names(k, "users"))),
    ..Command::NEW
};

/// `kubectl config view`
pub const VIEW: Command = Command {
    name: "view",
    short: "Display merged kubeconfig settings or a specified kubeconfig file",
    long: "Display merged kubeconfig settings or a specified kubeconfig file.\n\n --output jsonpath={...} takes values out of it with a jsonpath expression.",
    examples: "# The merged settings
kubectl config view

# With certificates and secrets
kubectl config view --raw

# Only what the current context uses
kubectl config view --minify",
    usage: "[flags]",
    flags: &[&[
        globals::PRINT[0],
        globals::PRINT[1].default("yaml"),
        globals::PRINT[2],
        globals::PRINT[3],
        Flag::bool("flatten", "Put the contents of files in the place of their names."),
        Flag::bool("merge", "Merge all the kubeconfig files.").default("true"),
        Flag::bool("minify", "Leave out everything that the current context does not use."),
        Flag::bool("raw", "Show raw byte data and sensitive data."),
    ]],
    run: Run::Verb(|k| Box::pin(view(k))),
    ..Command::NEW
};

async fn names(k: Rc<Kubectl>, list: &'static str) -> Result<()> {
    let config = k.kubeconfig().await?;
    let mut text = "NAME\n".to_string();
    for entry in config.entries(list) {
        text.push_str(entry["name"].as_str().unwrap_or(""));
        text.push('\n');
    }
    k.out(&text).await;
    Ok(())
}

async fn get_contexts(k: Rc<Kubectl>) -> Result<()> {
    let short = match k.flags.str("output") {
        "" => false,
        "name" => true,
        other => {
            return Err(Error::text(format!(
                "--output {other} is not available in kubectl config get-contexts; resetting to default output format"
            )));
        }
    };
    let config = k.kubeconfig().await?;
    let mut wanted: Vec<String> = k.args().to_vec();
    let mut errors = Vec::new();
    if wanted.is_empty() {
        wanted =
            config.entries("contexts").iter().map(|e| e["name"].as_str().unwrap_or("").to_string()).collect();
    }
    wanted.order();
    let mut writer = TabWriter::table();
    if !short && !k.flags.bool("no-headers") {
        writer.push("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    for name in wanted {
        let Some(context) = config.entry("contexts", &name) else {
            errors.push(Error::text(format!("context {name} not found")));
            continue;
        };
        if short {
            writer.push(&format!("{name}\n"));
            continue;
        }
        let field = |field: &str| context[field].as_str().unwrap_or("").to_string();
        let mark = if config.value["current-context"] == name.as_str() { "*" } else { "" };
        writer.push(&format!(
            "{mark}\t{name}\t{}\t{}\t{}\n",
            field("cluster"),
            field("user"),
            field("namespace")
        ));
    }
    k.out(&writer.flush()).await;
    Error::many(errors)
}

async fn view(k: Rc<Kubectl>) -> Result<()> {
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("unexpected arguments: [{}]", k.args().join(" "))));
    }
    let mut config = k.kubeconfig().await?;
    if k.flags.bool("minify") {
        minify(&k, &mut config)?;
    }
    if k.flags.bool("flatten") {
        flatten(&k, &mut config.value).await?;
    } else if !k.flags.bool("raw") {
        hide(&mut config.value);
    }
    for list in ["clusters", "contexts", "users"] {
        if config.entries(list).is_empty() {
            config.value[list] = Value::Null;
        }
    }
    let text = match Format::of(&k).await? {
        Format::Human { .. } => yaml::emit(&config.value),
        Format::Name => "config/<unknown>\n".to_string(),
        format => format.print_typed(&config.value)?,
    };
    k.out(&text).await;
    Ok(())
}

fn minify(k: &Kubectl, config: &mut Kubeconfig) -> Result<()> {
    let name = config.current_context(&k.flags);
    let Some(context) = config.entry("contexts", &name).cloned() else {
        if !name.is_empty() {
            return Err(Error::text(format!("cannot locate context {name}")));
        }
        return Err(Error::text("current-context must exist in order to minify"));
    };
    for (list, wanted) in [
        ("contexts", Value::from(name.as_str())),
        ("clusters", context["cluster"].clone()),
        ("users", context["user"].clone()),
    ] {
        if let Some(entries) = config.value[list].as_array_mut() {
            entries.retain(|entry| entry["name"] == wanted);
        }
    }
    config.value["current-context"] = Value::from(name);
    Ok(())
}

/// Puts the contents of files in the place of their names.
async fn flatten(k: &Kubectl, value: &mut Value) -> Result<()> {
    let fields = ["certificate-authority", "client-certificate", "client-key"];
    for list in ["clusters", "users"] {
        for entry in value[list].as_array_mut().into_iter().flatten() {
            let Some(entry) = entry[&list[..list.len() - 1]].as_object_mut() else { continue };
            for field in fields {
                let Some(path) = entry.remove(field).and_then(|path| path.as_str().map(String::from)) else {
                    continue;
                };
                let bytes =
                    k.sys.read_file(&path).await.map_err(|errno| {
                        Error::text(format!("open {path}: {}", errno.text().to_lowercase()))
                    })?;
                entry.insert(format!("{field}-data"), BASE64.encode(&bytes).into());
            }
        }
    }
    Ok(())
}

/// Puts words in the place of secrets.
fn hide(value: &mut Value) {
    for list in ["clusters", "users"] {
        for entry in value[list].as_array_mut().into_iter().flatten() {
            let Some(fields) = entry[&list[..list.len() - 1]].as_object_mut() else { continue };
            for (field, value) in fields {
                if field.ends_with("-data") {
                    *value = Value::from("DATA+OMITTED");
                } else if field == "token" || field == "password" {
                    *value = Value::from("REDACTED");
                }
            }
        }
    }
}
