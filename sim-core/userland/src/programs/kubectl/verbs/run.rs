//! `kubectl run`: one pod, and perhaps a session with it. Models pkg/cmd/run.

use super::{attach, create, logs};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::Info;
use encoding::json;
use kube::api::{json_patch, merge_patch, scheme, strategic};
use kube::json;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "run",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
    short: "Run a particular image on the cluster",
    long: "Create and run a particular image in a pod.",
    examples: "# Start a pod of nginx\nkubectl run nginx --image=nginx\n\n# With a port and environment variables\nkubectl run hazelcast --image=hazelcast/hazelcast --port=5701 --env=\"DNS_DOMAIN=cluster\" --env=\"POD_NAMESPACE=default\"\n\n# Start a pod of busybox, stay with it, and do not restart it\nkubectl run -i -t busybox --image=busybox --restart=Never\n\n# With other arguments for the image's command\nkubectl run nginx --image=nginx -- <arg1> <arg2> ... <argN>\n\n# With another command\nkubectl run nginx --image=nginx --command -- <cmd> <arg1> ... <argN>",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, FLAGS],
    required: &["image"],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::array("annotations", "Annotations of the pod."),
    Flag::bool(
        "attach",
        "Wait until the pod runs, then attach to it, as kubectl attach does. On by default with -i/--stdin.",
    ),
    Flag::string("cascade", "background", "With --rm: what happens to what the pod owns.").bare("background"),
    Flag::bool("command", "Take what follows -- as the command, not as its arguments."),
    Flag::array("env", "Environment variables of the container."),
    Flag::bool("expose", "Also make a ClusterIP service for the pod; needs --port."),
    Flag::string("field-manager", "kubectl-run", "Name that stands for who owns the fields"),
    Flag::bool("force", "With --rm: remove the pod from the API at once."),
    Flag::int("grace-period", "-1", "With --rm: seconds that the pod has to end."),
    Flag::string("image", "", "The image of the container."),
    Flag::string("image-pull-policy", "", "When to pull the image; the server decides if it is not given."),
    Flag::string("labels", "", "Labels of the pod, separated by commas.").short('l'),
    Flag::bool("leave-stdin-open", "Leave the container's standard input open when the first session ends."),
    Flag::string("override-type", "merge", "How --overrides is applied: json, merge or strategic."),
    Flag::string("overrides", "", "JSON that replaces fields of the pod; may need apiVersion."),
    Flag::duration("pod-running-timeout", "1m0s", "How long to wait until the pod runs"),
    Flag::string("port", "", "The port that the container opens."),
    Flag::bool("privileged", "Run the container privileged."),
    Flag::bool("quiet", "Only print what the session prints").short('q'),
    Flag::string("restart", "Always", "When to restart the container: Always, OnFailure, Never."),
    Flag::bool("rm", "Delete the pod when the session ends. Only with a session, for example with '-it'."),
    Flag::bool(
        "save-config",
        "Keep the configuration in an annotation of the object, for a later kubectl apply",
    ),
    Flag::bool("stdin", "Keep standard input of the container open, even when nobody is attached.")
        .short('i'),
    Flag::duration("timeout", "0s", "With --rm: how long to wait for the deletion."),
    Flag::bool("tty", "Give the container a terminal.").short('t'),
    Flag::bool("wait", "With --rm: wait until the pod is gone."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let names = &k.args()[..k.flags.dash.unwrap_or(k.args().len()).min(1)];
    let Some(name) = names.first().cloned() else {
        return Err(k.usage_error("NAME is required for run"));
    };
    let words: Vec<String> = k.args()[1..].to_vec();
    let dry_run = printers::dry_run(&k)?;
    let stdin = k.flags.bool("stdin");
    let attached = if k.flags.changed("attach") { k.flags.bool("attach") } else { stdin };
    check(&k, stdin, attached, dry_run)?;
    let mut exposed = Ok(false);
    if k.flags.bool("expose") && k.flags.str("port").is_empty() {
        return Err(k.usage_error("--port must be set when exposing a service"));
    }
    let pod = with_overrides(&k, pod(&k, &name, &words)?)?;
    let info = create::submit(&k, pod, None).await?;
    if k.flags.bool("expose") {
        exposed = match create::submit(&k, service(&k, &name)?, None).await {
            Ok(service) => printers::print_typed_result(&k, &service, "created").await.map(|()| true),
            Err(error) => Err(error),
        };
    }
    if !attached || dry_run != DryRun::None {
        if !k.flags.bool("quiet") || dry_run != DryRun::None || !k.flags.str("output").is_empty() {
            if exposed == Ok(true) && k.flags.str("output") == "yaml" {
                k.out("---\n").await;
            }
            printers::print_typed_result(&k, &info, "created").await?;
        }
        return exposed.map(|_| ());
    }
    let result = session(&k, &info, stdin).await;
    if k.flags.bool("rm") {
        remove(&k, &info).await?;
    }
    result
}

fn check(k: &Kubectl, stdin: bool, attached: bool, dry_run: DryRun) -> Result<()> {
    if k.flags.bool("tty") && !stdin {
        return Err(k.usage_error("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if k.flags.bool("rm") && !attached {
        return Err(k.usage_error("--rm should only be used for attached containers"));
    }
    if attached && dry_run != DryRun::None {
        return Err(k.usage_error("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"));
    }
    let image = k.flags.str("image");
    if image.is_empty() {
        return Err(Error::text("--image is required"));
    }
    if !is_image(image) {
        return Err(Error::text(format!("Invalid image name {image:?}: invalid reference format")));
    }
    match k.flags.str("restart") {
        "Always" | "OnFailure" | "Never" => {}
        other => return Err(k.usage_error(format!("invalid restart policy: {other}"))),
    }
    match k.flags.str("image-pull-policy") {
        "" | "Always" | "IfNotPresent" | "Never" => Ok(()),
        other => Err(k.usage_error(format!("invalid image pull policy: {other}"))),
    }
}

fn pod(k: &Kubectl, name: &str, words: &[String]) -> Result<Value> {
    let mut container = json!({"name": name, "image": k.flags.str("image"), "resources": {}});
    if !words.is_empty() {
        container[if k.flags.bool("command") { "command" } else { "args" }] = json!(words);
    }
    let mut env = Vec::new();
    for text in k.flags.list("env") {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                env.push(if value.is_empty() {
                    json!({"name": key})
                } else {
                    json!({"name": key, "value": value})
                });
            }
            _ => return Err(Error::text(format!("invalid env: {text}"))),
        }
    }
    if !env.is_empty() {
        container["env"] = Value::from(env);
    }
    if !k.flags.str("port").is_empty() {
        container["ports"] = json!([{"containerPort": port(k)?}]);
    }
    if !k.flags.str("image-pull-policy").is_empty() {
        container["imagePullPolicy"] = k.flags.str("image-pull-policy").into();
    }
    if k.flags.bool("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    if k.flags.bool("stdin") {
        container["stdin"] = true.into();
        if !k.flags.bool("leave-stdin-open") {
            container["stdinOnce"] = true.into();
        }
    }
    if k.flags.bool("tty") {
        container["tty"] = true.into();
    }
    let labels = match k.flags.str("labels") {
        "" => json!({"run": name}),
        text => Value::Object(super::expose::labels(text)?),
    };
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": k.flags.str("restart"),
        },
        "status": {},
    });
    for text in k.flags.list("annotations") {
        match text.split_once('=') {
            Some((key, value)) => pod["metadata"]["annotations"][key] = value.into(),
            None => return Err(Error::text(format!("invalid annotations format: {text}"))),
        }
    }
    Ok(pod)
}

fn port(k: &Kubectl) -> Result<i64> {
    let text = k.flags.str("port");
    text.parse().map_err(|_| Error::text(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))
}

fn service(k: &Kubectl, name: &str) -> Result<Value> {
    let number = port(k)?;
    let selector = match k.flags.str("labels") {
        "" => json!({"run": name}),
        text => Value::Object(super::expose::labels(text)?),
    };
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"port": number, "protocol": "TCP", "targetPort": number}], "selector": selector},
        "status": {"loadBalancer": {}},
    }))
}

/// Applies `--overrides` as `--override-type` says.
pub(super) fn with_overrides(k: &Kubectl, mut object: Value) -> Result<Value> {
    let text = k.flags.str("overrides");
    if text.is_empty() {
        return Ok(object);
    }
    let invalid = || Error::text("Invalid JSON Patch");
    let kind = k.flags.str("override-type");
    let patch: Value = json::parse(text).map_err(|_| invalid())?;
    let text = |field: &str| object[field].as_str().unwrap_or("").to_string();
    match (kind, scheme::schema_of(&text("apiVersion"), &text("kind"))) {
        ("merge", _) => merge_patch::apply(&mut object, &patch),
        ("strategic", Some(schema)) => strategic::apply(schema, &mut object, &patch),
        ("json", _) => json_patch::apply(&mut object, &patch).map_err(Error::text)?,
        (other, _) => return Err(Error::text(format!("invalid override type: {other}"))),
    }
    Ok(object)
}

/// What `github.com/distribution/reference` takes for the name of an image.
pub(super) fn is_image(text: &str) -> bool {
    let (text, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let is_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(algorithm, hex)| {
            !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
        })
    };
    let last = text.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match text[last..].find(':') {
        Some(at) => (&text[..last + at], Some(&text[last + at + 1..])),
        None => (text, None),
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_tag = |tag: &str| {
        tag.starts_with(word) && tag.len() <= 128 && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'))
    };
    // Small letters and digits, between them one dot, one or two underscores, or any number of dashes.
    let is_part = |part: &str| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(inside)
            && part.ends_with(inside)
            && part
                .split(inside)
                .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.chars().all(|c| c == '-'))
    };
    let mut parts: Vec<&str> = name.split('/').collect();
    if parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost") {
        parts.remove(0);
    }
    parts.iter().all(|part| is_part(part)) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)
}

/// Waits for the pod and talks to it.
async fn session(k: &Kubectl, info: &Info, stdin: bool) -> Result<()> {
    let limit = k.flags.duration("pod-running-timeout").unwrap_or(Duration::from_secs(60));
    let pod = wait_until(k, info, limit, |pod| {
        let phase = pod["status"]["phase"].as_str().unwrap_or("");
        matches!(phase, "Succeeded" | "Failed") || (phase == "Running" && pods::is_ready(pod))
    })
    .await?;
    let phase = pod["status"]["phase"].as_str().unwrap_or("").to_string();
    let container = pods::containers(&pod).first().map(|(name, _)| name.clone()).unwrap_or_default();
    if matches!(phase.as_str(), "Succeeded" | "Failed") {
        logs::print(k, &info.namespace, &info.name, &[("container", &container)]).await?;
    } else {
        let quiet = k.flags.bool("quiet");
        let attached = attach::attach(k, &pod, &container, stdin, k.flags.bool("tty"), quiet).await;
        if let Err(error) = attached {
            if !quiet {
                let message = error.message();
                k.err(&format!(
                    "warning: couldn't attach to pod/{}, falling back to streaming logs: {message}\n",
                    info.name
                ))
                .await;
            }
            logs::print(k, &info.namespace, &info.name, &[("container", &container), ("follow", "true")])
                .await?;
        }
    }
    // A pod that is not restarted tells how it ended.
    if k.flags.str("restart") != "Never" {
        return Ok(());
    }
    let ended = wait_until(k, info, limit, |pod| {
        matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
    })
    .await?;
    if ended["status"]["phase"] == "Succeeded" {
        return Ok(());
    }
    let state = &ended["status"]["containerStatuses"][0]["state"]["terminated"];
    let code = state["exitCode"].as_i64().unwrap_or(1);
    let full = format!("{}/{}", info.namespace, info.name);
    k.err(&format!("pod {full} terminated ({})\n", state["reason"].as_str().unwrap_or("Error"))).await;
    Err(Error::Exit(i32::try_from(code).unwrap_or(1)))
}

/// Watches the pod until it is as wanted.
async fn wait_until(
    k: &Kubectl,
    info: &Info,
    limit: Duration,
    done: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let client = k.client().await?;
    let selector = format!("metadata.name={}", info.name);
    let watch = async {
        let collection = info.resource.collection(&info.namespace);
        let list = client.get(&collection, &[("fieldSelector", &selector)]).await?;
        let present = list["items"].as_array().and_then(|items| items.first()).cloned();
        if let Some(pod) = present.filter(|pod| done(pod)) {
            return Ok(pod);
        }
        let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("0").to_string();
        let query =
            [("fieldSelector", selector.as_str()), ("resourceVersion", version.as_str()), ("watch", "true")];
        let mut stream = client.stream(&collection, &query, crate::programs::kubectl::rest::JSON).await?;
        while let Some(event) = stream.event().await? {
            if event["type"] == "DELETED" {
                return Err(Error::text(format!("pods {:?} not found", info.name)));
            }
            if done(&event["object"]) {
                stream.close();
                return Ok(event["object"].clone());
            }
        }
        Err(Error::text("watch closed before UntilWithoutRetry timeout"))
    };
    match k.sys.timeout(limit, watch).await {
        Some(result) => result,
        None => Err(Error::text("timed out waiting for the condition")),
    }
}

async fn remove(k: &Kubectl, info: &Info) -> Result<()> {
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
    if k.flags.int("grace-period") >= 0 {
        options["gracePeriodSeconds"] = k.flags.int("grace-period").into();
    }
    k.client().await?.delete(&info.path(), &[], &options).await?;
    if k.flags.bool("quiet") {
        return Ok(());
    }
    k.out(&format!("pod \"{}\" deleted from {} namespace\n", info.name, info.namespace)).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_image;

    #[test]
    fn names_of_images_are_those_of_docker() {
        for name in ["nginx", "a/b:c", "ex.com:80/x", "a_b__c", "localhost:5000/a-b/c.d:v1"] {
            assert!(is_image(name), "{name}");
        }
        for name in ["A", "a b", "a@sha256:x", "a:b:c", "-a", "a//b", "", "a..b"] {
            assert!(!is_image(name), "{name}");
        }
    }
}
