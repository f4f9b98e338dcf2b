//! Daemon sets: a pod on every node. kubeadm runs kube-proxy as one.

use super::{count, int_or_percent, template_cells, validate_selector_and_template};
use crate::api::core_v1::pod_spec::{self, POD_TEMPLATE};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::selector::LabelSelector;
use crate::api::table::{AGE, Column, NAME, age, column, number, or_none, wide};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, object_at, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "DaemonSet",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&DAEMON_SET_SPEC)).or(D::Empty),
        f("status", Object(&DAEMON_SET_STATUS)).or(D::Empty),
    ],
};
static DAEMON_SET_SPEC: Struct = Struct {
    go: "DaemonSetSpec",
    fields: &[
        f("selector", Object(&LABEL_SELECTOR)).required(),
        f("template", Object(&POD_TEMPLATE)).required().or(D::Empty),
        f("updateStrategy", Object(&UPDATE_STRATEGY)).or(D::Empty),
        f("minReadySeconds", Int32),
        f("revisionHistoryLimit", Int32).or(D::Int(10)),
    ],
};
static UPDATE_STRATEGY: Struct = Struct {
    go: "DaemonSetUpdateStrategy",
    fields: &[f("type", Str).or(D::Str("RollingUpdate")), f("rollingUpdate", Object(&ROLLING_UPDATE))],
};
static ROLLING_UPDATE: Struct = Struct {
    go: "RollingUpdateDaemonSet",
    fields: &[f("maxUnavailable", IntOrString), f("maxSurge", IntOrString)],
};
static DAEMON_SET_STATUS: Struct = Struct {
    go: "DaemonSetStatus",
    fields: &[
        f("currentNumberScheduled", Int32).required().or(D::Int(0)),
        f("numberMisscheduled", Int32).required().or(D::Int(0)),
        f("desiredNumberScheduled", Int32).required().or(D::Int(0)),
        f("numberReady", Int32).required().or(D::Int(0)),
        f("observedGeneration", Int64),
        f("updatedNumberScheduled", Int32),
        f("numberAvailable", Int32),
        f("numberUnavailable", Int32),
        f("collisionCount", Int32),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};

static CONDITION: Struct = Struct {
    go: "DaemonSetCondition",
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
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short_names: &["ds"],
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[status_of("DaemonSet")],
    default: set_defaults,
    prepare_for_create: |daemon_set| {
        set_generation(daemon_set, 1);
        let status = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0,
            "numberReady": 0});
        set(daemon_set, "/status", status);
    },
    prepare_for_update: |daemon_set, old| {
        let generation = old.annotation(GENERATION).and_then(|text| text.parse().ok()).unwrap_or(1);
        let changed = daemon_set.at("/spec/template") != old.at("/spec/template");
        set_generation(daemon_set, generation + i64::from(changed));
    },
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    number(
        "Desired",
        "The total number of nodes that should be running the daemon pod (including nodes correctly \
         running the daemon pod).",
    ),
    number(
        "Current",
        "The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon \
         pod.",
    ),
    number(
        "Ready",
        "numberReady is the number of nodes that should be running the daemon pod and have one or more \
         of the daemon pod running with a Ready Condition.",
    ),
    number("Up-to-date", "The total number of nodes that are running updated daemon pod"),
    number(
        "Available",
        "The number of nodes that should be running the daemon pod and have one or more of the \
         daemon pod running and available (ready for at least spec.minReadySeconds)",
    ),
    column(
        "Node Selector",
        "NodeSelector is a selector which must be true for the pod to fit on a node. Selector \
         which must match a node's labels for the pod to be scheduled on that node.",
    ),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "A label query over pods that are managed by the daemon set. Must match in order to be \
         controlled. It must match the pod template's labels.",
    ),
];

/// Counts the templates; a field of the first versions that lives on.
pub const GENERATION: &str = "deprecated.daemonset.template.generation";

fn set_generation(daemon_set: &mut Value, generation: i64) {
    object_at(daemon_set, "/metadata/annotations")
        .insert(GENERATION.to_string(), json!(generation.to_string()));
}

/// Models `SetDefaults_DaemonSet`.
fn set_defaults(daemon_set: &mut Value) {
    if daemon_set.str_at("/spec/updateStrategy/type") == "RollingUpdate" {
        for (field, default) in [("maxSurge", 0), ("maxUnavailable", 1)] {
            let path = format!("/spec/updateStrategy/rollingUpdate/{field}");
            if daemon_set.at(&path).is_null() {
                set(daemon_set, &path, json!(default));
            }
        }
    }
    if let Some(spec) = daemon_set.get_mut("spec").and_then(|s| s.get_mut("template")?.get_mut("spec")) {
        pod_spec::set_defaults(spec);
    }
}

fn row(daemon_set: &Value, now: Timestamp) -> Vec<Value> {
    let selector = LabelSelector::from_map(daemon_set.map_at("/spec/template/spec/nodeSelector")).to_string();
    let mut cells = vec![
        daemon_set.name().into(),
        count(daemon_set, "/status/desiredNumberScheduled"),
        count(daemon_set, "/status/currentNumberScheduled"),
        count(daemon_set, "/status/numberReady"),
        count(daemon_set, "/status/updatedNumberScheduled"),
        count(daemon_set, "/status/numberAvailable"),
        or_none(selector),
        age(daemon_set, now),
    ];
    cells.extend(template_cells(daemon_set));
    cells
}

/// Models `ValidateDaemonSet`.
fn validate(daemon_set: &Value, old: Option<&Value>, errors: &mut Errors) {
    validate_selector_and_template(daemon_set, "daemonset", errors);
    errors.not_negative("spec.minReadySeconds", daemon_set.at("/spec/minReadySeconds"));
    errors.not_negative("spec.revisionHistoryLimit", daemon_set.at("/spec/revisionHistoryLimit"));
    let strategy = daemon_set.at("/spec/updateStrategy");
    match strategy.str_at("/type") {
        "RollingUpdate" => {
            let mut amounts = [None; 2];
            for (amount, field) in amounts.iter_mut().zip(["maxUnavailable", "maxSurge"]) {
                let value = strategy.at(&format!("/rollingUpdate/{field}"));
                *amount =
                    int_or_percent(&format!("spec.updateStrategy.rollingUpdate.{field}"), value, errors);
            }
            match amounts {
                [Some(0), Some(0)] => errors.required(
                    "spec.updateStrategy.rollingUpdate.maxUnavailable",
                    "cannot be 0 when maxSurge is 0",
                ),
                [Some(1..), Some(1..)] => errors.invalid(
                    "spec.updateStrategy.rollingUpdate.maxSurge",
                    strategy.at("/rollingUpdate/maxSurge"),
                    "may not be set when maxUnavailable is non-zero",
                ),
                _ => {}
            }
        }
        "OnDelete" => {}
        other => {
            errors.one_of("spec.updateStrategy.type", other, &["RollingUpdate", "OnDelete"]);
        }
    }
    if let Some(old) = old {
        errors.immutable("spec.selector", daemon_set.at("/spec/selector"), old.at("/spec/selector"));
    }
}
