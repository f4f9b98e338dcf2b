//! From policies to chains of the filter table.

use super::policies::{Allowance, Cluster, Direction, Peer, Pod, Port, is_about};
use crate::api::{Object, ObjectExt};
use base32ct::{Base32Upper, Encoding as _};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sim::SortedMap;

/// Rules of chains, by name of the chain.
pub type Chains = SortedMap<String, Vec<String>>;

/// The kernel's chains with the chain that each jumps to, and the rule that jumps.
pub const JUMPS: [(&str, &str, &str); 3] = [
    (
        "INPUT",
        "KUBE-ROUTER-INPUT",
        "-m comment --comment \"kube-router netpol - 4IA2OSFRMVNDXBVV\" -j KUBE-ROUTER-INPUT",
    ),
    (
        "FORWARD",
        "KUBE-ROUTER-FORWARD",
        "-m comment --comment \"kube-router netpol - TEMCG2JMHZYE7H7T\" -j KUBE-ROUTER-FORWARD",
    ),
    (
        "OUTPUT",
        "KUBE-ROUTER-OUTPUT",
        "-m comment --comment \"kube-router netpol - VEAAIY32XVBHCSCY\" -j KUBE-ROUTER-OUTPUT",
    ),
];

/// What a policy lets through is marked with this, and one that may go on with the other.
const LET_THROUGH: &str = "0x10000/0x10000";
const COMPLIED: &str = "0x20000/0x20000";

/// All chains of a node; none when there is no policy.
pub fn chains(policies: &[Object], pods: &[Object], namespaces: &[Object], node: &str) -> Chains {
    let mut chains = Chains::new();
    if policies.is_empty() {
        return chains;
    }
    let cluster = Cluster::new(pods, namespaces);
    let mut jumps: SortedMap<&str, Vec<String>> = SortedMap::new();
    for pod in cluster.pods.iter().filter(|pod| pod.object.str_at("/spec/nodeName") == node) {
        let mine: Vec<(&Object, Direction)> = policies
            .iter()
            .filter(|policy| cluster.selected(policy).any(|selected| selected.ip == pod.ip))
            .flat_map(|policy| Direction::ALL.map(|direction| (policy, direction)))
            .filter(|(policy, direction)| is_about(policy, *direction))
            .collect();
        if mine.is_empty() {
            continue;
        }
        for (policy, direction) in &mine {
            chains
                .entry(policy_chain(policy, *direction))
                .or_insert_with(|| policy_rules(&cluster, policy, *direction));
        }
        let chain =
            format!("KUBE-POD-FW-{}", hash(&format!("{}{}", pod.object.namespace(), pod.object.name())));
        for direction in Direction::ALL {
            if mine.iter().any(|(_, d)| *d == direction) {
                jump_to_pod(pod, direction, &chain, &mut jumps);
            }
        }
        chains.insert(chain, pod_rules(pod, &mine));
    }
    for (from, chain, _) in JUMPS {
        let mut rules = jumps.remove(from).unwrap_or_default();
        if from == "INPUT" {
            rules.splice(0..0, own_services());
        }
        rules.push(format!(
            "-m comment --comment \"rule to explicitly ACCEPT traffic that comply to network policies\" \
             -m mark --mark {COMPLIED} -j ACCEPT"
        ));
        chains.insert(chain.to_string(), rules);
    }
    chains
}

/// What is addressed to a Service is decided where it is led to.
fn own_services() -> Vec<String> {
    let ports = |protocol: &str, hash: &str| {
        format!(
            "-p {protocol} -m comment --comment \"allow LOCAL {} traffic to node ports - {hash}\" \
             -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN",
            protocol.to_uppercase()
        )
    };
    vec![
        "-d 10.96.0.0/12 -m comment --comment \"allow traffic to primary/secondary cluster IP range\" -j RETURN"
            .to_string(),
        ports("tcp", "LR7XO7NXDBGQJD2M"),
        ports("udp", "76UCBPIZNGJNWNUZ"),
    ]
}

fn jump_to_pod(pod: &Pod<'_>, direction: Direction, chain: &str, jumps: &mut SortedMap<&str, Vec<String>>) {
    let (flag, words, from): (_, _, &[&str]) = match direction {
        Direction::Ingress => ("-d", "traffic destined to", &["FORWARD", "OUTPUT"]),
        Direction::Egress => ("-s", "traffic from", &["FORWARD", "INPUT", "OUTPUT"]),
    };
    let rule = format!(
        "{flag} {}/32 -m comment --comment \"rule to jump {words} POD name:{} namespace: {} to chain {chain}\" \
         -j {chain}",
        pod.ip,
        pod.object.name(),
        pod.object.namespace()
    );
    for &from in from {
        jumps.entry(from).or_default().push(rule.clone());
    }
}

/// The chain of a pod. Models `setupPodNetpolRules` and `dropUnmarkedTrafficRules`.
fn pod_rules(pod: &Pod<'_>, policies: &[(&Object, Direction)]) -> Vec<String> {
    let comment = |text: &str| format!("-m comment --comment \"{text}\"");
    let ip = pod.ip;
    let mut rules = vec![
        format!(
            "{} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            comment("rule for stateful firewall for pod")
        ),
        format!("{} -m conntrack --ctstate INVALID -j DROP", comment("rule to drop invalid state for pod")),
        format!(
            "-d {ip}/32 {} -m addrtype --src-type LOCAL -j ACCEPT",
            comment("rule to permit the traffic traffic to pods when source is the pod's local node")
        ),
    ];
    for (policy, direction) in policies {
        let flag = if *direction == Direction::Ingress { "-d" } else { "-s" };
        rules.push(format!(
            "{flag} {ip}/32 {} -j {}",
            comment(&format!("run through nw policy {}", policy.name())),
            policy_chain(policy, *direction)
        ));
    }
    let refuse = format!(
        "rule to REJECT traffic destined for POD name:{} namespace: {}",
        pod.object.name(),
        pod.object.namespace()
    );
    rules.push(format!(
        "{} -m mark ! --mark {LET_THROUGH} -j REJECT --reject-with icmp-port-unreachable",
        comment(&refuse)
    ));
    rules.push("-j MARK --set-xmark 0x0/0x10000".to_string());
    rules.push(format!(
        "{} -j MARK --set-xmark {COMPLIED}",
        comment("set mark to ACCEPT traffic that comply to network policies")
    ));
    rules
}

fn policy_chain(policy: &Value, direction: Direction) -> String {
    format!("KUBE-NWPLCY-{}", hash(&format!("{}{}{}", policy.namespace(), policy.name(), direction.name())))
}

/// The chain of a policy in one direction. Models `processIngressRules` and `processEgressRules`.
fn policy_rules(cluster: &Cluster<'_>, policy: &Value, direction: Direction) -> Vec<String> {
    let mut rules = Vec::new();
    for Allowance { peer, port } in cluster.allowances(policy, direction) {
        let other = if direction == Direction::Ingress { "-s" } else { "-d" };
        let mut rule = String::new();
        match &peer {
            Peer::All => {}
            Peer::Pod(ip) => rule.push_str(&format!("{other} {ip}/32 ")),
            Peer::Block(net) if net.prefix_len() == 0 => {}
            Peer::Block(net) => rule.push_str(&format!("{other} {net} ")),
        }
        let (protocol, numbers) = match port {
            Port::Any => (None, None),
            Port::Range(protocol, numbers) => (Some(protocol), numbers),
            Port::Of(ip, protocol, number) => {
                if direction == Direction::Ingress {
                    rule.push_str(&format!("-d {ip}/32 "));
                }
                (Some(protocol), Some((number, number)))
            }
        };
        if let Some(protocol) = protocol {
            rule.push_str(&format!("-p {protocol} "));
        }
        rule.push_str(&format!(
            "-m comment --comment \"{} {} namespace {}\" ",
            reason(direction, &peer),
            policy.name(),
            policy.namespace()
        ));
        if let (Some(protocol), Some((first, last))) = (protocol, numbers) {
            let range = if first == last { first.to_string() } else { format!("{first}:{last}") };
            rule.push_str(&format!("-m {protocol} --dport {range} "));
        }
        rule.push_str(&format!("-j MARK --set-xmark {LET_THROUGH}"));
        rules.push(rule);
    }
    rules
}

fn reason(direction: Direction, peer: &Peer) -> &'static str {
    match (direction, peer) {
        (_, Peer::Pod(_)) => "rule to ACCEPT traffic from source pods to dest pods selected by policy name",
        (Direction::Ingress, Peer::All) => {
            "rule to ACCEPT traffic from all sources to dest pods selected by policy name:"
        }
        (Direction::Ingress, Peer::Block(_)) => {
            "rule to ACCEPT traffic from specified ipBlocks to dest pods selected by policy name:"
        }
        (Direction::Egress, Peer::All) => {
            "rule to ACCEPT traffic from source pods to all destinations selected by policy name:"
        }
        (Direction::Egress, Peer::Block(_)) => {
            "rule to ACCEPT traffic from source pods to specified ipBlocks selected by policy name:"
        }
    }
}

fn hash(text: &str) -> String {
    let mut encoded = Base32Upper::encode_string(&Sha256::digest(text.as_bytes()));
    encoded.truncate(16);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use expect_test::expect;
    use std::rc::Rc;

    fn pod(namespace: &str, name: &str, node: &str, ip: &str, labels: Value) -> Object {
        Rc::new(json!({
            "metadata": {"namespace": namespace, "name": name, "labels": labels},
            "spec": {"nodeName": node, "containers": [{"ports": [{"name": "web", "containerPort": 8080}]}]},
            "status": {"phase": "Running", "podIP": ip},
        }))
    }

    fn show(spec: Value, filter: &str) -> String {
        let pods = [
            pod("lab", "db", "node1", "10.244.0.5", json!({"app": "db"})),
            pod("lab", "web", "node2", "10.244.1.6", json!({"app": "web"})),
            pod("ops", "probe", "node1", "10.244.0.7", json!({"app": "probe"})),
        ];
        let namespaces = [("lab", "lab"), ("ops", "ops")]
            .map(|(name, team)| Rc::new(json!({"metadata": {"name": name, "labels": {"team": team}}})));
        let policy = Rc::new(json!({"metadata": {"namespace": "lab", "name": "p"}, "spec": spec}));
        let mut text = String::new();
        for (chain, rules) in chains(&[policy], &pods, &namespaces, "node1") {
            for rule in rules.iter().filter(|_| chain.starts_with(filter)) {
                text.push_str(&format!("-A {chain} {rule}\n"));
            }
        }
        text
    }

    #[test]
    fn a_policy_says_who_may_come_in() {
        let spec = json!({"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"protocol": "TCP", "port": 5432}]},
            {"from": [{"namespaceSelector": {"matchLabels": {"team": "ops"}}}]},
            {"ports": [{"protocol": "TCP", "port": "web"}, {"protocol": "UDP", "port": 100, "endPort": 200}]},
        ]});
        expect![[r#"
            -A KUBE-NWPLCY-PU4632TW4OMPLXIZ -s 10.244.1.6/32 -p tcp -m comment --comment "rule to ACCEPT traffic from source pods to dest pods selected by policy name p namespace lab" -m tcp --dport 5432 -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-PU4632TW4OMPLXIZ -s 10.244.0.7/32 -m comment --comment "rule to ACCEPT traffic from source pods to dest pods selected by policy name p namespace lab" -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-PU4632TW4OMPLXIZ -d 10.244.0.5/32 -p tcp -m comment --comment "rule to ACCEPT traffic from all sources to dest pods selected by policy name: p namespace lab" -m tcp --dport 8080 -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-PU4632TW4OMPLXIZ -p udp -m comment --comment "rule to ACCEPT traffic from all sources to dest pods selected by policy name: p namespace lab" -m udp --dport 100:200 -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -m comment --comment "rule for stateful firewall for pod" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -m comment --comment "rule to drop invalid state for pod" -m conntrack --ctstate INVALID -j DROP
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -d 10.244.0.5/32 -m comment --comment "rule to permit the traffic traffic to pods when source is the pod's local node" -m addrtype --src-type LOCAL -j ACCEPT
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -d 10.244.0.5/32 -m comment --comment "run through nw policy p" -j KUBE-NWPLCY-PU4632TW4OMPLXIZ
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -m comment --comment "rule to REJECT traffic destined for POD name:db namespace: lab" -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -j MARK --set-xmark 0x0/0x10000
            -A KUBE-POD-FW-N6ZIPTUJIPOUUOCN -m comment --comment "set mark to ACCEPT traffic that comply to network policies" -j MARK --set-xmark 0x20000/0x20000
            -A KUBE-ROUTER-FORWARD -d 10.244.0.5/32 -m comment --comment "rule to jump traffic destined to POD name:db namespace: lab to chain KUBE-POD-FW-N6ZIPTUJIPOUUOCN" -j KUBE-POD-FW-N6ZIPTUJIPOUUOCN
            -A KUBE-ROUTER-FORWARD -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark 0x20000/0x20000 -j ACCEPT
            -A KUBE-ROUTER-INPUT -d 10.96.0.0/12 -m comment --comment "allow traffic to primary/secondary cluster IP range" -j RETURN
            -A KUBE-ROUTER-INPUT -p tcp -m comment --comment "allow LOCAL TCP traffic to node ports - LR7XO7NXDBGQJD2M" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN
            -A KUBE-ROUTER-INPUT -p udp -m comment --comment "allow LOCAL UDP traffic to node ports - 76UCBPIZNGJNWNUZ" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN
            -A KUBE-ROUTER-INPUT -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark 0x20000/0x20000 -j ACCEPT
            -A KUBE-ROUTER-OUTPUT -d 10.244.0.5/32 -m comment --comment "rule to jump traffic destined to POD name:db namespace: lab to chain KUBE-POD-FW-N6ZIPTUJIPOUUOCN" -j KUBE-POD-FW-N6ZIPTUJIPOUUOCN
            -A KUBE-ROUTER-OUTPUT -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark 0x20000/0x20000 -j ACCEPT
        "#]].assert_eq(&show(spec, ""));
    }

    #[test]
    fn a_policy_says_where_to() {
        let spec = json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [
            {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.64.0.0/10"]}}]},
            {"to": [{"podSelector": {}, "namespaceSelector": {}}], "ports": [{"protocol": "TCP", "port": "web"}]},
        ]});
        expect![[r#"
            -A KUBE-NWPLCY-C7E2PKV3RC7UYAPQ -d 10.0.0.0/10 -m comment --comment "rule to ACCEPT traffic from source pods to specified ipBlocks selected by policy name: p namespace lab" -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-C7E2PKV3RC7UYAPQ -d 10.128.0.0/9 -m comment --comment "rule to ACCEPT traffic from source pods to specified ipBlocks selected by policy name: p namespace lab" -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-C7E2PKV3RC7UYAPQ -d 10.244.0.5/32 -p tcp -m comment --comment "rule to ACCEPT traffic from source pods to dest pods selected by policy name p namespace lab" -m tcp --dport 8080 -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-C7E2PKV3RC7UYAPQ -d 10.244.1.6/32 -p tcp -m comment --comment "rule to ACCEPT traffic from source pods to dest pods selected by policy name p namespace lab" -m tcp --dport 8080 -j MARK --set-xmark 0x10000/0x10000
            -A KUBE-NWPLCY-C7E2PKV3RC7UYAPQ -d 10.244.0.7/32 -p tcp -m comment --comment "rule to ACCEPT traffic from source pods to dest pods selected by policy name p namespace lab" -m tcp --dport 8080 -j MARK --set-xmark 0x10000/0x10000
        "#]].assert_eq(&show(spec, "KUBE-NWPLCY"));
    }

    #[test]
    fn without_policies_there_are_no_chains() {
        assert!(chains(&[], &[pod("lab", "db", "node1", "10.244.0.5", json!({}))], &[], "node1").is_empty());
    }
}
