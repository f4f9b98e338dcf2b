//! Sockets as programs hold them. A handle closes its socket when it is dropped.

use super::tcp::TcpState;
use super::world::SocketId;
use super::{IcmpMessage, Net, NetnsId, SocketInfo};
use crate::Errno;
use sim::Duration;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::task::{Context, Poll};

/// The IPv4 side of an address. There is no route to IPv6; the unspecified address stands for both.
fn v4(address: SocketAddr) -> Result<(Ipv4Addr, u16), Errno> {
    match address {
        SocketAddr::V4(address) => Ok((*address.ip(), address.port())),
        SocketAddr::V6(address) if address.ip().is_unspecified() => {
            Ok((Ipv4Addr::UNSPECIFIED, address.port()))
        }
        SocketAddr::V6(address) => match address.ip().to_ipv4_mapped() {
            Some(ip) => Ok((ip, address.port())),
            None => Err(Errno::ENETUNREACH),
        },
    }
}

fn public(address: (Ipv4Addr, u16)) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(address.0, address.1))
}

/// A TCP connection.
pub struct TcpStream {
    net: Net,
    id: SocketId,
}

/// A TCP socket that accepts connections.
pub struct TcpListener {
    net: Net,
    id: SocketId,
}

/// A UDP socket.
pub struct UdpSocket {
    net: Net,
    id: SocketId,
}

/// A socket for ICMP echo.
pub struct IcmpSocket {
    net: Net,
    id: SocketId,
}

impl Net {
    /// Begins to connect.
    ///
    /// # Errors
    /// What connect(2) knows at once: `ENETUNREACH`, `EADDRNOTAVAIL`.
    pub fn tcp_connect(
        &self,
        ns: NetnsId,
        local: Option<SocketAddr>,
        to: SocketAddr,
    ) -> Result<TcpStream, Errno> {
        let local = local.map(v4).transpose()?;
        let id = self.0.borrow_mut().tcp_connect(ns, local, v4(to)?)?;
        Ok(TcpStream { net: self.clone(), id })
    }

    /// Connects, and waits for the answer.
    pub async fn connect(&self, ns: NetnsId, to: SocketAddr) -> Result<TcpStream, Errno> {
        let stream = self.tcp_connect(ns, None, to)?;
        stream.connected().await?;
        Ok(stream)
    }

    /// Listens for connections; port 0 takes any.
    ///
    /// # Errors
    /// `EADDRINUSE`, `EADDRNOTAVAIL`.
    pub fn tcp_listen(&self, ns: NetnsId, on: SocketAddr, backlog: usize) -> Result<TcpListener, Errno> {
        let id = self.0.borrow_mut().tcp_listen(ns, v4(on)?, backlog)?;
        Ok(TcpListener { net: self.clone(), id })
    }

    /// A UDP socket; port 0 takes any.
    ///
    /// # Errors
    /// `EADDRINUSE`, `EADDRNOTAVAIL`.
    pub fn udp_bind(&self, ns: NetnsId, on: SocketAddr) -> Result<UdpSocket, Errno> {
        let id = self.0.borrow_mut().udp_bind(ns, v4(on)?)?;
        Ok(UdpSocket { net: self.clone(), id })
    }

    /// A socket for ICMP echo.
    pub fn icmp_socket(&self, ns: NetnsId) -> Result<IcmpSocket, Errno> {
        let id = self.0.borrow_mut().icmp_open(ns)?;
        Ok(IcmpSocket { net: self.clone(), id })
    }
}

impl TcpStream {
    /// Waits for the handshake: `Ok` when it is done.
    pub fn poll_connect(&self, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
        self.net.0.borrow_mut().tcp_poll_connect(self.id, cx)
    }

    /// Waits for the handshake.
    pub async fn connected(&self) -> Result<(), Errno> {
        poll_fn(|cx| self.poll_connect(cx)).await
    }

    /// Reads what is there, up to `max` bytes; nothing at the end. `EAGAIN` when there is nothing yet.
    pub fn try_read(&self, max: usize) -> Result<Vec<u8>, Errno> {
        self.net.0.borrow_mut().tcp_read(self.id, max)
    }

    /// Takes what there is room for. `EAGAIN` when there is none; `EPIPE` after the end of sending.
    pub fn try_write(&self, data: &[u8]) -> Result<usize, Errno> {
        self.net.0.borrow_mut().tcp_write(self.id, data)
    }

    /// Ready when reading would not block.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.net.0.borrow_mut().tcp(self.id) {
            Some(tcp) if !tcp.is_readable() => {
                tcp.readers.keep(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// Ready when writing would not block.
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.net.0.borrow_mut().tcp(self.id) {
            Some(tcp) if !tcp.is_writable() => {
                tcp.writers.keep(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// True when reading would not block.
    pub fn is_readable(&self) -> bool {
        self.net.0.borrow_mut().tcp(self.id).is_none_or(|tcp| tcp.is_readable())
    }

    /// True when writing would not block.
    pub fn is_writable(&self) -> bool {
        self.net.0.borrow_mut().tcp(self.id).is_none_or(|tcp| tcp.is_writable())
    }

    /// Waits for bytes.
    pub async fn read(&self, max: usize) -> Result<Vec<u8>, Errno> {
        loop {
            match self.try_read(max) {
                Err(Errno::EAGAIN) => poll_fn(|cx| self.poll_readable(cx)).await,
                result => return result,
            }
        }
    }

    /// Waits for room, and writes some of `data`.
    pub async fn write(&self, data: &[u8]) -> Result<usize, Errno> {
        loop {
            match self.try_write(data) {
                Err(Errno::EAGAIN) => poll_fn(|cx| self.poll_writable(cx)).await,
                result => return result,
            }
        }
    }

    /// Ends sending (FIN), receiving, or both.
    pub fn shutdown(&self, write: bool, read: bool) -> Result<(), Errno> {
        self.net.0.borrow_mut().tcp_shutdown(self.id, write, read)
    }

    /// Makes closing send RST (`SO_LINGER` of zero).
    pub fn set_linger_reset(&self) {
        if let Some(tcp) = self.net.0.borrow_mut().tcp(self.id) {
            tcp.linger_reset = true;
        }
    }

    /// Sends a probe when nothing was heard for so long (`SO_KEEPALIVE`).
    pub fn set_keepalive(&self, idle: Option<Duration>) {
        let mut world = self.net.0.borrow_mut();
        if let Some(tcp) = world.tcp(self.id) {
            tcp.keepalive = idle;
            world.tcp_touch(self.id.index);
            world.run();
        }
    }

    /// Own address.
    pub fn local_addr(&self) -> SocketAddr {
        public(self.net.0.borrow_mut().tcp(self.id).map_or((Ipv4Addr::UNSPECIFIED, 0), |tcp| tcp.local))
    }

    /// Address of the other side; `ENOTCONN` when there is no connection.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        match self.net.0.borrow_mut().tcp(self.id) {
            Some(tcp) if !matches!(tcp.state, TcpState::SynSent | TcpState::Closed) => Ok(public(tcp.remote)),
            _ => Err(Errno::ENOTCONN),
        }
    }

    /// State of the connection.
    pub fn state(&self) -> TcpState {
        self.net.0.borrow_mut().tcp(self.id).map_or(TcpState::Closed, |tcp| tcp.state)
    }

    /// As `ss` shows it.
    pub fn info(&self) -> Option<SocketInfo> {
        self.net.0.borrow().socket_info(self.id.index)
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.net.0.borrow_mut().tcp_close(self.id);
    }
}

impl TcpListener {
    /// Takes a connection; `EAGAIN` when there is none.
    pub fn try_accept(&self) -> Result<(TcpStream, SocketAddr), Errno> {
        let mut world = self.net.0.borrow_mut();
        let id = world.tcp_accept(self.id)?;
        let peer = public(world.tcp(id).map_or((Ipv4Addr::UNSPECIFIED, 0), |tcp| tcp.remote));
        Ok((TcpStream { net: self.net.clone(), id }, peer))
    }

    /// Ready when there is a connection to accept.
    pub fn poll_acceptable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.net.0.borrow_mut().tcp(self.id) {
            Some(tcp) if !tcp.is_readable() => {
                tcp.readers.keep(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// True when there is a connection to accept.
    pub fn is_acceptable(&self) -> bool {
        self.net.0.borrow_mut().tcp(self.id).is_none_or(|tcp| tcp.is_readable())
    }

    /// Waits for a connection.
    pub async fn accept(&self) -> Result<(TcpStream, SocketAddr), Errno> {
        loop {
            match self.try_accept() {
                Err(Errno::EAGAIN) => poll_fn(|cx| self.poll_acceptable(cx)).await,
                result => return result,
            }
        }
    }

    /// Own address.
    pub fn local_addr(&self) -> SocketAddr {
        public(self.net.0.borrow_mut().tcp(self.id).map_or((Ipv4Addr::UNSPECIFIED, 0), |tcp| tcp.local))
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        self.net.0.borrow_mut().tcp_close(self.id);
    }
}

impl UdpSocket {
    /// Fixes the peer.
    pub fn connect(&self, to: SocketAddr) -> Result<(), Errno> {
        self.net.0.borrow_mut().udp_connect(self.id, v4(to)?)
    }

    /// Sends a datagram.
    pub fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<usize, Errno> {
        self.net.0.borrow_mut().udp_send(self.id, data, Some(v4(to)?))
    }

    /// Sends a datagram to the peer.
    pub fn send(&self, data: &[u8]) -> Result<usize, Errno> {
        self.net.0.borrow_mut().udp_send(self.id, data, None)
    }

    /// Takes a datagram, or the error of an earlier one. `EAGAIN` when there is none.
    pub fn try_recv_from(&self, max: usize) -> Result<(Vec<u8>, SocketAddr), Errno> {
        self.net.0.borrow_mut().udp_receive(self.id, max).map(|(data, from)| (data, public(from)))
    }

    /// Ready when there is a datagram or an error.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.net.0.borrow_mut().udp(self.id) {
            Some(udp) if udp.received.is_empty() && udp.error.is_none() => {
                udp.readers.keep(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// True when there is a datagram or an error.
    pub fn is_readable(&self) -> bool {
        let mut world = self.net.0.borrow_mut();
        world.udp(self.id).is_none_or(|udp| !udp.received.is_empty() || udp.error.is_some())
    }

    /// Waits for a datagram.
    pub async fn recv_from(&self, max: usize) -> Result<(Vec<u8>, SocketAddr), Errno> {
        loop {
            match self.try_recv_from(max) {
                Err(Errno::EAGAIN) => poll_fn(|cx| self.poll_readable(cx)).await,
                result => return result,
            }
        }
    }

    /// Own address.
    pub fn local_addr(&self) -> SocketAddr {
        public(self.net.0.borrow_mut().udp(self.id).map_or((Ipv4Addr::UNSPECIFIED, 0), |udp| udp.local))
    }

    /// The peer.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        self.net.0.borrow_mut().udp(self.id).and_then(|udp| udp.remote).map(public).ok_or(Errno::ENOTCONN)
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.net.0.borrow_mut().udp_close(self.id);
    }
}

impl IcmpSocket {
    /// Sends an echo request with `size` bytes of data.
    pub fn send_echo(&self, to: IpAddr, sequence: u16, size: usize, ttl: u8) -> Result<(), Errno> {
        match to {
            IpAddr::V4(to) => self.net.0.borrow_mut().send_echo(self.id, to, sequence, size, ttl),
            IpAddr::V6(_) => Err(Errno::ENETUNREACH),
        }
    }

    /// Takes an answer or an error; `EAGAIN` when there is none.
    pub fn try_recv(&self) -> Result<IcmpMessage, Errno> {
        let mut world = self.net.0.borrow_mut();
        world.icmp(self.id).ok_or(Errno::EBADF)?.received.pop_front().ok_or(Errno::EAGAIN)
    }

    /// Ready when there is a message.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.net.0.borrow_mut().icmp(self.id) {
            Some(icmp) if icmp.received.is_empty() => {
                icmp.readers.keep(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// True when there is a message.
    pub fn is_readable(&self) -> bool {
        self.net.0.borrow_mut().icmp(self.id).is_none_or(|icmp| !icmp.received.is_empty())
    }

    /// Waits for a message.
    pub async fn recv(&self) -> Result<IcmpMessage, Errno> {
        loop {
            match self.try_recv() {
                Err(Errno::EAGAIN) => poll_fn(|cx| self.poll_readable(cx)).await,
                result => return result,
            }
        }
    }
}

impl Drop for IcmpSocket {
    fn drop(&mut self) {
        self.net.0.borrow_mut().icmp_close(self.id);
    }
}
