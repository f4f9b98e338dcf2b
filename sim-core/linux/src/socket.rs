//! Sockets as descriptors see them: read and written like other files, or with calls of their own.

use crate::Errno;
use crate::net::{IcmpSocket, TcpListener, TcpStream, UdpSocket};
use std::net::SocketAddr;
use std::task::{Context, Poll};

/// A socket that is open.
pub(crate) enum Socket {
    Stream(TcpStream),
    Listener(TcpListener),
    Udp(UdpSocket),
    Icmp(IcmpSocket),
}

impl Socket {
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, max: usize) -> Poll<Result<Vec<u8>, Errno>> {
        match self {
            Socket::Stream(stream) => retry(cx, |cx| stream.poll_readable(cx), || stream.try_read(max)),
            Socket::Udp(socket) => retry(cx, |cx| socket.poll_readable(cx), || socket.try_recv_from(max))
                .map_ok(|(data, _)| data),
            Socket::Listener(_) => Poll::Ready(Err(Errno::ENOTCONN)),
            Socket::Icmp(_) => Poll::Ready(Err(Errno::EINVAL)),
        }
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Errno>> {
        match self {
            Socket::Stream(stream) => retry(cx, |cx| stream.poll_writable(cx), || stream.try_write(data)),
            Socket::Udp(socket) => Poll::Ready(socket.send(data)),
            Socket::Listener(_) => Poll::Ready(Err(Errno::ENOTCONN)),
            Socket::Icmp(_) => Poll::Ready(Err(Errno::EDESTADDRREQ)),
        }
    }

    /// There is something to read or to accept, or an error to be had.
    pub(crate) fn is_readable(&self, cx: &mut Context<'_>) -> bool {
        match self {
            Socket::Stream(stream) => stream.poll_readable(cx).is_ready(),
            Socket::Listener(listener) => listener.poll_acceptable(cx).is_ready(),
            Socket::Udp(socket) => socket.poll_readable(cx).is_ready(),
            Socket::Icmp(socket) => socket.poll_readable(cx).is_ready(),
        }
    }

    pub(crate) fn is_writable(&self, cx: &mut Context<'_>) -> bool {
        match self {
            Socket::Stream(stream) => stream.poll_writable(cx).is_ready(),
            Socket::Listener(_) => false,
            Socket::Udp(_) | Socket::Icmp(_) => true,
        }
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        match self {
            Socket::Stream(stream) => stream.local_addr(),
            Socket::Listener(listener) => listener.local_addr(),
            Socket::Udp(socket) => socket.local_addr(),
            Socket::Icmp(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
        }
    }

    pub(crate) fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        match self {
            Socket::Stream(stream) => stream.peer_addr(),
            Socket::Udp(socket) => socket.peer_addr(),
            Socket::Listener(_) | Socket::Icmp(_) => Err(Errno::ENOTCONN),
        }
    }
}

/// Makes a call that does not wait until it has an answer.
pub(crate) fn retry<T>(
    cx: &mut Context<'_>,
    mut ready: impl FnMut(&mut Context<'_>) -> Poll<()>,
    mut call: impl FnMut() -> Result<T, Errno>,
) -> Poll<Result<T, Errno>> {
    loop {
        match call() {
            Err(Errno::EAGAIN) => {}
            result => return Poll::Ready(result),
        }
        if ready(cx).is_pending() {
            return Poll::Pending;
        }
    }
}
