//! `kubectl rollout history`.

use super::revisions::{self, CHANGE_CAUSE, Revision};
use super::{no_visitor, objects};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::describe::pod_template_text;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{Format, shown};
use crate::programs::kubectl::selection::Info;
use crate::programs::kubectl::tabwriter::TabWriter;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "history",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    short: "View rollout history",
    long: "View previous rollout revisions and configurations.",
    examples: "# The revisions of a deployment\nkubectl rollout history deployment/abc\n\n# What revision 3 of a daemon set was\nkubectl rollout history daemonset/abc --revision=3",
    flags: &[globals::FILENAMES, globals::PRINT, globals::SELECTOR, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&["deployment", "daemonset", "statefulset"], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[Flag::int("revision", "0", "Show this revision in full, with its pod template")];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let (infos, mut errors) = objects(&k).await?;
    let format = Format::of(&k).await?;
    let mut documents = 0;
    for info in infos {
        if let Err(error) = show(&k, &info, &format, &mut documents).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn show(k: &Kubectl, info: &Info, format: &Format, documents: &mut usize) -> Result<()> {
    if !matches!(info.resource.kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet")
        || info.resource.group != "apps"
    {
        return Err(no_visitor(info, "history", "history viewer"));
    }
    let all = revisions::list(k, info).await?;
    let number = k.flags.int("revision");
    let missing = || Error::text("unable to find the specified revision");
    if !format.is_human() {
        let wanted: Vec<&Revision> = all.iter().filter(|r| number == 0 || r.number == number).collect();
        if number > 0 && wanted.is_empty() {
            return Err(missing());
        }
        for revision in wanted {
            // Of those with controller revisions, the object as it was then is shown.
            let object = match revision.object["kind"].as_str() {
                Some("ReplicaSet") => revision.object.clone(),
                _ => revisions::applied(info, &revision.object["data"]),
            };
            let text = match format {
                Format::Name => format!(
                    "{}.apps/{}\n",
                    object["kind"].as_str().unwrap_or("").to_lowercase(),
                    object["metadata"]["name"].as_str().unwrap_or("")
                ),
                format => format.print(&shown(k, object))?,
            };
            *documents += 1;
            let separate = matches!(format, Format::Yaml | Format::Kyaml) && *documents > 1;
            k.out(&if separate { format!("---\n{text}") } else { text }).await;
        }
        return Ok(());
    }
    let (title, text) = if all.is_empty() {
        (String::new(), "No rollout history found.".to_string())
    } else if number > 0 {
        let revision = all.into_iter().find(|r| r.number == number).ok_or_else(missing)?;
        (format!("with revision #{number}"), template_text(k, revision))
    } else {
        (String::new(), table(&all))
    };
    let title = if number > 0 { format!("with revision #{number}") } else { title };
    k.out(&format!("{} {title}\n{text}\n", info.label())).await;
    Ok(())
}

fn template_text(k: &Kubectl, revision: Revision) -> String {
    let mut template = revision.template;
    let cause = &revision.object["metadata"]["annotations"][CHANGE_CAUSE];
    if revision.object["kind"] == "ReplicaSet" && !cause.is_null() {
        template["metadata"]["annotations"][CHANGE_CAUSE] = cause.clone();
    }
    pod_template_text(k.sys.clock(), &template)
}

fn table(all: &[Revision]) -> String {
    let mut writer = TabWriter::describe();
    writer.push("REVISION\tCHANGE-CAUSE\n");
    for revision in all {
        let cause = revision.object["metadata"]["annotations"][CHANGE_CAUSE].as_str().unwrap_or("");
        let cause = if cause.is_empty() { "<none>" } else { cause };
        writer.push(&format!("{}\t{cause}\n", revision.number));
    }
    writer.flush()
}
