//! kube-proxy: what makes a Service's address lead to its pods.
//!
//! One runs on every node. It watches Services and EndpointSlices and writes iptables rules, and that is all:
//! packets never pass through it, and nothing else in the cluster knows what a Service is. When its rules are late
//! or wrong, the Service is.
//!
//! Modelled on pkg/proxy and pkg/proxy/iptables (1.35): [`names`] of chains, [`service`] and [`endpoints`] as read
//! from the objects, [`rules`] of one port, [`proxier`] that puts them together and writes what has changed,
//! [`setup`] of the jumps from the kernel's own chains, [`runner`] that watches and syncs.
//! Left out: ipvs and nftables modes, IPv6, zone hints, `masqueradeAll`, nfacct counters.

pub mod endpoints;
pub mod names;
pub mod proxier;
pub mod rules;
pub mod runner;
pub mod service;
pub mod setup;
#[cfg(test)]
mod tests;

pub use proxier::Proxier;
pub use rules::NodeConfig;
