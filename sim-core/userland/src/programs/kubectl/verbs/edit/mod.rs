//! `kubectl edit`: an object in an editor, and what was changed there as a patch. Models pkg/cmd/util/editor.

mod launch;
mod session;

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::selection::{self, Info, Rules, Target};
use crate::programs::kubectl::verbs::create::validation;
use encoding::json;
pub use launch::temporary;
use session::{Mode, Session};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "edit",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    short: "Edit a resource on the server",
    long: "Edit a resource from the default editor.\n\n Opens what the server has in the editor that KUBE_EDITOR or EDITOR names, or else in 'vi'; several resources come one after the other in one file. Arguments and files are taken as in other commands, but it is always the server's objects that are edited.\n\n The format is YAML; for JSON give \"-o json\".\n\n When the server refuses, the editor opens again with its reasons on top, and what was written is kept in a temporary file.",
    examples: "# Edit a service\nkubectl edit svc/registry\n\n# Edit it with nano\nKUBE_EDITOR=\"nano\" kubectl edit svc/registry\n\n# Edit a job as JSON\nkubectl edit job.v1.batch/myjob -o json\n\n# Edit a deployment and keep the result for a later kubectl apply\nkubectl edit deployment/mydeployment -o yaml --save-config\n\n# Edit the status of a deployment\nkubectl edit deployment mydeployment --subresource='status'",
    flags: &[globals::FILENAMES, globals::PRINT, globals::RECORD, FLAGS, OWN_FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

/// `kubectl apply edit-last-applied`.
pub const LAST_APPLIED: Command = Command {
    name: "edit-last-applied",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    short: "Edit latest last-applied-configuration annotations of a resource/object",
    long: "Edit the latest last-applied-configuration annotations of resources from the default editor.\n\n Works as \"kubectl edit\" does, on what the annotation says.",
    examples: "# Edit the annotation by type and name\nkubectl apply edit-last-applied deployment/nginx\n\n# Edit it as JSON\nkubectl apply edit-last-applied -f deploy.yaml -o json",
    flags: &[globals::FILENAMES, globals::PRINT, FLAGS, LAST_APPLIED_FLAGS],
    run: Run::Verb(|k| Box::pin(last_applied(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string(
        "validate",
        "strict",
        "What to do about unknown or doubled fields: strict (or true), warn, or ignore (or false)",
    )
    .bare("strict"),
    Flag::bool("windows-line-endings", "End lines as the platform does that you are on.").not_simulated(),
];

const OWN_FLAGS: &[Flag] = &[
    Flag::string("field-manager", "kubectl-edit", "Name that stands for who owns the fields"),
    Flag::bool("output-patch", "Print the patch that the changes make."),
    Flag::bool(
        "save-config",
        "Keep the configuration in an annotation of the object, for a later kubectl apply",
    ),
    Flag::string("subresource", "", "Edit this part of the object."),
];

const LAST_APPLIED_FLAGS: &[Flag] =
    &[Flag::string("field-manager", "kubectl-client-side-apply", "Name that stands for who owns the fields")];

/// `kubectl create --edit`: the objects of files, one after the other, before the server gets them.
pub async fn before_create(k: &Kubectl) -> Result<()> {
    check_output(k)?;
    let rules = Rules { validate: validation(k)? != "Ignore", ..Rules::default() };
    for target in selection::select(k, &[], rules).await?.targets {
        if let Target::Named(info) = target {
            Session::new(k, vec![info], Mode::Create)?.run().await?;
        }
    }
    Ok(())
}

fn check_output(k: &Kubectl) -> Result<()> {
    let output = k.flags.str("output");
    if !matches!(output, "" | "yaml" | "json" | "kyaml") {
        return Err(Error::text(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: json,kyaml,yaml"
        )));
    }
    Ok(())
}

async fn objects(k: &Kubectl) -> Result<Vec<Info>> {
    check_output(k)?;
    let rules = Rules { type_alone_is_all: true, ..Rules::default() };
    let selection = selection::select(k, k.args(), rules).await?;
    let (mut infos, errors) = selection.fetch(k, true).await?;
    Error::many(errors)?;
    let subresource = if k.flags.has("subresource") { k.flags.str("subresource") } else { "" };
    for info in infos.iter_mut().filter(|_| !subresource.is_empty()) {
        let path = format!("{}/{subresource}", info.path());
        info.object = k.client().await?.get(&path, &[]).await?;
    }
    Ok(infos)
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let infos = objects(&k).await?;
    if infos.is_empty() {
        return Err(Error::text("edit cancelled, no objects found"));
    }
    Session::new(&k, infos, Mode::Normal)?.run().await
}

async fn last_applied(k: Rc<Kubectl>) -> Result<()> {
    let mut annotated = Vec::new();
    for mut info in objects(&k).await? {
        let text = info.object["metadata"]["annotations"][super::apply::LAST_APPLIED].as_str();
        let Some(object) = text.and_then(|text| json::parse(text).ok()) else { continue };
        info.object = object;
        annotated.push(info);
    }
    if annotated.is_empty() {
        return Err(Error::text(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
        ));
    }
    Session::new(&k, annotated, Mode::LastApplied)?.run().await
}
