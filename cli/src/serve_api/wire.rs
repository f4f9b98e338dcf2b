//! A connection of the simulated network, as tokio sees it.

use super::clock::Traffic;
use linux::Errno;
use linux::net::{Net, NetnsId, TcpStream};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A simulated TCP connection.
pub(super) struct Wire {
    stream: TcpStream,
    traffic: Rc<Traffic>,
    /// The waker of the task that holds this, and the one that was made of it.
    wakers: Option<(Waker, Waker)>,
}

impl Wire {
    /// Connects from a network namespace of the world.
    pub async fn connect(net: &Net, from: NetnsId, to: SocketAddr, traffic: Rc<Traffic>) -> io::Result<Wire> {
        let stream = net.tcp_connect(from, None, to).map_err(io_error)?;
        traffic.moved();
        let mut wire = Wire { stream, traffic, wakers: None };
        std::future::poll_fn(|cx| {
            let waker = wire.waker(cx);
            wire.stream.poll_connect(&mut Context::from_waker(&waker))
        })
        .await
        .map_err(io_error)?;
        Ok(wire)
    }

    fn waker(&mut self, cx: &Context<'_>) -> Waker {
        match &self.wakers {
            Some((inner, made)) if inner.will_wake(cx.waker()) => made.clone(),
            _ => {
                let made = self.traffic.waker(cx.waker());
                self.wakers = Some((cx.waker().clone(), made.clone()));
                made
            }
        }
    }
}

fn io_error(errno: Errno) -> io::Error {
    let kind = match errno {
        Errno::ECONNREFUSED => io::ErrorKind::ConnectionRefused,
        Errno::ECONNRESET => io::ErrorKind::ConnectionReset,
        Errno::EPIPE => io::ErrorKind::BrokenPipe,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, errno.text())
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        loop {
            match wire.stream.try_read(buf.remaining()) {
                Ok(bytes) => {
                    buf.put_slice(&bytes);
                    wire.traffic.moved();
                    return Poll::Ready(Ok(()));
                }
                Err(Errno::EAGAIN) => {
                    let waker = wire.waker(cx);
                    ready!(wire.stream.poll_readable(&mut Context::from_waker(&waker)));
                }
                Err(errno) => return Poll::Ready(Err(io_error(errno))),
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        loop {
            match wire.stream.try_write(buf) {
                Ok(count) => {
                    wire.traffic.moved();
                    return Poll::Ready(Ok(count));
                }
                Err(Errno::EAGAIN) => {
                    let waker = wire.waker(cx);
                    ready!(wire.stream.poll_writable(&mut Context::from_waker(&waker)));
                }
                Err(errno) => return Poll::Ready(Err(io_error(errno))),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = self.stream.shutdown(true, false);
        self.traffic.moved();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // The world hears of it when it moves next.
        self.traffic.moved();
    }
}
