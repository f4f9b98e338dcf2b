//! Deployments: a number of equal pods, and how a new version replaces the old one.

use super::{count, int_or_percent, template_cells, validate_selector_and_template};
use crate::api::core_v1::pod_spec::{self, POD_TEMPLATE};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, SCALE, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, number, wide};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Deployment",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&DEPLOYMENT_SPEC)).or(D::Empty),
        f("status", Object(&DEPLOYMENT_STATUS)).or(D::Empty),
    ],
};
static DEPLOYMENT_SPEC: Struct = Struct {
    go: "DeploymentSpec",
    fields: &[
        f("replicas", Int32).or(D::Int(1)),
        f("selector", Object(&LABEL_SELECTOR)).required(),
        f("template", Object(&POD_TEMPLATE)).required().or(D::Empty),
        f("strategy", Retain(&STRATEGY)).or(D::Empty),
        f("minReadySeconds", Int32),
        f("revisionHistoryLimit", Int32).or(D::Int(10)),
        f("paused", Bool),
        f("progressDeadlineSeconds", Int32).or(D::Int(600)),
    ],
};
static STRATEGY: Struct = Struct {
    go: "DeploymentStrategy",
    fields: &[f("type", Str).or(D::Str("RollingUpdate")), f("rollingUpdate", Object(&ROLLING_UPDATE))],
};
static ROLLING_UPDATE: Struct = Struct {
    go: "RollingUpdateDeployment",
    fields: &[f("maxUnavailable", IntOrString), f("maxSurge", IntOrString)],
};
static DEPLOYMENT_STATUS: Struct = Struct {
    go: "DeploymentStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("replicas", Int32),
        f("updatedReplicas", Int32),
        f("readyReplicas", Int32),
        f("availableReplicas", Int32),
        f("unavailableReplicas", Int32),
        f("terminatingReplicas", Int32),
        f("conditions", Keyed(&CONDITION, "type")),
        f("collisionCount", Int32),
    ],
};

static CONDITION: Struct = Struct {
    go: "DeploymentCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastUpdateTime", Time),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "apps",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[SCALE, status_of("Deployment")],
    default: set_defaults,
    // Annotations are copied to the replica sets, and so count like the spec.
    prepare_for_update: |deployment, old| {
        if deployment.annotations() != old.annotations() {
            set(deployment, "/metadata/generation", json!(old.generation() + 1));
        }
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Ready", "Number of the pod with ready state"),
    number(
        "Up-to-date",
        "Total number of non-terminating pods targeted by this deployment that have the desired \
         template spec.",
    ),
    number(
        "Available",
        "Total number of available non-terminating pods (ready for at least minReadySeconds) \
         targeted by this deployment.",
    ),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the \
         ones affected by this deployment. It must match the pod template's labels.",
    ),
];

/// Models `SetDefaults_Deployment`.
fn set_defaults(deployment: &mut Value) {
    if deployment.str_at("/spec/strategy/type") == "RollingUpdate" {
        for field in ["maxSurge", "maxUnavailable"] {
            let path = format!("/spec/strategy/rollingUpdate/{field}");
            if deployment.at(&path).is_null() {
                set(deployment, &path, json!("25%"));
            }
        }
    }
    if let Some(spec) = deployment.get_mut("spec").and_then(|s| s.get_mut("template")?.get_mut("spec")) {
        pod_spec::set_defaults(spec);
    }
}

fn row(deployment: &Value, now: Timestamp) -> Vec<Value> {
    let ready = deployment.int_at("/status/readyReplicas").unwrap_or(0);
    let mut cells = vec![
        deployment.name().into(),
        format!("{ready}/{}", replicas(deployment)).into(),
        count(deployment, "/status/updatedReplicas"),
        count(deployment, "/status/availableReplicas"),
        age(deployment, now),
    ];
    cells.extend(template_cells(deployment));
    cells
}

/// `spec.replicas`.
pub fn replicas(deployment: &Value) -> i64 {
    deployment.int_at("/spec/replicas").unwrap_or(1)
}

/// Models `ValidateDeployment`.
fn validate(deployment: &Value, old: Option<&Value>, errors: &mut Errors) {
    errors.not_negative("spec.replicas", deployment.at("/spec/replicas"));
    validate_selector_and_template(deployment, "deployment", errors);
    strategy(deployment.at("/spec/strategy"), errors);
    errors.not_negative("spec.minReadySeconds", deployment.at("/spec/minReadySeconds"));
    errors.not_negative("spec.revisionHistoryLimit", deployment.at("/spec/revisionHistoryLimit"));
    let deadline = deployment.at("/spec/progressDeadlineSeconds");
    errors.not_negative("spec.progressDeadlineSeconds", deadline);
    if deadline.as_i64().is_some_and(|d| d <= deployment.int_at("/spec/minReadySeconds").unwrap_or(0)) {
        errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
    }
    if let Some(old) = old {
        errors.immutable("spec.selector", deployment.at("/spec/selector"), old.at("/spec/selector"));
    }
}

fn strategy(strategy: &Value, errors: &mut Errors) {
    let kind = strategy.str_at("/type");
    match kind {
        "Recreate" => {
            if !strategy.at("/rollingUpdate").is_null() {
                errors.forbidden(
                    "spec.strategy.rollingUpdate",
                    "may not be specified when strategy `type` is 'Recreate'",
                );
            }
        }
        "RollingUpdate" => {
            let mut zero = true;
            for field in ["maxUnavailable", "maxSurge"] {
                let value = strategy.at(&format!("/rollingUpdate/{field}"));
                zero &=
                    int_or_percent(&format!("spec.strategy.rollingUpdate.{field}"), value, errors) == Some(0);
            }
            if zero {
                errors.invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable",
                    strategy.at("/rollingUpdate/maxUnavailable"),
                    "may not be 0 when `maxSurge` is 0",
                );
            }
        }
        _ => {
            errors.one_of("spec.strategy.type", kind, &["Recreate", "RollingUpdate"]);
        }
    }
}
