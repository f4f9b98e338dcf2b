//! CoreDNS: the cluster's names.
//!
//! Two pods of the Deployment kube-system/coredns answer on port 53, UDP and TCP, behind the Service kube-dns. What
//! they do is kubeadm's Corefile:
//!
//! ```text
//!   .:53 {
//!       health            :8080/health
//!       ready             :8181/ready
//!       kubernetes cluster.local in-addr.arpa ip6.arpa { pods insecure; fallthrough in-addr.arpa ip6.arpa; ttl 30 }
//!       forward . /etc/resolv.conf
//!       cache 30 { disable success cluster.local; disable denial cluster.local }
//!       loadbalance
//!   }
//! ```
//!
//! [`kubernetes`] answers for the zone, [`server`] listens, forwards, caches and shuffles. [`upstream`] is the
//! resolver of the outside world, on the router. Left out: metrics (nobody listens on 9153), loop, reload.

pub mod kubernetes;
pub mod server;
pub mod upstream;
mod wire;
