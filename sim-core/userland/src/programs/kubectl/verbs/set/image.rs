//! `kubectl set image`.

use super::{FLAGS, Words, check_flags, containers, objects, pairs, send, with_pod_spec};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "image",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    short: "Update the image of a pod template",
    long: "Update existing container image(s) of resources.\n\n Possible resources include (case insensitive):\n\n        pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)",
    examples: "# Other images for two containers of a deployment\nkubectl set image deployment/nginx busybox=busybox nginx=nginx:1.9.1\n\n# One for the nginx containers of all deployments and replication controllers\nkubectl set image deployments,rc nginx=nginx:1.9.1 --all\n\n# One for all containers of a daemon set\nkubectl set image daemonset abc *=nginx:1.9.1\n\n# Show what a file would become\nkubectl set image -f path/to/file.yaml nginx=nginx:1.9.1 --local -o yaml",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(
        &[
            "daemonsets",
            "deployments",
            "pods",
            "cronjobs",
            "replicasets",
            "replicationcontrollers",
            "statefulsets",
        ],
        false,
    ),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let (resources, changes) = pairs::split(k.args(), "image")?;
    let images = pairs::parse(&changes, "image")?;
    check_flags(&k, DryRun::None)?;
    let infos = objects(&k, &resources).await?;
    let mut errors = Vec::new();
    if images.is_empty() {
        errors.push(Error::text("at least one image update is required"));
    } else if images.len() > 1 && images.iter().any(|(name, _)| name == "*") {
        errors.push(Error::text(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    if let Err(error) = check_flags(&k, dry_run) {
        errors.push(error);
    }
    Error::many(std::mem::take(&mut errors))?;
    let mut changed = Vec::new();
    for info in infos {
        let after = with_pod_spec(&info, |spec| {
            for (name, image) in &images {
                let mut found = false;
                for list in ["initContainers", "containers"] {
                    // The name of a container is no pattern here; only a single star stands for all.
                    let wanted =
                        |container: &&mut serde_json::Value| name == "*" || container["name"] == **name;
                    for container in containers(spec, list, "*").filter(wanted) {
                        container["image"] = image.as_str().into();
                        found = true;
                    }
                }
                if !found {
                    errors.push(Error::text(format!("error: unable to find container named {name:?}")));
                }
            }
            Ok(())
        });
        changed.push((info, after));
    }
    let words = Words {
        done: "image updated",
        failed: "failed to patch image update to pod template:",
        always: false,
    };
    errors.extend(send(&k, changed, &words).await?);
    Error::many(errors)
}
