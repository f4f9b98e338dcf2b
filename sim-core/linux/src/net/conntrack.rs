//! Connection tracking: the table that remembers who talks to whom, so that a connection is translated
//! once and alike for all its packets.
//!
//! An entry has two tuples, `original` and `reply`; a packet that matches the second is an answer. Where
//! they are not each other's inverse, the connection is translated. Entries are kept for a while after the
//! last packet, depending on the protocol's state. Models net/netfilter/nf_conntrack_core.c,
//! nf_conntrack_proto_tcp.c and nf_nat_core.c; left out: windows, helpers, zones, expectations.

use super::IcmpKind;
use super::flow_table::{FlowTable, hash};
use super::namespace::Timeouts;
use super::netfilter::CtStates;
use super::packet::{Body, Icmp, Packet, Segment, Tuple, flag, proto};
use sim::{Duration, Instant, Rng};
use std::net::Ipv4Addr;

/// A state of a tracked TCP connection, as `conntrack -L` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the kernel's names")]
pub enum CtTcpState {
    SynSent,
    SynRecv,
    Established,
    FinWait,
    CloseWait,
    LastAck,
    TimeWait,
    Close,
}

impl CtTcpState {
    /// `SYN_SENT` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            CtTcpState::SynSent => "SYN_SENT",
            CtTcpState::SynRecv => "SYN_RECV",
            CtTcpState::Established => "ESTABLISHED",
            CtTcpState::FinWait => "FIN_WAIT",
            CtTcpState::CloseWait => "CLOSE_WAIT",
            CtTcpState::LastAck => "LAST_ACK",
            CtTcpState::TimeWait => "TIME_WAIT",
            CtTcpState::Close => "CLOSE",
        }
    }
}

/// One direction of a tracked connection, as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CtTuple {
    /// From.
    pub src: Ipv4Addr,
    /// To.
    pub dst: Ipv4Addr,
    /// From which port; the identifier for ICMP.
    pub sport: u16,
    /// To which port; the type (8 or 0) for ICMP.
    pub dport: u16,
}

/// A line of `conntrack -L`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConntrackEntry {
    /// Protocol number.
    pub protocol: u8,
    /// How long until it is forgotten.
    pub remaining: Duration,
    /// State of a TCP connection.
    pub state: Option<CtTcpState>,
    /// As the first packet was sent.
    pub original: CtTuple,
    /// As an answer arrives.
    pub reply: CtTuple,
    /// An answer was seen; without one it is `[UNREPLIED]`.
    pub replied: bool,
    /// `[ASSURED]`
    pub assured: bool,
    /// The source was translated (`--src-nat`).
    pub snat: bool,
    /// The destination was translated (`--dst-nat`).
    pub dnat: bool,
}

/// Which of the two tuples a packet matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Original,
    Reply,
}

impl Direction {
    fn other(self) -> Direction {
        match self {
            Direction::Original => Direction::Reply,
            Direction::Reply => Direction::Original,
        }
    }
}

/// What NAT changes: destinations before routing, sources after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manip {
    Source,
    Destination,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) tuples: [Tuple; 2],
    tcp: CtTcpState,
    /// When the connection began: a UDP stream is one that lasts two seconds.
    begun: Instant,
    expires: Instant,
    replied: bool,
    assured: bool,
    snat: bool,
    dnat: bool,
    snat_done: bool,
    dnat_done: bool,
}

/// What is known of the packet at hand.
#[derive(Debug, Default)]
pub(crate) enum Tracked {
    /// Nothing asked yet.
    #[default]
    Not,
    /// `NOTRACK`.
    Untracked,
    /// Belongs to nothing, and cannot begin anything.
    Invalid,
    /// The first packet of a connection: not in the table before the packet has made it through.
    New(Box<Entry>),
    /// Of a connection in the table.
    Known { id: u32, direction: Direction, first: bool },
    /// An ICMP error about a connection in the table; the direction is the error's.
    Related { id: u32, direction: Direction },
    /// An error made here about a packet that never got into the table.
    RelatedToNone,
}

impl Tracked {
    /// True when the nat table is to decide about this packet: the first of a connection, once per side.
    pub(crate) fn undecided(&self, manip: Manip) -> bool {
        match self {
            Tracked::New(entry) => match manip {
                Manip::Source => !entry.snat_done,
                Manip::Destination => !entry.dnat_done,
            },
            _ => false,
        }
    }

    /// Binds a new connection to another destination; nothing keeps it as it is.
    pub(crate) fn bind_destination(&mut self, to: Option<(Ipv4Addr, u16)>) {
        let Tracked::New(entry) = self else { return };
        entry.dnat_done = true;
        if let Some((address, port)) = to {
            let reply = &mut entry.tuples[1];
            entry.dnat = (reply.src, reply.sport) != (address, port);
            (reply.src, reply.sport) = (address, port);
        }
    }
}

/// The connection table of a network namespace.
#[derive(Default)]
pub(crate) struct Conntrack {
    table: FlowTable,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// Where the sweep for entries whose time is over stands.
    sweep: usize,
}

fn index(direction: Direction) -> usize {
    direction as usize
}

impl Conntrack {
    fn find(&mut self, tuple: &Tuple, now: Instant) -> Option<(u32, Direction)> {
        // Filed under each of its tuples: twice its number, and one more for the reply.
        let entries = self.entries.as_slice();
        let is = |found: u32| {
            let entry = entries[(found >> 1) as usize].as_ref();
            entry.is_some_and(|entry| entry.tuples[(found & 1) as usize] == *tuple)
        };
        let found = self.table.find(hash(0, tuple), is)?;
        let id = found >> 1;
        if entries[id as usize].as_ref().is_some_and(|entry| entry.expires <= now) {
            self.remove(id);
            return None;
        }
        Some((id, if found & 1 == 0 { Direction::Original } else { Direction::Reply }))
    }

    pub(crate) fn remove(&mut self, id: u32) {
        if let Some(entry) = self.entries.get_mut(id as usize).and_then(Option::take) {
            for (number, tuple) in (id << 1..).zip(&entry.tuples) {
                self.table.remove(hash(0, tuple), number);
            }
            self.free.push(id);
        }
    }

    fn insert(&mut self, entry: Entry, now: Instant) -> u32 {
        // A little of the garbage for each new entry: the table cannot grow faster than it is swept.
        for _ in 0..2 {
            self.sweep = if self.sweep + 1 < self.entries.len() { self.sweep + 1 } else { 0 };
            if matches!(self.entries.get(self.sweep), Some(Some(old)) if old.expires <= now) {
                self.remove(self.sweep as u32);
            }
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            (self.entries.len() - 1) as u32
        });
        for (number, tuple) in (id << 1..).zip(&entry.tuples) {
            self.table.insert(hash(0, tuple), number);
        }
        self.entries[id as usize] = Some(entry);
        id
    }

    /// Looks the packet up, or prepares an entry for it.
    pub(crate) fn track(&mut self, packet: &Packet, timeouts: &Timeouts, now: Instant) -> Tracked {
        if let Body::Icmp(Icmp::Error { quoted, .. }) = &packet.body {
            // The quoted packet went the other way.
            return match self.find(&quoted.tuple, now) {
                Some((id, direction)) => Tracked::Related { id, direction: direction.other() },
                None => match self.find(&quoted.tuple.inverse(), now) {
                    Some((id, direction)) => Tracked::Related { id, direction },
                    None => Tracked::Invalid,
                },
            };
        }
        let tuple = packet.tuple();
        let Some((id, direction)) = self.find(&tuple, now) else {
            return self.begin(packet, tuple, timeouts, now);
        };
        let Some(entry) = &mut self.entries[id as usize] else { return Tracked::Invalid };
        match &packet.body {
            Body::Tcp(segment) => {
                let reopens = segment.flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN
                    && entry.tcp >= CtTcpState::TimeWait;
                if reopens && direction == Direction::Original {
                    self.remove(id);
                    return self.begin(packet, tuple, timeouts, now);
                }
                match entry.tcp_packet(segment, direction, timeouts, now) {
                    Verdict::Valid => {}
                    Verdict::Invalid => return Tracked::Invalid,
                }
            }
            Body::Udp(_) => {
                let stream = now - entry.begun >= Duration::from_secs(2);
                if direction == Direction::Reply || entry.replied {
                    entry.replied = true;
                    entry.assured |= stream && direction == Direction::Reply;
                }
                entry.expires = now + if entry.assured { timeouts.udp_stream } else { timeouts.udp };
            }
            Body::Icmp(_) => {
                entry.replied |= direction == Direction::Reply;
                entry.expires = now + timeouts.icmp;
            }
        }
        Tracked::Known { id, direction, first: false }
    }

    fn begin(&mut self, packet: &Packet, tuple: Tuple, timeouts: &Timeouts, now: Instant) -> Tracked {
        let mut entry = Entry {
            tuples: [tuple, tuple.inverse()],
            tcp: CtTcpState::SynSent,
            begun: now,
            expires: now + timeouts.udp,
            replied: false,
            assured: false,
            snat: false,
            dnat: false,
            snat_done: false,
            dnat_done: false,
        };
        match &packet.body {
            Body::Tcp(segment) => {
                const KINDS: u8 = flag::SYN | flag::ACK | flag::RST | flag::FIN;
                entry.tcp = match segment.flags & KINDS {
                    flag::SYN => CtTcpState::SynSent,
                    // Picked up in the middle (`nf_conntrack_tcp_loose`).
                    flag::ACK => CtTcpState::Established,
                    _ => return Tracked::Invalid,
                };
                entry.expires = now + timeouts.tcp(entry.tcp);
            }
            Body::Udp(_) => {}
            Body::Icmp(Icmp::Echo { reply: false, .. }) => entry.expires = now + timeouts.icmp,
            Body::Icmp(_) => return Tracked::Invalid,
        }
        Tracked::New(Box::new(entry))
    }

    #[inline(always)]
    fn entry<'a>(&'a self, tracked: &'a Tracked) -> Option<(&'a Entry, Direction)> {
        match tracked {
            Tracked::New(entry) => Some((entry, Direction::Original)),
            Tracked::Known { id, direction, .. } | Tracked::Related { id, direction } => {
                Some((self.entries.get(*id as usize)?.as_ref()?, *direction))
            }
            _ => None,
        }
    }

    /// The packet's state in bits of [`CtStates`].
    pub(crate) fn states(&self, tracked: &Tracked) -> u8 {
        let state = match tracked {
            Tracked::Not | Tracked::Untracked => return CtStates::UNTRACKED,
            Tracked::Invalid => return CtStates::INVALID,
            Tracked::RelatedToNone => return CtStates::RELATED,
            Tracked::New(_) => CtStates::NEW,
            Tracked::Related { .. } => CtStates::RELATED,
            Tracked::Known { direction: Direction::Reply, .. } => CtStates::ESTABLISHED,
            Tracked::Known { id, first, .. } => match self.entries.get(*id as usize) {
                Some(Some(entry)) if entry.replied && !first => CtStates::ESTABLISHED,
                _ => CtStates::NEW,
            },
        };
        match self.entry(tracked) {
            Some((entry, _)) => {
                state
                    | if entry.snat { CtStates::SNAT } else { 0 }
                    | if entry.dnat { CtStates::DNAT } else { 0 }
            }
            None => state,
        }
    }

    /// Binds a new connection to another source, with a port that no other connection answers to.
    pub(crate) fn bind_source(
        &mut self,
        tracked: &mut Tracked,
        address: Option<Ipv4Addr>,
        ports: Option<(u16, u16)>,
        random: bool,
        rng: &mut Rng,
        now: Instant,
    ) -> bool {
        let Tracked::New(entry) = tracked else { return true };
        entry.snat_done = true;
        let old = entry.tuples[1];
        let mut reply = old;
        reply.dst = address.unwrap_or(old.dst);
        // The answer's destination port is the source port to be chosen; ICMP's identifier sits in `sport`.
        let icmp = reply.proto == proto::ICMP;
        let own = if icmp { reply.sport } else { reply.dport };
        let (low, high) = ports.unwrap_or(match own {
            _ if icmp => (0, u16::MAX),
            // As the kernel: a low port stays low.
            0..512 if !random => (1, 511),
            512..1024 if !random => (600, 1023),
            _ => (1024, u16::MAX),
        });
        let set =
            |reply: &mut Tuple, port: u16| *(if icmp { &mut reply.sport } else { &mut reply.dport }) = port;
        let keep = !random && ports.is_none_or(|(low, high)| (low..=high).contains(&own));
        if !keep || self.find(&reply, now).is_some() {
            let size = u64::from(high - low) + 1;
            let begin = rng.below(size);
            let mut tries = 0..size.min(128);
            let port = tries.find_map(|n| {
                let port = low + ((begin + n) % size) as u16;
                set(&mut reply, port);
                self.find(&reply, now).is_none().then_some(port)
            });
            if port.is_none() {
                return false;
            }
        }
        entry.snat |= reply != old;
        entry.tuples[1] = reply;
        true
    }

    /// Rewrites the packet as its connection says, on one side.
    pub(crate) fn translate(&self, tracked: &Tracked, manip: Manip, packet: &mut Packet) {
        let Some((entry, direction)) = self.entry(tracked) else { return };
        // What was done to the source of the original is done to the destination of the answer.
        let wanted = match (manip, direction) {
            (Manip::Source, Direction::Original) | (Manip::Destination, Direction::Reply) => entry.snat,
            _ => entry.dnat,
        };
        if !wanted {
            return;
        }
        let target = entry.tuples[index(direction.other())].inverse();
        if let Body::Icmp(Icmp::Error { quoted, .. }) = &mut packet.body {
            // The quoted packet goes the other way: what is a source outside is a destination inside.
            match manip {
                Manip::Source => {
                    packet.src = target.src;
                    quoted.tuple.dst = target.src;
                    if quoted.tuple.proto != proto::ICMP {
                        quoted.tuple.dport = target.sport;
                    }
                }
                Manip::Destination => {
                    packet.dst = target.dst;
                    quoted.tuple.src = target.dst;
                    quoted.tuple.sport =
                        if quoted.tuple.proto == proto::ICMP { target.sport } else { target.dport };
                }
            }
            return;
        }
        let icmp = target.proto == proto::ICMP;
        match manip {
            Manip::Source => packet.set_source(target.src, target.sport),
            Manip::Destination if icmp => {
                packet.dst = target.dst;
                packet.set_source(packet.src, target.sport);
            }
            Manip::Destination => packet.set_destination(target.dst, target.dport),
        }
    }

    /// The packet has made it through: its new connection goes into the table. False when another connection
    /// took the tuples meanwhile; then the packet is lost.
    pub(crate) fn confirm(&mut self, tracked: &mut Tracked, now: Instant) -> bool {
        if !matches!(tracked, Tracked::New(_)) {
            return true;
        }
        let Tracked::New(entry) = std::mem::take(tracked) else { return true };
        if self.find(&entry.tuples[0], now).is_some() || self.find(&entry.tuples[1], now).is_some() {
            return false;
        }
        let id = self.insert(*entry, now);
        *tracked = Tracked::Known { id, direction: Direction::Original, first: true };
        true
    }

    /// After an answer that refuses the connection has passed: nothing is left to remember.
    pub(crate) fn forget_refused(&mut self, tracked: &Tracked) {
        if let Tracked::Known { id, direction: Direction::Reply, .. } = tracked
            && matches!(self.entries.get(*id as usize), Some(Some(entry)) if !entry.replied)
        {
            self.remove(*id);
        }
    }

    /// The original tuple of a packet's connection, when that is not in the table yet.
    pub(crate) fn unconfirmed_original(tracked: &Tracked) -> Option<Tuple> {
        match tracked {
            Tracked::New(entry) => Some(entry.tuples[0]),
            _ => None,
        }
    }

    pub(crate) fn list(&self, now: Instant) -> Vec<ConntrackEntry> {
        self.entries
            .iter()
            .flatten()
            .filter(|entry| entry.expires > now)
            .map(|entry| entry.listed(now))
            .collect()
    }

    pub(crate) fn delete(&mut self, now: Instant, gone: &mut dyn FnMut(&ConntrackEntry) -> bool) -> usize {
        let ids: Vec<u32> = (0..self.entries.len() as u32)
            .filter(|&id| {
                self.entries[id as usize]
                    .as_ref()
                    .is_some_and(|entry| entry.expires > now && gone(&entry.listed(now)))
            })
            .collect();
        for &id in &ids {
            self.remove(id);
        }
        ids.len()
    }
}

enum Verdict {
    Valid,
    Invalid,
}

impl Entry {
    fn tcp_packet(
        &mut self,
        segment: &Segment,
        direction: Direction,
        timeouts: &Timeouts,
        now: Instant,
    ) -> Verdict {
        use CtTcpState as S;
        let has = |bit| segment.flags & bit != 0;
        let reply = direction == Direction::Reply;
        let old = self.tcp;
        let new = if has(flag::RST) {
            if !self.replied && reply && old == S::SynSent {
                // Refused: the packet passes, and then the entry goes (see `forget_refused`).
                self.tcp = S::Close;
                return Verdict::Valid;
            }
            S::Close
        } else if has(flag::SYN) && has(flag::ACK) {
            match (old, reply) {
                (S::SynSent, true) => S::SynRecv,
                (S::SynSent, false) => return Verdict::Invalid,
                _ => old,
            }
        } else if has(flag::SYN) {
            old
        } else if has(flag::FIN) {
            match old {
                S::SynSent => return Verdict::Invalid,
                S::SynRecv | S::Established => S::FinWait,
                S::FinWait | S::CloseWait => S::LastAck,
                _ => old,
            }
        } else {
            match (old, reply) {
                (S::SynSent, _) => return Verdict::Invalid,
                (S::SynRecv, false) => S::Established,
                (S::FinWait, _) => S::CloseWait,
                (S::LastAck, _) => S::TimeWait,
                _ => old,
            }
        };
        self.replied |= reply;
        self.assured |= old == S::SynRecv && new == S::Established || old == S::Established && reply;
        self.tcp = new;
        let timeout = timeouts.tcp(new);
        // A connection picked up in the middle is not believed in before it is answered.
        self.expires = now + if self.replied { timeout } else { timeout.min(timeouts.tcp_unacknowledged) };
        Verdict::Valid
    }

    fn listed(&self, now: Instant) -> ConntrackEntry {
        let shown = |tuple: &Tuple| CtTuple {
            src: tuple.src,
            dst: tuple.dst,
            sport: tuple.sport,
            dport: tuple.dport,
        };
        ConntrackEntry {
            protocol: self.tuples[0].proto,
            remaining: self.expires - now,
            state: (self.tuples[0].proto == proto::TCP).then_some(self.tcp),
            original: shown(&self.tuples[0]),
            reply: shown(&self.tuples[1]),
            replied: self.replied,
            assured: self.assured,
            snat: self.snat,
            dnat: self.dnat,
        }
    }
}

/// True for an ICMP error that ends a connection attempt.
pub(crate) fn is_unreachable(kind: IcmpKind) -> bool {
    matches!(kind, IcmpKind::Unreachable(_))
}
