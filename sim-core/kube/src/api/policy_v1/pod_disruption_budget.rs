//! Disruption budgets: how many pods of a selection may be away at a time because somebody wants it.

use crate::api::apps_v1::int_or_percent;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{CONDITION, LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, number};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "PodDisruptionBudget",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "PodDisruptionBudgetSpec",
    fields: &[
        f("minAvailable", IntOrString),
        f("selector", Retain(&LABEL_SELECTOR)),
        f("maxUnavailable", IntOrString),
        f("unhealthyPodEvictionPolicy", StrPtr),
    ],
};
static STATUS: Struct = Struct {
    go: "PodDisruptionBudgetStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("disruptedPods", MapOf(&Time)),
        f("disruptionsAllowed", Int32).or(D::Int(0)).required(),
        f("currentHealthy", Int32).or(D::Int(0)).required(),
        f("desiredHealthy", Int32).or(D::Int(0)).required(),
        f("expectedPods", Int32).or(D::Int(0)).required(),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "policy",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short_names: &["pdb"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[status_of("PodDisruptionBudget")],
    prepare_for_create: |budget| {
        let status =
            json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
        set(budget, "/status", status);
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Min Available", "The minimum number of pods that must be available."),
    column("Max Unavailable", "The maximum number of pods that may be unavailable."),
    number("Allowed Disruptions", "Calculated number of pods that may be disrupted at this time."),
    AGE,
];

fn row(budget: &Value, now: Timestamp) -> Vec<Value> {
    let amount = |path| match budget.at(path) {
        Value::Null => json!("N/A"),
        Value::String(share) => json!(share),
        number => json!(number.to_string()),
    };
    vec![
        budget.name().into(),
        amount("/spec/minAvailable"),
        amount("/spec/maxUnavailable"),
        budget.int_at("/status/disruptionsAllowed").unwrap_or(0).into(),
        age(budget, now),
    ]
}

/// Models `ValidatePodDisruptionBudgetSpec`.
fn validate(budget: &Value, _: Option<&Value>, errors: &mut Errors) {
    let spec = budget.at("/spec");
    if !spec.at("/minAvailable").is_null() && !spec.at("/maxUnavailable").is_null() {
        errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
    }
    for field in ["minAvailable", "maxUnavailable"] {
        let value = spec.at(&format!("/{field}"));
        let path = format!("spec.{field}");
        if int_or_percent(&path, value, errors).is_some_and(|share| value.is_string() && share > 100) {
            errors.invalid(path, value, "must not be greater than 100%");
        }
    }
    validation::label_selector(spec.at("/selector"), "spec.selector", errors);
    let policy = spec.str_at("/unhealthyPodEvictionPolicy");
    if !policy.is_empty() {
        errors.one_of("spec.unhealthyPodEvictionPolicy", policy, &["AlwaysAllow", "IfHealthyBudget"]);
    }
}
