//! `kubectl create -f`.

use super::query;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::{self, Rules, Target};
use std::rc::Rc;

pub(super) async fn run(k: Rc<Kubectl>) -> Result<()> {
    if k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        if k.args().is_empty() {
            return Err(Error::text(format!(
                "must specify one of -f and -k\n\n{}",
                crate::programs::kubectl::help::help(k.command, &k.path)
            )));
        }
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    if !k.args().is_empty() {
        return Err(k.usage_error(format!("Unexpected args: [{}]", k.args().join(" "))));
    }
    let dry_run = printers::dry_run(&k)?;
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

/// Adds which file an error of the server is about, where upstream does.
pub(in super::super) fn when_creating(source: &str, error: Error) -> Error {
    let Error::Status(mut status) = error else { return error };
    if status["reason"] != "Invalid" {
        let message = status["message"].as_str().unwrap_or("").to_string();
        status["message"] = format!("error when creating {source:?}: {message}").into();
    }
    Error::Status(status)
}
