//! `kubectl taint`: marks on nodes that keep pods away. Models pkg/cmd/taint.

use super::create;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::STRATEGIC_MERGE_PATCH;
use crate::programs::kubectl::selection::{Rules, select};
use kube::api::validation;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "taint",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    short: "Update the taints on one or more nodes",
    long: "Update the taints on one or more nodes.\n\n  *  A taint has a key, perhaps a value, and an effect: KEY=VALUE:EFFECT.\n  *  The key is like that of a label, perhaps with a prefix, as in example.com/my-app.\n  *  The effect is NoSchedule, PreferNoSchedule or NoExecute.\n  *  Only nodes can be tainted.",
    examples: "# Only pods that tolerate dedicated=special-user are scheduled on node foo; a taint with this key and effect is replaced\nkubectl taint nodes foo dedicated=special-user:NoSchedule --overwrite\n\n# Remove the taint with key dedicated and effect NoSchedule, if there is one\nkubectl taint nodes foo dedicated:NoSchedule-\n\n# Remove all taints with key dedicated\nkubectl taint nodes foo dedicated-\n\n# Taint the nodes with label myLabel=X\nkubectl taint node -l myLabel=X dedicated=foo:PreferNoSchedule\n\n# A taint without a value\nkubectl taint nodes foo bar:NoSchedule",
    flags: &[globals::DRY_RUN, globals::PRINT, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&["node"], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("all", "Taint all nodes of the cluster"),
    Flag::string("field-manager", "kubectl-taint", "Name that stands for who owns the fields"),
    Flag::bool("overwrite", "Replace taints with the same key and effect, rather than refuse to."),
    Flag::string(
        "validate",
        "strict",
        "What to do about unknown or doubled fields: strict (or true), warn, or ignore (or false)",
    )
    .bare("strict"),
];

#[derive(Clone, Debug, PartialEq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

impl Taint {
    fn same(&self, other: &Value) -> bool {
        other["key"] == self.key.as_str() && other["effect"] == self.effect.as_str()
    }

    /// Models corev1.Taint ToString.
    fn text(&self) -> String {
        match (self.value.as_str(), self.effect.as_str()) {
            ("", "") => self.key.clone(),
            (value, "") => format!("{}={value}:", self.key),
            ("", effect) => format!("{}:{effect}", self.key),
            (value, effect) => format!("{}={value}:{effect}", self.key),
        }
    }

    fn object(&self) -> Value {
        let mut taint = json!({"effect": self.effect, "key": self.key});
        if !self.value.is_empty() {
            taint["value"] = self.value.as_str().into();
        }
        taint
    }

    /// `key=value:effect`, `key:effect` or `key`.
    fn parse(text: &str) -> std::result::Result<Taint, String> {
        let invalid = || format!("invalid taint spec: {text}");
        let parts: Vec<&str> = text.split(':').collect();
        let (key, value, effect) = match parts[..] {
            [key] => (key, "", ""),
            [pair, effect] => {
                if !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                    return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
                }
                let parts: Vec<&str> = pair.split('=').collect();
                match parts[..] {
                    [key] => (key, "", effect),
                    [key, value] => (key, value, effect),
                    _ => return Err(invalid()),
                }
            }
            _ => return Err(invalid()),
        };
        validation::label_value(value).map_err(|why| format!("{}, {why}", invalid()))?;
        validation::label_key(key)
            .map_err(|why| format!("{}, {}", invalid(), why.replace("non-empty, ", "non-empty; ")))?;
        Ok(Taint { key: key.to_string(), value: value.to_string(), effect: effect.to_string() })
    }
}

/// The taints to add and those to remove.
fn parse(specs: &[String]) -> std::result::Result<(Vec<Taint>, Vec<Taint>), String> {
    let (mut add, mut remove): (Vec<Taint>, Vec<Taint>) = (Vec::new(), Vec::new());
    for spec in specs {
        if let Some(spec) = spec.strip_suffix('-') {
            remove.push(Taint { value: String::new(), ..Taint::parse(spec)? });
            continue;
        }
        let taint = Taint::parse(spec)?;
        if taint.effect.is_empty() {
            return Err(format!("invalid taint spec: {spec}"));
        }
        if add.iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
            return Err(format!(
                "duplicated taints with the same key and effect: {{{} {} {} <nil>}}",
                taint.key, taint.value, taint.effect
            ));
        }
        add.push(taint);
    }
    Ok((add, remove))
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let (mut resources, mut specs) = (Vec::new(), Vec::new());
    for arg in k.args() {
        if arg.contains(['=', ':']) || arg.ends_with('-') {
            specs.push(arg.clone());
        } else if specs.is_empty() {
            resources.push(arg.clone());
        } else {
            return Err(Error::text(format!("all resources must be specified before taint changes: {arg}")));
        }
    }
    let Some(kind) = resources.first().map(|kind| kind.to_lowercase()) else {
        return Err(Error::text("one or more resources must be specified as <resource> <name>"));
    };
    if specs.is_empty() {
        return Err(Error::text("at least one taint update is required"));
    }
    let (add, remove) = parse(&specs).map_err(|why| k.usage_error(why))?;
    let found = k.mapper().await?.find(&kind).map_err(|error| Error::Verbatim(error.message()))?;
    if found.kind != "Node" {
        return Err(Error::text(format!("invalid resource type {kind}, only node types are supported")));
    }
    create::validation(&k)?;
    let conflicts: Vec<String> = add
        .iter()
        .flat_map(|new| remove.iter().filter(|old| old.key == new.key).map(move |old| (new, old)))
        .filter(|(new, old)| old.effect.is_empty() || old.effect == new.effect)
        .map(|(_, old)| format!("{}={}", old.key, old.effect))
        .collect();
    if !conflicts.is_empty() {
        return Err(Error::text(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            conflicts.join(", ")
        )));
    }
    let (all, selected) = (k.flags.bool("all"), !k.flags.str("selector").is_empty());
    if all && selected {
        return Err(Error::text("setting 'all' parameter with a non empty selector is prohibited"));
    }
    let mut wanted = vec!["nodes".to_string()];
    if !all && !selected {
        if resources.len() < 2 {
            return Err(Error::text(
                "at least one resource name must be specified since 'all' parameter is not set",
            ));
        }
        wanted.extend_from_slice(&resources[1..]);
    }
    let (nodes, mut errors) = select(&k, &wanted, Rules::default()).await?.fetch(&k, true).await?;
    for mut node in nodes {
        let old = node.object["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let (operation, new) = match changed(&k, &node.name, &old, &add, &remove) {
            Ok(change) => change,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let taints = if new.is_empty() { Value::Null } else { Value::from(new) };
        if dry_run == DryRun::Client {
            if let (Value::Null, Some(spec)) = (&taints, node.object["spec"].as_object_mut()) {
                spec.remove("taints");
            } else {
                node.object["spec"]["taints"] = taints;
            }
        } else {
            let mut query = vec![("fieldManager", k.flags.str("field-manager"))];
            if dry_run == DryRun::Server {
                query.push(("dryRun", "All"));
            }
            let patch = json!({"spec": {"taints": taints}});
            match k.client().await?.patch(&node.path(), &query, STRATEGIC_MERGE_PATCH, &patch).await {
                Ok(object) => node.object = object,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            }
        }
        // Not even a dry run is named as such.
        match printers::Format::of(&k).await? {
            printers::Format::Human { .. } => k.out(&format!("{} {operation}\n", node.label())).await,
            _ => printers::print_result(&k, &node, operation).await?,
        }
    }
    Error::many(errors)
}

/// The taints that the node has then, and what that is called. Models reorganizeTaints.
fn changed(
    k: &Kubectl,
    node: &str,
    old: &[Value],
    add: &[Taint],
    remove: &[Taint],
) -> Result<(&'static str, Vec<Value>)> {
    let overwrite = k.flags.bool("overwrite");
    if !overwrite {
        let present: Vec<&str> = add
            .iter()
            .filter(|taint| old.iter().any(|other| taint.same(other)))
            .map(|taint| taint.key.as_str())
            .collect();
        if !present.is_empty() {
            return Err(Error::text(format!(
                "node {node} already has {} taint(s) with same effect(s) and --overwrite is false",
                present.join(",")
            )));
        }
    }
    let mut new: Vec<Value> = add.iter().map(Taint::object).collect();
    new.extend(old.iter().filter(|other| !add.iter().any(|taint| taint.same(other))).cloned());
    let added = new.len() != old.len();
    let mut deleted = false;
    let mut missing = Vec::new();
    for taint in remove {
        let before = new.len();
        new.retain(|other| {
            other["key"] != taint.key.as_str()
                || !(taint.effect.is_empty() || other["effect"] == taint.effect.as_str())
        });
        deleted = new.len() != before;
        if !deleted {
            missing.push(Error::text(format!("taint {:?} not found", taint.text())));
        }
    }
    Error::many(missing)?;
    let operation = if (added && deleted) || overwrite {
        "modified"
    } else if added {
        "tainted"
    } else {
        "untainted"
    };
    Ok((operation, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taints_are_read_as_kubectl_reads_them() {
        let check = |spec: &str, found: &str| {
            let specs: Vec<String> = spec.split(' ').map(str::to_string).collect();
            let text = |taints: Vec<Taint>| taints.iter().map(Taint::text).collect::<Vec<_>>().join(" ");
            let parsed = parse(&specs).map(|(add, remove)| format!("+{} -{}", text(add), text(remove)));
            assert_eq!(parsed.unwrap_or_else(|why| why), found, "{spec}");
        };
        check("a=b:NoSchedule c:NoExecute- d-", "+a=b:NoSchedule -c:NoExecute d");
        check("a=b:Foo", "invalid taint effect: Foo, unsupported taint effect");
        check("a:NoSchedule:x", "invalid taint spec: a:NoSchedule:x");
        check("a=b=c:NoSchedule", "invalid taint spec: a=b=c:NoSchedule");
        check(
            "a=b:NoSchedule a=c:NoSchedule",
            "duplicated taints with the same key and effect: {a c NoSchedule <nil>}",
        );
    }
}
