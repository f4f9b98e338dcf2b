//! Building: namespaces, links, addresses, routes, settings, rules.

use super::conntrack::ConntrackEntry;
use super::namespace::{Counters, Iface, IfaceKind, IfaceRef, LO, Netns, SYSCTLS};
use super::netfilter::{Netfilter, NetfilterError, Rule, Table};
use super::route::{self, Route, RouteKind};
use super::world::{Segment, World, with};
use super::{Net, NetnsId, SegmentId};
use crate::Errno;
use ipnet::{IpNet, Ipv4Net};
use sim::{Duration, SortedMap};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

impl Net {
    /// A namespace with a loopback interface that is up.
    pub fn create_namespace(&self, name: &str) -> NetnsId {
        let mut world = self.0.borrow_mut();
        // Numbers are not used again: what is left of the sockets of a deleted one finds nobody.
        world.namespaces.push(Some(Box::new(Netns::new(name))));
        let ns = NetnsId(world.namespaces.len() as u32 - 1);
        if let Ok(lo) = world.add_iface(ns, "lo", IfaceKind::Loopback)
            && let Some(iface) = world.ns_mut(ns).and_then(|netns| netns.iface_mut(lo.dev))
        {
            iface.addresses.push(Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8));
        }
        ns
    }

    /// Removes a namespace: its sockets vanish without a word, and so do the other ends of its veth pairs.
    pub fn delete_namespace(&self, ns: NetnsId) {
        let mut world = self.0.borrow_mut();
        let devs = world.ns(ns).map_or(0, |netns| netns.ifaces.len());
        for dev in (0..devs).rev() {
            world.remove_iface(ns, dev as u16);
        }
        if let Some(slot) = world.namespaces.get_mut(ns.0 as usize) {
            *slot = None;
        }
    }

    /// Name of a namespace.
    pub fn namespace_name(&self, ns: NetnsId) -> Option<String> {
        self.0.borrow().ns(ns).map(|netns| netns.name.clone())
    }

    /// An Ethernet; a packet on it takes between the two times.
    pub fn add_segment(&self, name: &str, shortest: Duration, longest: Duration) -> SegmentId {
        let mut world = self.0.borrow_mut();
        let (own, number) = (world.own.clone(), world.segments.len() as u32);
        world.segments.push(Segment {
            name: name.to_string(),
            latency: (shortest, longest),
            stations: SortedMap::new(),
            flights: VecDeque::new(),
            arrival: Rc::new(move || with(&own, |world| world.land(number))),
        });
        SegmentId(number)
    }

    /// Name of an Ethernet.
    pub fn segment_name(&self, segment: SegmentId) -> Option<String> {
        self.0.borrow().segments.get(segment.0 as usize).map(|segment| segment.name.clone())
    }

    /// Plugs a new interface into an Ethernet.
    pub fn add_uplink(&self, ns: NetnsId, name: &str, segment: SegmentId) -> Result<(), Errno> {
        self.0.borrow_mut().add_iface(ns, name, IfaceKind::Uplink { segment: segment.0 }).map(drop)
    }

    /// A pair of interfaces: what goes into one comes out of the other.
    pub fn add_veth(&self, one: (NetnsId, &str), other: (NetnsId, &str)) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let a = world.add_iface(one.0, one.1, IfaceKind::Veth { peer: None })?;
        let b = match world.add_iface(other.0, other.1, IfaceKind::Veth { peer: None }) {
            Ok(b) => b,
            Err(error) => {
                world.remove_iface(a.ns, a.dev);
                return Err(error);
            }
        };
        for (from, to) in [(a, b), (b, a)] {
            if let Some(iface) = world.ns_mut(from.ns).and_then(|netns| netns.iface_mut(from.dev)) {
                iface.kind = IfaceKind::Veth { peer: Some(to) };
            }
        }
        Ok(())
    }

    /// A bridge without ports.
    pub fn add_bridge(&self, ns: NetnsId, name: &str) -> Result<(), Errno> {
        self.0.borrow_mut().add_iface(ns, name, IfaceKind::Bridge { ports: Vec::new() }).map(drop)
    }

    /// Makes an interface a port of a bridge.
    pub fn add_bridge_port(&self, ns: NetnsId, bridge: &str, port: &str, hairpin: bool) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let (bridge, port) = (netns.dev(bridge).ok_or(Errno::ENXIO)?, netns.dev(port).ok_or(Errno::ENXIO)?);
        let Some(IfaceKind::Bridge { ports }) = netns.iface_mut(bridge).map(|iface| &mut iface.kind) else {
            return Err(Errno::EINVAL);
        };
        if !ports.contains(&port) {
            ports.push(port);
        }
        if let Some(iface) = netns.iface_mut(port) {
            iface.master = Some(bridge);
            iface.hairpin = hairpin;
        }
        Ok(())
    }

    /// Whether a port sends packets back to where they came from.
    pub fn set_hairpin(&self, ns: NetnsId, port: &str, on: bool) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let dev = netns.dev(port).ok_or(Errno::ENXIO)?;
        netns.iface_mut(dev).ok_or(Errno::ENXIO)?.hairpin = on;
        Ok(())
    }

    /// Removes an interface (of a veth pair: both).
    pub fn delete_link(&self, ns: NetnsId, name: &str) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let dev = world.existing(ns)?.dev(name).ok_or(Errno::ENXIO)?;
        world.remove_iface(ns, dev);
        Ok(())
    }

    /// Plugs the cable in or pulls it; addresses and routes stay.
    pub fn set_link_up(&self, ns: NetnsId, name: &str, up: bool) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let dev = netns.dev(name).ok_or(Errno::ENXIO)?;
        netns.iface_mut(dev).ok_or(Errno::ENXIO)?.up = up;
        Ok(())
    }

    /// Gives an interface an address and the route to its network.
    pub fn add_address(&self, ns: NetnsId, dev: &str, address: IpNet) -> Result<(), Errno> {
        let IpNet::V4(address) = address else { return Err(Errno::EINVAL) };
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let dev = netns.dev(dev).ok_or(Errno::ENXIO)?;
        let iface = netns.iface_mut(dev).ok_or(Errno::ENXIO)?;
        if iface.addresses.contains(&address) {
            return Err(Errno::EEXIST);
        }
        iface.addresses.push(address);
        let segment = match iface.kind {
            IfaceKind::Uplink { segment } => Some(segment),
            _ => None,
        };
        netns.addresses_changed();
        if address.prefix_len() < 32 && dev != LO {
            netns.routes.add(route::Entry {
                net: address.trunc(),
                via: None,
                dev,
                source: Some(address.addr()),
                kind: RouteKind::Unicast,
                protocol: "kernel".to_string(),
                metric: 0,
            });
        }
        if let (Some(segment), Some(at)) = (segment, world.iface_ref(ns, dev)) {
            world.segments[segment as usize].stations.insert(address.addr(), at);
        }
        world.announce(ns, dev, address.addr());
        Ok(())
    }

    /// Takes an address away, with the route to its network.
    pub fn del_address(&self, ns: NetnsId, dev: &str, address: IpNet) -> Result<(), Errno> {
        let IpNet::V4(address) = address else { return Err(Errno::EADDRNOTAVAIL) };
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let dev = netns.dev(dev).ok_or(Errno::ENXIO)?;
        let iface = netns.iface_mut(dev).ok_or(Errno::ENXIO)?;
        let before = iface.addresses.len();
        iface.addresses.retain(|one| *one != address);
        if iface.addresses.len() == before {
            return Err(Errno::EADDRNOTAVAIL);
        }
        netns.addresses_changed();
        netns.routes.remove_if(|entry| entry.dev == dev && entry.source == Some(address.addr()));
        for segment in &mut world.segments {
            segment.stations.retain(|station, at| *station != address.addr() || at.ns != ns || at.dev != dev);
        }
        Ok(())
    }

    /// Adds a route.
    ///
    /// # Errors
    /// `ENETUNREACH` when the router is on no link, `ENXIO` without such an interface, `EEXIST`.
    pub fn add_route(&self, ns: NetnsId, route: Route) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let entry = resolve(netns, &route)?;
        if netns.routes.add(entry) { Ok(()) } else { Err(Errno::EEXIST) }
    }

    /// Removes the routes to a destination (through one router only, if it is given).
    pub fn del_route(&self, ns: NetnsId, destination: IpNet, via: Option<IpAddr>) -> Result<(), Errno> {
        let mut world = self.0.borrow_mut();
        let netns = world.existing(ns)?;
        let gone = netns.routes.remove_if(|entry| {
            IpNet::V4(entry.net) == destination
                && via.is_none_or(|via| entry.via.map(IpAddr::V4) == Some(via))
        });
        if gone > 0 { Ok(()) } else { Err(Errno::ESRCH) }
    }

    /// Changes a setting. Its name may be written with dots or slashes.
    ///
    /// # Errors
    /// `ENOENT` for a name that is not simulated, `EINVAL` for a bad value.
    pub fn set_sysctl(&self, ns: NetnsId, name: &str, value: &str) -> Result<(), Errno> {
        let name = name.replace('/', ".");
        let mut world = self.0.borrow_mut();
        let sysctls = &mut world.existing(ns)?.sysctls;
        if sysctls.get(&name).is_none() {
            return Err(Errno::ENOENT);
        }
        sysctls.set(&name, value).ok_or(Errno::EINVAL)
    }

    /// A setting.
    pub fn sysctl(&self, ns: NetnsId, name: &str) -> Option<String> {
        self.0.borrow().ns(ns)?.sysctls.get(&name.replace('/', "."))
    }

    /// All settings that are simulated, by name.
    pub fn sysctls(&self, ns: NetnsId) -> Vec<(&'static str, String)> {
        SYSCTLS.iter().filter_map(|name| Some((*name, self.sysctl(ns, name)?))).collect()
    }

    /// What the container network plugin does: a veth pair between a bridge and a container, hairpin mode on, an
    /// address, and the default route through the bridge. Gives the name of the host's end.
    pub fn attach_container(
        &self,
        host: NetnsId,
        bridge: &str,
        container: NetnsId,
        address: IpNet,
    ) -> Result<String, Errno> {
        let name = {
            let mut world = self.0.borrow_mut();
            let number = world.rng.next_u64() as u32;
            format!("veth{number:08x}")
        };
        let gateway = {
            let mut world = self.0.borrow_mut();
            let netns = world.existing(host)?;
            let dev = netns.dev(bridge).ok_or(Errno::ENXIO)?;
            netns.iface(dev).and_then(|iface| iface.addresses.first()).ok_or(Errno::EADDRNOTAVAIL)?.addr()
        };
        self.add_veth((host, &name), (container, "eth0"))?;
        self.add_bridge_port(host, bridge, &name, true)?;
        self.add_address(container, "eth0", address)?;
        let default = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
        self.add_route(container, Route::via(default, IpAddr::V4(gateway)))?;
        Ok(name)
    }

    /// Loads rules as `iptables-restore` (with `--noflush`, if `noflush`).
    ///
    /// # Errors
    /// What it says, without its name.
    pub fn iptables_restore(&self, ns: NetnsId, text: &str, noflush: bool) -> Result<(), String> {
        self.netfilter(ns, |netfilter| netfilter.restore(text, noflush))
            .unwrap_or_else(|| Err("no such network namespace".to_string()))
    }

    /// What `iptables-save -t TABLE` prints.
    pub fn iptables_save(&self, ns: NetnsId, table: Table) -> String {
        self.saved(ns, table, false)
    }

    /// What `iptables-save -c -t TABLE` prints.
    pub fn iptables_save_counters(&self, ns: NetnsId, table: Table) -> String {
        self.saved(ns, table, true)
    }

    fn saved(&self, ns: NetnsId, table: Table, counters: bool) -> String {
        let body = self.netfilter(ns, |netfilter| netfilter.table(table).save(counters)).unwrap_or_default();
        let c = self.0.borrow().now().timestamp().civil();
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][usize::from(c.weekday % 7)];
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            [usize::from((c.month + 11) % 12)];
        let date =
            format!("{day} {month} {:>2} {:02}:{:02}:{:02} {}", c.day, c.hour, c.minute, c.second, c.year);
        format!("# Generated by iptables-save v1.8.9 (nf_tables) on {date}\n{body}# Completed on {date}\n")
    }

    /// Looks at rules or changes them; nothing when there is no such namespace.
    pub fn netfilter<R>(&self, ns: NetnsId, f: impl FnOnce(&mut Netfilter) -> R) -> Option<R> {
        let mut world = self.0.borrow_mut();
        let netns = world.ns_mut(ns)?;
        let netfilter = netns.netfilter.get_or_insert_default();
        let result = f(netfilter);
        netfilter.rules_changed();
        World::update_conntrack(netns);
        Some(result)
    }

    /// Replaces whole chains and deletes others, all or nothing.
    pub fn replace_chains(
        &self,
        ns: NetnsId,
        table: Table,
        chains: Vec<(String, Vec<Rule>)>,
        delete: &[String],
    ) -> Result<(), NetfilterError> {
        self.netfilter(ns, |netfilter| netfilter.table_mut(table).replace_chains(chains, delete))
            .unwrap_or(Ok(()))
    }

    /// Connections that are tracked.
    pub fn conntrack(&self, ns: NetnsId) -> Vec<ConntrackEntry> {
        let world = self.0.borrow();
        let now = world.now();
        world.ns(ns).and_then(|netns| netns.conntrack.as_deref()).map_or_else(Vec::new, |c| c.list(now))
    }

    /// Forgets all tracked connections.
    pub fn conntrack_flush(&self, ns: NetnsId) {
        self.conntrack_delete(ns, |_| true);
    }

    /// Forgets tracked connections; says how many.
    pub fn conntrack_delete(&self, ns: NetnsId, mut gone: impl FnMut(&ConntrackEntry) -> bool) -> usize {
        let mut world = self.0.borrow_mut();
        let now = world.now();
        let conntrack = world.ns_mut(ns).and_then(|netns| netns.conntrack.as_deref_mut());
        conntrack.map_or(0, |conntrack| conntrack.delete(now, &mut gone))
    }
}

/// A route with its interface found out.
fn resolve(netns: &Netns, route: &Route) -> Result<route::Entry, Errno> {
    let IpNet::V4(net) = route.destination else { return Err(Errno::ENETUNREACH) };
    let v4 = |address: Option<IpAddr>| match address {
        Some(IpAddr::V4(address)) => Ok(Some(address)),
        Some(IpAddr::V6(_)) => Err(Errno::EINVAL),
        None => Ok(None),
    };
    let (via, source) = (v4(route.via)?, v4(route.source)?);
    let dev = match (&route.dev, via) {
        (Some(name), _) => netns.dev(name).ok_or(Errno::ENXIO)?,
        (None, Some(via)) => {
            let on_link = |iface: &Iface| iface.addresses.iter().any(|net| net.contains(&via));
            let found = netns.ifaces.iter().position(|iface| iface.as_ref().is_some_and(on_link));
            found.ok_or(Errno::ENETUNREACH)? as u16
        }
        (None, None) if route.kind != RouteKind::Unicast => LO,
        (None, None) => return Err(Errno::ENXIO),
    };
    Ok(route::Entry {
        net: net.trunc(),
        via,
        dev,
        source,
        kind: route.kind,
        protocol: route.protocol.clone(),
        metric: route.metric,
    })
}

impl World {
    fn add_iface(&mut self, ns: NetnsId, name: &str, kind: IfaceKind) -> Result<IfaceRef, Errno> {
        if name.is_empty() || name.len() > 15 {
            return Err(Errno::EINVAL);
        }
        if self.existing(ns)?.dev(name).is_some() {
            return Err(Errno::EEXIST);
        }
        self.next_serial += 1;
        let serial = self.next_serial;
        let mut mac: [u8; 6] = self.rng.bytes();
        // Locally administered, not a group.
        mac[0] = (mac[0] & 0xfc) | 0x02;
        if matches!(kind, IfaceKind::Loopback) {
            mac = [0; 6];
        }
        let iface = Iface {
            name: name.to_string(),
            serial,
            kind,
            up: true,
            mac,
            addresses: Vec::new(),
            master: None,
            hairpin: false,
            neighbours: SortedMap::new(),
            counters: Counters::default(),
        };
        let netns = self.existing(ns)?;
        // Numbers are not used again, as the kernel's.
        netns.ifaces.push(Some(iface));
        let dev = u16::try_from(netns.ifaces.len() - 1).map_err(|_| Errno::ENOSPC)?;
        Ok(IfaceRef { ns, dev, serial })
    }

    /// Removes an interface, and the other end of a veth pair with it.
    fn remove_iface(&mut self, ns: NetnsId, dev: u16) {
        let Some(own) = self.iface_ref(ns, dev) else { return };
        let peer = match self.iface(own).map(|iface| &iface.kind) {
            Some(IfaceKind::Veth { peer }) => *peer,
            _ => None,
        };
        let mut mates = self.link_mates(ns, dev);
        if let Some(peer) = peer {
            mates.extend(self.link_mates(peer.ns, peer.dev));
        }
        for end in std::iter::once(own).chain(peer) {
            self.take_iface(end, &mates);
        }
    }

    fn take_iface(&mut self, own: IfaceRef, mates: &[NetnsId]) {
        let IfaceRef { ns, dev, .. } = own;
        if self.iface(own).is_none() {
            return;
        }
        let Some(netns) = self.ns_mut(ns) else { return };
        let Some(iface) = netns.ifaces[usize::from(dev)].take() else { return };
        netns.addresses_changed();
        netns.routes.remove_if(|entry| entry.dev == dev);
        if let Some(IfaceKind::Bridge { ports }) =
            iface.master.and_then(|master| netns.iface_mut(master)).map(|iface| &mut iface.kind)
        {
            ports.retain(|port| *port != dev);
        }
        match iface.kind {
            IfaceKind::Bridge { ports } => {
                for port in ports {
                    if let Some(port) = netns.iface_mut(port) {
                        port.master = None;
                    }
                }
            }
            IfaceKind::Uplink { segment } => {
                self.segments[segment as usize].stations.retain(|_, station| *station != own);
            }
            _ => {}
        }
        self.forget_neighbour(own, iface.mac, mates);
    }
}
