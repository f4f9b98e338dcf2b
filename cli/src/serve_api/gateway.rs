//! A request: who sends it, whether it may come in, and on over the simulated network.

use super::body::{Reply, Stream};
use super::credentials::Identity;
use super::dates::Calendar;
use super::protobuf;
use super::server::Server;
use super::websocket;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
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
    match host(request.uri(), request.headers()) {
        // As net/http of Go says it.
        None => {
            let text = "400 Bad Request: missing required Host header";
            return Ok(plain(StatusCode::BAD_REQUEST, text));
        }
        Some(host) if !names_us(&server, host) => {
            let text = "the Host header names another machine\n";
            return Ok(plain(StatusCode::MISDIRECTED_REQUEST, text));
        }
        Some(_) => {}
    }
    if websocket::is_asked(request.headers()) {
        return websocket::answer(server, identity, request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        server.count_change();
    }
    let stream = is_stream(request.uri());
    let (head, body) = request.into_parts();
    let body = read(body).await?;
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
    let mut inner = Request::builder().method(head.method.clone()).uri(String::from_utf8(target)?);
    if let Some(inner) = inner.headers_mut() {
        *inner = headers;
    }
    let inner = inner.body(Full::new(Bytes::from(body)))?;

    let wire = server.dial().await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    tokio::task::spawn_local(async move { drop(connection.await) });
    let response = sender.send_request(inner).await?;
    // Logs with the time before each line.
    let dated = head.uri.query().is_some_and(|query| query.contains("timestamps=true"));
    let answer = if stream && response.status().is_success() {
        let (head, body) = response.into_parts();
        let lines = (dated || is_json(&head.headers)).then(|| (server.calendar(), Vec::new()));
        let stream = Stream { inner: body, lines, _waiting: server.traffic().listen() };
        with_head(head.status, head.headers, Reply::Stream(stream))
    } else {
        // The day on which the server was built is none of its calendar.
        let calendar = (head.uri.path() != "/version").then(|| server.calendar());
        whole(calendar, response, dated).await?
    };
    drop(waiting);
    Ok(answer)
}

/// An answer of the API server, once it is complete; `dated` when there are times in it though it holds no objects.
pub(super) async fn whole(
    calendar: Option<Calendar>,
    response: Response<Incoming>,
    dated: bool,
) -> Result<Response<Reply>, Failure> {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let bytes = match calendar.filter(|_| dated || is_text(&head.headers)) {
        Some(calendar) => calendar.outward(&bytes).into(),
        None => bytes,
    };
    Ok(with_head(head.status, head.headers, Reply::whole(bytes)))
}

fn with_head(status: StatusCode, headers: HeaderMap, reply: Reply) -> Response<Reply> {
    let mut answer = Response::new(reply);
    *answer.status_mut() = status;
    *answer.headers_mut() = outward(headers);
    answer
}

/// Whether it holds objects with times.
fn is_text(headers: &HeaderMap) -> bool {
    is_json(headers) || headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/yaml")
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn is_protobuf(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/vnd.kubernetes.protobuf")
}

/// A body, or so much of it that the API server sees that it is too long.
async fn read(mut body: Incoming) -> Result<Bytes, hyper::Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(frame?.data_ref().unwrap_or(&Bytes::new()));
        if bytes.len() > BODY_MAX {
            bytes.truncate(BODY_MAX + 1);
            break;
        }
    }
    Ok(bytes.into())
}

/// The machine that a request is meant for.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let named = uri.authority().map(|authority| authority.as_str());
    named.or_else(|| headers.get(header::HOST).map(|host| host.to_str().unwrap_or("")))
}

/// Browsers can be led to 127.0.0.1 under any name; only ours are answered.
fn names_us(server: &Server, host: &str) -> bool {
    let port = server.port();
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host == format!("{name}:{port}"))
}

/// Whether the answer goes on until somebody ends it: any value but two switches an option on.
fn is_stream(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or("");
    uri.path().contains("/watch/")
        || query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            matches!(name, "watch" | "follow") && value != "0" && !value.eq_ignore_ascii_case("false")
        })
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
