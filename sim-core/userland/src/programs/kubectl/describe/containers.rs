//! `Containers:` of pods and of pod templates.

use super::writer::{Writer, entries, items, or_none, plain, rfc1123, title_bool};
use serde_json::Value;
use sim::Ordered;

/// Writes containers. `pod` resolves environment variables that name its fields; templates have none, and
/// `space` before everything.
pub fn describe(
    w: &mut Writer,
    label: &str,
    containers: &Value,
    statuses: &Value,
    pod: Option<&Value>,
    space: &str,
) {
    if items(containers).is_empty() {
        return w.write(0, &format!("{space}{label}: <none>\n"));
    }
    w.write(0, &format!("{space}{label}:\n"));
    for container in items(containers) {
        let status = items(statuses).iter().find(|s| s["name"] == container["name"]);
        let name_indent = if space.is_empty() { "" } else { " " };
        w.write(1, &format!("{name_indent}{}:\n", plain(&container["name"])));
        if let Some(status) = status {
            w.value(2, "Container ID", &status["containerID"]);
        }
        w.value(2, "Image", &container["image"]);
        if let Some(status) = status {
            w.value(2, "Image ID", &status["imageID"]);
        }
        ports(w, container);
        words(w, "Command", &container["command"]);
        words(w, "Args", &container["args"]);
        if let Some(status) = status {
            state(w, "State", &status["state"]);
            if status["lastState"]["terminated"].is_object() {
                state(w, "Last State", &status["lastState"]);
            }
            w.field(2, "Ready", title_bool(&status["ready"]));
            w.field(2, "Restart Count", &status["restartCount"].as_i64().unwrap_or(0).to_string());
        }
        resources(w, "Limits", &container["resources"]["limits"]);
        resources(w, "Requests", &container["resources"]["requests"]);
        for (label, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if container[field].is_object() {
                w.field(2, label, &probe(&container[field]));
            }
        }
        env_from(w, &container["envFrom"]);
        environment(w, &container["env"], pod);
        mounts(w, &container["volumeMounts"]);
    }
}

fn ports(w: &mut Writer, container: &Value) {
    for (label, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let ports: Vec<String> = items(&container["ports"])
            .iter()
            .map(|port| {
                let number = port[field].as_i64().unwrap_or(0);
                let text = format!("{number}/{}", plain(&port["protocol"]));
                match port["name"].as_str() {
                    Some(name) if !name.is_empty() => format!("{text} ({name})"),
                    _ => text,
                }
            })
            .collect();
        let plural = if ports.len() > 1 { "s" } else { "" };
        w.field(2, &format!("{label}{plural}"), or_none(&ports.join(", ")));
    }
    let profile = &container["securityContext"]["seccompProfile"];
    w.optional(2, "SeccompProfile", &profile["type"]);
    w.optional(3, "LocalhostProfile", &profile["localhostProfile"]);
}

fn words(w: &mut Writer, label: &str, list: &Value) {
    if items(list).is_empty() {
        return;
    }
    w.write(2, &format!("{label}:\n"));
    for word in items(list) {
        for line in plain(word).split('\n') {
            w.write(3, &format!("{line}\n"));
        }
    }
}

fn state(w: &mut Writer, label: &str, state: &Value) {
    if state["running"].is_object() {
        w.field(2, label, "Running");
        w.time(3, "Started", &state["running"]["startedAt"]);
    } else if state["terminated"].is_object() {
        let terminated = &state["terminated"];
        w.field(2, label, "Terminated");
        w.optional(3, "Reason", &terminated["reason"]);
        w.optional(3, "Message", &terminated["message"]);
        w.field(3, "Exit Code", &terminated["exitCode"].as_i64().unwrap_or(0).to_string());
        if terminated["signal"].as_i64().unwrap_or(0) > 0 {
            w.value(3, "Signal", &terminated["signal"]);
        }
        w.field(3, "Started", &rfc1123(&terminated["startedAt"]));
        w.field(3, "Finished", &rfc1123(&terminated["finishedAt"]));
    } else {
        w.field(2, label, "Waiting");
        w.optional(3, "Reason", &state["waiting"]["reason"]);
    }
}

fn resources(w: &mut Writer, label: &str, list: &Value) {
    if entries(list).next().is_none() {
        return;
    }
    w.write(2, &format!("{label}:\n"));
    for (name, quantity) in entries(list) {
        w.value(3, name, quantity);
    }
}

fn probe(probe: &Value) -> String {
    let number = |field: &str, default: i64| probe[field].as_i64().unwrap_or(default);
    let numbers = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds", 0),
        number("timeoutSeconds", 1),
        number("periodSeconds", 10),
        number("successThreshold", 1),
        number("failureThreshold", 3)
    );
    if probe["exec"].is_object() {
        let command: Vec<String> = items(&probe["exec"]["command"]).iter().map(plain).collect();
        return format!("exec [{}] {numbers}", command.join(" "));
    }
    let http = &probe["httpGet"];
    if http.is_object() {
        let scheme = http["scheme"].as_str().unwrap_or("HTTP").to_lowercase();
        let port = plain(&http["port"]);
        let port = if port.is_empty() { String::new() } else { format!(":{port}") };
        let path = plain(&http["path"]);
        let slash = if path.starts_with('/') { "" } else { "/" };
        return format!("http-get {scheme}://{}{port}{slash}{path} {numbers}", plain(&http["host"]));
    }
    let tcp = &probe["tcpSocket"];
    if tcp.is_object() {
        return format!("tcp-socket {}:{} {numbers}", plain(&tcp["host"]), plain(&tcp["port"]));
    }
    let grpc = &probe["grpc"];
    if grpc.is_object() {
        return format!("grpc <pod>:{} {} {numbers}", plain(&grpc["port"]), plain(&grpc["service"]));
    }
    format!("unknown {numbers}")
}

fn env_from(w: &mut Writer, list: &Value) {
    if items(list).is_empty() {
        return;
    }
    w.write(2, "Environment Variables from:\n");
    for source in items(list) {
        let (kind, reference) = if source["configMapRef"].is_object() {
            ("ConfigMap", &source["configMapRef"])
        } else {
            ("Secret", &source["secretRef"])
        };
        let prefix = match plain(&source["prefix"]) {
            prefix if prefix.is_empty() => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        w.write(
            3,
            &format!(
                "{}\t{kind}{prefix}\tOptional: {}\n",
                plain(&reference["name"]),
                reference["optional"] == true
            ),
        );
    }
}

fn environment(w: &mut Writer, list: &Value, pod: Option<&Value>) {
    let none = if items(list).is_empty() { "\t<none>" } else { "" };
    w.write(2, &format!("Environment:{none}\n"));
    for variable in items(list) {
        let name = plain(&variable["name"]);
        let from = &variable["valueFrom"];
        if from.is_null() {
            for (i, line) in plain(&variable["value"]).split('\n').enumerate() {
                if i == 0 { w.field(3, &name, line) } else { w.write(3, &format!("\t{line}\n")) }
            }
        } else if from["fieldRef"].is_object() {
            let path = plain(&from["fieldRef"]["fieldPath"]);
            let version = from["fieldRef"]["apiVersion"].as_str().unwrap_or("v1");
            let value = pod.map(|pod| field_of(pod, &path)).unwrap_or_default();
            w.field(3, &name, &format!("{value} ({version}:{path})"));
        } else if from["resourceFieldRef"].is_object() {
            let reference = &from["resourceFieldRef"];
            w.field(3, &name, &format!(" ({})", plain(&reference["resource"])));
        } else {
            let (words, reference) = if from["secretKeyRef"].is_object() {
                ("in secret", &from["secretKeyRef"])
            } else {
                ("of config map", &from["configMapKeyRef"])
            };
            w.write(
                3,
                &format!(
                    "{name}:\t<set to the key '{}' {words} '{}'>\tOptional: {}\n",
                    plain(&reference["key"]),
                    plain(&reference["name"]),
                    reference["optional"] == true
                ),
            );
        }
    }
}

fn field_of(pod: &Value, path: &str) -> String {
    let metadata = &pod["metadata"];
    match path {
        "metadata.name" => plain(&metadata["name"]),
        "metadata.namespace" => plain(&metadata["namespace"]),
        "metadata.uid" => plain(&metadata["uid"]),
        _ => String::new(),
    }
}

fn mounts(w: &mut Writer, list: &Value) {
    let mut mounts: Vec<&Value> = items(list).iter().collect();
    mounts.order_by_key(|mount| plain(&mount["mountPath"]));
    w.write(2, &format!("Mounts:{}\n", if mounts.is_empty() { "\t<none>" } else { "" }));
    for mount in mounts {
        let mut flags = vec![if mount["readOnly"] == true { "ro".to_string() } else { "rw".to_string() }];
        if let Some(path) = mount["subPath"].as_str().filter(|path| !path.is_empty()) {
            flags.push(format!("path={path:?}"));
        }
        w.write(
            3,
            &format!("{} from {} ({})\n", plain(&mount["mountPath"]), plain(&mount["name"]), flags.join(",")),
        );
    }
}
