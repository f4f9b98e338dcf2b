//! Requests that become WebSockets: exec, attach, port-forward.
//!
//! The API server is asked first, over the simulated network; what it refuses is an ordinary answer.

use super::body::Reply;
use super::credentials::Identity;
use super::server::Server;
use super::wire::Wire;
use super::{channels, gateway, port_forward};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::rc::Rc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What a client's frames go over.
pub(super) type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// Whether a request asks for a WebSocket.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers such a request.
pub(super) async fn answer(
    server: Rc<Server>,
    identity: Option<Identity>,
    mut request: Request<Incoming>,
) -> Result<Response<Reply>, gateway::Failure> {
    let offered = request.headers().get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|list| list.to_str().ok());
    let offered: Vec<&str> = offered.unwrap_or("").split(',').map(str::trim).collect();
    let known = [port_forward::PROTOCOL, channels::PROTOCOL, channels::OLDER];
    let protocol = known.into_iter().find(|protocol| offered.contains(protocol));
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned();
    let (Some(protocol), Some(key)) = (protocol, key) else {
        return Ok(gateway::plain(StatusCode::BAD_REQUEST, "no protocol of this WebSocket is supported\n"));
    };
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_string();
    let headers = gateway::inward(request.headers(), identity.as_ref());
    let upgrade = hyper::upgrade::on(&mut request);
    let waiting = server.traffic().listen();
    if protocol == port_forward::PROTOCOL {
        // One connection into the world for each that is forwarded: they are made as they come.
        tokio::task::spawn_local(async move {
            if let Ok(upgraded) = upgrade.await {
                let socket = socket(upgraded).await;
                port_forward::serve(&server, &target, &headers, socket).await;
            }
            drop(waiting);
        });
    } else {
        match open(&server, &target, &headers).await? {
            Opened::Refused(refusal) => return Ok(refusal),
            Opened::Streaming(wire, rest) => {
                tokio::task::spawn_local(async move {
                    if let Ok(upgraded) = upgrade.await {
                        channels::serve(wire, rest, socket(upgraded).await).await;
                    }
                    drop(waiting);
                });
            }
        }
    }
    let mut answer = Response::new(Reply::whole(""));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    let accept = derive_accept_key(key.as_bytes());
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&accept)?);
    Ok(answer)
}

async fn socket(upgraded: hyper::upgrade::Upgraded) -> Socket {
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await
}

/// What the API server makes of a request for a stream.
pub(super) enum Opened {
    /// It will not have it.
    Refused(Response<Reply>),
    /// The connection carries frames from here on; the bytes are the first of them.
    Streaming(Wire, Bytes),
}

/// Asks the API server for a stream.
pub(super) async fn open(
    server: &Server,
    target: &str,
    headers: &HeaderMap,
) -> Result<Opened, gateway::Failure> {
    let waiting = server.traffic().press();
    server.count_change();
    let wire = server.dial().await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    let mut request = Request::post(target).body(Empty::<Bytes>::new())?;
    *request.headers_mut() = headers.clone();
    for name in [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION, header::SEC_WEBSOCKET_EXTENSIONS] {
        request.headers_mut().remove(name);
    }
    let headers = request.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(channels::PROTOCOL));
    let parts = tokio::task::spawn_local(connection.without_shutdown());
    let response = sender.send_request(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let parts = parts.await??;
        return Ok(Opened::Streaming(parts.io.into_inner(), parts.read_buf));
    }
    let refusal = gateway::whole(Some(server.calendar()), response, false).await?;
    drop(waiting);
    Ok(Opened::Refused(refusal))
}
