//! `kubectl describe horizontalpodautoscaler`.

use super::writer::{Writer, items};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, autoscaler: &Value) {
    let (spec, status) = (&autoscaler["spec"], &autoscaler["status"]);
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    w.head(autoscaler);
    w.time(0, "CreationTimestamp", &autoscaler["metadata"]["creationTimestamp"]);
    let target = &spec["scaleTargetRef"];
    w.field(0, "Reference", &format!("{}/{}", text(&target["kind"]), text(&target["name"])));
    w.field(0, "Metrics", "( current / target )");
    for (i, metric) in items(&spec["metrics"]).iter().enumerate() {
        describe_metric(w, metric, &status["currentMetrics"][i]);
    }
    match &spec["minReplicas"] {
        Value::Null => w.field(0, "Min replicas", "<unset>"),
        least => w.value(0, "Min replicas", least),
    }
    w.value(0, "Max replicas", &spec["maxReplicas"]);
    if spec["behavior"].is_object() {
        w.write(0, "Behavior:\n");
        direction(w, "Scale Up", &spec["behavior"]["scaleUp"]);
        direction(w, "Scale Down", &spec["behavior"]["scaleDown"]);
    }
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let pods = format!("{} current / {} desired", number("currentReplicas"), number("desiredReplicas"));
    w.field(0, &format!("{} pods", text(&target["kind"])), &pods);
    let conditions = items(&status["conditions"]);
    if !conditions.is_empty() {
        w.write(0, "Conditions:\n");
        w.write(1, "Type\tStatus\tReason\tMessage\n");
        w.write(1, "----\t------\t------\t-------\n");
        for condition in conditions {
            let cell = |field: &str| text(&condition[field]);
            w.write(
                1,
                &format!("{}\t{}\t{}\t{}\n", cell("type"), cell("status"), cell("reason"), cell("message")),
            );
        }
    }
}

fn describe_metric(w: &mut Writer, metric: &Value, status: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let kind = text(&metric["type"]);
    let source = match kind.as_str() {
        "ContainerResource" => "containerResource",
        "External" => "external",
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        _ => return w.write(1, &format!("<unknown metric type {kind:?}>\n")),
    };
    let (spec, current) = (&metric[source], &status[source]["current"]);
    let target = &spec["target"];
    let shown = |value: &Value| value.as_str().map_or("<unknown>".to_string(), str::to_string);
    let name = text(&spec["metric"]["name"]);
    let by_average = target["averageValue"].is_string();
    let amounts = |field: &str| format!("{} / {}", shown(&current[field]), text(&target[field]));
    let line = match kind.as_str() {
        "Pods" => format!("{name:?} on pods:\t{}", amounts("averageValue")),
        "Object" | "External" => {
            let object = &spec["describedObject"];
            let place = if kind == "Object" {
                format!(" on {}/{}", text(&object["kind"]), text(&object["name"]))
            } else {
                String::new()
            };
            if by_average {
                format!("{name:?}{place} (target average value):\t{}", amounts("averageValue"))
            } else {
                format!("{name:?}{place} (target value):\t{}", amounts("value"))
            }
        }
        _ => {
            let container = match spec["container"].as_str() {
                Some(container) => format!(" of container \"{container}\""),
                None => String::new(),
            };
            let what = format!("resource {}{container} on pods", text(&spec["name"]));
            if by_average {
                format!("{what}:\t{}", amounts("averageValue"))
            } else {
                let now = match current["averageUtilization"].as_i64() {
                    Some(share) => format!("{share}% ({})", text(&current["averageValue"])),
                    None => "<unknown>".to_string(),
                };
                let goal = target["averageUtilization"].as_i64().map(|share| format!("{share}%"));
                let goal = goal.unwrap_or_else(|| "<auto>".to_string());
                format!("{what}  (as a percentage of request):\t{now} / {goal}")
            }
        }
    };
    w.write(1, &format!("{line}\n"));
}

fn direction(w: &mut Writer, title: &str, rules: &Value) {
    if !rules.is_object() {
        return;
    }
    w.write(1, &format!("{title}:\n"));
    if let Some(seconds) = rules["stabilizationWindowSeconds"].as_i64() {
        w.write(2, &format!("Stabilization Window: {seconds} seconds\n"));
    }
    let policies = items(&rules["policies"]);
    if policies.is_empty() {
        return;
    }
    w.write(2, &format!("Select Policy: {}\n", rules["selectPolicy"].as_str().unwrap_or("Max")));
    w.write(2, "Policies:\n");
    for policy in policies {
        let number = |field: &str| policy[field].as_i64().unwrap_or(0);
        w.write(
            3,
            &format!(
                "- Type: {}\tValue: {}\tPeriod: {} seconds\n",
                policy["type"].as_str().unwrap_or(""),
                number("value"),
                number("periodSeconds")
            ),
        );
    }
}
