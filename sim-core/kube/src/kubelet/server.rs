//! What kubelet serves on port 10250: logs, exec, attach, port-forward, metrics. Models pkg/kubelet/server.

use super::Kubelet;
use super::log::{ContainerLog, LogOptions, seconds_ago};
use super::pod::PodWorker;
use super::status::ContainerState;
use super::streaming;
use linux::http::{Connection, HttpError, RequestHead};
use linux::{Fd, Sys};
use sim::Timestamp;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

/// The port.
pub const PORT: u16 = 10_250;

/// What is answered instead of a log or a stream.
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Plain text.
    pub message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Refusal { status, message: message.into() }
    }
}

/// Query parameters of a request.
pub type Query = [(String, String)];

pub(super) async fn serve(kubelet: Kubelet, sys: Sys) {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    let Ok(listener) = sys.listen(any, 128) else { return };
    loop {
        let Ok((fd, _)) = sys.accept(listener).await else { return };
        let (kubelet, own) = (kubelet.clone(), sys.clone());
        sys.spawn_thread(async move {
            let _ = handle(&kubelet, &own, fd).await;
            let _ = own.close(fd);
        });
    }
}

async fn handle(kubelet: &Kubelet, sys: &Sys, fd: Fd) -> Result<(), HttpError> {
    let mut connection = Connection::new(sys, fd);
    while let Some(head) = connection.read_request().await? {
        connection.read_request_body(&head).await?;
        let (path, query) = parse_target(&head.target);
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_slice() {
            ["healthz"] => text(&mut connection, 200, "ok").await?,
            ["metrics", "resource"] => {
                let headers =
                    [("Content-Type".to_string(), "text/plain; version=0.0.4; charset=utf-8".to_string())];
                let page = super::resource_metrics::page(kubelet);
                sys.cpu(Duration::from_micros(500)).await;
                connection.write_response(200, &headers, page.as_bytes()).await?;
            }
            ["containerLogs", namespace, pod, container] => {
                logs(kubelet, &mut connection, [namespace, pod, container], &query).await?;
            }
            ["exec" | "attach", namespace, pod, container] => {
                let what = [*namespace, *pod, *container];
                return streaming::exec_or_attach(
                    kubelet,
                    sys,
                    connection,
                    parts[0] == "attach",
                    what,
                    &query,
                )
                .await;
            }
            ["portForward", namespace, pod] => {
                return streaming::port_forward(kubelet, sys, connection, namespace, pod, &query).await;
            }
            _ => text(&mut connection, 404, "404 page not found\n").await?,
        }
        if !head_keeps(&head) {
            break;
        }
    }
    Ok(())
}

fn head_keeps(head: &RequestHead) -> bool {
    head.keep_alive()
}

pub(super) async fn text(connection: &mut Connection, status: u16, body: &str) -> Result<(), HttpError> {
    let headers = [("Content-Type".to_string(), "text/plain; charset=utf-8".to_string())];
    connection.write_response(status, &headers, body.as_bytes()).await
}

async fn logs(
    kubelet: &Kubelet,
    connection: &mut Connection,
    [namespace, pod, container]: [&str; 3],
    query: &Query,
) -> Result<(), HttpError> {
    let found = log_options(kubelet, query)
        .and_then(|options| Ok((find_log(kubelet, namespace, pod, container, options.previous)?, options)));
    let (log, options) = match found {
        Ok(found) => found,
        Err(refusal) => return text(connection, refusal.status, &refusal.message).await,
    };
    let headers = [("Content-Type".to_string(), "text/plain".to_string())];
    connection.write_chunked_head(200, &headers).await?;
    let mut cursor = log.start(&options);
    loop {
        let seen = log.changed.count();
        let piece = log.read(&mut cursor, options.timestamps);
        connection.write_chunk(&piece).await?;
        if !options.follow || cursor.is_exhausted() {
            break;
        }
        if log.changed.count() == seen {
            if log.is_closed() {
                break;
            }
            log.changed.rung_since(seen).await;
        }
    }
    connection.finish_chunks().await
}

fn log_options(kubelet: &Kubelet, query: &Query) -> Result<LogOptions, Refusal> {
    let number = |name: &str| -> Result<Option<u64>, Refusal> {
        match param(query, name) {
            "" => Ok(None),
            text => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) if text.starts_with('-') => Ok(None),
                Err(_) => Err(Refusal::new(400, format!("invalid value for {name}: {text}"))),
            },
        }
    };
    let since = match number("sinceSeconds")? {
        Some(seconds) => Some(seconds_ago(kubelet.sim().now(), seconds)),
        None => Timestamp::parse_rfc3339(param(query, "sinceTime")),
    };
    Ok(LogOptions {
        follow: param(query, "follow") == "true",
        previous: param(query, "previous") == "true",
        timestamps: param(query, "timestamps") == "true",
        tail_lines: number("tailLines")?,
        limit_bytes: number("limitBytes")?.and_then(|n| usize::try_from(n).ok()),
        since,
    })
}

/// Models `validateContainerLogStatus`.
fn find_log(
    kubelet: &Kubelet,
    namespace: &str,
    pod: &str,
    container: &str,
    previous: bool,
) -> Result<Rc<ContainerLog>, Refusal> {
    let worker: Rc<PodWorker> = kubelet
        .worker_named(namespace, pod)
        .ok_or_else(|| Refusal::new(404, format!("pods \"{pod}\" not found")))?;
    let record = worker.record.borrow();
    let slots = worker.slots.borrow();
    let place = format!("container \"{container}\" in pod \"{pod}\"");
    let (record, slot) = record
        .containers
        .iter()
        .zip(slots.iter())
        .find(|(record, _)| record.name == container)
        .ok_or_else(|| Refusal::new(404, format!("{place} not found")))?;
    let last_run = slot.instance.as_ref().map(|instance| instance.log.clone());
    let waiting = matches!(record.state, ContainerState::Waiting { .. });
    let empty = || Rc::new(closed_log());
    if previous {
        let log = if waiting { last_run } else { slot.previous_log.clone() };
        return match record.last {
            Some(_) => Ok(log.unwrap_or_else(empty)),
            None => Err(Refusal::new(
                400,
                format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"),
            )),
        };
    }
    match &record.state {
        ContainerState::Waiting { reason, .. } if record.last.is_none() => {
            let why = match reason.as_str() {
                "ErrImagePull" => "image can't be pulled",
                "ImagePullBackOff" => "trying and failing to pull image",
                "" if worker.record.borrow().containers.iter().any(|c| c.init) => "PodInitializing",
                "" => "ContainerCreating",
                reason => reason,
            };
            Err(Refusal::new(400, format!("{place} is waiting to start: {why}")))
        }
        _ => Ok(last_run.unwrap_or_else(empty)),
    }
}

fn closed_log() -> ContainerLog {
    let log = ContainerLog::default();
    log.close(sim::Instant::ZERO);
    log
}

/// The value of a query parameter, empty when it is not there.
pub fn param<'a>(query: &'a Query, name: &str) -> &'a str {
    query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
}

/// Path and query of a request target, decoded.
pub fn parse_target(target: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decode = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(key, true), percent_decode(value, true))
    };
    (percent_decode(path, false), pairs.map(decode).collect())
}

/// The query as it goes into a request target.
pub fn encode_query(query: &Query) -> String {
    let pairs: Vec<String> = query
        .iter()
        .map(|(key, value)| format!("{}={}", percent_encode(key), percent_encode(value)))
        .collect();
    pairs.join("&")
}

fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn percent_decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok());
        match (bytes[i], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
                continue;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_taken_apart() {
        let (path, query) = parse_target("/exec/default/a/c?command=echo&command=a+b%26&tty=true");
        assert_eq!(path, "/exec/default/a/c");
        assert_eq!(param(&query, "tty"), "true");
        assert_eq!(query[1], ("command".to_string(), "a b&".to_string()));
        assert_eq!(encode_query(&query), "command=echo&command=a%20b%26&tty=true");
    }
}
