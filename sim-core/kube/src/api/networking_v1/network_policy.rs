//! Network policies: which connections of which pods are let through.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column, or_none};
use crate::api::validation::{self, Errors};
use crate::api::{LabelSelector, ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "NetworkPolicy",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "NetworkPolicySpec",
    fields: &[
        f("podSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("ingress", List(&Object(&INGRESS))),
        f("egress", List(&Object(&EGRESS))),
        f("policyTypes", List(&Str)),
    ],
};
static INGRESS: Struct = Struct {
    go: "NetworkPolicyIngressRule",
    fields: &[f("ports", List(&Object(&PORT))), f("from", List(&Object(&PEER)))],
};
static EGRESS: Struct = Struct {
    go: "NetworkPolicyEgressRule",
    fields: &[f("ports", List(&Object(&PORT))), f("to", List(&Object(&PEER)))],
};
static PEER: Struct = Struct {
    go: "NetworkPolicyPeer",
    fields: &[
        f("podSelector", Object(&LABEL_SELECTOR)),
        f("namespaceSelector", Object(&LABEL_SELECTOR)),
        f("ipBlock", Object(&IP_BLOCK)),
    ],
};
static IP_BLOCK: Struct =
    Struct { go: "IPBlock", fields: &[f("cidr", Str).required(), f("except", List(&Str))] };
static PORT: Struct = Struct {
    go: "NetworkPolicyPort",
    fields: &[
        f("protocol", StrPtr).or(D::Str("TCP")).one_of(&["SCTP", "TCP", "UDP"]),
        f("port", IntOrString),
        f("endPort", Int32),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "networking.k8s.io",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short_names: &["netpol"],
    schema: &SCHEMA,
    generation: true,
    default: |policy| {
        // Who writes rules for connections out means those as well as connections in.
        if policy.list_at("/spec/policyTypes").is_empty() {
            let egress = !policy.list_at("/spec/egress").is_empty();
            let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
            set(policy, "/spec/policyTypes", types);
        }
    },
    validate,
    columns: &[NAME, column("Pod-Selector", "The pods that the policy is for."), AGE],
    row,
    ..PLAIN
};

fn row(policy: &Value, now: Timestamp) -> Vec<Value> {
    let selector = LabelSelector::from_value(policy.at("/spec/podSelector")).to_string();
    vec![policy.name().into(), or_none(selector), age(policy, now)]
}

/// Models `ValidateNetworkPolicySpec`.
fn validate(policy: &Value, _old: Option<&Value>, errors: &mut Errors) {
    validation::label_selector(policy.at("/spec/podSelector"), "spec.podSelector", errors);
    for (direction, side) in [("ingress", "from"), ("egress", "to")] {
        let rules = policy.at("/spec").get(direction).and_then(Value::as_array);
        for (i, rule) in rules.into_iter().flatten().enumerate() {
            for (j, port) in rule.list_at("/ports").iter().enumerate() {
                self::port(port, &format!("spec.{direction}[{i}].ports[{j}]"), errors);
            }
            for (j, peer) in rule.get(side).and_then(Value::as_array).into_iter().flatten().enumerate() {
                self::peer(peer, &format!("spec.{direction}[{i}].{side}[{j}]"), errors);
            }
        }
    }
    let types = policy.list_at("/spec/policyTypes");
    if types.len() > 2 {
        errors.invalid(
            "spec.policyTypes",
            policy.at("/spec/policyTypes"),
            "may not specify more than two policyTypes",
        );
        return;
    }
    for (i, kind) in types.iter().enumerate() {
        let kind = kind.as_str().unwrap_or("");
        errors.one_of(format!("spec.policyTypes[{i}]"), kind, &["Ingress", "Egress"]);
    }
}

fn port(port: &Value, field: &str, errors: &mut Errors) {
    errors.one_of(format!("{field}.protocol"), port.str_at("/protocol"), &["TCP", "UDP", "SCTP"]);
    let (number, end) = (port.at("/port"), port.at("/endPort"));
    let mut end_fault = |why: &str| {
        if !end.is_null() {
            errors.invalid(format!("{field}.endPort"), end, why);
        }
    };
    match number {
        Value::Null => end_fault("may not be specified when `port` is not specified"),
        Value::String(_) => {
            end_fault("may not be specified when `port` is non-numeric");
            validation::port_or_name(&format!("{field}.port"), number, errors);
        }
        _ => {
            errors.port(format!("{field}.port"), number);
            if !end.is_null() {
                if end.as_i64() < number.as_i64() {
                    let why = "must be greater than or equal to `port`";
                    errors.invalid(format!("{field}.endPort"), number, why);
                }
                errors.port(format!("{field}.endPort"), end);
            }
        }
    }
}

fn peer(peer: &Value, field: &str, errors: &mut Errors) {
    for name in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = peer.get(name) {
            validation::label_selector(selector, &format!("{field}.{name}"), errors);
        }
    }
    let block = peer.at("/ipBlock");
    if !block.is_null() {
        ip_block(block, &format!("{field}.ipBlock"), errors);
    }
    let peers = peer.as_object().map_or(0, serde_json::Map::len);
    if peers == 0 {
        errors.required(field, "must specify a peer");
    } else if peers > 1 && !block.is_null() {
        errors.forbidden(field, "may not specify both ipBlock and another peer");
    }
}

/// Models `ValidateIPBlock`.
fn ip_block(block: &Value, field: &str, errors: &mut Errors) {
    let cidr = block.str_at("/cidr");
    if cidr.is_empty() {
        errors.required(format!("{field}.cidr"), "");
        return;
    }
    let Some(network) = validation::cidr(&format!("{field}.cidr"), cidr, errors) else { return };
    for (i, except) in block.list_at("/except").iter().enumerate() {
        let (field, text) = (format!("{field}.except[{i}]"), except.as_str().unwrap_or(""));
        let Some(except) = validation::cidr(&field, text, errors) else { continue };
        if !network.contains(&except) || network.prefix_len() >= except.prefix_len() {
            errors.invalid_str(field, text, "must be a strict subset of `cidr`");
        }
    }
}
