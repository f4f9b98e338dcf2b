//! Roles: what may be done, in a namespace or in the whole cluster.

use super::{GROUP, POLICY_RULE, validate_rule};
use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, Column, NAME};
use crate::api::validation::NameRule;
use serde_json::Value;
use sim::Timestamp;

static ROLE: Struct = Struct {
    go: "Role",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("rules", List(&Object(&POLICY_RULE))),
    ],
};
static CLUSTER_ROLE: Struct = Struct {
    go: "ClusterRole",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("rules", List(&Object(&POLICY_RULE))),
        f("aggregationRule", Object(&AGGREGATION)),
    ],
};
static AGGREGATION: Struct =
    Struct { go: "AggregationRule", fields: &[f("clusterRoleSelectors", List(&Object(&LABEL_SELECTOR)))] };

const COLUMNS: &[Column] = &[NAME, Column { name: "Created At", ty: "date", ..AGE }];

/// The row of the scheme.
pub static ROLE_INFO: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "Role",
    plural: "roles",
    singular: "role",
    schema: &ROLE,
    name_rule: NameRule::Path,
    default: keep_rules,
    validate: |role, _, errors| {
        for (i, rule) in role.list_at("/rules").iter().enumerate() {
            validate_rule(rule, true, &format!("rules[{i}]"), errors);
        }
    },
    columns: COLUMNS,
    row,
    ..PLAIN
};

/// The row of the scheme.
pub static CLUSTER_ROLE_INFO: ResourceInfo = ResourceInfo {
    kind: "ClusterRole",
    plural: "clusterroles",
    singular: "clusterrole",
    namespaced: false,
    schema: &CLUSTER_ROLE,
    validate: |role, _, errors| {
        for (i, rule) in role.list_at("/rules").iter().enumerate() {
            validate_rule(rule, false, &format!("rules[{i}]"), errors);
        }
        let aggregation = role.at("/aggregationRule");
        if aggregation.is_object() && aggregation.list_at("/clusterRoleSelectors").is_empty() {
            errors.required(
                "aggregationRule.clusterRoleSelectors",
                "at least one clusterRoleSelector required if aggregationRule is non-nil",
            );
        }
    },
    ..ROLE_INFO
};

/// A role without rules says so: `rules: null`.
fn keep_rules(role: &mut Value) {
    if let Value::Object(role) = role {
        role.entry("rules").or_insert(Value::Null);
    }
}

fn row(role: &Value, _now: Timestamp) -> Vec<Value> {
    vec![role.name().into(), role.creation_timestamp().into()]
}
