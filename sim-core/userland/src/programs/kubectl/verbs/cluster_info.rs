//! `kubectl cluster-info`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::Result;
use crate::programs::kubectl::invocation::Kubectl;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "cluster-info",
    short: "Display cluster information",
    long: "Display addresses of the control plane and services with label kubernetes.io/cluster-service=true. To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.",
    examples: "# Addresses of the control plane and of cluster services\nkubectl cluster-info",
    usage: "[flags]",
    commands: &[&super::dump::COMMAND],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const GREEN: &str = "\u{1b}[0;32m";
const YELLOW: &str = "\u{1b}[0;33m";
const RESET: &str = "\u{1b}[0m";

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let client = k.client().await?;
    k.mapper().await?;
    let server = client.server().to_string();
    say(&k, "Kubernetes control plane", &server).await;
    let selector = "kubernetes.io/cluster-service=true";
    let (namespace, given) = k.namespace().await?;
    let namespace = if given { namespace.as_str() } else { "kube-system" };
    let path = format!("/api/v1/namespaces/{namespace}/services");
    let services = client.get(&path, &[("labelSelector", selector)]).await?;
    for service in services["items"].as_array().into_iter().flatten() {
        let metadata = &service["metadata"];
        let mut name = metadata["name"].as_str().unwrap_or("").to_string();
        let port = &service["spec"]["ports"][0];
        if let Some(port_name) = port["name"].as_str().filter(|n| !n.is_empty()) {
            name = format!("{name}:{port_name}");
            if port_name == "https" || port["port"] == 443 {
                name = format!("https:{name}");
            }
        }
        let title = metadata["labels"]["kubernetes.io/name"].as_str().unwrap_or(&name).to_string();
        let namespace = metadata["namespace"].as_str().unwrap_or("");
        say(&k, &title, &format!("{server}/api/v1/namespaces/{namespace}/services/{name}/proxy")).await;
    }
    k.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n").await;
    Ok(())
}

async fn say(k: &Kubectl, name: &str, link: &str) {
    let text = if k.sys.isatty(1) {
        format!("{GREEN}{name}{RESET} is running at {YELLOW}{link}{RESET}\n")
    } else {
        format!("{name} is running at {link}\n")
    };
    k.out(&text).await;
}
