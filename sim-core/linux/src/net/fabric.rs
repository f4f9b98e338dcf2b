//! The ground that a cluster stands on: two Ethernets, a router between them, and hosts.
//!
//! ```text
//!   10.10.0.0/24  hosts .11 and up           192.168.50.0/24  laptop .100
//!        |                                        |
//!     10.10.0.1 ------------ router ------------ 192.168.50.1
//!                              |
//!                        203.0.113.80, the internet's only web server
//! ```
//!
//! The router knows the way to the pods' networks, as a cloud's router does, but lets nobody from the laptop's
//! side go there, and loses without a word what it does not know.

use super::route::Route;
use super::{Net, NetnsId, SegmentId};
use crate::Errno;
use ipnet::{IpNet, Ipv4Net};
use sim::Duration;
use std::net::{IpAddr, Ipv4Addr};

/// Router and Ethernets.
#[derive(Clone)]
pub struct Fabric {
    net: Net,
    router: NetnsId,
    inside: SegmentId,
    outside: SegmentId,
}

const INSIDE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(10, 10, 0, 0), 24);
const OUTSIDE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 50, 0), 24);
const EVERYWHERE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

fn gateway(lan: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(lan.network()) + 1)
}

impl Fabric {
    /// A router between two Ethernets that nobody is plugged into yet.
    pub fn new(net: &Net) -> Fabric {
        let router = net.create_namespace("router");
        let latency = (Duration::from_micros(40), Duration::from_micros(90));
        let inside = net.add_segment("nodes", latency.0, latency.1);
        let outside = net.add_segment("laptop", latency.0, latency.1);
        let fabric = Fabric { net: net.clone(), router, inside, outside };
        fabric.build().expect("an empty namespace takes interfaces, addresses, routes and rules");
        fabric
    }

    fn build(&self) -> Result<(), Errno> {
        let (net, router) = (&self.net, self.router);
        net.add_uplink(router, "eth0", self.inside)?;
        net.add_uplink(router, "eth1", self.outside)?;
        net.add_address(router, "eth0", IpNet::V4(Ipv4Net::new_assert(gateway(INSIDE), 24)))?;
        net.add_address(router, "eth1", IpNet::V4(Ipv4Net::new_assert(gateway(OUTSIDE), 24)))?;
        net.add_address(router, "lo", IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 80), 32)))?;
        net.set_sysctl(router, "net.ipv4.ip_forward", "1")?;
        net.add_route(router, Route::blackhole(IpNet::V4(EVERYWHERE)))?;
        // The only rules of the router; they ask for no connection tracking.
        let rules = "*filter\n-A FORWARD -i eth1 ! -d 10.10.0.0/24 -j DROP\nCOMMIT\n";
        net.iptables_restore(router, rules, false).map_err(|_| Errno::EINVAL)
    }

    /// The router's namespace: what listens there is the internet.
    pub fn router(&self) -> NetnsId {
        self.router
    }

    /// A host with `eth0` in the network that the address belongs to, and the router as its default gateway.
    ///
    /// # Errors
    /// `EADDRNOTAVAIL` when the address is in neither network.
    pub fn add_host(&self, name: &str, address: Ipv4Addr) -> Result<NetnsId, Errno> {
        let (lan, segment) = match address {
            _ if INSIDE.contains(&address) => (INSIDE, self.inside),
            _ if OUTSIDE.contains(&address) => (OUTSIDE, self.outside),
            _ => return Err(Errno::EADDRNOTAVAIL),
        };
        let net = &self.net;
        let host = net.create_namespace(name);
        net.add_uplink(host, "eth0", segment)?;
        net.add_address(host, "eth0", IpNet::V4(Ipv4Net::new_assert(address, lan.prefix_len())))?;
        net.add_route(host, Route::via(IpNet::V4(EVERYWHERE), IpAddr::V4(gateway(lan))))?;
        Ok(host)
    }

    /// Tells the router which host a pod network is behind.
    pub fn add_pod_route(&self, pods: Ipv4Net, host: Ipv4Addr) -> Result<(), Errno> {
        self.net.add_route(self.router, Route::via(IpNet::V4(pods), IpAddr::V4(host)))
    }
}
