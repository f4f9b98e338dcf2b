//! Rules of ingresses. Models `pkg/apis/networking/validation`.

use crate::api::ObjectExt;
use crate::api::validation::{self, Errors};
use serde_json::Value;

/// Models `ValidateIngressCreate` and `ValidateIngressUpdate`.
pub(super) fn validate(ingress: &Value, old: Option<&Value>, errors: &mut Errors) {
    let rules = ingress.list_at("/spec/rules");
    let default = ingress.at("/spec/defaultBackend");
    if rules.is_empty() && default.is_null() {
        errors.invalid("spec", &Value::Null, "either `defaultBackend` or `rules` must be specified");
    }
    if !default.is_null() {
        backend(default, "spec.defaultBackend", errors);
    }
    for (i, rule) in rules.iter().enumerate() {
        let field = format!("spec.rules[{i}]");
        host(rule.str_at("/host"), &format!("{field}.host"), true, errors);
        let http = rule.at("/http");
        if http.is_null() {
            continue;
        }
        if http.list_at("/paths").is_empty() {
            errors.required(format!("{field}.http.paths"), "");
        }
        for (j, path) in http.list_at("/paths").iter().enumerate() {
            self::path(path, &format!("{field}.http.paths[{j}]"), errors);
        }
    }
    for (i, tls) in ingress.list_at("/spec/tls").iter().enumerate() {
        for (j, name) in tls.list_at("/hosts").iter().enumerate() {
            host(name.as_str().unwrap_or(""), &format!("spec.tls[{i}].hosts[{j}]"), false, errors);
        }
        let secret = tls.str_at("/secretName");
        if !secret.is_empty() {
            errors.check(format!("spec.tls[{i}].secretName"), secret, validation::dns_subdomain(secret));
        }
    }
    if let Some(class) = ingress.at("/spec/ingressClassName").as_str() {
        errors.check("spec.ingressClassName", class, validation::dns_subdomain(class));
        let key = "kubernetes.io/ingress.class";
        if old.is_none()
            && let Some(annotation) = ingress.annotation(key).filter(|annotation| *annotation != class)
        {
            let why = "must match `ingressClassName` when both are specified";
            errors.invalid_str(format!("annotations.{key}"), annotation, why);
        }
    }
}

fn host(host: &str, field: &str, optional: bool, errors: &mut Errors) {
    if host.is_empty() && optional {
        return;
    }
    if optional && host.parse::<std::net::IpAddr>().is_ok() {
        errors.invalid_str(field, host, "must be a DNS name, not an IP address");
    }
    let rule = if host.contains('*') { validation::wildcard_subdomain } else { validation::dns_subdomain };
    errors.check(field, host, rule(host));
}

/// Models `validateHTTPIngressPath`.
fn path(path: &Value, field: &str, errors: &mut Errors) {
    let text = path.str_at("/path");
    let at = format!("{field}.path");
    match path.str_at("/pathType") {
        "" => return errors.required(format!("{field}.pathType"), "pathType must be specified"),
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                errors.invalid_str(&at, text, "must be an absolute path");
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(part) {
                    errors.invalid_str(&at, text, &format!("must not contain '{part}'"));
                }
            }
            for end in ["/..", "/."] {
                if text.ends_with(end) {
                    errors.invalid_str(&at, text, &format!("cannot end with '{end}'"));
                }
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                errors.invalid_str(&at, text, "must be an absolute path");
            }
        }
        other => {
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            errors.one_of(format!("{field}.pathType"), other, &known);
        }
    }
    backend(path.at("/backend"), &format!("{field}.backend"), errors);
}

/// Models `validateIngressBackend`.
fn backend(backend: &Value, field: &str, errors: &mut Errors) {
    let (resource, service) = (backend.at("/resource"), backend.at("/service"));
    match (resource.is_null(), service.is_null()) {
        (false, false) => errors.invalid_str(field, "", "cannot set both resource and service backends"),
        (false, true) => reference(resource, &format!("{field}.resource"), errors),
        (true, true) => errors.invalid_str(field, "", "resource or service backend is required"),
        (true, false) => {
            let name = service.str_at("/name");
            if name.is_empty() {
                errors.required(format!("{field}.service.name"), "");
            } else {
                errors.check(format!("{field}.service.name"), name, validation::dns1035_label(name));
            }
            let (name, number) = (service.at("/port/name"), service.at("/port/number"));
            let numbered = number.as_i64().is_some_and(|number| number != 0);
            match (name.is_null(), numbered) {
                (false, true) => errors.invalid_str(field, "", "cannot set both port name & port number"),
                (false, false) => {
                    validation::port_or_name(&format!("{field}.service.port.name"), name, errors);
                }
                (true, true) => errors.port(format!("{field}.service.port.number"), number),
                (true, false) => errors.required(field, "port name or number is required"),
            }
        }
    }
}

/// Models `validateIngressTypedLocalObjectReference`.
pub(super) fn reference(reference: &Value, field: &str, errors: &mut Errors) {
    if let Some(group) = reference.at("/apiGroup").as_str() {
        errors.check(format!("{field}.apiGroup"), group, validation::dns_subdomain(group));
    }
    for part in ["kind", "name"] {
        if reference.get(part).and_then(Value::as_str).unwrap_or("").is_empty() {
            errors.required(format!("{field}.{part}"), &format!("{part} is required"));
        }
    }
}
