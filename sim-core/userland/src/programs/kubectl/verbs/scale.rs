//! `kubectl scale`. Models pkg/cmd/scale.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::MERGE_PATCH;
use crate::programs::kubectl::selection::{self, Info, Rules};
use kube::json;
use std::rc::Rc;
use std::time::Duration;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "scale",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    short: "Set a new size for a deployment, replica set, or replication controller",
    long: "Set a new size for a deployment, replica set, replication controller, or stateful set.\n\n With --current-replicas or --resource-version, the size is only changed if what is there is as stated.",
    examples: "# Scale a replica set named 'foo' to 3\nkubectl scale --replicas=3 rs/foo\n\n# Scale a deployment named 'mysql' from 2 to 3, if it has 2\nkubectl scale --current-replicas=2 --replicas=3 deployment/mysql",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, globals::SELECTOR, FLAGS],
    required: &["replicas"],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(
        &["deployment", "replicaset", "replicationcontroller", "statefulset"],
        true,
    ),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("all", "All resources of the given types in the namespace"),
    Flag::int("current-replicas", "-1", "Only scale what has this size now. -1 for any."),
    Flag::int("replicas", "0", "The new size."),
    Flag::string("resource-version", "", "Only scale what has this resource version."),
    Flag::duration("timeout", "0s", "How long to wait for the new size; zero does not wait."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if k.flags.int("replicas") < 0 {
        return Err(Error::text(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if k.flags.int("current-replicas") < -1 {
        return Err(Error::text("The --current-replicas must specify an integer of -1 or greater"));
    }
    let dry_run = printers::dry_run(&k)?;
    let selection = selection::select(&k, k.args(), Rules { own_all: true, ..Rules::default() }).await?;
    let (infos, mut errors) = selection.fetch(&k, true).await?;
    if infos.len() > 1 && !k.flags.str("resource-version").is_empty() {
        return Err(Error::text("cannot use --resource-version with multiple resources"));
    }
    if infos.is_empty() && errors.is_empty() {
        return Err(Error::text("no objects passed to scale"));
    }
    for info in infos {
        if let Err(error) = scale(&k, &info, dry_run).await {
            errors.push(error);
            continue;
        }
        let mut patch = json!({});
        if dry_run == DryRun::None && k.record(&mut patch) {
            let _ = k.client().await?.patch(&info.path(), &[], MERGE_PATCH, &patch).await;
        }
        // What is printed is the object as it was before.
        printers::print_result(&k, &info, "scaled").await?;
    }
    Error::many(errors)
}

async fn scale(k: &Kubectl, info: &Info, dry_run: DryRun) -> Result<()> {
    if dry_run == DryRun::Client {
        return Ok(());
    }
    let client = k.client().await?;
    let path = format!("{}/scale", info.path());
    let current = k.flags.int("current-replicas");
    let version = k.flags.str("resource-version");
    let wanted = k.flags.int("replicas");
    let mut patch = json!({"spec": {"replicas": wanted}});
    if current >= 0 || !version.is_empty() {
        let scale = client.get(&path, &[]).await?;
        let now = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if current >= 0 && now != current {
            return Err(Error::text(format!("Expected replicas to be {current}, was {now}")));
        }
        let at = scale["metadata"]["resourceVersion"].as_str().unwrap_or("");
        if !version.is_empty() && at != version {
            return Err(Error::text(format!("Expected resource version to be {version}, was {at}")));
        }
        patch["metadata"]["resourceVersion"] = at.into();
    }
    let query: &[(&str, &str)] = if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] };
    client.patch(&path, query, MERGE_PATCH, &patch).await?;
    match k.flags.duration("timeout") {
        Some(limit) if dry_run == DryRun::None => {
            k.sys.timeout(limit, reached(k, &path, wanted)).await.unwrap_or_else(|| {
                Err(Error::text(format!("timed out waiting for {:?} to be synced", info.name)))
            })
        }
        _ => Ok(()),
    }
}

/// Looks every second until the size is what was asked for, or somebody asked for another.
async fn reached(k: &Kubectl, path: &str, wanted: i64) -> Result<()> {
    loop {
        let scale = k.client().await?.get(path, &[]).await?;
        let (spec, status) = (&scale["spec"]["replicas"], &scale["status"]["replicas"]);
        if spec.as_i64().unwrap_or(0) != wanted || status.as_i64().unwrap_or(0) == wanted {
            return Ok(());
        }
        let _ = k.sys.sleep(Duration::from_secs(1)).await;
    }
}
