//! Exec, attach and port-forward: connections that become streams of frames.

use super::Kubelet;
use super::container::{Instance, runc_exec_error};
use super::server::{Query, Refusal, param, text};
use super::stream::{self, Frame, FrameReader, channel};
use crate::api::ObjectExt;
use encoding::json;
use futures_util::future::{Either, pending, select};
use linux::http::{Connection, HttpError};
use linux::net::TcpStream;
use linux::{Fd, File, PtyMaster, Sys, WinSize};
use serde_json::Value;
use std::cell::RefCell;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

const PIECE: usize = 16 * 1024;

async fn upgrade(mut connection: Connection) -> Result<(Fd, FrameReader), HttpError> {
    let header = |name: &str, value: &str| (name.to_string(), value.to_string());
    let headers = [
        header("Connection", "Upgrade"),
        header("Upgrade", "websocket"),
        header("Sec-WebSocket-Protocol", "v5.channel.k8s.io"),
    ];
    connection.write_response(101, &headers, &[]).await?;
    let (fd, rest) = connection.into_parts();
    Ok((fd, FrameReader::new(rest)))
}

/// The next frame from the client; nothing when it has gone.
async fn next_frame(sys: &Sys, fd: Fd, reader: &mut FrameReader) -> Option<Frame> {
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => return Some(frame),
            Ok(None) => {}
            Err(_) => return None,
        }
        let data = sys.read(fd, PIECE).await.ok()?;
        if data.is_empty() {
            return None;
        }
        reader.push(&data);
    }
}

async fn first<T>(a: impl Future<Output = T>, b: impl Future<Output = T>) -> T {
    match select(std::pin::pin!(a), std::pin::pin!(b)).await {
        Either::Left((value, _)) | Either::Right((value, _)) => value,
    }
}

/// Where a client's input goes.
enum Input {
    Pipe(RefCell<Option<File>>),
    Terminal(PtyMaster),
    Nowhere,
}

impl Input {
    async fn write(&self, data: &[u8]) {
        match self {
            Input::Pipe(file) => {
                let file = file.borrow().clone();
                if let Some(file) = file {
                    let _ = file.write_all(data).await;
                }
            }
            Input::Terminal(master) => master.input(data),
            Input::Nowhere => {}
        }
    }
    fn close(&self) {
        if let Input::Pipe(file) = self {
            file.borrow_mut().take();
        }
    }
}

fn resize(master: &PtyMaster, payload: &[u8]) {
    let Ok(size) = json::read(payload) else { return };
    let number = |path: &str| size.int_at(path).and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
    if let (Some(cols), Some(rows)) = (number("/Width"), number("/Height")) {
        master.resize(WinSize { rows, cols });
    }
}

/// Passes the client's frames on until it goes.
async fn read_input(sys: Sys, fd: Fd, mut reader: FrameReader, input: Rc<Input>, on_close: impl Fn()) {
    while let Some(frame) = next_frame(&sys, fd, &mut reader).await {
        match (frame.channel, &*input) {
            (channel::STDIN, input) => input.write(&frame.payload).await,
            (channel::RESIZE, Input::Terminal(master)) => resize(master, &frame.payload),
            (channel::CLOSE, input) => {
                input.close();
                on_close();
            }
            _ => {}
        }
    }
    input.close();
    on_close();
}

/// `POST /exec/…` and `POST /attach/…`.
pub(super) async fn exec_or_attach(
    kubelet: &Kubelet,
    sys: &Sys,
    mut connection: Connection,
    attach: bool,
    [namespace, pod, container]: [&str; 3],
    query: &Query,
) -> Result<(), HttpError> {
    let instance = match find(kubelet, namespace, pod, container) {
        Ok(instance) => instance,
        Err(refusal) => return text(&mut connection, refusal.status, &refusal.message).await,
    };
    let (fd, reader) = upgrade(connection).await?;
    let last = if attach {
        let once = kubelet.worker_named(namespace, pod).is_some_and(|worker| {
            let pod = worker.pod();
            let mut containers = pod.list_at("/spec/containers").iter();
            containers.any(|c| c.str_at("/name") == container && c.bool_at("/stdinOnce"))
        });
        attach_to(sys, fd, reader, &instance, query, once).await?
    } else {
        exec_in(kubelet, sys, fd, reader, &instance, query).await?
    };
    if let Some(last) = last {
        sys.send_all(fd, &stream::encode(channel::ERROR, last.to_string().as_bytes())).await?;
    }
    let _ = sys.shutdown(fd, false);
    Ok(())
}

fn find(kubelet: &Kubelet, namespace: &str, pod: &str, container: &str) -> Result<Rc<Instance>, Refusal> {
    let worker = kubelet
        .worker_named(namespace, pod)
        .ok_or_else(|| Refusal::new(404, format!("pod does not exist: {pod}_{namespace}")))?;
    worker.running(container).ok_or_else(|| {
        let message = format!("container not found (\"{container}\")");
        Refusal::new(500, message)
    })
}

async fn exec_in(
    kubelet: &Kubelet,
    sys: &Sys,
    fd: Fd,
    reader: FrameReader,
    instance: &Rc<Instance>,
    query: &Query,
) -> Result<Option<Value>, HttpError> {
    let argv: Vec<String> = query.iter().filter(|(k, _)| k == "command").map(|(_, v)| v.clone()).collect();
    let program = argv.first().cloned().unwrap_or_default();
    let tty = param(query, "tty") == "true";
    kubelet.pause(25, 60).await;
    let (stdio, input, mut out, mut err, master);
    if tty {
        let (pty, slave) = PtyMaster::open(kubelet.sim(), WinSize { rows: 24, cols: 80 });
        stdio = [slave.clone(), slave.clone(), slave];
        input = Rc::new(Input::Terminal(pty.clone()));
        (out, err, master) = (None, None, Some(pty));
    } else {
        let (out_read, out_write) = File::pipe();
        let (err_read, err_write) = File::pipe();
        let stdin = if param(query, "stdin") == "true" {
            let (read, write) = File::pipe();
            input = Rc::new(Input::Pipe(RefCell::new(Some(write))));
            read
        } else {
            input = Rc::new(Input::Nowhere);
            File::null()
        };
        stdio = [stdin, out_write, err_write];
        (out, err, master) = (Some(out_read), Some(err_read), None);
    }
    let pid = match instance.exec(kubelet.host(), argv, stdio, tty) {
        Ok(pid) => pid,
        Err(errno) => {
            let id = kubelet.random_id();
            return Ok(Some(stream::failure(&format!(
                "Internal error occurred: error executing command in container: failed to exec in container: failed to \
                 start exec \"{id}\": OCI runtime exec failed: exec failed: unable to start container process: {}",
                runc_exec_error(&program, errno)
            ))));
        }
    };
    let gone = Rc::new(super::notify::Notify::default());
    let ring = gone.clone();
    let input_task = read_input(sys.clone(), fd, reader, input, || {});
    let task = kubelet.sim().spawn(async move {
        input_task.await;
        ring.ring();
    });
    let _abort = AbortOnDrop(kubelet, task);
    if let Some(master) = master {
        loop {
            let output = async { master.output().await.ok() };
            let left = async {
                gone.rung_since(0).await;
                None
            };
            match first(output, left).await {
                Some(data) if !data.is_empty() => {
                    sys.send_all(fd, &stream::encode(channel::STDOUT, &data)).await?
                }
                Some(_) => break,
                None if gone.count() > 0 => return Ok(None),
                None => break,
            }
        }
    } else {
        while out.is_some() || err.is_some() {
            let from_out = read_or_wait(out.as_ref(), channel::STDOUT);
            let from_err = read_or_wait(err.as_ref(), channel::STDERR);
            let (channel, data) = first(from_out, from_err).await;
            if data.is_empty() {
                if channel == channel::STDOUT {
                    out.take()
                } else {
                    err.take()
                };
            } else {
                sys.send_all(fd, &stream::encode(channel, &data)).await?;
            }
        }
    }
    let status = kubelet.host().wait(pid).await;
    Ok(Some(stream::exit_status(status.exit_code())))
}

async fn read_or_wait(file: Option<&File>, channel: u8) -> (u8, Vec<u8>) {
    match file {
        Some(file) => (channel, file.read(PIECE).await.unwrap_or_default()),
        None => pending().await,
    }
}

struct AbortOnDrop<'a>(&'a Kubelet, sim::TaskId);

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        self.0.sim().abort(self.1);
    }
}

async fn attach_to(
    sys: &Sys,
    fd: Fd,
    reader: FrameReader,
    instance: &Rc<Instance>,
    query: &Query,
    stdin_once: bool,
) -> Result<Option<Value>, HttpError> {
    let attached = instance.attach();
    let wants_stdin = param(query, "stdin") == "true";
    let input = match (&instance.tty, instance.stdin()) {
        (Some(master), _) => Input::Terminal(master.clone()),
        (None, Some(file)) if wants_stdin => Input::Pipe(RefCell::new(Some(file))),
        _ => Input::Nowhere,
    };
    let gone = Rc::new(super::notify::Notify::default());
    let (ring, listener, owner) = (gone.clone(), attached.clone(), Rc::downgrade(instance));
    let close = move || {
        if stdin_once
            && wants_stdin
            && let Some(instance) = owner.upgrade()
        {
            instance.close_stdin();
        }
    };
    let input_task = read_input(sys.clone(), fd, reader, Rc::new(input), close);
    sys.spawn_thread(async move {
        input_task.await;
        ring.ring();
        listener.bell.ring();
    });
    loop {
        let seen = attached.bell.count();
        while let Some((channel, data)) = attached.take() {
            sys.send_all(fd, &stream::encode(channel, &data)).await?;
        }
        if gone.count() > 0 {
            return Ok(None);
        }
        if instance.exit().is_some() {
            return Ok(Some(stream::exit_status(0)));
        }
        attached.bell.rung_since(seen).await;
    }
}

/// `POST /portForward/…`: one connection to a port of the pod.
pub(super) async fn port_forward(
    kubelet: &Kubelet,
    sys: &Sys,
    mut connection: Connection,
    namespace: &str,
    pod: &str,
    query: &Query,
) -> Result<(), HttpError> {
    let sandbox = kubelet.worker_named(namespace, pod).and_then(|worker| worker.sandbox.borrow().clone());
    let Some(sandbox) = sandbox else {
        return text(&mut connection, 404, &format!("pod does not exist: {pod}_{namespace}")).await;
    };
    let Ok(port) = param(query, "ports").parse::<u16>() else {
        return text(&mut connection, 400, &format!("invalid port \"{}\"", param(query, "ports"))).await;
    };
    let (fd, mut reader) = upgrade(connection).await?;
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let connected = async {
        let stream = kubelet.host().net().tcp_connect(sandbox.netns, None, to)?;
        stream.connected().await?;
        Ok::<TcpStream, linux::Errno>(stream)
    };
    let stream = match connected.await {
        Ok(stream) => Rc::new(stream),
        Err(errno) => {
            let id = &sandbox.id;
            let message = format!(
                "error forwarding port {port} to pod {id}, uid : failed to execute portforward in network namespace \
                 \"/var/run/netns/cni-{}-{}-{}-{}-{}\": failed to connect to localhost:{port} inside namespace \"{id}\", \
                 IPv4: dial tcp4 127.0.0.1:{port}: connect: {} IPv6: dial tcp6: address localhost: no suitable address found",
                &id[..8],
                &id[8..12],
                &id[12..16],
                &id[16..20],
                &id[20..32],
                errno.text().to_lowercase()
            );
            sys.send_all(fd, &stream::encode(channel::ERROR, message.as_bytes())).await?;
            let _ = sys.shutdown(fd, false);
            return Ok(());
        }
    };
    let (to_pod, own) = (stream.clone(), sys.clone());
    let forward = async move {
        while let Some(frame) = next_frame(&own, fd, &mut reader).await {
            match frame.channel {
                channel::STDIN => {
                    let mut rest = frame.payload.as_slice();
                    while !rest.is_empty() {
                        match to_pod.write(rest).await {
                            Ok(n) => rest = &rest[n..],
                            Err(_) => return,
                        }
                    }
                }
                channel::CLOSE => drop(to_pod.shutdown(true, false)),
                _ => {}
            }
        }
    };
    let back = async {
        loop {
            match stream.read(PIECE).await {
                Ok(data) if !data.is_empty() => {
                    if sys.send_all(fd, &stream::encode(channel::STDIN, &data)).await.is_err() {
                        return;
                    }
                }
                _ => {
                    let _ = sys.send_all(fd, &stream::encode(channel::CLOSE, &[channel::STDIN])).await;
                    return;
                }
            }
        }
    };
    // Over when the client has gone, or when both sides have said all.
    match select(std::pin::pin!(forward), std::pin::pin!(back)).await {
        Either::Left(((), _)) => {}
        Either::Right(((), _forward)) => {}
    }
    let _ = sys.shutdown(fd, false);
    Ok(())
}
