//! `kubectl create token`.

use super::name_argument;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::Format;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "token",
    usage: "SERVICE_ACCOUNT_NAME",
    short: "Request a service account token",
    long: "Request a service account token.",
    examples: "# A token that the service account myapp shows to the API server\nkubectl create token myapp\n\n# In another namespace\nkubectl create token myapp --namespace myns\n\n# For ten minutes\nkubectl create token myapp --duration 10m\n\n# For somebody else than the API server\nkubectl create token myapp --audience https://example.com\n\n# One that ends with a secret\nkubectl create token myapp --bound-object-kind Secret --bound-object-name mysecret",
    flags: &[globals::PRINT, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Name("serviceaccounts"),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::array("audience", "Whom the token is for; the API server by default. Can be given again."),
    Flag::string(
        "bound-object-kind",
        "",
        "Kind of the object with which the token ends: Node, Pod, Secret. Needs --bound-object-name.",
    ),
    Flag::string("bound-object-name", "", "Name of the object with which the token ends."),
    Flag::string("bound-object-uid", "", "UID of that object; that of the one that exists by default."),
    Flag::duration("duration", "0s", "How long the token holds; the server decides if it is 0."),
];

const BOUND: &[&str] = &["Node", "Pod", "Secret"];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = name_argument(&k)?;
    let (namespace, _) = k.namespace().await?;
    let format = Format::of(&k).await?;
    let nanos = k.flags.nanos("duration");
    if nanos < 0 {
        return Err(Error::text("--duration must be greater than or equal to 0"));
    }
    if nanos % 1_000_000_000 != 0 {
        return Err(Error::text("--duration cannot be expressed in units less than seconds"));
    }
    let audiences = k.flags.list("audience");
    if audiences.iter().any(String::is_empty) {
        return Err(Error::text("--audience must not be an empty string"));
    }
    let flag = |name: &str| k.flags.str(name).to_string();
    let (kind, object, uid) =
        (flag("bound-object-kind"), flag("bound-object-name"), flag("bound-object-uid"));
    let mut spec = json!({"audiences": if audiences.is_empty() { Value::Null } else { json!(audiences) }});
    if kind.is_empty() {
        for (flag, value) in [("bound-object-name", &object), ("bound-object-uid", &uid)] {
            if !value.is_empty() {
                return Err(Error::text(format!(
                    "--{flag} can only be set if --bound-object-kind is provided"
                )));
            }
        }
    } else {
        if !BOUND.contains(&kind.as_str()) {
            return Err(Error::text(format!(
                "supported --bound-object-kind values are {}",
                BOUND.join(", ")
            )));
        }
        if object.is_empty() {
            return Err(Error::text("--bound-object-name is required if --bound-object-kind is provided"));
        }
        let mut bound = json!({"kind": kind, "apiVersion": "v1", "name": object});
        if !uid.is_empty() {
            bound["uid"] = uid.into();
        }
        spec["boundObjectRef"] = bound;
    }
    if nanos > 0 {
        spec["expirationSeconds"] = (nanos / 1_000_000_000).into();
    }
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {},
        "spec": spec,
        "status": {"token": "", "expirationTimestamp": null},
    });
    let path = format!(
        "/api/v1/namespaces/{namespace}/serviceaccounts/{}/token",
        crate::programs::kubectl::rest::escape(&name)
    );
    let answer = match k.client().await?.post(&path, &[], &request).await {
        Err(error @ Error::Status(_)) => {
            return Err(Error::text(format!("failed to create token: {}", error.message())));
        }
        answer => answer?,
    };
    let Some(token) = answer["status"]["token"].as_str().filter(|token| !token.is_empty()) else {
        return Err(Error::text("failed to create token: no token in server response"));
    };
    if k.flags.str("output").is_empty() && !k.flags.changed("template") {
        // A line feed only for people: scripts want the token.
        let end = if k.sys.isatty(1) { "\n" } else { "" };
        k.out(&format!("{token}{end}")).await;
        return Ok(());
    }
    let text = match format {
        Format::Name => format!("tokenrequest.authentication.k8s.io/{name}\n"),
        format => format.print_typed(&answer)?,
    };
    k.out(&text).await;
    Ok(())
}
