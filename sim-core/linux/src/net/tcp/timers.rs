//! Timers of connections: for data that nobody acknowledges, for acknowledgements that wait for company, for idle peers.
//!
//! Most are set for an answer that comes in time. Those that last equally long stand in a line, in which only the first
//! has an event; the answered ones are stepped over when it is their turn.

use super::{DELAYED_ACK, TcpState};
use crate::Errno;
use crate::net::packet::{Bytes, flag};
use crate::net::world::{SocketId, World};
use sim::{Duration, Instant};
use std::collections::VecDeque;

/// How long the timers in each line last: until data are sent again, until a SYN is.
const LENGTHS: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// Timers that last equally long, in order of their end.
pub(in crate::net) type Line = VecDeque<(Instant, SocketId)>;
/// How many probes an idle connection gets.
const KEEPALIVE_PROBES: u32 = 9;

impl World {
    /// One timer at most counts for a connection; it is late rather than cancelled, for most are not needed.
    pub(super) fn tcp_arm(&mut self, index: u32) {
        let now = self.now();
        let id = self.socket_id(index);
        let Some(tcp) = self.tcp_at(index) else { return };
        let stuck = matches!(tcp.state, TcpState::Established | TcpState::CloseWait | TcpState::FinWait1)
            && !tcp.unsent.is_empty();
        if tcp.resend_at.is_none() && (tcp.snd_una != tcp.snd_nxt || stuck) {
            tcp.resend_at = Some(now + super::output::resend_after(tcp.attempts));
        }
        let keepalive = match (tcp.keepalive, tcp.state) {
            (Some(idle), TcpState::Established | TcpState::CloseWait) if tcp.resend_at.is_none() => {
                Some(tcp.last_heard + idle * (tcp.probes + 1))
            }
            _ => None,
        };
        let Some(wanted) = tcp.resend_at.or(keepalive) else { return };
        if tcp.timer.is_some_and(|set| set <= wanted) {
            return;
        }
        tcp.timer = Some(wanted);
        match LENGTHS.iter().position(|length| now + *length == wanted) {
            Some(line) => {
                self.timers[line].push_back((wanted, id));
                if self.timers[line].len() == 1 {
                    self.later(wanted - now, move |world| world.tcp_timers(line));
                }
            }
            None => self.later(wanted - now, move |world| world.tcp_timer(id, wanted)),
        }
    }

    /// The first timer of a line has ended.
    fn tcp_timers(&mut self, line: usize) {
        let now = self.now();
        while let Some(&(at, id)) = self.timers[line].front() {
            if at > now && self.tcp_awaits(id, at) {
                return self.later(at - now, move |world| world.tcp_timers(line));
            }
            self.timers[line].pop_front();
            if at <= now {
                self.tcp_timer(id, at);
            }
        }
    }

    /// Whether this timer of a connection still has a purpose; another one is set where that is needed.
    fn tcp_awaits(&mut self, id: SocketId, at: Instant) -> bool {
        let Some(tcp) = self.tcp(id).filter(|tcp| tcp.timer == Some(at)) else { return false };
        if tcp.resend_at.is_some_and(|due| due <= at) {
            return true;
        }
        tcp.timer = None;
        self.tcp_touch(id.index);
        false
    }

    fn tcp_timer(&mut self, id: SocketId, at: Instant) {
        let now = self.now();
        let Some(tcp) = self.tcp(id) else { return };
        if tcp.timer == Some(at) {
            tcp.timer = None;
        }
        if tcp.resend_at.is_some_and(|due| due <= now) {
            self.tcp_resend(id);
        } else if let (Some(idle), None) = (tcp.keepalive, tcp.resend_at)
            && tcp.last_heard + idle * (tcp.probes + 1) <= now
            && matches!(tcp.state, TcpState::Established | TcpState::CloseWait)
        {
            if tcp.probes >= KEEPALIVE_PROBES {
                tcp.fail(Some(tcp.soft_error.unwrap_or(Errno::ETIMEDOUT)));
                return;
            }
            tcp.probes += 1;
            let seq = tcp.snd_una.wrapping_sub(1);
            let packet = tcp.packet(seq, flag::ACK, Bytes::default());
            self.outbox.push_back(packet);
        }
        self.tcp_touch(id.index);
    }

    /// Acknowledges a FIN a little later, if nothing else does.
    pub(super) fn delay_ack(&mut self, index: u32) {
        let id = self.socket_id(index);
        self.delayed_acks.push_back((self.now() + DELAYED_ACK, id));
        if self.delayed_acks.len() == 1 {
            self.later(DELAYED_ACK, World::send_delayed_acks);
        }
    }

    fn send_delayed_acks(&mut self) {
        let now = self.now();
        while let Some(&(at, id)) = self.delayed_acks.front() {
            if let Some(tcp) = self.tcp(id)
                && tcp.state == TcpState::CloseWait
                && !tcp.fin_sent
            {
                if at > now {
                    return self.later(at - now, World::send_delayed_acks);
                }
                tcp.ack_due = true;
                self.tcp_touch(id.index);
            }
            self.delayed_acks.pop_front();
        }
    }
}
