//! `kubectl attach`. Models pkg/cmd/attach.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::remote::{self, Streams};
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "attach",
    usage: "(POD | TYPE/NAME) -c CONTAINER",
    short: "Attach to a running container",
    long: "Attach to a process that is already running inside an existing container.",
    examples: "# See what the running container of mypod prints\nkubectl attach mypod\n\n# Talk to it from this terminal\nkubectl attach mypod -c ruby-container -i -t\n\n# Attach to the first pod of a replica set\nkubectl attach rs/nginx",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Pods,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("container", "", "Container. Without it, the one of the annotation kubectl.kubernetes.io/default-container, or the first.").short('c'),
    Flag::duration("pod-running-timeout", "1m0s", "How long to wait until a pod runs"),
    Flag::bool("quiet", "Only print what the session prints").short('q'),
    Flag::bool("stdin", "Hand standard input on to the container").short('i'),
    Flag::bool("tty", "Standard input is a terminal").short('t'),
];

const RECORDED: &str = "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n";
const PROMPT: &str = "If you don't see a command prompt, try pressing enter.\n";

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let limit = pods::running_timeout(&k)?;
    let target = match k.args() {
        [] => return Err(Error::text("at least 1 argument is required for attach")),
        [target] => target.clone(),
        [kind, name] => format!("{kind}/{name}"),
        args => {
            return Err(Error::text(format!(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                args.len(),
                args.join(" ")
            )));
        }
    };
    let info = pods::named(&k, &target).await?;
    let pod = pods::attachable(&k, &info, limit).await?;
    attach(
        &k,
        &pod,
        k.flags.str("container"),
        k.flags.bool("stdin"),
        k.flags.bool("tty"),
        k.flags.bool("quiet"),
    )
    .await
}

/// Attaches to a container of a pod until the session ends.
pub(super) async fn attach(
    k: &Kubectl,
    pod: &Value,
    named: &str,
    stdin: bool,
    tty: bool,
    quiet: bool,
) -> Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let phase = text(&pod["status"]["phase"]);
    if matches!(phase.as_str(), "Succeeded" | "Failed") {
        return Err(Error::text(format!(
            "cannot attach a container in a completed pod; current phase is {phase}"
        )));
    }
    let is_ephemeral = pod["spec"]["ephemeralContainers"]
        .as_array()
        .is_some_and(|list| list.iter().any(|container| container["name"] == named));
    let all = pods::containers(pod);
    if !named.is_empty() && !is_ephemeral && !all.iter().any(|(name, _)| name == named) {
        return Err(Error::text(format!(
            "cannot attach to the container: container {named} not found in pod {}",
            text(&pod["metadata"]["name"])
        )));
    }
    let container =
        if is_ephemeral { named.to_string() } else { pods::container(k, pod, named, quiet).await? };
    let has_tty = ["containers", "ephemeralContainers"]
        .iter()
        .filter_map(|list| pod["spec"][list].as_array())
        .flatten()
        .any(|c| c["name"] == container.as_str() && c["tty"] == true);
    let mut raw = tty;
    if raw && !has_tty {
        raw = false;
        if !quiet {
            k.err(&format!("error: Unable to use a TTY - container {container} did not allocate one\n"))
                .await;
        }
    }
    if raw && !(stdin && k.sys.isatty(0)) {
        raw = false;
        if !quiet {
            k.err("Unable to use a TTY - input is not a terminal or the right kind of file\n").await;
        }
    }
    if !quiet {
        k.err(RECORDED).await;
        k.err(PROMPT).await;
    }
    let mut query = vec![("container", container.as_str())];
    if stdin {
        query.push(("stdin", "true"));
    }
    query.push(("stdout", "true"));
    query.push(if raw { ("tty", "true") } else { ("stderr", "true") });
    let (namespace, name) = (text(&pod["metadata"]["namespace"]), text(&pod["metadata"]["name"]));
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/attach");
    let status = remote::run(k, &path, &query, Streams { stdin, tty: raw, redraw: true }).await?;
    remote::exit_of(&status)?;
    if !quiet && stdin && raw && is_ephemeral {
        k.out(&format!(
            "Session ended, the ephemeral container will not be restarted but may be reattached using 'kubectl attach {name} -c {container} -i -t' if it is still running\n"
        ))
        .await;
    } else if !quiet && stdin && raw && pod["spec"]["restartPolicy"] == "Always" {
        k.out(&format!(
            "Session ended, resume using 'kubectl attach {name} -c {container} -i -t' command when the pod is running\n"
        ))
        .await;
    }
    Ok(())
}
