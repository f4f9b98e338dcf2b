//! `kubectl create -f`.

use super::super::{delete, edit};
use super::query;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::{self, Rules, Target};
use std::rc::Rc;

pub(super) async fn run(k: Rc<Kubectl>) -> Result<()> {
    if k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        if k.args().is_empty() {
            return Err(Error::text("must specify one of -f and -k"));
        }
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    let dry_run = printers::dry_run(&k)?;
    if !k.flags.str("raw").is_empty() {
        return raw(&k).await;
    }
    if k.flags.bool("edit") {
        return edit::before_create(&k).await;
    }
    let validate = super::validation(&k)? != "Ignore";
    let selection = selection::select(&k, &[], Rules { validate, ..Rules::default() }).await?;
    let query = query(&k, dry_run)?;
    let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let client = k.client().await?;
    let mut errors = Vec::new();
    for target in selection.targets {
        let Target::Named(mut info) = target else { continue };
        if k.flags.bool("save-config") {
            let config = super::super::apply::configuration(&info.object);
            info.object["metadata"]["annotations"][super::super::apply::LAST_APPLIED] = config.into();
        }
        if dry_run != DryRun::Client {
            match client.post(&info.resource.collection(&info.namespace), &query, &info.object).await {
                Ok(object) => info.object = object,
                Err(error) => {
                    errors.push(when_creating(&info.source, error));
                    continue;
                }
            }
        }
        if info.name.is_empty() {
            info.name = info.object["metadata"]["name"].as_str().unwrap_or("").to_string();
        }
        printers::print_result(&k, &info, "created").await?;
    }
    Error::many(errors)
}

/// `--raw`: posts a file as it is, and prints the answer as it comes.
async fn raw(k: &Kubectl) -> Result<()> {
    let files = k.flags.list("filename");
    let problem = if k.flags.bool("edit") {
        "--raw and --edit are mutually exclusive"
    } else if files.len() != 1 {
        "--raw can only use a single local file or stdin"
    } else if delete::is_url(&files[0]) {
        "--raw cannot read from a url"
    } else if k.flags.bool("recursive") {
        "--raw and --recursive are mutually exclusive"
    } else if !k.flags.str("selector").is_empty() {
        "--raw and --selector (-l) are mutually exclusive"
    } else if !k.flags.str("output").is_empty() {
        "--raw and --output are mutually exclusive"
    } else {
        return delete::send_raw(k, "POST", k.flags.str("raw"), files.first().map(String::as_str)).await;
    };
    Err(Error::text(problem))
}

/// Adds which file an error of the server is about, where upstream does.
pub(in super::super) fn when_creating(source: &str, error: Error) -> Error {
    let Error::Status(mut status) = error else { return error };
    if status["reason"] != "Invalid" {
        let message = status["message"].as_str().unwrap_or("").to_string();
        status["message"] = format!("error when creating {source:?}: {message}").into();
    }
    Error::Status(status)
}
