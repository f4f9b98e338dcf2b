//! Priority classes: names for how much a pod matters.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, Column, NAME, age, column, number};
use crate::api::validation::Errors;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "PriorityClass",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("value", Int32).required().or(D::Int(0)),
        f("globalDefault", Bool),
        f("description", Str),
        f("preemptionPolicy", StrPtr)
            .or(D::Str("PreemptLowerPriority"))
            .one_of(&["Never", "PreemptLowerPriority"]),
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
    validate,
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

/// The highest value of a class that is not the system's.
const HIGHEST: i64 = 1_000_000_000;

/// Models `ValidatePriorityClass` and its update.
fn validate(class: &Value, old: Option<&Value>, errors: &mut Errors) {
    let (name, value) = (class.name(), class.int_at("/value").unwrap_or(0));
    if name.starts_with("system-") {
        let own = [("system-cluster-critical", 2 * HIGHEST), ("system-node-critical", 2 * HIGHEST + 1_000)];
        let why = match own.iter().find(|(own, _)| *own == name) {
            None => Some(format!("{name} is not a known system priority class")),
            Some((_, own)) if *own != value => Some(format!("value of {name} PriorityClass must be {own}")),
            Some(_) if class.bool_at("/globalDefault") => {
                Some(format!("globalDefault of {name} PriorityClass must be false"))
            }
            Some(_) => None,
        };
        if let Some(why) = why {
            let text = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {why}"
            );
            errors.forbidden("metadata.name", &text);
        }
    } else if value > HIGHEST {
        let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        errors.forbidden("value", &why);
    }
    let policy = class.str_at("/preemptionPolicy");
    errors.one_of("preemptionPolicy", policy, &["PreemptLowerPriority", "Never"]);
    if let Some(old) = old {
        if class.at("/value") != old.at("/value") {
            errors.forbidden("value", "may not be changed in an update.");
        }
        errors.immutable("preemptionPolicy", class.at("/preemptionPolicy"), old.at("/preemptionPolicy"));
    }
}
