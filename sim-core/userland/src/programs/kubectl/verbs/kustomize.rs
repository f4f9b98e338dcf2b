//! `kubectl kustomize`: what a kustomization builds.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::{kustomize, yaml};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "kustomize",
    usage: "DIR [flags]",
    short: "Build a kustomization target from a directory or URL",
    long: "Build a set of KRM resources using a 'kustomization.yaml' file. The DIR argument is a path to a directory with such a file; the current directory if there is none.",
    examples: "# Build the current directory\nkubectl kustomize\n\n# Build some shared configuration directory\nkubectl kustomize /home/config/production",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("as-current-user", "Run functions as the user who runs this").not_simulated(),
    Flag::bool("enable-alpha-plugins", "Switch plugins on").not_simulated(),
    Flag::bool("enable-helm", "Use helm for charts.").not_simulated(),
    Flag::slice("env", "Variables for functions").short('e').not_simulated(),
    Flag::slice("helm-api-versions", "API versions for helm's Capabilities.APIVersions").not_simulated(),
    Flag::string("helm-command", "helm", "Path of helm").not_simulated(),
    Flag::bool("helm-debug", "Let helm say more.").not_simulated(),
    Flag::string("helm-kube-version", "", "Version for helm's Capabilities.KubeVersion").not_simulated(),
    Flag::string(
        "load-restrictor",
        "LoadRestrictionsRootOnly",
        "With 'LoadRestrictionsNone', files outside of the directory may be read.",
    ),
    Flag::slice("mount", "What functions may read").not_simulated(),
    Flag::bool("network", "Let functions use the network").not_simulated(),
    Flag::string("network-name", "bridge", "The network of docker that they use").not_simulated(),
    Flag::string("output", "", "A file to write to.").short('o'),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let folder = match k.args() {
        [] => ".",
        [folder] => folder,
        _ => return Err(Error::text("specify one path to kustomization.yaml")),
    };
    let documents: Vec<String> = kustomize::build(&k, folder).await?.iter().map(yaml::emit).collect();
    let text = documents.join("---\n");
    match k.flags.str("output") {
        "" => k.out(&text).await,
        path => {
            let written = k.sys.write_file(path, text.as_bytes()).await;
            written.map_err(|errno| Error::text(format!("open {path}: {}", errno.text().to_lowercase())))?;
        }
    }
    Ok(())
}
