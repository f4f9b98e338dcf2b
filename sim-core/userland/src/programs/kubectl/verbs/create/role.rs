//! `kubectl create role` and `kubectl create clusterrole`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::discovery::Mapper;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::api::map_of;
use kube::json;
use serde_json::Value;
use sim::SortedMap;
use std::rc::Rc;

pub(super) const ROLE: Command = Command {
    name: "role",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]",
    short: "Create a role with single rule",
    long: "Create a role with single rule.",
    examples: "# Who has the role can look at pods\nkubectl create role pod-reader --verb=get --verb=list --verb=watch --resource=pods\n\n# At one pod only\nkubectl create role pod-reader --verb=get --resource=pods --resource-name=readablepod\n\n# A resource of an API group, and a subresource\nkubectl create role foo --verb=get,list,watch --resource=rs.apps\nkubectl create role foo --verb=get,list,watch --resource=pods,pods/status",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, RULE],
    run: Run::Verb(|k| Box::pin(role(k))),
    ..Command::NEW
};

pub(super) const CLUSTER_ROLE: Command = Command {
    name: "clusterrole",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]",
    short: "Create a cluster role",
    long: "Create a cluster role.",
    examples: "# Who has the role can look at pods\nkubectl create clusterrole pod-reader --verb=get,list,watch --resource=pods\n\n# At a path that is no resource\nkubectl create clusterrole \"foo\" --verb=get --non-resource-url=/logs/*\n\n# All that other cluster roles with a label allow\nkubectl create clusterrole monitoring --aggregation-rule=\"rbac.example.com/aggregate-to-monitoring=true\"",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        RULE,
        &[
            Flag::map("aggregation-rule", "Labels of the cluster roles whose rules this one has."),
            Flag::slice("non-resource-url", "Path that the rule is about."),
        ],
    ],
    run: Run::Verb(|k| Box::pin(cluster_role(k))),
    ..Command::NEW
};

const RULE: &[Flag] = &[
    Flag::slice("resource", "Resource that the rule is about"),
    Flag::array("resource-name", "Name of the only object that the rule is about; can be given again"),
    Flag::slice("verb", "Verb that the rule allows"),
];

/// Verbs of resources, others get a warning.
const VERBS: &[&str] = &[
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];
const PATH_VERBS: &[&str] = &["*", "get", "post", "put", "delete", "patch", "head", "options"];

/// Verbs that only some resources have.
const SPECIAL: &[(&str, &[(&str, &str)])] = &[
    ("use", &[("policy", "podsecuritypolicies"), ("extensions", "podsecuritypolicies")]),
    ("bind", &[("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "clusterroles")]),
    ("escalate", &[("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "clusterroles")]),
    (
        "impersonate",
        &[("", "users"), ("", "serviceaccounts"), ("", "groups"), ("authentication.k8s.io", "userextras")],
    ),
];

/// What `--resource` names.
struct Named {
    group: String,
    resource: String,
    subresource: String,
    known: bool,
}

async fn role(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let mapper = k.mapper().await?;
    let verbs = verbs(&k);
    if verbs.is_empty() {
        return Err(Error::text("at least one verb must be specified"));
    }
    warn(&k, &verbs).await;
    let resources = resources(&k, &mapper);
    if resources.is_empty() {
        return Err(Error::text("at least one resource must be specified"));
    }
    check(&resources, &verbs)?;
    let rules = rules(&k, &verbs, &resources, &[]);
    create_generated(&k, object("Role", &name, json!({"rules": rules})), None).await
}

async fn cluster_role(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let mapper = k.mapper().await?;
    let paths = distinct(k.flags.list("non-resource-url"));
    let verbs = verbs(&k);
    let resources = resources(&k, &mapper);
    let labels = k.flags.list("aggregation-rule");
    if !labels.is_empty() {
        let others = [paths.len(), verbs.len(), resources.len(), k.flags.list("resource-name").len()];
        if others.iter().any(|len| *len > 0) {
            return Err(Error::text(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        let labels = labels.iter().filter_map(|pair| pair.split_once('='));
        let labels = map_of(labels.map(|(key, value)| (key.to_string(), value.into())));
        let fields = json!({
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": labels}]},
            "rules": null,
        });
        return create_generated(&k, object("ClusterRole", &name, fields), None).await;
    }
    if verbs.is_empty() {
        return Err(Error::text("at least one verb must be specified"));
    }
    if resources.is_empty() && paths.is_empty() {
        return Err(Error::text("one of resource or nonResourceURL must be specified"));
    }
    if !resources.is_empty() {
        warn(&k, &verbs).await;
        check(&resources, &verbs)?;
    }
    if !paths.is_empty() {
        check_paths(&paths, &verbs)?;
    }
    let rules = rules(&k, &verbs, &resources, &paths);
    create_generated(&k, object("ClusterRole", &name, json!({"rules": rules})), None).await
}

fn object(kind: &str, name: &str, mut fields: Value) -> Value {
    fields["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
    fields["kind"] = kind.into();
    fields["metadata"] = json!({"name": name});
    fields
}

fn distinct(list: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in list {
        if !found.contains(text) {
            found.push(text.clone());
        }
    }
    found
}

fn verbs(k: &Kubectl) -> Vec<String> {
    match distinct(k.flags.list("verb")) {
        all if all.iter().any(|verb| verb == "*") => vec!["*".to_string()],
        verbs => verbs,
    }
}

async fn warn(k: &Kubectl, verbs: &[String]) {
    for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
        k.err(&format!("Warning: '{verb}' is not a standard resource verb\n")).await;
    }
}

fn resources(k: &Kubectl, mapper: &Mapper) -> Vec<Named> {
    let mut found = Vec::new();
    for text in k.flags.list("resource") {
        let (name, subresource) = text.split_once('/').unwrap_or((text, ""));
        let (resource, group) = name.split_once('.').unwrap_or((name, ""));
        let mut named = Named {
            group: group.to_string(),
            resource: resource.to_string(),
            subresource: subresource.to_string(),
            known: false,
        };
        if text == "*" {
            return vec![named];
        }
        if let (Ok(known), false) = (mapper.find(name), resource.is_empty()) {
            (named.group, named.resource, named.known) = (known.group.clone(), known.plural.clone(), true);
        }
        found.push(named);
    }
    found
}

fn check(resources: &[Named], verbs: &[String]) -> Result<()> {
    for named in resources {
        if named.resource.is_empty() {
            return Err(Error::text("resource must be specified if apiGroup/subresource specified"));
        }
        if named.resource == "*" {
            return Ok(());
        }
        let mut known = named.known;
        for verb in verbs {
            let Some((_, special)) = SPECIAL.iter().find(|(special, _)| special == verb) else { continue };
            if !special.contains(&(named.group.as_str(), named.resource.as_str())) {
                return Err(Error::text(format!(
                    "can not perform '{verb}' on '{}' in group '{}'",
                    named.resource, named.group
                )));
            }
            known = true;
        }
        if !known {
            let place = match named.group.as_str() {
                "" => String::new(),
                group => format!(" in group {group:?}"),
            };
            return Err(Error::Verbatim(format!(
                "the server doesn't have a resource type {:?}{place}",
                named.resource
            )));
        }
    }
    Ok(())
}

fn check_paths(paths: &[String], verbs: &[String]) -> Result<()> {
    for verb in verbs {
        if !PATH_VERBS.contains(&verb.as_str()) {
            return Err(Error::text(format!("invalid verb: '{verb}' for nonResourceURL")));
        }
    }
    for path in paths.iter().filter(|path| *path != "*") {
        if !path.starts_with('/') {
            return Err(Error::text("nonResourceURL should start with /"));
        }
        if path[..path.len() - 1].contains('*') {
            return Err(Error::text("nonResourceURL only supports wildcard matches when '*' is at the end"));
        }
    }
    Ok(())
}

/// One rule for each API group, and one for the paths.
fn rules(k: &Kubectl, verbs: &[String], resources: &[Named], paths: &[String]) -> Vec<Value> {
    let mut groups: SortedMap<&str, Vec<String>> = SortedMap::default();
    for named in resources {
        let resource = match named.subresource.as_str() {
            "" => named.resource.clone(),
            subresource => format!("{}/{subresource}", named.resource),
        };
        let list = groups.entry(named.group.as_str()).or_default();
        if !list.contains(&resource) {
            list.push(resource);
        }
    }
    let names = distinct(k.flags.list("resource-name"));
    let mut rules: Vec<Value> = Vec::new();
    for (group, resources) in groups.iter() {
        let mut rule = json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rules.push(rule);
    }
    if !paths.is_empty() {
        rules.push(json!({"nonResourceURLs": paths, "verbs": verbs}));
    }
    rules
}
