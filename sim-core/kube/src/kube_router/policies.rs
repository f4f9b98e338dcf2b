//! What a policy says, in addresses and ports.

use crate::api::{LabelSelector, Object, ObjectExt};
use ipnet::Ipv4Net;
use serde_json::Value;
use sim::SortedSet;
use std::net::Ipv4Addr;

/// A pod as policies see it.
pub struct Pod<'a> {
    /// The object.
    pub object: &'a Value,
    /// Its address.
    pub ip: Ipv4Addr,
}

/// One of the two ways through a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Connections to the pods.
    Ingress,
    /// Connections from the pods.
    Egress,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::Ingress, Direction::Egress];

    /// As `policyTypes` has it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Ingress => "Ingress",
            Direction::Egress => "Egress",
        }
    }

    /// The rules of this direction.
    fn rules(self, policy: &Value) -> &[Value] {
        match self {
            Direction::Ingress => policy.list_at("/spec/ingress"),
            Direction::Egress => policy.list_at("/spec/egress"),
        }
    }

    /// The other ends that a rule names.
    fn peers(self, rule: &Value) -> &[Value] {
        match self {
            Direction::Ingress => rule.list_at("/from"),
            Direction::Egress => rule.list_at("/to"),
        }
    }
}

/// Whom a rule lets through, at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Anybody.
    All,
    /// A pod.
    Pod(Ipv4Addr),
    /// A network.
    Block(Ipv4Net),
}

/// Which ports of the receiving end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// All, of any protocol.
    Any,
    /// All of a protocol, or from one to another.
    Range(&'static str, Option<(u16, u16)>),
    /// Of the receiving pod with this address: a named port is another number in each.
    Of(Ipv4Addr, &'static str, u16),
}

/// What of a policy one line lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The other end.
    pub peer: Peer,
    /// The port.
    pub port: Port,
}

/// All that can be told of the cluster.
pub struct Cluster<'a> {
    /// Pods that have an address of their own and run.
    pub pods: Vec<Pod<'a>>,
    /// Namespaces.
    pub namespaces: &'a [Object],
}

impl<'a> Cluster<'a> {
    /// Of all pods those that policies are for.
    pub fn new(pods: &'a [Object], namespaces: &'a [Object]) -> Self {
        let pods = pods.iter().filter_map(|pod| Some(Pod { ip: address(pod)?, object: pod })).collect();
        Cluster { pods, namespaces }
    }

    /// The pods that a policy is for.
    pub fn selected(&self, policy: &'a Value) -> impl Iterator<Item = &Pod<'a>> {
        let selector = LabelSelector::from_value(policy.at("/spec/podSelector"));
        let namespace = policy.namespace();
        self.pods
            .iter()
            .filter(move |pod| pod.object.namespace() == namespace && selector.matches(pod.object.labels()))
    }

    /// What a policy lets through in one direction.
    pub fn allowances(&self, policy: &'a Value, direction: Direction) -> Vec<Allowance> {
        let mut all = Vec::new();
        for rule in direction.rules(policy) {
            let peers = direction.peers(rule);
            let peers: Vec<Peer> = match peers {
                [] => vec![Peer::All],
                peers => peers.iter().flat_map(|peer| self.peer(policy.namespace(), peer)).collect(),
            };
            let ports = rule.list_at("/ports");
            for peer in &peers {
                if ports.is_empty() {
                    all.push(Allowance { peer: peer.clone(), port: Port::Any });
                }
                for port in ports {
                    for port in self.port(policy, direction, peer, port) {
                        all.push(Allowance { peer: peer.clone(), port });
                    }
                }
            }
        }
        all
    }

    fn peer(&self, own: &str, peer: &Value) -> Vec<Peer> {
        let block = peer.at("/ipBlock");
        if !block.is_null() {
            let Ok(cidr) = block.str_at("/cidr").parse::<Ipv4Net>() else { return Vec::new() };
            let mut left = vec![cidr.trunc()];
            for except in block.list_at("/except").iter().filter_map(|e| e.as_str()?.parse().ok()) {
                left = left.into_iter().flat_map(|net| without(net, except)).collect();
            }
            return left.into_iter().map(Peer::Block).collect();
        }
        let selector = |path: &str| match peer.at(path) {
            Value::Null => None,
            selector => Some(LabelSelector::from_value(selector)),
        };
        let (pods, namespaces) = (selector("/podSelector"), selector("/namespaceSelector"));
        let meant: SortedSet<&str> = match &namespaces {
            None => SortedSet::from([own]),
            Some(selector) => {
                let meant = self.namespaces.iter().filter(|namespace| selector.matches(namespace.labels()));
                meant.map(|namespace| namespace.name()).collect()
            }
        };
        let found = self.pods.iter().filter(|pod| {
            meant.contains(pod.object.namespace())
                && pods.as_ref().is_none_or(|selector| selector.matches(pod.object.labels()))
        });
        found.map(|pod| Peer::Pod(pod.ip)).collect()
    }

    fn port(&self, policy: &'a Value, direction: Direction, peer: &Peer, port: &Value) -> Vec<Port> {
        let protocol = protocol(port.str_at("/protocol"));
        match port.at("/port") {
            Value::Null => vec![Port::Range(protocol, None)],
            Value::String(name) => {
                // The name is one of the container's that receives.
                let numbers = |pod: &Pod<'_>| {
                    named(pod.object, name, protocol).map(|number| Port::Of(pod.ip, protocol, number))
                };
                match (direction, peer) {
                    (Direction::Ingress, _) => self.selected(policy).filter_map(numbers).collect(),
                    (Direction::Egress, Peer::Pod(ip)) => {
                        self.pods.iter().filter(|pod| pod.ip == *ip).filter_map(numbers).collect()
                    }
                    (Direction::Egress, _) => Vec::new(),
                }
            }
            first => {
                let number = |value: &Value| value.as_u64().and_then(|n| u16::try_from(n).ok());
                let Some(first) = number(first) else { return Vec::new() };
                let last = number(port.at("/endPort")).unwrap_or(first);
                vec![Port::Range(protocol, Some((first, last)))]
            }
        }
    }
}

/// Whether a policy is about this direction.
pub fn is_about(policy: &Value, direction: Direction) -> bool {
    policy.list_at("/spec/policyTypes").iter().any(|kind| kind == direction.name())
}

/// The address under which policies know a pod: none of those that share their node's, or that have ended.
fn address(pod: &Value) -> Option<Ipv4Addr> {
    let over = matches!(pod.str_at("/status/phase"), "Succeeded" | "Failed");
    if over || pod.bool_at("/spec/hostNetwork") {
        return None;
    }
    pod.str_at("/status/podIP").parse().ok()
}

fn protocol(text: &str) -> &'static str {
    match text {
        "UDP" => "udp",
        "SCTP" => "sctp",
        _ => "tcp",
    }
}

/// The number of a named port of a pod.
fn named(pod: &Value, name: &str, wanted: &str) -> Option<u16> {
    let containers = pod.list_at("/spec/containers").iter();
    let ports = containers.flat_map(|container| container.list_at("/ports"));
    let mut ports =
        ports.filter(|port| port.str_at("/name") == name && protocol(port.str_at("/protocol")) == wanted);
    ports.next().and_then(|port| u16::try_from(port.int_at("/containerPort")?).ok())
}

/// The parts of a network that are left when another is taken out of it.
fn without(net: Ipv4Net, except: Ipv4Net) -> Vec<Ipv4Net> {
    if except.contains(&net) {
        return Vec::new();
    }
    if !net.contains(&except) {
        return vec![net];
    }
    let halves = net.subnets(net.prefix_len() + 1).into_iter().flatten();
    halves.flat_map(|half| without(half, except)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_leaves_the_rest_of_the_network() {
        let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
        let rest = without(net("10.0.0.0/8"), net("10.64.0.0/10"));
        assert_eq!(rest, [net("10.0.0.0/10"), net("10.128.0.0/9")]);
        assert!(without(net("10.1.0.0/16"), net("10.0.0.0/8")).is_empty());
        assert_eq!(without(net("10.1.0.0/16"), net("10.2.0.0/16")), [net("10.1.0.0/16")]);
    }
}
