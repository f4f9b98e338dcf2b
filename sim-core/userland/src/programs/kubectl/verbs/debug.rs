//! `kubectl debug`: a container beside those of a pod, a copy of a pod, or a pod on a node. Models pkg/cmd/debug.

use super::{attach, logs};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::rest::{JSON, STRATEGIC_MERGE_PATCH};
use crate::programs::kubectl::selection::{Info, Rules, select};
use kube::api::ObjectExt;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "debug",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    short: "Create debugging sessions for troubleshooting workloads and nodes",
    long: "Debug cluster resources with containers made for it.\n\n  *  Pod: add an ephemeral container to one that runs, for example with tools that its image lacks, without a restart.\n  *  Pod: make a copy of it with some things changed, for example another image or command.\n  *  Node: make a pod that shares the node's namespaces and sees its files at /host.",
    examples: "# Add a container of busybox to pod mypod, and talk to it\nkubectl debug mypod -it --image=busybox\n\n# See the processes of one of its containers as well\nkubectl debug mypod -it --image=busybox --target=app\n\n# A copy of mypod with another container in it\nkubectl debug mypod -it --image=busybox --copy-to=my-debugger\n\n# A copy of mypod with another command of its container\nkubectl debug mypod -it --copy-to=my-debugger --container=mycontainer -- sh\n\n# A copy of mypod with other images\nkubectl debug mypod --copy-to=my-debugger --set-image=*=busybox\n\n# A pod on a node, in the node's namespaces\nkubectl debug node/mynode -it --image=busybox",
    flags: &[globals::FILENAME, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(&[], true),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("arguments-only", "Take what follows -- as arguments, not as the command."),
    Flag::bool("attach", "Wait until the container runs, then attach to it. On by default with -i/--stdin."),
    Flag::string("container", "", "Name of the debugging container.").short('c'),
    Flag::string("copy-to", "", "Make a copy of the pod with this name."),
    Flag::string("custom", "", "File with a part of a container that goes over the profile.").not_simulated(),
    Flag::map("env", "Environment variables of the container.").default("[]"),
    Flag::string("image", "", "Image of the debugging container."),
    Flag::string("image-pull-policy", "", "When to pull the image; the server decides if it is not given."),
    Flag::bool("keep-annotations", "With --copy-to: keep the annotations."),
    Flag::bool("keep-init-containers", "With --copy-to: run the init containers.").default("true"),
    Flag::bool("keep-labels", "With --copy-to: keep the labels."),
    Flag::bool("keep-liveness", "With --copy-to: keep the liveness probes."),
    Flag::bool("keep-readiness", "With --copy-to: keep the readiness probes."),
    Flag::bool("keep-startup", "With --copy-to: keep the startup probes."),
    Flag::string(
        "profile",
        "legacy",
        "One of \"legacy\", \"general\", \"baseline\", \"netadmin\", \"restricted\" or \"sysadmin\".",
    ),
    Flag::bool("quiet", "Say nothing but what the session says.").short('q'),
    Flag::bool("replace", "With --copy-to: delete the original pod."),
    Flag::bool("same-node", "With --copy-to: put the copy on the same node."),
    Flag::map("set-image", "With --copy-to: other images, as name=image.").default("[]"),
    Flag::bool("share-processes", "With --copy-to: containers see each other's processes.").default("true"),
    Flag::bool("stdin", "Keep standard input of the container open.").short('i'),
    Flag::string("target", "", "With an ephemeral container: see the processes of this container."),
    Flag::bool("tty", "Give the container a terminal.").short('t'),
];

const PROFILES: &[&str] = &["baseline", "general", "legacy", "netadmin", "restricted", "sysadmin"];

/// What is debugged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Ephemeral,
    Copy,
    Node,
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let split = k.flags.dash.unwrap_or(k.args().len());
    let (names, words) = k.args().split_at(split);
    check(&k, names, words).await?;
    let rules = Rules { default_type: Some("pods"), ..Rules::default() };
    let (infos, mut errors) = select(&k, names, rules).await?.fetch(&k, true).await?;
    if !errors.is_empty() {
        return Err(errors.remove(0));
    }
    let attached = if k.flags.changed("attach") { k.flags.bool("attach") } else { k.flags.bool("stdin") };
    for info in infos {
        let (pod, container) = match info.resource.kind.as_str() {
            "Node" => on_node(&k, &info.name, words).await?,
            "Pod" if !k.flags.str("copy-to").is_empty() => copy(&k, &info.object, words).await?,
            "Pod" => ephemeral(&k, &info, words).await?,
            _ => {
                let (group, version) = (&info.resource.group, &info.resource.version);
                let kind = format!("{group}/{version}, Kind={}", info.resource.kind);
                return Err(Error::text(format!("{kind:?} not supported by debug")));
            }
        };
        if attached && !container.is_empty() {
            session(&k, &pod, &container).await?;
        }
    }
    Ok(())
}

async fn check(k: &Kubectl, names: &[String], words: &[String]) -> Result<()> {
    let (flags, fail) = (&k.flags, |text: &str| Err(Error::text(text)));
    let (image, container) = (flags.str("image"), flags.str("container"));
    if !PROFILES.contains(&flags.str("profile")) {
        return Err(Error::text(format!("unknown profile: {}", flags.str("profile"))));
    }
    if flags.changed("attach") && flags.bool("attach") && image.is_empty() && container.is_empty() {
        return fail(
            "you must specify --container or create a new container using --image in order to attach.",
        );
    }
    let images = flags.list("set-image");
    if !flags.str("copy-to").is_empty() {
        if image.is_empty() && images.is_empty() && words.is_empty() {
            return fail("you must specify --image, --set-image or command arguments.");
        }
        if !words.is_empty() && container.is_empty() && image.is_empty() {
            return fail("you must specify an existing container or a new image when specifying args.");
        }
    } else if flags.bool("replace") {
        return fail("--replace may only be used with --copy-to.");
    } else if flags.bool("same-node") {
        return fail("--same-node may only be used with --copy-to.");
    } else if !images.is_empty() {
        return fail("--set-image may only be used with --copy-to.");
    } else if image.is_empty() {
        return fail("you must specify --image when not using --copy-to.");
    }
    if !image.is_empty() && !super::run::is_image(image) {
        return Err(Error::text(format!("invalid image name {image:?}: invalid reference format")));
    }
    if names.is_empty() && flags.list("filename").is_empty() {
        return fail("NAME or filename is required for debug");
    }
    if !matches!(flags.str("image-pull-policy"), "" | "Always" | "IfNotPresent" | "Never") {
        return Err(Error::text(format!("invalid image pull policy: {}", flags.str("image-pull-policy"))));
    }
    for (name, image) in images.iter().filter_map(|pair| pair.split_once('=')) {
        if !super::run::is_image(image) {
            return Err(Error::text(format!(
                "invalid image name {image:?} for container {name:?}: invalid reference format"
            )));
        }
    }
    let target = flags.str("target");
    if !target.is_empty() {
        if !flags.str("copy-to").is_empty() {
            return fail("--target is incompatible with --copy-to. Use --share-processes instead.");
        }
        if !flags.bool("quiet") {
            k.out(&format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n")).await;
        }
    }
    if flags.bool("tty") && !flags.bool("stdin") {
        return fail("-i/--stdin is required for containers with -t/--tty=true");
    }
    if flags.str("profile") == "legacy" {
        k.err("--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example \"--profile=general\".\n").await;
    }
    Ok(())
}

fn suffix(k: &Kubectl) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..5).map(|_| LETTERS[(k.sys.random() % LETTERS.len() as u64) as usize] as char).collect()
}

fn names_of(pod: &Value) -> Vec<String> {
    ["/spec/containers", "/spec/initContainers", "/spec/ephemeralContainers"]
        .iter()
        .flat_map(|list| pod.list_at(list))
        .map(|container| container.str_at("/name").to_string())
        .collect()
}

/// The name that was given, or a new one.
async fn container_name(k: &Kubectl, pod: &Value) -> String {
    if !k.flags.str("container").is_empty() {
        return k.flags.str("container").to_string();
    }
    let taken = names_of(pod);
    let mut name = format!("debugger-{}", suffix(k));
    while taken.contains(&name) {
        name = format!("debugger-{}", suffix(k));
    }
    if !k.flags.bool("quiet") {
        k.out(&format!("Defaulting debug container name to {name}.\n")).await;
    }
    name
}

/// What flags and words say about a container.
fn fill(k: &Kubectl, container: &mut Value, words: &[String]) {
    let flags = &k.flags;
    if !words.is_empty() {
        if flags.bool("arguments-only") {
            container["args"] = json!(words);
        } else {
            container["command"] = json!(words);
            remove(container, &["args"]);
        }
    }
    let env: Vec<Value> = flags
        .list("env")
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    if !env.is_empty() {
        container["env"] = Value::from(env);
    }
    for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
        if !flags.str(flag).is_empty() {
            container[field] = flags.str(flag).into();
        }
    }
    for field in ["stdin", "tty"] {
        remove(container, &[field]);
        if flags.bool(field) {
            container[field] = true.into();
        }
    }
}

fn remove(object: &mut Value, fields: &[&str]) {
    if let Some(map) = object.as_object_mut() {
        for field in fields {
            map.remove(*field);
        }
    }
}

/// What the profile does to the debugging container and its pod.
fn apply_profile(k: &Kubectl, spec: &mut Value, container: &mut Value, style: Style) {
    let profile = k.flags.str("profile");
    if style == Style::Node && profile != "baseline" && profile != "restricted" {
        if profile != "netadmin" {
            spec["volumes"] = json!([{"name": "host-root", "hostPath": {"path": "/"}}]);
            container["volumeMounts"] = json!([{"mountPath": "/host", "name": "host-root"}]);
        }
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            spec[field] = true.into();
        }
    }
    match profile {
        "general" if style != Style::Node => {
            container["securityContext"]["capabilities"]["add"] = json!(["SYS_PTRACE"]);
        }
        "netadmin" => container["securityContext"]["capabilities"]["add"] = json!(["NET_ADMIN", "NET_RAW"]),
        "restricted" => {
            container["securityContext"] = json!({
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "runAsNonRoot": true,
                "seccompProfile": {"type": "RuntimeDefault"},
            });
        }
        "sysadmin" => container["securityContext"]["privileged"] = true.into(),
        _ => {}
    }
    if style == Style::Copy && profile != "legacy" {
        if matches!(profile, "baseline" | "restricted") {
            remove(spec, &["securityContext"]);
        }
        if !k.flags.changed("share-processes") || k.flags.bool("share-processes") {
            spec["shareProcessNamespace"] = true.into();
        }
    }
}

async fn ephemeral(k: &Kubectl, info: &Info, words: &[String]) -> Result<(Value, String)> {
    let name = container_name(k, &info.object).await;
    let mut container = json!({"name": name, "resources": {}, "terminationMessagePolicy": "File"});
    fill(k, &mut container, words);
    if !k.flags.str("target").is_empty() {
        container["targetContainerName"] = k.flags.str("target").into();
    }
    apply_profile(k, &mut json!({}), &mut container, Style::Ephemeral);
    let mut order: Vec<Value> = info
        .object
        .list_at("/spec/ephemeralContainers")
        .iter()
        .map(|container| json!({"name": container.str_at("/name")}))
        .collect();
    order.push(json!({"name": name}));
    let patch = json!({
        "spec": {"$setElementOrder/ephemeralContainers": order, "ephemeralContainers": [container]},
    });
    let path = format!("{}/ephemeralcontainers", info.path());
    let pod = k.client().await?.patch(&path, &[], STRATEGIC_MERGE_PATCH, &patch).await?;
    Ok((pod, name))
}

async fn copy(k: &Kubectl, original: &Value, words: &[String]) -> Result<(Value, String)> {
    let flags = &k.flags;
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": flags.str("copy-to"), "namespace": original.namespace()},
        "spec": original["spec"],
    });
    let given = flags.str("container");
    let known = names_of(original).iter().any(|name| name == given);
    // Other images alone are no matter of a profile.
    let profiled = known || !flags.str("image").is_empty();
    let kept = !profiled || flags.str("profile") == "legacy";
    for (field, keep) in [
        ("annotations", kept || flags.bool("keep-annotations")),
        ("labels", !profiled || (!kept && flags.bool("keep-labels"))),
    ] {
        if keep && original["metadata"][field].is_object() {
            pod["metadata"][field] = original["metadata"][field].clone();
        }
    }
    let spec = &mut pod["spec"];
    remove(spec, &["ephemeralContainers"]);
    if flags.changed("share-processes") {
        spec["shareProcessNamespace"] = flags.bool("share-processes").into();
    }
    if !flags.bool("same-node") {
        remove(spec, &["nodeName"]);
    }
    if !kept && !flags.bool("keep-init-containers") {
        remove(spec, &["initContainers"]);
    }
    let images: Vec<(&str, &str)> =
        flags.list("set-image").iter().filter_map(|pair| pair.split_once('=')).collect();
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        let name = container.str_at("/name").to_string();
        let image = images.iter().find(|(of, _)| *of == name).or(images.iter().find(|(of, _)| *of == "*"));
        if let Some((_, image)) = image {
            container["image"] = (*image).into();
        }
        for probe in ["liveness", "readiness", "startup"] {
            if !kept && !flags.bool(&format!("keep-{probe}")) {
                remove(container, &[&format!("{probe}Probe")]);
            }
        }
    }
    let mut name = String::new();
    if profiled {
        name = if given.is_empty() { container_name(k, &pod).await } else { given.to_string() };
        let spec = &mut pod["spec"];
        let mut list = spec["containers"].as_array().cloned().unwrap_or_default();
        let index = list.iter().position(|container| container.str_at("/name") == name);
        let mut container = match index {
            Some(index) => list[index].clone(),
            None => json!({"name": name, "resources": {}, "terminationMessagePolicy": "File"}),
        };
        fill(k, &mut container, words);
        apply_profile(k, spec, &mut container, Style::Copy);
        match index {
            Some(index) => list[index] = container,
            None => list.push(container),
        }
        spec["containers"] = Value::from(list);
    } else if images.is_empty() {
        return Err(Error::text("you must specify image when creating new container"));
    }
    let client = k.client().await?;
    let collection = format!("/api/v1/namespaces/{}/pods", original.namespace());
    let created = client.post(&collection, &[], &pod).await?;
    if flags.bool("replace") {
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
        client.delete(&format!("{collection}/{}", original.name()), &[], &options).await?;
    }
    Ok((created, name))
}

async fn on_node(k: &Kubectl, node: &str, words: &[String]) -> Result<(Value, String)> {
    let container_name = match k.flags.str("container") {
        "" => "debugger",
        name => name,
    };
    let name = format!("node-debugger-{node}-{}", suffix(k));
    if !k.flags.bool("quiet") {
        k.out(&format!("Creating debugging pod {name} with container {container_name} on node {node}.\n"))
            .await;
    }
    let mut container = json!({"name": container_name, "resources": {}, "terminationMessagePolicy": "File"});
    fill(k, &mut container, words);
    let mut spec = json!({
        "nodeName": node,
        "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
    });
    apply_profile(k, &mut spec, &mut container, Style::Node);
    spec["containers"] = json!([container]);
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}},
        "spec": spec,
    });
    let (namespace, _) = k.namespace().await?;
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let created = k.client().await?.post(&path, &[], &pod).await?;
    Ok((created, container_name.to_string()))
}

fn state_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    ["/status/initContainerStatuses", "/status/containerStatuses", "/status/ephemeralContainerStatuses"]
        .iter()
        .flat_map(|list| pod.list_at(list))
        .find(|status| status.str_at("/name") == container)
        .map(|status| &status["state"])
}

/// Waits until the container runs or has ended, and talks to it or shows what it said.
async fn session(k: &Kubectl, pod: &Value, container: &str) -> Result<()> {
    let (namespace, name, quiet) = (pod.namespace(), pod.name(), k.flags.bool("quiet"));
    let client = k.client().await?;
    let collection = format!("/api/v1/namespaces/{namespace}/pods");
    let selector = format!("metadata.name={name}");
    let list = client.get(&collection, &[("fieldSelector", &selector)]).await?;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap_or("0").to_string();
    let begun = |pod: &Value| {
        state_of(pod, container)
            .is_some_and(|state| !state["running"].is_null() || !state["terminated"].is_null())
    };
    let mut now = list["items"][0].clone();
    if !begun(&now) {
        let query =
            [("fieldSelector", selector.as_str()), ("resourceVersion", version.as_str()), ("watch", "true")];
        let mut stream = client.stream(&collection, &query, JSON).await?;
        loop {
            let Some(event) = stream.event().await? else {
                return Err(Error::text("watch closed before UntilWithoutRetry timeout"));
            };
            if event["type"] == "DELETED" {
                return Err(Error::text("pods \"\" not found"));
            }
            now = event["object"].clone();
            if begun(&now) {
                break;
            }
            let waiting = state_of(&now, container).map_or("", |state| state.str_at("/waiting/message"));
            if !quiet && !waiting.is_empty() {
                k.warn(&format!("container {container}: {waiting}")).await;
            }
        }
        stream.close();
    }
    let ended = state_of(&now, container).is_some_and(|state| !state["terminated"].is_null());
    if ended {
        return logs::print(k, namespace, name, &[("container", container)]).await;
    }
    let (stdin, tty) = (k.flags.bool("stdin"), k.flags.bool("tty"));
    match attach::attach(k, &now, container, stdin, tty, quiet).await {
        Err(error @ (Error::Exit(_) | Error::NotSimulated(_))) => Err(error),
        Err(error) => {
            k.err(&format!(
                "warning: couldn't attach to pod/{name}, falling back to streaming logs: {}\n",
                error.message()
            ))
            .await;
            logs::print(k, namespace, name, &[("container", container)]).await
        }
        Ok(()) => Ok(()),
    }
}
