//! Links: the way from an interface to a neighbour's. Veth pairs, bridges, the Ethernet between hosts, and what
//! happens when nobody answers.

use super::IcmpKind;
use super::NetnsId;
use super::conntrack::Tracked;
use super::ip::{Routed, Verdict};
use super::namespace::{Iface, IfaceKind, IfaceRef, Neighbour};
use super::netfilter::Hook;
use super::packet::Packet;
use super::world::{Flight, Segment, World};
use sim::Duration;
use std::net::Ipv4Addr;

/// A neighbour that was used this recently is believed to be there (`base_reachable_time`).
const FRESH: Duration = Duration::from_secs(30);
/// How many packets wait for a neighbour.
const WAITING_MAX: usize = 101;

/// What is known about the next hop.
enum Neighbourhood {
    At(IfaceRef),
    /// The packet goes to a hardware address that is no more.
    Vanishes,
    /// Nobody known: ask.
    Unknown,
}

impl World {
    pub(super) fn iface(&self, at: IfaceRef) -> Option<&Iface> {
        self.ns(at.ns)?.iface(at.dev).filter(|iface| iface.serial == at.serial)
    }

    pub(super) fn iface_ref(&self, ns: NetnsId, dev: u16) -> Option<IfaceRef> {
        Some(IfaceRef { ns, dev, serial: self.ns(ns)?.iface(dev)?.serial })
    }

    pub(super) fn count(&mut self, ns: NetnsId, dev: u16, packet: &Packet, sent: bool) {
        if let Some(iface) = self.ns_mut(ns).and_then(|netns| netns.iface_mut(dev)) {
            let bytes = packet.length() as u64;
            if sent {
                iface.counters.tx_packets += 1;
                iface.counters.tx_bytes += bytes;
            } else {
                iface.counters.rx_packets += 1;
                iface.counters.rx_bytes += bytes;
            }
        }
    }

    /// Sends a packet out of an interface to the neighbour with the address `next`.
    pub(super) fn transmit(&mut self, ns: NetnsId, dev: u16, next: Ipv4Addr, packet: &mut Packet) {
        match self.neighbourhood(ns, dev, next) {
            Neighbourhood::At(target) => self.transmit_to(ns, dev, target, packet),
            Neighbourhood::Vanishes => self.count(ns, dev, packet, true),
            Neighbourhood::Unknown => self.ask(ns, dev, next, packet.clone()),
        }
    }

    fn neighbourhood(&mut self, ns: NetnsId, dev: u16, next: Ipv4Addr) -> Neighbourhood {
        let now = self.now();
        let known = self
            .ns_mut(ns)
            .and_then(|netns| netns.iface_mut(dev))
            .and_then(|i| i.neighbours.get_mut(&next.into()));
        match known {
            Some(Neighbour::Reachable { target, used }) => {
                *used = now;
                return Neighbourhood::At(*target);
            }
            Some(Neighbour::Gone { until, .. }) if *until > now => return Neighbourhood::Vanishes,
            Some(Neighbour::Incomplete { .. }) => return Neighbourhood::Unknown,
            Some(Neighbour::Gone { .. } | Neighbour::Failed) | None => {}
        }
        let Some(target) = self.who_has(ns, dev, next) else { return Neighbourhood::Unknown };
        if let Some(iface) = self.ns_mut(ns).and_then(|netns| netns.iface_mut(dev)) {
            iface.neighbours.insert(next.into(), Neighbour::Reachable { target, used: now });
        }
        Neighbourhood::At(target)
    }

    /// Who on the link of an interface answers for an address.
    fn who_has(&self, ns: NetnsId, dev: u16, address: Ipv4Addr) -> Option<IfaceRef> {
        let has = |at: IfaceRef| {
            self.iface(at)
                .is_some_and(|iface| iface.up && iface.addresses.iter().any(|net| net.addr() == address))
        };
        let through_ports = |ns: NetnsId, ports: &[u16]| {
            let netns = self.ns(ns)?;
            ports.iter().find_map(|&port| match netns.iface(port)?.kind {
                IfaceKind::Veth { peer: Some(peer) } if netns.iface(port)?.up && has(peer) => Some(peer),
                _ => None,
            })
        };
        match &self.ns(ns)?.iface(dev)?.kind {
            IfaceKind::Loopback => None,
            IfaceKind::Veth { peer } => {
                let peer = (*peer)?;
                match self.iface(peer)?.master {
                    None => has(peer).then_some(peer),
                    Some(bridge) => {
                        let bridge = self.iface_ref(peer.ns, bridge)?;
                        if has(bridge) {
                            return Some(bridge);
                        }
                        let IfaceKind::Bridge { ports } = &self.iface(bridge)?.kind else { return None };
                        through_ports(peer.ns, ports)
                    }
                }
            }
            IfaceKind::Bridge { ports } => through_ports(ns, ports),
            IfaceKind::Uplink { segment } => {
                let station = self.segments[*segment as usize].stations.get(&address)?;
                has(*station).then_some(*station)
            }
        }
    }

    /// Asks for a neighbour three times, a second apart; the packets that wait for it fail together.
    fn ask(&mut self, ns: NetnsId, dev: u16, next: Ipv4Addr, packet: Packet) {
        let delay = self.rng.duration(Duration::from_millis(3_045), Duration::from_millis(3_075));
        let Some(iface) = self.ns_mut(ns).and_then(|netns| netns.iface_mut(dev)) else { return };
        let serial = iface.serial;
        match iface.neighbours.get_mut(&next.into()) {
            Some(Neighbour::Incomplete { waiting }) => {
                if waiting.len() < WAITING_MAX {
                    waiting.push(packet);
                }
                return;
            }
            _ => iface.neighbours.insert(next.into(), Neighbour::Incomplete { waiting: vec![packet] }),
        };
        for probe in 1..3 {
            self.later(Duration::from_secs(probe), move |world| world.ask_again(ns, dev, serial, next));
        }
        self.later(delay, move |world| {
            world.ask_again(ns, dev, serial, next);
            let Some(netns) = world.ns_mut(ns) else { return };
            let Some(iface) = netns.iface_mut(dev).filter(|iface| iface.serial == serial) else { return };
            let Some(Neighbour::Incomplete { waiting }) = iface.neighbours.get_mut(&next.into()) else {
                return;
            };
            let waiting = std::mem::take(waiting);
            iface.neighbours.insert(next.into(), Neighbour::Failed);
            for packet in waiting {
                world.icmp_error(ns, &packet, IcmpKind::Unreachable(1));
            }
        });
    }

    /// Another question for a neighbour; whoever has come meanwhile answers.
    fn ask_again(&mut self, ns: NetnsId, dev: u16, serial: u32, next: Ipv4Addr) {
        let now = self.now();
        let asking = |world: &mut World| {
            let iface = world.ns_mut(ns)?.iface_mut(dev)?;
            (iface.serial == serial).then_some(())?;
            match iface.neighbours.get_mut(&next.into())? {
                Neighbour::Incomplete { waiting } => Some(std::mem::take(waiting)),
                _ => None,
            }
        };
        let Some(target) = self.who_has(ns, dev, next) else { return };
        let Some(waiting) = asking(self) else { return };
        if let Some(iface) = self.ns_mut(ns).and_then(|netns| netns.iface_mut(dev)) {
            iface.neighbours.insert(next.into(), Neighbour::Reachable { target, used: now });
        }
        for mut packet in waiting {
            self.transmit_to(ns, dev, target, &mut packet);
        }
    }

    /// Sends a packet to an interface on the same link.
    fn transmit_to(&mut self, ns: NetnsId, dev: u16, target: IfaceRef, packet: &mut Packet) {
        self.count(ns, dev, packet, true);
        packet.mark = 0;
        let Some(iface) = self.ns(ns).and_then(|netns| netns.iface(dev)).filter(|iface| iface.up) else {
            return;
        };
        match &iface.kind {
            IfaceKind::Loopback => {}
            IfaceKind::Veth { peer } => {
                let Some(peer) = *peer else { return };
                let Some(other) = self.iface(peer).filter(|other| other.up) else { return };
                match other.master {
                    Some(bridge) => self.bridge_input(peer.ns, bridge, peer.dev, target, packet),
                    None if peer == target => self.receive(peer.ns, peer.dev, packet, &mut Tracked::Not),
                    None => {}
                }
            }
            IfaceKind::Bridge { .. } => self.out_of_bridge(ns, target, packet),
            IfaceKind::Uplink { segment } => {
                let segment = *segment;
                if self.iface(target).is_some_and(|other| other.up) {
                    self.launch(segment, target, packet.clone());
                }
            }
        }
    }

    /// Puts a packet on the Ethernet; one event stands for all that are on it.
    fn launch(&mut self, segment: u32, to: IfaceRef, packet: Packet) {
        let now = self.now();
        let World { sim, segments, rng, .. } = self;
        let ether = &mut segments[segment as usize];
        let mut at = now + rng.duration(ether.latency.0, ether.latency.1);
        let first = ether.flights.is_empty();
        if let Some(last) = ether.flights.back() {
            at = at.max(last.at);
        }
        ether.flights.push_back(Flight { at, to, packet });
        if first {
            sim.schedule_again(at - now, &ether.arrival);
        }
    }

    /// The first packet that is on an Ethernet has crossed it.
    pub(super) fn land(&mut self, segment: u32) {
        let now = self.now();
        while let Some(mut flight) =
            self.segments[segment as usize].flights.pop_front_if(|flight| flight.at <= now)
        {
            if self.iface(flight.to).is_some_and(|iface| iface.up) {
                self.receive(flight.to.ns, flight.to.dev, &mut flight.packet, &mut Tracked::Not);
                // Replies go out before the next packet is taken, as on a real host with its queues empty.
                self.send_waiting();
            }
        }
        let Segment { flights, arrival, .. } = &self.segments[segment as usize];
        if let Some(next) = flights.front() {
            self.sim.schedule_again(next.at - now, arrival);
        }
    }

    /// A packet from a port enters a bridge, for `target`: the bridge itself or somebody at another port.
    fn bridge_input(&mut self, ns: NetnsId, bridge: u16, port: u16, target: IfaceRef, packet: &mut Packet) {
        self.count(ns, port, packet, false);
        let Some(netns) = self.ns(ns) else { return };
        let for_bridge = target.ns == ns && target.dev == bridge;
        if !netns.sysctls.bridge_nf_call_iptables || netns.netfilter.is_none() {
            if for_bridge {
                self.receive(ns, bridge, packet, &mut Tracked::Not);
            } else {
                self.bridge_forward(ns, bridge, port, target, packet, None);
            }
            return;
        }
        let mut tracked = Tracked::Not;
        let before = packet.dst;
        if self.hook(ns, Hook::Prerouting, bridge, bridge, packet, &mut tracked) == Verdict::Drop {
            return;
        }
        if packet.dst == before {
            if for_bridge {
                self.count(ns, bridge, packet, false);
                self.input(ns, bridge, packet, &mut tracked);
            } else {
                self.bridge_forward(ns, bridge, port, target, packet, Some(&mut tracked));
            }
            return;
        }
        // Translated: routing decides anew. Back into the same bridge it stays a bridged packet.
        let routed = self.ns(ns).map(|netns| netns.route(packet.dst));
        if let Some(Ok(Routed::Via { dev, next })) = routed
            && dev == bridge
            && let Neighbourhood::At(target) = self.neighbourhood(ns, bridge, next)
        {
            self.bridge_forward(ns, bridge, port, target, packet, Some(&mut tracked));
        } else {
            self.count(ns, bridge, packet, false);
            self.input(ns, bridge, packet, &mut tracked);
        }
    }

    /// From one port of a bridge to another; with `tracked`, through the hooks.
    fn bridge_forward(
        &mut self,
        ns: NetnsId,
        bridge: u16,
        port: u16,
        target: IfaceRef,
        packet: &mut Packet,
        tracked: Option<&mut Tracked>,
    ) {
        let Some(IfaceKind::Veth { peer: Some(out) }) = self.iface(target).map(|iface| &iface.kind) else {
            return;
        };
        let out = *out;
        let Some(out_iface) = self.iface(out) else { return };
        if out.ns != ns || out_iface.master != Some(bridge) || out.dev == port && !out_iface.hairpin {
            return;
        }
        if let Some(tracked) = tracked {
            if self.hook(ns, Hook::Forward, bridge, bridge, packet, tracked) == Verdict::Drop
                || self.hook(ns, Hook::Postrouting, bridge, bridge, packet, tracked) == Verdict::Drop
            {
                return;
            }
            self.forget_refused(ns, tracked, packet);
        }
        packet.mark = 0;
        self.out_of_bridge(ns, target, packet);
    }

    /// Out of a bridge to the interface behind a port.
    fn out_of_bridge(&mut self, ns: NetnsId, target: IfaceRef, packet: &mut Packet) {
        let Some(iface) = self.iface(target).filter(|iface| iface.up) else { return };
        let IfaceKind::Veth { peer: Some(port) } = iface.kind else { return };
        if port.ns == ns && self.iface(port).is_some_and(|port| port.up) {
            self.count(ns, port.dev, packet, true);
            self.receive(target.ns, target.dev, packet, &mut Tracked::Not);
        }
    }

    /// Namespaces that share a link with an interface.
    pub(super) fn link_mates(&self, ns: NetnsId, dev: u16) -> Vec<NetnsId> {
        let Some(iface) = self.ns(ns).and_then(|netns| netns.iface(dev)) else { return Vec::new() };
        match &iface.kind {
            IfaceKind::Loopback => Vec::new(),
            IfaceKind::Veth { peer } => match peer.and_then(|peer| Some((peer, self.iface(peer)?.master))) {
                Some((peer, Some(bridge))) => self.link_mates(peer.ns, bridge),
                Some((peer, None)) => vec![peer.ns],
                None => Vec::new(),
            },
            IfaceKind::Bridge { ports } => {
                let behind = |port: &u16| match self.ns(ns)?.iface(*port)?.kind {
                    IfaceKind::Veth { peer } => peer.map(|peer| peer.ns),
                    _ => None,
                };
                std::iter::once(ns).chain(ports.iter().filter_map(behind)).collect()
            }
            IfaceKind::Uplink { segment } => {
                self.segments[*segment as usize].stations.values().map(|station| station.ns).collect()
            }
        }
    }

    /// An interface is gone: those on its link who have just talked to it go on for a while.
    pub(super) fn forget_neighbour(&mut self, gone: IfaceRef, mac: [u8; 6], mates: &[NetnsId]) {
        let now = self.now();
        let World { namespaces, rng, .. } = self;
        for mate in mates {
            let Some(netns) = namespaces.get_mut(mate.0 as usize).and_then(Option::as_deref_mut) else {
                continue;
            };
            for iface in netns.ifaces.iter_mut().flatten() {
                iface.neighbours.retain(|_, neighbour| match neighbour {
                    Neighbour::Reachable { target, used } if *target == gone => {
                        if now - *used > FRESH {
                            return false;
                        }
                        let until = now + rng.duration(Duration::from_secs(14), Duration::from_secs(30));
                        *neighbour = Neighbour::Gone { until, mac };
                        true
                    }
                    _ => true,
                });
            }
        }
    }

    /// An address has a new owner, who says so to everybody on its link (gratuitous ARP).
    pub(super) fn announce(&mut self, ns: NetnsId, dev: u16, address: Ipv4Addr) {
        for mate in self.link_mates(ns, dev) {
            let Some(netns) = self.ns_mut(mate) else { continue };
            for iface in netns.ifaces.iter_mut().flatten() {
                if !matches!(iface.neighbours.get(&address.into()), Some(Neighbour::Incomplete { .. }) | None)
                {
                    iface.neighbours.remove(&address.into());
                }
            }
        }
    }
}
