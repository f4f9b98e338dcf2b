//! `kubectl describe cronjob`.

use super::pod_template;
use super::writer::{Writer, items, selector_text, title_bool};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, cron_job: &Value) {
    let (spec, status) = (&cron_job["spec"], &cron_job["status"]);
    w.head(cron_job);
    w.value(0, "Schedule", &spec["schedule"]);
    w.value(0, "Concurrency Policy", &spec["concurrencyPolicy"]);
    match &spec["suspend"] {
        Value::Null => w.field(0, "Suspend", "<unset>"),
        suspend => w.field(0, "Suspend", title_bool(suspend)),
    }
    for (label, field, unit) in [
        ("Successful Job History Limit", "successfulJobsHistoryLimit", ""),
        ("Failed Job History Limit", "failedJobsHistoryLimit", ""),
        ("Starting Deadline Seconds", "startingDeadlineSeconds", "s"),
    ] {
        unset(w, label, &spec[field], unit);
    }
    let job = &spec["jobTemplate"]["spec"];
    match &job["selector"] {
        Value::Null => w.field(0, "Selector", "<unset>"),
        selector => w.field(0, "Selector", &selector_text(selector)),
    }
    unset(w, "Parallelism", &job["parallelism"], "");
    unset(w, "Completions", &job["completions"], "");
    if let Some(seconds) = job["activeDeadlineSeconds"].as_i64() {
        w.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    pod_template::describe(w, &job["template"]);
    match &status["lastScheduleTime"] {
        Value::Null => w.field(0, "Last Schedule Time", "<unset>"),
        time => w.time(0, "Last Schedule Time", time),
    }
    let active: Vec<&str> = items(&status["active"]).iter().filter_map(|job| job["name"].as_str()).collect();
    w.field(0, "Active Jobs", if active.is_empty() { "<none>".into() } else { active.join(", ") }.as_str());
}

fn unset(w: &mut Writer, label: &str, value: &Value, unit: &str) {
    match value.as_i64() {
        Some(number) => w.field(0, label, &format!("{number}{unit}")),
        None => w.field(0, label, "<unset>"),
    }
}
