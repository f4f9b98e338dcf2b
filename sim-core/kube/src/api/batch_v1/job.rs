//! Jobs: pods that run until so many of them have succeeded.

use crate::api::apps_v1::{container_cells, default_template};
use crate::api::core_v1::pod_spec::POD_TEMPLATE;
use crate::api::duration;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::selector::LabelSelector;
use crate::api::table::{AGE, Column, NAME, age, column, or_none, wide};
use crate::api::{ObjectExt, condition, object_at, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Job",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&JOB_SPEC)).or(D::Empty),
        f("status", Object(&JOB_STATUS)).or(D::Empty),
    ],
};

/// `spec` of a job, alone or in a cron job's template.
pub static JOB_SPEC: Struct = Struct {
    go: "JobSpec",
    fields: &[
        f("parallelism", Int32),
        f("completions", Int32),
        f("activeDeadlineSeconds", Int64),
        f("podFailurePolicy", Object(&POD_FAILURE_POLICY)),
        f("successPolicy", Object(&SUCCESS_POLICY)),
        f("backoffLimit", Int32),
        f("backoffLimitPerIndex", Int32),
        f("maxFailedIndexes", Int32),
        f("selector", Object(&LABEL_SELECTOR)),
        f("manualSelector", Bool),
        f("template", Object(&POD_TEMPLATE)).or(D::Empty).required(),
        f("ttlSecondsAfterFinished", Int32),
        f("completionMode", StrPtr),
        f("suspend", Bool),
        f("podReplacementPolicy", StrPtr),
        f("managedBy", StrPtr),
    ],
};
static POD_FAILURE_POLICY: Struct = Struct {
    go: "PodFailurePolicy",
    fields: &[f("rules", List(&Object(&POD_FAILURE_POLICY_RULE))).required()],
};
static POD_FAILURE_POLICY_RULE: Struct = Struct {
    go: "PodFailurePolicyRule",
    fields: &[
        f("action", Str).required(),
        f("onExitCodes", Object(&ON_EXIT_CODES)),
        f("onPodConditions", List(&Object(&ON_POD_CONDITION))),
    ],
};
static ON_EXIT_CODES: Struct = Struct {
    go: "PodFailurePolicyOnExitCodesRequirement",
    fields: &[f("containerName", StrPtr), f("operator", Str).required(), f("values", Set(&Int32)).required()],
};
static ON_POD_CONDITION: Struct = Struct {
    go: "PodFailurePolicyOnPodConditionsPattern",
    fields: &[f("type", Str).required(), f("status", Str).or(D::Str("True"))],
};
static SUCCESS_POLICY: Struct =
    Struct { go: "SuccessPolicy", fields: &[f("rules", List(&Object(&SUCCESS_POLICY_RULE))).required()] };
static SUCCESS_POLICY_RULE: Struct =
    Struct { go: "SuccessPolicyRule", fields: &[f("succeededIndexes", StrPtr), f("succeededCount", Int32)] };
static JOB_STATUS: Struct = Struct {
    go: "JobStatus",
    fields: &[
        f("conditions", Keyed(&CONDITION, "type")),
        f("startTime", Time),
        f("completionTime", Time),
        f("active", Int32),
        f("succeeded", Int32),
        f("failed", Int32),
        f("terminating", Int32),
        f("completedIndexes", Str),
        f("failedIndexes", StrPtr),
        f("uncountedTerminatedPods", Object(&UNCOUNTED)),
        f("ready", Int32),
    ],
};
static UNCOUNTED: Struct =
    Struct { go: "UncountedTerminatedPods", fields: &[f("succeeded", Set(&Str)), f("failed", Set(&Str))] };

static CONDITION: Struct = Struct {
    go: "JobCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastProbeTime", Time),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "batch",
    kind: "Job",
    plural: "jobs",
    singular: "job",
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[status_of("Job")],
    selectable: &[("status.successful", "/status/succeeded")],
    default: set_defaults,
    validate: super::validation::job,
    prepare_for_create: generate_selector,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Status", "Status of the job."),
    column("Completions", "The number of pods which reached phase Succeeded."),
    column("Duration", "Time required to complete the job."),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "A label query over pods that should match the pod count. Normally, the system sets this field for you.",
    ),
];

/// Labels by which a job finds its pods; the ones without prefix are the older names.
pub const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
/// The name of a pod's job.
pub const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// Models `SetDefaults_Job`.
fn set_defaults(job: &mut Value) {
    let labels = job.at("/spec/template/metadata/labels").clone();
    if labels.is_object() && job.labels().is_empty() {
        set(job, "/metadata/labels", labels);
    }
    let spec = object_at(job, "/spec");
    let absent = |spec: &serde_json::Map<String, Value>, name: &str| !spec.contains_key(name);
    let mut missing: Vec<(&str, Value)> = vec![
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("manualSelector", json!(false)),
        ("parallelism", json!(1)),
    ];
    if absent(spec, "parallelism") {
        missing.push(("completions", json!(1)));
    }
    let limit = if absent(spec, "backoffLimitPerIndex") { 6 } else { i32::MAX };
    missing.push(("backoffLimit", json!(limit)));
    let replacement = if absent(spec, "podFailurePolicy") { "TerminatingOrFailed" } else { "Failed" };
    missing.push(("podReplacementPolicy", json!(replacement)));
    // Without a number of completions and with one of pods at a time, one success is enough.
    for (name, value) in missing {
        if absent(spec, name) {
            spec.insert(name.to_string(), value);
        }
    }
    default_template(job, "/spec");
}

/// Models `generateSelector` of the job strategy: pods are found by the uid of their job.
fn generate_selector(job: &mut Value) {
    set(job, "/status", json!({}));
    if !job.bool_at("/spec/manualSelector") {
        label_template(job);
    }
    // Whoever reads a job without labels sees those of its template: defaults are applied on the way out, too.
    let labels = job.at("/spec/template/metadata/labels").clone();
    if labels.is_object() && job.labels().is_empty() {
        set(job, "/metadata/labels", labels);
    }
}

fn label_template(job: &mut Value) {
    let (uid, name) = (job.uid().to_string(), job.name().to_string());
    let labels = object_at(job, "/spec/template/metadata/labels");
    for (key, value) in
        [(CONTROLLER_UID, &uid), ("controller-uid", &uid), (JOB_NAME, &name), ("job-name", &name)]
    {
        if !labels.contains_key(key) {
            labels.insert(key.to_string(), json!(value));
        }
    }
    if job.at("/spec/selector").is_null() {
        set(job, "/spec/selector", json!({}));
    }
    let selector = object_at(job, "/spec/selector/matchLabels");
    if !selector.contains_key(CONTROLLER_UID) {
        selector.insert(CONTROLLER_UID.to_string(), json!(uid));
    }
}

/// Whether a condition of this type is true.
pub fn has_condition(job: &Value, kind: &str) -> bool {
    condition(job, kind).is_some_and(|c| c.str_at("/status") == "True")
}

/// Whether it is complete or has failed.
pub fn is_finished(job: &Value) -> bool {
    has_condition(job, "Complete") || has_condition(job, "Failed")
}

fn row(job: &Value, now: Timestamp) -> Vec<Value> {
    let succeeded = job.int_at("/status/succeeded").unwrap_or(0);
    let completions = match (job.int_at("/spec/completions"), job.int_at("/spec/parallelism")) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, Some(parallelism)) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let time = |path| Timestamp::parse_rfc3339(job.str_at(path));
    let took = match (time("/status/startTime"), time("/status/completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => duration::human(end.unwrap_or(now).duration_since(start)),
    };
    let status = ["Complete", "Failed"].into_iter().find(|kind| has_condition(job, kind));
    let status = status.unwrap_or_else(|| {
        if job.is_terminating() {
            return "Terminating";
        }
        let rest = ["Suspended", "FailureTarget"].into_iter().find(|kind| has_condition(job, kind));
        rest.unwrap_or("Running")
    });
    let [names, images] = container_cells(job, "/spec/template/spec/containers");
    let selector = LabelSelector::from_value(job.at("/spec/selector")).to_string();
    vec![
        job.name().into(),
        status.into(),
        completions.into(),
        took.into(),
        age(job, now),
        names,
        images,
        or_none(selector),
    ]
}
