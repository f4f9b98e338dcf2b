//! What a container finds in its environment and in /etc.

use crate::api::{Object, ObjectExt};
use serde_json::Value;
use sim::SortedMap;
use std::net::Ipv4Addr;

/// Variables for the Services of a namespace, as `docker run --link` once made them. Models pkg/kubelet/envvars.
pub fn service_variables<'a>(services: impl Iterator<Item = &'a Object>) -> SortedMap<String, String> {
    let mut variables = SortedMap::new();
    for service in services {
        let ip = service.str_at("/spec/clusterIP");
        let ports = service.list_at("/spec/ports");
        let Some(first) = ports.first().filter(|_| ip.parse::<Ipv4Addr>().is_ok()) else { continue };
        let name = variable_name(service.name());
        variables.insert(format!("{name}_SERVICE_HOST"), ip.to_string());
        let number = |port: &Value| port.int_at("/port").unwrap_or(0);
        variables.insert(format!("{name}_SERVICE_PORT"), number(first).to_string());
        for (i, port) in ports.iter().enumerate() {
            let protocol = match port.str_at("/protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            let lower = protocol.to_ascii_lowercase();
            let number = number(port);
            let url = format!("{lower}://{ip}:{number}");
            if !port.str_at("/name").is_empty() {
                let key = format!("{name}_SERVICE_PORT_{}", variable_name(port.str_at("/name")));
                variables.insert(key, number.to_string());
            }
            if i == 0 {
                variables.insert(format!("{name}_PORT"), url.clone());
            }
            let prefix = format!("{name}_PORT_{number}_{protocol}");
            variables.insert(format!("{prefix}_PROTO"), lower);
            variables.insert(format!("{prefix}_PORT"), number.to_string());
            variables.insert(format!("{prefix}_ADDR"), ip.to_string());
            variables.insert(prefix, url);
        }
    }
    variables
}

fn variable_name(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// `$(NAME)` in commands, arguments and values; `$$` stands for `$`; what is not known stays. Models
/// third_party/forked/golang/expansion.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match lookup(name) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    out
}

/// The value of a `fieldRef`. Models pkg/fieldpath.
pub fn field_value(pod: &Value, path: &str, pod_ip: &str, host_ip: &str) -> Option<String> {
    if let Some((map, key)) = path.strip_suffix("']").and_then(|p| p.split_once("['")) {
        return Some(match map {
            "metadata.labels" => pod.label(key).unwrap_or("").to_string(),
            "metadata.annotations" => pod.annotation(key).unwrap_or("").to_string(),
            _ => return None,
        });
    }
    let lines = |map: &serde_json::Map<String, Value>| {
        let line = |(k, v): (&String, &Value)| format!("{k}={:?}", v.as_str().unwrap_or(""));
        map.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    Some(match path {
        "metadata.name" => pod.name().to_string(),
        "metadata.namespace" => pod.namespace().to_string(),
        "metadata.uid" => pod.uid().to_string(),
        "metadata.labels" => lines(pod.labels()),
        "metadata.annotations" => lines(pod.annotations()),
        "spec.nodeName" => pod.str_at("/spec/nodeName").to_string(),
        "spec.serviceAccountName" => pod.str_at("/spec/serviceAccountName").to_string(),
        "status.podIP" | "status.podIPs" => pod_ip.to_string(),
        "status.hostIP" | "status.hostIPs" => host_ip.to_string(),
        _ => return None,
    })
}

/// The host name of a pod.
pub fn host_name(pod: &Value) -> String {
    match pod.str_at("/spec/hostname") {
        "" => pod.name().chars().take(63).collect::<String>().trim_end_matches(['-', '.']).to_string(),
        name => name.to_string(),
    }
}

/// `/etc/hosts`. Models pkg/kubelet/kubelet_pods.go `managedHostsFileContent`.
pub fn hosts_file(pod: &Value, pod_ip: &str, of_node: &str) -> String {
    let mut text = if pod.bool_at("/spec/hostNetwork") {
        format!("# Kubernetes-managed hosts file (host network).\n{of_node}")
    } else {
        let name = host_name(pod);
        let names = match pod.str_at("/spec/subdomain") {
            "" => name,
            subdomain => format!("{name}.{subdomain}.{}.svc.cluster.local\t{name}", pod.namespace()),
        };
        format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
             fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n\
             {pod_ip}\t{names}\n"
        )
    };
    let aliases = pod.list_at("/spec/hostAliases");
    if !aliases.is_empty() {
        text.push_str("\n# Entries added by HostAliases.\n");
        for alias in aliases {
            let names: Vec<&str> = alias.list_at("/hostnames").iter().filter_map(Value::as_str).collect();
            text.push_str(&format!("{}\t{}\n", alias.str_at("/ip"), names.join("\t")));
        }
    }
    text
}

/// `/etc/resolv.conf`. Models pkg/kubelet/network/dns.
pub fn resolv_conf(pod: &Value, cluster_dns: Ipv4Addr, of_node: &str) -> String {
    let policy = match pod.str_at("/spec/dnsPolicy") {
        "ClusterFirst" if pod.bool_at("/spec/hostNetwork") => "Default",
        "" => "ClusterFirst",
        policy => policy,
    };
    let (mut search, mut servers, mut options): (Vec<String>, Vec<String>, Vec<String>) = match policy {
        "ClusterFirst" | "ClusterFirstWithHostNet" => {
            let namespace = pod.namespace();
            let mut search: Vec<String> = vec![
                format!("{namespace}.svc.cluster.local"),
                "svc.cluster.local".into(),
                "cluster.local".into(),
            ];
            search.extend(field_of(of_node, "search"));
            (search, vec![cluster_dns.to_string()], vec!["ndots:5".into()])
        }
        "None" => Default::default(),
        _ => {
            let servers =
                of_node.lines().filter_map(|l| l.strip_prefix("nameserver ")).map(String::from).collect();
            (field_of(of_node, "search"), servers, field_of(of_node, "options"))
        }
    };
    let config = pod.at("/spec/dnsConfig");
    let texts = |path: &str| config.list_at(path).iter().filter_map(Value::as_str).map(String::from);
    search.extend(texts("/searches").filter(|s| !s.is_empty()));
    servers.extend(texts("/nameservers"));
    for option in config.list_at("/options") {
        let name = option.str_at("/name");
        let whole = match option.at("/value").as_str() {
            Some(value) => format!("{name}:{value}"),
            None => name.to_string(),
        };
        options.retain(|o| o.split(':').next() != Some(name));
        options.push(whole);
    }
    let mut text = String::new();
    if !search.is_empty() {
        text.push_str(&format!("search {}\n", search.join(" ")));
    }
    for server in servers {
        text.push_str(&format!("nameserver {server}\n"));
    }
    if !options.is_empty() {
        text.push_str(&format!("options {}\n", options.join(" ")));
    }
    text
}

fn field_of(resolv_conf: &str, field: &str) -> Vec<String> {
    let line = resolv_conf.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(' '));
    line.into_iter().flat_map(str::split_whitespace).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use std::rc::Rc;

    #[test]
    fn services_become_variables() {
        let service = Rc::new(json!({"metadata": {"name": "blue-np"}, "spec": {"clusterIP": "10.96.20.4",
            "ports": [{"name": "web", "port": 80, "protocol": "TCP"}]}}));
        let headless = Rc::new(
            json!({"metadata": {"name": "db"}, "spec": {"clusterIP": "None", "ports": [{"port": 1}]}}),
        );
        let variables = service_variables([&service, &headless].into_iter());
        let lines: Vec<String> = variables.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            lines,
            [
                "BLUE_NP_PORT=tcp://10.96.20.4:80",
                "BLUE_NP_PORT_80_TCP=tcp://10.96.20.4:80",
                "BLUE_NP_PORT_80_TCP_ADDR=10.96.20.4",
                "BLUE_NP_PORT_80_TCP_PORT=80",
                "BLUE_NP_PORT_80_TCP_PROTO=tcp",
                "BLUE_NP_SERVICE_HOST=10.96.20.4",
                "BLUE_NP_SERVICE_PORT=80",
                "BLUE_NP_SERVICE_PORT_WEB=80",
            ]
        );
    }

    #[test]
    fn references_expand() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_string());
        assert_eq!(expand("$(A) $$(A) $(B) $A $", &lookup), "1 $(A) $(B) $A $");
    }

    #[test]
    fn names_are_resolved_as_the_policy_says() {
        let node = "nameserver 10.10.0.1\n";
        let dns = Ipv4Addr::new(10, 96, 0, 10);
        let pod = |spec: Value| json!({"metadata": {"name": "a", "namespace": "default"}, "spec": spec});
        assert_eq!(
            resolv_conf(&pod(json!({"dnsPolicy": "ClusterFirst"})), dns, node),
            "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
        );
        assert_eq!(resolv_conf(&pod(json!({"dnsPolicy": "Default"})), dns, node), node);
        let config =
            json!({"dnsPolicy": "ClusterFirst", "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]}});
        assert!(resolv_conf(&pod(config), dns, node).ends_with("options ndots:2\n"));
        assert!(hosts_file(&pod(json!({})), "10.244.0.5", "").ends_with("ip6-allrouters\n10.244.0.5\ta\n"));
    }
}
