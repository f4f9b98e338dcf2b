//! `kubectl describe service`.

use super::writer::{Writer, items, labels_text, or_none, plain};
use serde_json::Value;

/// How many addresses are shown before `+ N more...`.
const MAX_ENDPOINTS: usize = 3;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, service: &Value, slices: &[Value]) {
    let (spec, status) = (&service["spec"], &service["status"]);
    w.head(service);
    w.field(0, "Selector", &labels_text(&spec["selector"]));
    w.value(0, "Type", &spec["type"]);
    w.optional(0, "IP Family Policy", &spec["ipFamilyPolicy"]);
    w.field(0, "IP Families", or_none(&joined(&spec["ipFamilies"])));
    w.value(0, "IP", &spec["clusterIP"]);
    w.field(0, "IPs", or_none(&joined(&spec["clusterIPs"])));
    if !items(&spec["externalIPs"]).is_empty() {
        w.field(0, "External IPs", &joined(&spec["externalIPs"]));
    }
    w.optional(0, "Desired LoadBalancer IP", &spec["loadBalancerIP"]);
    w.optional(0, "External Name", &spec["externalName"]);
    let ingress = items(&status["loadBalancer"]["ingress"]);
    if !ingress.is_empty() {
        let addresses: Vec<String> = ingress
            .iter()
            .map(|i| {
                let address = match i["ip"].as_str() {
                    Some(ip) if !ip.is_empty() => ip.to_string(),
                    _ => plain(&i["hostname"]),
                };
                match i["ipMode"].as_str() {
                    Some(mode) => format!("{address} ({mode})"),
                    None => address,
                }
            })
            .collect();
        w.field(0, "LoadBalancer Ingress", &addresses.join(", "));
    }
    for port in items(&spec["ports"]) {
        let name = match port["name"].as_str() {
            Some(name) if !name.is_empty() => name,
            _ => "<unset>",
        };
        let protocol = plain(&port["protocol"]);
        w.write(0, &format!("Port:\t{name}\t{}/{protocol}\n", plain(&port["port"])));
        w.field(0, "TargetPort", &format!("{}/{protocol}", plain(&port["targetPort"])));
        if port["nodePort"].as_i64().unwrap_or(0) != 0 {
            w.write(0, &format!("NodePort:\t{name}\t{}/{protocol}\n", plain(&port["nodePort"])));
        }
        w.field(0, "Endpoints", &endpoints(slices, port["name"].as_str().unwrap_or("")));
    }
    w.value(0, "Session Affinity", &spec["sessionAffinity"]);
    w.optional(0, "External Traffic Policy", &spec["externalTrafficPolicy"]);
    w.optional(0, "Internal Traffic Policy", &spec["internalTrafficPolicy"]);
    w.optional(0, "Traffic Distribution", &spec["trafficDistribution"]);
    if spec["healthCheckNodePort"].as_i64().unwrap_or(0) != 0 {
        w.value(0, "HealthCheck NodePort", &spec["healthCheckNodePort"]);
    }
    if !items(&spec["loadBalancerSourceRanges"]).is_empty() {
        w.field(0, "LoadBalancer Source Ranges", &joined(&spec["loadBalancerSourceRanges"]));
    }
}

fn joined(list: &Value) -> String {
    items(list).iter().map(plain).collect::<Vec<_>>().join(",")
}

/// The ready endpoints of a port.
/// The addresses behind a port of a Service.
pub fn endpoints(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_string();
    }
    let mut shown: Vec<String> = Vec::new();
    let mut count = 0;
    for slice in slices {
        let ports = items(&slice["ports"]);
        let matching: Vec<Option<&Value>> = if ports.is_empty() {
            vec![None]
        } else {
            ports.iter().filter(|p| p["name"].as_str().unwrap_or("") == port_name).map(Some).collect()
        };
        for port in matching {
            for endpoint in items(&slice["endpoints"]) {
                if endpoint["conditions"]["ready"] == false {
                    continue;
                }
                count += 1;
                if shown.len() < MAX_ENDPOINTS {
                    let address = plain(&endpoint["addresses"][0]);
                    shown.push(match port {
                        Some(port) if address.contains(':') => {
                            format!("[{address}]:{}", plain(&port["port"]))
                        }
                        Some(port) => format!("{address}:{}", plain(&port["port"])),
                        None => address,
                    });
                }
            }
        }
    }
    let text = shown.join(",");
    if count > MAX_ENDPOINTS { format!("{text} + {} more...", count - MAX_ENDPOINTS) } else { text }
}
