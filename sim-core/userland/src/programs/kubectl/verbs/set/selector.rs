//! `kubectl set selector`.

use super::{FLAGS, check_flags, objects};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::Info;
use crate::programs::kubectl::verbs::change;
use kube::json;
use serde_json::{Map, Value};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "selector",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    short: "Set the selector on a resource",
    long: "Set the selector on a resource. The selector that was there is replaced.\n\n Only Services can have another selector.",
    examples: "# Give a service another selector\nkubectl set selector service my-svc 'environment=qa'",
    flags: &[globals::DRY_RUN, globals::FILENAMES_RECURSIVE, globals::PRINT, globals::RECORD, FLAGS, OWN],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const OWN: &[Flag] = &[Flag::string("resource-version", "", "Only change what has this resource version.")];

/// The labels of a selector, or its other requirements as Go prints them.
fn parse(text: &str) -> std::result::Result<Map<String, Value>, String> {
    let mut labels = Map::new();
    let mut rest = text.trim();
    let mut others = Vec::new();
    while !rest.is_empty() {
        // A comma inside of parentheses does not end a requirement.
        let mut depth = 0;
        let end = rest
            .find(|c: char| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                c == ',' && depth == 0
            })
            .unwrap_or(rest.len());
        let requirement = rest[..end].trim();
        rest = rest[end..].trim_start_matches(',').trim();
        let words: Vec<&str> = requirement.splitn(2, char::is_whitespace).collect();
        if let Some((key, value)) = requirement.split_once("!=") {
            others.push(format!("{{{} NotIn [{}]}}", key.trim(), value.trim()));
        } else if let Some((key, value)) = requirement.split_once("==").or(requirement.split_once('=')) {
            labels.insert(key.trim().to_string(), value.trim().into());
        } else if let Some(key) = requirement.strip_prefix('!') {
            others.push(format!("{{{} DoesNotExist []}}", key.trim()));
        } else if let [key, set] = words[..] {
            let (operator, values) = match set.trim().strip_prefix("notin") {
                Some(values) => ("NotIn", values),
                None => ("In", set.trim().trim_start_matches("in")),
            };
            let values = values.trim().trim_matches(['(', ')']);
            let values: Vec<&str> = values.split(',').map(str::trim).collect();
            others.push(format!("{{{key} {operator} [{}]}}", values.join(" ")));
        } else {
            others.push(format!("{{{requirement} Exists []}}"));
        }
    }
    if others.is_empty() { Ok(labels) } else { Err(format!("[{}]", others.join(" "))) }
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let Some((text, resources)) = k.args().split_last() else {
        return Err(Error::text("one selector is required"));
    };
    check_flags(&k, dry_run)?;
    let selector = parse(text);
    let mut errors = Vec::new();
    for info in objects(&k, resources).await? {
        if let Err(error) = one(&k, info, &selector, dry_run).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn one(
    k: &Kubectl,
    mut info: Info,
    selector: &std::result::Result<Map<String, Value>, String>,
    dry_run: DryRun,
) -> Result<()> {
    if info.resource.kind != "Service" || !info.resource.group.is_empty() {
        return Err(Error::text("setting a selector is only supported for Services"));
    }
    let labels = selector.as_ref().map_err(|expressions| {
        Error::text(format!("match expression {expressions} not supported on this object"))
    })?;
    let mut after = info.object.clone();
    after["spec"]["selector"] = Value::Object(labels.clone());
    let version = k.flags.str("resource-version");
    if k.flags.bool("local") || dry_run == DryRun::Client {
        info.object = after;
        return printers::print_result(k, &info, "selector updated").await;
    }
    let mut patch = change::patch_between(&info, &info.object, &after).unwrap_or_else(|| json!({}));
    if !version.is_empty() {
        patch["metadata"]["resourceVersion"] = version.into();
    }
    info.object = change::send_patch(k, &info, &patch, dry_run == DryRun::Server).await?;
    printers::print_result(k, &info, "selector updated").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_labels_can_be_set() {
        let labels = parse("a=b, c==d").map(|labels| Value::Object(labels).to_string());
        assert_eq!(labels, Ok(r#"{"a":"b","c":"d"}"#.to_string()));
        assert_eq!(parse("a in (b)"), Err("[{a In [b]}]".to_string()));
    }
}
