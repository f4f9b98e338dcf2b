//! ICMP echo sockets: what `ping` holds.

use super::packet::{Body, Icmp as Message, Packet, Quoted};
use super::world::{Socket, SocketId, World};
use super::{IcmpKind, IcmpMessage, NetnsId};
use crate::Errno;
use crate::wait::Wakers;
use sim::{Duration, Instant};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

pub(super) struct Icmp {
    pub(super) ns: NetnsId,
    pub(super) id: u16,
    pub(super) received: VecDeque<IcmpMessage>,
    /// When the last message that is known arrives: none overtakes another.
    last: Instant,
    pub(super) readers: Wakers,
}

impl World {
    pub(super) fn icmp_open(&mut self, ns: NetnsId) -> Result<SocketId, Errno> {
        let mut id = self.rng.between(1, 65_535) as u16;
        let netns = self.existing(ns)?;
        while netns.icmp.iter().any(|(used, _)| *used == id) {
            id = id.wrapping_add(1);
        }
        let last = self.now();
        let socket = Icmp { ns, id, received: VecDeque::new(), last, readers: Wakers::default() };
        let socket = self.add_socket(Socket::Icmp(Box::new(socket)));
        self.existing(ns)?.icmp.push((id, socket.index));
        Ok(socket)
    }

    pub(super) fn icmp_close(&mut self, id: SocketId) {
        if let Some(Socket::Icmp(icmp)) = self.take_socket(id)
            && let Some(netns) = self.ns_mut(icmp.ns)
        {
            netns.icmp.retain(|(_, socket)| *socket != id.index);
        }
    }

    pub(super) fn send_echo(
        &mut self,
        socket: SocketId,
        to: Ipv4Addr,
        sequence: u16,
        size: usize,
        ttl: u8,
    ) -> Result<(), Errno> {
        let icmp = self.icmp(socket).ok_or(Errno::EBADF)?;
        let (ns, id) = (icmp.ns, icmp.id);
        let size = u16::try_from(size).ok().filter(|size| *size <= 65_507).ok_or(Errno::EMSGSIZE)?;
        let to = if to.is_unspecified() { Ipv4Addr::LOCALHOST } else { to };
        let src = self.existing(ns)?.source_address(to)?;
        let body = Body::Icmp(Message::Echo { reply: false, id, sequence, size });
        let sent = self.output(ns, &mut Packet { src, dst: to, ttl, mark: 0, body });
        self.run();
        sent
    }

    pub(super) fn echo_reply(&mut self, ns: NetnsId, packet: &Packet, id: u16, sequence: u16, size: u16) {
        let message = IcmpMessage {
            from: IpAddr::V4(packet.src),
            kind: IcmpKind::EchoReply,
            sequence,
            ttl: packet.ttl,
            size: usize::from(size) + 8,
        };
        self.icmp_message(ns, id, message);
    }

    pub(super) fn echo_error(&mut self, ns: NetnsId, packet: &Packet, kind: IcmpKind, quoted: &Quoted) {
        let message = IcmpMessage {
            from: IpAddr::V4(packet.src),
            kind,
            sequence: quoted.sequence,
            ttl: packet.ttl,
            size: usize::from(quoted.length) + 8,
        };
        self.icmp_message(ns, quoted.tuple.sport, message);
    }

    /// Hands a message to its socket. Hosts take a moment for it, which is all of the time that a ping within a
    /// host shows: everything else there happens at once.
    fn icmp_message(&mut self, ns: NetnsId, id: u16, message: IcmpMessage) {
        let Some(netns) = self.ns(ns) else { return };
        let Some(&(_, index)) = netns.icmp.iter().find(|(used, _)| *used == id) else { return };
        let socket = self.socket_id(index);
        let now = self.now();
        let delay = self.rng.duration(Duration::from_micros(35), Duration::from_micros(95));
        let Some(icmp) = self.icmp(socket) else { return };
        icmp.last = icmp.last.max(now + delay);
        let delay = icmp.last - now;
        self.later(delay, move |world| {
            if let Some(icmp) = world.icmp(socket) {
                icmp.received.push_back(message);
                icmp.readers.wake();
            }
        });
    }
}
