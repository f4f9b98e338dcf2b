//! The cluster: what a learner reaches with `kubectl`.
//!
//! An object is a JSON value ([`api`]), kept by the [`apiserver`]. Everything else is a client of it
//! ([`client`]): [`controllers`] that bring the world closer to what the objects say, the
//! [`scheduler`] that picks a node for each pod, a [`kubelet`] per node that runs them, a
//! [`kube_proxy`] per node that writes the rules behind Services, a [`kube_router`] per node that
//! writes those of network policies, and [`coredns`] that answers for names of Services. [`cluster`] puts one together the way kubeadm does.
//!
//! **Invariant**: nothing here names a program or an image of the simulated world; who builds a world
//! hands them in. Controllers see [`client`], never the store.

// Tests have long `json!`s, which are read a member at a time.
#![cfg_attr(test, recursion_limit = "256")]

mod aggregator;
pub mod api;
pub mod apiserver;
pub mod apiserver_program;
pub mod client;
pub mod cluster;
pub mod controllers;
pub mod coredns;
mod dial;
pub mod kube_proxy;
pub mod kube_router;
pub mod kubelet;
pub mod metrics_server;
pub mod scheduler;
