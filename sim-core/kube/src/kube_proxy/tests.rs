//! Objects in, `iptables-save` text out, for every case in `tests/data/iptables`.

use super::setup::{CANARY_TABLES, JUMPS, KUBELET_FIREWALL, KUBELET_JUMPS};
use super::{NodeConfig, Proxier};
use crate::json;
use serde_json::Value;
use sim::Ordered;
use std::collections::BTreeMap;
use std::rc::Rc;

fn node1() -> NodeConfig {
    NodeConfig {
        name: "node1".into(),
        address: [10, 10, 0, 11].into(),
        cluster_cidr: "10.244.0.0/16".parse().expect("a subnet"),
    }
}

fn kubernetes_service() -> [Value; 2] {
    [
        json!({"kind": "Service", "metadata": {"namespace": "default", "name": "kubernetes"},
               "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP"}]}}),
        json!({"kind": "EndpointSlice", "addressType": "IPv4",
               "metadata": {"namespace": "default", "name": "kubernetes",
                            "labels": {"kubernetes.io/service-name": "kubernetes"}},
               "endpoints": [{"addresses": ["10.10.0.11"]}], "ports": [{"name": "https", "port": 6443}]}),
    ]
}

fn feed(proxier: &mut Proxier, item: &Value) {
    match item["kind"].as_str() {
        Some("Service") => proxier.service_changed(None, Some(item)),
        _ => proxier.slice_changed(None, Some(&Rc::new(item.clone()))),
    };
}

/// A kernel's tables, as far as a restore with `--noflush` goes.
#[derive(Default)]
struct Tables(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Tables {
    fn restore(&mut self, text: &str) {
        let mut table = String::new();
        for line in text.lines() {
            let chains = self.0.entry(table.clone()).or_default();
            match line.split_once(' ').unwrap_or((line, "")) {
                ("-A", rest) => {
                    let (chain, rule) = rest.split_once(' ').expect("a rule");
                    chains.get_mut(chain).expect("a declared chain").push(rule.to_string());
                }
                ("-X", chain) => assert!(chains.remove(chain).is_some_and(|rules| rules.is_empty())),
                (name, _) if name.starts_with('*') => table = name[1..].to_string(),
                (name, _) if name.starts_with(':') => drop(chains.insert(name[1..].to_string(), Vec::new())),
                _ => {}
            }
        }
    }

    /// As `iptables-save` prints it on a node where a kubelet and a kube-proxy have run, sorted where order is chance.
    fn save(&self, name: &str) -> Vec<String> {
        let builtin: &[&str] = match name {
            "nat" => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
            _ => &["INPUT", "FORWARD", "OUTPUT"],
        };
        let mut chains = self.0[name].clone();
        chains.entry("KUBE-KUBELET-CANARY".into()).or_default();
        chains.entry("KUBE-PROXY-CANARY".into()).or_default();
        if name == "filter" {
            chains.insert("KUBE-FIREWALL".into(), vec![KUBELET_FIREWALL.into()]);
        }
        let mut out = vec![format!("*{name}")];
        out.extend(builtin.iter().map(|chain| format!(":{chain} ACCEPT [0:0]")));
        out.extend(chains.keys().map(|chain| format!(":{chain} - [0:0]")));
        for chain in builtin {
            let jumps = JUMPS.iter().chain(KUBELET_JUMPS).filter(|(t, c, _)| t == &name && c == chain);
            out.extend(jumps.map(|(_, chain, rule)| format!("-A {chain} {rule}")));
        }
        for (chain, rules) in &chains {
            out.extend(rules.iter().map(|rule| format!("-A {chain} {rule}")));
        }
        out.push("COMMIT".into());
        sorted_where_chance(out)
    }
}

fn sorted_where_chance(lines: Vec<String>) -> Vec<String> {
    let by_chance = |line: &str| {
        let chain = line.strip_prefix("-A ").and_then(|rest| rest.split(' ').next()).unwrap_or("");
        ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL"].contains(&chain)
            && !line.contains("must be the last rule")
    };
    let mut sorted: Vec<String> = lines.iter().filter(|line| by_chance(line)).cloned().collect();
    sorted.order();
    let mut sorted = sorted.into_iter();
    lines
        .into_iter()
        .map(|line| if by_chance(&line) { sorted.next().expect("as many as before") } else { line })
        .collect()
}

#[test]
fn rules_are_those_of_a_real_kube_proxy() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/iptables");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let input: Value = serde_json::from_slice(&std::fs::read(&path).expect("a case")).expect("JSON");
        let mut proxier = Proxier::new(node1());
        for item in kubernetes_service().iter().chain(input["items"].as_array().expect("items")) {
            feed(&mut proxier, item);
        }
        let mut tables = Tables::default();
        tables.restore(&proxier.sync_proxy_rules(true).expect("a first sync"));
        for table in ["nat", "filter"] {
            let expected = std::fs::read_to_string(path.with_extension(table)).expect("the expected rules");
            let expected = sorted_where_chance(expected.lines().map(String::from).collect());
            assert_eq!(tables.save(table).join("\n"), expected.join("\n"), "{} {table}", path.display());
        }
        assert_eq!(proxier.sync_proxy_rules(false), None, "nothing has changed since");
        cases += 1;
    }
    assert!(cases >= 20, "{cases} cases");
}

#[test]
fn a_sync_writes_only_what_has_changed() {
    let slice = |ips: &[&str]| {
        let endpoints: Vec<Value> = ips.iter().map(|ip| json!({"addresses": [ip]})).collect();
        json!({"kind": "EndpointSlice", "addressType": "IPv4",
               "metadata": {"namespace": "default", "name": "s-1", "labels": {"kubernetes.io/service-name": "s"}},
               "endpoints": endpoints, "ports": [{"name": "", "port": 80, "protocol": "TCP"}]})
    };
    let service = json!({"kind": "Service", "metadata": {"namespace": "default", "name": "s"},
                         "spec": {"clusterIP": "10.96.20.20", "ports": [{"port": 80, "protocol": "TCP"}]}});
    let mut proxier = Proxier::new(node1());
    for item in kubernetes_service().iter().chain([&service, &slice(&["10.244.1.2", "10.244.2.2"])]) {
        feed(&mut proxier, item);
    }
    let mut tables = Tables::default();
    tables.restore(&proxier.sync_proxy_rules(true).expect("a first sync"));
    feed(&mut proxier, &slice(&["10.244.1.2"]));
    let text = proxier.sync_proxy_rules(false).expect("a second sync");
    assert!(
        !text.contains("KUBE-SERVICES") && !text.contains("*filter") && text.contains("-X KUBE-SEP-"),
        "{text}"
    );
    tables.restore(&text);
    feed(&mut proxier, &slice(&[]));
    tables.restore(&proxier.sync_proxy_rules(false).expect("a third sync"));
    assert!(tables.save("filter").iter().any(|line| line.contains("default/s has no endpoints")));
    proxier.service_changed(Some(&service), None);
    tables.restore(&proxier.sync_proxy_rules(false).expect("a fourth sync"));
    assert!(!tables.save("filter").iter().any(|line| line.contains("default/s")));
    assert_eq!(CANARY_TABLES.len(), 3);
}
