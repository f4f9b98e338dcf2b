//! From Services and slices to the input of `iptables-restore --noflush`.

use super::endpoints::{categorize, endpoints_of};
use super::names::{Protocol, ServicePortName};
use super::rules::{NodeConfig, ServiceRules, service_rules};
use super::service::ServicePort;
use crate::api::{Key, Object, ObjectExt};
use serde_json::Value;
use sim::{SortedMap, SortedSet};
use std::fmt::Write as _;
use std::net::SocketAddrV4;

/// More endpoints than this, and the comments of endpoint rules are left out.
const LARGE_CLUSTER_ENDPOINTS: usize = 1_000;

type Chains = SortedMap<String, Vec<String>>;

/// What one node's kube-proxy knows and what it has written. Pure: objects in, text out.
///
/// As upstream since 1.26, the chains of a Service are written again only when they have changed, so that the
/// counters of the others go on.
pub struct Proxier {
    node: NodeConfig,
    services: SortedMap<Key, Vec<ServicePort>>,
    /// Slices by the Service they are of, then by their own name.
    slices: SortedMap<Key, SortedMap<String, Object>>,
    changed: SortedSet<Key>,
    rendered: SortedMap<Key, Vec<(ServicePortName, ServiceRules)>>,
    endpoint_count: SortedMap<Key, usize>,
    large_cluster: bool,
    /// Chains as they were last written, the shared ones among them.
    installed: [Chains; 2],
    stale_udp: Vec<UdpService>,
}

/// A UDP port of a Service with the endpoints that it has now: tracked flows to other ones are stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpService {
    /// Addresses that clients send to.
    pub fronts: Vec<SocketAddrV4>,
    /// The port on every node, or 0.
    pub node_port: u16,
    /// Endpoints in use.
    pub endpoints: Vec<SocketAddrV4>,
}

/// The tables that kube-proxy writes to, in this order.
pub const TABLES: [&str; 2] = ["filter", "nat"];

impl Proxier {
    /// Knows nothing yet.
    pub fn new(node: NodeConfig) -> Self {
        Proxier {
            node,
            services: SortedMap::new(),
            slices: SortedMap::new(),
            changed: SortedSet::new(),
            rendered: SortedMap::new(),
            endpoint_count: SortedMap::new(),
            large_cluster: false,
            installed: [Chains::new(), Chains::new()],
            stale_udp: Vec::new(),
        }
    }

    /// A Service came, changed or went; says whether that can matter.
    pub fn service_changed(&mut self, old: Option<&Value>, new: Option<&Value>) -> bool {
        let Some(key) = new.or(old).map(ObjectExt::key) else { return false };
        let ports = new.map(ServicePort::all_of).unwrap_or_default();
        if self.services.get(&key).map_or(ports.is_empty(), |before| *before == ports) {
            return false;
        }
        if ports.is_empty() {
            self.services.remove(&key);
        } else {
            self.services.insert(key.clone(), ports);
        }
        self.changed.insert(key)
    }

    /// A slice came, changed or went; says whether that can matter.
    pub fn slice_changed(&mut self, old: Option<&Object>, new: Option<&Object>) -> bool {
        let mut matters = false;
        for (slice, present) in [(old, false), (new, true)] {
            let Some(slice) = slice else { continue };
            let Some(service) = slice.label("kubernetes.io/service-name") else { continue };
            if slice.labels().contains_key("service.kubernetes.io/headless") {
                continue;
            }
            let key = Key::new(slice.namespace(), service);
            let of_service = self.slices.entry(key.clone()).or_default();
            if present {
                of_service.insert(slice.name().to_string(), slice.clone());
            } else {
                of_service.remove(slice.name());
                if of_service.is_empty() {
                    self.slices.remove(&key);
                }
            }
            self.changed.insert(key);
            matters = true;
        }
        matters
    }

    /// Whether something has changed since the last sync.
    pub fn is_dirty(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What to give to `iptables-restore --noflush` so that the rules become what they should be; nothing when they
    /// are already. A full sync writes everything, whatever was written before.
    pub fn sync_proxy_rules(&mut self, full: bool) -> Option<String> {
        let mut changed = std::mem::take(&mut self.changed);
        self.count_endpoints(&changed);
        let large = self.endpoint_count.values().sum::<usize>() > LARGE_CLUSTER_ENDPOINTS;
        if large != self.large_cluster {
            self.large_cluster = large;
            changed = self.services.keys().cloned().collect();
        }
        for key in &changed {
            self.render(key);
        }
        let mut text = String::new();
        for (i, chains) in [self.filter_chains(), self.nat_chains()].into_iter().enumerate() {
            write_difference(TABLES[i], &self.installed[i], &chains, full, &mut text);
            self.installed[i] = chains;
        }
        (!text.is_empty()).then_some(text)
    }

    /// UDP Services that the last syncs touched, for cleaning the connection table.
    pub fn take_changed_udp(&mut self) -> Vec<UdpService> {
        std::mem::take(&mut self.stale_udp)
    }

    /// How many rules are written now: a sync takes its time by them.
    pub fn rule_count(&self) -> usize {
        self.installed.iter().flat_map(|table| table.values()).map(Vec::len).sum()
    }

    fn count_endpoints(&mut self, changed: &SortedSet<Key>) {
        for key in changed {
            let count = self
                .slices
                .get(key)
                .map_or(0, |slices| slices.values().map(|slice| slice.list_at("/endpoints").len()).sum());
            self.endpoint_count.insert(key.clone(), count);
        }
    }

    fn render(&mut self, key: &Key) {
        let Some(ports) = self.services.get(key) else {
            self.rendered.remove(key);
            return;
        };
        let slices = self.slices.get(key);
        let mut rendered = Vec::with_capacity(ports.len());
        for port in ports {
            let slices = slices.into_iter().flat_map(|slices| slices.values()).map(|slice| &**slice);
            let endpoints = endpoints_of(&port.name, slices, &self.node.name);
            let categories = categorize(&endpoints, port);
            if port.name.protocol == Protocol::Udp {
                let ips = [port.cluster_ip].into_iter();
                let ips = ips
                    .chain(port.external_ips.iter().copied())
                    .chain(port.load_balancer_vips.iter().copied());
                self.stale_udp.push(UdpService {
                    fronts: ips.map(|ip| SocketAddrV4::new(ip, port.port)).collect(),
                    node_port: port.node_port,
                    endpoints: categories.reachable.iter().map(|e| e.address).collect(),
                });
            }
            let rules = service_rules(port, &categories, &self.node, self.large_cluster);
            rendered.push((port.name.clone(), rules));
        }
        self.rendered.insert(key.clone(), rendered);
    }

    fn all_rules(&self) -> impl Iterator<Item = &ServiceRules> {
        self.rendered.values().flatten().map(|(_, rules)| rules)
    }

    fn nat_chains(&self) -> Chains {
        let mut chains = Chains::new();
        let mut services = Vec::new();
        let mut node_ports = Vec::new();
        for rules in self.all_rules() {
            services.extend(rules.services.iter().cloned());
            node_ports.extend(rules.node_ports.iter().cloned());
            chains.extend(rules.chains.iter().cloned());
        }
        services.push(
            "-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" \
             -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
                .to_string(),
        );
        chains.insert("KUBE-SERVICES".into(), services);
        chains.insert("KUBE-NODEPORTS".into(), node_ports);
        let fixed = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_string()).collect();
        chains.insert("KUBE-MARK-MASQ".into(), fixed(&["-j MARK --set-xmark 0x4000/0x4000"]));
        chains.insert(
            "KUBE-POSTROUTING".into(),
            fixed(&[
                "-m mark ! --mark 0x4000/0x4000 -j RETURN",
                "-j MARK --set-xmark 0x4000/0x0",
                "-m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully",
            ]),
        );
        chains
    }

    fn filter_chains(&self) -> Chains {
        let mut chains = Chains::new();
        let gather = |of: fn(&ServiceRules) -> &Vec<String>| -> Vec<String> {
            self.all_rules().flat_map(|rules| of(rules).iter().cloned()).collect()
        };
        chains.insert("KUBE-SERVICES".into(), gather(|rules| &rules.filter_services));
        chains.insert("KUBE-EXTERNAL-SERVICES".into(), gather(|rules| &rules.filter_external));
        chains.insert("KUBE-NODEPORTS".into(), gather(|rules| &rules.filter_node_ports));
        chains.insert("KUBE-PROXY-FIREWALL".into(), gather(|rules| &rules.filter_firewall));
        chains.insert(
            "KUBE-FORWARD".into(),
            [
                "-m conntrack --ctstate INVALID -j DROP",
                "-m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT",
                "-m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            ]
            .map(String::from)
            .into(),
        );
        chains
    }
}

/// One table's part of the restore input: changed chains whole, then the deletion of those that are gone.
fn write_difference(table: &str, old: &Chains, new: &Chains, all: bool, text: &mut String) {
    let changed: Vec<_> =
        new.iter().filter(|(chain, rules)| all || old.get(*chain) != Some(*rules)).collect();
    let gone: Vec<_> = old.keys().filter(|chain| !new.contains_key(*chain)).collect();
    if changed.is_empty() && gone.is_empty() {
        return;
    }
    let _ = writeln!(text, "*{table}");
    for chain in changed.iter().map(|(chain, _)| *chain).chain(gone.iter().copied()) {
        let _ = writeln!(text, ":{chain} - [0:0]");
    }
    for (chain, rules) in &changed {
        for rule in *rules {
            let _ = writeln!(text, "-A {chain} {rule}");
        }
    }
    for chain in gone {
        let _ = writeln!(text, "-X {chain}");
    }
    text.push_str("COMMIT\n");
}
