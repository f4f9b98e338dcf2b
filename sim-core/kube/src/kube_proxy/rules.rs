//! The rules behind one port of a Service.
//!
//! ```text
//!   nat   KUBE-SERVICES ─┬─ cluster IP ──────────────► KUBE-SVC-h (or SVL) ─┬─► KUBE-SEP-… ─► DNAT
//!                        ├─ external IP ─► KUBE-EXT-h ─► KUBE-SVC-h | SVL   └─► KUBE-SEP-… ─► DNAT
//!                        ├─ load balancer IP ─► KUBE-FW-h (ranges) ─► KUBE-EXT-h
//!                        └─ KUBE-NODEPORTS ─► KUBE-EXT-h
//!   filter                REJECT or DROP for what has no endpoint to go to
//! ```
//!
//! Models pkg/proxy/iptables/proxier.go `syncProxyRules`; rules are written as `iptables-save` prints them.

use super::endpoints::{Categories, Endpoint};
use super::service::ServicePort;
use std::net::Ipv4Addr;

/// What all rules of one node have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// The node's name.
    pub name: String,
    /// Its own address.
    pub address: Ipv4Addr,
    /// Where pods live, for example 10.244.0.0/16: traffic from there is not masqueraded.
    pub cluster_cidr: ipnet::Ipv4Net,
}

/// The rules of one port of a Service, by the chain they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRules {
    /// Chains of its own in `nat`, with their rules.
    pub chains: Vec<(String, Vec<String>)>,
    /// For KUBE-SERVICES in `nat`.
    pub services: Vec<String>,
    /// For KUBE-NODEPORTS in `nat`.
    pub node_ports: Vec<String>,
    /// For KUBE-SERVICES in `filter`.
    pub filter_services: Vec<String>,
    /// For KUBE-EXTERNAL-SERVICES in `filter`.
    pub filter_external: Vec<String>,
    /// For KUBE-NODEPORTS in `filter`.
    pub filter_node_ports: Vec<String>,
    /// For KUBE-PROXY-FIREWALL in `filter`.
    pub filter_firewall: Vec<String>,
}

/// Writes the rules. In a large cluster the comments of endpoint rules are left out.
pub fn service_rules(
    service: &ServicePort,
    endpoints: &Categories,
    node: &NodeConfig,
    large_cluster: bool,
) -> ServiceRules {
    let mut out = ServiceRules::default();
    let name = service.name.to_string();
    let hash = service.name.hash();
    let proto = service.name.protocol.lower();
    let (svc, svl) = (format!("KUBE-SVC-{hash}"), format!("KUBE-SVL-{hash}"));
    let (ext, fw) = (format!("KUBE-EXT-{hash}"), format!("KUBE-FW-{hash}"));

    let any = endpoints.any;
    let has_internal = any && !(service.internal_policy_local && endpoints.local.is_empty());
    let has_external = any && !(service.external_policy_local && endpoints.local.is_empty());
    let internal_chain = if service.internal_policy_local { &svl } else { &svc };
    let external_policy_chain = if service.external_policy_local { &svl } else { &svc };
    let uses_firewall = any && !service.load_balancer_vips.is_empty() && !service.source_ranges.is_empty();
    let (refusal, verdict) = if any {
        ("has no local endpoints", "DROP")
    } else {
        ("has no endpoints", "REJECT --reject-with icmp-port-unreachable")
    };

    // Which address and port, as one rule has it; `what` goes into the comment.
    let to = |ip: Ipv4Addr, what: &str| {
        format!(
            "-d {ip}/32 -p {proto} -m comment --comment \"{name} {what}\" -m {proto} --dport {}",
            service.port
        )
    };
    let cluster_ip = to(service.cluster_ip, "cluster IP");
    if has_internal {
        out.services.push(format!("{cluster_ip} -j {internal_chain}"));
    } else {
        out.filter_services.push(format!("{} -j {verdict}", to(service.cluster_ip, refusal)));
    }
    for &ip in &service.external_ips {
        if any {
            out.services.push(format!("{} -j {ext}", to(ip, "external IP")));
        }
        if !has_external {
            out.filter_external.push(format!("{} -j {verdict}", to(ip, refusal)));
        }
    }
    for &ip in &service.load_balancer_vips {
        if any {
            let chain = if uses_firewall { &fw } else { &ext };
            out.services.push(format!("{} -j {chain}", to(ip, "loadbalancer IP")));
        }
        if uses_firewall {
            out.filter_firewall.push(format!("{} -j DROP", to(ip, &format!("traffic not accepted by {fw}"))));
        }
        if !has_external {
            out.filter_external.push(format!("{} -j {verdict}", to(ip, refusal)));
        }
    }
    if service.node_port != 0 {
        let port = service.node_port;
        if any {
            out.node_ports.push(format!(
                "-p {proto} -m comment --comment \"{name}\" -m {proto} --dport {port} -j {ext}"
            ));
        }
        if !has_external {
            out.filter_external.push(format!(
                "-p {proto} -m comment --comment \"{name} {refusal}\" -m addrtype --dst-type LOCAL \
                 -m {proto} --dport {port} -j {verdict}"
            ));
        }
    }
    if service.health_check_node_port != 0 {
        out.filter_node_ports.push(format!(
            "-p tcp -m comment --comment \"{name} health check node port\" -m tcp --dport {} -j ACCEPT",
            service.health_check_node_port
        ));
    }

    let masquerade = |chain: &str| {
        if has_internal && chain == internal_chain {
            vec![format!("! -s {} {cluster_ip} -j KUBE-MARK-MASQ", node.cluster_cidr)]
        } else {
            Vec::new()
        }
    };
    if any && service.externally_accessible() {
        out.chains.push((
            ext.clone(),
            external_chain(service, &name, node, &svc, has_external.then_some(external_policy_chain)),
        ));
    }
    if uses_firewall {
        out.chains.push((fw, firewall_chain(service, &name, node, &ext)));
    }
    for (chain, used, list) in [
        (&svc, service.uses_cluster_endpoints(), &endpoints.cluster),
        (&svl, service.uses_local_endpoints(), &endpoints.local),
    ] {
        if used && !list.is_empty() {
            let mut rules = masquerade(chain);
            jumps(service, &name, list, large_cluster, &mut rules);
            out.chains.push((chain.clone(), rules));
        }
    }
    for endpoint in &endpoints.reachable {
        out.chains.push(endpoint_chain(service, &name, endpoint, large_cluster));
    }
    out
}

/// KUBE-EXT: where all traffic from outside comes in.
fn external_chain(
    service: &ServicePort,
    name: &str,
    node: &NodeConfig,
    svc: &str,
    policy_chain: Option<&String>,
) -> Vec<String> {
    let mut rules = Vec::new();
    let comment = |what: &str| format!("-m comment --comment \"{what} for {name} external destinations\"");
    if service.external_policy_local {
        // Pods and the node itself reach any endpoint; only what comes from elsewhere must stay on this node.
        rules.push(format!("-s {} {} -j {svc}", node.cluster_cidr, comment("pod traffic")));
        let from_here = "-m addrtype --src-type LOCAL";
        rules.push(format!("{} {from_here} -j KUBE-MARK-MASQ", comment("masquerade LOCAL traffic")));
        rules.push(format!("{} {from_here} -j {svc}", comment("route LOCAL traffic")));
    } else {
        rules.push(format!("{} -j KUBE-MARK-MASQ", comment("masquerade traffic")));
    }
    rules.extend(policy_chain.map(|chain| format!("-j {chain}")));
    rules
}

/// KUBE-FW: what `loadBalancerSourceRanges` let through.
fn firewall_chain(service: &ServicePort, name: &str, node: &NodeConfig, ext: &str) -> Vec<String> {
    let accept = |range: &ipnet::Ipv4Net| {
        let source = if range.prefix_len() == 0 { String::new() } else { format!("-s {range} ") };
        format!("{source}-m comment --comment \"{name} loadbalancer IP\" -j {ext}")
    };
    let mut rules: Vec<String> = service.source_ranges.iter().map(accept).collect();
    if service.source_ranges.iter().any(|range| range.contains(&node.address)) {
        // A node that has the balancer's address on an interface of its own asks from that address.
        rules.extend(service.load_balancer_vips.iter().map(|&ip| accept(&ip.into())));
    }
    rules.push(format!(
        "-m comment --comment \"other traffic to {name} will be dropped by KUBE-PROXY-FIREWALL\""
    ));
    rules
}

/// KUBE-SVC, KUBE-SVL: one rule per endpoint, each taking its share of what the ones before have left.
fn jumps(service: &ServicePort, name: &str, endpoints: &[Endpoint], large: bool, rules: &mut Vec<String>) {
    let comment = |endpoint: &Endpoint| {
        if large {
            String::new()
        } else {
            format!("-m comment --comment \"{name} -> {}\" ", endpoint.address)
        }
    };
    if let Some(seconds) = service.affinity_seconds {
        for endpoint in endpoints {
            let chain = service.name.endpoint_chain(endpoint.address);
            rules.push(format!(
                "{}-m recent --rcheck --seconds {seconds} --reap --name {chain} --mask 255.255.255.255 --rsource -j {chain}",
                comment(endpoint)
            ));
        }
    }
    for (i, endpoint) in endpoints.iter().enumerate() {
        let chain = service.name.endpoint_chain(endpoint.address);
        let left = endpoints.len() - i;
        let share = if left > 1 {
            format!("-m statistic --mode random --probability {} ", probability(left))
        } else {
            String::new()
        };
        rules.push(format!("{}{share}-j {chain}", comment(endpoint)));
    }
}

/// 1/n as the kernel keeps it: kube-proxy writes ten digits, iptables makes a multiple of 2^-31 of them.
fn probability(n: usize) -> String {
    let ten_digits = (1e10 / n as f64).round();
    let units = (ten_digits / 1e10 * 2_147_483_648.0).round();
    format!("{:.11}", units / 2_147_483_648.0)
}

/// KUBE-SEP: one endpoint.
fn endpoint_chain(
    service: &ServicePort,
    name: &str,
    endpoint: &Endpoint,
    large: bool,
) -> (String, Vec<String>) {
    let chain = service.name.endpoint_chain(endpoint.address);
    let proto = service.name.protocol.lower();
    let comment = if large { String::new() } else { format!("-m comment --comment \"{name}\" ") };
    let remember = match service.affinity_seconds {
        Some(_) => format!("-m recent --set --name {chain} --mask 255.255.255.255 --rsource "),
        None => String::new(),
    };
    let rules = vec![
        // A pod that reaches itself through its Service must see somebody else as the sender.
        format!("-s {}/32 {comment}-j KUBE-MARK-MASQ", endpoint.address.ip()),
        format!("-p {proto} {comment}{remember}-m {proto} -j DNAT --to-destination {}", endpoint.address),
    ];
    (chain, rules)
}

#[cfg(test)]
mod tests {
    use super::probability;

    #[test]
    fn probabilities_are_the_kernels() {
        let all: Vec<String> = (2..=6).map(probability).collect();
        assert_eq!(
            all,
            ["0.50000000000", "0.33333333349", "0.25000000000", "0.20000000019", "0.16666666651"]
        );
    }
}
