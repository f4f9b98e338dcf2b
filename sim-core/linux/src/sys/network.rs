//! Calls on sockets.

use super::Sys;
use crate::{Errno, Fd};
use std::net::{IpAddr, SocketAddr};

impl Sys {
    /// Connects by TCP; the descriptor is read and written like any other. Blocks as connect(2) does: `ECONNREFUSED`,
    /// `ETIMEDOUT` after 134 s, `EHOSTUNREACH`, `ENETUNREACH`.
    pub async fn connect(&self, _to: SocketAddr) -> Result<Fd, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Listens for TCP connections.
    pub fn listen(&self, _on: SocketAddr, _backlog: usize) -> Result<Fd, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Waits for a connection.
    pub async fn accept(&self, _listener: Fd) -> Result<(Fd, SocketAddr), Errno> {
        Err(Errno::ENOSYS)
    }
    /// Ends sending (FIN) and, if `both`, receiving as well.
    pub fn shutdown(&self, _fd: Fd, _both: bool) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }
    /// Makes `close` on this socket send RST (`SO_LINGER` of zero).
    pub fn set_linger_reset(&self, _fd: Fd) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }
    /// A UDP socket, bound to `on` (port 0: any).
    pub fn udp(&self, _on: SocketAddr) -> Result<Fd, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Fixes the peer of a UDP socket, so that ICMP errors come back as `ECONNREFUSED` and the like.
    pub fn udp_connect(&self, _fd: Fd, _to: SocketAddr) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }
    /// Sends a datagram.
    pub async fn send_to(&self, _fd: Fd, _data: &[u8], _to: SocketAddr) -> Result<usize, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Waits for a datagram.
    pub async fn recv_from(&self, _fd: Fd, _max: usize) -> Result<(Vec<u8>, SocketAddr), Errno> {
        Err(Errno::ENOSYS)
    }
    /// A socket for ICMP echo, as ping uses it.
    pub fn icmp(&self) -> Result<Fd, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Sends an echo request.
    pub async fn send_echo(
        &self,
        _fd: Fd,
        _to: IpAddr,
        _sequence: u16,
        _size: usize,
        _ttl: u8,
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }
    /// Waits for an echo reply or an ICMP error about what was sent on this socket.
    pub async fn recv_icmp(&self, _fd: Fd) -> Result<crate::net::IcmpMessage, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Own address of a socket.
    pub fn local_addr(&self, _fd: Fd) -> Result<SocketAddr, Errno> {
        Err(Errno::ENOSYS)
    }
    /// Address of the other side.
    pub fn peer_addr(&self, _fd: Fd) -> Result<SocketAddr, Errno> {
        Err(Errno::ENOSYS)
    }
}
