//! Routes: where a packet goes next. The longest prefix wins, then the lowest metric.

use ipnet::{IpNet, Ipv4Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// What a route does with a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteKind {
    /// Sends it on.
    #[default]
    Unicast,
    /// Loses it without a word.
    Blackhole,
    /// Answers `Destination Host Unreachable`.
    Unreachable,
    /// Answers `Packet filtered`.
    Prohibit,
}

/// A line of `ip route`. `Display` writes it as that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Destinations; a prefix of length 0 is the default route.
    pub destination: IpNet,
    /// The next router; none when the destinations are on the link.
    pub via: Option<IpAddr>,
    /// Interface; may be left out when `via` tells it.
    pub dev: Option<String>,
    /// Preferred source address.
    pub source: Option<IpAddr>,
    /// What it does.
    pub kind: RouteKind,
    /// Who made it: empty, `kernel`, `static`.
    pub protocol: String,
    /// Smaller is better.
    pub metric: u32,
}

impl Route {
    /// A route through a router.
    pub fn via(destination: IpNet, router: IpAddr) -> Route {
        Route {
            destination,
            via: Some(router),
            dev: None,
            source: None,
            kind: RouteKind::Unicast,
            protocol: String::new(),
            metric: 0,
        }
    }
    /// A route to a link.
    pub fn on_link(destination: IpNet, dev: &str) -> Route {
        Route {
            destination,
            via: None,
            dev: Some(dev.to_string()),
            source: None,
            kind: RouteKind::Unicast,
            protocol: String::new(),
            metric: 0,
        }
    }
    /// A route that loses packets.
    pub fn blackhole(destination: IpNet) -> Route {
        Route {
            destination,
            via: None,
            dev: None,
            source: None,
            kind: RouteKind::Blackhole,
            protocol: String::new(),
            metric: 0,
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RouteKind::Unicast => {}
            RouteKind::Blackhole => f.write_str("blackhole ")?,
            RouteKind::Unreachable => f.write_str("unreachable ")?,
            RouteKind::Prohibit => f.write_str("prohibit ")?,
        }
        if self.destination.prefix_len() == 0 {
            f.write_str("default ")?;
        } else if self.destination.prefix_len() == self.destination.max_prefix_len() {
            write!(f, "{} ", self.destination.addr())?;
        } else {
            write!(f, "{} ", self.destination)?;
        }
        if let Some(via) = self.via {
            write!(f, "via {via} ")?;
        }
        if let Some(dev) = &self.dev {
            write!(f, "dev {dev} ")?;
        }
        if !self.protocol.is_empty() {
            write!(f, "proto {} ", self.protocol)?;
        }
        if self.kind == RouteKind::Unicast && self.via.is_none() {
            f.write_str("scope link ")?;
        }
        if let Some(source) = self.source {
            write!(f, "src {source} ")?;
        }
        if self.metric != 0 {
            write!(f, "metric {} ", self.metric)?;
        }
        Ok(())
    }
}

/// A route as packets meet it: the interface is a number.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) net: Ipv4Net,
    pub(crate) via: Option<Ipv4Addr>,
    pub(crate) dev: u16,
    pub(crate) source: Option<Ipv4Addr>,
    pub(crate) kind: RouteKind,
    pub(crate) protocol: String,
    pub(crate) metric: u32,
}

/// A routing table: entries by prefix length (longest first), then network, then metric.
#[derive(Default)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    /// Their networks side by side, to be searched.
    networks: Vec<u32>,
    /// Entries of one prefix length: the mask, and where they end.
    groups: Vec<(u32, usize)>,
}

fn order(entry: &Entry) -> (u8, u32, u32) {
    (32 - entry.net.prefix_len(), u32::from(entry.net.network()), entry.metric)
}

impl Table {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// False when there is one for the same destination and metric already.
    pub(crate) fn add(&mut self, entry: Entry) -> bool {
        match self.entries.binary_search_by_key(&order(&entry), order) {
            Ok(_) => false,
            Err(at) => {
                self.entries.insert(at, entry);
                self.regroup();
                true
            }
        }
    }

    pub(crate) fn remove_if(&mut self, gone: impl Fn(&Entry) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| !gone(entry));
        self.regroup();
        before - self.entries.len()
    }

    fn regroup(&mut self) {
        self.groups.clear();
        self.networks.clear();
        for entry in &self.entries {
            let mask = u32::from(entry.net.netmask());
            self.networks.push(u32::from(entry.net.network()));
            match self.groups.last_mut() {
                Some(last) if last.0 == mask => last.1 += 1,
                _ => self.groups.push((mask, self.networks.len())),
            }
        }
    }

    pub(crate) fn lookup(&self, to: Ipv4Addr) -> Option<&Entry> {
        let mut begin = 0;
        for &(mask, end) in &self.groups {
            let wanted = u32::from(to) & mask;
            // Several for one network are in the order of their metrics.
            let at = begin + self.networks[begin..end].partition_point(|network| *network < wanted);
            if at < end && self.networks[at] == wanted {
                return self.entries.get(at);
            }
            begin = end;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins() {
        let mut table = Table::default();
        for (n, net) in ["0.0.0.0/0", "10.0.0.0/8", "10.244.1.0/24", "10.244.2.0/24"].iter().enumerate() {
            assert!(table.add(Entry {
                net: net.parse().unwrap(),
                via: None,
                dev: n as u16,
                source: None,
                kind: RouteKind::Unicast,
                protocol: String::new(),
                metric: 0,
            }));
        }
        let dev = |to: &str| table.lookup(to.parse().unwrap()).map(|entry| entry.dev);
        assert_eq!(dev("10.244.2.9"), Some(3));
        assert_eq!(dev("10.244.3.9"), Some(1));
        assert_eq!(dev("8.8.8.8"), Some(0));
    }
}
