//! `kubectl describe job`.

use super::pod_template;
use super::writer::{Writer, controller, human_seconds, selector_text};
use serde_json::Value;
use sim::Timestamp;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, job: &Value) {
    let (metadata, spec, status) = (&job["metadata"], &job["spec"], &job["status"]);
    w.value(0, "Name", &metadata["name"]);
    w.value(0, "Namespace", &metadata["namespace"]);
    w.field(0, "Selector", &selector_text(&spec["selector"]));
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    if let Some(controller) = controller(job) {
        w.field(0, "Controlled By", &controller);
    }
    w.optional(0, "Parallelism", &spec["parallelism"]);
    match &spec["completions"] {
        Value::Null => w.field(0, "Completions", "<unset>"),
        number => w.value(0, "Completions", number),
    }
    for (label, field) in [
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ] {
        w.optional(0, label, &spec[field]);
    }
    for (label, field) in [("Start Time", "startTime"), ("Completed At", "completionTime")] {
        if status[field].is_string() {
            w.time(0, label, &status[field]);
        }
    }
    let time = |field: &str| status[field].as_str().and_then(Timestamp::parse_rfc3339);
    if let (Some(start), Some(end)) = (time("startTime"), time("completionTime")) {
        let seconds = i64::try_from(end.duration_since(start).as_secs()).unwrap_or(i64::MAX);
        w.field(0, "Duration", &human_seconds(seconds));
    }
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_i64() {
        w.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let ready = status["ready"].as_i64().map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    w.field(
        0,
        "Pods Statuses",
        &format!(
            "{} Active{ready} / {} Succeeded / {} Failed",
            number("active"),
            number("succeeded"),
            number("failed")
        ),
    );
    if spec["completionMode"] == "Indexed" {
        w.field(0, "Completed Indexes", &capped(status["completedIndexes"].as_str().unwrap_or("")));
    }
    pod_template::describe(w, &spec["template"]);
}

/// A list of indexes, cut at the first comma after fifty characters.
fn capped(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".to_string();
    }
    match indexes.get(50..).and_then(|rest| rest.find(',')) {
        Some(comma) => format!("{}...", &indexes[..=50 + comma]),
        None => indexes.to_string(),
    }
}
