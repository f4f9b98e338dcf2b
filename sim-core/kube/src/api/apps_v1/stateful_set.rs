//! Stateful sets: pods with names that last, one after the other.

use super::{container_cells, default_template, int_or_percent, validate_selector_and_template};
use crate::api::core_v1::pod_spec::POD_TEMPLATE;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, SCALE, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, wide};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "StatefulSet",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&STATEFUL_SET_SPEC)).or(D::Empty),
        f("status", Object(&STATEFUL_SET_STATUS)).or(D::Empty),
    ],
};
static STATEFUL_SET_SPEC: Struct = Struct {
    go: "StatefulSetSpec",
    fields: &[
        f("replicas", Int32).or(D::Int(1)),
        f("selector", Object(&LABEL_SELECTOR)).required(),
        f("template", Object(&POD_TEMPLATE)).or(D::Empty).required(),
        f("volumeClaimTemplates", List(&Object(&CLAIM_TEMPLATE))),
        f("serviceName", StrPtr).or(D::Str("")),
        f("podManagementPolicy", Str).or(D::Str("OrderedReady")),
        f("updateStrategy", Object(&UPDATE_STRATEGY)).or(D::Empty),
        f("revisionHistoryLimit", Int32).or(D::Int(10)),
        f("minReadySeconds", Int32),
        f("persistentVolumeClaimRetentionPolicy", Object(&RETENTION_POLICY)).or(D::Empty),
        f("ordinals", Object(&ORDINALS)),
    ],
};
static ORDINALS: Struct = Struct { go: "StatefulSetOrdinals", fields: &[f("start", Int32).or(D::Int(0))] };
static RETENTION_POLICY: Struct = Struct {
    go: "StatefulSetPersistentVolumeClaimRetentionPolicy",
    fields: &[f("whenDeleted", Str).or(D::Str("Retain")), f("whenScaled", Str).or(D::Str("Retain"))],
};
static UPDATE_STRATEGY: Struct = Struct {
    go: "StatefulSetUpdateStrategy",
    fields: &[f("type", Str).or(D::Str("RollingUpdate")), f("rollingUpdate", Object(&ROLLING_UPDATE))],
};
static ROLLING_UPDATE: Struct = Struct {
    go: "RollingUpdateStatefulSetStrategy",
    fields: &[f("partition", Int32), f("maxUnavailable", IntOrString)],
};
static CLAIM_TEMPLATE: Struct = Struct {
    go: "PersistentVolumeClaim",
    fields: &[
        f("kind", Str).or(D::Str("PersistentVolumeClaim")),
        f("apiVersion", Str).or(D::Str("v1")),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Any),
        f("status", Any),
    ],
};
static STATEFUL_SET_STATUS: Struct = Struct {
    go: "StatefulSetStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("replicas", Int32).or(D::Int(0)).required(),
        f("readyReplicas", Int32),
        f("currentReplicas", Int32),
        f("updatedReplicas", Int32),
        f("currentRevision", Str),
        f("updateRevision", Str),
        f("collisionCount", Int32),
        f("conditions", Keyed(&CONDITION, "type")),
        f("availableReplicas", Int32).or(D::Int(0)),
    ],
};

static CONDITION: Struct = Struct {
    go: "StatefulSetCondition",
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
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[SCALE, status_of("StatefulSet")],
    default: set_defaults,
    prepare_for_create: |set_object| {
        set(set_object, "/status", json!({"replicas": 0, "availableReplicas": 0}));
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Ready", "Number of the pod with ready state"),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
];

/// Models `SetDefaults_StatefulSet`.
fn set_defaults(stateful_set: &mut Value) {
    if stateful_set.str_at("/spec/updateStrategy/type") == "RollingUpdate" {
        for (field, default) in [("maxUnavailable", 1), ("partition", 0)] {
            let path = format!("/spec/updateStrategy/rollingUpdate/{field}");
            if stateful_set.at(&path).is_null() {
                set(stateful_set, &path, json!(default));
            }
        }
    }
    let claims = stateful_set.get_mut("spec").and_then(|spec| spec.get_mut("volumeClaimTemplates"));
    for claim in claims.and_then(Value::as_array_mut).into_iter().flatten() {
        if claim.at("/spec/volumeMode").is_null() {
            set(claim, "/spec/volumeMode", json!("Filesystem"));
        }
        set(claim, "/status", json!({"phase": "Pending"}));
    }
    default_template(stateful_set, "/spec");
}

fn row(stateful_set: &Value, now: Timestamp) -> Vec<Value> {
    let ready = stateful_set.int_at("/status/readyReplicas").unwrap_or(0);
    let replicas = stateful_set.int_at("/spec/replicas").unwrap_or(0);
    let [names, images] = container_cells(stateful_set, "/spec/template/spec/containers");
    vec![
        stateful_set.name().into(),
        format!("{ready}/{replicas}").into(),
        age(stateful_set, now),
        names,
        images,
    ]
}

/// Models `ValidateStatefulSet` and `ValidateStatefulSetUpdate`.
fn validate(stateful_set: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = stateful_set.at("/spec");
    let policy = spec.str_at("/podManagementPolicy");
    if !matches!(policy, "OrderedReady" | "Parallel") {
        errors.invalid_str("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
    }
    let strategy = spec.at("/updateStrategy");
    match strategy.str_at("/type") {
        "RollingUpdate" => {
            let rolling = "spec.updateStrategy.rollingUpdate";
            errors.not_negative(format!("{rolling}.partition"), strategy.at("/rollingUpdate/partition"));
            let most = strategy.at("/rollingUpdate/maxUnavailable");
            if int_or_percent(&format!("{rolling}.maxUnavailable"), most, errors) == Some(0) {
                errors.invalid(format!("{rolling}.maxUnavailable"), most, "cannot be 0");
            }
        }
        "OnDelete" => {
            let rolling = strategy.at("/rollingUpdate");
            if !rolling.is_null() {
                let why = "only allowed for updateStrategy 'RollingUpdate'";
                errors.invalid("spec.updateStrategy.rollingUpdate", rolling, why);
            }
        }
        _ => errors.invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'"),
    }
    for field in ["whenDeleted", "whenScaled"] {
        let value = spec.at("/persistentVolumeClaimRetentionPolicy").str_at(&format!("/{field}"));
        let path = format!("spec.persistentVolumeClaimRetentionPolicy.{field}");
        errors.one_of(path, value, &["Retain", "Delete"]);
    }
    errors.not_negative("spec.replicas", spec.at("/replicas"));
    errors.not_negative("spec.minReadySeconds", spec.at("/minReadySeconds"));
    errors.not_negative("spec.ordinals.start", spec.at("/ordinals/start"));
    errors.not_negative("spec.revisionHistoryLimit", spec.at("/revisionHistoryLimit"));
    validate_selector_and_template(stateful_set, "statefulset", errors);
    if let Some(old) = old {
        let fixed = |set_object: &Value| {
            let mut spec = set_object.map_at("/spec").clone();
            for field in MUTABLE {
                spec.remove(*field);
            }
            spec
        };
        if fixed(stateful_set) != fixed(old) {
            errors.forbidden(
                "spec",
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                 'minReadySeconds' are forbidden",
            );
        }
    }
}

/// What may change in a stateful set.
const MUTABLE: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];
