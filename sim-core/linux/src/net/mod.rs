//! The network: namespaces, links, routes, packets, TCP, UDP, ICMP, netfilter.

use std::net::IpAddr;

/// Every network namespace, link and packet of a world. Clones name the same network.
#[derive(Clone)]
pub struct Net {}

/// A network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetnsId(pub u32);

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
