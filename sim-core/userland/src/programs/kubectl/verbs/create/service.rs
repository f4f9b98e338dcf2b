//! `kubectl create service`: one subcommand for each type.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::api::validation;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "service",
    aliases: &["svc"],
    short: "Create a service using a specified subcommand",
    long: "Create a service using a specified subcommand.",
    commands: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

const TCP: &[Flag] = &[Flag::slice("tcp", "Port pairs can be specified as '<port>:<targetPort>'.")];

const CLUSTER_IP: Command = Command {
    name: "clusterip",
    usage: "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
    short: "Create a ClusterIP service",
    long: "Create a ClusterIP service with the specified name.",
    examples: "# Create a ClusterIP service named my-cs\nkubectl create service clusterip my-cs --tcp=5678:8080\n\n# Create a headless one\nkubectl create service clusterip my-cs --clusterip=\"None\"",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        TCP,
        &[Flag::string(
            "clusterip",
            "",
            "Address of the service in the cluster, or 'None' for a headless one; chosen by the server if empty.",
        )],
    ],
    run: Run::Verb(|k| Box::pin(run(k, "ClusterIP"))),
    ..Command::NEW
};

const EXTERNAL_NAME: Command = Command {
    name: "externalname",
    usage: "NAME --external-name external.name [--dry-run=server|client|none]",
    short: "Create an ExternalName service",
    long: "Create an ExternalName service with the specified name.\n\n Such a service is an alias for a name outside of the cluster.",
    examples: "# Create an ExternalName service named my-ns\nkubectl create service externalname my-ns --external-name bar.com",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        TCP,
        &[Flag::string("external-name", "", "Name that the service is an alias for")],
    ],
    required: &["external-name"],
    run: Run::Verb(|k| Box::pin(run(k, "ExternalName"))),
    ..Command::NEW
};

const LOAD_BALANCER: Command = Command {
    name: "loadbalancer",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    short: "Create a LoadBalancer service",
    long: "Create a LoadBalancer service with the specified name.",
    examples: "# Create a LoadBalancer service named my-lbs\nkubectl create service loadbalancer my-lbs --tcp=5678:8080",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, TCP],
    run: Run::Verb(|k| Box::pin(run(k, "LoadBalancer"))),
    ..Command::NEW
};

const NODE_PORT: Command = Command {
    name: "nodeport",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    short: "Create a NodePort service",
    long: "Create a NodePort service with the specified name.",
    examples: "# Create a NodePort service named my-ns\nkubectl create service nodeport my-ns --tcp=5678:8080",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        TCP,
        &[Flag::int("node-port", "0", "Port on each node that leads to the service.")],
    ],
    run: Run::Verb(|k| Box::pin(run(k, "NodePort"))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>, kind: &'static str) -> Result<()> {
    let name = begin(&k).await?;
    let cluster_ip = k.flags.str("clusterip");
    if cluster_ip == "None" && k.flags.list("tcp").is_empty() {
        let object = service(&name, json!({"clusterIP": "None", "type": kind}));
        return create_generated(&k, object, Some(&format!("{kind} service:"))).await;
    }
    let needs_ports = kind != "ExternalName";
    if needs_ports && k.flags.list("tcp").is_empty() {
        return Err(Error::text("at least one tcp port specifier must be provided"));
    }
    let external = k.flags.str("external-name");
    if kind == "ExternalName" && validation::dns_subdomain(external).is_err() {
        return Err(Error::text(format!("invalid service external name {external}")));
    }
    let mut ports = Vec::new();
    for text in k.flags.list("tcp") {
        let mut port = parse_port(text).map_err(Error::text)?;
        if k.flags.has("node-port") && k.flags.int("node-port") != 0 {
            port["nodePort"] = json!(k.flags.int("node-port"));
        }
        ports.push(port);
    }
    let mut spec = json!({"type": kind});
    if !ports.is_empty() {
        spec["ports"] = Value::from(ports);
    }
    if !cluster_ip.is_empty() {
        spec["clusterIP"] = json!(cluster_ip);
    }
    if kind == "ExternalName" {
        spec["externalName"] = json!(external);
    }
    create_generated(&k, service(&name, spec), Some(&format!("{kind} service:"))).await
}

fn service(name: &str, mut spec: Value) -> Value {
    spec["selector"] = json!({"app": name});
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec,
        "status": {"loadBalancer": {}},
    })
}

/// `80`, `80:8080` or `80:name`.
fn parse_port(text: &str) -> std::result::Result<Value, String> {
    let mut parts = text.splitn(2, ':');
    let port = number(parts.next().unwrap_or(""))?;
    let target = match parts.next() {
        None | Some("") => json!(port),
        Some(target) => match target.parse::<i64>() {
            Ok(number) if (1..=65_535).contains(&number) => json!(number),
            Ok(_) => return Err("must be between 1 and 65535, inclusive".to_string()),
            Err(_) => {
                let name = target.split(':').next().unwrap_or(target);
                let wrong = validation::port_name(name);
                if !wrong.is_empty() {
                    return Err(wrong.join(","));
                }
                json!(name)
            }
        },
    };
    Ok(json!({"name": text.replace(':', "-"), "port": port, "protocol": "TCP", "targetPort": target}))
}

fn number(text: &str) -> std::result::Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().map_err(|_| {
        let why = if digits { "value out of range" } else { "invalid syntax" };
        format!("strconv.ParseUint: parsing {text:?}: {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_kubectl_reads_them() {
        assert_eq!(
            parse_port("80"),
            Ok(json!({"name": "80", "port": 80, "protocol": "TCP", "targetPort": 80}))
        );
        let two = json!({"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080});
        assert_eq!(parse_port("80:8080"), Ok(two));
        assert_eq!(parse_port("abc"), Err("strconv.ParseUint: parsing \"abc\": invalid syntax".into()));
        assert_eq!(parse_port("80:99999"), Err("must be between 1 and 65535, inclusive".into()));
    }
}
