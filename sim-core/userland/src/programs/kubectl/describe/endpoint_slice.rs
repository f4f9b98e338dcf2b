//! `kubectl describe endpointslice`.

use super::writer::{Writer, items, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, slice: &Value) {
    w.head(slice);
    w.value(0, "AddressType", &slice["addressType"]);
    if items(&slice["ports"]).is_empty() {
        w.field(0, "Ports", "<unset>");
    } else {
        w.write(0, "Ports:\n");
        w.write(1, "Name\tPort\tProtocol\n");
        w.write(1, "----\t----\t--------\n");
        for port in items(&slice["ports"]) {
            let or_unset = |field: &str| match plain(&port[field]) {
                text if text.is_empty() => "<unset>".to_string(),
                text => text,
            };
            w.write(
                1,
                &format!("{}\t{}\t{}\n", or_unset("name"), or_unset("port"), plain(&port["protocol"])),
            );
        }
    }
    if items(&slice["endpoints"]).is_empty() {
        return w.write(0, "Endpoints: <none>\n");
    }
    w.write(0, "Endpoints:\n");
    for endpoint in items(&slice["endpoints"]) {
        let addresses: Vec<String> = items(&endpoint["addresses"]).iter().map(plain).collect();
        w.write(1, &format!("- Addresses:\t{}\n", addresses.join(", ")));
        w.write(2, "Conditions:\n");
        let ready = &endpoint["conditions"]["ready"];
        w.field(3, "Ready", &if ready.is_null() { "<unset>".to_string() } else { plain(ready) });
        let or_unset = |field: &str| match plain(&endpoint[field]) {
            text if text.is_empty() => "<unset>".to_string(),
            text => text,
        };
        w.field(2, "Hostname", &or_unset("hostname"));
        let target = &endpoint["targetRef"];
        if target.is_object() {
            w.field(2, "TargetRef", &format!("{}/{}", plain(&target["kind"]), plain(&target["name"])));
        }
        w.field(2, "NodeName", &or_unset("nodeName"));
        w.field(2, "Zone", &or_unset("zone"));
        if let Some(topology) = endpoint["deprecatedTopology"].as_object().filter(|t| !t.is_empty()) {
            w.write(2, "Topology:\n");
            for (key, value) in topology {
                w.value(3, key, value);
            }
        }
    }
}
