//! `kubectl diff`: what applying would change, shown by the program `diff`. Models pkg/cmd/diff.

use super::apply;
use super::change;
use super::edit::temporary;
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::without_managed_fields;
use crate::programs::kubectl::selection::{self, Info, Rules, Target};
use crate::programs::support::child;
use encoding::json;
use linux::WaitStatus;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "diff",
    usage: "-f FILENAME",
    short: "Diff the live version against a would-be applied version",
    long: "Diff configurations specified by file name or stdin between the current online configuration, and the configuration as it would be if applied.\n\n The output is always YAML.\n\n The environment variable KUBECTL_EXTERNAL_DIFF names another program for it, with its options, for example \"colordiff -N -u\". By default \"diff\" is run with \"-u\" (unified) and \"-N\" (absent files are empty).\n\n Exit status: 0 nothing would change, 1 something would, >1 kubectl or diff failed.\n\n Note: KUBECTL_EXTERNAL_DIFF, if used, is expected to follow that convention.",
    examples: "# What would change by a file\nkubectl diff -f pod.json\n\n# What would change by standard input\ncat service.yaml | kubectl diff -f -",
    flags: &[globals::FILENAMES, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::int("concurrency", "1", "How many objects to look at at once."),
    Flag::string("field-manager", "kubectl-client-side-apply", "Name that stands for who owns the fields"),
    Flag::bool("force-conflicts", "With --server-side: take fields over from others."),
    Flag::bool("prune", "Also show what pruning would delete."),
    Flag::array("prune-allowlist", "Types that --prune deletes"),
    Flag::bool("server-side", "Let the server merge."),
    Flag::bool("show-managed-fields", "If true, show managedFields as well."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    // Status 1 is for differences; whatever goes wrong is one higher than elsewhere.
    match differ(&k).await {
        Ok(()) => Ok(()),
        Err(error @ (Error::Exit(_) | Error::NotSimulated(_))) => Err(error),
        Err(error) => {
            let (text, code) = error.report();
            k.err(&text).await;
            Err(Error::Exit(code + 1))
        }
    }
}

async fn differ(k: &Kubectl) -> Result<()> {
    if k.flags.bool("force-conflicts") && !k.flags.bool("server-side") {
        return Err(Error::text("--force-conflicts only works with --server-side"));
    }
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    if k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        return Err(Error::text("must specify one of -f and -k"));
    }
    let prune = apply::prune::Prune::read(k).await?;
    let selection = selection::select(k, &[], Rules::default()).await?;
    let folders = ["LIVE-", "MERGED-"].map(|prefix| temporary(&k.sys, prefix, ""));
    for folder in &folders {
        k.sys
            .mkdir(folder, 0o700)
            .map_err(|errno| Error::text(format!("mkdir {folder}: {}", errno.text().to_lowercase())))?;
    }
    let (mut files, mut live) = (Vec::new(), Vec::new());
    let mut result = Ok(());
    for target in selection.targets {
        let Target::Named(info) = target else { continue };
        match write(k, &info, &folders, &mut files).await {
            Ok(object) => live.push(Info { object, ..info }),
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    if let (Some(prune), Ok(())) = (prune, &result) {
        result = async {
            for info in prune.orphans(k, &live).await? {
                write_one(k, &info, &folders[0], &info.object, &mut files).await?;
            }
            Ok(())
        }
        .await;
    }
    let shown = match result {
        Ok(()) => show(k, &folders).await,
        Err(error) => Err(error),
    };
    for file in files {
        let _ = k.sys.unlink(&file);
    }
    for folder in &folders {
        let _ = k.sys.rmdir(folder);
    }
    shown
}

/// Writes what is there and what would be; gives back what is there.
async fn write(k: &Kubectl, info: &Info, folders: &[String; 2], files: &mut Vec<String>) -> Result<Value> {
    let client = k.client().await?;
    let live = match client.get(&info.path(), &[]).await {
        Ok(live) => live,
        Err(error) if error.is_not_found() => Value::Null,
        Err(error) => return Err(error),
    };
    let merged = if k.flags.bool("server-side") {
        apply::server_side(k, info, true).await?
    } else if live.is_null() {
        let query = change::query(k, true);
        client.post(&info.resource.collection(&info.namespace), &query, &info.object).await?
    } else {
        let query = change::query(k, true);
        // As the annotation would keep it: with annotations, if only empty ones.
        let modified = json::parse(&apply::configuration(&info.object)).unwrap_or_default();
        match apply::patch_of(info, &modified, &live) {
            Some((patch, media_type)) => client
                .patch(&info.path(), &query, media_type, &patch)
                .await
                .map_err(|error| apply::applying(info, &patch, error))?,
            None => live.clone(),
        }
    };
    let mut versions = [live.clone(), merged];
    if !k.flags.bool("show-managed-fields") {
        versions = versions.map(|version| without_managed_fields(&version));
    }
    if info.resource.kind == "Secret" && info.resource.group.is_empty() {
        mask(&mut versions);
    }
    for (folder, version) in folders.iter().zip(&versions) {
        if !version.is_null() {
            write_one(k, info, folder, version, files).await?;
        }
    }
    Ok(live)
}

async fn write_one(
    k: &Kubectl,
    info: &Info,
    folder: &str,
    version: &Value,
    files: &mut Vec<String>,
) -> Result<()> {
    let group = match info.resource.group.as_str() {
        "" => String::new(),
        group => format!("{group}."),
    };
    let name =
        format!("{group}{}.{}.{}.{}", info.resource.version, info.resource.kind, info.namespace, info.name);
    let path = format!("{folder}/{name}");
    let written = k.sys.write_file(&path, yaml::emit(version).as_bytes()).await;
    written.map_err(|errno| Error::text(format!("open {path}: {}", errno.text().to_lowercase())))?;
    files.push(path);
    Ok(())
}

/// Hides the values of a secret, but not whether they would change.
fn mask(versions: &mut [Value; 2]) {
    let [live, merged] = versions;
    let old = live["data"].clone();
    let new = merged["data"].clone();
    for (version, other, which) in [(live, &new, "before"), (merged, &old, "after")] {
        let Some(data) = version.get_mut("data").and_then(Value::as_object_mut) else { continue };
        for (key, value) in data.iter_mut() {
            let differs = other.get(key).is_some_and(|other| other != value);
            *value = if differs { format!("*** ({which})").into() } else { "***".into() };
        }
    }
}

async fn show(k: &Kubectl, folders: &[String; 2]) -> Result<()> {
    let external = k.sys.env("KUBECTL_EXTERNAL_DIFF").filter(|command| !command.is_empty());
    let argv: Vec<String> = match &external {
        Some(command) => {
            let allowed = |word: &&str| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-=".contains(c))
            };
            let mut words = command.split(' ');
            let program = words.next().map(str::to_string);
            // The options come last.
            let options = words.filter(allowed).map(str::to_string);
            program.into_iter().chain(folders.iter().cloned()).chain(options).collect()
        }
        None => ["diff", "-u", "-N"].map(str::to_string).into_iter().chain(folders.iter().cloned()).collect(),
    };
    let shown = argv[0].clone();
    let env = k.sys.environ();
    let pid = k.sys.fork(move |child| {
        Box::pin(async move {
            let name = argv.first().cloned().unwrap_or_default();
            match child.exec_along_path(&name, argv, env) {
                Ok(running) => running.await,
                Err(_) => 127,
            }
        })
    });
    let pid = pid.map_err(|errno| Error::text(errno.text().to_lowercase()))?;
    match child::wait_for(&k.sys, pid).await {
        WaitStatus::Exited(0) => Ok(()),
        WaitStatus::Exited(1) => Err(Error::Exit(1)),
        WaitStatus::Exited(127) => {
            Err(Error::text(format!("failed to run {shown:?}: executable file not found in $PATH")))
        }
        WaitStatus::Exited(code) => {
            k.err(&format!("exit status {code}\n")).await;
            Err(Error::Exit(code + 1))
        }
        _ => Err(Error::Exit(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn secrets_show_only_that_they_differ() {
        let mut versions = [json!({"data": {"a": "1", "b": "2"}}), json!({"data": {"a": "1", "b": "3"}})];
        mask(&mut versions);
        assert_eq!(versions[0], json!({"data": {"a": "***", "b": "*** (before)"}}));
        assert_eq!(versions[1], json!({"data": {"a": "***", "b": "*** (after)"}}));
    }
}
