//! Exec and attach: `v5.channel.k8s.io`, where each message is the byte of a channel and data.
//!
//! Inside, a kubelet puts the same channels into frames of its own (see `kube::kubelet::stream`).

use super::websocket::Socket;
use super::wire::Wire;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::body::Bytes;
use kube::kubelet::stream::{FrameReader, channel, encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The protocol of kubectl 1.30 and later.
pub(super) const PROTOCOL: &str = "v5.channel.k8s.io";
/// The one before it: the end of standard input cannot be told.
pub(super) const OLDER: &str = "v4.channel.k8s.io";

/// Passes messages and frames on until one side has ended.
pub(super) async fn serve(wire: Wire, rest: Bytes, socket: Socket) {
    let (mut from_kubelet, mut to_kubelet) = tokio::io::split(wire);
    let (mut to_client, mut from_client) = socket.split();
    let up = async {
        while let Some(Ok(message)) = from_client.next().await {
            let data = match message {
                Message::Binary(data) => data,
                Message::Text(text) => text.into(),
                Message::Close(_) => break,
                _ => continue,
            };
            let Some((&channel, payload)) = data.split_first() else { continue };
            if to_kubelet.write_all(&encode(channel, payload)).await.is_err() {
                break;
            }
        }
        let _ = to_kubelet.shutdown().await;
    };
    let down = async {
        let mut reader = FrameReader::new(rest.to_vec());
        let mut piece = vec![0; 16 * 1024];
        loop {
            while let Ok(Some(frame)) = reader.next_frame() {
                if frame.payload.is_empty() && frame.channel != channel::CLOSE {
                    continue;
                }
                let message = [&[frame.channel], frame.payload.as_slice()].concat();
                if to_client.send(Message::binary(message)).await.is_err() {
                    return;
                }
            }
            match from_kubelet.read(&mut piece).await {
                Ok(count) if count > 0 => reader.push(&piece[..count]),
                _ => break,
            }
        }
        // kubectl takes any other code for an error.
        let farewell = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let _ = to_client.send(Message::Close(Some(farewell))).await;
    };
    tokio::select! {
        () = down => {}
        () = up => {}
    }
}
