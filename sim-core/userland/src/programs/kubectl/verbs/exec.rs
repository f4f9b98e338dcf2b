//! `kubectl exec`. Models pkg/cmd/exec.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::remote::{self, Streams};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "exec",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    short: "Execute a command in a container",
    long: "Execute a command in a container.",
    examples: "# See what 'date' says in pod mypod, in its first container\nkubectl exec mypod -- date\n\n# The same in container ruby-container\nkubectl exec mypod -c ruby-container -- date\n\n# A shell there, with this terminal\nkubectl exec mypod -c ruby-container -i -t -- bash -il\n\n# In the first pod of a deployment or of a service\nkubectl exec deploy/mydeployment -- date\nkubectl exec svc/myservice -- date",
    flags: &[globals::FILENAME, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Pods,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("container", "", "Container. Without it, the one of the annotation kubectl.kubernetes.io/default-container, or the first.").short('c'),
    Flag::duration("pod-running-timeout", "1m0s", "How long to wait until a pod runs"),
    Flag::bool("quiet", "Only print what the command prints").short('q'),
    Flag::bool("stdin", "Hand standard input on to the container").short('i'),
    Flag::bool("tty", "Standard input is a terminal").short('t'),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let limit = pods::running_timeout(&k)?;
    let (target, command) = split(&k)?;
    let info = pods::named(&k, &target).await?;
    let pod = pods::attachable(&k, &info, limit).await?;
    let phase = pod["status"]["phase"].as_str().unwrap_or("");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Error::text(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let quiet = k.flags.bool("quiet");
    // Whether the pod has the container that is named is for the server to say.
    let container = match k.flags.str("container") {
        "" => pods::container(&k, &pod, "", quiet).await?,
        named => named.to_string(),
    };
    let stdin = k.flags.bool("stdin");
    let mut tty = k.flags.bool("tty");
    if tty && !(stdin && k.sys.isatty(0)) {
        tty = false;
        if !quiet {
            k.err("Unable to use a TTY - input is not a terminal or the right kind of file\n").await;
        }
    }
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_string();
    let (namespace, name) = (text(&pod["metadata"]["namespace"]), text(&pod["metadata"]["name"]));
    let mut query: Vec<(&str, &str)> = command.iter().map(|word| ("command", word.as_str())).collect();
    query.push(("container", &container));
    if stdin {
        query.push(("stdin", "true"));
    }
    query.push(("stdout", "true"));
    query.push(if tty { ("tty", "true") } else { ("stderr", "true") });
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/exec");
    let status = remote::run(&k, &path, &query, Streams { stdin, tty, redraw: false }).await?;
    match remote::exit_of(&status)? {
        0 => Ok(()),
        code => {
            k.err(&format!("command terminated with exit code {code}\n")).await;
            Err(Error::Exit(code))
        }
    }
}

/// The pod and the command.
fn split(k: &Kubectl) -> Result<(String, Vec<String>)> {
    let args = k.args();
    let Some(dash) = k.flags.dash else {
        return match args.len() {
            0 => Err(Error::text("pod, type/name or --filename must be specified")),
            1 => Err(Error::text("you must specify at least one command for the container")),
            _ => Err(k.usage_error(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
            )),
        };
    };
    if dash == 0 && k.flags.list("filename").is_empty() {
        return Err(Error::text("pod, type/name or --filename must be specified"));
    }
    let command = args[dash..].to_vec();
    if command.is_empty() {
        return Err(Error::text("you must specify at least one command for the container"));
    }
    Ok((if dash == 0 { String::new() } else { args[0].clone() }, command))
}
