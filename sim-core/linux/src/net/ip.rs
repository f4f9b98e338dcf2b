//! IP within one namespace: a packet from a socket or a link goes through hooks and routing to its end.

use super::IcmpKind;
use super::NetnsId;
use super::conntrack::{Conntrack, Manip, Tracked};
use super::namespace::{LO, Netns, Parts, is_local};
use super::netfilter::{CtStates, Env, Hook, NatAction, Outcome, RejectWith, Table};
use super::packet::{Body, Icmp, Packet, Quoted, proto};
use super::route::RouteKind;
use super::world::World;
use crate::Errno;
use sim::Instant;
use std::net::Ipv4Addr;

/// What routing says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Routed {
    /// For this host itself.
    Local,
    /// Through an interface, to a neighbour.
    Via { dev: u16, next: Ipv4Addr },
}

/// What the hooks said about a packet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    Drop,
}

impl Netns {
    pub(super) fn route(&self, to: Ipv4Addr) -> Result<Routed, RouteError> {
        if self.is_local(to) {
            return Ok(Routed::Local);
        }
        let entry = self.routes.lookup(to).ok_or(RouteError::None)?;
        match entry.kind {
            RouteKind::Unicast => Ok(Routed::Via { dev: entry.dev, next: entry.via.unwrap_or(to) }),
            RouteKind::Blackhole => Err(RouteError::Blackhole),
            RouteKind::Unreachable => Err(RouteError::Unreachable),
            RouteKind::Prohibit => Err(RouteError::Prohibited),
        }
    }

    /// The address that a packet to `to` comes from.
    pub(super) fn source_address(&self, to: Ipv4Addr) -> Result<Ipv4Addr, Errno> {
        match self.route(to) {
            Ok(Routed::Local) => Ok(to),
            Ok(Routed::Via { dev, next }) => {
                let preferred = self.routes.lookup(to).and_then(|entry| entry.source);
                preferred.or_else(|| self.source_for(dev, next)).ok_or(Errno::ENETUNREACH)
            }
            Err(error) => Err(error.errno()),
        }
    }
}

/// Why there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RouteError {
    None,
    Blackhole,
    Unreachable,
    Prohibited,
}

impl RouteError {
    pub(super) fn errno(self) -> Errno {
        match self {
            RouteError::None => Errno::ENETUNREACH,
            RouteError::Blackhole => Errno::EINVAL,
            RouteError::Unreachable => Errno::EHOSTUNREACH,
            RouteError::Prohibited => Errno::EACCES,
        }
    }
}

impl World {
    /// Sends a packet of this host. An error is for the caller of `send`; a lost packet is none.
    pub(super) fn output(&mut self, ns: NetnsId, packet: &mut Packet) -> Result<(), Errno> {
        let Some(netns) = self.ns(ns) else { return Err(Errno::ENETUNREACH) };
        let mut routed = netns.route(packet.dst).map_err(RouteError::errno)?;
        let mut tracked = Tracked::Not;
        let before = packet.dst;
        if netns.netfilter.is_some() {
            let out = if let Routed::Via { dev, .. } = routed { dev } else { LO };
            if self.hook(ns, Hook::Output, LO, out, packet, &mut tracked) == Verdict::Drop {
                return Err(Errno::EPERM);
            }
            if packet.dst != before {
                let Some(netns) = self.ns(ns) else { return Ok(()) };
                routed = netns.route(packet.dst).map_err(RouteError::errno)?;
            }
        }
        self.send_routed(ns, routed, packet, &mut tracked);
        Ok(())
    }

    /// The last hook, then the link.
    fn send_routed(&mut self, ns: NetnsId, routed: Routed, packet: &mut Packet, tracked: &mut Tracked) {
        let (dev, next) = match routed {
            Routed::Local => (LO, packet.dst),
            Routed::Via { dev, next } => (dev, next),
        };
        if self.hook(ns, Hook::Postrouting, LO, dev, packet, tracked) == Verdict::Drop {
            return;
        }
        if dev == LO {
            // The packet keeps its connection on the loopback interface.
            self.count(ns, LO, packet, true);
            self.receive(ns, LO, packet, tracked);
        } else {
            self.transmit(ns, dev, next, packet);
        }
    }

    /// A packet comes in from a link (or from the loopback interface, with its connection).
    pub(super) fn receive(&mut self, ns: NetnsId, dev: u16, packet: &mut Packet, tracked: &mut Tracked) {
        self.count(ns, dev, packet, false);
        if self.hook(ns, Hook::Prerouting, dev, LO, packet, tracked) == Verdict::Drop {
            return;
        }
        self.input(ns, dev, packet, tracked);
    }

    /// Routing of what came in and went through PREROUTING.
    pub(super) fn input(&mut self, ns: NetnsId, dev: u16, packet: &mut Packet, tracked: &mut Tracked) {
        let Some(netns) = self.ns(ns) else { return };
        if dev != LO {
            // Martians: loopback addresses on a wire, and our own address as somebody else's source.
            let loopback = packet.src.is_loopback() || packet.dst.is_loopback();
            if loopback && !netns.sysctls.route_localnet || !loopback && netns.is_local(packet.src) {
                return;
            }
        }
        let routed = match netns.route(packet.dst) {
            Ok(Routed::Local) => {
                if self.hook(ns, Hook::Input, dev, LO, packet, tracked) == Verdict::Accept {
                    self.deliver(ns, packet);
                    self.forget_refused(ns, tracked, packet);
                }
                return;
            }
            routed => routed,
        };
        if !netns.sysctls.ip_forward {
            return;
        }
        let routed = match routed {
            Ok(routed) => routed,
            Err(RouteError::Blackhole) => return,
            Err(RouteError::None) => return self.icmp_error(ns, packet, IcmpKind::Unreachable(0)),
            Err(RouteError::Unreachable) => return self.icmp_error(ns, packet, IcmpKind::Unreachable(1)),
            Err(RouteError::Prohibited) => return self.icmp_error(ns, packet, IcmpKind::Unreachable(13)),
        };
        self.forward(ns, dev, routed, packet, tracked);
    }

    fn forward(&mut self, ns: NetnsId, dev: u16, routed: Routed, packet: &mut Packet, tracked: &mut Tracked) {
        let Routed::Via { dev: out, .. } = routed else { return };
        if packet.ttl <= 1 {
            return self.icmp_error(ns, packet, IcmpKind::TimeExceeded);
        }
        packet.ttl -= 1;
        if self.hook(ns, Hook::Forward, dev, out, packet, tracked) == Verdict::Drop {
            return;
        }
        self.send_routed(ns, routed, packet, tracked);
        self.forget_refused(ns, tracked, packet);
    }

    /// After a packet has passed: a connection that it refuses is not tracked any longer.
    pub(super) fn forget_refused(&mut self, ns: NetnsId, tracked: &Tracked, packet: &Packet) {
        if packet.is_reset()
            && let Some(conntrack) = self.ns_mut(ns).and_then(|netns| netns.conntrack.as_mut())
        {
            conntrack.forget_refused(tracked);
        }
    }

    /// Runs a packet through the tables of one hook.
    pub(super) fn hook(
        &mut self,
        ns: NetnsId,
        hook: Hook,
        in_dev: u16,
        out_dev: u16,
        packet: &mut Packet,
        tracked: &mut Tracked,
    ) -> Verdict {
        let now = self.sim.now();
        let World { namespaces, rng, .. } = self;
        let Some(netns) = namespaces.get_mut(ns.0 as usize).and_then(Option::as_deref_mut) else {
            return Verdict::Drop;
        };
        if netns.netfilter.is_none() {
            return Verdict::Accept;
        }
        match run_hook(netns.parts(), hook, in_dev, out_dev, packet, tracked, rng, now) {
            Outcome::Accept => Verdict::Accept,
            Outcome::Reject(with) => {
                self.reject(ns, hook, packet, tracked, with);
                Verdict::Drop
            }
            _ => Verdict::Drop,
        }
    }

    /// `REJECT`: answers before the packet is dropped.
    fn reject(&mut self, ns: NetnsId, hook: Hook, packet: &Packet, tracked: &Tracked, with: RejectWith) {
        match (with, &packet.body) {
            (RejectWith::TcpReset, Body::Tcp(segment)) => {
                if let Some(reset) = super::tcp::reset_for(packet, segment) {
                    self.outbox.push_back((ns, reset));
                }
            }
            (RejectWith::TcpReset, _) => {}
            (RejectWith::Icmp(_, code), _) => {
                let mut quoted = packet.quoted();
                // The sender knows the packet as it was before this host began to translate it.
                if let Some(original) = Conntrack::unconfirmed_original(tracked) {
                    quoted.tuple = original;
                }
                let local = hook == Hook::Output;
                self.icmp_error_quoting(ns, packet, quoted, IcmpKind::Unreachable(code), local);
            }
        }
    }

    /// Tells the sender of a packet what became of it.
    pub(super) fn icmp_error(&mut self, ns: NetnsId, packet: &Packet, kind: IcmpKind) {
        self.icmp_error_quoting(ns, packet, packet.quoted(), kind, false);
    }

    fn icmp_error_quoting(
        &mut self,
        ns: NetnsId,
        packet: &Packet,
        quoted: Quoted,
        kind: IcmpKind,
        own: bool,
    ) {
        // No errors about errors.
        if packet.is_icmp_error() {
            return;
        }
        let now = self.now();
        let Some(netns) = self.ns_mut(ns) else { return };
        let to = quoted.tuple.src;
        let local = netns.is_local(to);
        if !local && !may_send_error(netns, to, now) {
            return;
        }
        let from = if own || local {
            to
        } else if netns.is_local(packet.dst) {
            packet.dst
        } else {
            match netns.source_address(to) {
                Ok(from) => from,
                Err(_) => return,
            }
        };
        let error = Packet {
            src: from,
            dst: to,
            ttl: netns.sysctls.default_ttl,
            mark: 0,
            body: Body::Icmp(Icmp::Error { kind, quoted }),
        };
        self.outbox.push_back((ns, error));
    }

    /// To the sockets.
    fn deliver(&mut self, ns: NetnsId, packet: &Packet) {
        match &packet.body {
            Body::Tcp(segment) => self.tcp_input(ns, packet, segment),
            Body::Udp(datagram) => self.udp_input(ns, packet, datagram),
            Body::Icmp(Icmp::Echo { reply: false, id, sequence, size }) => {
                let Some(netns) = self.ns(ns) else { return };
                let answer = Packet {
                    src: packet.dst,
                    dst: packet.src,
                    ttl: netns.sysctls.default_ttl,
                    mark: 0,
                    body: Body::Icmp(Icmp::Echo { reply: true, id: *id, sequence: *sequence, size: *size }),
                };
                self.outbox.push_back((ns, answer));
            }
            Body::Icmp(Icmp::Echo { reply: true, id, sequence, size }) => {
                self.echo_reply(ns, packet, *id, *sequence, *size);
            }
            Body::Icmp(Icmp::Error { kind, quoted }) => match quoted.tuple.proto {
                proto::TCP => self.tcp_error(ns, &quoted.tuple, *kind),
                proto::UDP => self.udp_error(ns, &quoted.tuple, *kind),
                _ => self.echo_error(ns, packet, *kind, quoted),
            },
        }
    }
}

/// The limit of ICMP errors: six at once, then one a second for each peer (`icmp_ratelimit`).
fn may_send_error(netns: &mut Netns, to: Ipv4Addr, now: Instant) -> bool {
    const COST_MS: u64 = 1_000;
    const BURST: u64 = 6;
    let (patience, since) = netns.icmp_limits.entry(to).or_insert((BURST * COST_MS, now));
    let waited = (now - *since).as_millis() as u64;
    *patience = (*patience + waited).min(BURST * COST_MS);
    *since = now;
    if *patience < COST_MS {
        return false;
    }
    *patience -= COST_MS;
    true
}

/// A packet at a hook: the tables in their order, and connection tracking before, between and behind them.
#[allow(clippy::too_many_arguments, reason = "a packet, where it is, and what it may change")]
fn run_hook(
    parts: Parts<'_>,
    hook: Hook,
    in_dev: u16,
    out_dev: u16,
    packet: &mut Packet,
    tracked: &mut Tracked,
    rng: &mut sim::Rng,
    now: Instant,
) -> Outcome {
    let Parts { ifaces, locals, timeouts, netfilter: Some(netfilter), mut conntrack } = parts else {
        return Outcome::Accept;
    };
    let first = matches!(hook, Hook::Prerouting | Hook::Output);
    let active = netfilter.active(hook);
    let has = |table: Table| active & table.bit() != 0;
    type Ct<'a> = Option<&'a mut Conntrack>;
    let mut traverse = |table, packet: &mut Packet, conntrack: &Ct<'_>, tracked: &Tracked, rng: &mut _| {
        let ct = conntrack.as_deref().map_or(CtStates::UNTRACKED, |conntrack| conntrack.states(tracked));
        let name = |dev: u16, used: bool| match ifaces.get(usize::from(dev)) {
            Some(Some(iface)) if used => iface.name.as_str(),
            _ => "",
        };
        let in_dev = name(in_dev, matches!(hook, Hook::Prerouting | Hook::Input | Hook::Forward));
        let out_dev = name(out_dev, matches!(hook, Hook::Forward | Hook::Output | Hook::Postrouting));
        netfilter.traverse(table, hook, &mut Env { packet, in_dev, out_dev, locals, ct, rng, now })
    };
    if first {
        if has(Table::Raw) {
            match traverse(Table::Raw, packet, &None, tracked, rng) {
                Outcome::Accept => {}
                Outcome::Notrack => *tracked = Tracked::Untracked,
                dropped => return dropped,
            }
        }
        if matches!(tracked, Tracked::Not)
            && let Some(conntrack) = conntrack.as_deref_mut()
        {
            *tracked = conntrack.track(packet, timeouts, now);
            if matches!(tracked, Tracked::Invalid) && packet.is_icmp_error() && is_local(locals, packet.src) {
                *tracked = Tracked::RelatedToNone;
            }
        }
    }
    if has(Table::Mangle) {
        match traverse(Table::Mangle, packet, &conntrack, tracked, rng) {
            Outcome::Accept => {}
            dropped => return dropped,
        }
    }
    if first && conntrack.is_some() {
        if tracked.undecided(Manip::Destination) {
            let to = match traverse(Table::Nat, packet, &conntrack, tracked, rng) {
                Outcome::Nat(NatAction::Dnat(to)) => {
                    let address = to.address.unwrap_or(packet.dst);
                    let port = to.ports.map_or(packet.tuple().dport, |(low, high)| {
                        low + rng.below(u64::from(high.saturating_sub(low)) + 1) as u16
                    });
                    Some((address, port))
                }
                Outcome::Nat(NatAction::Redirect(to)) => {
                    let own = ifaces.get(usize::from(in_dev)).and_then(Option::as_ref);
                    let address = match hook {
                        Hook::Output => Some(Ipv4Addr::LOCALHOST),
                        _ => own.and_then(|iface| iface.addresses.first()).map(ipnet::Ipv4Net::addr),
                    };
                    address.map(|address| (address, to.ports.map_or(packet.tuple().dport, |(low, _)| low)))
                }
                Outcome::Drop => return Outcome::Drop,
                _ => None,
            };
            tracked.bind_destination(to);
        }
        if let Some(conntrack) = &conntrack {
            conntrack.translate(tracked, Manip::Destination, packet);
        }
    }
    if has(Table::Filter) {
        match traverse(Table::Filter, packet, &conntrack, tracked, rng) {
            Outcome::Accept => {}
            dropped => return dropped,
        }
    }
    if matches!(hook, Hook::Input | Hook::Postrouting) && conntrack.is_some() {
        let mut translation = None;
        if tracked.undecided(Manip::Source) {
            let (address, to) = match traverse(Table::Nat, packet, &conntrack, tracked, rng) {
                Outcome::Nat(NatAction::Snat(to)) => (to.address, to),
                Outcome::Nat(NatAction::Masquerade(to)) => {
                    let iface = ifaces.get(usize::from(out_dev)).and_then(Option::as_ref);
                    let own = iface.and_then(|iface| {
                        let near = iface.addresses.iter().find(|net| net.contains(&packet.dst));
                        near.or(iface.addresses.first()).map(ipnet::Ipv4Net::addr)
                    });
                    // On the loopback interface the address stays: it is this host's already.
                    (if out_dev == LO { None } else { own }, to)
                }
                Outcome::Drop => return Outcome::Drop,
                _ => (None, Default::default()),
            };
            translation = Some((address, to.ports, to.random || to.random_fully));
        }
        let Some(conntrack) = conntrack else { return Outcome::Accept };
        if let Some((address, ports, random)) = translation
            && !conntrack.bind_source(tracked, address, ports, random, rng, now)
        {
            return Outcome::Drop;
        }
        conntrack.translate(tracked, Manip::Source, packet);
        if !conntrack.confirm(tracked, now) {
            return Outcome::Drop;
        }
    }
    Outcome::Accept
}
