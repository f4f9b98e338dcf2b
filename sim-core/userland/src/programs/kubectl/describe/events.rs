//! The `Events:` at the end of a description.

use super::writer::{Writer, human_age, plain};
use serde_json::Value;
use sim::{Ordered, Timestamp};

/// Writes them, oldest first.
pub fn describe(w: &mut Writer, mut list: Vec<Value>) {
    if list.is_empty() {
        return w.write(0, "Events:\t<none>\n");
    }
    w.flush();
    list.order_by_key(time);
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

/// When it happened last.
pub fn time(event: &Value) -> String {
    let times = [
        &event["series"]["lastObservedTime"],
        &event["lastTimestamp"],
        &event["eventTime"],
        &event["metadata"]["creationTimestamp"],
    ];
    times.into_iter().find_map(Value::as_str).unwrap_or("").to_string()
}
