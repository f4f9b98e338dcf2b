//! `kubectl kustomize`: what a kustomization makes, without a server.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::kustomize;
use linux::vfs::FileType;
use std::rc::Rc;

const FLAGS: &[Flag] = &[
    Flag::bool("as-current-user", "Run functions in containers as the user who calls.").not_simulated(),
    Flag::bool("enable-alpha-plugins", "Allow plugins.").not_simulated(),
    Flag::bool("enable-helm", "Allow the generator that inflates Helm charts.").not_simulated(),
    Flag::array("env", "Variables for functions in containers.").short('e').not_simulated(),
    Flag::slice("helm-api-versions", "API versions that Helm is told of.").not_simulated(),
    Flag::string("helm-command", "helm", "The helm to call.").not_simulated(),
    Flag::bool("helm-debug", "Let Helm say more.").not_simulated(),
    Flag::string("helm-kube-version", "", "The version of Kubernetes that Helm is told.").not_simulated(),
    Flag::string(
        "load-restrictor",
        "LoadRestrictionsRootOnly",
        "With 'LoadRestrictionsNone', files may come from outside of the directory. Such a directory cannot be moved.",
    )
    .not_simulated(),
    Flag::array("mount", "Storage for functions in containers.").not_simulated(),
    Flag::bool("network", "Allow the network to functions that ask for it.").not_simulated(),
    Flag::string("network-name", "bridge", "The network of the container.").not_simulated(),
    Flag::string("output", "", "Write to this file, or to files in this directory.").short('o'),
];

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "kustomize",
    short: "Build a kustomization target from a directory or URL",
    long: "Build a set of resources from a 'kustomization.yaml' file. DIR is a directory with such a file; without it, '.' is meant.",
    examples: "# The directory you are in
kubectl kustomize

# Another one
kubectl kustomize overlays/production",
    usage: "DIR [flags]",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let directory = match k.args() {
        [] => ".",
        [one] => one,
        _ => return Err(Error::text("specify one path to kustomization.yaml")),
    };
    let objects = kustomize::build(&k, directory).await?;
    let output = k.flags.str("output");
    if output.is_empty() {
        k.out(&kustomize::print(&objects)).await;
        return Ok(());
    }
    let failed = |path: &str, errno: linux::Errno| {
        Error::text(format!("open {path}: {}", errno.text().to_lowercase()))
    };
    if k.sys.stat(output).is_ok_and(|stat| stat.file_type == FileType::Directory) {
        return Err(Error::not_simulated("kustomize --output with a directory"));
    }
    let text = kustomize::print(&objects);
    k.sys.write_file(output, text.as_bytes()).await.map_err(|errno| failed(output, errno))
}
