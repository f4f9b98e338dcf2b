//! `kubectl set env`: environment variables of containers.

use super::references;
use super::{FLAGS, Words, check_flags, containers, objects, send, with_pod_spec};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers;
use crate::programs::kubectl::selection::{self, Info, Rules};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "env",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    short: "Update environment variables on a pod template",
    long: "Update environment variables on a pod template.\n\n Shows, adds, changes and takes away environment variables of the containers of pods and pod templates; of all of them, or of those whose names fit a pattern.\n\n With \"--env -\", variables are read from standard input, one per line.\n\n Possible resources include (case insensitive):\n\n        pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)",
    examples: "# A variable for a deployment\nkubectl set env deployment/registry STORAGE_DIR=/local\n\n# Those that it has\nkubectl set env deployment/sample-build --list\n\n# Those of all pods\nkubectl set env pods --all --list\n\n# Variables from a secret\nkubectl set env --from=secret/mysecret deployment/myapp\n\n# Variables from a config map, with a prefix\nkubectl set env --from=configmap/myconfigmap --prefix=MYSQL_ deployment/myapp\n\n# Take one away from container 'c1' of all deployments\nkubectl set env deployments --all --containers=\"c1\" ENV-\n\n# Variables of the shell\nenv | grep RAILS_ | kubectl set env -e - deployment/registry",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::SELECTOR, FLAGS, OWN],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const OWN: &[Flag] = &[
    Flag::string("containers", "*", "Names of the containers to change; may have stars").short('c'),
    Flag::array("env", "KEY=VALUE to set in each container; - for standard input.").short('e'),
    Flag::string("from", "", "A config map or secret to take variables from"),
    Flag::slice("keys", "Only these keys of --from, separated by commas"),
    Flag::bool("list", "Show the variables, changes included."),
    Flag::bool("overwrite", "Change variables that are there already.").default("true"),
    Flag::string("prefix", "", "What to put before the names of variables"),
    Flag::bool("resolve", "With --list, show values instead of where they come from"),
];

/// What is to be set and what is to go.
#[derive(Default)]
struct Changes {
    set: Vec<Value>,
    remove: Vec<String>,
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let (resources, words) = split(k.args())?;
    let dry_run = printers::dry_run(&k)?;
    check_flags(&k, dry_run)?;
    if k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() && resources.is_empty() {
        return Err(Error::text(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if k.flags.bool("list") && !k.flags.str("output").is_empty() {
        return Err(Error::text("--list and --output may not be specified together"));
    }
    if !k.flags.list("keys").is_empty() && k.flags.str("from").is_empty() {
        return Err(Error::text(
            "when specifying --keys, a configmap or secret must be provided with --from",
        ));
    }
    let mut changes = Changes::default();
    read(&k, &[k.flags.list("env"), &words].concat(), &mut changes).await?;
    let from = k.flags.str("from");
    if !from.is_empty() {
        import(&k, from, &mut changes).await?;
    }
    let prefix = k.flags.str("prefix");
    for variable in changes.set.iter_mut().filter(|_| !prefix.is_empty()) {
        variable["name"] = format!("{prefix}{}", variable["name"].as_str().unwrap_or("")).into();
    }
    let infos = objects(&k, &resources).await?;
    let mut changed = Vec::new();
    for info in infos {
        let after = change(&k, &info, &changes).await;
        changed.push((info, after));
    }
    if k.flags.bool("list") {
        return Ok(());
    }
    let words =
        Words { done: "env updated", failed: "failed to patch env update to pod template:", always: false };
    Error::many(send(&k, changed, &words).await?)
}

fn split(args: &[String]) -> Result<(Vec<String>, Vec<String>)> {
    let (mut resources, mut words) = (Vec::new(), Vec::new());
    for arg in args {
        let is_change = arg.find('=').is_some_and(|at| at > 0) || arg.ends_with('-');
        if is_change {
            words.push(arg.clone());
        } else if words.is_empty() {
            resources.push(arg.clone());
        } else {
            return Err(Error::text(format!(
                "all resources must be specified before environment changes: {}",
                args.join(" ")
            )));
        }
    }
    Ok((resources, words))
}

async fn read(k: &Kubectl, words: &[String], changes: &mut Changes) -> Result<()> {
    for word in words {
        if word == "-" {
            let bytes = k.sys.read_to_end(0).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                set(line, changes)?;
            }
        } else if word.contains('=') {
            set(word, changes)?;
        } else if let Some(name) = word.strip_suffix('-') {
            changes.remove.push(name.to_string());
        } else {
            return Err(Error::text(format!("unknown environment variable: {word}")));
        }
    }
    let is_set = |name: &String| changes.set.iter().any(|variable| variable["name"] == **name);
    if changes.remove.iter().any(is_set) {
        return Err(Error::text(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    Ok(())
}

fn set(word: &str, changes: &mut Changes) -> Result<()> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let inner = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let fine = !name.is_empty() && name.chars().all(inner) && !name.starts_with(|c: char| c.is_ascii_digit());
    if !fine {
        return Err(Error::text(format!(
            "{name:?} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
        )));
    }
    // An empty value is left out, as everywhere in the API.
    changes.set.push(match value {
        "" => json!({"name": name}),
        value => json!({"name": name, "value": value}),
    });
    Ok(())
}

/// Takes the variables of a config map or a secret.
async fn import(k: &Kubectl, from: &str, changes: &mut Changes) -> Result<()> {
    let rules = Rules { own_selector: true, ..Rules::default() };
    let selection = selection::select_arguments(k, &[from.to_string()], rules).await?;
    let (infos, errors) = selection.fetch(k, true).await?;
    Error::many(errors)?;
    for info in infos {
        let field = match info.resource.kind.as_str() {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return Err(Error::text("unsupported resource specified in --from")),
        };
        let wanted = k.flags.list("keys");
        for (key, _) in info.object["data"].as_object().into_iter().flatten() {
            if !wanted.is_empty() && !wanted.contains(key) {
                continue;
            }
            let name: String = key
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect();
            if name != *key {
                k.err(&format!("Warning: key {key} transferred to {name}\n")).await;
            }
            changes.set.push(json!({"name": name, "valueFrom": {field: {"key": key, "name": info.name}}}));
        }
    }
    Ok(())
}

async fn change(k: &Kubectl, info: &Info, changes: &Changes) -> Result<Value> {
    let pattern = k.flags.str("containers");
    let mut listed = Vec::new();
    let after = with_pod_spec(info, |spec| {
        for container in containers(spec, "containers", pattern) {
            let present = container["env"].as_array().cloned().unwrap_or_default();
            if !k.flags.bool("overwrite") {
                check_overwrites(&present, &changes.set)?;
            }
            let env = updated(present, changes);
            if let Some(container) = container.as_object_mut() {
                if env.is_empty() {
                    container.remove("env");
                } else {
                    container.insert("env".to_string(), Value::Array(env));
                }
            }
            listed.push(container.clone());
        }
        Ok(())
    })?;
    let kind = &info.resource.kind;
    if listed.is_empty() {
        k.err(&format!("Warning: {kind}/{} does not have any containers matching {pattern:?}\n", info.name))
            .await;
    }
    if k.flags.bool("list") {
        for container in &listed {
            let name = container["name"].as_str().unwrap_or("");
            k.out(&format!("# {kind} {}, container {name}\n", info.name)).await;
            references::list(k, info, &container["env"]).await?;
        }
    }
    Ok(after)
}

fn check_overwrites(present: &[Value], set: &[Value]) -> Result<()> {
    for variable in set {
        let old = present.iter().find(|old| old["name"] == variable["name"]);
        let value = |variable: &Value| variable["value"].as_str().unwrap_or("").to_string();
        if let Some(old) = old.filter(|old| value(old) != value(variable)) {
            return Err(Error::text(format!(
                "'{}' already has a value ({}), and --overwrite is false",
                old["name"].as_str().unwrap_or(""),
                value(old)
            )));
        }
    }
    Ok(())
}

/// What is there, with the changes in place and what is new at the end.
fn updated(present: Vec<Value>, changes: &Changes) -> Vec<Value> {
    let mut env: Vec<Value> = Vec::new();
    let new = |name: &Value| changes.set.iter().find(|variable| variable["name"] == *name);
    for variable in present {
        if !changes.remove.iter().any(|name| variable["name"] == **name) {
            env.push(new(&variable["name"]).cloned().unwrap_or(variable));
        }
    }
    for variable in &changes.set {
        if !env.iter().any(|known| known["name"] == variable["name"]) {
            env.push(variable.clone());
        }
    }
    env
}
