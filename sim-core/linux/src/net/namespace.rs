//! Network namespaces: interfaces with their addresses and neighbours, and the settings of `sysctl`.

use super::NetnsId;
use super::conntrack::{Conntrack, CtTcpState};
use super::netfilter::Netfilter;
use super::packet::Packet;
use super::route;
use ipnet::Ipv4Net;
use sim::{Duration, Instant, SortedMap};
use std::net::Ipv4Addr;

/// An interface of some namespace. The serial number tells it from another that got its place later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IfaceRef {
    pub(crate) ns: NetnsId,
    pub(crate) dev: u16,
    pub(crate) serial: u32,
}

/// The loopback interface is always the first.
pub(crate) const LO: u16 = 0;

#[derive(Debug)]
pub(crate) enum IfaceKind {
    Loopback,
    Veth { peer: Option<IfaceRef> },
    Bridge { ports: Vec<u16> },
    Uplink { segment: u32 },
}

pub(crate) struct Iface {
    pub(crate) name: String,
    pub(crate) serial: u32,
    pub(crate) kind: IfaceKind,
    pub(crate) up: bool,
    pub(crate) mac: [u8; 6],
    pub(crate) addresses: Vec<Ipv4Net>,
    /// The bridge that it is a port of.
    pub(crate) master: Option<u16>,
    pub(crate) hairpin: bool,
    /// By address, as a number.
    pub(crate) neighbours: SortedMap<u32, Neighbour>,
    pub(crate) counters: Counters,
}

/// What went through an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets received.
    pub rx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
}

/// What is known about a neighbour on a link.
pub(crate) enum Neighbour {
    /// It answers.
    Reachable { target: IfaceRef, used: Instant },
    /// It is gone, but nobody has noticed yet: packets to its old hardware address vanish.
    Gone { until: Instant, mac: [u8; 6] },
    /// Asked for; packets wait.
    Incomplete { waiting: Vec<Packet> },
    /// Nobody answered.
    Failed,
}

/// Timeouts of connection tracking.
#[derive(Clone, Debug)]
pub(crate) struct Timeouts {
    pub(crate) tcp: [Duration; 8],
    pub(crate) tcp_unacknowledged: Duration,
    pub(crate) udp: Duration,
    pub(crate) udp_stream: Duration,
    pub(crate) icmp: Duration,
}

impl Timeouts {
    pub(crate) fn tcp(&self, state: CtTcpState) -> Duration {
        self.tcp[state as usize]
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        let s = Duration::from_secs;
        Timeouts {
            tcp: [s(120), s(60), s(432_000), s(120), s(60), s(30), s(120), s(10)],
            tcp_unacknowledged: s(300),
            udp: s(30),
            udp_stream: s(120),
            icmp: s(30),
        }
    }
}

/// Settings that change what packets do. All others of a real kernel are not simulated.
#[derive(Clone, Debug)]
pub(crate) struct Sysctls {
    pub(crate) ip_forward: bool,
    pub(crate) route_localnet: bool,
    pub(crate) bridge_nf_call_iptables: bool,
    pub(crate) syn_retries: u32,
    pub(crate) local_ports: (u16, u16),
    pub(crate) default_ttl: u8,
    /// Ports from here on are anybody's.
    pub(crate) unprivileged_ports: u16,
    pub(crate) timeouts: Timeouts,
}

impl Default for Sysctls {
    fn default() -> Self {
        Sysctls {
            ip_forward: false,
            route_localnet: false,
            bridge_nf_call_iptables: true,
            syn_retries: 6,
            local_ports: (32_768, 60_999),
            default_ttl: 64,
            unprivileged_ports: 1_024,
            timeouts: Timeouts::default(),
        }
    }
}

/// Names of settings, sorted, for listings.
pub(crate) const SYSCTLS: [&str; 20] = [
    "net.bridge.bridge-nf-call-iptables",
    "net.ipv4.conf.all.route_localnet",
    "net.ipv4.ip_default_ttl",
    "net.ipv4.ip_forward",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syn_linear_timeouts",
    "net.ipv4.tcp_syn_retries",
    "net.netfilter.nf_conntrack_icmp_timeout",
    "net.netfilter.nf_conntrack_tcp_timeout_close",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_fin_wait",
    "net.netfilter.nf_conntrack_tcp_timeout_last_ack",
    "net.netfilter.nf_conntrack_tcp_timeout_syn_recv",
    "net.netfilter.nf_conntrack_tcp_timeout_syn_sent",
    "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
    "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged",
    "net.netfilter.nf_conntrack_udp_timeout",
    "net.netfilter.nf_conntrack_udp_timeout_stream",
];

impl Sysctls {
    fn timeout(&mut self, name: &str) -> Option<&mut Duration> {
        let t = &mut self.timeouts;
        Some(match name.strip_prefix("net.netfilter.nf_conntrack_")? {
            "icmp_timeout" => &mut t.icmp,
            "udp_timeout" => &mut t.udp,
            "udp_timeout_stream" => &mut t.udp_stream,
            "tcp_timeout_syn_sent" => &mut t.tcp[CtTcpState::SynSent as usize],
            "tcp_timeout_syn_recv" => &mut t.tcp[CtTcpState::SynRecv as usize],
            "tcp_timeout_established" => &mut t.tcp[CtTcpState::Established as usize],
            "tcp_timeout_fin_wait" => &mut t.tcp[CtTcpState::FinWait as usize],
            "tcp_timeout_close_wait" => &mut t.tcp[CtTcpState::CloseWait as usize],
            "tcp_timeout_last_ack" => &mut t.tcp[CtTcpState::LastAck as usize],
            "tcp_timeout_time_wait" => &mut t.tcp[CtTcpState::TimeWait as usize],
            "tcp_timeout_close" => &mut t.tcp[CtTcpState::Close as usize],
            "tcp_timeout_unacknowledged" => &mut t.tcp_unacknowledged,
            _ => return None,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let flag = |on: bool| String::from(if on { "1" } else { "0" });
        Some(match name {
            "net.ipv4.ip_forward" | "net.ipv4.conf.all.forwarding" => flag(self.ip_forward),
            "net.ipv4.conf.all.route_localnet" => flag(self.route_localnet),
            "net.bridge.bridge-nf-call-iptables" => flag(self.bridge_nf_call_iptables),
            "net.ipv4.tcp_syn_retries" => self.syn_retries.to_string(),
            "net.ipv4.tcp_syn_linear_timeouts" => "4".to_string(),
            "net.ipv4.ip_default_ttl" => self.default_ttl.to_string(),
            "net.ipv4.ip_unprivileged_port_start" => self.unprivileged_ports.to_string(),
            "net.ipv4.ip_local_port_range" => format!("{}\t{}", self.local_ports.0, self.local_ports.1),
            _ => self.clone().timeout(name)?.as_secs().to_string(),
        })
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let flag = || value.trim().parse::<i64>().ok().map(|n| n != 0);
        match name {
            "net.ipv4.ip_forward" | "net.ipv4.conf.all.forwarding" => self.ip_forward = flag()?,
            "net.ipv4.conf.all.route_localnet" => self.route_localnet = flag()?,
            "net.bridge.bridge-nf-call-iptables" => self.bridge_nf_call_iptables = flag()?,
            "net.ipv4.tcp_syn_retries" => self.syn_retries = value.trim().parse().ok()?,
            "net.ipv4.ip_default_ttl" => self.default_ttl = value.trim().parse().ok()?,
            "net.ipv4.ip_unprivileged_port_start" => self.unprivileged_ports = value.trim().parse().ok()?,
            "net.ipv4.ip_local_port_range" => {
                let mut ports = value.split_whitespace().map(str::parse);
                let (Some(Ok(low)), Some(Ok(high))) = (ports.next(), ports.next()) else { return None };
                if low > high {
                    return None;
                }
                self.local_ports = (low, high);
            }
            _ => *self.timeout(name)? = Duration::from_secs(value.trim().parse().ok()?),
        }
        Some(())
    }
}

/// A socket that waits at a port.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) socket: u32,
}

pub(crate) struct Netns {
    pub(crate) name: String,
    pub(crate) ifaces: Vec<Option<Iface>>,
    /// The addresses of all interfaces side by side: every packet is compared with them.
    locals: Vec<Ipv4Addr>,
    pub(crate) routes: route::Table,
    pub(crate) sysctls: Sysctls,
    pub(crate) netfilter: Option<Box<Netfilter>>,
    pub(crate) conntrack: Option<Box<Conntrack>>,
    pub(crate) listeners: Vec<Bound>,
    pub(crate) udp: Vec<Bound>,
    pub(crate) icmp: Vec<(u16, u32)>,
    /// How many ICMP errors each peer may still get, in milliseconds of patience, and since when.
    pub(crate) icmp_limits: SortedMap<Ipv4Addr, (u64, Instant)>,
}

impl Netns {
    pub(crate) fn new(name: &str) -> Netns {
        Netns {
            name: name.to_string(),
            ifaces: Vec::new(),
            locals: Vec::new(),
            routes: route::Table::default(),
            sysctls: Sysctls::default(),
            netfilter: None,
            conntrack: None,
            listeners: Vec::new(),
            udp: Vec::new(),
            icmp: Vec::new(),
            icmp_limits: SortedMap::new(),
        }
    }
    /// To be called when interfaces have won or lost addresses.
    pub(crate) fn addresses_changed(&mut self) {
        self.locals = self
            .ifaces
            .iter()
            .flatten()
            .flat_map(|iface| iface.addresses.iter().map(Ipv4Net::addr))
            .filter(|address| !address.is_loopback())
            .collect();
    }
    #[inline(always)]
    pub(crate) fn iface(&self, dev: u16) -> Option<&Iface> {
        self.ifaces.get(usize::from(dev))?.as_ref()
    }
    #[inline(always)]
    pub(crate) fn iface_mut(&mut self, dev: u16) -> Option<&mut Iface> {
        self.ifaces.get_mut(usize::from(dev))?.as_mut()
    }
    pub(crate) fn dev(&self, name: &str) -> Option<u16> {
        self.ifaces
            .iter()
            .position(|iface| iface.as_ref().is_some_and(|iface| iface.name == name))
            .map(|dev| dev as u16)
    }
    /// True for the host's own addresses and all of 127.0.0.0/8.
    #[inline(always)]
    pub(crate) fn is_local(&self, address: Ipv4Addr) -> bool {
        is_local(&self.locals, address)
    }
    /// The parts that the hooks work with.
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Netns { ifaces, locals, sysctls, netfilter, conntrack, .. } = self;
        Parts {
            ifaces,
            locals,
            timeouts: &sysctls.timeouts,
            netfilter: netfilter.as_deref_mut(),
            conntrack: conntrack.as_deref_mut(),
        }
    }
    /// The address that packets through an interface come from, the one nearest to `towards`.
    pub(crate) fn source_for(&self, dev: u16, towards: Ipv4Addr) -> Option<Ipv4Addr> {
        let own = |iface: &Iface| {
            let near = iface.addresses.iter().find(|net| net.contains(&towards));
            near.or(iface.addresses.first()).map(Ipv4Net::addr)
        };
        self.iface(dev)
            .and_then(own)
            .or_else(|| self.ifaces.iter().flatten().filter(|i| !i.name.starts_with("lo")).find_map(own))
    }
}

/// A namespace taken apart, so that rules and connections can change while interfaces are looked at.
pub(crate) struct Parts<'a> {
    pub(crate) ifaces: &'a [Option<Iface>],
    pub(crate) locals: &'a [Ipv4Addr],
    pub(crate) timeouts: &'a Timeouts,
    pub(crate) netfilter: Option<&'a mut Netfilter>,
    pub(crate) conntrack: Option<&'a mut Conntrack>,
}

/// True for these addresses and all of 127.0.0.0/8.
pub(crate) fn is_local(locals: &[Ipv4Addr], address: Ipv4Addr) -> bool {
    address.is_loopback() || locals.contains(&address)
}
