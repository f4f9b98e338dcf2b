//! kube-router: what makes a NetworkPolicy true.
//!
//! One runs on every node, as a service of the machine and with nothing but its firewall. It watches policies,
//! pods and namespaces and writes rules into the filter table: a chain for each policy, which marks what the
//! policy lets through, and a chain for each pod of this node that a policy selects, which refuses what is not
//! marked. Without a policy there is not one rule of it.
//!
//! ```text
//!   FORWARD ─> KUBE-ROUTER-FORWARD ─(-d or -s a pod)─> KUBE-POD-FW-…
//!                     │                                   ├ established: ACCEPT
//!                     │                                   ├─> KUBE-NWPLCY-… : MARK 0x10000
//!                     │                                   └ not marked: REJECT
//!                     └ complied: ACCEPT
//! ```
//!
//! Models cloudnativelabs/kube-router `pkg/controllers/netpol`: [`policies`] as read from the objects, [`rules`],
//! [`runner`]. What is different: kube-router keeps addresses in ipsets, here each has a rule; a policy has a
//! chain for each direction; there is no log of what was refused.

pub mod policies;
pub mod rules;
pub mod runner;
