//! `kubectl create ingress`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::json;
use serde_json::{Map, Value};
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "ingress",
    aliases: &["ing"],
    usage: "NAME --rule=host/path=service:port[,tls[=secret]] ",
    short: "Create an ingress with the specified name",
    long: "Create an ingress with the specified name.",
    examples: "# What is asked for foo.com/bar goes to svc1, with the certificate in my-cert\nkubectl create ingress simple --rule=\"foo.com/bar=svc1:8080,tls=my-cert\"\n\n# Any host, for the ingress class otheringress\nkubectl create ingress catch-all --class=otheringress --rule=\"/path=svc:port\"\n\n# All paths that begin so\nkubectl create ingress ingress1 --class=default --rule=\"foo.com/path*=svc:8080\"\n\n# With a backend for what no rule takes\nkubectl create ingress ingdefault --class=default --default-backend=defaultsvc:http --rule=\"foo.com/*=svc:8080,tls=secret1\"",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::array("annotation", "Annotation of the ingress, as annotation=value"),
    Flag::string("class", "", "Ingress class"),
    Flag::string("default-backend", "", "Service for what no rule takes, as svcname:port"),
    Flag::array(
        "rule",
        "Rule, as host/path=service:port[,tls=secretname]. A path that ends in '*' means all that begin so.",
    ),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let backend = k.flags.str("default-backend");
    let rules = k.flags.list("rule");
    if backend.is_empty() && rules.is_empty() {
        return Err(Error::text(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let mut parsed = Vec::new();
    for text in rules {
        parsed.push(Rule::parse(text).ok_or_else(|| {
            Error::text(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        })?);
    }
    let mut metadata = json!({"name": name});
    for text in k.flags.list("annotation") {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            Error::text(format!("annotation {text} is invalid and should be in format key=[value]"))
        })?;
        metadata["annotations"][key] = value.into();
    }
    let mut spec = Map::new();
    if !backend.is_empty() {
        let parts: Vec<&str> = backend.split(':').collect();
        let [service, port] = parts[..] else {
            return Err(Error::text("default-backend should be in format servicename:serviceport"));
        };
        spec.insert("defaultBackend".to_string(), backend_of(service, port));
    }
    if !k.flags.str("class").is_empty() {
        spec.insert("ingressClassName".to_string(), k.flags.str("class").into());
    }
    for (field, list) in [("rules", rules_of(&parsed)), ("tls", tls_of(&parsed))] {
        if !list.is_empty() {
            spec.insert(field.to_string(), Value::from(list));
        }
    }
    let object = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": spec,
        "status": {"loadBalancer": {}},
    });
    create_generated(&k, object, Some("ingress:")).await
}

/// `host/path=service:port[,tls[=secret]]`
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    service: &'a str,
    port: &'a str,
    /// Name of the secret; empty for the controller's own certificate.
    tls: Option<&'a str>,
}

impl<'a> Rule<'a> {
    /// Models ruleRegex of upstream, which says nothing about what stands behind the port.
    fn parse(text: &'a str) -> Option<Rule<'a>> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let parts: Vec<&str> = text.split(',').collect();
        let tls = match parts[..] {
            [_, tls] => Some(tls.split('=').nth(1).unwrap_or("")),
            _ => None,
        };
        let (host, rest) = parts[0].split_at(parts[0].find('/')?);
        let (path, backend) = rest.split_once('=')?;
        let backend = backend.split('=').next().unwrap_or(backend);
        let (service, port) = backend.split_once(':')?;
        let port = port.split(':').next().unwrap_or(port);
        let fits = host.chars().all(|c| is_word(c) || matches!(c, '*' | '.'))
            && !service.is_empty()
            && service.chars().all(is_word)
            && port.starts_with(is_word)
            && !path.contains('\n');
        fits.then_some(Rule { host, path, service, port, tls })
    }
}

fn backend_of(service: &str, port: &str) -> Value {
    let port = match port.parse::<i32>() {
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": service, "port": port}})
}

/// One rule for each host, in the order in which they came.
fn rules_of(parsed: &[Rule<'_>]) -> Vec<Value> {
    let mut rules: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in parsed {
        let (path, kind) = match rule.path.strip_suffix('*') {
            Some(path) => (path, "Prefix"),
            None => (rule.path, "Exact"),
        };
        let path = json!({"path": path, "pathType": kind, "backend": backend_of(rule.service, rule.port)});
        match rules.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => rules.push((rule.host, vec![path])),
        }
    }
    let one = |(host, paths): (&str, Vec<Value>)| {
        let mut rule = json!({"http": {"paths": paths}});
        if !host.is_empty() {
            rule["host"] = host.into();
        }
        rule
    };
    rules.into_iter().map(one).collect()
}

/// One entry for each secret; a host is only in the first that names it.
fn tls_of(parsed: &[Rule<'_>]) -> Vec<Value> {
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut seen = Vec::new();
    for rule in parsed {
        let Some(secret) = rule.tls else { continue };
        if seen.contains(&rule.host) {
            continue;
        }
        seen.push(rule.host);
        match entries.iter_mut().find(|(other, _)| *other == secret) {
            Some((_, hosts)) => hosts.push(rule.host),
            None if rule.host.is_empty() && secret.is_empty() => {}
            None if rule.host.is_empty() => entries.push((secret, Vec::new())),
            None => entries.push((secret, vec![rule.host])),
        }
    }
    let one = |(secret, hosts): (&str, Vec<&str>)| {
        let mut entry = json!({});
        if !hosts.is_empty() {
            entry["hosts"] = json!(hosts);
        }
        if !secret.is_empty() {
            entry["secretName"] = secret.into();
        }
        entry
    };
    entries.into_iter().map(one).collect()
}
