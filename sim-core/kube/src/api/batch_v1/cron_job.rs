//! Cron jobs: a job whenever a schedule says so.

use super::job::JOB_SPEC;
use crate::api::apps_v1::{container_cells, default_template};
use crate::api::duration;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::selector::LabelSelector;
use crate::api::table::{AGE, Column, NAME, age, column, number, or_none, wide};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "CronJob",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&CRON_JOB_SPEC)).or(D::Empty),
        f("status", Object(&CRON_JOB_STATUS)).or(D::Empty),
    ],
};
static CRON_JOB_SPEC: Struct = Struct {
    go: "CronJobSpec",
    fields: &[
        f("schedule", Str).required(),
        f("timeZone", StrPtr),
        f("startingDeadlineSeconds", Int64),
        f("concurrencyPolicy", Str).or(D::Str("Allow")),
        f("suspend", Bool).or(D::Bool(false)),
        f("jobTemplate", Object(&JOB_TEMPLATE)).or(D::Empty).required(),
        f("successfulJobsHistoryLimit", Int32).or(D::Int(3)),
        f("failedJobsHistoryLimit", Int32).or(D::Int(1)),
    ],
};
static JOB_TEMPLATE: Struct = Struct {
    go: "JobTemplateSpec",
    fields: &[f("metadata", Object(&OBJECT_META)).or(D::Empty), f("spec", Object(&JOB_SPEC)).or(D::Empty)],
};
static CRON_JOB_STATUS: Struct = Struct {
    go: "CronJobStatus",
    fields: &[
        f("active", List(&Object(&OBJECT_REFERENCE))),
        f("lastScheduleTime", Time),
        f("lastSuccessfulTime", Time),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "batch",
    kind: "CronJob",
    plural: "cronjobs",
    singular: "cronjob",
    short_names: &["cj"],
    categories: &["all"],
    generation: true,
    schema: &SCHEMA,
    subresources: &[status_of("CronJob")],
    default: |cron_job| default_template(cron_job, "/spec/jobTemplate/spec"),
    prepare_for_create: |cron_job| set(cron_job, "/status", json!({})),
    validate: super::validation::cron_job,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Schedule", "The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron."),
    column("Timezone", "The time zone name for the given schedule."),
    Column {
        ty: "boolean",
        ..column("Suspend", "This flag tells the controller to suspend subsequent executions.")
    },
    number("Active", "A list of pointers to currently running jobs."),
    column("Last Schedule", "Information when was the last time the job was successfully scheduled."),
    AGE,
    wide("Containers", "Names of each container in the template."),
    wide("Images", "Images referenced by each container in the template."),
    wide(
        "Selector",
        "A label query over pods that should match the pod count. Normally, the system sets this field for you.",
    ),
];

fn row(cron_job: &Value, now: Timestamp) -> Vec<Value> {
    let last = match cron_job.str_at("/status/lastScheduleTime") {
        "" => "<none>".to_string(),
        time => duration::since(time, now),
    };
    let suspend = match cron_job.at("/spec/suspend").as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let [names, images] = container_cells(cron_job, "/spec/jobTemplate/spec/template/spec/containers");
    let selector = LabelSelector::from_value(cron_job.at("/spec/jobTemplate/spec/selector")).to_string();
    vec![
        cron_job.name().into(),
        cron_job.at("/spec/schedule").clone(),
        or_none(cron_job.str_at("/spec/timeZone")),
        suspend.into(),
        json!(cron_job.list_at("/status/active").len()),
        last.into(),
        age(cron_job, now),
        names,
        images,
        or_none(selector),
    ]
}
