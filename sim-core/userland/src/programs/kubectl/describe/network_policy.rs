//! `kubectl describe networkpolicy`.

use super::writer::{Writer, items, or_none, plain, selector_text};
use serde_json::Value;

/// Writes it; policies have no events.
pub fn describe(w: &mut Writer, policy: &Value) {
    let (metadata, spec) = (&policy["metadata"], &policy["spec"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    // `2026-01-05T08:00:30Z` as Go prints a time.
    let created = plain(&metadata["creationTimestamp"]).replace('T', " ").replace('Z', " +0000 UTC");
    w.field(0, "Created on", &created);
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.write(0, "Spec:\n");
    w.write(1, "PodSelector: ");
    match selector_text(&spec["podSelector"]).as_str() {
        "" => w.write(2, "<none> (Allowing the specific traffic to all pods in this namespace)\n"),
        selector => w.write(2, &format!("{selector}\n")),
    }
    let types: Vec<String> = items(&spec["policyTypes"]).iter().map(plain).collect();
    for (kind, word, side) in [("Ingress", "ingress", "from"), ("Egress", "egress", "to")] {
        if types.iter().any(|t| t == kind) {
            w.write(1, &format!("Allowing {word} traffic:\n"));
            rules(w, items(&spec[word]), word, side);
        } else {
            w.write(1, &format!("Not affecting {word} traffic\n"));
        }
    }
    w.write(1, &format!("Policy Types: {}\n", types.join(", ")));
}

fn rules(w: &mut Writer, rules: &[Value], word: &str, side: &str) {
    if rules.is_empty() {
        return w.write(2, &format!("<none> (Selected pods are isolated for {word} connectivity)\n"));
    }
    let title = if side == "from" { "From" } else { "To" };
    for (i, rule) in rules.iter().enumerate() {
        if items(&rule["ports"]).is_empty() {
            w.write(2, "To Port: <any> (traffic allowed to all ports)\n");
        }
        for port in items(&rule["ports"]) {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            let number = match &port["port"] {
                Value::Null => "<nil>".to_string(),
                number => plain(number),
            };
            match &port["endPort"] {
                Value::Null => w.write(2, &format!("To Port: {number}/{protocol}\n")),
                end => w.write(2, &format!("To Port Range: {number}-{end}/{protocol}\n")),
            }
        }
        if items(&rule[side]).is_empty() {
            let end = if side == "from" { "source" } else { "destination" };
            w.write(2, &format!("{title}: <any> (traffic not restricted by {end})\n"));
        }
        for peer in items(&rule[side]) {
            w.write(2, &format!("{title}:\n"));
            self::peer(w, peer);
        }
        if i + 1 < rules.len() {
            w.write(2, "----------\n");
        }
    }
}

fn peer(w: &mut Writer, peer: &Value) {
    for (field, title) in [("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")] {
        if peer[field].is_object() {
            w.write(3, &format!("{title}: {}\n", or_none(&selector_text(&peer[field]))));
        }
    }
    let block = &peer["ipBlock"];
    if block.is_object() {
        let except: Vec<String> = items(&block["except"]).iter().map(plain).collect();
        w.write(3, "IPBlock:\n");
        w.write(4, &format!("CIDR: {}\n", plain(&block["cidr"])));
        w.write(4, &format!("Except: {}\n", except.join(", ")));
    }
}
