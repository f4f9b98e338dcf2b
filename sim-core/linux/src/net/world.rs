//! The state of the network and its pulse: packets that wait to be sent, segments that are on a link.

use super::conntrack::Conntrack;
use super::flow_table::FlowTable;
use super::icmp::Icmp;
use super::namespace::{IfaceRef, Netns};
use super::packet::Packet;
use super::tcp::{Line, Tcp};
use super::udp::Udp;
use super::{Net, NetnsId};
use crate::Errno;
use sim::{Duration, Instant, Rng, Sim, SortedMap};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::rc::{Rc, Weak};

/// A packet on its way between two hosts.
pub(super) struct Flight {
    pub(super) at: Instant,
    pub(super) to: IfaceRef,
    pub(super) packet: Packet,
}

/// An Ethernet between hosts.
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) latency: (Duration, Duration),
    /// Who answers for an address.
    pub(super) stations: SortedMap<Ipv4Addr, IfaceRef>,
    /// In the order of arrival; one event is scheduled for the first.
    pub(super) flights: VecDeque<Flight>,
    /// That event.
    pub(super) arrival: Rc<dyn Fn()>,
}

pub(super) enum Socket {
    Tcp(Box<Tcp>),
    Udp(Box<Udp>),
    Icmp(Box<Icmp>),
    /// The rest of a closed connection, for a minute.
    TimeWait(super::tcp::TimeWait),
}

pub(super) struct SocketSlot {
    pub(super) generation: u32,
    pub(super) socket: Option<Socket>,
}

/// Names a socket; a stale one names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SocketId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

pub(super) struct World {
    pub(super) sim: Sim,
    pub(super) own: Weak<RefCell<World>>,
    pub(super) rng: Rng,
    pub(super) namespaces: Vec<Option<Box<Netns>>>,
    pub(super) segments: Vec<Segment>,
    pub(super) next_serial: u32,
    pub(super) sockets: Vec<SocketSlot>,
    pub(super) free_sockets: Vec<u32>,
    /// TCP connections by (local, remote) of their namespace.
    pub(super) flows: FlowTable,
    /// Connections that are over, for their boxes.
    #[allow(clippy::vec_box, reason = "a box goes back to a socket as it is")]
    pub(super) spare: Vec<Box<Tcp>>,
    /// Packets that sockets have sent; they leave when the stack is not busy with another.
    pub(super) outbox: VecDeque<(NetnsId, Packet)>,
    /// Connections that owe an acknowledgement or need a timer.
    pub(super) touched: Vec<u32>,
    /// Connections whose FIN is to be acknowledged soon, in order of time.
    pub(super) delayed_acks: VecDeque<(Instant, SocketId)>,
    /// Timers of connections, those that last equally long together.
    pub(super) timers: [Line; 2],
    /// Closed connections in order of the end of their wait.
    pub(super) time_waits: VecDeque<(Instant, SocketId)>,
}

/// Lets something happen to a world, if it is still there.
pub(super) fn with(world: &Weak<RefCell<World>>, f: impl FnOnce(&mut World)) {
    if let Some(world) = world.upgrade() {
        let mut world = world.borrow_mut();
        f(&mut world);
        world.run();
    }
}

impl Net {
    /// A network with nothing in it.
    pub fn new(sim: &Sim) -> Net {
        Net(Rc::new_cyclic(|own| {
            RefCell::new(World {
                sim: sim.clone(),
                own: own.clone(),
                rng: sim.rng("network"),
                namespaces: Vec::new(),
                segments: Vec::new(),
                next_serial: 0,
                sockets: Vec::new(),
                free_sockets: Vec::new(),
                flows: FlowTable::default(),
                spare: Vec::new(),
                outbox: VecDeque::new(),
                touched: Vec::new(),
                delayed_acks: VecDeque::new(),
                timers: Default::default(),
                time_waits: VecDeque::new(),
            })
        }))
    }

    /// The clock of the network's world.
    pub fn sim(&self) -> Sim {
        self.0.borrow().sim.clone()
    }
}

impl World {
    #[inline(always)]
    pub(super) fn now(&self) -> Instant {
        self.sim.now()
    }

    #[inline(always)]
    pub(super) fn ns(&self, ns: NetnsId) -> Option<&Netns> {
        self.namespaces.get(ns.0 as usize)?.as_deref()
    }

    #[inline(always)]
    pub(super) fn ns_mut(&mut self, ns: NetnsId) -> Option<&mut Netns> {
        self.namespaces.get_mut(ns.0 as usize)?.as_deref_mut()
    }

    pub(super) fn existing(&mut self, ns: NetnsId) -> Result<&mut Netns, Errno> {
        self.ns_mut(ns).ok_or(Errno::EINVAL)
    }

    /// Calls back with the world after `delay`.
    pub(super) fn later(&self, delay: Duration, f: impl FnOnce(&mut World) + 'static) {
        let own = self.own.clone();
        self.sim.schedule_in(delay, move || with(&own, f));
    }

    /// Sends what waits, and what that brings about, until the host side of everything is quiet.
    pub(super) fn run(&mut self) {
        loop {
            self.send_waiting();
            match self.touched.pop() {
                Some(index) => self.tcp_settle(index),
                None => return,
            }
        }
    }

    /// Sends the packets of the outbox, the oldest first.
    pub(super) fn send_waiting(&mut self) {
        while let Some(mut waiting) = self.outbox.pop_front() {
            let _ = self.output(waiting.0, &mut waiting.1);
        }
    }

    pub(super) fn add_socket(&mut self, socket: Socket) -> SocketId {
        let index = self.free_sockets.pop().unwrap_or_else(|| {
            self.sockets.push(SocketSlot { generation: 0, socket: None });
            (self.sockets.len() - 1) as u32
        });
        let slot = &mut self.sockets[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.socket = Some(socket);
        SocketId { index, generation: slot.generation }
    }

    pub(super) fn take_socket(&mut self, id: SocketId) -> Option<Socket> {
        let slot = self.sockets.get_mut(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        let socket = slot.socket.take()?;
        self.free_sockets.push(id.index);
        Some(socket)
    }

    pub(super) fn socket_id(&self, index: u32) -> SocketId {
        SocketId { index, generation: self.sockets.as_slice()[index as usize].generation }
    }

    fn socket_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        let slot = self.sockets.get_mut(id.index as usize)?;
        if slot.generation == id.generation { slot.socket.as_mut() } else { None }
    }

    pub(super) fn tcp(&mut self, id: SocketId) -> Option<&mut Tcp> {
        match self.socket_mut(id)? {
            Socket::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    pub(super) fn tcp_at(&mut self, index: u32) -> Option<&mut Tcp> {
        match self.sockets.get_mut(index as usize)?.socket.as_mut()? {
            Socket::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    pub(super) fn udp(&mut self, id: SocketId) -> Option<&mut Udp> {
        match self.socket_mut(id)? {
            Socket::Udp(udp) => Some(udp),
            _ => None,
        }
    }

    pub(super) fn icmp(&mut self, id: SocketId) -> Option<&mut Icmp> {
        match self.socket_mut(id)? {
            Socket::Icmp(icmp) => Some(icmp),
            _ => None,
        }
    }

    /// The connection table, made when the first rule asks for it.
    pub(super) fn update_conntrack(netns: &mut Netns) {
        if netns.conntrack.is_none() && netns.netfilter.as_ref().is_some_and(|nf| nf.wants_conntrack()) {
            netns.conntrack = Some(Box::new(Conntrack::default()));
        }
    }
}
