//! The `Events:` at the end of a description.

use super::writer::{Writer, human_age, plain};
use crate::programs::kubectl::go_sort;
use serde_json::Value;
use sim::Timestamp;

/// Writes them, oldest first.
pub fn describe(w: &mut Writer, mut list: Vec<Value>) {
    if list.is_empty() {
        return w.write(0, "Events:\t<none>\n");
    }
    w.flush();
    let times: Vec<_> = list.iter().map(last_time).collect();
    go_sort::sort(&mut list, &times);
    w.write(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
    w.write(1, "----\t------\t----\t----\t-------\n");
    for event in &list {
        let source = match plain(&event["source"]["component"]) {
            source if source.is_empty() => plain(&event["reportingComponent"]),
            source => source,
        };
        let message = plain(&event["message"]);
        let message = match event["involvedObject"]["fieldPath"].as_str() {
            Some(path) if !path.is_empty() => format!("{path}: {}", message.trim()),
            _ => message.trim().to_string(),
        };
        w.write(
            1,
            &format!(
                "{}\t{}\t{}\t{source}\t{message}\n",
                plain(&event["type"]),
                plain(&event["reason"]),
                interval(w.now, event)
            ),
        );
    }
}

/// `5s`, or `6s (x3 over 21s)`.
pub fn interval(now: Timestamp, event: &Value) -> String {
    let age = |time: &Value| human_age(now, time);
    let first =
        age(if event["eventTime"].is_string() { &event["eventTime"] } else { &event["firstTimestamp"] });
    let series = &event["series"];
    if series.is_object() {
        return format!("{} (x{} over {first})", age(&series["lastObservedTime"]), plain(&series["count"]));
    }
    match event["count"].as_i64() {
        Some(count) if count > 1 => format!("{} (x{count} over {first})", age(&event["lastTimestamp"])),
        _ => first,
    }
}

/// Sorts events as `kubectl events` does.
pub fn sort(list: &mut [Value]) {
    let times: Vec<_> = list.iter().map(time).collect();
    go_sort::sort(list, &times);
}

/// When it happened last.
fn time(event: &Value) -> Option<Timestamp> {
    if event["series"].is_object() {
        return moment(&event["series"]["lastObservedTime"]);
    }
    last_time(event).or_else(|| moment(&event["eventTime"]))
}

/// The field of that name, which events of the new kind do not have.
fn last_time(event: &Value) -> Option<Timestamp> {
    moment(&event["lastTimestamp"])
}

fn moment(time: &Value) -> Option<Timestamp> {
    time.as_str().and_then(Timestamp::parse_rfc3339)
}
