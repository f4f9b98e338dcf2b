//! Network policies: which connections of which pods are let through.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column, or_none};
use crate::api::{LabelSelector, ObjectExt, set};
use serde_json::{Value, json};
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "NetworkPolicy",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "NetworkPolicySpec",
    fields: &[
        f("egress", List(&Object(&EGRESS))),
        f("ingress", List(&Object(&INGRESS))),
        f("podSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("policyTypes", List(&Str)),
    ],
};
static INGRESS: Struct = Struct {
    go: "NetworkPolicyIngressRule",
    fields: &[f("from", List(&Object(&PEER))), f("ports", List(&Object(&PORT)))],
};
static EGRESS: Struct = Struct {
    go: "NetworkPolicyEgressRule",
    fields: &[f("ports", List(&Object(&PORT))), f("to", List(&Object(&PEER)))],
};
static PEER: Struct = Struct {
    go: "NetworkPolicyPeer",
    fields: &[
        f("ipBlock", Object(&IP_BLOCK)),
        f("namespaceSelector", Object(&LABEL_SELECTOR)),
        f("podSelector", Object(&LABEL_SELECTOR)),
    ],
};
static IP_BLOCK: Struct =
    Struct { go: "IPBlock", fields: &[f("cidr", Str).required(), f("except", List(&Str))] };
static PORT: Struct = Struct {
    go: "NetworkPolicyPort",
    fields: &[
        f("endPort", Int32),
        f("port", IntOrString),
        f("protocol", StrPtr).or(D::Str("TCP")).one_of(&["SCTP", "TCP", "UDP"]),
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
    columns: &[NAME, column("Pod-Selector", "The pods that the policy is for."), AGE],
    row,
    ..PLAIN
};

fn row(policy: &Value, now: Timestamp) -> Vec<Value> {
    let selector = LabelSelector::from_value(policy.at("/spec/podSelector")).to_string();
    vec![policy.name().into(), or_none(selector), age(policy, now)]
}
