//! `kubectl create`: objects from files, and generators for the common kinds. Models pkg/cmd/create.

mod config_map;
mod data;
mod deployment;
pub(super) mod from_file;
mod ingress;
mod job;
mod namespace;
mod pod_disruption_budget;
mod priority_class;
mod quota;
mod role;
mod role_binding;
mod secret;
mod service;
mod service_account;
mod token;

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::Info;
pub(in crate::programs::kubectl) use data::hash;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "create",
    short: "Create a resource from a file or from stdin",
    long: "Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.",
    examples: "# Create what a file describes\nkubectl create -f ./pod.json\n\n# Create what comes from standard input\ncat pod.json | kubectl create -f -",
    usage: "-f FILENAME",
    flags: &[
        globals::DRY_RUN,
        globals::FILENAMES,
        globals::PRINT,
        globals::RECORD,
        globals::SELECTOR,
        FILE_FLAGS,
        COMMON,
    ],
    commands: &[
        &role::CLUSTER_ROLE,
        &role_binding::CLUSTER_ROLE_BINDING,
        &config_map::COMMAND,
        &job::CRON_JOB,
        &deployment::COMMAND,
        &ingress::COMMAND,
        &job::JOB,
        &namespace::COMMAND,
        &pod_disruption_budget::COMMAND,
        &priority_class::COMMAND,
        &quota::COMMAND,
        &role::ROLE,
        &role_binding::ROLE_BINDING,
        &secret::COMMAND,
        &service::COMMAND,
        &service_account::COMMAND,
        &token::COMMAND,
    ],
    run: Run::Verb(|k| Box::pin(from_file::run(k))),
    arguments: Arguments::None,
    ..Command::NEW
};

const FILE_FLAGS: &[Flag] = &[
    Flag::bool("edit", "Edit the resource before it is created"),
    Flag::string("raw", "", "Path on the server to post the file to"),
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

/// The one argument that is a name.
fn name_argument(k: &Kubectl) -> Result<String> {
    // What stands behind `--` is a command, not a name.
    let names = &k.args()[..k.flags.dash.unwrap_or(k.args().len())];
    match names {
        [name] => Ok(name.clone()),
        names => Err(k.usage_error(format!("exactly one NAME is required, got {}", names.len()))),
    }
}

/// What every generator does first: the name, and the flags that all of them have.
async fn begin(k: &Kubectl) -> Result<String> {
    let name = name_argument(k)?;
    printers::dry_run(k)?;
    printers::Format::of(k).await?;
    validation(k)?;
    Ok(name)
}

/// The kinds that generators make, as (group, version, plural, kind, namespaced). kubectl knows them without
/// asking the server, so that `--dry-run=client` needs none.
const GENERATED: &[(&str, &str, &str, &str, bool)] = &[
    ("", "v1", "configmaps", "ConfigMap", true),
    ("", "v1", "namespaces", "Namespace", false),
    ("", "v1", "pods", "Pod", true),
    ("", "v1", "resourcequotas", "ResourceQuota", true),
    ("", "v1", "secrets", "Secret", true),
    ("", "v1", "serviceaccounts", "ServiceAccount", true),
    ("", "v1", "services", "Service", true),
    ("apps", "v1", "deployments", "Deployment", true),
    ("batch", "v1", "cronjobs", "CronJob", true),
    ("batch", "v1", "jobs", "Job", true),
    ("networking.k8s.io", "v1", "ingresses", "Ingress", true),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", true),
    ("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false),
];

fn generated(api_version: &str, kind: &str) -> Option<Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let row = GENERATED.iter().find(|row| row.0 == group && row.1 == version && row.3 == kind)?;
    Some(Resource {
        group: group.to_string(),
        version: version.to_string(),
        plural: row.2.to_string(),
        singular: kind.to_lowercase(),
        kind: kind.to_string(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: row.4,
        verbs: Vec::new(),
        subresources: Vec::new(),
    })
}

/// Creates a generated object and says so; `what` is what the error calls it, with its colon.
async fn create_generated(k: &Kubectl, object: Value, what: Option<&str>) -> Result<()> {
    let info = submit(k, object, what).await?;
    printers::print_typed_result(k, &info, "created").await
}

/// Sends an object to the server, unless it is only to be shown.
pub(super) async fn submit(k: &Kubectl, mut object: Value, what: Option<&str>) -> Result<Info> {
    let dry_run = printers::dry_run(k)?;
    let api_version = object["apiVersion"].as_str().unwrap_or("").to_string();
    let kind = object["kind"].as_str().unwrap_or("").to_string();
    let (namespace, explicit) = k.namespace().await?;
    let resource =
        match generated(&api_version, &kind) {
            Some(resource) => Rc::new(resource),
            None => k.mapper().await?.of_kind(&api_version, &kind).ok_or_else(|| {
                Error::text(format!("no matches for kind {kind:?} in version {api_version:?}"))
            })?,
        };
    k.record(&mut object);
    // Where the command line names a namespace, the object that is shown has it.
    if resource.namespaced && explicit {
        object["metadata"]["namespace"] = Value::from(namespace.as_str());
    }
    // `run` only writes the annotation into what it sends.
    let unsent = dry_run == DryRun::Client && k.command.name == "run";
    if k.flags.has("save-config") && k.flags.bool("save-config") && !unsent {
        let config = kube::api::go_order::compact(&object) + "\n";
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
            return Err(Error::text(format!("failed to create {what} {}", error.message())));
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
