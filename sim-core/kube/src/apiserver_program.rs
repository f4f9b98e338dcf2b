//! The program `kube-apiserver`: HTTP on port 6443 of the control plane, for everybody who comes over the network.
//!
//! Requests are taken from the wire, handed to [`ApiServer::handle`], and answered; watches go out as chunks; logs,
//! exec and the like are passed on to the kubelet of the pod's node. On the simulated wire it is plain HTTP/1.1:
//! everybody pretends TLS.

use crate::api::{NODE, ObjectExt, Status};
use crate::apiserver::{ApiServer, Request, Response, Upstream};
use crate::dial;
use crate::kubelet::server::{PORT as KUBELET_PORT, encode_query, parse_target};
use futures_util::future::{Either, select};
use linux::http::{Connection, Headers, HttpError, RequestHead, ResponseHead, header};
use linux::{Args, Errno, ExitCode, Fd, Program, Sys};
use std::net::{Ipv4Addr, SocketAddr};

/// The port.
pub const PORT: u16 = 6_443;

/// `/usr/local/bin/kube-apiserver` of its image.
pub fn program(api: &ApiServer) -> Program {
    let api = api.clone();
    Program::with_state("kube-apiserver", "The Kubernetes API server", move |sys, args| {
        Box::pin(main(sys, args, api.clone()))
    })
}

async fn main(sys: Sys, _args: Args, api: ApiServer) -> ExitCode {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    let listener = match sys.listen(any, 1_024) {
        Ok(listener) => listener,
        Err(errno) => {
            sys.err(&format!("Error: failed to create listener: listen tcp 0.0.0.0:{PORT}: bind: {errno}\n"))
                .await;
            return 1;
        }
    };
    sys.spawn_thread(api.clone().keep_kubernetes_service());
    sys.spawn_thread(crate::aggregator::run(sys.clone(), api.clone()));
    loop {
        match sys.accept(listener).await {
            Ok((fd, _)) => {
                let (api, own) = (api.clone(), sys.clone());
                sys.spawn_thread(async move {
                    let _ = serve(&own, &api, fd).await;
                    let _ = own.close(fd);
                });
            }
            Err(Errno::EINTR) => {}
            Err(_) => return 1,
        }
    }
}

async fn serve(sys: &Sys, api: &ApiServer, fd: Fd) -> Result<(), HttpError> {
    let mut connection = Connection::new(sys, fd);
    while let Some(head) = connection.read_request().await? {
        let body = connection.read_request_body(&head).await?;
        let (path, query) = parse_target(&head.target);
        let request = Request {
            method: head.method.clone(),
            path,
            query,
            headers: head.headers.clone(),
            body,
            ..Request::default()
        };
        // What the real one takes: authentication, authorization, admission, a round to etcd.
        sys.cpu(std::time::Duration::from_micros(if head.method == "GET" { 300 } else { 900 })).await;
        match api.handle(request) {
            Response::Whole { status, mut headers, body } => {
                headers.push(date(sys));
                connection.write_response(status, &headers, &body).await?;
            }
            Response::Watch(mut watch) => {
                let headers = [("Content-Type".to_string(), "application/json".to_string()), date(sys)];
                connection.write_chunked_head(200, &headers).await?;
                // Data from the client, or its end, ends a watch.
                loop {
                    let next = std::pin::pin!(watch.next());
                    let gone = std::pin::pin!(client_gone(sys, fd));
                    match select(next, gone).await {
                        Either::Left((Some(line), _)) => connection.write_chunk(&line).await?,
                        Either::Left((None, _)) => break,
                        Either::Right(_) => return Ok(()),
                    }
                }
                connection.finish_chunks().await?;
            }
            Response::Upstream(upstream) => {
                if !pass_on(sys, api, &mut connection, &head, &upstream).await? {
                    return Ok(());
                }
            }
        }
        if !head.keep_alive() {
            break;
        }
    }
    Ok(())
}

fn date(sys: &Sys) -> (String, String) {
    ("Date".to_string(), sys.clock().http_date())
}

/// Waits until the client has something to say while it should listen: that is its farewell.
async fn client_gone(sys: &Sys, fd: Fd) {
    let asked = [linux::fd::PollFd { fd, readable: true, writable: false }];
    let _ = sys.poll(&asked, None).await;
}

async fn refuse(connection: &mut Connection, status: &Status) -> Result<(), HttpError> {
    let headers = [("Content-Type".to_string(), "application/json".to_string())];
    connection.write_response(status.code, &headers, status.to_value().to_string().as_bytes()).await
}

/// Where the kubelet of a node listens.
fn kubelet_of(api: &ApiServer, node: &str) -> Result<SocketAddr, Status> {
    let nodes = api.snapshot(NODE);
    let found = nodes.iter().find(|found| found.name() == node);
    match found.and_then(|found| found.str_at("/status/addresses/0/address").parse::<Ipv4Addr>().ok()) {
        Some(address) => Ok(SocketAddr::from((address, KUBELET_PORT))),
        None => {
            let text = format!("no preferred addresses found; known addresses: [] for node {node}");
            Err(Status::internal(&text))
        }
    }
}

/// Asks the kubelet; says whether the connection can be used for another request.
async fn pass_on(
    sys: &Sys,
    api: &ApiServer,
    connection: &mut Connection,
    head: &RequestHead,
    upstream: &Upstream,
) -> Result<bool, HttpError> {
    let mut target = upstream.path.clone();
    let query = encode_query(&upstream.query);
    if !query.is_empty() {
        target = format!("{target}?{query}");
    }
    let to = match upstream.address.parse::<SocketAddr>() {
        Ok(to) => to,
        Err(_) => match kubelet_of(api, &upstream.node) {
            Ok(to) => to,
            Err(status) => {
                refuse(connection, &status).await?;
                return Ok(true);
            }
        },
    };
    let reached = async {
        let dialed = sys.timeout(std::time::Duration::from_secs(30), dial::connect(sys, to)).await;
        let fd = dialed.unwrap_or_else(|| Err(format!("dial tcp {to}: i/o timeout")))?;
        let mut backend = Connection::new(sys, fd);
        let answer = async {
            backend.write_request(&head.method, &target, &headers(head, upstream), &[]).await?;
            backend.read_response().await
        };
        match answer.await {
            Ok(answer) => Ok((backend, answer)),
            Err(_) => {
                let _ = sys.close(fd);
                Err("EOF".to_string())
            }
        }
    };
    let (backend, answer) = match reached.await {
        Ok(reached) => reached,
        Err(why) => {
            let unreached = format!("error trying to reach service: {why}");
            let status = match upstream.verb {
                "aggregate" => {
                    // Who asks cannot tell this from an answer of that server.
                    let content = ("Content-Type".to_string(), "text/plain; charset=utf-8".to_string());
                    connection.write_response(503, &[content], format!("{unreached}\n").as_bytes()).await?;
                    return Ok(true);
                }
                "proxy" => Status::new(503, "ServiceUnavailable", unreached),
                "log" => Status::new(500, "", format!("Get \"https://{to}{target}\": {why}")),
                _ => Status::new(500, "", format!("error dialing backend: {why}")),
            };
            refuse(connection, &status).await?;
            return Ok(true);
        }
    };
    let fd = backend.fd();
    let result = converse(sys, connection, head, backend, answer, upstream).await;
    let _ = sys.close(fd);
    result
}

/// What the other server is told of the request.
fn headers(head: &RequestHead, upstream: &Upstream) -> Headers {
    let keep = ["accept", "connection", "upgrade", "sec-websocket-protocol", "content-type"];
    let host = match upstream.address.as_str() {
        "" => format!("kubelet:{KUBELET_PORT}"),
        address => address.to_string(),
    };
    let mut headers: Headers = vec![("Host".to_string(), host)];
    headers.extend(
        head.headers.iter().filter(|(name, _)| keep.contains(&name.to_ascii_lowercase().as_str())).cloned(),
    );
    headers
}

async fn converse(
    sys: &Sys,
    connection: &mut Connection,
    head: &RequestHead,
    mut backend: Connection,
    answer: ResponseHead,
    upstream: &Upstream,
) -> Result<bool, HttpError> {
    let mut body = answer.body(&head.method)?;
    match answer.status {
        101 => {
            connection.write_response(101, &answer.headers, &[]).await?;
            splice(sys, connection, backend).await;
            Ok(false)
        }
        status if status >= 400 && !matches!(upstream.verb, "proxy" | "aggregate") => {
            let text = backend.read_body(&mut body).await?;
            let text = String::from_utf8_lossy(&text).trim_end().to_string();
            let reason = match status {
                400 => "BadRequest",
                404 => "NotFound",
                500 => "InternalError",
                _ => "",
            };
            refuse(connection, &Status::new(status, reason, text)).await?;
            Ok(true)
        }
        status => {
            let content = header(&answer.headers, "Content-Type").unwrap_or("text/plain").to_string();
            connection.write_chunked_head(status, &[("Content-Type".to_string(), content)]).await?;
            loop {
                let piece = {
                    let next = std::pin::pin!(backend.read_piece(&mut body));
                    let gone = std::pin::pin!(client_gone(sys, connection.fd()));
                    match select(next, gone).await {
                        Either::Left((piece, _)) => piece?,
                        // `kubectl logs -f` was interrupted.
                        Either::Right(_) => return Ok(false),
                    }
                };
                match piece {
                    Some(piece) => connection.write_chunk(&piece).await?,
                    None => break,
                }
            }
            connection.finish_chunks().await?;
            Ok(true)
        }
    }
}

/// Passes bytes both ways until both sides have ended.
async fn splice(sys: &Sys, connection: &mut Connection, backend: Connection) {
    let client = connection.fd();
    let (kubelet, early) = backend.into_parts();
    let from_client = {
        let mut placeholder = Connection::new(sys, client);
        std::mem::swap(connection, &mut placeholder);
        placeholder.into_parts().1
    };
    let up = copy(sys, client, kubelet, from_client);
    let down = copy(sys, kubelet, client, early);
    // The kubelet has the last word; a client that has gone is told on by closing its connection there.
    if let Either::Left(_) = select(std::pin::pin!(down), std::pin::pin!(up)).await {
        let _ = sys.shutdown(client, false);
    }
}

async fn copy(sys: &Sys, from: Fd, to: Fd, first: Vec<u8>) {
    let mut data = first;
    loop {
        if !data.is_empty() && sys.send_all(to, &data).await.is_err() {
            return;
        }
        match sys.read(from, 16 * 1024).await {
            Ok(more) if !more.is_empty() => data = more,
            _ => return,
        }
    }
}
