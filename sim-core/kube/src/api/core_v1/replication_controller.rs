//! Replication controllers: what there was before replica sets.

use super::pod_spec::POD_TEMPLATE;
use crate::api::apps_v1::{container_cells, count, default_template};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, SCALE, status_of};
use crate::api::selector::LabelSelector;
use crate::api::table::{AGE, Column, NAME, age, number, or_none, wide};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ReplicationController",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "ReplicationControllerSpec",
    fields: &[
        f("replicas", Int32).or(D::Int(1)),
        f("minReadySeconds", Int32),
        f("selector", Map),
        f("template", Object(&POD_TEMPLATE)),
    ],
};
static STATUS: Struct = Struct {
    go: "ReplicationControllerStatus",
    fields: &[
        f("replicas", Int32).or(D::Int(0)).required(),
        f("fullyLabeledReplicas", Int32),
        f("readyReplicas", Int32),
        f("availableReplicas", Int32),
        f("observedGeneration", Int64),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};

static CONDITION: Struct = Struct {
    go: "ReplicationControllerCondition",
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
    kind: "ReplicationController",
    plural: "replicationcontrollers",
    singular: "replicationcontroller",
    short_names: &["rc"],
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[SCALE, status_of("ReplicationController")],
    selectable: &[("status.replicas", "/status/replicas")],
    default: set_defaults,
    prepare_for_create: |controller| set(controller, "/status", json!({"replicas": 0})),
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    number("Desired", "Replicas is the number of desired replicas."),
    number("Current", "Replicas is the most recently observed number of replicas."),
    number("Ready", "The number of ready replicas for this replication controller."),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide("Selector", "Selector is a label query over pods that should match the Replicas count."),
];

/// Models `SetDefaults_ReplicationController`: selector and labels are the template's.
fn set_defaults(controller: &mut Value) {
    let labels = controller.at("/spec/template/metadata/labels").clone();
    if labels.is_object() {
        if controller.map_at("/spec/selector").is_empty() {
            set(controller, "/spec/selector", labels.clone());
        }
        if controller.labels().is_empty() {
            set(controller, "/metadata/labels", labels);
        }
    }
    default_template(controller, "/spec");
}

fn row(controller: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = container_cells(controller, "/spec/template/spec/containers");
    vec![
        controller.name().into(),
        count(controller, "/spec/replicas"),
        count(controller, "/status/replicas"),
        count(controller, "/status/readyReplicas"),
        age(controller, now),
        names,
        images,
        or_none(LabelSelector::from_map(controller.map_at("/spec/selector")).to_string()),
    ]
}

/// Models `ValidateReplicationControllerSpec`.
fn validate(controller: &Value, _: Option<&Value>, errors: &mut Errors) {
    errors.not_negative("spec.minReadySeconds", controller.at("/spec/minReadySeconds"));
    let selector = controller.map_at("/spec/selector");
    if selector.is_empty() {
        errors.required("spec.selector", "");
    }
    errors.not_negative("spec.replicas", controller.at("/spec/replicas"));
    let template = controller.at("/spec/template");
    if template.is_null() {
        errors.required("spec.template", "");
        return;
    }
    if !selector.is_empty() && !LabelSelector::from_map(selector).matches(template.labels()) {
        let labels = Value::Object(template.labels().clone());
        let why = "`selector` does not match template `labels`";
        errors.invalid("spec.template.metadata.labels", &labels, why);
    }
    validation::labels(template.labels(), "spec.template.metadata.labels", errors);
    validation::annotations(template.annotations(), "spec.template.metadata.annotations", errors);
    super::pod_validation::pod_spec(template.at("/spec"), "spec.template.spec", errors);
    errors.one_of("spec.template.spec.restartPolicy", template.str_at("/spec/restartPolicy"), &["Always"]);
}
