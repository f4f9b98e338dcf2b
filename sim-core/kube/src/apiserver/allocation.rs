//! Addresses and node ports of Services. Models `pkg/registry/core/service/{ipallocator,portallocator}`.

use super::{ApiServer, Filter};
use crate::api::networking_v1::{ip_address, service_cidr};
use crate::api::service::{cluster_ip, service_type};
use crate::api::status::FieldError;
use crate::api::{IP_ADDRESS, Object, ObjectExt, SERVICE, SERVICE_CIDR, Status, remove, set};
use crate::json;
use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;
use sim::{Rng, SortedSet};
use std::net::Ipv4Addr;

/// The Service of the API server itself.
pub(super) const KUBERNETES: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
/// The range that every cluster has.
pub(super) const DEFAULT_RANGE: &str = "10.96.0.0/12";
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
const STATIC_PORTS: i64 = 86;

fn invalid(service: &Value, field: String, detail: String) -> Status {
    Status::invalid(SERVICE, service.name(), &[FieldError { field, reason: "FieldValueInvalid", detail }])
}

/// Where addresses come from.
struct Addresses {
    /// The ranges that are ready.
    ranges: Vec<Ipv4Net>,
    /// What others have.
    taken: SortedSet<Ipv4Addr>,
}

impl ApiServer {
    /// Gives a Service what its type needs.
    pub(super) fn allocate(&self, service: &mut Value, old: Option<&Value>) -> Result<(), Status> {
        let mut others = self.0.store.borrow().list(SERVICE, "", &Filter::default());
        others.retain(|other| other.name() != service.name() || other.namespace() != service.namespace());
        let addresses = self.addresses(service);
        allocate(service, old, &others, &addresses, &mut self.0.rng.borrow_mut())
    }

    /// What the Service may have.
    fn addresses(&self, service: &Value) -> Addresses {
        let store = self.0.store.borrow();
        let mut cidrs = store.list(SERVICE_CIDR, "", &Filter::default());
        cidrs.retain(|cidr| service_cidr::is_ready(cidr));
        let networks = cidrs.iter().flat_map(|cidr| service_cidr::networks(cidr));
        let ranges = networks.filter_map(|network| match network {
            IpNet::V4(network) => Some(network),
            IpNet::V6(_) => None,
        });
        let mut known = store.list(IP_ADDRESS, "", &Filter::default());
        known.retain(|address| !ip_address::is_of(address, service.namespace(), service.name()));
        let taken = known.iter().filter_map(|address| address.name().parse().ok()).collect();
        Addresses { ranges: ranges.collect(), taken }
    }

    /// Writes down which address a Service has, where that has changed. Models the allocator of
    /// pkg/registry/core/service/ipallocator, which keeps addresses as objects.
    pub(super) fn keep_address(&self, old: Option<&Value>, new: Option<&Value>) {
        let address = |service: Option<&Value>| service.map_or("", cluster_ip).parse::<Ipv4Addr>().ok();
        let (before, after) = (address(old), address(new));
        if before == after {
            return;
        }
        if let Some(address) = before {
            self.0.store.borrow_mut().remove(IP_ADDRESS, "", &address.to_string());
        }
        if let (Some(address), Some(service)) = (after, new) {
            let object = ip_address::of_service(&address.to_string(), service.namespace(), service.name());
            self.put_own(IP_ADDRESS, object, &mut self.0.addresses.borrow_mut());
        }
    }
}

/// Gives a Service what its type needs and takes back what it does not. `others` are all Services
/// but this one, `old` is what it was.
fn allocate(
    service: &mut Value,
    old: Option<&Value>,
    others: &[Object],
    addresses: &Addresses,
    rng: &mut Rng,
) -> Result<(), Status> {
    let kind = service_type(service).to_string();
    if kind == "ExternalName" {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
            remove(service, &format!("/spec/{field}"));
        }
    } else {
        address(service, addresses, rng)?;
    }
    let wants_ports = match kind.as_str() {
        "NodePort" => true,
        "LoadBalancer" => service.at("/spec/allocateLoadBalancerNodePorts") != &json!(false),
        _ => false,
    };
    node_ports(service, old, others, wants_ports, rng)
}

fn address(service: &mut Value, addresses: &Addresses, rng: &mut Rng) -> Result<(), Status> {
    if service.at("/spec/ipFamilies").is_null() {
        let families = if cluster_ip(service).contains(':') { json!(["IPv6"]) } else { json!(["IPv4"]) };
        set(service, "/spec/ipFamilies", families);
    }
    if service.at("/spec/ipFamilyPolicy").is_null() {
        let selectorless = cluster_ip(service) == "None" && service.at("/spec/selector").is_null();
        let policy = if selectorless { "RequireDualStack" } else { "SingleStack" };
        set(service, "/spec/ipFamilyPolicy", json!(policy));
        if selectorless {
            set(service, "/spec/ipFamilies", json!(["IPv4", "IPv6"]));
        }
    }
    let wanted = cluster_ip(service).to_string();
    if wanted == "None" {
        set(service, "/spec/clusterIPs", json!(["None"]));
        return Ok(());
    }
    let address = match wanted.parse::<Ipv4Addr>() {
        Ok(address) => {
            let range = addresses.ranges.iter().find(|range| range.contains(&address));
            let why = match range {
                None => "the provided network does not match the current range".to_string(),
                Some(range) if address == range.network() || address == range.broadcast() => format!(
                    "the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}"
                ),
                Some(_) if addresses.taken.contains(&address) => {
                    "provided IP is already allocated".to_string()
                }
                Some(_) => String::new(),
            };
            if !why.is_empty() {
                let detail =
                    format!("Invalid value: [\"{address}\"]: failed to allocate IP {address}: {why}");
                return Err(invalid(service, "spec.clusterIPs".to_string(), detail));
            }
            address
        }
        Err(_) => next_address(addresses, rng)
            .ok_or_else(|| Status::internal("failed to allocate a serviceIP: range is full"))?,
    };
    set(service, "/spec/clusterIP", json!(address.to_string()));
    set(service, "/spec/clusterIPs", json!([address.to_string()]));
    Ok(())
}

/// A free address, from any of the ranges. Their lower ends are left to those who ask for an address, as long as there
/// are others. Models `AllocateNextService` and `calculateRangeOffset`.
fn next_address(addresses: &Addresses, rng: &mut Rng) -> Option<Ipv4Addr> {
    let ranges = &addresses.ranges;
    let first = if ranges.len() > 1 { rng.below(ranges.len() as u64) as usize } else { 0 };
    for range in ranges.iter().cycle().skip(first).take(ranges.len()) {
        let size = 1_u64 << (32 - range.prefix_len());
        let reserved = if size <= 16 { 1 } else { (size / 16).clamp(16, 256) };
        let last = size.saturating_sub(1);
        for (low, high) in [(reserved, last), (1, reserved.min(last))] {
            let count = high.saturating_sub(low);
            let start = if count > 0 { rng.below(count) } else { 0 };
            let free = (0..count).map(|i| low + (start + i) % count).find_map(|offset| {
                let address = Ipv4Addr::from(u32::from(range.network()).wrapping_add(offset as u32));
                (!addresses.taken.contains(&address)).then_some(address)
            });
            if free.is_some() {
                return free;
            }
        }
    }
    None
}

fn node_ports(
    service: &mut Value,
    old: Option<&Value>,
    others: &[Object],
    wanted: bool,
    rng: &mut Rng,
) -> Result<(), Status> {
    let protocol_of = |port: &Value| port.str_at("/protocol").to_string();
    let mut taken: SortedSet<(i64, String)> = SortedSet::new();
    for other in others {
        for port in other.list_at("/spec/ports") {
            taken.insert((port.int_at("/nodePort").unwrap_or(0), protocol_of(port)));
        }
    }
    let had_ports = old.is_some_and(|old| matches!(service_type(old), "NodePort" | "LoadBalancer"));
    let count = service.list_at("/spec/ports").len();
    // TCP and UDP of one Service port share their number, as DNS wants it.
    let mut shared: Vec<(i64, i64)> = Vec::new();
    for i in 0..count {
        let port = service.at(&format!("/spec/ports/{i}"));
        let (number, protocol) = (port.int_at("/port").unwrap_or(0), protocol_of(port));
        let asked = port.int_at("/nodePort").unwrap_or(0);
        if !wanted {
            // What is asked for stays on a balancer without ports of its own.
            if service_type(service) == "ClusterIP" && had_ports {
                remove(service, &format!("/spec/ports/{i}/nodePort"));
            }
            continue;
        }
        let chosen = if asked != 0 {
            let why = if !NODE_PORTS.contains(&asked) {
                "provided port is not in the valid range. The range of valid ports is 30000-32767"
            } else if taken.contains(&(asked, protocol.clone())) {
                "provided port is already allocated"
            } else {
                ""
            };
            if !why.is_empty() {
                let field = format!("spec.ports[{i}].nodePort");
                return Err(invalid(service, field, format!("Invalid value: {asked}: {why}")));
            }
            asked
        } else {
            let same = shared
                .iter()
                .find(|(p, chosen)| *p == number && !taken.contains(&(*chosen, protocol.clone())));
            match same {
                Some((_, chosen)) => *chosen,
                None => loop {
                    let first = NODE_PORTS.start() + STATIC_PORTS;
                    let candidate = first + rng.below((NODE_PORTS.end() - first + 1) as u64) as i64;
                    if !taken.iter().any(|(port, _)| *port == candidate) {
                        break candidate;
                    }
                },
            }
        };
        taken.insert((chosen, protocol));
        shared.push((number, chosen));
        set(service, &format!("/spec/ports/{i}/nodePort"), json!(chosen));
    }
    Ok(())
}

/// What an update leaves out and the Service keeps. Models `patchAllocatedValues` and
/// `dropTypeDependentFields`.
pub(super) fn carry_over(service: &mut Value, old: &Value) {
    let (was, is) = (service_type(old).to_string(), service_type(service).to_string());
    let has_address = |kind: &str| kind != "ExternalName";
    let has_ports = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    if has_address(&was) && has_address(&is) {
        for field in ["clusterIP", "clusterIPs"] {
            let path = format!("/spec/{field}");
            if service.at(&path).is_null() && !old.at(&path).is_null() {
                set(service, &path, old.at(&path).clone());
            }
        }
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            let path = format!("/spec/{field}");
            if service.at(&path).is_null() && !old.at(&path).is_null() {
                set(service, &path, old.at(&path).clone());
            }
        }
        // Whoever changes the older field means both.
        if service.at("/spec/clusterIP") != old.at("/spec/clusterIP")
            && service.at("/spec/clusterIPs") == old.at("/spec/clusterIPs")
        {
            let address = service.at("/spec/clusterIP").clone();
            set(service, "/spec/clusterIPs", json!([address]));
        }
    }
    if has_address(&was) && !has_address(&is) {
        for field in ["clusterIP", "clusterIPs"] {
            let path = format!("/spec/{field}");
            if service.at(&path) == old.at(&path) {
                remove(service, &path);
            }
        }
    }
    let old_ports = old.list_at("/spec/ports");
    for i in 0..service.list_at("/spec/ports").len() {
        let path = format!("/spec/ports/{i}/nodePort");
        let port = service.at(&format!("/spec/ports/{i}"));
        let same =
            |o: &&Value| o.at("/port") == port.at("/port") && o.at("/protocol") == port.at("/protocol");
        let before = old_ports.iter().find(same).and_then(|o| o.int_at("/nodePort"));
        let now = port.int_at("/nodePort");
        if has_ports(&was) && has_ports(&is) && now.is_none_or(|n| n == 0) {
            if let Some(before) = before {
                set(service, &path, json!(before));
            }
        } else if has_ports(&was) && !has_ports(&is) && now == before {
            remove(service, &path);
        }
    }
    let external = |service: &Value, kind: &str| {
        has_ports(kind) || (kind == "ClusterIP" && !service.list_at("/spec/externalIPs").is_empty())
    };
    if external(old, &was)
        && !external(service, &is)
        && service.at("/spec/externalTrafficPolicy") == old.at("/spec/externalTrafficPolicy")
    {
        remove(service, "/spec/externalTrafficPolicy");
    }
    if was == "LoadBalancer" && is != "LoadBalancer" {
        remove(service, "/spec/allocateLoadBalancerNodePorts");
        remove(service, "/spec/healthCheckNodePort");
    }
    if was == "ExternalName" && is != "ExternalName" {
        let name = service.at("/spec/externalName");
        if name == old.at("/spec/externalName") {
            remove(service, "/spec/externalName");
        }
    }
}
