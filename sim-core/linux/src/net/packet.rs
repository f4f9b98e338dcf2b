//! Packets: what crosses a link, with the fields that routing, NAT and the sockets look at.

use super::IcmpKind;
use std::net::Ipv4Addr;
use std::rc::Rc;

/// Protocol numbers of the IP header.
pub(crate) mod proto {
    pub(crate) const ICMP: u8 = 1;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const UDP: u8 = 17;
}

/// TCP flags.
pub(crate) mod flag {
    pub(crate) const FIN: u8 = 0x01;
    pub(crate) const SYN: u8 = 0x02;
    pub(crate) const RST: u8 = 0x04;
    pub(crate) const PSH: u8 = 0x08;
    pub(crate) const ACK: u8 = 0x10;
}

/// A piece of a buffer that packets share: cutting it does not copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes {
    data: Option<Rc<[u8]>>,
    start: u32,
    end: u32,
}

impl Bytes {
    pub(crate) fn copy_of(data: &[u8]) -> Self {
        if data.is_empty() {
            return Bytes::default();
        }
        Bytes { data: Some(Rc::from(data)), start: 0, end: data.len() as u32 }
    }
    pub(crate) fn len(&self) -> usize {
        (self.end - self.start) as usize
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.data.as_ref().map_or(&[], |data| &data[self.start as usize..self.end as usize])
    }
    /// Takes the first `n` bytes off.
    pub(crate) fn split_to(&mut self, n: usize) -> Bytes {
        let n = n.min(self.len()) as u32;
        let first = Bytes { data: self.data.clone(), start: self.start, end: self.start + n };
        self.start += n;
        first
    }
    pub(crate) fn advance(&mut self, n: usize) {
        self.start += n.min(self.len()) as u32;
    }
}

/// An IPv4 packet.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) src: Ipv4Addr,
    pub(crate) dst: Ipv4Addr,
    pub(crate) ttl: u8,
    /// The firewall mark; it does not leave the namespace.
    pub(crate) mark: u32,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Tcp(Segment),
    Udp(Datagram),
    Icmp(Icmp),
}

#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) sport: u16,
    pub(crate) dport: u16,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) window: u32,
    pub(crate) data: Bytes,
}

#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) sport: u16,
    pub(crate) dport: u16,
    pub(crate) data: Bytes,
}

#[derive(Clone, Debug)]
pub(crate) enum Icmp {
    Echo { reply: bool, id: u16, sequence: u16, size: u16 },
    Error { kind: IcmpKind, quoted: Quoted },
}

/// The beginning of the packet that an ICMP error is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted {
    pub(crate) tuple: Tuple,
    /// Sequence number of an echo request.
    pub(crate) sequence: u16,
    pub(crate) length: u16,
}

/// Who talks to whom. For ICMP echo the "ports" are the identifier and the type (8 or 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tuple {
    pub(crate) src: Ipv4Addr,
    pub(crate) dst: Ipv4Addr,
    pub(crate) sport: u16,
    pub(crate) dport: u16,
    pub(crate) proto: u8,
}

impl Tuple {
    /// The tuple of an answer.
    pub(crate) fn inverse(&self) -> Tuple {
        let (sport, dport) = if self.proto == proto::ICMP {
            (self.sport, if self.dport == 8 { 0 } else { 8 })
        } else {
            (self.dport, self.sport)
        };
        Tuple { src: self.dst, dst: self.src, sport, dport, proto: self.proto }
    }
}

impl Packet {
    pub(crate) fn proto(&self) -> u8 {
        match &self.body {
            Body::Tcp(_) => proto::TCP,
            Body::Udp(_) => proto::UDP,
            Body::Icmp(_) => proto::ICMP,
        }
    }

    /// Length of the IP packet: headers with the options that Linux sends, and the data.
    #[inline(always)]
    pub(crate) fn length(&self) -> usize {
        20 + match &self.body {
            // A SYN carries MSS, SACK, timestamps and window scale; the others timestamps only; RST nothing.
            Body::Tcp(s) if s.flags & flag::SYN != 0 => 40,
            Body::Tcp(s) if s.flags & flag::RST != 0 => 20,
            Body::Tcp(s) => 32 + s.data.len(),
            Body::Udp(d) => 8 + d.data.len(),
            Body::Icmp(Icmp::Echo { size, .. }) => 8 + usize::from(*size),
            Body::Icmp(Icmp::Error { quoted, .. }) => 8 + usize::from(quoted.length.min(548)),
        }
    }

    pub(crate) fn tuple(&self) -> Tuple {
        let (sport, dport, proto) = match &self.body {
            Body::Tcp(s) => (s.sport, s.dport, proto::TCP),
            Body::Udp(d) => (d.sport, d.dport, proto::UDP),
            Body::Icmp(Icmp::Echo { reply, id, .. }) => (*id, if *reply { 0 } else { 8 }, proto::ICMP),
            Body::Icmp(Icmp::Error { .. }) => (0, 3, proto::ICMP),
        };
        Tuple { src: self.src, dst: self.dst, sport, dport, proto }
    }

    pub(crate) fn quoted(&self) -> Quoted {
        let sequence = match &self.body {
            Body::Icmp(Icmp::Echo { sequence, .. }) => *sequence,
            _ => 0,
        };
        Quoted { tuple: self.tuple(), sequence, length: self.length() as u16 }
    }

    pub(crate) fn is_reset(&self) -> bool {
        matches!(&self.body, Body::Tcp(segment) if segment.flags & flag::RST != 0)
    }

    pub(crate) fn is_icmp_error(&self) -> bool {
        matches!(self.body, Body::Icmp(Icmp::Error { .. }))
    }

    pub(crate) fn set_source(&mut self, address: Ipv4Addr, port: u16) {
        self.src = address;
        match &mut self.body {
            Body::Tcp(s) => s.sport = port,
            Body::Udp(d) => d.sport = port,
            Body::Icmp(Icmp::Echo { id, .. }) => *id = port,
            Body::Icmp(Icmp::Error { .. }) => {}
        }
    }

    pub(crate) fn set_destination(&mut self, address: Ipv4Addr, port: u16) {
        self.dst = address;
        match &mut self.body {
            Body::Tcp(s) => s.dport = port,
            Body::Udp(d) => d.dport = port,
            Body::Icmp(_) => {}
        }
    }
}
