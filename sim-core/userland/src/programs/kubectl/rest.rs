//! The way to the API server: HTTP/1.1 on a simulated TCP connection.
//!
//! One connection is kept for plain requests; a watch, a log or an upgraded stream has its own. What a
//! client certificate says in reality, the name of the user, goes in a header, since TLS is only pretended.

mod request;

use super::error::{Error, Result};
use super::failure::{broken, failure, retry_after};
use super::klog;
use super::kubeconfig::Target;
use super::stream::Stream;
use encoding::json;
use encoding::tape::{Hidden, Page};
use linux::http::{Body, Connection, Headers, HttpError, RequestHead, ResponseHead, header};
use linux::{Errno, Fd, Sys, resolver};
pub use request::{ANY, JSON, JSON_PATCH, MERGE_PATCH, Query, Request, STRATEGIC_MERGE_PATCH, TABLE, escape};
use request::{PROTOBUF, is_discovery, query_text};
use serde_json::Value;
use sim::SortedSet;
use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The header in which the name of a client certificate travels.
pub const USER_HEADER: &str = "X-Remote-User";

const USER_AGENT: &str = "kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74";
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a request is sent again when the server says that it has no time.
const RETRIES: u32 = 10;

/// A client of one API server.
pub struct Client {
    sys: Sys,
    target: Target,
    scheme: String,
    host: String,
    prefix: String,
    impersonate: Headers,
    warned: RefCell<SortedSet<String>>,
    idle: RefCell<Option<Connection>>,
    request_timeout: Option<Duration>,
    verbosity: i64,
    dialect: Cell<Dialect>,
    tells_discovery: Cell<bool>,
    /// Whether a request was logged: the connection of those before it counts as its own.
    told: Cell<bool>,
}

/// What a request asks for and where it is logged: client-go has three kinds of clients, and kubectl uses them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Objects as they come: `get`, `apply`, `delete`, ...
    Unstructured,
    /// Objects of kinds that the program knows: `rollout`, `set`, `expose`, ...
    Scheme,
    /// A client for each kind, which would rather have protocol buffers: `create deployment`, `events`, ...
    Typed,
}

impl Client {
    /// A client that has not connected yet.
    pub fn new(sys: &Sys, target: Target, impersonate: Headers, request_timeout: Option<Duration>) -> Client {
        let (scheme, rest) = target.server.split_once("://").unwrap_or(("http", target.server.as_str()));
        let (host, prefix) = match rest.find('/') {
            Some(at) => (&rest[..at], rest[at..].trim_end_matches('/')),
            None => (rest, ""),
        };
        Client {
            sys: sys.clone(),
            scheme: scheme.to_string(),
            host: host.to_string(),
            prefix: prefix.to_string(),
            impersonate,
            target,
            warned: RefCell::default(),
            idle: RefCell::default(),
            request_timeout,
            verbosity: 0,
            dialect: Cell::new(Dialect::Unstructured),
            tells_discovery: Cell::new(false),
            told: Cell::new(false),
        }
    }

    /// Logs requests as `-v` asks for; below 6, nothing.
    pub fn verbose(self, level: i64) -> Client {
        Client { verbosity: level, ..self }
    }

    /// From now on requests are of this kind.
    pub fn speak(&self, dialect: Dialect) {
        self.dialect.set(dialect);
    }

    /// The kind of requests at present.
    pub fn dialect(&self) -> Dialect {
        self.dialect.get()
    }

    /// From now on requests of discovery are logged; the real one finds most of them in its cache.
    pub fn tell_discovery(&self) {
        self.tells_discovery.set(true);
    }

    /// The limit that discovery tells the server, unless `--request-timeout` says another one.
    pub fn discovery_query(&self) -> Query<'static> {
        if self.request_timeout.is_some() { &[] } else { &[("timeout", "32s")] }
    }

    /// The path of a request with its query.
    fn path(&self, request: &Request<'_>) -> String {
        let limit = self
            .request_timeout
            .map(|limit| super::flags::duration_text(i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX)));
        let mut query = request.query.to_vec();
        query.extend(limit.iter().map(|limit| ("timeout", limit.as_str())));
        format!("{}{}", request.path, query_text(&query))
    }

    /// The URL of a request, as it is logged.
    fn url(&self, request: &Request<'_>) -> String {
        format!("{}{}", self.target.server.trim_end_matches('/'), self.path(request))
    }

    /// True when a request is worth a line.
    fn logs(&self, request: &Request<'_>) -> bool {
        self.verbosity >= 6 && (self.tells_discovery.get() || !matches!(request.path, "/api" | "/apis"))
    }

    /// How a request is logged.
    fn asked<'a>(&self, request: &'a Request<'_>, url: &'a str) -> klog::Asked<'a> {
        let named = request.path.rsplit('/').nth(1).is_some_and(|collection| collection != "namespaces");
        let place = match self.dialect.get() {
            _ if is_discovery(request.path) => "discovery_client.go:255",
            _ if request.accept == ANY => "raw.go:84",
            Dialect::Typed => "type.go:165",
            _ if named => "helper.go:105",
            _ => "helper.go:113",
        };
        klog::Asked { level: self.verbosity, method: request.method, url, place }
    }

    /// What is logged of a request of discovery to a server that is not there.
    pub fn unanswered(&self, error: &str) -> String {
        if self.verbosity < 6 {
            return String::new();
        }
        let request = Request {
            accept: super::discovery::AGGREGATED,
            ..Request::new("GET", "/api", self.discovery_query())
        };
        let url = self.url(&request);
        let asked = self.asked(&request, &url);
        asked.request(&self.sys, &[], &self.headers(&request))
            + &asked.dialed(&self.sys, &self.host, Some(error))
            + &asked.response(&self.sys, Duration::ZERO, false, None)
    }

    /// How many different warnings the server gave.
    pub fn warnings(&self) -> usize {
        self.warned.borrow().len()
    }

    /// URL of the server.
    pub fn server(&self) -> &str {
        &self.target.server
    }

    /// Reads an object.
    pub async fn get(&self, path: &str, query: Query<'_>) -> Result<Value> {
        self.send(Request::new("GET", path, query)).await
    }

    /// Reads a list without who manages which fields, and of its objects no more than `but`, if anything is there.
    pub async fn list(&self, path: &str, query: Query<'_>, but: Option<&[&str]>) -> Result<Vec<Value>> {
        let hidden = Some(Hidden { but, ..Hidden::MANAGERS });
        let mut list = self.send(Request { hidden, ..Request::new("GET", path, query) }).await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Makes an object.
    pub async fn post(&self, path: &str, query: Query<'_>, object: &Value) -> Result<Value> {
        let body = object.to_string().into_bytes();
        self.send(Request { body, ..Request::new("POST", path, query) }).await
    }

    /// Patches an object; the content type says how.
    pub async fn patch(
        &self,
        path: &str,
        query: Query<'_>,
        content_type: &str,
        patch: &Value,
    ) -> Result<Value> {
        let body = patch.to_string().into_bytes();
        self.send(Request { body, content_type, ..Request::new("PATCH", path, query) }).await
    }

    /// Deletes an object; `options` are `DeleteOptions`.
    pub async fn delete(&self, path: &str, query: Query<'_>, options: &Value) -> Result<Value> {
        let body = options.to_string().into_bytes();
        self.send(Request { body, ..Request::new("DELETE", path, query) }).await
    }

    /// Sends a request and reads the JSON of its answer. A list that comes in pages is put together.
    pub async fn send(&self, request: Request<'_>) -> Result<Value> {
        let (path, query, accept, hidden) = (request.path, request.query, request.accept, request.hidden);
        let mut whole = read(&self.send_raw(request).await?, hidden)?;
        while let Some(token) = whole["metadata"]["continue"].as_str().map(String::from) {
            let query = [query, &[("continue", token.as_str())]].concat();
            let next = Request { accept, ..Request::new("GET", path, &query) };
            let mut page = read(&self.send_raw(next).await?, hidden)?;
            for part in ["items", "rows"] {
                if let (Some(Value::Array(list)), Value::Array(more)) =
                    (whole.get_mut(part), page[part].take())
                {
                    list.extend(more);
                }
            }
            whole["metadata"] = page["metadata"].take();
        }
        Ok(whole)
    }

    /// Sends a request and reads its answer as it is. Who is told to come back later does so, some times.
    pub async fn send_raw(&self, request: Request<'_>) -> Result<Vec<u8>> {
        let mut attempts = 0;
        loop {
            let kept = self.idle.borrow_mut().take();
            let reused = kept.is_some();
            return match self.attempt(kept, &request).await {
                Ok(bytes) => Ok(bytes),
                Err(Broken::Idle) if reused => continue,
                Err(Broken::Idle) => Err(Error::text("EOF")),
                Err(Broken::Later(seconds, _)) if attempts < RETRIES => {
                    attempts += 1;
                    let _ = self.sys.sleep(Duration::from_secs(seconds)).await;
                    if self.verbosity >= 4 {
                        let url = self.url(&request);
                        let text = format!(
                            "\"Got a Retry-After response\" delay=\"{seconds}s\" attempt={attempts} url={url:?}"
                        );
                        self.sys.err(&klog::line(&self.sys, 'I', "with_retry.go:234", &text)).await;
                    }
                    continue;
                }
                Err(Broken::Later(_, error) | Broken::Error(error)) => Err(error),
            };
        }
    }

    async fn attempt(
        &self,
        kept: Option<Connection>,
        request: &Request<'_>,
    ) -> std::result::Result<Vec<u8>, Broken> {
        let began = self.sys.now();
        let logs = self.logs(request);
        let url = self.url(request);
        let asked = self.asked(request, &url);
        if logs {
            self.sys.err(&asked.request(&self.sys, &request.body, &self.headers(request))).await;
        }
        let reused = kept.is_some() && self.told.get();
        let dialed = match kept {
            Some(connection) => Ok(connection),
            None => self.dial().await,
        };
        if logs && !reused {
            let error = dialed.as_ref().err().map(Error::message);
            self.sys.err(&asked.dialed(&self.sys, &self.host, error.as_deref())).await;
            self.told.set(true);
        }
        let mut connection = dialed.map_err(Broken::Error)?;
        let exchange = async {
            let head = self.exchange(&mut connection, request).await?;
            let mut body = head.body(request.method)?;
            let bytes = connection.read_body(&mut body).await?;
            Ok((head, bytes))
        };
        let outcome: std::result::Result<_, HttpError> = match self.request_timeout {
            None => exchange.await,
            Some(limit) => match self.sys.timeout(limit, exchange).await {
                Some(outcome) => outcome,
                None => {
                    let _ = self.sys.close(connection.fd());
                    return Err(Broken::Error(Error::Verbatim(
                        "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
                            .to_string(),
                    )));
                }
            },
        };
        match outcome {
            Ok((head, bytes)) => {
                if logs {
                    let took = self.sys.now().duration_since(began);
                    let mut text = asked.response(&self.sys, took, reused, Some(&head));
                    // What is passed on as it comes is not logged.
                    if request.accept != ANY || is_discovery(request.path) {
                        text += &asked.body(&self.sys, &bytes);
                    }
                    self.sys.err(&text).await;
                }
                self.show_warnings(&head).await;
                if head.keep_alive() {
                    *self.idle.borrow_mut() = Some(connection);
                } else {
                    let _ = self.sys.close(connection.fd());
                }
                if head.status < 300 {
                    return Ok(bytes);
                }
                let error = failure(request, &head, &bytes);
                Err(match retry_after(&head) {
                    Some(seconds) => Broken::Later(seconds, error),
                    None => Broken::Error(error),
                })
            }
            Err(error) => {
                let _ = self.sys.close(connection.fd());
                match error {
                    HttpError::Closed | HttpError::Io(Errno::EPIPE | Errno::ECONNRESET) => Err(Broken::Idle),
                    other => Err(Broken::Error(broken(&other))),
                }
            }
        }
    }

    async fn exchange(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> std::result::Result<ResponseHead, HttpError> {
        let target = format!("{}{}", self.prefix, self.path(request));
        let headers = self.headers(request);
        connection.write_request(request.method, &target, &headers, &request.body).await?;
        connection.read_response().await
    }

    /// A watch or a log: the answer comes line by line.
    pub async fn stream(&self, path: &str, query: Query<'_>, accept: &str) -> Result<Stream> {
        let request = Request { accept, ..Request::new("GET", path, query) };
        let url = self.url(&request);
        if self.logs(&request) {
            let text = self.asked(&request, &url).request(&self.sys, &[], &self.headers(&request));
            self.sys.err(&text).await;
        }
        let mut connection = self.dial().await?;
        let head = match self.exchange(&mut connection, &request).await {
            Ok(head) => head,
            Err(error) => return Err(broken(&error)),
        };
        self.show_warnings(&head).await;
        let mut body = head.body("GET").map_err(|error| broken(&error))?;
        if head.status >= 300 {
            let bytes = connection.read_body(&mut body).await.map_err(|error| broken(&error))?;
            let _ = self.sys.close(connection.fd());
            return Err(failure(&request, &head, &bytes));
        }
        if self.logs(&request) {
            let text = self.asked(&request, &url).response(&self.sys, Duration::ZERO, false, Some(&head));
            self.sys.err(&text).await;
        }
        let until = self.request_timeout.map(|limit| self.sys.now() + limit);
        Ok(Stream { sys: self.sys.clone(), connection, body, lines: Vec::new(), until })
    }

    /// Asks for another protocol on the connection (exec, attach, port-forward): the descriptor, and the bytes
    /// that came after the head already. It is the caller's from here on.
    pub async fn upgrade(
        &self,
        method: &str,
        path: &str,
        query: Query<'_>,
        protocol: &[(&str, &str)],
    ) -> Result<(Fd, Vec<u8>, Headers)> {
        let request = Request::new(method, path, query);
        let mut connection = self.dial().await?;
        let target = format!("{}{path}{}", self.prefix, query_text(query));
        let mut headers = self.headers(&request);
        headers.extend(protocol.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        let exchange = async {
            connection.write_request(method, &target, &headers, &[]).await?;
            connection.read_response().await
        };
        let head = exchange.await.map_err(|error| broken(&error))?;
        if head.status == 101 {
            let (fd, rest) = connection.into_parts();
            return Ok((fd, rest, head.headers));
        }
        let mut body = head.body(method).map_err(|error| broken(&error))?;
        let bytes = connection.read_body(&mut body).await.map_err(|error| broken(&error))?;
        let _ = self.sys.close(connection.fd());
        Err(failure(&request, &head, &bytes))
    }

    /// Sends the request of somebody else in the name of this client: the head of the answer, and the way to
    /// its body.
    pub async fn forward(
        &self,
        head: &RequestHead,
        target: &str,
        body: &[u8],
    ) -> Result<(ResponseHead, Connection, Body)> {
        let theirs =
            |name: &str, default: &'static str| header(&head.headers, name).unwrap_or(default).to_string();
        let (accept, content_type) = (theirs("Accept", "*/*"), theirs("Content-Type", JSON));
        let request = Request {
            accept: &accept,
            content_type: &content_type,
            body: body.to_vec(),
            ..Request::new(&head.method, target, &[])
        };
        let mut connection = self.dial().await?;
        let mut headers = self.headers(&request);
        // The server writes for people when curl asks.
        if let Some(agent) = headers.iter_mut().find(|(name, _)| name == "User-Agent") {
            agent.1 = theirs("User-Agent", USER_AGENT);
        }
        let exchange = async {
            let target = format!("{}{target}", self.prefix);
            connection.write_request(&head.method, &target, &headers, body).await?;
            connection.read_response().await
        };
        let answer = exchange.await.map_err(|error| broken(&error))?;
        let body = answer.body(&head.method).map_err(|error| broken(&error))?;
        Ok((answer, connection, body))
    }

    fn headers(&self, request: &Request<'_>) -> Headers {
        let mut headers: Headers = Vec::new();
        let mut push = |name: &str, value: &str| headers.push((name.to_string(), value.to_string()));
        push("Host", &self.host);
        push("User-Agent", USER_AGENT);
        push(
            "Accept",
            match self.dialect.get() {
                Dialect::Scheme if request.accept == JSON => ANY,
                Dialect::Typed if request.accept == JSON => PROTOBUF,
                _ => request.accept,
            },
        );
        if !request.body.is_empty() {
            push("Content-Type", request.content_type);
        }
        if !self.target.token.is_empty() {
            push("Authorization", &format!("Bearer {}", self.target.token));
        } else if !self.target.user.is_empty() {
            push(USER_HEADER, &self.target.user);
        }
        headers.extend(self.impersonate.iter().cloned());
        headers
    }

    async fn dial(&self) -> Result<Connection> {
        let fail = |errno: Errno| Error::Connect { server: self.host.clone(), errno };
        let (name, port) = match self.host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().unwrap_or(0)),
            None => (self.host.as_str(), if self.scheme == "https" { 443 } else { 80 }),
        };
        let ip: IpAddr = match name.parse() {
            Ok(ip) => ip,
            Err(_) => {
                match resolver::lookup_host(&self.sys, name).await.ok().and_then(|all| all.first().copied()) {
                    Some(ip) => IpAddr::V4(ip),
                    None => {
                        return Err(Error::Verbatim(format!(
                            "Unable to connect to the server: dial tcp: lookup {name}: no such host"
                        )));
                    }
                }
            }
        };
        match self.sys.timeout(DIAL_TIMEOUT, self.sys.connect(SocketAddr::new(ip, port))).await {
            Some(Ok(fd)) => Ok(Connection::new(&self.sys, fd)),
            Some(Err(errno)) => Err(fail(errno)),
            None => Err(fail(Errno::ETIMEDOUT)),
        }
    }

    /// `Warning: 299 - "text"` headers, each text once.
    async fn show_warnings(&self, head: &ResponseHead) {
        for (name, value) in &head.headers {
            if !name.eq_ignore_ascii_case("Warning") {
                continue;
            }
            let text = value.splitn(3, ' ').nth(2).unwrap_or(value);
            let text = text.strip_prefix('"').unwrap_or(text);
            let text = text.strip_suffix('"').unwrap_or(text).replace("\\\"", "\"").replace("\\\\", "\\");
            if self.warned.borrow_mut().insert(text.clone()) {
                warn(&self.sys, &text).await;
            }
        }
    }
}

/// Prints a warning: in colour on a terminal, as kubectl does.
pub async fn warn(sys: &Sys, text: &str) {
    let colour = sys.isatty(2)
        && sys.env("NO_COLOR").is_none()
        && sys.env("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    if colour {
        sys.err(&format!("\u{1b}[33;1mWarning:\u{1b}[0m {text}\n")).await;
    } else {
        sys.err(&format!("Warning: {text}\n")).await;
    }
}

fn read(bytes: &[u8], hidden: Option<Hidden<'_>>) -> Result<Value> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    if let Some(page) = hidden.and_then(|hidden| Page::of(bytes, &[], hidden)) {
        let mut objects = Vec::new();
        if let Some(mut whole) = page.read(&mut |tape| objects.push(tape.value(0))) {
            for part in ["items", "rows"] {
                if let Some(list) = whole.get_mut(part) {
                    *list = Value::Array(std::mem::take(&mut objects));
                }
            }
            return Ok(whole);
        }
    }
    json::read(bytes).map_err(|error| Error::text(error.to_string()))
}

enum Broken {
    /// The server closed a connection that was kept.
    Idle,
    /// The server wants to be asked again, after so many seconds.
    Later(u64, Error),
    Error(Error),
}
