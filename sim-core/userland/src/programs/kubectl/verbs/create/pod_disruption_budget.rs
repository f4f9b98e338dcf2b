//! `kubectl create poddisruptionbudget`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::api::selector::LabelSelector;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    short: "Create a pod disruption budget with the specified name",
    long: "Create a pod disruption budget with the specified name, selector, and desired minimum available pods.",
    examples: "# At least one pod with the label app=rails stays available\nkubectl create poddisruptionbudget my-pdb --selector=app=rails --min-available=1\n\n# At least half of the pods with the label app=nginx\nkubectl create pdb my-pdb --selector=app=nginx --min-available=50%",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("max-unavailable", "", "How many pods, or what part of them, may be unavailable at most."),
    Flag::string("min-available", "", "How many pods, or what part of them, stay available at least."),
    Flag::string("selector", "", "Labels of the pods, as key=value."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let selector = k.flags.str("selector");
    let (least, most) = (k.flags.str("min-available"), k.flags.str("max-unavailable"));
    if selector.is_empty() {
        return Err(Error::text("a selector must be specified"));
    }
    if most.is_empty() && least.is_empty() {
        return Err(Error::text("one of min-available or max-unavailable must be specified"));
    }
    if !most.is_empty() && !least.is_empty() {
        return Err(Error::text("min-available and max-unavailable cannot be both specified"));
    }
    for (flag, text) in [("min-available", least), ("max-unavailable", most)] {
        let number = text.strip_suffix('%').unwrap_or(text);
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if !text.is_empty() && !is_number {
            return Err(Error::text(format!("invalid format specified for {flag}")));
        }
    }
    let selector = label_selector(selector)?;
    let (field, text) = if least.is_empty() { ("maxUnavailable", most) } else { ("minAvailable", least) };
    let amount = text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from);
    let object = json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": selector, field: amount},
        "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    });
    create_generated(&k, object, Some("poddisruptionbudgets:")).await
}

/// A selector in words as one of an object. Models metav1.ParseToLabelSelector.
fn label_selector(text: &str) -> Result<Value> {
    LabelSelector::parse(text).map_err(|why| {
        let why = why.replacen("key: Invalid value", "<nil>: Invalid value", 1);
        Error::text(format!("couldn't parse the selector string {text:?}: {why}"))
    })?;
    let mut selector = json!({});
    let mut expressions = Vec::new();
    for part in requirements(text) {
        let part = part.trim();
        let words: Vec<&str> = part.splitn(2, [' ', '(', '=', '!']).collect();
        if let Some(key) = part.strip_prefix('!') {
            expressions.push(json!({"key": key.trim(), "operator": "DoesNotExist"}));
        } else if part.contains("!=") {
            return Err(Error::text("\"!=\" is not a valid label selector operator"));
        } else if let Some((key, value)) = part.split_once("==").or(part.split_once('=')) {
            selector["matchLabels"][key.trim()] = value.trim().into();
        } else if let (Some((left, values)), true) = (part.split_once('('), part.ends_with(')')) {
            let operator = if left.contains(" notin") { "NotIn" } else { "In" };
            let values: Vec<&str> = values.trim_end_matches(')').split(',').map(str::trim).collect();
            expressions.push(json!({"key": words[0], "operator": operator, "values": values}));
        } else {
            expressions.push(json!({"key": part, "operator": "Exists"}));
        }
    }
    if !expressions.is_empty() {
        selector["matchExpressions"] = Value::from(expressions);
    }
    Ok(selector)
}

/// The parts between the commas that do not stand in parentheses.
fn requirements(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .filter(|part| !part.trim().is_empty())
    .collect()
}
