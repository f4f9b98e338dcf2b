//! `kubectl create`: objects from files, and generators for the common kinds. Models pkg/cmd/create.

mod deployment;
pub(super) mod from_file;
mod namespace;
mod service;

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::Info;
use serde_json::Value;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "create",
    short: "Create a resource from a file or from stdin",
    long: "Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.",
    examples: "# Create what a file describes\nkubectl create -f ./pod.json\n\n# Create what comes from standard input\ncat pod.json | kubectl create -f -",
    usage: "-f FILENAME",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::SELECTOR, FILE_FLAGS, COMMON],
    commands: &[
        &CLUSTER_ROLE,
        &CLUSTER_ROLE_BINDING,
        &CONFIG_MAP,
        &CRON_JOB,
        &deployment::COMMAND,
        &INGRESS,
        &JOB,
        &namespace::COMMAND,
        &POD_DISRUPTION_BUDGET,
        &PRIORITY_CLASS,
        &QUOTA,
        &ROLE,
        &ROLE_BINDING,
        &SECRET,
        &service::COMMAND,
        &SERVICE_ACCOUNT,
        &TOKEN,
    ],
    run: Run::Verb(|k| Box::pin(from_file::run(k))),
    arguments: Arguments::None,
    ..Command::NEW
};

const FILE_FLAGS: &[Flag] = &[
    Flag::bool("edit", "Edit the resource before it is created").not_simulated(),
    Flag::string("raw", "", "Path on the server to post the file to").not_simulated(),
    Flag::bool("windows-line-endings", "Only with --edit=true").not_simulated(),
];

/// Flags of `create` and all its subcommands.
const COMMON: &[Flag] = &[
    Flag::string("field-manager", "kubectl-create", "Name that stands for who owns the fields"),
    Flag::bool(
        "save-config",
        "Keep the configuration in an annotation of the object, for a later kubectl apply",
    ),
    Flag::string(
        "validate",
        "strict",
        "What to do about unknown or doubled fields: strict (or true), warn, or ignore (or false)",
    )
    .bare("strict"),
];

const CLUSTER_ROLE: Command = Command::not_simulated("clusterrole", "Create a cluster role");
const CLUSTER_ROLE_BINDING: Command = Command::not_simulated(
    "clusterrolebinding",
    "Create a cluster role binding for a particular cluster role",
);
const CONFIG_MAP: Command = Command {
    aliases: &["cm"],
    ..Command::not_simulated("configmap", "Create a config map from a local file, directory or literal value")
};
const CRON_JOB: Command = Command {
    aliases: &["cj"],
    ..Command::not_simulated("cronjob", "Create a cron job with the specified name")
};
const INGRESS: Command = Command {
    aliases: &["ing"],
    ..Command::not_simulated("ingress", "Create an ingress with the specified name")
};
const JOB: Command = Command::not_simulated("job", "Create a job with the specified name");
const POD_DISRUPTION_BUDGET: Command = Command {
    aliases: &["pdb"],
    ..Command::not_simulated("poddisruptionbudget", "Create a pod disruption budget with the specified name")
};
const PRIORITY_CLASS: Command = Command {
    aliases: &["pc"],
    ..Command::not_simulated("priorityclass", "Create a priority class with the specified name")
};
const QUOTA: Command = Command {
    aliases: &["resourcequota"],
    ..Command::not_simulated("quota", "Create a quota with the specified name")
};
const ROLE: Command = Command::not_simulated("role", "Create a role with single rule");
const ROLE_BINDING: Command =
    Command::not_simulated("rolebinding", "Create a role binding for a particular role or cluster role");
const SECRET: Command = Command::not_simulated("secret", "Create a secret using a specified subcommand");
const SERVICE_ACCOUNT: Command = Command {
    aliases: &["sa"],
    ..Command::not_simulated("serviceaccount", "Create a service account with the specified name")
};
const TOKEN: Command = Command::not_simulated("token", "Request a service account token");

/// The one argument that is a name.
fn name_argument(k: &Kubectl) -> Result<String> {
    // What stands behind `--` is a command, not a name.
    let names = &k.args()[..k.flags.dash.unwrap_or(k.args().len())];
    match names {
        [name] => Ok(name.clone()),
        names => Err(k.usage_error(format!("exactly one NAME is required, got {}", names.len()))),
    }
}

/// Creates a generated object and says so; `what` is what the error calls it.
async fn create_generated(k: &Kubectl, object: Value, what: Option<&str>) -> Result<()> {
    let info = submit(k, object, what).await?;
    printers::print_result(k, &info, "created").await
}

/// Sends an object to the server, unless it is only to be shown.
pub(super) async fn submit(k: &Kubectl, mut object: Value, what: Option<&str>) -> Result<Info> {
    let dry_run = printers::dry_run(k)?;
    let api_version = object["apiVersion"].as_str().unwrap_or("").to_string();
    let kind = object["kind"].as_str().unwrap_or("").to_string();
    let (namespace, explicit) = k.namespace().await?;
    let mapper = k.mapper().await?;
    let resource = mapper
        .of_kind(&api_version, &kind)
        .ok_or_else(|| Error::text(format!("no matches for kind {kind:?} in version {api_version:?}")))?;
    // Where the command line names a namespace, the object that is shown has it.
    if resource.namespaced && explicit {
        object["metadata"]["namespace"] = Value::from(namespace.as_str());
    }
    if k.flags.has("save-config") && k.flags.bool("save-config") {
        let config = super::apply::configuration(&object);
        object["metadata"]["annotations"][super::apply::LAST_APPLIED] = Value::from(config);
    }
    let name = object["metadata"]["name"].as_str().unwrap_or("").to_string();
    let namespace = if resource.namespaced { namespace } else { String::new() };
    let mut info = Info { resource, namespace, name, source: String::new(), object };
    if dry_run == DryRun::Client {
        return Ok(info);
    }
    let query = query(k, dry_run)?;
    let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let created =
        k.client().await?.post(&info.resource.collection(&info.namespace), &query, &info.object).await;
    info.object = match (created, what) {
        (Ok(object), _) => object,
        (Err(error @ Error::Status(_)), Some(what)) => {
            return Err(Error::text(format!("failed to create {what}: {}", error.message())));
        }
        (Err(error), _) => return Err(error),
    };
    Ok(info)
}

/// What goes behind the path of a request that writes.
pub(super) fn query(k: &Kubectl, dry_run: DryRun) -> Result<Vec<(&'static str, String)>> {
    let mut query = Vec::new();
    if dry_run == DryRun::Server {
        query.push(("dryRun", "All".to_string()));
    }
    if k.flags.has("field-manager") {
        query.push(("fieldManager", k.flags.str("field-manager").to_string()));
    }
    if k.flags.has("validate") {
        query.push(("fieldValidation", validation(k)?.to_string()));
    }
    Ok(query)
}

/// The directive of `--validate`.
pub(super) fn validation(k: &Kubectl) -> Result<&'static str> {
    match k.flags.str("validate") {
        "true" | "strict" => Ok("Strict"),
        "warn" => Ok("Warn"),
        "false" | "ignore" => Ok("Ignore"),
        other => Err(Error::text(format!(
            "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
        ))),
    }
}
