//! UDP: datagrams, and the ICMP errors that come back for them.

use super::NetnsId;
use super::conntrack::is_unreachable;
use super::namespace::Bound;
use super::packet::{Body, Bytes, Datagram, Packet, Tuple};
use super::world::{Socket, SocketId, World};
use super::{IcmpKind, tcp};
use crate::Errno;
use crate::wait::Wakers;
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// Bytes that wait to be read before datagrams are lost.
const BUFFER: usize = 208 * 1024;

pub(super) struct Udp {
    pub(super) ns: NetnsId,
    pub(super) local: (Ipv4Addr, u16),
    pub(super) remote: Option<(Ipv4Addr, u16)>,
    pub(super) received: VecDeque<(Bytes, (Ipv4Addr, u16))>,
    pub(super) unread: usize,
    pub(super) error: Option<Errno>,
    pub(super) readers: Wakers,
}

impl World {
    pub(super) fn udp_bind(&mut self, ns: NetnsId, on: (Ipv4Addr, u16)) -> Result<SocketId, Errno> {
        let (low, high) = self.existing(ns)?.sysctls.local_ports;
        let random = self.rng.between(u64::from(low), u64::from(high)) as u16;
        let netns = self.existing(ns)?;
        if !on.0.is_unspecified() && !netns.is_local(on.0) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let taken = |port: u16| {
            netns.udp.iter().any(|bound| {
                bound.port == port
                    && (bound.address == on.0 || bound.address.is_unspecified() || on.0.is_unspecified())
            })
        };
        let port = match on.1 {
            0 => (random..=high).chain(low..random).find(|&port| !taken(port)).ok_or(Errno::EADDRINUSE)?,
            port if taken(port) => return Err(Errno::EADDRINUSE),
            port => port,
        };
        let udp = Udp {
            ns,
            local: (on.0, port),
            remote: None,
            received: VecDeque::new(),
            unread: 0,
            error: None,
            readers: Wakers::default(),
        };
        let id = self.add_socket(Socket::Udp(Box::new(udp)));
        self.existing(ns)?.udp.push(Bound { address: on.0, port, socket: id.index });
        Ok(id)
    }

    pub(super) fn udp_connect(&mut self, id: SocketId, to: (Ipv4Addr, u16)) -> Result<(), Errno> {
        let ns = self.udp(id).ok_or(Errno::EBADF)?.ns;
        let to = if to.0.is_unspecified() { (Ipv4Addr::LOCALHOST, to.1) } else { to };
        let source = self.existing(ns)?.source_address(to.0)?;
        let udp = self.udp(id).ok_or(Errno::EBADF)?;
        udp.remote = Some(to);
        if udp.local.0.is_unspecified() {
            udp.local.0 = source;
            let local = udp.local;
            for bound in &mut self.existing(ns)?.udp {
                if bound.socket == id.index {
                    bound.address = local.0;
                }
            }
        }
        Ok(())
    }

    pub(super) fn udp_send(
        &mut self,
        id: SocketId,
        data: &[u8],
        to: Option<(Ipv4Addr, u16)>,
    ) -> Result<usize, Errno> {
        let udp = self.udp(id).ok_or(Errno::EBADF)?;
        if let Some(error) = udp.error.take() {
            return Err(error);
        }
        let to = to.or(udp.remote).ok_or(Errno::EDESTADDRREQ)?;
        if data.len() > 65_507 {
            return Err(Errno::EMSGSIZE);
        }
        let (ns, local) = (udp.ns, udp.local);
        let to = if to.0.is_unspecified() { (Ipv4Addr::LOCALHOST, to.1) } else { to };
        let netns = self.existing(ns)?;
        let src = if local.0.is_unspecified() { netns.source_address(to.0)? } else { local.0 };
        let body = Body::Udp(Datagram { sport: local.1, dport: to.1, data: Bytes::copy_of(data) });
        let mut packet = Packet { src, dst: to.0, ttl: netns.sysctls.default_ttl, mark: 0, body };
        let sent = self.output(ns, &mut packet);
        self.run();
        sent.map(|()| data.len())
    }

    pub(super) fn udp_receive(
        &mut self,
        id: SocketId,
        max: usize,
    ) -> Result<(Vec<u8>, (Ipv4Addr, u16)), Errno> {
        let udp = self.udp(id).ok_or(Errno::EBADF)?;
        if let Some(error) = udp.error.take() {
            return Err(error);
        }
        let (data, from) = udp.received.pop_front().ok_or(Errno::EAGAIN)?;
        udp.unread -= data.len();
        // The rest of a datagram that is not asked for is lost.
        let data = data.as_slice();
        Ok((data[..data.len().min(max)].to_vec(), from))
    }

    pub(super) fn udp_close(&mut self, id: SocketId) {
        if let Some(Socket::Udp(udp)) = self.take_socket(id)
            && let Some(netns) = self.ns_mut(udp.ns)
        {
            netns.udp.retain(|bound| bound.socket != id.index);
        }
    }

    fn udp_socket(&mut self, ns: NetnsId, local: (Ipv4Addr, u16), remote: (Ipv4Addr, u16)) -> Option<u32> {
        let World { namespaces, sockets, .. } = self;
        let netns = namespaces.get(ns.0 as usize)?.as_deref()?;
        let mut found = None;
        for bound in netns.udp.iter().filter(|bound| bound.port == local.1) {
            if bound.address != local.0 && !bound.address.is_unspecified() {
                continue;
            }
            let Some(Socket::Udp(udp)) = &sockets[bound.socket as usize].socket else { continue };
            match udp.remote {
                Some(peer) if peer == remote => return Some(bound.socket),
                Some(_) => {}
                None => found = found.or(Some(bound.socket)),
            }
        }
        found
    }

    pub(super) fn udp_input(&mut self, ns: NetnsId, packet: &Packet, datagram: &Datagram) {
        let remote = (packet.src, datagram.sport);
        let Some(index) = self.udp_socket(ns, (packet.dst, datagram.dport), remote) else {
            return self.icmp_error(ns, packet, IcmpKind::Unreachable(3));
        };
        if let Some(Socket::Udp(udp)) = &mut self.sockets[index as usize].socket
            && udp.unread + datagram.data.len() <= BUFFER
        {
            udp.unread += datagram.data.len();
            udp.received.push_back((datagram.data.clone(), remote));
            udp.readers.wake();
        }
    }

    /// An ICMP error about a datagram: only a connected socket hears of it.
    pub(super) fn udp_error(&mut self, ns: NetnsId, quoted: &Tuple, kind: IcmpKind) {
        let remote = (quoted.dst, quoted.dport);
        let Some(index) = self.udp_socket(ns, (quoted.src, quoted.sport), remote) else { return };
        if let Some(Socket::Udp(udp)) = &mut self.sockets[index as usize].socket
            && udp.remote == Some(remote)
            && is_unreachable(kind)
        {
            udp.error = Some(tcp::errno(kind));
            udp.readers.wake();
        }
    }
}
