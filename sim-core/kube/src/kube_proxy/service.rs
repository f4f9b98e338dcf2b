//! What kube-proxy takes from a Service.

use super::names::{Protocol, ServicePortName};
use crate::api::ObjectExt;
use ipnet::Ipv4Net;
use serde_json::Value;
use std::net::Ipv4Addr;

/// A port of a Service with everything its rules depend on. Models pkg/proxy `BaseServicePortInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Whose port it is.
    pub name: ServicePortName,
    /// `spec.clusterIP`.
    pub cluster_ip: Ipv4Addr,
    /// The port on that address.
    pub port: u16,
    /// The port on every node, or 0.
    pub node_port: u16,
    /// `spec.externalIPs`.
    pub external_ips: Vec<Ipv4Addr>,
    /// Addresses of `status.loadBalancer.ingress`, without those in proxy mode.
    pub load_balancer_vips: Vec<Ipv4Addr>,
    /// `spec.loadBalancerSourceRanges`.
    pub source_ranges: Vec<Ipv4Net>,
    /// Seconds that a client stays with an endpoint, with `sessionAffinity: ClientIP`.
    pub affinity_seconds: Option<i64>,
    /// `internalTrafficPolicy: Local`.
    pub internal_policy_local: bool,
    /// `externalTrafficPolicy: Local`.
    pub external_policy_local: bool,
    /// Where load balancers ask whether this node has an endpoint, or 0.
    pub health_check_node_port: u16,
}

impl ServicePort {
    /// All ports of a Service; none for those that are not proxied (headless, ExternalName, or left to another
    /// proxy by their label).
    pub fn all_of(service: &Value) -> Vec<ServicePort> {
        let Ok(cluster_ip) = service.str_at("/spec/clusterIP").parse() else { return Vec::new() };
        if service.str_at("/spec/type") == "ExternalName"
            || service.label("service.kubernetes.io/service-proxy-name").is_some()
        {
            return Vec::new();
        }
        let addresses = |path: &str| -> Vec<Ipv4Addr> {
            service.list_at(path).iter().filter_map(|v| v.as_str()?.parse().ok()).collect()
        };
        let load_balancer_vips = service
            .list_at("/status/loadBalancer/ingress")
            .iter()
            .filter(|ingress| ingress.str_at("/ipMode") != "Proxy")
            .filter_map(|ingress| ingress.str_at("/ip").parse().ok())
            .collect();
        let source_ranges = service
            .list_at("/spec/loadBalancerSourceRanges")
            .iter()
            .filter_map(|v| Some(v.as_str()?.trim().parse::<Ipv4Net>().ok()?.trunc()))
            .collect();
        let affinity_seconds = (service.str_at("/spec/sessionAffinity") == "ClientIP")
            .then(|| service.int_at("/spec/sessionAffinityConfig/clientIP/timeoutSeconds").unwrap_or(10_800));
        let external_ips = addresses("/spec/externalIPs");
        let template = ServicePort {
            name: ServicePortName {
                namespace: service.namespace().to_string(),
                name: service.name().to_string(),
                port: String::new(),
                protocol: Protocol::Tcp,
            },
            cluster_ip,
            port: 0,
            node_port: 0,
            external_ips,
            load_balancer_vips,
            source_ranges,
            affinity_seconds,
            internal_policy_local: service.str_at("/spec/internalTrafficPolicy") == "Local",
            external_policy_local: service.str_at("/spec/externalTrafficPolicy") == "Local",
            health_check_node_port: number(service.int_at("/spec/healthCheckNodePort")),
        };
        service
            .list_at("/spec/ports")
            .iter()
            .map(|port| {
                let mut info = template.clone();
                info.name.port = port.str_at("/name").to_string();
                info.name.protocol = Protocol::of(port.str_at("/protocol"));
                info.port = number(port.int_at("/port"));
                info.node_port = number(port.int_at("/nodePort"));
                info
            })
            .collect()
    }

    /// Whether anything but the cluster address leads here.
    pub fn externally_accessible(&self) -> bool {
        self.node_port != 0 || !self.load_balancer_vips.is_empty() || !self.external_ips.is_empty()
    }

    /// Whether endpoints anywhere are used. With external traffic they always are, for traffic from this cluster's
    /// own pods takes a short cut past `externalTrafficPolicy: Local`.
    pub fn uses_cluster_endpoints(&self) -> bool {
        !self.internal_policy_local || self.externally_accessible()
    }

    /// Whether the endpoints of this node alone are used for some of the traffic.
    pub fn uses_local_endpoints(&self) -> bool {
        self.internal_policy_local || (self.external_policy_local && self.externally_accessible())
    }
}

fn number(value: Option<i64>) -> u16 {
    value.and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}
