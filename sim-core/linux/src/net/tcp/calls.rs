//! What sockets ask of TCP.

use super::{BUFFER, Backlog, Tcp, TcpState, flow};
use crate::Errno;
use crate::net::NetnsId;
use crate::net::namespace::Bound;
use crate::net::packet::Bytes;
use crate::net::world::{SocketId, World};
use std::net::Ipv4Addr;
use std::task::{Context, Poll};

impl World {
    pub(in crate::net) fn tcp_connect(
        &mut self,
        ns: NetnsId,
        local: Option<(Ipv4Addr, u16)>,
        to: (Ipv4Addr, u16),
    ) -> Result<SocketId, Errno> {
        self.reap_time_waits();
        let now = self.now();
        // As Linux: the unspecified address is this host.
        let to = if to.0.is_unspecified() { (Ipv4Addr::LOCALHOST, to.1) } else { to };
        let netns = self.existing(ns)?;
        let source = match local {
            Some((address, _)) if !address.is_unspecified() => {
                if !netns.is_local(address) {
                    return Err(Errno::EADDRNOTAVAIL);
                }
                address
            }
            _ => netns.source_address(to.0)?,
        };
        netns.route(to.0).map_err(crate::net::ip::RouteError::errno)?;
        let port = match local {
            Some((_, port)) if port != 0 => port,
            _ => self.ephemeral_port(ns, source, to)?,
        };
        let local = (source, port);
        if self.tcp_between(ns, local, to).is_some() {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let sequence = self.rng.next_u64() as u32;
        let mut tcp = Tcp::new(ns, local, to, TcpState::SynSent, sequence, now);
        tcp.snd_nxt = sequence.wrapping_add(1);
        let id = self.tcp_socket(tcp);
        self.flows.insert(flow(ns, local, to), id.index);
        self.send_handshake(id.index);
        self.tcp_touch(id.index);
        self.run();
        Ok(id)
    }

    /// A port of one's own that is free towards this peer.
    fn ephemeral_port(&mut self, ns: NetnsId, source: Ipv4Addr, to: (Ipv4Addr, u16)) -> Result<u16, Errno> {
        let (low, high) = self.existing(ns)?.sysctls.local_ports;
        let count = u64::from(high - low) + 1;
        let begin = self.rng.below(count);
        for n in 0..count {
            let port = low + ((begin + n) % count) as u16;
            if self.tcp_between(ns, (source, port), to).is_none()
                && !self.existing(ns)?.listeners.iter().any(|bound| bound.port == port)
            {
                return Ok(port);
            }
        }
        Err(Errno::EADDRNOTAVAIL)
    }

    pub(in crate::net) fn tcp_listen(
        &mut self,
        ns: NetnsId,
        on: (Ipv4Addr, u16),
        backlog: usize,
    ) -> Result<SocketId, Errno> {
        let now = self.now();
        let (low, high) = self.existing(ns)?.sysctls.local_ports;
        let random = self.rng.between(u64::from(low), u64::from(high)) as u16;
        let netns = self.existing(ns)?;
        if !on.0.is_unspecified() && !netns.is_local(on.0) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let taken = |port: u16| {
            netns.listeners.iter().any(|bound| {
                bound.port == port
                    && (bound.address == on.0 || bound.address.is_unspecified() || on.0.is_unspecified())
            })
        };
        let port = match on.1 {
            0 => (random..=high).chain(low..random).find(|&port| !taken(port)).ok_or(Errno::EADDRINUSE)?,
            port if taken(port) => return Err(Errno::EADDRINUSE),
            port => port,
        };
        let unspecified = (Ipv4Addr::UNSPECIFIED, 0);
        let mut tcp = Tcp::new(ns, (on.0, port), unspecified, TcpState::Listen, 0, now);
        tcp.backlog = Some(Box::new(Backlog { limit: backlog, ..Backlog::default() }));
        let id = self.tcp_socket(tcp);
        self.existing(ns)?.listeners.push(Bound { address: on.0, port, socket: id.index });
        Ok(id)
    }

    pub(in crate::net) fn tcp_accept(&mut self, id: SocketId) -> Result<SocketId, Errno> {
        loop {
            let listener = self.tcp(id).ok_or(Errno::EINVAL)?;
            let backlog = listener.backlog.as_mut().ok_or(Errno::EINVAL)?;
            let child = backlog.ready.pop_front().ok_or(Errno::EAGAIN)?;
            // One that was reset while it waited may be gone.
            if self.tcp(child).is_some() {
                return Ok(child);
            }
        }
    }

    pub(in crate::net) fn tcp_read(&mut self, id: SocketId, max: usize) -> Result<Vec<u8>, Errno> {
        let tcp = self.tcp(id).ok_or(Errno::ENOTCONN)?;
        if tcp.unread == 0 {
            return match tcp.error.take() {
                // A reset after the other side's FIN is no news to a reader.
                Some(Errno::EPIPE) => Ok(Vec::new()),
                Some(error) => Err(error),
                None if tcp.fin_received || tcp.deaf => Ok(Vec::new()),
                None if tcp.state == TcpState::Closed => Ok(Vec::new()),
                None if matches!(tcp.state, TcpState::Listen) => Err(Errno::ENOTCONN),
                None => Err(Errno::EAGAIN),
            };
        }
        let was = BUFFER - tcp.unread.min(BUFFER);
        let mut out = Vec::with_capacity(max.min(tcp.unread));
        while out.len() < max
            && let Some(first) = tcp.received.front_mut()
        {
            let piece = first.split_to(max - out.len());
            out.extend_from_slice(piece.as_slice());
            if first.is_empty() {
                tcp.received.pop_front();
            }
        }
        tcp.unread -= out.len();
        // The sender has stopped, or is about to: tell it that there is room.
        if was < BUFFER / 2 && BUFFER - tcp.unread >= BUFFER / 2 && !tcp.fin_received {
            tcp.ack_due = true;
            self.tcp_touch(id.index);
            self.run();
        }
        Ok(out)
    }

    pub(in crate::net) fn tcp_write(&mut self, id: SocketId, data: &[u8]) -> Result<usize, Errno> {
        let tcp = self.tcp(id).ok_or(Errno::ENOTCONN)?;
        if let Some(error) = tcp.error.take() {
            return Err(error);
        }
        match tcp.state {
            TcpState::SynSent | TcpState::SynReceived => return Err(Errno::EAGAIN),
            TcpState::Listen => return Err(Errno::ENOTCONN),
            TcpState::Established | TcpState::CloseWait if !tcp.fin_wanted => {}
            _ => return Err(Errno::EPIPE),
        }
        let room = BUFFER.saturating_sub(tcp.queued);
        if room == 0 {
            return Err(Errno::EAGAIN);
        }
        let n = data.len().min(room);
        if n > 0 {
            tcp.unsent.push_back(Bytes::copy_of(&data[..n]));
            tcp.queued += n;
            self.tcp_touch(id.index);
            self.run();
        }
        Ok(n)
    }

    pub(in crate::net) fn tcp_shutdown(
        &mut self,
        id: SocketId,
        write: bool,
        read: bool,
    ) -> Result<(), Errno> {
        let tcp = self.tcp(id).ok_or(Errno::ENOTCONN)?;
        if matches!(tcp.state, TcpState::SynSent | TcpState::Listen | TcpState::Closed) {
            return Err(Errno::ENOTCONN);
        }
        if read {
            tcp.deaf = true;
            tcp.readers.wake();
        }
        if write {
            tcp.fin_wanted = true;
            tcp.writers.wake();
            self.tcp_touch(id.index);
            self.run();
        }
        Ok(())
    }

    /// The last descriptor is closed.
    pub(in crate::net) fn tcp_close(&mut self, id: SocketId) {
        let Some(tcp) = self.tcp(id) else { return };
        tcp.readers.clear();
        tcp.writers.clear();
        match tcp.state {
            TcpState::Listen => {
                let ns = tcp.ns;
                let ready = tcp.backlog.take().map(|backlog| backlog.ready).unwrap_or_default();
                if let Some(netns) = self.ns_mut(ns) {
                    netns.listeners.retain(|bound| bound.socket != id.index);
                }
                for child in ready {
                    self.tcp_abort(child);
                }
                self.tcp_remove(id);
            }
            TcpState::SynSent | TcpState::Closed => self.tcp_remove(id),
            _ if tcp.linger_reset || tcp.unread > 0 => self.tcp_abort(id),
            TcpState::TimeWait => {
                tcp.orphan = true;
                self.tcp_time_wait(id);
            }
            _ => {
                tcp.orphan = true;
                tcp.fin_wanted = true;
                self.tcp_touch(id.index);
                // Nobody waits for the other side's FIN for ever (`tcp_fin_timeout`).
                let at = self.now() + super::TIME_WAIT;
                if self.tcp(id).is_some_and(|tcp| tcp.state == TcpState::FinWait2) {
                    self.time_waits.push_back((at, id));
                }
            }
        }
        self.run();
    }

    pub(in crate::net) fn tcp_poll_connect(
        &mut self,
        id: SocketId,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Errno>> {
        let Some(tcp) = self.tcp(id) else { return Poll::Ready(Err(Errno::ENOTCONN)) };
        if let Some(error) = tcp.error.take() {
            return Poll::Ready(Err(error));
        }
        match tcp.state {
            TcpState::SynSent => {
                tcp.writers.keep(cx.waker());
                Poll::Pending
            }
            TcpState::Closed => Poll::Ready(Err(Errno::ENOTCONN)),
            _ => Poll::Ready(Ok(())),
        }
    }
}
