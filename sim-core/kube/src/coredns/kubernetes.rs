//! The `kubernetes` plugin: what a name of the cluster means.
//!
//! ```text
//!   blue.default.svc.cluster.local                   a Service: its cluster address, or its endpoints if headless
//!   _http._tcp.blue.default.svc.cluster.local        one of its ports, by SRV
//!   db-0.db.default.svc.cluster.local                an endpoint by host name, or 10-244-0-5.db… by address
//!   10-244-0-5.default.pod.cluster.local             any address at all (`pods insecure`)
//!   1.0.96.10.in-addr.arpa                           back to the names of Services and endpoints
//! ```
//!
//! Models plugin/kubernetes of CoreDNS 1.12. Pure: objects and a question in, records out.

use crate::api::{Object, ObjectExt};
use serde_json::Value;
use sim::SortedSet;
use std::net::Ipv4Addr;

/// The zone of the cluster.
pub const ZONE: &str = "cluster.local.";
/// Seconds that every answer may be kept.
pub const TTL: u32 = 30;

/// Where the plugin looks objects up.
pub trait Lookup {
    /// Whether the namespace exists.
    fn namespace_exists(&self, name: &str) -> bool;
    /// A Service.
    fn service(&self, namespace: &str, name: &str) -> Option<Object>;
    /// The slices of a Service.
    fn slices(&self, namespace: &str, service: &str) -> Vec<Object>;
    /// Services with this cluster address.
    fn services_by_ip(&self, ip: Ipv4Addr) -> Vec<Object>;
    /// Slices that have this address.
    fn slices_by_ip(&self, ip: Ipv4Addr) -> Vec<Object>;
    /// A number that grows when the objects change: the serial of the zone.
    fn serial(&self) -> u32;
}

/// Types of questions that are told apart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of DNS")]
#[allow(clippy::upper_case_acronyms, reason = "as DNS writes them")]
pub enum QueryType {
    A,
    AAAA,
    CNAME,
    NS,
    PTR,
    SOA,
    SRV,
    TXT,
    Other,
}

/// A record of an answer; names end with a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose record it is.
    pub name: String,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An address.
    A(Ipv4Addr),
    /// Another name, whose answer follows: from this zone or from upstream.
    Cname(String),
    /// A name server.
    Ns(String),
    /// A name for an address.
    Ptr(String),
    /// Where a service listens.
    Srv {
        /// Share among targets.
        weight: u16,
        /// Port.
        port: u16,
        /// Host.
        target: String,
    },
    /// Text.
    Txt(String),
    /// The start of the zone, with its serial.
    Soa(u32),
}

/// What the plugin says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// No such name.
    pub nx_domain: bool,
    /// Answers.
    pub answers: Vec<Record>,
    /// The zone's SOA, where there is no answer.
    pub authorities: Vec<Record>,
    /// Addresses of targets.
    pub additionals: Vec<Record>,
}

/// One address (or name) that stands behind a question. Models plugin/etcd/msg `Service`.
struct Found {
    /// Its own name.
    name: String,
    target: Target,
    port: u16,
}

enum Target {
    Address(Ipv4Addr),
    Name(String),
}

/// Why there is nothing: the name exists without that type, or not at all.
enum Nothing {
    NoData,
    NoName,
}

/// Answers `name` (lower case, with its dot at the end); nothing when the question is not for this plugin.
pub fn answer(lookup: &dyn Lookup, name: &str, kind: QueryType) -> Option<Answer> {
    if let Some(ip) = reverse(name) {
        return reverse_answer(lookup, name, ip, kind);
    }
    let base = name.strip_suffix(ZONE)?;
    if !base.is_empty() && !base.ends_with('.') {
        return None;
    }
    Some(zone_answer(lookup, name, base.trim_end_matches('.'), kind))
}

fn zone_answer(lookup: &dyn Lookup, name: &str, base: &str, kind: QueryType) -> Answer {
    let record = |data: Data| Record { name: name.to_string(), data };
    if base.is_empty() {
        match kind {
            QueryType::SOA => {
                return Answer { answers: vec![record(Data::Soa(lookup.serial()))], ..Answer::default() };
            }
            QueryType::NS => {
                let server = "kube-dns.kube-system.svc.cluster.local.".to_string();
                let additionals = dns_addresses(lookup)
                    .into_iter()
                    .map(|ip| Record { name: server.clone(), data: Data::A(ip) })
                    .collect();
                return Answer { answers: vec![record(Data::Ns(server))], additionals, ..Answer::default() };
            }
            _ => return nothing(lookup, false),
        }
    }
    if base == "dns-version" && kind == QueryType::TXT {
        return Answer { answers: vec![record(Data::Txt("1.1.0".into()))], ..Answer::default() };
    }
    let found = if base == "ns.dns" {
        Ok(dns_addresses(lookup)
            .into_iter()
            .map(|ip| Found { name: name.to_string(), target: Target::Address(ip), port: 53 })
            .collect())
    } else {
        find(lookup, base)
    };
    let found: Vec<Found> = match found {
        Ok(found) => found,
        Err(Nothing::NoData) => return nothing(lookup, false),
        Err(Nothing::NoName) => return nothing(lookup, true),
    };
    let mut answer = Answer::default();
    match kind {
        QueryType::A | QueryType::AAAA | QueryType::CNAME => {
            let mut seen = SortedSet::new();
            for found in &found {
                match &found.target {
                    Target::Address(ip) if kind == QueryType::A && seen.insert(*ip) => {
                        answer.answers.push(record(Data::A(*ip)));
                    }
                    Target::Name(target) => answer.answers.push(record(Data::Cname(target.clone()))),
                    Target::Address(_) => {}
                }
            }
        }
        QueryType::SRV => {
            let found: Vec<_> = found.iter().filter(|f| matches!(f.target, Target::Address(_))).collect();
            let weight = (100 / found.len().max(1)).max(1) as u16;
            let mut seen = SortedSet::new();
            for found in found {
                let Target::Address(ip) = found.target else { continue };
                let data = Data::Srv { weight, port: found.port, target: found.name.clone() };
                answer.answers.push(record(data));
                if seen.insert((found.name.clone(), ip)) {
                    answer.additionals.push(Record { name: found.name.clone(), data: Data::A(ip) });
                }
            }
        }
        _ => {}
    }
    if answer.answers.is_empty() { nothing(lookup, false) } else { answer }
}

/// An answer without records: the SOA says for how long that may be believed.
fn nothing(lookup: &dyn Lookup, nx_domain: bool) -> Answer {
    let soa = Record { name: ZONE.to_string(), data: Data::Soa(lookup.serial()) };
    Answer { nx_domain, authorities: vec![soa], ..Answer::default() }
}

fn dns_addresses(lookup: &dyn Lookup) -> Vec<Ipv4Addr> {
    let service = lookup.service("kube-system", "kube-dns");
    service.and_then(|service| service.str_at("/spec/clusterIP").parse().ok()).into_iter().collect()
}

/// Models `parseRequest` and `Records`: `[endpoint. | _port._proto.]service.namespace.svc`, or `….pod`.
fn find(lookup: &dyn Lookup, base: &str) -> Result<Vec<Found>, Nothing> {
    let mut labels: Vec<&str> = base.split('.').collect();
    let kind = labels.pop().unwrap_or("");
    if kind != "svc" && kind != "pod" {
        return Err(Nothing::NoName);
    }
    let Some(namespace) = labels.pop() else { return Err(Nothing::NoData) };
    if !lookup.namespace_exists(namespace) {
        return Err(Nothing::NoName);
    }
    let Some(name) = labels.pop() else { return Err(Nothing::NoData) };
    if kind == "pod" {
        if !labels.is_empty() {
            return Err(Nothing::NoName);
        }
        let ip: Ipv4Addr = name.replace('-', ".").parse().map_err(|_| Nothing::NoName)?;
        let own = format!("{name}.{namespace}.pod.{ZONE}");
        return Ok(vec![Found { name: own, target: Target::Address(ip), port: 0 }]);
    }
    let (endpoint, port) = match labels.as_slice() {
        [] => (None, None),
        [endpoint] => (Some(*endpoint), None),
        [port, protocol] => (None, Some((port.trim_start_matches('_'), protocol.trim_start_matches('_')))),
        _ => return Err(Nothing::NoName),
    };
    let service = lookup.service(namespace, name).ok_or(Nothing::NoName)?;
    let found = records_of(lookup, &service, endpoint, port);
    if found.is_empty() { Err(Nothing::NoName) } else { Ok(found) }
}

fn port_matches(port: &Value, wanted: Option<(&str, &str)>) -> bool {
    let Some((name, protocol)) = wanted else { return true };
    let own = if port.str_at("/protocol").is_empty() { "TCP" } else { port.str_at("/protocol") };
    port.str_at("/name").eq_ignore_ascii_case(name) && own.eq_ignore_ascii_case(protocol)
}

fn number(port: &Value) -> u16 {
    port.int_at("/port").and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

/// Models `findServices`.
fn records_of(
    lookup: &dyn Lookup,
    service: &Value,
    endpoint: Option<&str>,
    port: Option<(&str, &str)>,
) -> Vec<Found> {
    let (namespace, name) = (service.namespace(), service.name());
    let own = format!("{name}.{namespace}.svc.{ZONE}");
    if service.str_at("/spec/type") == "ExternalName" {
        if endpoint.is_some() {
            return Vec::new();
        }
        let target = format!("{}.", service.str_at("/spec/externalName").trim_end_matches('.'));
        return vec![Found { name: own, target: Target::Name(target), port: 0 }];
    }
    let mut found = Vec::new();
    if service.str_at("/spec/clusterIP") == "None" || endpoint.is_some() {
        for slice in lookup.slices(namespace, name) {
            for address in ready_endpoints(&slice) {
                let host = endpoint_host_name(address);
                if endpoint.is_some_and(|wanted| !host.eq_ignore_ascii_case(wanted)) {
                    continue;
                }
                let Ok(ip) = address.str_at("/addresses/0").parse() else { continue };
                for slice_port in slice.list_at("/ports").iter().filter(|p| port_matches(p, port)) {
                    let name = format!("{host}.{own}");
                    found.push(Found { name, target: Target::Address(ip), port: number(slice_port) });
                }
                // A headless Service may have no ports at all; its name still has addresses.
                if slice.list_at("/ports").is_empty() && port.is_none() {
                    found.push(Found { name: format!("{host}.{own}"), target: Target::Address(ip), port: 0 });
                }
            }
        }
        return found;
    }
    let Ok(ip) = service.str_at("/spec/clusterIP").parse() else { return found };
    for service_port in service.list_at("/spec/ports").iter().filter(|p| port_matches(p, port)) {
        found.push(Found { name: own.clone(), target: Target::Address(ip), port: number(service_port) });
    }
    found
}

fn ready_endpoints(slice: &Value) -> impl Iterator<Item = &Value> {
    let ipv4 = slice.str_at("/addressType") == "IPv4";
    let endpoints = if ipv4 { slice.list_at("/endpoints") } else { &[] };
    endpoints.iter().filter(|e| e.at("/conditions/ready").as_bool().unwrap_or(true))
}

fn endpoint_host_name(endpoint: &Value) -> String {
    match endpoint.str_at("/hostname") {
        "" => endpoint.str_at("/addresses/0").replace('.', "-"),
        host => host.to_string(),
    }
}

/// The address behind `5.0.244.10.in-addr.arpa.`
fn reverse(name: &str) -> Option<Ipv4Addr> {
    let labels: Vec<&str> = name.strip_suffix(".in-addr.arpa.")?.split('.').collect();
    let [d, c, b, a] = labels.as_slice() else { return None };
    format!("{a}.{b}.{c}.{d}").parse().ok()
}

/// Models `serviceRecordForIP`; an address that is nobody's falls through to the next plugin.
fn reverse_answer(lookup: &dyn Lookup, name: &str, ip: Ipv4Addr, kind: QueryType) -> Option<Answer> {
    let mut targets = Vec::new();
    for service in lookup.services_by_ip(ip) {
        targets.push(format!("{}.{}.svc.{ZONE}", service.name(), service.namespace()));
    }
    if targets.is_empty() {
        for slice in lookup.slices_by_ip(ip) {
            let Some(service) = slice.label("kubernetes.io/service-name") else { continue };
            for endpoint in ready_endpoints(&slice) {
                if endpoint.str_at("/addresses/0").parse() == Ok(ip) {
                    let host = endpoint_host_name(endpoint);
                    let target = format!("{host}.{service}.{}.svc.{ZONE}", slice.namespace());
                    if !targets.contains(&target) {
                        targets.push(target);
                    }
                }
            }
        }
    }
    if targets.is_empty() {
        return None;
    }
    if kind != QueryType::PTR {
        return Some(nothing(lookup, false));
    }
    let answers = targets
        .into_iter()
        .map(|target| Record { name: name.to_string(), data: Data::Ptr(target) })
        .collect();
    Some(Answer { answers, ..Answer::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use std::rc::Rc;

    struct Objects(Vec<Object>);

    impl Lookup for Objects {
        fn namespace_exists(&self, name: &str) -> bool {
            ["default", "kube-system"].contains(&name)
        }
        fn service(&self, namespace: &str, name: &str) -> Option<Object> {
            self.0
                .iter()
                .find(|o| o.kind() == "Service" && o.namespace() == namespace && o.name() == name)
                .cloned()
        }
        fn slices(&self, namespace: &str, service: &str) -> Vec<Object> {
            self.0
                .iter()
                .filter(|o| {
                    o.namespace() == namespace && o.label("kubernetes.io/service-name") == Some(service)
                })
                .cloned()
                .collect()
        }
        fn services_by_ip(&self, ip: Ipv4Addr) -> Vec<Object> {
            self.0.iter().filter(|o| o.str_at("/spec/clusterIP") == ip.to_string()).cloned().collect()
        }
        fn slices_by_ip(&self, ip: Ipv4Addr) -> Vec<Object> {
            let has = |o: &&Object| {
                o.list_at("/endpoints").iter().any(|e| e.str_at("/addresses/0") == ip.to_string())
            };
            self.0.iter().filter(has).cloned().collect()
        }
        fn serial(&self) -> u32 {
            1
        }
    }

    fn service(namespace: &str, name: &str, spec: Value) -> Object {
        Rc::new(json!({"kind": "Service", "metadata": {"namespace": namespace, "name": name}, "spec": spec}))
    }

    fn slice(service: &str, port: &str, endpoints: &[(&str, &str)]) -> Object {
        let endpoints: Vec<Value> = endpoints
            .iter()
            .map(|(ip, host)| {
                let mut e = json!({"addresses": [ip], "conditions": {"ready": true}});
                if !host.is_empty() {
                    e["hostname"] = json!(host);
                }
                e
            })
            .collect();
        Rc::new(json!({"kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"namespace": "default", "name": format!("{service}-1"),
                         "labels": {"kubernetes.io/service-name": service}},
            "endpoints": endpoints, "ports": [{"name": port, "port": 80, "protocol": "TCP"}]}))
    }

    fn world() -> Objects {
        let port = json!([{"port": 80, "protocol": "TCP"}]);
        Objects(vec![
            service("default", "blue", json!({"clusterIP": "10.96.20.1", "ports": port})),
            service(
                "default",
                "flaky",
                json!({"clusterIP": "10.96.20.9", "ports": [
                {"name": "http", "port": 80, "protocol": "TCP"}, {"name": "other", "port": 81, "protocol": "TCP"}]}),
            ),
            service("default", "db", json!({"clusterIP": "None", "ports": [{"name": "http", "port": 80}]})),
            service("default", "outside", json!({"type": "ExternalName", "externalName": "example.com"})),
            service("kube-system", "kube-dns", json!({"clusterIP": "10.96.0.10", "ports": port})),
            slice("blue", "", &[("10.244.0.5", ""), ("10.244.1.5", "")]),
            slice("db", "http", &[("10.244.1.7", "db-0"), ("10.244.2.7", "db-1")]),
        ])
    }

    /// `dig +short`, or the reason why there is nothing.
    fn dig(kind: QueryType, name: &str) -> String {
        let Some(answer) = answer(&world(), &format!("{name}."), kind) else { return "forwarded".into() };
        if answer.answers.is_empty() {
            assert_eq!(answer.authorities.len(), 1);
            return if answer.nx_domain { "NXDOMAIN".into() } else { "NODATA".into() };
        }
        let text = |record: &Record| match &record.data {
            Data::A(ip) => ip.to_string(),
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => name.clone(),
            Data::Srv { weight, port, target } => format!("0 {weight} {port} {target}"),
            Data::Txt(text) => format!("{text:?}"),
            Data::Soa(serial) => {
                format!("ns.dns.cluster.local. hostmaster.cluster.local. {serial} 7200 1800 86400 30")
            }
        };
        let mut lines: Vec<String> = answer.answers.iter().map(text).collect();
        lines.extend(answer.additionals.iter().map(|r| format!("+ {} {}", r.name, text(r))));
        lines.join("\n")
    }

    #[test]
    fn names_of_services() {
        use QueryType::*;
        assert_eq!(dig(A, "blue.default.svc.cluster.local"), "10.96.20.1");
        assert_eq!(dig(AAAA, "blue.default.svc.cluster.local"), "NODATA");
        assert_eq!(dig(Other, "blue.default.svc.cluster.local"), "NODATA");
        assert_eq!(dig(A, "nosuch.default.svc.cluster.local"), "NXDOMAIN");
        assert_eq!(dig(A, "blue.nosuch.svc.cluster.local"), "NXDOMAIN");
        assert_eq!(dig(A, "blue.cluster.local"), "NXDOMAIN");
        assert_eq!(dig(A, "db-9.db.default.svc.cluster.local"), "NXDOMAIN");
        assert_eq!(dig(A, "db-0.db.default.svc.cluster.local"), "10.244.1.7");
        assert_eq!(dig(A, "10-244-0-5.blue.default.svc.cluster.local"), "10.244.0.5");
        assert_eq!(dig(A, "outside.default.svc.cluster.local"), "example.com.");
        assert_eq!(dig(CNAME, "outside.default.svc.cluster.local"), "example.com.");
        assert_eq!(dig(CNAME, "blue.default.svc.cluster.local"), "NODATA");
        assert_eq!(dig(A, "10-244-0-99.default.pod.cluster.local"), "10.244.0.99");
        assert_eq!(dig(A, "shell-1.default.pod.cluster.local"), "NXDOMAIN");
        assert_eq!(dig(A, "example.com"), "forwarded");
        assert_eq!(dig(A, "notcluster.local"), "forwarded");
    }

    #[test]
    fn the_zone_itself() {
        use QueryType::*;
        for name in ["cluster.local", "svc.cluster.local", "pod.cluster.local", "default.svc.cluster.local"] {
            assert_eq!(dig(A, name), "NODATA", "{name}");
        }
        assert_eq!(
            dig(SOA, "cluster.local"),
            "ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30"
        );
        assert_eq!(
            dig(NS, "cluster.local"),
            "kube-dns.kube-system.svc.cluster.local.\n+ kube-dns.kube-system.svc.cluster.local. 10.96.0.10"
        );
        assert_eq!(dig(TXT, "dns-version.cluster.local"), "\"1.1.0\"");
        assert_eq!(dig(A, "ns.dns.cluster.local"), "10.96.0.10");
    }

    #[test]
    fn ports_by_srv() {
        use QueryType::SRV;
        assert_eq!(
            dig(SRV, "_http._tcp.flaky.default.svc.cluster.local"),
            "0 100 80 flaky.default.svc.cluster.local.\n+ flaky.default.svc.cluster.local. 10.96.20.9"
        );
        assert_eq!(
            dig(SRV, "db.default.svc.cluster.local"),
            "0 50 80 db-0.db.default.svc.cluster.local.\n0 50 80 db-1.db.default.svc.cluster.local.\n\
             + db-0.db.default.svc.cluster.local. 10.244.1.7\n+ db-1.db.default.svc.cluster.local. 10.244.2.7"
        );
        assert_eq!(dig(SRV, "_nosuch._tcp.flaky.default.svc.cluster.local"), "NXDOMAIN");
        assert_eq!(dig(SRV, "outside.default.svc.cluster.local"), "NODATA");
    }

    #[test]
    fn names_for_addresses() {
        use QueryType::PTR;
        assert_eq!(dig(PTR, "1.20.96.10.in-addr.arpa"), "blue.default.svc.cluster.local.");
        assert_eq!(dig(PTR, "5.0.244.10.in-addr.arpa"), "10-244-0-5.blue.default.svc.cluster.local.");
        assert_eq!(dig(PTR, "7.1.244.10.in-addr.arpa"), "db-0.db.default.svc.cluster.local.");
        assert_eq!(dig(PTR, "3.0.244.10.in-addr.arpa"), "forwarded");
    }
}
