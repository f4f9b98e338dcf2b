//! `kubectl certificate`: approve and deny certificate signing requests. Models pkg/cmd/certificates.

use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers;
use crate::programs::kubectl::rest::Request;
use crate::programs::kubectl::selection::{Info, Rules, select};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "certificate",
    short: "Modify certificate resources",
    commands: &[&APPROVE, &DENY],
    usage: "SUBCOMMAND",
    run: Run::Group(Bare::Help),
    ..Command::NEW
};

const APPROVE: Command = Command {
    name: "approve",
    usage: "(-f FILENAME | NAME)",
    short: "Approve a certificate signing request",
    long: "Approve a certificate signing request.\n\n A controller then signs the certificate, with which its owner can show who it is. Only approve requests whose content you know.",
    examples: "# Approve the request csr-sqgzp\nkubectl certificate approve csr-sqgzp",
    flags: &[
        globals::FILENAMES,
        globals::PRINT,
        &[Flag::bool("force", "Write the request even if it is approved already.")],
    ],
    run: Run::Verb(|k| Box::pin(run(k, "Approved", "Denied", "approve"))),
    ..Command::NEW
};

const DENY: Command = Command {
    name: "deny",
    usage: "(-f FILENAME | NAME)",
    short: "Deny a certificate signing request",
    long: "Deny a certificate signing request.\n\n Nothing is then signed.",
    examples: "# Deny the request csr-sqgzp\nkubectl certificate deny csr-sqgzp",
    flags: &[
        globals::FILENAMES,
        globals::PRINT,
        &[Flag::bool("force", "Write the request even if it is denied already.")],
    ],
    run: Run::Verb(|k| Box::pin(run(k, "Denied", "Approved", "deny"))),
    ..Command::NEW
};

async fn run(k: Rc<Kubectl>, kind: &'static str, opposite: &'static str, verb: &'static str) -> Result<()> {
    printers::Format::of(&k).await?;
    if k.args().is_empty() && k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        return Err(Error::text("one or more CSRs must be specified as <name> or -f <filename>"));
    }
    let rules = Rules { default_type: Some("certificatesigningrequests"), ..Rules::default() };
    let (requests, mut errors) = select(&k, k.args(), rules).await?.fetch(&k, true).await?;
    if requests.is_empty() && errors.is_empty() {
        k.err("No resources found\n").await;
    }
    for mut request in requests {
        match decide(&k, &mut request, kind, opposite, verb).await {
            Ok(()) => printers::print_result(&k, &request, &kind.to_lowercase()).await?,
            Err(error) => errors.push(error),
        }
    }
    Error::many(errors)
}

async fn decide(k: &Kubectl, info: &mut Info, kind: &str, opposite: &str, verb: &str) -> Result<()> {
    let conditions = info.object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let has = |kind: &str| conditions.iter().any(|condition| condition["type"] == kind);
    if has(opposite) {
        return Err(Error::text(format!(
            "certificate signing request {:?} is already {}",
            info.name,
            opposite.to_lowercase()
        )));
    }
    if has(kind) && !k.flags.bool("force") {
        return Ok(());
    }
    let now = k.sys.clock().to_string();
    let mut all: Vec<Value> = conditions.into_iter().filter(|condition| condition["type"] != kind).collect();
    all.push(json!({
        "type": kind,
        "status": "True",
        "reason": format!("Kubectl{}{}", verb[..1].to_uppercase(), &verb[1..]),
        "message": format!("This CSR was {} by kubectl certificate {verb}.", kind.to_lowercase()),
        "lastUpdateTime": now,
        "lastTransitionTime": now,
    }));
    info.object["status"]["conditions"] = Value::from(all);
    let path = format!("{}/approval", info.path());
    let body = info.object.to_string().into_bytes();
    info.object = k.client().await?.send(Request { body, ..Request::new("PUT", &path, &[]) }).await?;
    Ok(())
}
