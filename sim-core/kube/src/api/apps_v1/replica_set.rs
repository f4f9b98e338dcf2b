//! Replica sets: a number of equal pods.

use super::{count, template_cells, validate_selector_and_template};
use crate::api::ObjectExt;
use crate::api::core_v1::pod_spec::{self, POD_TEMPLATE};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, SCALE, status_of};
use crate::api::table::{AGE, Column, NAME, age, number, wide};
use crate::api::validation::Errors;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ReplicaSet",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&REPLICA_SET_SPEC)).or(D::Empty),
        f("status", Object(&REPLICA_SET_STATUS)).or(D::Empty),
    ],
};
static REPLICA_SET_SPEC: Struct = Struct {
    go: "ReplicaSetSpec",
    fields: &[
        f("replicas", Int32).or(D::Int(1)),
        f("minReadySeconds", Int32),
        f("selector", Object(&LABEL_SELECTOR)).required(),
        f("template", Object(&POD_TEMPLATE)).or(D::Empty),
    ],
};
static REPLICA_SET_STATUS: Struct = Struct {
    go: "ReplicaSetStatus",
    fields: &[
        f("replicas", Int32).required().or(D::Int(0)),
        f("fullyLabeledReplicas", Int32),
        f("readyReplicas", Int32),
        f("availableReplicas", Int32),
        f("terminatingReplicas", Int32),
        f("observedGeneration", Int64),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};

static CONDITION: Struct = Struct {
    go: "ReplicaSetCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "apps",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short_names: &["rs"],
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[SCALE, status_of("ReplicaSet")],
    selectable: &[("status.replicas", "/status/replicas")],
    default: |set| {
        if let Some(spec) = set.get_mut("spec").and_then(|s| s.get_mut("template")?.get_mut("spec")) {
            pod_spec::set_defaults(spec);
        }
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    number("Desired", "Replicas is the number of desired pods."),
    number("Current", "Replicas is the most recently observed number of non-terminating pods."),
    number("Ready", "The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition."),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "Selector is a label query over pods that should match the replica count. Label keys and values \
         that must match in order to be controlled by this replica set. It must match the pod template's labels.",
    ),
];

fn row(set: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![
        set.name().into(),
        count(set, "/spec/replicas"),
        count(set, "/status/replicas"),
        count(set, "/status/readyReplicas"),
        age(set, now),
    ];
    cells.extend(template_cells(set));
    cells
}

/// Models `ValidateReplicaSet`.
fn validate(set: &Value, old: Option<&Value>, errors: &mut Errors) {
    errors.not_negative("spec.replicas", set.at("/spec/replicas"));
    errors.not_negative("spec.minReadySeconds", set.at("/spec/minReadySeconds"));
    validate_selector_and_template(set, "deployment", errors);
    if let Some(old) = old {
        errors.immutable("spec.selector", set.at("/spec/selector"), old.at("/spec/selector"));
    }
}
