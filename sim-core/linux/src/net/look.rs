//! Looking around: what `ip`, `ss`, `netstat` and `arp` show.

use super::ip::Routed;
use super::namespace::{Counters, IfaceKind, LO, Neighbour};
use super::route::{Route, RouteKind};
use super::tcp::TcpState;
use super::world::{Socket, World};
use super::{Net, NetnsId};
use crate::Errno;
use ipnet::{IpNet, Ipv4Net};
use sim::Ordered;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What kind of thing an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceKind {
    /// `lo`
    Loopback,
    /// One end of a pair; the number is the other end's, in its own namespace.
    Veth {
        /// The other end's index.
        peer_index: Option<u32>,
    },
    /// A bridge.
    Bridge,
    /// A network card.
    Ethernet,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Number, from 1.
    pub index: u32,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: InterfaceKind,
    /// The cable is in.
    pub up: bool,
    /// Hardware address.
    pub mac: [u8; 6],
    /// Maximum size of a packet.
    pub mtu: u32,
    /// Addresses.
    pub addresses: Vec<IpNet>,
    /// The bridge that it is a port of.
    pub master: Option<String>,
    /// Hairpin mode of a bridge port.
    pub hairpin: bool,
    /// What went through.
    pub counters: Counters,
}

/// State of an entry of the neighbour table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourState {
    /// `REACHABLE`
    Reachable,
    /// `STALE`
    Stale,
    /// `INCOMPLETE`
    Incomplete,
    /// `FAILED`
    Failed,
}

/// A line of `ip neigh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourInfo {
    /// Its address.
    pub address: IpAddr,
    /// Interface.
    pub dev: String,
    /// Hardware address, when it is known.
    pub mac: Option<[u8; 6]>,
    /// State.
    pub state: NeighbourState,
}

/// What `ip route get` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// For this host itself.
    pub local: bool,
    /// The next router.
    pub via: Option<IpAddr>,
    /// Interface.
    pub dev: String,
    /// Source address.
    pub source: IpAddr,
}

/// Kind of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketKind {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP echo.
    Icmp,
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketInfo {
    /// Kind.
    pub kind: SocketKind,
    /// State; of UDP `Established` with a peer, `Closed` (`UNCONN`) without.
    pub state: TcpState,
    /// Own address.
    pub local: SocketAddr,
    /// Address of the other side; unspecified without one.
    pub remote: SocketAddr,
    /// Bytes that wait to be read; of a listener, connections that wait to be accepted.
    pub recv_q: usize,
    /// Bytes that wait to be acknowledged; of a listener, its backlog.
    pub send_q: usize,
    /// Tells sockets of one world apart: the same as in [`super::TcpStream::info`].
    pub id: u32,
}

impl Net {
    /// Interfaces, by number.
    pub fn interfaces(&self, ns: NetnsId) -> Vec<InterfaceInfo> {
        let world = self.0.borrow();
        let Some(netns) = world.ns(ns) else { return Vec::new() };
        let named = |dev: u16| netns.iface(dev).map(|iface| iface.name.clone());
        let mut found = Vec::new();
        for (dev, iface) in netns.ifaces.iter().enumerate() {
            let Some(iface) = iface else { continue };
            let kind = match &iface.kind {
                IfaceKind::Loopback => InterfaceKind::Loopback,
                IfaceKind::Veth { peer } => {
                    InterfaceKind::Veth { peer_index: peer.map(|peer| u32::from(peer.dev) + 1) }
                }
                IfaceKind::Bridge { .. } => InterfaceKind::Bridge,
                IfaceKind::Uplink { .. } => InterfaceKind::Ethernet,
            };
            found.push(InterfaceInfo {
                index: dev as u32 + 1,
                name: iface.name.clone(),
                kind,
                up: iface.up,
                mac: iface.mac,
                mtu: if kind == InterfaceKind::Loopback { 65_536 } else { 1_500 },
                addresses: iface.addresses.iter().copied().map(IpNet::V4).collect(),
                master: iface.master.and_then(named),
                hairpin: iface.hairpin,
                counters: iface.counters,
            });
        }
        found
    }

    /// Routes in the order of `ip route`.
    pub fn routes(&self, ns: NetnsId) -> Vec<Route> {
        let world = self.0.borrow();
        let Some(netns) = world.ns(ns) else { return Vec::new() };
        let mut entries: Vec<_> = netns.routes.entries().iter().collect();
        entries.order_by_key(|entry| (entry.net.network(), entry.net.prefix_len(), entry.metric));
        entries
            .into_iter()
            .map(|entry| Route {
                destination: IpNet::V4(entry.net),
                via: entry.via.map(IpAddr::V4),
                dev: match entry.kind {
                    RouteKind::Unicast => netns.iface(entry.dev).map(|iface| iface.name.clone()),
                    _ => None,
                },
                source: entry.source.map(IpAddr::V4),
                kind: entry.kind,
                protocol: entry.protocol.clone(),
                metric: entry.metric,
            })
            .collect()
    }

    /// The way to an address.
    pub fn route_to(&self, ns: NetnsId, to: IpAddr) -> Result<RouteInfo, Errno> {
        let IpAddr::V4(to) = to else { return Err(Errno::ENETUNREACH) };
        let world = self.0.borrow();
        let netns = world.ns(ns).ok_or(Errno::EINVAL)?;
        let source = netns.source_address(to)?;
        let (local, via, dev) = match netns.route(to).map_err(|error| error.errno())? {
            Routed::Local => (true, None, LO),
            Routed::Via { dev, next } => (false, (next != to).then_some(IpAddr::V4(next)), dev),
        };
        let dev = netns.iface(dev).map_or(String::new(), |iface| iface.name.clone());
        Ok(RouteInfo { local, via, dev, source: IpAddr::V4(source) })
    }

    /// The neighbour table.
    pub fn neighbours(&self, ns: NetnsId) -> Vec<NeighbourInfo> {
        let world = self.0.borrow();
        let now = world.now();
        let Some(netns) = world.ns(ns) else { return Vec::new() };
        let mut found = Vec::new();
        for iface in netns.ifaces.iter().flatten() {
            for (address, neighbour) in &iface.neighbours {
                let (mac, state) = match neighbour {
                    Neighbour::Reachable { target, used } => {
                        let fresh = (now - *used).as_secs() < 30;
                        let state = if fresh { NeighbourState::Reachable } else { NeighbourState::Stale };
                        (world.iface(*target).map(|iface| iface.mac), state)
                    }
                    Neighbour::Gone { until, mac } if *until > now => (Some(*mac), NeighbourState::Reachable),
                    Neighbour::Gone { mac, .. } => (Some(*mac), NeighbourState::Stale),
                    Neighbour::Incomplete { .. } => (None, NeighbourState::Incomplete),
                    Neighbour::Failed => (None, NeighbourState::Failed),
                };
                found.push(NeighbourInfo {
                    address: IpAddr::V4((*address).into()),
                    dev: iface.name.clone(),
                    mac,
                    state,
                });
            }
        }
        found
    }

    /// Sockets of a namespace.
    pub fn sockets(&self, ns: NetnsId) -> Vec<SocketInfo> {
        let mut world = self.0.borrow_mut();
        world.reap_time_waits();
        let inside = |socket: &Socket| match socket {
            Socket::Tcp(tcp) => tcp.ns == ns,
            Socket::Udp(udp) => udp.ns == ns,
            Socket::Icmp(icmp) => icmp.ns == ns,
            Socket::TimeWait(rest) => rest.ns == ns,
        };
        (0..world.sockets.len() as u32)
            .filter(|&index| world.sockets[index as usize].socket.as_ref().is_some_and(inside))
            .filter_map(|index| world.socket_info(index))
            .collect()
    }

    /// The first address of an interface.
    pub fn address_of(&self, ns: NetnsId, dev: &str) -> Option<IpAddr> {
        let world = self.0.borrow();
        let netns = world.ns(ns)?;
        netns.iface(netns.dev(dev)?)?.addresses.first().map(|net: &Ipv4Net| IpAddr::V4(net.addr()))
    }
}

impl World {
    pub(super) fn socket_info(&self, index: u32) -> Option<SocketInfo> {
        let public = |address: (Ipv4Addr, u16)| SocketAddr::from(address);
        let nobody = (Ipv4Addr::UNSPECIFIED, 0);
        Some(match self.sockets.get(index as usize)?.socket.as_ref()? {
            Socket::Tcp(tcp) => {
                let (recv_q, send_q) = match &tcp.backlog {
                    Some(backlog) => (backlog.ready.len(), backlog.limit),
                    None => (tcp.unread, tcp.queued),
                };
                SocketInfo {
                    kind: SocketKind::Tcp,
                    state: tcp.state,
                    local: public(tcp.local),
                    remote: public(tcp.remote),
                    recv_q,
                    send_q,
                    id: index,
                }
            }
            Socket::TimeWait(rest) => SocketInfo {
                kind: SocketKind::Tcp,
                state: TcpState::TimeWait,
                local: public(rest.local),
                remote: public(rest.remote),
                recv_q: 0,
                send_q: 0,
                id: index,
            },
            Socket::Udp(udp) => SocketInfo {
                kind: SocketKind::Udp,
                state: if udp.remote.is_some() { TcpState::Established } else { TcpState::Closed },
                local: public(udp.local),
                remote: public(udp.remote.unwrap_or(nobody)),
                recv_q: udp.unread,
                send_q: 0,
                id: index,
            },
            Socket::Icmp(icmp) => SocketInfo {
                kind: SocketKind::Icmp,
                state: TcpState::Closed,
                local: public((Ipv4Addr::UNSPECIFIED, icmp.id)),
                remote: public(nobody),
                recv_q: icmp.received.len(),
                send_q: 0,
                id: index,
            },
        })
    }
}
