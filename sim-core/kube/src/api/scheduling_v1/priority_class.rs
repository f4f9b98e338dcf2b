//! Priority classes: names for how much a pod matters.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, Column, NAME, age, column, number};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "PriorityClass",
    fields: &[
        f("apiVersion", Str),
        f("description", Str),
        f("globalDefault", Bool),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("preemptionPolicy", StrPtr)
            .or(D::Str("PreemptLowerPriority"))
            .one_of(&["Never", "PreemptLowerPriority"]),
        f("value", Int32).required().or(D::Int(0)),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "scheduling.k8s.io",
    kind: "PriorityClass",
    plural: "priorityclasses",
    singular: "priorityclass",
    short_names: &["pc"],
    namespaced: false,
    schema: &SCHEMA,
    generation: true,
    columns: &[
        NAME,
        number("Value", "The priority that pods of this class get."),
        Column { ty: "boolean", ..column("Global-Default", "Whether pods without a class get this one.") },
        AGE,
        column("PreemptionPolicy", "Whether pods of this class may push others out."),
    ],
    row,
    ..PLAIN
};

fn row(class: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        class.name().into(),
        class.int_at("/value").unwrap_or(0).into(),
        class.bool_at("/globalDefault").into(),
        age(class, now),
        class.str_at("/preemptionPolicy").into(),
    ]
}
