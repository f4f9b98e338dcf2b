//! Segments that arrive.

use super::{BUFFER, Tcp, TcpState, flow};
use crate::Errno;
use crate::net::conntrack::is_unreachable;
use crate::net::packet::{Packet, Segment, Tuple, flag};
use crate::net::world::{Socket, World};
use crate::net::{IcmpKind, NetnsId};
use sim::{Duration, Instant};
use std::net::Ipv4Addr;

/// What a segment has done to a connection, for those around it.
#[derive(Default)]
struct Effect {
    /// A listener has one more to accept.
    accepted: bool,
    /// Both sides have closed.
    over: bool,
    /// Nothing is left of it.
    gone: bool,
    /// Answer with RST.
    reset: bool,
    /// This side is closed, nobody holds it, and the other side may never close.
    half: bool,
}

/// `a` comes before `b`.
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

impl World {
    pub(in crate::net) fn tcp_input(&mut self, ns: NetnsId, packet: &Packet, segment: &Segment) {
        let (local, remote) = ((packet.dst, segment.dport), (packet.src, segment.sport));
        let now = self.now();
        if let Some(index) = self.tcp_between(ns, local, remote) {
            match &mut self.sockets[index as usize].socket {
                Some(Socket::Tcp(tcp)) => {
                    let effect = tcp.segment(segment, now);
                    self.tcp_effect(index, packet, segment, effect);
                    return;
                }
                Some(Socket::TimeWait(rest)) => {
                    let begins = segment.flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN;
                    if !begins {
                        // A repeated FIN is acknowledged once more; all else is late.
                        if segment.flags & flag::FIN != 0 {
                            let (seq, ack) = (rest.snd_nxt, rest.rcv_nxt);
                            self.send_segment(ns, local, remote, seq, ack, flag::ACK);
                        }
                        return;
                    }
                    self.flows.remove(flow(ns, local, remote), index);
                    let id = self.socket_id(index);
                    self.take_socket(id);
                }
                _ => {}
            }
        }
        if segment.flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN
            && let Some(listener) = self.listener(ns, local)
        {
            self.tcp_syn(ns, listener, local, remote, segment);
        } else if let Some(reset) = super::reset_for(packet, segment) {
            self.outbox.push_back((ns, reset));
        }
    }

    /// The connection between two sockets, as `local` sees it.
    pub(super) fn tcp_between(
        &self,
        ns: NetnsId,
        local: (Ipv4Addr, u16),
        remote: (Ipv4Addr, u16),
    ) -> Option<u32> {
        let sockets = self.sockets.as_slice();
        self.flows.find(flow(ns, local, remote), |index| match &sockets[index as usize].socket {
            Some(Socket::Tcp(tcp)) => (tcp.local, tcp.remote, tcp.ns) == (local, remote, ns),
            Some(Socket::TimeWait(rest)) => (rest.local, rest.remote, rest.ns) == (local, remote, ns),
            _ => false,
        })
    }

    fn listener(&self, ns: NetnsId, local: (Ipv4Addr, u16)) -> Option<u32> {
        let netns = self.ns(ns)?;
        let at_port = || netns.listeners.iter().filter(|bound| bound.port == local.1);
        let exact = at_port().find(|bound| bound.address == local.0);
        exact.or_else(|| at_port().find(|bound| bound.address.is_unspecified())).map(|bound| bound.socket)
    }

    /// Somebody wants to connect.
    fn tcp_syn(
        &mut self,
        ns: NetnsId,
        listener: u32,
        local: (Ipv4Addr, u16),
        remote: (Ipv4Addr, u16),
        segment: &Segment,
    ) {
        let now = self.now();
        let full = self
            .tcp_at(listener)
            .and_then(|tcp| tcp.backlog.as_ref())
            .is_none_or(|backlog| backlog.ready.len() > backlog.limit);
        if full {
            return;
        }
        let sequence = self.rng.next_u64() as u32;
        let mut tcp = Tcp::new(ns, local, remote, TcpState::SynReceived, sequence, now);
        tcp.parent = Some(self.socket_id(listener));
        tcp.rcv_nxt = segment.seq.wrapping_add(1);
        tcp.snd_wnd = segment.window;
        tcp.snd_nxt = sequence.wrapping_add(1);
        // It belongs to the listener's process only after `accept`.
        tcp.orphan = false;
        let id = self.tcp_socket(tcp);
        self.flows.insert(flow(ns, local, remote), id.index);
        self.send_handshake(id.index);
        self.tcp_touch(id.index);
    }

    fn tcp_effect(&mut self, index: u32, packet: &Packet, segment: &Segment, effect: Effect) {
        let id = self.socket_id(index);
        if effect.reset
            && let Some(tcp) = self.tcp_at(index)
        {
            let ns = tcp.ns;
            if let Some(reset) = super::reset_for(packet, segment) {
                self.outbox.push_back((ns, reset));
            }
        }
        if effect.accepted {
            let parent = self.tcp_at(index).and_then(|tcp| tcp.parent.take());
            let backlog = parent.and_then(|parent| self.tcp(parent)).and_then(|listener| {
                listener.readers.wake();
                listener.backlog.as_mut()
            });
            match backlog {
                Some(backlog) => backlog.ready.push_back(id),
                // The listener has closed meanwhile.
                None => return self.tcp_abort(id),
            }
        }
        if effect.gone {
            return self.tcp_remove(id);
        }
        if effect.over {
            self.tcp_time_wait(id);
        } else if effect.half {
            let at = self.now() + super::TIME_WAIT;
            self.time_waits.push_back((at, id));
        }
        self.tcp_touch(index);
    }

    /// An ICMP error about a segment that was sent.
    pub(in crate::net) fn tcp_error(&mut self, ns: NetnsId, quoted: &Tuple, kind: IcmpKind) {
        let (local, remote) = ((quoted.src, quoted.sport), (quoted.dst, quoted.dport));
        let Some(index) = self.tcp_between(ns, local, remote) else { return };
        if !is_unreachable(kind) {
            return;
        }
        let errno = errno(kind);
        let id = self.socket_id(index);
        let Some(tcp) = self.tcp_at(index) else { return };
        match tcp.state {
            TcpState::SynSent => tcp.fail(Some(errno)),
            TcpState::SynReceived => self.tcp_remove(id),
            _ => tcp.soft_error = Some(errno),
        }
    }
}

/// What a program learns of an ICMP error.
pub(in crate::net) fn errno(kind: IcmpKind) -> Errno {
    match kind {
        IcmpKind::Unreachable(0 | 6 | 9 | 11) => Errno::ENETUNREACH,
        IcmpKind::Unreachable(2 | 3) => Errno::ECONNREFUSED,
        _ => Errno::EHOSTUNREACH,
    }
}

impl Tcp {
    fn segment(&mut self, segment: &Segment, now: Instant) -> Effect {
        let has = |bit| segment.flags & bit != 0;
        let mut effect = Effect::default();
        self.last_heard = now;
        self.probes = 0;
        match self.state {
            TcpState::Closed | TcpState::Listen => {
                effect.reset = !has(flag::RST);
                return effect;
            }
            TcpState::SynSent => {
                self.answer_to_syn(segment, &mut effect);
                return effect;
            }
            TcpState::SynReceived if has(flag::RST) => {
                effect.gone = true;
                return effect;
            }
            TcpState::SynReceived if has(flag::SYN) => {
                self.resend_at = Some(now);
                return effect;
            }
            _ => {}
        }
        if has(flag::RST) {
            // Only an exact one counts; others are answered as a challenge.
            if segment.seq == self.rcv_nxt {
                let error = if self.state == TcpState::CloseWait { Errno::EPIPE } else { Errno::ECONNRESET };
                effect.gone = self.orphan;
                self.received.clear();
                self.unread = 0;
                self.fail(Some(error));
            } else {
                self.challenge(now);
            }
            return effect;
        }
        if has(flag::SYN) {
            self.challenge(now);
            return effect;
        }
        if has(flag::ACK) {
            self.acknowledged(segment, now, &mut effect);
        }
        if !segment.data.is_empty() {
            self.take_data(segment, &mut effect);
        }
        if has(flag::FIN)
            && segment.seq.wrapping_add(segment.data.len() as u32) == self.rcv_nxt
            && !self.fin_received
        {
            self.take_fin(&mut effect);
        } else if has(flag::FIN) {
            // Seen before.
            self.ack_due = true;
        } else if segment.data.is_empty() && segment.seq != self.rcv_nxt {
            // A probe whether this side is alive, or the other side has lost its place.
            self.challenge(now);
        }
        effect
    }

    /// Acknowledges something that is out of place, twice a second at most: two sides that have lost each
    /// other's place would never stop (`tcp_invalid_ratelimit`).
    fn challenge(&mut self, now: Instant) {
        if self.challenged.is_none_or(|last| now - last >= Duration::from_millis(500)) {
            self.challenged = Some(now);
            self.ack_due = true;
        }
    }

    fn answer_to_syn(&mut self, segment: &Segment, effect: &mut Effect) {
        let has = |bit| segment.flags & bit != 0;
        if !has(flag::ACK) {
            return;
        }
        if segment.ack != self.snd_nxt {
            effect.reset = !has(flag::RST);
        } else if has(flag::RST) {
            self.fail(Some(Errno::ECONNREFUSED));
        } else if has(flag::SYN) {
            self.snd_una = segment.ack;
            self.snd_wnd = segment.window;
            self.rcv_nxt = segment.seq.wrapping_add(1);
            self.state = TcpState::Established;
            self.attempts = 0;
            self.resend_at = None;
            self.ack_due = true;
            self.wake();
        }
    }

    fn acknowledged(&mut self, segment: &Segment, now: Instant, effect: &mut Effect) {
        let ack = segment.ack;
        if before(self.snd_nxt, ack) || before(ack, self.snd_una) {
            return;
        }
        if self.state == TcpState::SynReceived {
            if ack != self.snd_nxt {
                effect.reset = true;
                return;
            }
            self.snd_una = ack;
            self.state = TcpState::Established;
            self.attempts = 0;
            self.resend_at = None;
            effect.accepted = true;
        }
        let was_shut = self.snd_wnd == 0;
        self.snd_wnd = segment.window;
        let mut advanced = ack.wrapping_sub(self.snd_una) as usize;
        if advanced == 0 {
            // Probes of a shut window are answered for ever; when it opens, what was probed with is due.
            if segment.window == 0 {
                self.attempts = self.attempts.min(8);
            } else if was_shut && self.snd_una != self.snd_nxt {
                self.resend_at = Some(now);
            }
            return;
        }
        self.snd_una = ack;
        self.attempts = 0;
        self.careful = false;
        self.soft_error = None;
        while let Some(first) = self.inflight.front_mut()
            && advanced > 0
        {
            let n = first.len().min(advanced);
            advanced -= n;
            self.queued -= n;
            first.advance(n);
            if first.is_empty() {
                self.inflight.pop_front();
            }
        }
        self.resend_at = (self.snd_una != self.snd_nxt).then(|| now + super::output::resend_after(0));
        if self.fin_sent && self.snd_una == self.snd_nxt {
            match self.state {
                TcpState::FinWait1 => {
                    self.state = TcpState::FinWait2;
                    effect.half = self.orphan;
                }
                TcpState::Closing => effect.over = true,
                TcpState::LastAck => {
                    self.state = TcpState::Closed;
                    effect.gone = self.orphan;
                }
                _ => {}
            }
        }
        self.writers.wake();
    }

    fn take_data(&mut self, segment: &Segment, effect: &mut Effect) {
        self.ack_due = true;
        let mut data = segment.data.clone();
        if before(segment.seq, self.rcv_nxt) {
            // The beginning is known already.
            data.advance(self.rcv_nxt.wrapping_sub(segment.seq) as usize);
        } else if segment.seq != self.rcv_nxt {
            // Something before it is missing: it will be sent again.
            return;
        }
        if data.is_empty() || self.fin_received {
            return;
        }
        if self.orphan {
            // Nobody will ever read it.
            effect.reset = true;
            effect.gone = true;
            return;
        }
        if self.unread + data.len() > BUFFER {
            return;
        }
        self.rcv_nxt = self.rcv_nxt.wrapping_add(data.len() as u32);
        if !self.deaf {
            self.unread += data.len();
            self.received.push_back(data);
        }
        self.readers.wake();
    }

    fn take_fin(&mut self, effect: &mut Effect) {
        self.rcv_nxt = self.rcv_nxt.wrapping_add(1);
        self.fin_received = true;
        match self.state {
            TcpState::Established => {
                self.state = TcpState::CloseWait;
                // The program mostly closes at once; its FIN carries the acknowledgement.
                self.ack_delayed = !self.ack_due;
            }
            TcpState::FinWait1 => {
                self.state = TcpState::Closing;
                self.ack_due = true;
            }
            TcpState::FinWait2 => {
                self.ack_due = true;
                effect.over = true;
            }
            _ => self.ack_due = true,
        }
        self.wake();
    }
}
