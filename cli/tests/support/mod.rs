//! A client of the served API: HTTP over real TLS sockets on 127.0.0.1.

#![allow(dead_code, reason = "each test file uses a part of it")]

use data_encoding::BASE64;
use expect_test::Expect;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use podium::serve_api::{Clock, Server};
use serde_json::Value;
use sim_core::{Config, Sim};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

pub const MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub const PODS: &str = "/api/v1/namespaces/default/pods";

/// Runs a test against a fresh world.
pub fn with_server<F: Future<Output = ()>>(test: impl FnOnce(Rc<Server>, Api) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let world = Sim::new(Config::default());
        let server = Server::start(world, Clock::idle(), 0).await.expect("a port is free");
        let api = Api::new(&server.kubeconfig());
        test(server, api).await;
    });
}

/// Status, reason and message of a `Status`; the text of anything else.
pub fn told(answer: &Answer) -> String {
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(status) if status["kind"] == "Status" => format!(
            "{} {}: {}",
            answer.status,
            status["reason"].as_str().unwrap_or("-"),
            status["message"].as_str().or(status["status"].as_str()).unwrap_or("-")
        ),
        Ok(object) => format!("{} {} {}", answer.status, object["kind"], object["metadata"]["name"]),
        Err(_) => format!("{} {:?}", answer.status, answer.text()),
    }
}

/// The warnings of an answer, each on a line of its own.
pub fn warnings(answer: &Answer) -> String {
    let all = answer.head.get_all("warning").iter().filter_map(|value| value.to_str().ok());
    all.map(|text| format!("\n  {text}")).collect()
}

/// Lines without what each run of a world has of its own: the version and the uid of an object.
pub fn masked(lines: &[String], object: &Value) -> Vec<String> {
    let own = |field: &str| object["metadata"][field].as_str().expect("every object has one").to_string();
    let (version, uid) = (own("resourceVersion"), own("uid"));
    let mask = |line: &String| {
        let line = line.replace(&uid, "UID").replace(&format!("current: {version}"), "current: VERSION");
        line.replace(&format!("record ({version})"), "record (VERSION)")
    };
    lines.iter().map(mask).collect()
}

/// Holds lines against what is expected.
pub fn check(lines: &[String], expected: Expect) {
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

/// What is said to a `POST`.
pub async fn post(to: &mut Connection, target: &str, content: &str, body: impl Into<Vec<u8>>) -> String {
    let answer = to.send(Method::POST, target, &[("Content-Type", content)], body.into()).await;
    told(&answer) + &warnings(&answer)
}

/// What is said to a `GET`.
pub async fn get(to: &mut Connection, target: &str) -> String {
    told(&to.send(Method::GET, target, &[], "").await)
}

/// Where the API is and how to come in.
#[derive(Clone)]
pub struct Api {
    port: u16,
    admin: TlsConnector,
    nobody: TlsConnector,
}

impl Api {
    /// From a kubeconfig with certificates in it.
    pub fn new(kubeconfig: &str) -> Api {
        let field = |name: &str| {
            let line = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(name));
            line.expect("the kubeconfig has all fields").trim_start_matches(':').trim().to_string()
        };
        let pem = |name: &str| BASE64.decode(field(name).as_bytes()).expect("the kubeconfig holds Base64");
        let certificate =
            |name: &str| CertificateDer::from_pem_slice(&pem(name)).expect("it is a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(certificate("certificate-authority-data")).expect("an authority");
        let config = || {
            ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("TLS has versions")
                .with_root_certificates(roots.clone())
        };
        let key = PrivateKeyDer::from_pem_slice(&pem("client-key-data")).expect("it is a key");
        let admin = config()
            .with_client_auth_cert(vec![certificate("client-certificate-data")], key)
            .expect("key and certificate fit");
        let port = field("server").rsplit(':').next().and_then(|port| port.parse().ok());
        Api {
            port: port.expect("the address has a port"),
            admin: TlsConnector::from(Arc::new(admin)),
            nobody: TlsConnector::from(Arc::new(config().with_no_client_auth())),
        }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    async fn dial(&self, connector: &TlsConnector) -> TlsStream<TcpStream> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.expect("it listens");
        socket.set_nodelay(true).expect("an option of every socket");
        let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
        connector.connect(name, socket).await.expect("its certificate is good")
    }

    /// A connection of the administrator's.
    pub async fn connect(&self) -> Connection {
        Connection::over(self.dial(&self.admin).await, self.port).await
    }

    /// A connection of somebody without a certificate.
    pub async fn connect_as_nobody(&self) -> Connection {
        Connection::over(self.dial(&self.nobody).await, self.port).await
    }

    /// Sends bytes as they are, as the administrator; all that comes back until the server closes.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.dial(&self.admin).await;
        stream.write_all(bytes).await.expect("it is read");
        let mut answer = Vec::new();
        // A connection that is cut is closed too.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// One connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
}

/// An answer, complete.
pub struct Answer {
    pub status: u16,
    pub head: hyper::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.head.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl Connection {
    async fn over(stream: TlsStream<TcpStream>, port: u16) -> Connection {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        tokio::task::spawn_local(async move { drop(connection.await) });
        Connection { sender, port }
    }

    /// Sends a request; gives the head of the answer and the body as it comes.
    pub async fn open(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let mut request = Request::builder().method(method).uri(target);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("Host", format!("127.0.0.1:{}", self.port));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("the request is well-formed");
        self.sender.ready().await.expect("the connection is open");
        self.sender.send_request(request).await.expect("there is an answer")
    }

    /// Sends a request and waits for the whole answer.
    pub async fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let (head, body) = self.open(method, target, headers, body).await.into_parts();
        let body = body.collect().await.expect("the answer is complete").to_bytes();
        Answer { status: head.status.as_u16(), head: head.headers, body }
    }

    /// Sends JSON; the answer must be a success.
    pub async fn ok(&mut self, method: Method, target: &str, body: &Value) -> Value {
        let content =
            if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let bytes = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(method, target, &[("Content-Type", content)], bytes).await;
        assert!(answer.status < 300, "{target}: {}", answer.text());
        answer.json()
    }

    /// Begins a watch.
    pub async fn watch(mut self, target: &str) -> Watch {
        let answer = self.open(Method::GET, target, &[], "").await;
        assert_eq!(answer.status(), 200, "{target}");
        Watch { body: answer.into_body(), rest: Vec::new(), events: VecDeque::new(), _connection: self }
    }
}

/// Events as they come.
pub struct Watch {
    body: Incoming,
    rest: Vec<u8>,
    events: VecDeque<Value>,
    _connection: Connection,
}

impl Watch {
    /// The next event; nothing when the watch has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let frame = self.body.frame().await?.expect("a watch is not cut");
            let Ok(piece) = frame.into_data() else { continue };
            self.rest.extend_from_slice(&piece);
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                self.events.push_back(serde_json::from_slice(&line).expect("each line is an event"));
            }
        }
    }
}
