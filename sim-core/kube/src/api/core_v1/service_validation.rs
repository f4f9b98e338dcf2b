//! Rules of Services. Models `ValidateService` and `ValidateServiceUpdate`.

use super::service::{cluster_ip, service_type};
use crate::api::ObjectExt;
use crate::api::validation::{self, Errors};
use crate::json;
use serde_json::Value;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// Rules of a Service; what may change when it is updated.
pub fn validate(service: &Value, old: Option<&Value>, errors: &mut Errors) {
    if let Some(old) = old {
        cluster_ip_change(service, old, errors);
    }
    let kind = service_type(service);
    let ports = service.list_at("/spec/ports");
    if ports.is_empty() && cluster_ip(service) != "None" && kind != "ExternalName" {
        errors.required("spec.ports", "");
    }
    match kind {
        "LoadBalancer" if cluster_ip(service) == "None" => {
            errors.invalid_str(
                "spec.clusterIPs[0]",
                "None",
                "may not be set to 'None' for LoadBalancer services",
            );
        }
        "NodePort" if cluster_ip(service) == "None" => {
            errors.invalid_str(
                "spec.clusterIPs[0]",
                "None",
                "may not be set to 'None' for NodePort services",
            );
        }
        "ExternalName" => {
            if !service.list_at("/spec/clusterIPs").is_empty() || !cluster_ip(service).is_empty() {
                errors.forbidden("spec.clusterIPs", "may not be set when `type` is 'ExternalName'");
            }
            let name = service.str_at("/spec/externalName");
            if name.is_empty() {
                errors.required("spec.externalName", "");
            } else {
                let bare = name.strip_suffix('.').unwrap_or(name);
                errors.check("spec.externalName", bare, validation::dns_subdomain(bare));
            }
        }
        _ => {}
    }
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        self::port(port, i, ports.len() > 1, &mut names, errors);
    }
    for (i, port) in ports.iter().enumerate() {
        let same = |other: &&Value| {
            other.str_at("/protocol") == port.str_at("/protocol") && other.at("/port") == port.at("/port")
        };
        if ports[..i].iter().any(|other| same(&other)) {
            let value = json!({"protocol": port.at("/protocol"), "port": port.at("/port"), "targetPort": 0});
            errors.duplicate(format!("spec.ports[{i}]"), &value);
        }
    }
    validation::labels(service.map_at("/spec/selector"), "spec.selector", errors);
    let affinity = service.str_at("/spec/sessionAffinity");
    if affinity.is_empty() {
        errors.required("spec.sessionAffinity", "");
    } else {
        errors.one_of("spec.sessionAffinity", affinity, &["ClientIP", "None"]);
    }
    if let Some(seconds) = service.int_at("/spec/sessionAffinityConfig/clientIP/timeoutSeconds")
        && !(1..=86_400).contains(&seconds)
    {
        errors.invalid(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
            &json!(seconds),
            "must be greater than 0 and less than or equal to 86400",
        );
    }
    for (i, ip) in service.list_at("/spec/clusterIPs").iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        if ip != "None" || i > 0 {
            validation::ip_address(&format!("spec.clusterIPs[{i}]"), ip, errors);
        }
    }
    for (i, ip) in service.list_at("/spec/externalIPs").iter().enumerate() {
        let field = format!("spec.externalIPs[{i}]");
        let text = ip.as_str().unwrap_or("");
        if let Some(address) = validation::ip_address(&field, text, errors) {
            if address.is_loopback() {
                errors.invalid_str(&field, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
            } else if address.is_unspecified() {
                errors.invalid_str(&field, text, "may not be unspecified (0.0.0.0 or ::)");
            }
        }
    }
    if service.str_at("/spec/type").is_empty() {
        errors.required("spec.type", "");
    } else {
        errors.one_of("spec.type", kind, TYPES);
    }
    if kind == "ClusterIP" {
        for (i, port) in ports.iter().enumerate() {
            if port.int_at("/nodePort").unwrap_or(0) != 0 {
                errors.forbidden(
                    format!("spec.ports[{i}].nodePort"),
                    "may not be used when `type` is 'ClusterIP'",
                );
            }
        }
    }
    external_traffic_policy(service, kind, errors);
    if !service.at("/spec/internalTrafficPolicy").is_null() {
        let policy = service.str_at("/spec/internalTrafficPolicy");
        errors.one_of("spec.internalTrafficPolicy", policy, &["Cluster", "Local"]);
    } else if kind != "ExternalName" {
        errors.required("spec.internalTrafficPolicy", "");
    }
}

fn external_traffic_policy(service: &Value, kind: &str, errors: &mut Errors) {
    let policy = service.str_at("/spec/externalTrafficPolicy");
    let external = matches!(kind, "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && !service.list_at("/spec/externalIPs").is_empty());
    if !external {
        if !policy.is_empty() {
            errors.invalid_str(
                "spec.externalTrafficPolicy",
                policy,
                "may only be set for externally-accessible services",
            );
        }
    } else if policy.is_empty() {
        errors.required("spec.externalTrafficPolicy", "");
    } else {
        errors.one_of("spec.externalTrafficPolicy", policy, &["Cluster", "Local"]);
    }
}

fn port<'a>(port: &'a Value, i: usize, named: bool, names: &mut Vec<&'a str>, errors: &mut Errors) {
    let field = |name: &str| format!("spec.ports[{i}].{name}");
    let name = port.str_at("/name");
    if name.is_empty() {
        if named {
            errors.required(field("name"), "");
        }
    } else {
        errors.check(field("name"), name, validation::dns_label(name));
        if names.contains(&name) {
            errors.duplicate(field("name"), port.at("/name"));
        }
        names.push(name);
    }
    errors.port(field("port"), port.at("/port"));
    let protocol = port.str_at("/protocol");
    if protocol.is_empty() {
        errors.required(field("protocol"), "");
    } else {
        errors.one_of(field("protocol"), protocol, &["SCTP", "TCP", "UDP"]);
    }
    validation::port_or_name(&field("targetPort"), port.at("/targetPort"), errors);
}

/// An address stays while the type does.
fn cluster_ip_change(service: &Value, old: &Value, errors: &mut Errors) {
    if service_type(service) == "ExternalName" || service_type(old) == "ExternalName" {
        return;
    }
    let (new_ips, old_ips) = (service.list_at("/spec/clusterIPs"), old.list_at("/spec/clusterIPs"));
    let Some(old_ip) = old_ips.first() else { return };
    match new_ips.first() {
        None => errors.invalid("spec.clusterIPs[0]", &Value::Null, "primary clusterIP can not be unset"),
        Some(ip) if ip != old_ip => {
            errors.invalid("spec.clusterIPs[0]", &Value::Array(new_ips.to_vec()), "may not change once set")
        }
        Some(_) => {}
    }
    let (new, old) = (service.list_at("/spec/ipFamilies"), old.list_at("/spec/ipFamilies"));
    if let (Some(was), Some(is)) = (old.first(), new.first())
        && was != is
    {
        errors.invalid("spec.ipFamilies[0]", &Value::Array(new.to_vec()), "may not change once set");
    } else if !old.is_empty() && new.is_empty() {
        errors.invalid("spec.ipFamilies[0]", &Value::Null, "primary ipFamily can not be unset");
    }
}
