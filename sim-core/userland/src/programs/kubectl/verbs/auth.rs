//! `kubectl auth`: who one is for the server, and what one may do. Models pkg/cmd/auth.

use crate::programs::kubectl::command::{Arguments, Bare, Command, Run};
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::Format;
use crate::programs::kubectl::rules::{self, Rule, texts};
use crate::programs::kubectl::selection::warn_of_others;
use crate::programs::kubectl::tabwriter::TabWriter;
use kube::json;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "auth",
    short: "Inspect authorization",
    commands: &[&CAN_I, &super::reconcile::COMMAND, &WHOAMI],
    usage: "[flags]",
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

const CAN_I: Command = Command {
    name: "can-i",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    short: "Check whether an action is allowed",
    long: "Check whether an action is allowed.\n\n VERB is one of the API's verbs, such as get, list, watch or delete. TYPE is a resource, by any of its names and perhaps with its group. NONRESOURCEURL is a path that begins with \"/\". NAME is that of one object. The answer is \"yes\" or \"no\", and the status 0 or 1.",
    examples: "# May I create pods in any namespace?\nkubectl auth can-i create pods --all-namespaces\n\n# May I list deployments here?\nkubectl auth can-i list deployments.apps\n\n# May the service account foo of namespace dev list pods in namespace prod?\nkubectl auth can-i list pods --as=system:serviceaccount:dev:foo -n prod\n\n# May I read the logs of pods?\nkubectl auth can-i get pods --subresource=log\n\n# All that I may do in namespace foo\nkubectl auth can-i --list --namespace=foo",
    flags: &[&[
        Flag::bool("all-namespaces", "Ask about all namespaces.").short('A'),
        Flag::bool("list", "Show everything that is allowed."),
        Flag::bool("no-headers", "With --list, no line of headers"),
        Flag::bool("quiet", "Say nothing, only end with the status.").short('q'),
        Flag::string("subresource", "", "Subresource, such as pod/log or deployment/scale"),
    ]],
    run: Run::Verb(|k| Box::pin(can_i(k))),
    ..Command::NEW
};

const WHOAMI: Command = Command {
    name: "whoami",
    usage: "",
    short: "Check who you are for the server",
    long: "Check who you are for the server: user name, groups, and what else it knows.",
    examples: "# Who am I?\nkubectl auth whoami\n\n# As JSON\nkubectl auth whoami -o json",
    flags: &[globals::PRINT],
    run: Run::Verb(|k| Box::pin(whoami(k))),
    arguments: Arguments::None,
    ..Command::NEW
};

const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
const PATH_VERBS: &[&str] = &["get", "put", "post", "head", "options", "delete", "patch", "*"];
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

async fn can_i(k: Rc<Kubectl>) -> Result<()> {
    let flags = &k.flags;
    let all = flags.bool("all-namespaces");
    if flags.bool("list") {
        if !k.args().is_empty() {
            return Err(Error::text("list option must be specified with no arguments"));
        }
        if flags.bool("quiet") || all || !flags.str("subresource").is_empty() {
            return Err(Error::text(
                "list option can't be specified with neither quiet, all-namespaces nor subresource options",
            ));
        }
        return list(&k).await;
    }
    let [verb, what] = k.args() else {
        return Err(Error::text(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let namespace = if all { String::new() } else { k.namespace().await?.0 };
    let attributes = if what.starts_with('/') {
        if !flags.str("subresource").is_empty() {
            return Err(Error::text("--subresource can not be used with NonResourceURL"));
        }
        warn_of_verb(&k, verb, PATH_VERBS).await;
        json!({"nonResourceAttributes": {"path": what, "verb": verb}})
    } else {
        let (resource, name) = what.split_once('/').unwrap_or((what, ""));
        let found = resource_for(&k, resource).await?;
        if let (Some(found), false) = (&found, all)
            && !found.namespaced
        {
            let group = match found.group.as_str() {
                "" => String::new(),
                group => format!(" in group '{group}'"),
            };
            k.warn(&format!("resource '{}' is not namespace scoped{group}\n", found.plural)).await;
        }
        warn_of_verb(&k, verb, VERBS).await;
        let (group, resource) = match &found {
            Some(found) => (found.group.as_str(), found.plural.as_str()),
            None => ("", resource),
        };
        let mut attributes = json!({"resource": resource, "verb": verb});
        let rest = [
            ("group", group),
            ("name", name),
            ("namespace", &namespace),
            ("subresource", flags.str("subresource")),
        ];
        for (field, value) in rest.into_iter().filter(|(_, value)| !value.is_empty()) {
            attributes[field] = value.into();
        }
        json!({"resourceAttributes": attributes})
    };
    if flags.bool("no-headers") {
        return Err(Error::text("--no-headers cannot be set without --list specified"));
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": attributes,
    });
    let answer = k.client().await?.post(&format!("{REVIEWS}/selfsubjectaccessreviews"), &[], &review).await?;
    let status = &answer["status"];
    let allowed = status["allowed"] == true;
    let mut text = if allowed { "yes" } else { "no" }.to_string();
    for field in ["reason", "evaluationError"] {
        if let (Some(why), false) = (status[field].as_str().filter(|why| !why.is_empty()), allowed) {
            text.push_str(&format!(" - {why}"));
        }
    }
    if !flags.bool("quiet") {
        k.out(&format!("{text}\n")).await;
    }
    if allowed { Ok(()) } else { Err(Error::Exit(1)) }
}

async fn warn_of_verb(k: &Kubectl, verb: &str, known: &[&str]) {
    if !known.contains(&verb) {
        k.warn(&format!("verb '{verb}' is not a known verb\n")).await;
    }
}

/// The type that is meant; none for `*` and for what the server does not have, with a warning.
async fn resource_for(k: &Kubectl, name: &str) -> Result<Option<Rc<Resource>>> {
    if name == "*" {
        return Ok(None);
    }
    warn_of_others(k, std::iter::once(name)).await?;
    if let Ok(found) = k.mapper().await?.find(name) {
        return Ok(Some(found));
    }
    let lower = name.to_lowercase();
    if !matches!(lower.as_str(), "users" | "groups") {
        let text = match lower.split_once('.') {
            Some((resource, group)) => {
                format!("the server doesn't have a resource type '{resource}' in group '{group}'\n")
            }
            None => format!("the server doesn't have a resource type '{lower}'\n"),
        };
        k.warn(&text).await;
    }
    Ok(None)
}

async fn list(k: &Kubectl) -> Result<()> {
    let (namespace, _) = k.namespace().await?;
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    let answer = k.client().await?.post(&format!("{REVIEWS}/selfsubjectrulesreviews"), &[], &review).await?;
    let status = &answer["status"];
    if status["incomplete"] == true {
        let why = status["evaluationError"].as_str().unwrap_or("");
        k.warn(&format!("the list may be incomplete: {why}")).await;
    }
    let mut writer = TabWriter::table();
    if !k.flags.bool("no-headers") {
        writer.push("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    }
    let of = |field: &str| status[field].as_array().map_or(&[][..], Vec::as_slice);
    let all: Vec<Rule> =
        [of("resourceRules"), of("nonResourceRules")].concat().iter().map(Rule::read).collect();
    for rule in rules::compact(&all) {
        writer.push(&rule.row());
    }
    k.out(&writer.flush()).await;
    Ok(())
}

async fn whoami(k: Rc<Kubectl>) -> Result<()> {
    let format = Format::of(&k).await?;
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let mut answer = k.client().await?.post(path, &[], &review).await?;
    if let Some(metadata) = answer["metadata"].as_object_mut() {
        metadata.retain(|_, value| !value.is_null());
    }
    let text = match format {
        Format::Human { .. } => {
            let info = &answer["status"]["userInfo"];
            let mut writer = TabWriter::table();
            writer.push("ATTRIBUTE\tVALUE\n");
            for (label, field) in [("Username", "username"), ("UID", "uid")] {
                if let Some(value) = info[field].as_str().filter(|value| !value.is_empty()) {
                    writer.push(&format!("{label}\t{value}\n"));
                }
            }
            let groups = texts(&info["groups"]);
            if !groups.is_empty() {
                writer.push(&format!("Groups\t[{}]\n", groups.join(" ")));
            }
            for (key, values) in info["extra"].as_object().into_iter().flatten() {
                writer.push(&format!("Extra: {key}\t[{}]\n", texts(values).join(" ")));
            }
            writer.flush()
        }
        Format::Name => "selfsubjectreview.authentication.k8s.io/\n".to_string(),
        format => format.print_typed(&answer)?,
    };
    k.out(&text).await;
    Ok(())
}
