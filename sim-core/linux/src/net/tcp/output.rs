//! Segments that are sent, once and again.

use super::{BUFFER, MSS, MSS_LOOPBACK, TIME_WAIT, Tcp, TcpState, TimeWait};
use crate::Errno;
use crate::net::NetnsId;
use crate::net::packet::{Body, Bytes, Packet, Segment, flag};
use crate::net::world::{Socket, SocketId, World};
use sim::Duration;
use std::net::Ipv4Addr;

/// When a SYN is sent again, in seconds after the first, and when the kernel gives up.
const SYN_TIMES: [u64; 11] = [1, 2, 3, 4, 5, 7, 11, 19, 35, 69, 134];
/// The same for the answer to a SYN.
const SYN_ACK_TIMES: [u64; 6] = [1, 3, 7, 15, 31, 63];
/// How often data are sent again before the connection is given up; fewer when nobody holds it.
const RETRIES: u32 = 15;
const ORPHAN_RETRIES: u32 = 8;

/// How long unacknowledged data wait for the next attempt.
pub(super) fn resend_after(attempts: u32) -> Duration {
    Duration::from_millis(200 << attempts.min(10)).min(Duration::from_secs(120))
}

/// The answer to a segment that belongs to no connection.
pub(in crate::net) fn reset_for(packet: &Packet, segment: &Segment) -> Option<Packet> {
    if segment.flags & flag::RST != 0 {
        return None;
    }
    let length = segment.data.len() as u32
        + u32::from(segment.flags & flag::SYN != 0)
        + u32::from(segment.flags & flag::FIN != 0);
    let (seq, ack, flags) = if segment.flags & flag::ACK != 0 {
        (segment.ack, 0, flag::RST)
    } else {
        (0, segment.seq.wrapping_add(length), flag::RST | flag::ACK)
    };
    let body = Body::Tcp(Segment {
        sport: segment.dport,
        dport: segment.sport,
        seq,
        ack,
        flags,
        window: 0,
        data: Bytes::default(),
    });
    Some(Packet { src: packet.dst, dst: packet.src, ttl: 64, mark: 0, body })
}

impl Tcp {
    pub(super) fn packet(&mut self, seq: u32, flags: u8, data: Bytes) -> (NetnsId, Packet) {
        self.ack_due = false;
        self.ack_delayed = false;
        let window = BUFFER.saturating_sub(self.unread) as u32;
        let segment = Segment {
            sport: self.local.1,
            dport: self.remote.1,
            seq,
            ack: if flags & flag::ACK != 0 { self.rcv_nxt } else { 0 },
            flags,
            window,
            data,
        };
        (
            self.ns,
            Packet { src: self.local.0, dst: self.remote.0, ttl: 64, mark: 0, body: Body::Tcp(segment) },
        )
    }

    /// The next piece of data that may be sent.
    fn next_data(&mut self) -> Option<Bytes> {
        let in_flight = self.snd_nxt.wrapping_sub(self.snd_una) as usize;
        // From an address of one's own to itself the way is the loopback interface.
        let mss = if self.local.0 == self.remote.0 { MSS_LOOPBACK } else { MSS };
        let window = if self.careful { mss.min(self.snd_wnd as usize).max(1) } else { self.snd_wnd as usize };
        let room = window.saturating_sub(in_flight).min(mss);
        let first = self.unsent.front_mut()?;
        if room == 0 {
            return None;
        }
        let data = first.split_to(room);
        if first.is_empty() {
            self.unsent.pop_front();
        }
        Some(data)
    }
}

impl World {
    pub(in crate::net) fn tcp_touch(&mut self, index: u32) {
        if let Some(tcp) = self.tcp_at(index)
            && !tcp.touched
        {
            tcp.touched = true;
            self.touched.push(index);
        }
    }

    /// Sends a segment without data.
    pub(in crate::net) fn send_segment(
        &mut self,
        ns: NetnsId,
        local: (Ipv4Addr, u16),
        remote: (Ipv4Addr, u16),
        seq: u32,
        ack: u32,
        flags: u8,
    ) {
        let (sport, dport) = (local.1, remote.1);
        let segment =
            Segment { sport, dport, seq, ack, flags, window: BUFFER as u32, data: Bytes::default() };
        let packet = Packet { src: local.0, dst: remote.0, ttl: 64, mark: 0, body: Body::Tcp(segment) };
        self.outbox.push_back((ns, packet));
    }

    /// SYN, or SYN and ACK.
    pub(in crate::net) fn send_handshake(&mut self, index: u32) {
        let now = self.now();
        let Some(tcp) = self.tcp_at(index) else { return };
        let (flags, times): (_, &[u64]) = match tcp.state {
            TcpState::SynReceived => (flag::SYN | flag::ACK, &SYN_ACK_TIMES),
            _ => (flag::SYN, &SYN_TIMES),
        };
        let at = times.get(tcp.attempts as usize).map(|&s| tcp.begun + Duration::from_secs(s));
        tcp.resend_at = Some(at.unwrap_or(now));
        let seq = tcp.snd_una;
        let packet = tcp.packet(seq, flags, Bytes::default());
        self.outbox.push_back(packet);
    }

    /// Sends what may be sent: data, FIN, acknowledgements; then sees to the timer.
    pub(in crate::net) fn tcp_settle(&mut self, index: u32) {
        let World { sockets, outbox, .. } = self;
        let Some(Socket::Tcp(tcp)) = &mut sockets.as_mut_slice()[index as usize].socket else { return };
        tcp.touched = false;
        let sends = matches!(
            tcp.state,
            TcpState::Established
                | TcpState::CloseWait
                | TcpState::FinWait1
                | TcpState::Closing
                | TcpState::LastAck
        );
        if sends {
            while let Some(data) = tcp.next_data() {
                let seq = tcp.snd_nxt;
                tcp.snd_nxt = seq.wrapping_add(data.len() as u32);
                tcp.inflight.push_back(data.clone());
                outbox.push_back(tcp.packet(seq, flag::ACK | flag::PSH, data));
            }
            if tcp.fin_wanted && !tcp.fin_sent && tcp.unsent.is_empty() {
                let seq = tcp.snd_nxt;
                tcp.snd_nxt = seq.wrapping_add(1);
                tcp.fin_sent = true;
                tcp.state = match tcp.state {
                    TcpState::Established => TcpState::FinWait1,
                    TcpState::CloseWait => TcpState::LastAck,
                    state => state,
                };
                outbox.push_back(tcp.packet(seq, flag::ACK | flag::FIN, Bytes::default()));
            }
        }
        if tcp.ack_due && tcp.state != TcpState::Closed {
            let seq = tcp.snd_nxt;
            outbox.push_back(tcp.packet(seq, flag::ACK, Bytes::default()));
        }
        let delayed = tcp.ack_delayed;
        if !outbox.is_empty() {
            // What is sent now may be answered at once; the timer is for what is not.
            tcp.touched = true;
            self.touched.push(index);
            return;
        }
        if delayed {
            tcp.ack_delayed = false;
            self.delay_ack(index);
        }
        self.tcp_arm(index);
    }

    /// Nothing was heard in time.
    pub(super) fn tcp_resend(&mut self, id: SocketId) {
        let now = self.now();
        let Some(tcp) = self.tcp(id) else { return };
        let ns = tcp.ns;
        let retries = self.ns(ns).map_or(6, |netns| netns.sysctls.syn_retries);
        let Some(tcp) = self.tcp(id) else { return };
        match tcp.state {
            TcpState::SynSent => {
                if tcp.attempts >= retries + 4 || tcp.attempts as usize + 1 >= SYN_TIMES.len() {
                    let error = tcp.soft_error.unwrap_or(Errno::ETIMEDOUT);
                    return tcp.fail(Some(error));
                }
                tcp.attempts += 1;
                self.send_handshake(id.index);
            }
            TcpState::SynReceived => {
                if tcp.attempts as usize + 1 >= SYN_ACK_TIMES.len() {
                    return self.tcp_remove(id);
                }
                tcp.attempts += 1;
                self.send_handshake(id.index);
            }
            TcpState::Closed | TcpState::Listen | TcpState::TimeWait => tcp.resend_at = None,
            _ => {
                if tcp.attempts >= if tcp.orphan { ORPHAN_RETRIES } else { RETRIES } {
                    let (error, orphan) = (tcp.soft_error.unwrap_or(Errno::ETIMEDOUT), tcp.orphan);
                    tcp.fail(Some(error));
                    if orphan {
                        self.tcp_remove(id);
                    }
                    return;
                }
                tcp.attempts += 1;
                // Back to the first unacknowledged byte.
                while let Some(data) = tcp.inflight.pop_back() {
                    tcp.unsent.push_front(data);
                }
                tcp.snd_nxt = tcp.snd_una;
                tcp.careful = true;
                if tcp.fin_sent {
                    tcp.fin_sent = false;
                    tcp.state = match tcp.state {
                        TcpState::LastAck => TcpState::CloseWait,
                        TcpState::FinWait1 => TcpState::Established,
                        state => state,
                    };
                }
                tcp.resend_at = Some(now + resend_after(tcp.attempts));
            }
        }
    }

    /// Resets the connection.
    pub(in crate::net) fn tcp_abort(&mut self, id: SocketId) {
        if let Some(tcp) = self.tcp(id)
            && !matches!(
                tcp.state,
                TcpState::Closed | TcpState::SynSent | TcpState::Listen | TcpState::TimeWait
            )
        {
            let seq = tcp.snd_nxt;
            let packet = tcp.packet(seq, flag::RST | flag::ACK, Bytes::default());
            self.outbox.push_back(packet);
        }
        self.tcp_remove(id);
    }

    pub(in crate::net) fn tcp_remove(&mut self, id: SocketId) {
        let Some(Socket::Tcp(tcp)) = self.take_socket(id) else { return };
        self.flows.remove(super::flow(tcp.ns, tcp.local, tcp.remote), id.index);
        self.tcp_spare(tcp);
    }

    /// Both sides have closed: the connection is remembered for a minute.
    pub(in crate::net) fn tcp_time_wait(&mut self, id: SocketId) {
        let now = self.now();
        self.reap_time_waits();
        let Some(tcp) = self.tcp(id) else { return };
        tcp.resend_at = None;
        let first = tcp.state != TcpState::TimeWait;
        tcp.state = TcpState::TimeWait;
        let rest = TimeWait {
            ns: tcp.ns,
            local: tcp.local,
            remote: tcp.remote,
            snd_nxt: tcp.snd_nxt,
            rcv_nxt: tcp.rcv_nxt,
        };
        if tcp.ack_due {
            let seq = tcp.snd_nxt;
            let packet = tcp.packet(seq, flag::ACK, Bytes::default());
            self.outbox.push_back(packet);
        }
        if first {
            self.time_waits.push_back((now + TIME_WAIT, id));
        }
        if self.tcp(id).is_some_and(|tcp| tcp.orphan)
            && let Some(Socket::Tcp(tcp)) =
                self.sockets[id.index as usize].socket.replace(Socket::TimeWait(rest))
        {
            self.tcp_spare(tcp);
        }
    }

    /// Forgets connections whose wait is over. No event is needed for it: nobody notices before he looks.
    pub(in crate::net) fn reap_time_waits(&mut self) {
        let now = self.now();
        while let Some((_, id)) = self.time_waits.pop_front_if(|(at, _)| *at <= now) {
            let slot = &mut self.sockets[id.index as usize];
            if slot.generation != id.generation {
                continue;
            }
            match &mut slot.socket {
                Some(Socket::TimeWait(rest)) => {
                    self.flows.remove(super::flow(rest.ns, rest.local, rest.remote), id.index);
                    self.take_socket(id);
                }
                Some(Socket::Tcp(tcp)) if tcp.orphan => self.tcp_remove(id),
                Some(Socket::Tcp(tcp)) if tcp.state == TcpState::TimeWait => tcp.state = TcpState::Closed,
                _ => {}
            }
        }
    }
}
