//! `kubectl config`: the kubeconfig file.
//!
//! Models `k8s.io/kubectl/pkg/cmd/config`.

mod contexts;
mod show;

use crate::programs::kubectl::command::{Bare, Command, Run};

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "config",
    short: "Modify kubeconfig files",
    long: "Modify kubeconfig files using subcommands like \"kubectl config set current-context my-context\".\n\n Where the configuration comes from:\n\n  1.  With the --kubeconfig flag, from that file only.\n  2.  With the environment variable $KUBECONFIG, from the files in it, which are merged. Changes go to the file that says something already, or to the first that exists.\n  3.  Otherwise from ${HOME}/.kube/config.",
    usage: "SUBCOMMAND",
    commands: &[
        &show::CURRENT_CONTEXT,
        &Command::not_simulated("delete-cluster", "Delete the specified cluster from the kubeconfig"),
        &contexts::DELETE_CONTEXT,
        &Command::not_simulated("delete-user", "Delete the specified user from the kubeconfig"),
        &show::GET_CLUSTERS,
        &show::GET_CONTEXTS,
        &show::GET_USERS,
        &contexts::RENAME_CONTEXT,
        &Command::not_simulated("set", "Set an individual value in a kubeconfig file"),
        &Command::not_simulated("set-cluster", "Set a cluster entry in kubeconfig"),
        &contexts::SET_CONTEXT,
        &Command::not_simulated("set-credentials", "Set a user entry in kubeconfig"),
        &Command::not_simulated("unset", "Unset an individual value in a kubeconfig file"),
        &contexts::USE_CONTEXT,
        &show::VIEW,
    ],
    run: Run::Group(Bare::Err),
    ..Command::NEW
};
