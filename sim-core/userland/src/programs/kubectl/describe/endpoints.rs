//! `kubectl describe endpoints`.

use super::writer::{Writer, items, or_none, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, endpoints: &Value) {
    w.head(endpoints);
    w.write(0, "Subsets:\n");
    for subset in items(&endpoints["subsets"]) {
        let addresses = |field: &str| {
            let all: Vec<String> = items(&subset[field]).iter().map(|a| plain(&a["ip"])).collect();
            or_none(&all.join(",")).to_string()
        };
        w.field(1, "Addresses", &addresses("addresses"));
        w.field(1, "NotReadyAddresses", &addresses("notReadyAddresses"));
        if !items(&subset["ports"]).is_empty() {
            w.write(1, "Ports:\n");
            ports(w, &subset["ports"]);
        }
        w.write(0, "\n");
    }
}

/// A table of ports.
pub fn ports(w: &mut Writer, ports: &Value) {
    w.write(2, "Name\tPort\tProtocol\n");
    w.write(2, "----\t----\t--------\n");
    for port in items(ports) {
        let name = match port["name"].as_str() {
            Some(name) if !name.is_empty() => name,
            _ => "<unset>",
        };
        w.write(2, &format!("{name}\t{}\t{}\n", plain(&port["port"]), plain(&port["protocol"])));
    }
}
