//! `kubectl config use-context`, `set-context`, `rename-context`, `delete-context`.

use super::{put, remove, unexpected};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::help;
use crate::programs::kubectl::invocation::Kubectl;
use serde_json::{Map, Value};
use std::rc::Rc;

/// `kubectl config delete-context`
pub const DELETE_CONTEXT: Command = Command {
    name: "delete-context",
    short: "Delete the specified context from the kubeconfig",
    examples: "# Forget the context of minikube\nkubectl config delete-context minikube",
    usage: "NAME",
    run: Run::Verb(|k| Box::pin(delete(k))),
    arguments: Arguments::Config("contexts"),
    ..Command::NEW
};

/// `kubectl config rename-context`
pub const RENAME_CONTEXT: Command = Command {
    name: "rename-context",
    short: "Rename a context from the kubeconfig file",
    examples: "# Call the context 'old-name' 'new-name'\nkubectl config rename-context old-name new-name",
    usage: "CONTEXT_NAME NEW_NAME",
    run: Run::Verb(|k| Box::pin(rename(k))),
    arguments: Arguments::Config("contexts"),
    ..Command::NEW
};

/// `kubectl config set-context`
pub const SET_CONTEXT: Command = Command {
    name: "set-context",
    short: "Set a context entry in kubeconfig",
    long: "Set a context entry in kubeconfig.\n\n With a name that exists, only the fields that are given change.",
    examples: "# Work in the namespace 'lab' from now on\nkubectl config set-context --current --namespace=lab",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
    flags: &[&[
        Flag::string("cluster", "", "Cluster of the context"),
        Flag::bool("current", "Change the current context."),
        Flag::string("namespace", "", "Namespace of the context").short('n'),
        Flag::string("user", "", "User of the context"),
    ]],
    run: Run::Verb(|k| Box::pin(set(k))),
    arguments: Arguments::Config("contexts"),
    ..Command::NEW
};

/// `kubectl config use-context`
pub const USE_CONTEXT: Command = Command {
    name: "use-context",
    aliases: &["use"],
    short: "Set the current-context in a kubeconfig file",
    examples: "# Use the context of minikube\nkubectl config use-context minikube",
    usage: "CONTEXT_NAME",
    run: Run::Verb(|k| Box::pin(use_context(k))),
    arguments: Arguments::Config("contexts"),
    ..Command::NEW
};

async fn use_context(k: Rc<Kubectl>) -> Result<()> {
    let [name] = k.args() else { return Err(unexpected(&k).await) };
    let mut config = k.kubeconfig().await?;
    if name.is_empty() {
        return Err(Error::text("empty context names are not allowed"));
    }
    if config.entry("contexts", name).is_none() {
        return Err(Error::text(format!("no context exists with the name: {name:?}")));
    }
    config.value["current-context"] = Value::from(name.as_str());
    config.save(&k.sys).await?;
    k.out(&format!("Switched to context {name:?}.\n")).await;
    Ok(())
}

async fn set(k: Rc<Kubectl>) -> Result<()> {
    let current = k.flags.bool("current");
    let mut config = k.kubeconfig().await?;
    let name = match k.args() {
        [name] if !name.is_empty() && !current => name.clone(),
        [name] if !name.is_empty() => {
            return Err(Error::text("you cannot specify both a context name and --current"));
        }
        [] if current => match config.value["current-context"].as_str() {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => return Err(Error::text("no current context is set")),
        },
        [] => return Err(Error::text("you must specify a non-empty context name or --current")),
        _ => return Err(unexpected(&k).await),
    };
    let exists = config.entry("contexts", &name).is_some();
    let mut context = config.entry("contexts", &name).cloned().unwrap_or(Value::Object(Map::new()));
    for (flag, field) in [("cluster", "cluster"), ("user", "user"), ("namespace", "namespace")] {
        if k.flags.changed(flag) {
            context[field] = Value::from(k.flags.str(flag));
        }
    }
    put(&mut config, "contexts", &name, context);
    config.save(&k.sys).await?;
    let what = if exists { "modified" } else { "created" };
    k.out(&format!("Context {name:?} {what}.\n")).await;
    Ok(())
}

async fn rename(k: Rc<Kubectl>) -> Result<()> {
    let [old, new] = k.args() else { return Err(unexpected(&k).await) };
    let mut config = k.kubeconfig().await?;
    let Some(context) = config.entry("contexts", old).cloned() else {
        return Err(Error::text(format!("cannot rename the context {old:?}, it's not in {}", config.path)));
    };
    if config.entry("contexts", new).is_some() {
        return Err(Error::text(format!(
            "cannot rename the context {old:?}, the context {new:?} already exists in {}",
            config.path
        )));
    }
    remove(&mut config, "contexts", old);
    put(&mut config, "contexts", new, context);
    if config.value["current-context"] == old.as_str() {
        config.value["current-context"] = Value::from(new.as_str());
    }
    config.save(&k.sys).await?;
    k.out(&format!("Context {old:?} renamed to {new:?}.\n")).await;
    Ok(())
}

async fn delete(k: Rc<Kubectl>) -> Result<()> {
    let [name] = k.args() else {
        // Upstream takes this for no error.
        k.out(&help::help(k.command, &k.path)).await;
        return Ok(());
    };
    let mut config = k.kubeconfig().await?;
    if config.entry("contexts", name).is_none() {
        return Err(Error::text(format!("cannot delete context {name}, not in {}", config.path)));
    }
    if config.value["current-context"] == name.as_str() {
        k.err("warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n")
            .await;
    }
    remove(&mut config, "contexts", name);
    config.save(&k.sys).await?;
    k.out(&format!("deleted context {name} from {}\n", config.path)).await;
    Ok(())
}
