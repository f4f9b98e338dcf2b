//! `kubectl set resources`.

use super::{FLAGS, Words, check_flags, containers, objects, send, with_pod_spec};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers;
use kube::api::quantity;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "resources",
    usage: "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]",
    short: "Update resource requests/limits on objects with pod templates",
    long: "Specify compute resource requirements (CPU, memory) for any resource that defines a pod template. A pod is scheduled where its requests are still free, and gets no more than its limits.\n\n Where only a limit is given, the request is the same.\n\n Possible resources include (case insensitive): Use \"kubectl api-resources\" for a complete list of supported resources..",
    examples: "# Limits of the nginx container of a deployment\nkubectl set resources deployment nginx -c=nginx --limits=cpu=200m,memory=512Mi\n\n# Limits and requests of all its containers\nkubectl set resources deployment nginx --limits=cpu=200m,memory=512Mi --requests=cpu=100m,memory=256Mi\n\n# None any more\nkubectl set resources deployment nginx --limits=cpu=0,memory=0 --requests=cpu=0,memory=0\n\n# Show what a file would become\nkubectl set resources -f path/to/file.yaml --limits=cpu=200m,memory=512Mi --local -o yaml",
    flags: &[
        globals::DRY_RUN,
        globals::FILENAMES,
        globals::PRINT,
        globals::RECORD,
        globals::SELECTOR,
        FLAGS,
        OWN,
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const OWN: &[Flag] = &[
    Flag::string("containers", "*", "Names of the containers to change; may have stars").short('c'),
    Flag::string("limits", "", "Limits of the containers, for example 'cpu=100m,memory=256Mi'."),
    Flag::string("requests", "", "Requests of the containers, for example 'cpu=100m,memory=256Mi'."),
];

/// The resources of a flag.
fn parse(text: &str) -> Result<Vec<(String, String)>> {
    let mut list = Vec::new();
    for statement in text.split(',').filter(|_| !text.is_empty()) {
        let parts: Vec<&str> = statement.split('=').collect();
        let [name, value] = parts[..] else {
            return Err(Error::text(format!(
                "Invalid argument syntax {statement}, expected <resource>=<value>"
            )));
        };
        let value = quantity::canonical(value).ok_or_else(|| {
            Error::text(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            )
        })?;
        list.push((name.to_string(), value));
    }
    Ok(list)
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let infos = objects(&k, k.args()).await?;
    check_flags(&k, dry_run)?;
    let (limits, requests) = (k.flags.str("limits"), k.flags.str("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err(Error::text(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let wanted = [("limits", parse(limits)?), ("requests", parse(requests)?)];
    let pattern = k.flags.str("containers");
    let mut errors = Vec::new();
    let mut changed = Vec::new();
    for info in infos {
        let after = with_pod_spec(&info, |spec| {
            let mut found = false;
            for list in ["containers", "initContainers"] {
                for container in containers(spec, list, pattern) {
                    found = true;
                    for (field, values) in &wanted {
                        for (name, value) in values {
                            container["resources"][field][name] = value.as_str().into();
                        }
                    }
                }
            }
            if !found {
                errors.push(Error::text(format!("error: unable to find container named {pattern}")));
            }
            Ok(())
        });
        changed.push((info, after));
    }
    let words = Words {
        done: "resource requirements updated",
        failed: "failed to patch resources update to pod template",
        always: false,
    };
    errors.extend(send(&k, changed, &words).await?);
    Error::many(errors)
}
