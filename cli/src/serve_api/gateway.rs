//! A request: who sends it, whether it may come in, and on over the simulated network.

use super::body::{Reply, Stream};
use super::credentials::Identity;
use super::protobuf;
use super::server::Server;
use super::websocket;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use kube::api::Status;
use std::error::Error;
use std::rc::Rc;

/// The longest body of a request, as upstream's `--max-request-body-bytes`.
const BODY_MAX: usize = 3 * 1024 * 1024;
/// The name the API server goes by in its own world.
const INSIDE: HeaderValue = HeaderValue::from_static("10.10.0.11:6443");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// Answers a request.
pub(super) async fn answer(
    server: Rc<Server>,
    identity: Option<Identity>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Failure> {
    if !names_us(&server, request.uri(), request.headers()) {
        let text = "the Host header names another machine\n";
        return Ok(plain(StatusCode::MISDIRECTED_REQUEST, text));
    }
    if websocket::is_asked(request.headers()) {
        return websocket::answer(server, identity, request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        server.count_change();
    }
    let stream = is_stream(request.uri());
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("Request entity too large: limit is {BODY_MAX}");
            return Ok(status(&Status::new(413, "RequestEntityTooLarge", message)));
        }
        Err(error) => return Err(error),
    };
    // From here on it is the world's turn, not the client's.
    let waiting = server.traffic().press();
    let mut headers = inward(&head.headers, identity.as_ref());
    let translated = is_protobuf(&headers).then(|| protobuf::to_json(&body)).flatten();
    let body = match translated {
        Some(object) => {
            headers.insert(header::CONTENT_TYPE, JSON);
            server.calendar().inward(object.to_string().as_bytes())
        }
        None => server.calendar().inward(&body),
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let target = server.calendar().inward(target.as_bytes());
    let mut inner = Request::builder().method(head.method).uri(String::from_utf8(target)?);
    if let Some(inner) = inner.headers_mut() {
        *inner = headers;
    }
    let inner = inner.body(Full::new(Bytes::from(body)))?;

    let wire = server.dial().await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    tokio::task::spawn_local(async move { drop(connection.await) });
    let response = sender.send_request(inner).await?;
    let answer = if stream && response.status().is_success() {
        let (head, body) = response.into_parts();
        let lines = is_json(&head.headers).then(|| (server.calendar(), Vec::new()));
        let stream = Stream { inner: body, lines, _waiting: server.traffic().listen() };
        with_head(head.status, head.headers, Reply::Stream(stream))
    } else {
        whole(&server, response).await?
    };
    drop(waiting);
    Ok(answer)
}

/// An answer of the API server, once it is complete.
pub(super) async fn whole(server: &Server, response: Response<Incoming>) -> Result<Response<Reply>, Failure> {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let bytes = if is_json(&head.headers) { server.calendar().outward(&bytes).into() } else { bytes };
    Ok(with_head(head.status, head.headers, Reply::whole(bytes)))
}

fn with_head(status: StatusCode, headers: HeaderMap, reply: Reply) -> Response<Reply> {
    let mut answer = Response::new(reply);
    *answer.status_mut() = status;
    *answer.headers_mut() = outward(headers);
    answer
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn is_protobuf(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/vnd.kubernetes.protobuf")
}

/// Browsers can be led to 127.0.0.1 under any name; only ours are answered.
fn names_us(server: &Server, uri: &Uri, headers: &HeaderMap) -> bool {
    let named = uri.authority().map(|authority| authority.as_str());
    let host = named.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let port = server.port();
    host.is_some_and(|host| {
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host == format!("{name}:{port}"))
    })
}

/// Whether the answer goes on until somebody ends it.
fn is_stream(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or("");
    uri.path().contains("/watch/")
        || query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true" | "follow=1"))
}

const HOPS: [HeaderName; 5] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::TE, header::UPGRADE];

/// Headers as they go into the world: what the certificate says is told there by the gateway only.
pub(super) fn inward(from: &HeaderMap, identity: Option<&Identity>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in from {
        if !HOPS.contains(name) && !name.as_str().starts_with("x-remote-") {
            headers.append(name, value.clone());
        }
    }
    headers.insert(header::HOST, INSIDE);
    if let Some(identity) = identity {
        headers.insert("x-remote-user", HeaderValue::from_static(identity.user));
        for group in identity.groups {
            headers.append("x-remote-group", HeaderValue::from_static(group));
        }
    }
    headers
}

fn outward(mut headers: HeaderMap) -> HeaderMap {
    for name in HOPS {
        headers.remove(name);
    }
    headers
}

pub(super) fn plain(code: StatusCode, text: &'static str) -> Response<Reply> {
    let mut answer = Response::new(Reply::whole(text));
    *answer.status_mut() = code;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

fn status(status: &Status) -> Response<Reply> {
    let mut answer = Response::new(Reply::whole(format!("{}\n", status.to_value())));
    *answer.status_mut() = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(header::CONTENT_TYPE, JSON);
    answer
}
