//! `kubectl port-forward`: local ports that lead into a pod. Models pkg/cmd/portforward.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::selection::Info;
use futures_util::future::join;
use kube::kubelet::stream::{FrameReader, channel, encode};
use linux::Fd;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "port-forward",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    short: "Forward one or more local ports to a pod",
    long: "Forward one or more local ports to a pod.\n\n With a type and a name of something else than a pod, one of its pods is chosen. The forwarding ends when that pod ends; another run of the command then chooses again.",
    examples: "# Listen on ports 5000 and 6000 here, and forward to ports 5000 and 6000 of the pod\nkubectl port-forward pod/mypod 5000 6000\n\n# Forward to a pod of a deployment\nkubectl port-forward deployment/mydeployment 5000 6000\n\n# Forward port 8443 to the port called https of a service\nkubectl port-forward service/myservice 8443:https\n\n# Listen on any free port, forward to 5000\nkubectl port-forward pod/mypod :5000",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Pods,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::slice("address", "Addresses to listen on (separated by commas): IP addresses or localhost.")
        .default("localhost"),
    Flag::duration("pod-running-timeout", "1m0s", "How long to wait until a pod runs"),
];

struct Forward {
    listener: Fd,
    local: u16,
    remote: u16,
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let [target, ports @ ..] = k.args() else {
        return Err(k.usage_error("TYPE/NAME and list of ports are required for port-forward"));
    };
    if ports.is_empty() {
        return Err(k.usage_error("TYPE/NAME and list of ports are required for port-forward"));
    }
    let limit = pods::running_timeout(&k)?;
    let info = pods::named(&k, target).await?;
    let pod = pods::attachable(&k, &info, limit).await?;
    let pairs = ports.iter().map(|port| pair(port, &info, &pod)).collect::<Result<Vec<_>>>()?;
    let phase = pod["status"]["phase"].as_str().unwrap_or("");
    if phase != "Running" {
        return Err(Error::text(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let mut forwards = Vec::new();
    for (local, remote) in pairs {
        forwards.push(listen(&k, local, remote).await?);
    }
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/portforward",
        text(&pod["metadata"]["namespace"]),
        text(&pod["metadata"]["name"])
    );
    // Each port accepts by itself; the first connection that the pod does not take ends them all.
    let lost = futures_util::future::select_all(
        forwards.iter().map(|forward| Box::pin(accept(k.clone(), forward, path.clone()))),
    );
    lost.await;
    Err(Error::text("lost connection to pod"))
}

/// `8080:80`, `80`, `:80` or `8080:http`; ports of a Service lead to those of its pods.
fn pair(text: &str, info: &Info, pod: &Value) -> Result<(u16, u16)> {
    let (local, remote) = text.split_once(':').unwrap_or((text, text));
    let number = |text: &str, which: &str| {
        text.parse::<u16>().map_err(|_| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let why = if digits { "value out of range" } else { "invalid syntax" };
            Error::text(format!(
                "error parsing {which} port '{text}': strconv.ParseUint: parsing {text:?}: {why}"
            ))
        })
    };
    let is_number = !remote.is_empty() && remote.bytes().all(|b| b.is_ascii_digit());
    let port = if info.resource.kind == "Service" {
        service_port(remote, info, pod)?
    } else if is_number {
        None
    } else {
        pod_port(remote, pod)?
    };
    // A name that stands for both is the number of the container's port on both sides.
    let local = match local {
        "" => 0,
        same if same == remote && !text.contains(':') && !is_number => port.unwrap_or(0),
        local => number(local, "local")?,
    };
    let port = match port {
        Some(port) => port,
        None => number(remote, "remote")?,
    };
    if port == 0 {
        return Err(Error::text("remote port must be > 0"));
    }
    Ok((local, port))
}

fn pod_port(text: &str, pod: &Value) -> Result<Option<u16>> {
    if let Ok(number) = text.parse::<u16>() {
        return Ok(Some(number));
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let all = list(&pod["spec"]["containers"]).iter().flat_map(|c| list(&c["ports"])).collect::<Vec<_>>();
    let found = all.iter().find(|port| port["name"] == text).and_then(|port| port["containerPort"].as_u64());
    match found {
        Some(number) => Ok(u16::try_from(number).ok()),
        None => Err(Error::text(format!(
            "Pod '{}' does not have a named port '{text}'",
            pod["metadata"]["name"].as_str().unwrap_or("")
        ))),
    }
}

fn service_port(text: &str, info: &Info, pod: &Value) -> Result<Option<u16>> {
    let ports = info.object["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let number = text.parse::<u64>().ok();
    let found = ports.iter().find(|port| port["name"] == text || port["port"].as_u64() == number);
    let Some(port) = found else {
        return Err(Error::text(match number {
            Some(number) => format!("Service {} does not have a service port {number}", info.name),
            None => format!("Service '{}' does not have a named port '{text}'", info.name),
        }));
    };
    match &port["targetPort"] {
        Value::String(name) => pod_port(name, pod),
        target => Ok(target.as_u64().or(port["port"].as_u64()).and_then(|number| u16::try_from(number).ok())),
    }
}

async fn listen(k: &Kubectl, local: u16, remote: u16) -> Result<Forward> {
    let given = k.flags.list("address");
    let address = match given.first().map(String::as_str) {
        None | Some("localhost") => Ipv4Addr::LOCALHOST,
        Some(text) => text.parse().map_err(|_| Error::text(format!("{text} is not a valid IP")))?,
    };
    let on = SocketAddr::new(IpAddr::V4(address), local);
    let listener = k.sys.listen(on, 128).map_err(|errno| {
        let why = errno.text().to_lowercase();
        Error::text(format!(
            "unable to listen on any of the requested ports: [{{{local} {remote}}}]\nunable to create listener: Error listen tcp4 {on}: bind: {why}"
        ))
    })?;
    let bound = k.sys.local_addr(listener).map_or(local, |address| address.port());
    k.out(&format!("Forwarding from {address}:{bound} -> {remote}\n")).await;
    if given.is_empty() {
        k.out(&format!("Forwarding from [::1]:{bound} -> {remote}\n")).await;
    }
    Ok(Forward { listener, local: bound, remote })
}

/// Takes connections until one breaks.
async fn accept(k: Rc<Kubectl>, forward: &Forward, path: String) {
    loop {
        let Ok((connection, _)) = k.sys.accept(forward.listener).await else { return };
        k.out(&format!("Handling connection for {}\n", forward.local)).await;
        let carried = carry(&k, connection, forward, &path).await;
        let _ = k.sys.close(connection);
        if let Err(message) = carried {
            let now = k.sys.clock();
            let civil = now.civil();
            k.err(&format!(
                "E{:02}{:02} {:02}:{:02}:{:02}.{:06} {:7} portforward.go:424] \"Unhandled Error\" err=\"an error occurred forwarding {} -> {}: {}\"\n",
                civil.month,
                civil.day,
                civil.hour,
                civil.minute,
                civil.second,
                now.nanos / 1000,
                k.sys.pid(),
                forward.local,
                forward.remote,
                message.replace('"', "\\\"")
            ))
            .await;
            return;
        }
    }
}

async fn carry(
    k: &Kubectl,
    connection: Fd,
    forward: &Forward,
    path: &str,
) -> std::result::Result<(), String> {
    let port = forward.remote.to_string();
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Protocol", "SPDY/3.1+portforward.k8s.io"),
    ];
    let client = k.client().await.map_err(|error| error.message())?;
    let upgraded = client.upgrade("POST", path, &[("ports", &port)], &headers).await;
    let (fd, rest, _) = upgraded.map_err(|error| error.message())?;
    let sys = &k.sys;
    let up = async {
        while let Ok(bytes) = sys.read(connection, 16_384).await {
            if bytes.is_empty() {
                let _ = sys.send_all(fd, &encode(channel::CLOSE, &[channel::STDIN])).await;
                return;
            }
            if sys.send_all(fd, &encode(channel::STDIN, &bytes)).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        let mut reader = FrameReader::new(rest);
        let mut failure = None;
        loop {
            while let Ok(Some(frame)) = reader.next_frame() {
                match frame.channel {
                    channel::STDIN => drop(sys.send_all(connection, &frame.payload).await),
                    channel::ERROR => failure = Some(String::from_utf8_lossy(&frame.payload).into_owned()),
                    channel::CLOSE => drop(sys.shutdown(connection, false)),
                    _ => {}
                }
            }
            match sys.read(fd, 16_384).await {
                Ok(bytes) if !bytes.is_empty() => reader.push(&bytes),
                _ => break,
            }
        }
        // Whoever still sends to this end is told that nobody listens any more.
        let _ = sys.shutdown(connection, true);
        failure
    };
    let ((), failure) = join(up, down).await;
    let _ = sys.close(fd);
    failure.map_or(Ok(()), Err)
}
