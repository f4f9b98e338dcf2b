//! `kubectl replace`: what a file says takes the place of what is there. Models pkg/cmd/replace.

use super::change;
use super::create::validation;
use super::delete;
use super::wait::deletion;
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::Request;
use crate::programs::kubectl::selection::{self, Info, Rules, Target};
use kube::json;
use std::rc::Rc;
use std::time::Duration;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "replace",
    usage: "-f FILENAME",
    short: "Replace a resource by file name or stdin",
    long: "Replace a resource by file name or stdin.\n\n JSON and YAML formats are accepted. To replace a resource that exists, all of it must be given; \"kubectl get TYPE NAME -o yaml\" shows it.",
    examples: "# Replace a pod with what a file says\nkubectl replace -f ./pod.json\n\n# Replace it with what comes from standard input\ncat pod.json | kubectl replace -f -\n\n# Give a pod's only container another image\nkubectl get pod mypod -o yaml | sed 's/\\(image: myimage\\):.*$/\\1:v4/' | kubectl replace -f -\n\n# Delete it and make it again\nkubectl replace --force -f ./pod.json",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("cascade", "background", "How what is owned is deleted: background, orphan or foreground.")
        .bare("background"),
    Flag::string("field-manager", "kubectl-replace", "Name that stands for who owns the fields"),
    Flag::bool("force", "Delete at once what is there, then make it again."),
    Flag::int("grace-period", "-1", "Seconds that what is deleted has to end; only with --force."),
    Flag::string("raw", "", "Path on the server to put the file to, as it is."),
    Flag::bool(
        "save-config",
        "Keep the configuration in an annotation of the object, for a later kubectl apply",
    ),
    Flag::string("subresource", "", "Replace this part of the object."),
    Flag::duration("timeout", "0s", "How long to wait for a deletion, zero for a time that fits the object"),
    Flag::string(
        "validate",
        "strict",
        "What to do about unknown or doubled fields: strict (or true), warn, or ignore (or false)",
    )
    .bare("strict"),
    Flag::bool("wait", "Wait until what is deleted is gone, finalizers included."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let flags = &k.flags;
    let directive = validation(&k)?;
    let dry_run = printers::dry_run(&k)?;
    let policy = delete::policy(flags.str("cascade"))?;
    let force = flags.bool("force");
    if flags.int("grace-period") >= 0 && !force {
        return Err(Error::text("--grace-period must have --force specified"));
    }
    if flags.nanos("timeout") != 0 && !force {
        return Err(Error::text("--timeout must have --force specified"));
    }
    if flags.list("filename").is_empty() && flags.str("kustomize").is_empty() {
        return Err(Error::text("must specify one of -f and -k"));
    }
    if flags.changed("raw") {
        return raw(&k).await;
    }
    if force && dry_run != DryRun::None {
        return Err(Error::text("--dry-run can not be used when --force is set"));
    }
    let rules = Rules { validate: directive != "Ignore", ..Rules::default() };
    let selection = selection::select(&k, &[], rules).await?;
    let infos = selection.targets.into_iter().filter_map(|target| match target {
        Target::Named(info) => Some(info),
        Target::Collection { .. } => None,
    });
    let infos: Vec<Info> = infos.collect();
    if force {
        return again(&k, infos, policy, directive).await;
    }
    let mut errors = Vec::new();
    for info in infos {
        if let Err(error) = one(&k, info, dry_run, directive).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

async fn one(k: &Kubectl, mut info: Info, dry_run: DryRun, directive: &str) -> Result<()> {
    if k.flags.bool("save-config") {
        let configuration = super::apply::configuration(&info.object);
        info.object["metadata"]["annotations"][super::apply::LAST_APPLIED] = configuration.into();
    }
    if dry_run != DryRun::Client {
        let client = k.client().await?;
        let mut path = info.path();
        // Without a version of its own, it replaces whatever is there.
        if info.object["metadata"]["resourceVersion"].as_str().is_none_or(str::is_empty)
            && let Ok(current) = client.get(&path, &[]).await
        {
            info.object["metadata"]["resourceVersion"] = current["metadata"]["resourceVersion"].clone();
        }
        let subresource = k.flags.str("subresource");
        if !subresource.is_empty() {
            path = format!("{path}/{subresource}");
        }
        let mut query = change::query(k, dry_run == DryRun::Server);
        query.push(("fieldValidation", directive));
        let body = info.object.to_string().into_bytes();
        let request = Request { body, ..Request::new("PUT", &path, &query) };
        info.object =
            client.send(request).await.map_err(|error| error.about_file("replacing", &info.source))?;
    }
    printers::print_result(k, &info, "replaced").await
}

/// `--force`: all are deleted, then all are made.
async fn again(k: &Kubectl, infos: Vec<Info>, policy: &str, directive: &str) -> Result<()> {
    let client = k.client().await?;
    let grace = k.flags.int("grace-period");
    let limit = k.flags.duration("timeout").unwrap_or(Duration::from_secs(300));
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
    if grace >= 0 {
        options["gracePeriodSeconds"] = grace.into();
    }
    for info in &infos {
        match client.delete(&info.path(), &[], &options).await {
            Ok(_) => {
                let place = match info.namespace.as_str() {
                    "" => String::new(),
                    namespace => format!(" from {namespace} namespace"),
                };
                let (kind, name) = (info.resource.kind_group(), &info.name);
                k.out(&match k.flags.str("output") {
                    "name" => format!("{}\n", info.label()),
                    _ => format!("{kind} {name:?} deleted{place}\n"),
                })
                .await;
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    for info in &infos {
        deletion(k, info, "", limit).await.map_err(|error| match error {
            Error::Text(_) => Error::text("timed out waiting for the condition"),
            other => other,
        })?;
    }
    let mut query = change::query(k, false);
    query.push(("fieldValidation", directive));
    let mut errors = Vec::new();
    for mut info in infos {
        if k.flags.bool("save-config") {
            let configuration = super::apply::configuration(&info.object);
            info.object["metadata"]["annotations"][super::apply::LAST_APPLIED] = configuration.into();
        }
        match client.post(&info.resource.collection(&info.namespace), &query, &info.object).await {
            Ok(object) => {
                info.object = object;
                printers::print_result(k, &info, "replaced").await?;
            }
            Err(error) => errors.push(error),
        }
    }
    Error::many(errors)
}

async fn raw(k: &Kubectl) -> Result<()> {
    let path = k.flags.str("raw");
    let [file] = k.flags.list("filename") else {
        return Err(Error::text("--raw can only use a single local file or stdin"));
    };
    if file.starts_with("http://") || file.starts_with("https://") {
        return Err(Error::text("--raw cannot read from a url"));
    }
    if k.flags.bool("recursive") {
        return Err(Error::text("--raw and --recursive are mutually exclusive"));
    }
    if !k.flags.str("output").is_empty() {
        return Err(Error::text("--raw and --output are mutually exclusive"));
    }
    if !path.starts_with('/') {
        return Err(Error::text(format!(
            "--raw must be a valid URL path: parse {path:?}: invalid URI for request"
        )));
    }
    let body = if file == "-" { k.sys.read_to_end(0).await } else { k.sys.read_file(file).await };
    let body = body.map_err(|errno| Error::text(format!("open {file}: {}", errno.text().to_lowercase())))?;
    let bytes = k.client().await?.send_raw(Request { body, ..Request::new("PUT", path, &[]) }).await?;
    let _ = k.sys.write_all(1, &bytes).await;
    Ok(())
}
