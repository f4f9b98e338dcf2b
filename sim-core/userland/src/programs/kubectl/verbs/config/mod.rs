//! `kubectl config`: the kubeconfig file.
//!
//! Models `k8s.io/kubectl/pkg/cmd/config`.

mod contexts;
mod entries;
mod property;
mod show;

use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::Error;
use crate::programs::kubectl::help;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::kubeconfig::Kubeconfig;
use kube::json;
use serde_json::Value;
use sim::Ordered;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "config",
    short: "Modify kubeconfig files",
    long: "Modify kubeconfig files using subcommands like \"kubectl config set current-context my-context\".\n\n Where the configuration comes from:\n\n  1.  With the --kubeconfig flag, from that file only.\n  2.  With the environment variable $KUBECONFIG, from the files in it, which are merged. Changes go to the file that says something already, or to the first that exists.\n  3.  Otherwise from ${HOME}/.kube/config.",
    usage: "SUBCOMMAND",
    commands: &[
        &show::CURRENT_CONTEXT,
        &entries::DELETE_CLUSTER,
        &contexts::DELETE_CONTEXT,
        &entries::DELETE_USER,
        &show::GET_CLUSTERS,
        &show::GET_CONTEXTS,
        &show::GET_USERS,
        &contexts::RENAME_CONTEXT,
        &property::SET,
        &entries::SET_CLUSTER,
        &contexts::SET_CONTEXT,
        &entries::SET_CREDENTIALS,
        &property::UNSET,
        &contexts::USE_CONTEXT,
        &show::VIEW,
    ],
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

/// Too many or too few arguments: the help on standard output, and an error.
async fn unexpected(k: &Kubectl) -> Error {
    k.out(&help::help(k.command, &k.path)).await;
    Error::text(format!("Unexpected args: [{}]", k.args().join(" ")))
}

/// Puts an entry into `clusters`, `contexts` or `users`, which are in order.
fn put(config: &mut Kubeconfig, list: &str, name: &str, entry: Value) {
    remove(config, list, name);
    if !config.value[list].is_array() {
        config.value[list] = json!([]);
    }
    if let Some(entries) = config.value[list].as_array_mut() {
        entries.push(json!({(&list[..list.len() - 1]): entry, "name": name}));
        entries.order_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    }
}

fn remove(config: &mut Kubeconfig, list: &str, name: &str) {
    if let Some(entries) = config.value[list].as_array_mut() {
        entries.retain(|entry| entry["name"] != name);
    }
}
