//! A whole cluster, put together the way kubeadm does it, with the network around it.
//!
//! ```text
//!   laptop 192.168.50.100 ──┐
//!                           │ 192.168.50.1
//!                        router (upstream DNS, example.com)
//!                           │ 10.10.0.1
//!      ┌────────────────────┼────────────────────┐
//!   node1 10.10.0.11     node2 10.10.0.12     node3 10.10.0.13 …
//!   cni0 10.244.0.1/24   cni0 10.244.1.1/24   cni0 10.244.2.1/24
//! ```
//!
//! `machines` boots the hosts, `objects` and `workloads` are what `kubectl get all -A` finds on a fresh
//! cluster, [`Installation`] what it stands on, [`images`] what the control plane is made of, [`cloud`] the load balancers of the
//! `cloud` profile, `metrics_server` what the `metrics` profile adds.
//! Who builds a world hands in what is not the cluster's own: images, and the root file systems of the machines.

pub mod cloud;
pub mod images;
mod installation;
mod machines;
mod metrics_server;
mod objects;
mod workloads;

use crate::api::{DEPLOYMENT, Object, ObjectExt, POD, condition};
use crate::apiserver::ApiServer;
use crate::kubelet::{ImageRegistry, Kubelet};
use crate::{controllers, scheduler};
use images::SystemImages;
pub use installation::{API_SERVER, Installation};
use ipnet::Ipv4Net;
use linux::Host;
use linux::net::{Net, NetnsId};
use linux::vfs::Vfs;
use sim::{Duration, Sim};
use std::net::Ipv4Addr;
use std::rc::Rc;

/// The address that pods ask for names.
pub const CLUSTER_DNS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);
/// The router's address towards the nodes.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 1);
/// The laptop's address.
pub const LAPTOP: Ipv4Addr = Ipv4Addr::new(192, 168, 50, 100);

/// What a cluster is to be like.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// How many nodes, at least one.
    pub nodes: u8,
    /// With a cloud's load balancers.
    pub cloud: bool,
    /// With a metrics server, for `kubectl top` and autoscalers.
    pub metrics: bool,
    /// How many pods a node takes: 110, unless it is about numbers (its network has room for 253).
    pub max_pods: u32,
    /// What it stands on.
    pub installation: Installation,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        ClusterConfig {
            nodes: 3,
            cloud: false,
            metrics: false,
            max_pods: 110,
            installation: Installation::default(),
        }
    }
}

/// The machines of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Machine {
    /// A node, by its number from 1.
    Node(u8),
    /// The learner's own machine, outside of the cluster.
    Laptop,
}

impl Machine {
    /// Its host name.
    pub fn name(&self) -> String {
        match self {
            Machine::Node(number) => format!("node{number}"),
            Machine::Laptop => "laptop".to_string(),
        }
    }
}

/// One node.
#[derive(Clone)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// The machine.
    pub host: Host,
    /// What runs pods on it.
    pub kubelet: Kubelet,
}

/// A running cluster.
#[derive(Clone)]
pub struct Cluster {
    /// Its API.
    pub api: ApiServer,
    /// Its nodes, node1 first: it is the control plane, and pods may run on it.
    pub nodes: Vec<Node>,
    /// The machine outside.
    pub laptop: Host,
    /// The network's router.
    pub router: Host,
    sim: Sim,
}

/// The address of a node, by its number from 1.
pub fn node_address(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 10, 0, 10 + number)
}

/// The pods' network on a node.
pub fn pod_cidr(number: u8) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::new(10, 244, number - 1, 0), 24).expect("24 is a prefix length")
}

/// The network of all pods.
pub fn cluster_cidr() -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::new(10, 244, 0, 0), 16).expect("16 is a prefix length")
}

impl Cluster {
    /// Builds a cluster and starts it; nothing has happened in it yet. `root_of` makes the root file system of a
    /// machine, with its programs and users; what every machine has in /etc is added here.
    pub fn boot(
        sim: &Sim,
        net: &Net,
        config: &ClusterConfig,
        images: Rc<dyn ImageRegistry>,
        root_of: &dyn Fn(&Machine) -> Vfs,
    ) -> Cluster {
        let api = ApiServer::new(sim);
        api.ensure_kubernetes_service(&node_address(1).to_string());
        objects::create(&api, config.installation.kubeadm);
        let images: Rc<dyn ImageRegistry> = Rc::new(SystemImages::new(&api, images));
        let network = machines::Network::new(sim, net, config.nodes);
        let nodes: Vec<Node> = (1..=config.nodes.max(1))
            .map(|number| {
                machines::start_node(&network, number, config, &api, &images, root_of(&Machine::Node(number)))
            })
            .collect();
        let laptop = machines::start_laptop(&network, root_of(&Machine::Laptop));
        let router = machines::start_router(&network);
        controllers::start(sim, &api);
        scheduler::start(sim, &api);
        workloads::start(&api, config.installation.kubeadm);
        if config.metrics {
            metrics_server::create(&api);
        }
        if config.cloud {
            cloud::start(sim, net, network.router(), &api);
        }
        Cluster { api, nodes, laptop, router, sim: sim.clone() }
    }

    /// Lets time pass until all of kube-system is up, as it is when a learner sits down; an hour at most. Says
    /// whether it came to that.
    pub fn wait_until_available(&self) -> bool {
        for _ in 0..3_600 {
            let available = self.is_available();
            self.sim.advance(self.sim.now() + Duration::from_secs(1), u64::MAX);
            if available {
                // The kube-proxies write not more than once a second what they have heard of.
                self.sim.advance(self.sim.now() + Duration::from_secs(1), u64::MAX);
                return true;
            }
        }
        false
    }

    fn is_available(&self) -> bool {
        let ready = |pod: &Object| condition(pod, "Ready").is_some_and(|c| c.str_at("/status") == "True");
        let deployments = self.api.snapshot(DEPLOYMENT);
        let available = deployments.iter().any(|deployment| {
            deployment.name() == "coredns" && deployment.int_at("/status/availableReplicas") == Some(2)
        });
        available && self.api.snapshot(POD).iter().filter(|pod| pod.namespace() == "kube-system").all(ready)
    }

    /// What a user's kubeconfig says.
    pub fn kubeconfig(&self) -> String {
        objects::kubeconfig()
    }

    /// The network namespace of a node.
    pub fn netns_of(&self, node: &str) -> Option<NetnsId> {
        let node = self.nodes.iter().find(|found| found.name == node)?;
        Some(node.host.namespaces().netns)
    }
}

#[cfg(test)]
mod tests;
