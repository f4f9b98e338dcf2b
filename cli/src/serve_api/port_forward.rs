//! Port-forward: SPDY/3.1 in the messages of a WebSocket, and a connection into the world for each that is forwarded.
//!
//! kubectl opens two streams for each: one on which it hears of an error, and one for the data. Models
//! pkg/kubelet/cri/streaming/portforward.

use super::server::Server;
use super::spdy::{Event, Reader, Writer};
use super::websocket::{self, Opened, Socket};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use kube::kubelet::stream::{FrameReader, channel, encode};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// What kubectl 1.31 and later asks for.
pub(super) const PROTOCOL: &str = "SPDY/3.1+portforward.k8s.io";

/// Pieces that wait on a stream before the client is made to wait.
const BACKLOG: usize = 64;

/// Frames to the client.
type Out = mpsc::Sender<Vec<u8>>;

/// Serves a client's connections until it goes.
pub(super) async fn serve(server: &Rc<Server>, target: &str, headers: &HeaderMap, socket: Socket) {
    let (mut to_client, mut from_client) = socket.split();
    let (out, mut frames) = mpsc::channel::<Vec<u8>>(BACKLOG);
    let write = async {
        while let Some(frame) = frames.recv().await {
            if to_client.send(Message::binary(frame)).await.is_err() {
                return;
            }
        }
    };
    let read = async {
        let (mut reader, mut writer) = (Reader::new(), Writer::new());
        // Streams for errors, by the request they belong to; streams for data, with where it goes.
        let mut errors: BTreeMap<String, u32> = BTreeMap::new();
        let mut open: BTreeMap<u32, mpsc::Sender<Option<Vec<u8>>>> = BTreeMap::new();
        while let Some(Ok(message)) = from_client.next().await {
            match message {
                Message::Binary(bytes) => reader.push(&bytes),
                Message::Close(_) => return,
                _ => continue,
            }
            loop {
                match reader.next() {
                    Err(_) | Ok(Some(Event::GoAway)) => return,
                    Ok(None) => break,
                    Ok(Some(Event::Open { stream, headers: pairs, .. })) => {
                        let _ = out.send(writer.reply(stream)).await;
                        let value = |name: &str| {
                            let found = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                            found.map_or("", |(_, value)| value.as_str())
                        };
                        let request = value("requestid").to_string();
                        if value("streamtype") == "error" {
                            errors.insert(request, stream);
                            continue;
                        }
                        let (data, from_client) = mpsc::channel(BACKLOG);
                        open.insert(stream, data);
                        let error = errors.remove(&request).unwrap_or(stream);
                        let forward = Forward {
                            server: server.clone(),
                            target: format!(
                                "{}?ports={}",
                                target.split('?').next().unwrap_or(""),
                                value("port")
                            ),
                            headers: headers.clone(),
                            out: out.clone(),
                            data: stream,
                            error,
                        };
                        tokio::task::spawn_local(forward.run(from_client));
                    }
                    Ok(Some(Event::Data { stream, bytes, fin })) => {
                        if let Some(to) = open.get(&stream) {
                            if !bytes.is_empty() {
                                let _ = to.send(Some(bytes)).await;
                            }
                            if fin {
                                let _ = to.send(None).await;
                                open.remove(&stream);
                            }
                        }
                    }
                    Ok(Some(Event::Reset { stream })) => drop(open.remove(&stream)),
                    Ok(Some(Event::Ping { id })) => drop(out.send(Writer::ping(id)).await),
                }
            }
        }
    };
    tokio::select! {
        () = read => {}
        () = write => {}
    }
}

/// One forwarded connection.
struct Forward {
    server: Rc<Server>,
    target: String,
    headers: HeaderMap,
    out: Out,
    /// The stream with its data.
    data: u32,
    /// The stream on which its error is told.
    error: u32,
}

impl Forward {
    async fn run(self, from_client: mpsc::Receiver<Option<Vec<u8>>>) {
        let failure = match websocket::open(&self.server, &self.target, &self.headers).await {
            Ok(Opened::Streaming(wire, rest)) => self.carry(wire, rest, from_client).await,
            Ok(Opened::Refused(answer)) => format!("error forwarding port: {}", answer.status()),
            Err(error) => format!("error forwarding port: {error}"),
        };
        let _ = self.out.send(Writer::data(self.error, failure.as_bytes(), true)).await;
        let _ = self.out.send(Writer::data(self.data, &[], true)).await;
    }

    /// Passes data on until the pod has said all; gives the error that the kubelet told, if any.
    async fn carry(
        &self,
        wire: super::wire::Wire,
        rest: Bytes,
        mut from_client: mpsc::Receiver<Option<Vec<u8>>>,
    ) -> String {
        let (mut from_pod, mut to_pod) = tokio::io::split(wire);
        let up = async {
            while let Some(Some(bytes)) = from_client.recv().await {
                if to_pod.write_all(&encode(channel::STDIN, &bytes)).await.is_err() {
                    return;
                }
            }
            let _ = to_pod.write_all(&encode(channel::CLOSE, &[channel::STDIN])).await;
            // What the pod has to say still comes.
            std::future::pending::<()>().await;
        };
        let down = async {
            let mut reader = FrameReader::new(rest.to_vec());
            let mut piece = vec![0; 16 * 1024];
            loop {
                while let Ok(Some(frame)) = reader.next_frame() {
                    match frame.channel {
                        channel::STDIN => {
                            let frame = Writer::data(self.data, &frame.payload, false);
                            if self.out.send(frame).await.is_err() {
                                return String::new();
                            }
                        }
                        channel::ERROR => return String::from_utf8_lossy(&frame.payload).into_owned(),
                        channel::CLOSE => return String::new(),
                        _ => {}
                    }
                }
                match from_pod.read(&mut piece).await {
                    Ok(count) if count > 0 => reader.push(&piece[..count]),
                    _ => return String::new(),
                }
            }
        };
        tokio::select! {
            told = down => told,
            () = up => String::new(),
        }
    }
}
