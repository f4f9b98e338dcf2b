//! Probes: whether a container has started, is ready, is alive. Models pkg/kubelet/prober and pkg/probe.

use super::container::Instance;
use crate::api::ObjectExt;
use linux::net::{NetnsId, TcpStream};
use linux::{Errno, File, Host, Signal};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

/// Which probe; the name begins its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Kills what is dead.
    Liveness,
    /// Keeps out of Services what is not ready.
    Readiness,
    /// Holds the other two back.
    Startup,
}

impl Kind {
    /// All, with their field in the spec.
    pub const ALL: [(Kind, &'static str); 3] = [
        (Kind::Startup, "/startupProbe"),
        (Kind::Liveness, "/livenessProbe"),
        (Kind::Readiness, "/readinessProbe"),
    ];

    /// As messages begin.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Liveness => "Liveness",
            Kind::Readiness => "Readiness",
            Kind::Startup => "Startup",
        }
    }
}

/// The numbers of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Before the first time.
    pub initial_delay: Duration,
    /// Between two times.
    pub period: Duration,
    /// Before it counts as failed.
    pub timeout: Duration,
    /// So many times in a row.
    pub success_threshold: u32,
    /// So many times in a row.
    pub failure_threshold: u32,
}

impl Schedule {
    /// Of a probe with its defaults.
    pub fn of(probe: &Value) -> Schedule {
        let number = |path: &str, default: i64| probe.int_at(path).unwrap_or(default).max(0) as u64;
        let seconds = |path: &str, default: i64| Duration::from_secs(number(path, default));
        Schedule {
            initial_delay: seconds("/initialDelaySeconds", 0),
            period: seconds("/periodSeconds", 10).max(Duration::from_secs(1)),
            timeout: seconds("/timeoutSeconds", 1).max(Duration::from_secs(1)),
            success_threshold: number("/successThreshold", 1).max(1) as u32,
            failure_threshold: number("/failureThreshold", 3).max(1) as u32,
        }
    }
}

/// Where probes start from and what they look at.
pub struct Target<'a> {
    /// The node.
    pub host: &'a Host,
    /// The container.
    pub instance: &'a Instance,
    /// Its spec, for named ports.
    pub container: &'a Value,
    /// Its pod's address.
    pub pod_ip: Ipv4Addr,
}

/// Probes once. `Err` is the text after `Readiness probe failed: `.
pub async fn run(target: &Target<'_>, probe: &Value, timeout: Duration) -> Result<(), String> {
    if probe.get("httpGet").is_some() {
        return http_get(target, probe.at("/httpGet"), timeout).await;
    }
    if probe.get("tcpSocket").is_some() {
        let host = probe.str_at("/tcpSocket/host");
        let to = address(target, host, probe.at("/tcpSocket/port"))?;
        let connect = dial(target.host, to);
        return match limited(target.host, timeout, connect).await {
            Some(Ok(_)) => Ok(()),
            Some(Err(text)) => Err(text),
            None => Err(format!("dial tcp {to}: i/o timeout")),
        };
    }
    if probe.get("grpc").is_some() {
        let to = address(target, "", probe.at("/grpc/port"))?;
        return match limited(target.host, timeout, dial(target.host, to)).await {
            Some(Ok(_)) => Err("error: health rpc failed: rpc error: code = Unimplemented desc = unknown service grpc.health.v1.Health".into()),
            Some(Err(_)) => Err(format!("timeout: failed to connect service \"{to}\" within {}s: context deadline exceeded", timeout.as_secs())),
            None => Err(format!("timeout: failed to connect service \"{to}\" within {}s: context deadline exceeded", timeout.as_secs())),
        };
    }
    let argv: Vec<String> =
        probe.list_at("/exec/command").iter().filter_map(Value::as_str).map(String::from).collect();
    exec(target, argv, timeout).await
}

/// Runs `future` for `timeout` at most.
pub async fn limited<T>(host: &Host, timeout: Duration, future: impl Future<Output = T>) -> Option<T> {
    use futures_util::future::{Either, select};
    let future = std::pin::pin!(future);
    let sleep = std::pin::pin!(host.sim().sleep(timeout));
    match select(future, sleep).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

fn address(target: &Target<'_>, host: &str, port: &Value) -> Result<SocketAddr, String> {
    let ip = match host {
        "" => target.pod_ip,
        host => host.parse().map_err(|_| format!("dial tcp: lookup {host}: no such host"))?,
    };
    let number = match port {
        Value::String(name) => match name.parse() {
            Ok(number) => Some(number),
            Err(_) => {
                let named = target.container.list_at("/ports").iter().find(|p| p.str_at("/name") == name);
                named.and_then(|p| p.int_at("/containerPort"))
            }
        },
        port => port.as_i64(),
    };
    let number = number.and_then(|n| u16::try_from(n).ok());
    let number = number.ok_or_else(|| format!("couldn't find port: {port} in container"))?;
    Ok(SocketAddr::new(ip.into(), number))
}

/// Where components of the cluster listen and TLS is pretended; nobody else speaks it.
const TLS_PORTS: [u16; 2] = [6_443, super::server::PORT];

/// Connects from the node, with Go's words when that fails.
async fn dial(host: &Host, to: SocketAddr) -> Result<TcpStream, String> {
    let text = |errno: Errno| format!("dial tcp {to}: connect: {}", errno.text().to_lowercase());
    let netns: NetnsId = host.namespaces().netns;
    let stream = host.net().tcp_connect(netns, None, to).map_err(text)?;
    stream.connected().await.map_err(text)?;
    Ok(stream)
}

async fn http_get(target: &Target<'_>, action: &Value, timeout: Duration) -> Result<(), String> {
    let to = address(target, action.str_at("/host"), action.at("/port"))?;
    let scheme = action.at("/scheme").as_str().unwrap_or("HTTP").to_ascii_lowercase();
    let path = match action.str_at("/path") {
        "" => "/",
        path => path,
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let url = format!("{scheme}://{to}{slash}{path}");
    if scheme == "https" && !TLS_PORTS.contains(&to.port()) {
        // A server that answers in plain text is what a real probe would find, too.
        return match limited(target.host, timeout, dial(target.host, to)).await {
            Some(Ok(_)) => Err(format!("Get \"{url}\": http: server gave HTTP response to HTTPS client")),
            Some(Err(text)) => Err(format!("Get \"{url}\": {text}")),
            None => Err(format!(
                "Get \"{url}\": dial tcp {to}: i/o timeout (Client.Timeout exceeded while awaiting headers)"
            )),
        };
    }
    let mut host_header = to.to_string();
    let mut extra = String::new();
    for header in action.list_at("/httpHeaders") {
        if header.str_at("/name").eq_ignore_ascii_case("host") {
            host_header = header.str_at("/value").to_string();
        } else {
            extra.push_str(&format!("{}: {}\r\n", header.str_at("/name"), header.str_at("/value")));
        }
    }
    let request = format!(
        "GET {slash}{path} HTTP/1.1\r\nHost: {host_header}\r\nUser-Agent: kube-probe/1.35\r\n{extra}Accept: */*\r\n\
         Connection: close\r\n\r\n"
    );
    let connected = std::cell::Cell::new(false);
    let exchange = async {
        let stream = dial(target.host, to).await?;
        connected.set(true);
        http_exchange(&stream, &request).await.map_err(|errno| match errno {
            Some(errno) => {
                format!("read tcp {}->{to}: read: {}", stream.local_addr(), errno.text().to_lowercase())
            }
            None => "EOF".to_string(),
        })
    };
    match limited(target.host, timeout, exchange).await {
        Some(Ok(status)) if (200..400).contains(&status) => Ok(()),
        Some(Ok(status)) => Err(format!("HTTP probe failed with statuscode: {status}")),
        Some(Err(text)) => Err(format!("Get \"{url}\": {text}")),
        None if connected.get() => Err(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
        None => Err(format!(
            "Get \"{url}\": dial tcp {to}: i/o timeout (Client.Timeout exceeded while awaiting headers)"
        )),
    }
}

/// Sends the request and reads the answer to its end, or 10 KiB of it; gives its status.
async fn http_exchange(stream: &TcpStream, request: &str) -> Result<u16, Option<Errno>> {
    let mut rest = request.as_bytes();
    while !rest.is_empty() {
        let written = stream.write(rest).await.map_err(Some)?;
        rest = &rest[written..];
    }
    let mut answer = Vec::new();
    while answer.len() < 10 * 1024 {
        let more = match stream.read(4_096).await {
            Ok(more) => more,
            Err(_) if !answer.is_empty() => break,
            Err(errno) => return Err(Some(errno)),
        };
        if more.is_empty() {
            break;
        }
        answer.extend_from_slice(&more);
    }
    if answer.is_empty() {
        return Err(None);
    }
    let head = String::from_utf8_lossy(&answer[..answer.len().min(32)]).into_owned();
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    status.ok_or(None)
}

/// Runs a command in the container; its output is the reason when it fails.
pub async fn exec(target: &Target<'_>, argv: Vec<String>, timeout: Duration) -> Result<(), String> {
    let command = format!("{:?}", argv.join(" "));
    let program = argv.first().cloned().unwrap_or_default();
    let (read, write) = File::pipe();
    let pid = target.instance.exec(target.host, argv, [File::null(), write.clone(), write], false).map_err(
        |errno| {
            format!(
                "error executing in container: failed to start exec: OCI runtime exec failed: exec failed: \
                 unable to start container process: {}",
                super::container::runc_exec_error(&program, errno)
            )
        },
    )?;
    let output = Rc::new(std::cell::RefCell::new(Vec::new()));
    let sink = output.clone();
    target.host.sim().spawn(async move {
        while let Ok(data) = read.read(4_096).await {
            if data.is_empty() {
                break;
            }
            sink.borrow_mut().extend_from_slice(&data);
        }
    });
    match limited(target.host, timeout, target.host.wait(pid)).await {
        Some(status) if status.exit_code() == 0 => Ok(()),
        Some(_) => {
            target.host.sim().sleep(Duration::ZERO).await;
            let text = output.borrow();
            Err(String::from_utf8_lossy(&text).into_owned())
        }
        None => {
            let _ = target.host.kill(pid, Signal::KILL);
            Err(format!("command timed out: {command} timed out after {}s", timeout.as_secs()))
        }
    }
}
