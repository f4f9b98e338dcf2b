//! TCP: connections with handshake, windows, retransmission, orderly and disorderly ends.
//!
//! Models net/ipv4/tcp.c, tcp_input.c, tcp_output.c and tcp_timer.c with the times that a Linux 6.5 or newer
//! shows. Left out: congestion control, selective acknowledgement (what arrives out of order is sent again),
//! Nagle's algorithm, urgent data. `input` takes segments, `output` sends them, `timers` sees to
//! what gets no answer, `calls` is what sockets ask for.

mod calls;
mod input;
mod output;
mod timers;

pub(super) use input::errno;
pub(super) use output::reset_for;
pub(super) use timers::Line;

use super::NetnsId;
use super::flow_table::hash;
use super::packet::{Bytes, Tuple, proto};
use super::world::{Socket, SocketId, World};
use crate::Errno;
use crate::wait::Wakers;
use sim::{Duration, Instant};
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// State of a connection, as `ss` and `netstat` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names of RFC 9293")]
pub enum TcpState {
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

/// Largest piece of data in a segment: an Ethernet frame without the headers.
pub(super) const MSS: usize = 1460;
/// The same on the loopback interface, whose packets may have 65,536 bytes: no more than half of what the receiver has
/// room for, as Linux bounds it (`tcp_bound_to_half_wnd`).
pub(super) const MSS_LOOPBACK: usize = BUFFER / 2;
/// Bytes that wait to be read, and bytes that wait to be acknowledged.
pub(super) const BUFFER: usize = 64 * 1024;
/// How long a closed connection is remembered.
pub(super) const TIME_WAIT: Duration = Duration::from_secs(60);
/// How long an acknowledgement of a FIN waits for data to ride on.
pub(super) const DELAYED_ACK: Duration = Duration::from_millis(40);

/// Connections that a listener has for `accept`.
#[derive(Default)]
pub(super) struct Backlog {
    pub(super) limit: usize,
    pub(super) ready: VecDeque<SocketId>,
}

pub(super) struct Tcp {
    pub(super) ns: NetnsId,
    pub(super) local: (Ipv4Addr, u16),
    pub(super) remote: (Ipv4Addr, u16),
    pub(super) state: TcpState,

    /// First byte that is not acknowledged.
    pub(super) snd_una: u32,
    /// Next byte to send.
    pub(super) snd_nxt: u32,
    pub(super) snd_wnd: u32,
    /// Sent and not acknowledged.
    pub(super) inflight: VecDeque<Bytes>,
    pub(super) unsent: VecDeque<Bytes>,
    /// Bytes of both.
    pub(super) queued: usize,
    pub(super) fin_wanted: bool,
    pub(super) fin_sent: bool,

    pub(super) rcv_nxt: u32,
    pub(super) received: VecDeque<Bytes>,
    /// Bytes in `received`.
    pub(super) unread: usize,
    pub(super) fin_received: bool,
    pub(super) deaf: bool,

    pub(super) error: Option<Errno>,
    /// What ICMP said; it is the error if nothing better comes.
    pub(super) soft_error: Option<Errno>,
    pub(super) backlog: Option<Box<Backlog>>,
    pub(super) parent: Option<SocketId>,
    /// No program holds it any more.
    pub(super) orphan: bool,
    pub(super) linger_reset: bool,
    pub(super) keepalive: Option<Duration>,
    pub(super) last_heard: Instant,
    pub(super) probes: u32,

    /// When something out of place was last answered.
    pub(super) challenged: Option<Instant>,
    pub(super) ack_due: bool,
    pub(super) ack_delayed: bool,
    pub(super) touched: bool,
    /// How often the first unacknowledged segment was sent again.
    pub(super) attempts: u32,
    /// When the handshake began.
    pub(super) begun: Instant,
    pub(super) resend_at: Option<Instant>,
    pub(super) timer: Option<Instant>,
    /// After a loss, one segment at a time.
    pub(super) careful: bool,

    pub(super) readers: Wakers,
    pub(super) writers: Wakers,
}

/// What is left of a connection after both sides have closed it.
#[derive(Clone, Copy)]
pub(super) struct TimeWait {
    pub(super) ns: NetnsId,
    pub(super) local: (Ipv4Addr, u16),
    pub(super) remote: (Ipv4Addr, u16),
    pub(super) snd_nxt: u32,
    pub(super) rcv_nxt: u32,
}

impl Tcp {
    pub(super) fn new(
        ns: NetnsId,
        local: (Ipv4Addr, u16),
        remote: (Ipv4Addr, u16),
        state: TcpState,
        sequence: u32,
        now: Instant,
    ) -> Tcp {
        Tcp {
            ns,
            local,
            remote,
            state,
            snd_una: sequence,
            snd_nxt: sequence,
            snd_wnd: 0,
            inflight: VecDeque::new(),
            unsent: VecDeque::new(),
            queued: 0,
            fin_wanted: false,
            fin_sent: false,
            rcv_nxt: 0,
            received: VecDeque::new(),
            unread: 0,
            fin_received: false,
            deaf: false,
            error: None,
            soft_error: None,
            backlog: None,
            parent: None,
            orphan: false,
            linger_reset: false,
            keepalive: None,
            last_heard: now,
            probes: 0,
            challenged: None,
            ack_due: false,
            ack_delayed: false,
            touched: false,
            attempts: 0,
            begun: now,
            resend_at: None,
            timer: None,
            careful: false,
            readers: Wakers::default(),
            writers: Wakers::default(),
        }
    }

    /// Becomes another connection, which has the queues of this one, emptied.
    fn renew(&mut self, new: Tcp) {
        let mut queues = [
            std::mem::take(&mut self.inflight),
            std::mem::take(&mut self.unsent),
            std::mem::take(&mut self.received),
        ];
        queues.iter_mut().for_each(VecDeque::clear);
        let [inflight, unsent, received] = queues;
        *self = Tcp { inflight, unsent, received, ..new };
    }

    pub(super) fn wake(&mut self) {
        self.readers.wake();
        self.writers.wake();
    }

    /// Ends the connection from this side's point of view, for this reason.
    pub(super) fn fail(&mut self, error: Option<Errno>) {
        self.state = TcpState::Closed;
        self.error = error.or(self.error);
        self.resend_at = None;
        self.ack_due = false;
        self.inflight.clear();
        self.unsent.clear();
        self.queued = 0;
        self.wake();
    }

    pub(super) fn is_readable(&self) -> bool {
        match &self.backlog {
            Some(backlog) => !backlog.ready.is_empty(),
            None => {
                self.unread > 0
                    || self.fin_received
                    || self.deaf
                    || self.error.is_some()
                    || self.state == TcpState::Closed
            }
        }
    }

    pub(super) fn is_writable(&self) -> bool {
        match self.state {
            TcpState::SynSent | TcpState::SynReceived | TcpState::Listen => self.error.is_some(),
            TcpState::Established | TcpState::CloseWait => self.queued < BUFFER || self.fin_wanted,
            _ => true,
        }
    }
}

/// Boxes of past connections that are kept for the next ones.
const SPARE_MAX: usize = 32;

impl World {
    /// A socket for a new connection, in the box of a past one where there is one: as the kernel's slabs.
    fn tcp_socket(&mut self, tcp: Tcp) -> SocketId {
        let boxed = match self.spare.pop() {
            Some(mut spare) => {
                spare.renew(tcp);
                spare
            }
            None => Box::new(tcp),
        };
        self.add_socket(Socket::Tcp(boxed))
    }

    fn tcp_spare(&mut self, tcp: Box<Tcp>) {
        if self.spare.len() < SPARE_MAX {
            self.spare.push(tcp);
        }
    }
}

/// What a connection is filed under: its own side first.
pub(super) fn flow(ns: NetnsId, local: (Ipv4Addr, u16), remote: (Ipv4Addr, u16)) -> u32 {
    let tuple = Tuple { src: local.0, dst: remote.0, sport: local.1, dport: remote.1, proto: proto::TCP };
    hash(ns.0, &tuple)
}
