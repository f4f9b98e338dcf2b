//! The network: namespaces, links, routes, packets, TCP, UDP, ICMP, netfilter.
//!
//! What a learner sees with `ip`, `ss`, `iptables`, `conntrack`, `ping` and `curl` is here, and nothing of it is
//! scripted: a request is packets that cross interfaces, one after the other, and every answer or silence is
//! what the tables on the way make of them.
//!
//! ```text
//!   socket     `socket` `tcp` `udp` `icmp`      what programs hold
//!     |  ^
//!     v  |
//!   IP         `ip` `route` [`netfilter`] `conntrack`    one namespace: routing and the five hooks
//!     |  ^
//!     v  |
//!   link       `link`      veth, bridge, the Ethernet between hosts; neighbours
//! ```
//!
//! Within a host a packet walks all of this at once; between hosts it takes the time of the link. The diagram of
//! the hooks is in [`netfilter`]. `topology` builds namespaces and links, `fabric` the ground that a cluster
//! stands on, `look` lists what there is.
//!
//! Models Linux 6.x. Left out: IPv6 (addresses in this interface are ready for it; there is no route to any),
//! ARP itself (its failures are modelled), fragments, congestion control, multicast.

mod conntrack;
mod fabric;
mod flow_table;
mod icmp;
mod ip;
mod link;
mod look;
mod namespace;
pub mod netfilter;
mod packet;
mod route;
mod socket;
mod tcp;
mod topology;
mod udp;
mod world;

pub use conntrack::{ConntrackEntry, CtTcpState, CtTuple};
pub use fabric::Fabric;
pub use look::{
    InterfaceInfo, InterfaceKind, NeighbourInfo, NeighbourState, RouteInfo, SocketInfo, SocketKind,
};
pub use namespace::Counters;
pub use netfilter::{Netfilter, NetfilterError, Rule, Table};
pub use route::{Route, RouteKind};
pub use socket::{IcmpSocket, TcpListener, TcpStream, UdpSocket};
pub use tcp::TcpState;

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

/// Every network namespace, link and packet of a world. Clones name the same network.
#[derive(Clone)]
pub struct Net(Rc<RefCell<world::World>>);

/// A network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetnsId(pub u32);

/// An Ethernet that hosts are plugged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentId(pub u32);

/// What came back to an ICMP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpMessage {
    /// Who sent it.
    pub from: IpAddr,
    /// What it says.
    pub kind: IcmpKind,
    /// Sequence number of the echo request that it is about.
    pub sequence: u16,
    /// Time to live on arrival.
    pub ttl: u8,
    /// Bytes, ICMP header included.
    pub size: usize,
}

/// Kinds of ICMP messages that reach a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpKind {
    /// An answer to an echo request.
    EchoReply,
    /// `Destination Host Unreachable` and its kind: the code.
    Unreachable(u8),
    /// `Time to live exceeded`.
    TimeExceeded,
}
