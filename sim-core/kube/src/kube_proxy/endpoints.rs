//! What kube-proxy takes from EndpointSlices, and which endpoints it uses.

use super::names::{Protocol, ServicePortName, by_text};
use super::service::ServicePort;
use crate::api::ObjectExt;
use serde_json::Value;
use sim::SortedMap;
use std::net::SocketAddrV4;

/// One endpoint of one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddrV4,
    /// Whether it is on this node.
    pub local: bool,
    /// It takes new connections.
    pub ready: bool,
    /// It would answer, even if it is going away.
    pub serving: bool,
    /// It is going away.
    pub terminating: bool,
}

/// The endpoints of one port of a Service from all of its slices, in the order of their addresses as text.
pub fn endpoints_of<'a>(
    port: &ServicePortName,
    slices: impl Iterator<Item = &'a Value>,
    node: &str,
) -> Vec<Endpoint> {
    let mut found: SortedMap<String, Endpoint> = SortedMap::new();
    for slice in slices {
        if slice.str_at("/addressType") != "IPv4" {
            continue;
        }
        for slice_port in slice.list_at("/ports") {
            let number = slice_port.int_at("/port").and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
            if number == 0
                || slice_port.str_at("/name") != port.port
                || Protocol::of(slice_port.str_at("/protocol")) != port.protocol
            {
                continue;
            }
            for endpoint in slice.list_at("/endpoints") {
                let Some(ip) = endpoint.at("/addresses/0").as_str().and_then(|a| a.parse().ok()) else {
                    continue;
                };
                let condition = |name: &str, absent| endpoint.at(name).as_bool().unwrap_or(absent);
                let new = Endpoint {
                    address: SocketAddrV4::new(ip, number),
                    local: !node.is_empty() && endpoint.str_at("/nodeName") == node,
                    ready: condition("/conditions/ready", true),
                    serving: condition("/conditions/serving", true),
                    terminating: condition("/conditions/terminating", false),
                };
                // While a pod moves from one slice to another it may be in both; the better word counts.
                found
                    .entry(by_text(ip, number))
                    .and_modify(|old| {
                        if !old.ready && (new.ready || !old.serving) {
                            *old = new.clone();
                        }
                    })
                    .or_insert(new);
            }
        }
    }
    found.into_values().collect()
}

/// Endpoints by the use that is made of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Categories {
    /// For traffic that may go anywhere.
    pub cluster: Vec<Endpoint>,
    /// For traffic that stays on this node.
    pub local: Vec<Endpoint>,
    /// Those that some chain of this node leads to.
    pub reachable: Vec<Endpoint>,
    /// Whether there is one anywhere, even if this node may not use it.
    pub any: bool,
}

/// Models pkg/proxy/topology.go `CategorizeEndpoints`; zones are left out, this cluster has none. Endpoints that go
/// away but still serve are used when there is no other.
pub fn categorize(endpoints: &[Endpoint], service: &ServicePort) -> Categories {
    let pick = |wanted: &dyn Fn(&Endpoint) -> bool| -> Vec<Endpoint> {
        endpoints.iter().filter(|e| wanted(e)).cloned().collect()
    };
    let last_resort = |e: &Endpoint| !e.ready && e.serving && e.terminating;
    let mut categories = Categories::default();
    if service.uses_cluster_endpoints() {
        categories.cluster = pick(&|e| e.ready);
        if categories.cluster.is_empty() {
            categories.cluster = pick(&last_resort);
        }
        categories.any = !categories.cluster.is_empty();
    }
    if !service.uses_local_endpoints() {
        categories.reachable.clone_from(&categories.cluster);
        return categories;
    }
    categories.any |= endpoints.iter().any(|e| e.ready || last_resort(e));
    categories.local = pick(&|e| e.local && e.ready);
    if categories.local.is_empty() {
        categories.local = pick(&|e| e.local && last_resort(e));
    }
    categories.reachable = if service.uses_cluster_endpoints() {
        let (cluster, local) = (&categories.cluster, &categories.local);
        pick(&|e| cluster.contains(e) || local.contains(e))
    } else {
        categories.local.clone()
    };
    categories
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn port(spec: Value) -> ServicePort {
        let service = json!({"metadata": {"namespace": "default", "name": "s"}, "spec": spec});
        ServicePort::all_of(&service).remove(0)
    }

    fn endpoints(rows: &[(&str, &str, bool, bool)]) -> Vec<Endpoint> {
        let list: Vec<Value> = rows
            .iter()
            .map(|(ip, node, ready, terminating)| {
                json!({"addresses": [ip], "nodeName": node,
                       "conditions": {"ready": ready, "serving": ready | terminating, "terminating": terminating}})
            })
            .collect();
        let slice = json!({"addressType": "IPv4", "endpoints": list, "ports": [{"name": "", "port": 80}]});
        let name = port(json!({"clusterIP": "10.96.0.9", "ports": [{"port": 80}]})).name;
        endpoints_of(&name, [&slice].into_iter(), "node1")
    }

    fn addresses(endpoints: &[Endpoint]) -> Vec<String> {
        endpoints.iter().map(|e| e.address.to_string()).collect()
    }

    #[test]
    fn the_order_is_that_of_the_text() {
        let found = endpoints(&[("10.244.1.9", "node2", true, false), ("10.244.1.13", "node2", true, false)]);
        assert_eq!(addresses(&found), ["10.244.1.13:80", "10.244.1.9:80"]);
    }

    #[test]
    fn what_goes_away_is_used_when_nothing_else_is_there() {
        let plain = port(json!({"clusterIP": "10.96.0.9", "ports": [{"port": 80}]}));
        let both = endpoints(&[("10.244.0.2", "node1", false, true), ("10.244.1.2", "node2", true, false)]);
        assert_eq!(addresses(&categorize(&both, &plain).cluster), ["10.244.1.2:80"]);
        let leaving =
            endpoints(&[("10.244.0.2", "node1", false, true), ("10.244.1.2", "node2", false, false)]);
        assert_eq!(addresses(&categorize(&leaving, &plain).cluster), ["10.244.0.2:80"]);
        assert!(!categorize(&endpoints(&[("10.244.1.2", "node2", false, false)]), &plain).any);
    }

    #[test]
    fn local_policies_keep_to_this_node() {
        let internal = port(
            json!({"clusterIP": "10.96.0.9", "internalTrafficPolicy": "Local", "ports": [{"port": 80}]}),
        );
        let both = endpoints(&[("10.244.0.2", "node1", false, true), ("10.244.1.2", "node2", true, false)]);
        let found = categorize(&both, &internal);
        assert_eq!(addresses(&found.local), ["10.244.0.2:80"]);
        assert!(found.cluster.is_empty() && found.any);
        let external = port(json!({"clusterIP": "10.96.0.9", "externalTrafficPolicy": "Local",
                                   "ports": [{"port": 80, "nodePort": 30080}]}));
        let found = categorize(&both, &external);
        assert_eq!(addresses(&found.reachable), ["10.244.0.2:80", "10.244.1.2:80"]);
    }
}
