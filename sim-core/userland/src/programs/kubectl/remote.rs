//! Sessions with a container: exec and attach, over one upgraded connection.
//!
//! Models k8s.io/client-go/tools/remotecommand. The frames are those of the kubelet's stream protocol.

use super::error::{Error, Result};
use super::invocation::Kubectl;
use encoding::json;
use futures_util::future::{Either, select};
use kube::json;
use kube::kubelet::stream::{FrameReader, channel, encode};
use linux::fd::PollFd;
use linux::signal::Disposition;
use linux::{Fd, Signal, Sys, Termios};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::pin::pin;

/// What a session carries.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    /// Standard input goes there.
    pub stdin: bool,
    /// There is a terminal on both sides.
    pub tty: bool,
    /// The window is made a little larger and its own size again, so that who runs there draws its prompt anew.
    pub redraw: bool,
}

/// What goes to a session and comes from it, where neither is this process' own.
#[derive(Default)]
pub struct Buffers {
    /// Standard input.
    pub input: Vec<u8>,
    /// What came on standard output.
    pub output: RefCell<Vec<u8>>,
    /// What came on standard error.
    pub errors: RefCell<Vec<u8>>,
}

const UPGRADE: [(&str, &str); 3] =
    [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v5.channel.k8s.io")];

/// Runs a command to its end, its streams in `buffers`; gives the last word of the server.
pub async fn capture(
    k: &Kubectl,
    path: &str,
    query: &[(&str, &str)],
    stdin: bool,
    buffers: &Buffers,
) -> Result<Value> {
    let (fd, rest, _) = k.client().await?.upgrade("POST", path, query, &UPGRADE).await?;
    let streams = Streams { stdin, tty: false, redraw: false };
    let status = carry(&k.sys, fd, rest, streams, Some(buffers)).await;
    let _ = k.sys.close(fd);
    status.ok_or_else(|| Error::text("unexpected EOF"))
}

/// The terminal of this process in raw mode, as long as this lives.
struct RawTerminal<'a> {
    sys: &'a Sys,
    before: Termios,
}

impl<'a> RawTerminal<'a> {
    fn enter(sys: &'a Sys) -> Option<Self> {
        let before = sys.tcgetattr(0).ok()?;
        sys.tcsetattr(0, Termios::RAW).ok()?;
        Some(RawTerminal { sys, before })
    }
}

impl Drop for RawTerminal<'_> {
    fn drop(&mut self) {
        let _ = self.sys.tcsetattr(0, self.before);
    }
}

/// Opens a session at `path` and carries it until it ends; gives the last word of the server: a `Status`.
pub async fn run(k: &Kubectl, path: &str, query: &[(&str, &str)], streams: Streams) -> Result<Value> {
    let client = k.client().await?;
    let (fd, rest, _) = client.upgrade("POST", path, query, &UPGRADE).await?;
    let raw = if streams.tty { RawTerminal::enter(&k.sys) } else { None };
    if streams.tty {
        k.sys.sigaction(Signal::WINCH, Disposition::Catch);
        if streams.redraw {
            send_size(&k.sys, fd, 1).await;
        }
        send_size(&k.sys, fd, 0).await;
    }
    let status = carry(&k.sys, fd, rest, streams, None).await;
    drop(raw);
    let _ = k.sys.close(fd);
    status.ok_or_else(|| Error::text("unexpected EOF"))
}

async fn carry(
    sys: &Sys,
    fd: Fd,
    rest: Vec<u8>,
    streams: Streams,
    buffers: Option<&Buffers>,
) -> Option<Value> {
    let ended = Cell::new(false);
    let receive = async {
        let mut reader = FrameReader::new(rest);
        loop {
            while let Ok(Some(frame)) = reader.next_frame() {
                match (frame.channel, buffers) {
                    (channel::STDOUT, Some(to)) => to.output.borrow_mut().extend_from_slice(&frame.payload),
                    (channel::STDERR, Some(to)) => to.errors.borrow_mut().extend_from_slice(&frame.payload),
                    (channel::STDOUT, None) => drop(sys.write_all(1, &frame.payload).await),
                    (channel::STDERR, None) => drop(sys.write_all(2, &frame.payload).await),
                    (channel::ERROR, _) => return json::read(&frame.payload).ok(),
                    _ => {}
                }
            }
            match sys.read(fd, 16_384).await {
                Ok(bytes) if !bytes.is_empty() => reader.push(&bytes),
                Err(linux::Errno::EINTR) => {}
                _ => return None,
            }
        }
    };
    let send = async {
        match buffers {
            Some(buffers) if streams.stdin => {
                let close = encode(channel::CLOSE, &[channel::STDIN]);
                let _ = sys.send_all(fd, &[encode(channel::STDIN, &buffers.input), close].concat()).await;
            }
            None if streams.stdin => forward_input(sys, fd, streams.tty).await,
            _ => {}
        }
        ended.set(true);
        if streams.tty {
            loop {
                if sys.wait_signal().await == Signal::WINCH {
                    send_size(sys, fd, 0).await;
                }
            }
        }
        std::future::pending::<()>().await;
    };
    match select(pin!(receive), pin!(send)).await {
        Either::Left((status, _)) => status,
        Either::Right(((), _)) => None,
    }
}

async fn forward_input(sys: &Sys, fd: Fd, tty: bool) {
    loop {
        let ready = sys.poll(&[PollFd { fd: 0, readable: true, writable: false }], None).await;
        if tty {
            while let Some(signal) = sys.take_signal() {
                if signal == Signal::WINCH {
                    send_size(sys, fd, 0).await;
                }
            }
        }
        match ready {
            Err(linux::Errno::EINTR) => continue,
            Err(_) => break,
            Ok(_) => {}
        }
        match sys.read(0, 16_384).await {
            Ok(bytes) if !bytes.is_empty() => {
                if sys.send_all(fd, &encode(channel::STDIN, &bytes)).await.is_err() {
                    return;
                }
            }
            Err(linux::Errno::EINTR) => {}
            _ => break,
        }
    }
    let _ = sys.send_all(fd, &encode(channel::CLOSE, &[channel::STDIN])).await;
}

async fn send_size(sys: &Sys, fd: Fd, larger: u16) {
    if let Ok(size) = sys.winsize(0) {
        let size = json!({"Width": size.cols + larger, "Height": size.rows + larger}).to_string();
        let _ = sys.send_all(fd, &encode(channel::RESIZE, size.as_bytes())).await;
    }
}

/// The exit status of a command from the server's last word, or what went wrong.
pub fn exit_of(status: &Value) -> Result<i32> {
    if status["status"] == "Success" {
        return Ok(0);
    }
    if status["reason"] == "NonZeroExitCode" {
        let causes = status["details"]["causes"].as_array().map_or(&[][..], Vec::as_slice);
        let code = causes
            .iter()
            .find(|cause| cause["reason"] == "ExitCode")
            .and_then(|cause| cause["message"].as_str());
        return Ok(code.and_then(|code| code.parse().ok()).unwrap_or(1));
    }
    Err(Error::text(status["message"].as_str().unwrap_or("unknown error").to_string()))
}
