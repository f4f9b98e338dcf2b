//! Rules of jobs and cron jobs. Models pkg/apis/batch/validation.

use super::schedule::Schedule;
use crate::api::core_v1::pod_validation::pod_spec;
use crate::api::selector::LabelSelector;
use crate::api::status::FieldError;
use crate::api::validation::{self, Below, Errors};
use crate::api::{ObjectExt, time_zone};
use serde_json::Value;
use sim::Timestamp;

const MOST_PARALLEL_INDEXED: i64 = 100_000;
/// Names of jobs are those of cron jobs with a dash and ten digits.
const LONGEST_CRON_JOB_NAME: usize = 52;
const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];

/// Models `ValidateJob` and `ValidateJobUpdate`.
pub fn job(job: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = job.at("/spec");
    job_spec(spec, "spec", errors);
    let selector = spec.at("/selector");
    if selector.is_null() {
        errors.required("spec.selector", "");
    } else {
        validation::label_selector(selector, "spec.selector", errors);
    }
    let labels = spec.map_at("/template/metadata/labels");
    if !LabelSelector::from_value(selector).matches(labels) {
        let labels = Value::Object(labels.clone());
        errors.invalid(
            "spec.template.metadata.labels",
            &labels,
            "`selector` does not match template `labels`",
        );
    }
    let is_indexed = spec.str_at("/completionMode") == "Indexed";
    if let Some(completions) = spec.int_at("/completions").filter(|n| is_indexed && *n > 0) {
        let last = format!("{}-{}", job.name(), completions - 1);
        if validation::dns_label(&last).is_err() {
            let why = format!("will not able to create pod with invalid DNS label: {last}");
            errors.invalid_str("metadata.name", job.name(), &why);
        }
    }
    let Some(old) = old else { return };
    if spec.at("/completions") != old.at("/spec/completions") {
        if !is_indexed {
            errors.immutable("spec.completions", spec.at("/completions"), old.at("/spec/completions"));
        } else if spec.at("/completions") != spec.at("/parallelism") {
            let why = "can only be modified in tandem with spec.parallelism";
            errors.invalid("spec.completions", spec.at("/completions"), why);
        }
    }
    for field in [
        "selector",
        "template",
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        let path = format!("/{field}");
        let before = old.at("/spec").at(&path);
        // A suspended job that has not begun may still be told where to run.
        let unstarted =
            field == "template" && old.bool_at("/spec/suspend") && old.at("/status/startTime").is_null();
        if !unstarted {
            errors.immutable(format!("spec.{field}"), spec.at(&path), before);
        }
    }
}

/// Models `validateJobSpec`.
fn job_spec(spec: &Value, path: &str, errors: &mut Errors) {
    let field = |name: &'static str| Below(path, name);
    for name in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        errors.not_negative(field(name), spec.at(&format!("/{name}")));
    }
    let (per_index, most_failed) = (spec.at("/backoffLimitPerIndex"), spec.at("/maxFailedIndexes"));
    if !most_failed.is_null() && per_index.is_null() {
        errors.required(field("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    let completions = spec.int_at("/completions");
    let mode = spec.str_at("/completionMode");
    if !mode.is_empty() {
        errors.one_of(field("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    if mode == "Indexed" {
        if completions.is_none() {
            errors.required(field("completions"), "when completion mode is Indexed");
        }
        if spec.int_at("/parallelism").is_some_and(|n| n > MOST_PARALLEL_INDEXED) {
            let why = format!(
                "must be less than or equal to {MOST_PARALLEL_INDEXED} when completion mode is Indexed"
            );
            errors.invalid(field("parallelism"), spec.at("/parallelism"), &why);
        }
        if completions.zip(most_failed.as_i64()).is_some_and(|(completions, most)| most > completions) {
            errors.invalid(
                field("maxFailedIndexes"),
                most_failed,
                "must be less than or equal to completions",
            );
        }
    } else {
        for (name, value) in [("backoffLimitPerIndex", per_index), ("maxFailedIndexes", most_failed)] {
            if !value.is_null() {
                errors.invalid(field(name), value, "requires indexed completion mode");
            }
        }
    }
    let policy = spec.at("/podFailurePolicy");
    for (i, rule) in policy.list_at("/rules").iter().enumerate() {
        failure_rule(spec, rule, &format!("{path}.podFailurePolicy.rules[{i}]"), errors);
    }
    if !spec.at("/successPolicy").is_null() {
        success_policy(spec, path, errors);
    }
    let replacement = spec.str_at("/podReplacementPolicy");
    if !replacement.is_empty() {
        let supported: &[&str] =
            if policy.is_null() { &["Failed", "TerminatingOrFailed"] } else { &["Failed"] };
        errors.one_of(field("podReplacementPolicy"), replacement, supported);
    }
    let template = spec.at("/template");
    validation::labels(template.labels(), &format!("{path}.template.metadata.labels"), errors);
    validation::annotations(template.annotations(), &format!("{path}.template.metadata.annotations"), errors);
    pod_spec(template.at("/spec"), &format!("{path}.template.spec"), errors);
    let restart = field("template.spec.restartPolicy");
    match template.str_at("/spec/restartPolicy") {
        "" | "Always" => errors.required(restart, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if !policy.is_null() => {
            errors.invalid_str(
                restart,
                "OnFailure",
                "only \"Never\" is supported when podFailurePolicy is specified",
            );
        }
        other => {
            errors.one_of(restart, other, &["OnFailure", "Never"]);
        }
    }
}

fn failure_rule(spec: &Value, rule: &Value, path: &str, errors: &mut Errors) {
    let action = rule.str_at("/action");
    let field = |name: &'static str| Below(path, name);
    if action.is_empty() {
        errors.required(field("action"), "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
    } else if action == "FailIndex" && spec.at("/backoffLimitPerIndex").is_null() {
        errors.invalid_str(field("action"), action, "requires the backoffLimitPerIndex to be set");
    } else {
        errors.one_of(field("action"), action, ACTIONS);
    }
    let (codes, conditions) = (rule.at("/onExitCodes"), rule.list_at("/onPodConditions"));
    if !codes.is_null() {
        exit_codes(spec, codes, &format!("{path}.onExitCodes"), errors);
    }
    if codes.is_null() == conditions.is_empty() {
        let which = if codes.is_null() {
            "specifying one of OnExitCodes and OnPodConditions is required"
        } else {
            "specifying both OnExitCodes and OnPodConditions is not supported"
        };
        let detail = format!("Invalid value: {which}");
        errors.0.push(FieldError { field: path.to_string(), reason: "FieldValueInvalid", detail });
    }
}

fn exit_codes(spec: &Value, codes: &Value, path: &str, errors: &mut Errors) {
    let field = |name: &'static str| Below(path, name);
    match codes.str_at("/operator") {
        "" => errors.required(field("operator"), "valid values: [\"In\" \"NotIn\"]"),
        operator => {
            errors.one_of(field("operator"), operator, &["In", "NotIn"]);
        }
    }
    if let Some(name) = codes.at("/containerName").as_str() {
        let lists = ["/template/spec/containers", "/template/spec/initContainers"];
        let known = lists.iter().flat_map(|list| spec.list_at(list)).any(|c| c.str_at("/name") == name);
        if !known {
            let why = "must be one of the container or initContainer names in the pod template";
            errors.invalid_str(field("containerName"), name, why);
        }
    }
    let values = codes.list_at("/values");
    if values.is_empty() {
        errors.invalid(field("values"), &Value::Array(Vec::new()), "at least one value is required");
    }
    for (i, value) in values.iter().enumerate() {
        let place = format!("{path}.values[{i}]");
        if codes.str_at("/operator") == "In" && value.as_i64() == Some(0) {
            errors.invalid(place, value, "must not be 0 for the In operator");
        } else if values[..i].contains(value) {
            errors.duplicate(place, value);
        }
    }
    if !values.is_sorted_by_key(|value| value.as_i64()) {
        errors.invalid(field("values"), codes.at("/values"), "must be ordered");
    }
}

fn success_policy(spec: &Value, path: &str, errors: &mut Errors) {
    let policy = spec.at("/successPolicy");
    let path = format!("{path}.successPolicy");
    if spec.str_at("/completionMode") != "Indexed" {
        errors.invalid(path, policy, "requires indexed completion mode");
        return;
    }
    let rules = policy.list_at("/rules");
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.required(Below(&path, "rules"), why);
    }
    let completions = spec.int_at("/completions").unwrap_or(0);
    for (i, rule) in rules.iter().enumerate() {
        let path = format!("{path}.rules[{i}]");
        let count = rule.at("/succeededCount");
        if count.is_null() && rule.at("/succeededIndexes").is_null() {
            let why = "at least one of succeededCount or succeededIndexes must be specified";
            errors.required(&path, why);
        }
        errors.not_negative(Below(&path, "succeededCount"), count);
        if count.as_i64().is_some_and(|count| count > completions) {
            let why =
                format!("must be less than or equal to {completions} (the number of specified completions)");
            errors.invalid(Below(&path, "succeededCount"), count, &why);
        }
    }
}

/// Models `ValidateCronJobCreate` and `ValidateCronJobUpdate`.
pub fn cron_job(cron_job: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = cron_job.at("/spec");
    let schedule = spec.str_at("/schedule");
    let zone = spec.at("/timeZone").as_str();
    if schedule.is_empty() {
        errors.required("spec.schedule", "");
    } else {
        if let Err(why) = Schedule::parse(schedule, "") {
            errors.invalid_str("spec.schedule", schedule, &why);
        }
        let allowed = old.is_some_and(|old| old.str_at("/spec/schedule").contains("TZ"));
        if schedule.contains("TZ") && !allowed {
            let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            errors.invalid_str("spec.schedule", schedule, why);
        } else if schedule.contains("TZ") && zone.is_some() {
            let why = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
            errors.invalid_str("spec.schedule", schedule, why);
        }
    }
    errors.not_negative("spec.startingDeadlineSeconds", spec.at("/startingDeadlineSeconds"));
    if let Some(zone) =
        zone.filter(|_| old.is_none_or(|old| old.at("/spec/timeZone") != spec.at("/timeZone")))
    {
        time_zone_name(zone, errors);
    }
    match spec.str_at("/concurrencyPolicy") {
        "" => errors.required("spec.concurrencyPolicy", ""),
        policy => {
            errors.one_of("spec.concurrencyPolicy", policy, &["Allow", "Forbid", "Replace"]);
        }
    }
    let template = spec.at("/jobTemplate/spec");
    job_spec(template, "spec.jobTemplate.spec", errors);
    if !template.at("/selector").is_null() {
        let why = "`selector` will be auto-generated";
        errors.invalid("spec.jobTemplate.spec.selector", template.at("/selector"), why);
    }
    if template.bool_at("/manualSelector") {
        errors.one_of("spec.jobTemplate.spec.manualSelector", "true", &["nil", "false"]);
    }
    errors.not_negative("spec.successfulJobsHistoryLimit", spec.at("/successfulJobsHistoryLimit"));
    errors.not_negative("spec.failedJobsHistoryLimit", spec.at("/failedJobsHistoryLimit"));
    if old.is_none() && cron_job.name().len() > LONGEST_CRON_JOB_NAME {
        errors.invalid_str("metadata.name", cron_job.name(), "must be no more than 52 characters");
    }
}

fn time_zone_name(zone: &str, errors: &mut Errors) {
    let mut refuse = |why: &str| errors.invalid_str("spec.timeZone", zone, why);
    if zone.is_empty() {
        return refuse("timeZone must be nil or non-empty string");
    }
    let good = |part: &str| {
        (1..=14).contains(&part.len())
            && part != "."
            && part != ".."
            && !part.starts_with('-')
            && part.bytes().all(|c| c.is_ascii_alphanumeric() || b".-_+".contains(&c))
    };
    if zone.eq_ignore_ascii_case("local") {
        refuse("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
    } else if !zone.split('/').all(good)
        || time_zone::offset(zone, Timestamp { seconds: 0, nanos: 0 }).is_none()
    {
        refuse(&format!("unknown time zone {zone}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn faults(
        check: fn(&Value, Option<&Value>, &mut Errors),
        object: &Value,
        old: Option<&Value>,
    ) -> Vec<String> {
        let mut errors = Errors::default();
        check(object, old, &mut errors);
        errors.0.into_iter().map(|e| format!("{}: {}", e.field, e.detail)).collect()
    }

    fn a_job() -> Value {
        json!({"metadata": {"name": "pi"}, "spec": {"completions": 1, "parallelism": 1, "completionMode": "NonIndexed",
            "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {
                "restartPolicy": "Never", "dnsPolicy": "ClusterFirst", "containers": [{"name": "c", "image": "i", "imagePullPolicy": "Always"}]}}}})
    }

    #[test]
    fn a_job_needs_a_policy_under_which_pods_end() {
        let mut job = a_job();
        assert_eq!(faults(super::job, &job, None), [""; 0]);
        job["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
        job["spec"]["parallelism"] = json!(-1);
        job["spec"]["backoffLimitPerIndex"] = json!(1);
        assert_eq!(
            faults(super::job, &job, None),
            [
                "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
                "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
                "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
            ]
        );
    }

    #[test]
    fn a_job_keeps_its_template() {
        let (old, mut new) = (a_job(), a_job());
        new["spec"]["completions"] = json!(2);
        new["spec"]["parallelism"] = json!(5);
        assert_eq!(
            faults(super::job, &new, Some(&old)),
            ["spec.completions: Invalid value: 2: field is immutable"]
        );
    }

    #[test]
    fn a_cron_job_has_a_schedule_in_a_zone_that_exists() {
        let spec = a_job()["spec"]["template"].clone();
        let cron_job = json!({"metadata": {"name": "tick"}, "spec": {"schedule": "61 * * * *", "timeZone": "Nowhere",
            "concurrencyPolicy": "Sometimes", "jobTemplate": {"spec": {"template": spec}}}});
        assert_eq!(
            faults(super::cron_job, &cron_job, None),
            [
                "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61",
                "spec.timeZone: Invalid value: \"Nowhere\": unknown time zone Nowhere",
                "spec.concurrencyPolicy: Unsupported value: \"Sometimes\": supported values: \"Allow\", \"Forbid\", \
                 \"Replace\"",
            ]
        );
    }
}
