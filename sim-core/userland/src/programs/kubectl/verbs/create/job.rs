//! `kubectl create job` and `kubectl create cronjob`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::selection::{Rules, select};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const JOB: Command = Command {
    name: "job",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    short: "Create a job with the specified name",
    long: "Create a job with the specified name.",
    examples: "# Create a job\nkubectl create job my-job --image=busybox\n\n# Create it with a command\nkubectl create job my-job --image=busybox -- date\n\n# Run what a cron job would run\nkubectl create job test-job --from=cronjob/a-cronjob",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        &[
            Flag::string("from", "", "The cron job whose job this is."),
            Flag::string("image", "", "Image to run."),
        ],
    ],
    run: Run::Verb(|k| Box::pin(job(k))),
    ..Command::NEW
};

pub(super) const CRON_JOB: Command = Command {
    name: "cronjob",
    aliases: &["cj"],
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
    short: "Create a cron job with the specified name",
    long: "Create a cron job with the specified name.",
    examples: "# Create a cron job\nkubectl create cronjob my-job --image=busybox --schedule=\"*/1 * * * *\"\n\n# Create it with a command\nkubectl create cronjob my-job --image=busybox --schedule=\"*/1 * * * *\" -- date",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        &[
            Flag::string("image", "", "Image to run."),
            Flag::string("restart", "", "When to restart the container: OnFailure or Never"),
            Flag::string("schedule", "", "When the job runs, in the format of cron."),
        ],
    ],
    required: &["image", "schedule"],
    run: Run::Verb(|k| Box::pin(cron_job(k))),
    ..Command::NEW
};

fn container(k: &Kubectl, name: &str) -> Value {
    let mut container = json!({"name": name, "image": k.flags.str("image"), "resources": {}});
    if k.args().len() > 1 {
        container["command"] = json!(k.args()[1..]);
    }
    container
}

async fn job(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let (image, from) = (k.flags.str("image"), k.flags.str("from"));
    if image.is_empty() == from.is_empty() {
        return Err(Error::text("either --image or --from must be specified"));
    }
    if k.args().len() > 1 && !from.is_empty() {
        return Err(Error::text("cannot specify --from and command"));
    }
    let object = if from.is_empty() {
        json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name},
            "spec": {"template": {
                "metadata": {},
                "spec": {"containers": [container(&k, &name)], "restartPolicy": "Never"},
            }},
            "status": {},
        })
    } else {
        from_cron_job(&k, &name, from).await?
    };
    create_generated(&k, object, Some("job:")).await
}

async fn from_cron_job(k: &Kubectl, name: &str, from: &str) -> Result<Value> {
    let selection = select(k, &[from.to_string()], Rules::default()).await?;
    let (infos, errors) = selection.fetch(k, true).await?;
    Error::many(errors)?;
    let [info] = &infos[..] else {
        return Err(Error::text("from must be an existing cronjob"));
    };
    if info.resource.kind != "CronJob" {
        return Err(Error::text(format!(
            "unknown object type *{}.{}",
            info.resource.version, info.resource.kind
        )));
    }
    let template = &info.object["spec"]["jobTemplate"];
    let mut annotations = json!({"cronjob.kubernetes.io/instantiate": "manual"});
    for (key, value) in template["metadata"]["annotations"].as_object().into_iter().flatten() {
        annotations[key] = value.clone();
    }
    let mut job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "annotations": annotations,
            // Without blockOwnerDeletion, which would need the right to change the cron job's finalizers.
            "ownerReferences": [{
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": info.name,
                "uid": info.object["metadata"]["uid"],
                "controller": true,
            }],
        },
        "spec": template["spec"],
        "status": {},
    });
    if template["metadata"]["labels"].is_object() {
        job["metadata"]["labels"] = template["metadata"]["labels"].clone();
    }
    Ok(job)
}

async fn cron_job(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let restart = match k.flags.str("restart") {
        "" => "OnFailure",
        given => given,
    };
    let object = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {
            "schedule": k.flags.str("schedule"),
            "jobTemplate": {
                "metadata": {"name": name},
                "spec": {"template": {
                    "metadata": {},
                    "spec": {"containers": [container(&k, &name)], "restartPolicy": restart},
                }},
            },
        },
        "status": {},
    });
    create_generated(&k, object, Some("cronjob:")).await
}
