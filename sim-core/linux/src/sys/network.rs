//! Calls on sockets.

use super::{CALL, EVERY, NOT_RESTARTED, Sys};
use crate::fd::{Object, OpenFlags};
use crate::net::{IcmpMessage, TcpStream};
use crate::socket::{Socket, retry};
use crate::{Errno, Fd, File};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What it costs to make a socket and send its first packet.
const SOCKET: Duration = Duration::from_micros(10);
/// Ports below belong to root, where no sysctl says otherwise.
const FIRST_FREE_PORT: u16 = 1024;

impl Sys {
    /// Connects by TCP; the descriptor is read and written like any other. Blocks as connect(2) does: `ECONNREFUSED`,
    /// `ETIMEDOUT` after 134 s, `EHOSTUNREACH`, `ENETUNREACH`.
    pub async fn connect(&self, to: SocketAddr) -> Result<Fd, Errno> {
        self.connect_from(None, to).await
    }

    /// As [`Sys::connect`], from an address of one's own choice.
    pub async fn connect_from(&self, local: Option<SocketAddr>, to: SocketAddr) -> Result<Fd, Errno> {
        self.alive().await;
        self.charge(SOCKET);
        let netns = self.process.namespaces.netns;
        let stream = self.kernel().net.tcp_connect(netns, local, to)?;
        self.block(NOT_RESTARTED, |cx| stream.poll_connect(cx)).await?;
        self.install_socket(Socket::Stream(stream))
    }

    /// Listens for TCP connections.
    pub fn listen(&self, on: SocketAddr, backlog: usize) -> Result<Fd, Errno> {
        self.charge(SOCKET);
        self.may_bind(on)?;
        let listener = self.kernel().net.tcp_listen(self.process.namespaces.netns, on, backlog)?;
        self.install_socket(Socket::Listener(listener))
    }

    /// Waits for a connection.
    pub async fn accept(&self, listener: Fd) -> Result<(Fd, SocketAddr), Errno> {
        self.alive().await;
        self.charge(CALL);
        let file = self.file(listener)?;
        let Socket::Listener(listener) = socket(&file)? else { return Err(Errno::EINVAL) };
        let (stream, from) = self
            .block(EVERY, |cx| retry(cx, |cx| listener.poll_acceptable(cx), || listener.try_accept()))
            .await?;
        Ok((self.install_socket(Socket::Stream(stream))?, from))
    }

    /// Ends sending (FIN) and, if `both`, receiving as well.
    pub fn shutdown(&self, fd: Fd, both: bool) -> Result<(), Errno> {
        self.with_stream(fd, |stream| stream.shutdown(true, both))
    }

    /// Makes `close` on this socket send RST (`SO_LINGER` of zero).
    pub fn set_linger_reset(&self, fd: Fd) -> Result<(), Errno> {
        self.with_stream(fd, |stream| {
            stream.set_linger_reset();
            Ok(())
        })
    }

    /// Sends probes on an idle connection (`SO_KEEPALIVE`), or none.
    pub fn set_keepalive(&self, fd: Fd, every: Option<Duration>) -> Result<(), Errno> {
        self.with_stream(fd, |stream| {
            stream.set_keepalive(every);
            Ok(())
        })
    }

    /// A UDP socket, bound to `on` (port 0: any).
    pub fn udp(&self, on: SocketAddr) -> Result<Fd, Errno> {
        self.charge(SOCKET);
        self.may_bind(on)?;
        let socket = self.kernel().net.udp_bind(self.process.namespaces.netns, on)?;
        self.install_socket(Socket::Udp(socket))
    }

    /// Fixes the peer of a UDP socket, so that ICMP errors come back as `ECONNREFUSED` and the like.
    pub fn udp_connect(&self, fd: Fd, to: SocketAddr) -> Result<(), Errno> {
        match socket(&self.file(fd)?)? {
            Socket::Udp(socket) => socket.connect(to),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Sends a datagram.
    pub async fn send_to(&self, fd: Fd, data: &[u8], to: SocketAddr) -> Result<usize, Errno> {
        self.alive().await;
        self.charge(CALL);
        self.pay().await;
        match socket(&self.file(fd)?)? {
            Socket::Udp(socket) => socket.send_to(data, to),
            _ => Err(Errno::EISCONN),
        }
    }

    /// Waits for a datagram.
    pub async fn recv_from(&self, fd: Fd, max: usize) -> Result<(Vec<u8>, SocketAddr), Errno> {
        self.alive().await;
        self.charge(CALL);
        let file = self.file(fd)?;
        let Socket::Udp(socket) = socket(&file)? else { return Err(Errno::EINVAL) };
        self.block(EVERY, |cx| retry(cx, |cx| socket.poll_readable(cx), || socket.try_recv_from(max))).await
    }

    /// A socket for ICMP echo, as ping uses it.
    pub fn icmp(&self) -> Result<Fd, Errno> {
        self.charge(SOCKET);
        let socket = self.kernel().net.icmp_socket(self.process.namespaces.netns)?;
        self.install_socket(Socket::Icmp(socket))
    }

    /// Sends an echo request.
    pub async fn send_echo(
        &self,
        fd: Fd,
        to: IpAddr,
        sequence: u16,
        size: usize,
        ttl: u8,
    ) -> Result<(), Errno> {
        self.alive().await;
        self.charge(CALL);
        self.pay().await;
        match socket(&self.file(fd)?)? {
            Socket::Icmp(socket) => socket.send_echo(to, sequence, size, ttl),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Waits for an echo reply or an ICMP error about what was sent on this socket.
    pub async fn recv_icmp(&self, fd: Fd) -> Result<IcmpMessage, Errno> {
        self.alive().await;
        self.charge(CALL);
        let file = self.file(fd)?;
        let Socket::Icmp(socket) = socket(&file)? else { return Err(Errno::EINVAL) };
        self.block(EVERY, |cx| retry(cx, |cx| socket.poll_readable(cx), || socket.try_recv())).await
    }

    /// Own address of a socket.
    pub fn local_addr(&self, fd: Fd) -> Result<SocketAddr, Errno> {
        Ok(socket(&self.file(fd)?)?.local_addr())
    }

    /// Address of the other side.
    pub fn peer_addr(&self, fd: Fd) -> Result<SocketAddr, Errno> {
        socket(&self.file(fd)?)?.peer_addr()
    }

    fn install_socket(&self, socket: Socket) -> Result<Fd, Errno> {
        self.install(File::new(Object::Socket(socket), OpenFlags::READ_WRITE))
    }

    fn with_stream(&self, fd: Fd, call: impl FnOnce(&TcpStream) -> Result<(), Errno>) -> Result<(), Errno> {
        match socket(&self.file(fd)?)? {
            Socket::Stream(stream) => call(stream),
            _ => Err(Errno::ENOTCONN),
        }
    }

    fn may_bind(&self, on: SocketAddr) -> Result<(), Errno> {
        if on.port() == 0 || self.uid() == 0 {
            return Ok(());
        }
        let sysctl =
            self.kernel().net.sysctl(self.process.namespaces.netns, "net.ipv4.ip_unprivileged_port_start");
        let first = sysctl.and_then(|text| text.parse().ok()).unwrap_or(FIRST_FREE_PORT);
        if on.port() < first { Err(Errno::EACCES) } else { Ok(()) }
    }
}

fn socket(file: &File) -> Result<&Socket, Errno> {
    if let Object::Socket(socket) = file.object() { Ok(socket) } else { Err(Errno::ENOTSOCK) }
}
