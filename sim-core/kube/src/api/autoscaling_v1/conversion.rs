//! From version 1 to version 2 and back. What version 1 has no field for is kept in annotations, so that nothing is
//! lost by whoever reads and writes it. Models `pkg/apis/autoscaling/v1/conversion.go`.

use super::horizontal_pod_autoscaler::TARGET_REFERENCE;
use crate::api::autoscaling_v2::horizontal_pod_autoscaler::{BEHAVIOR, CONDITION};
use crate::api::go_order::{self, Shape};
use crate::api::schema::common::LABEL_SELECTOR;
use crate::api::schema::{Struct, Type};
use crate::api::{ObjectExt, map_of, object_at, remove, set};
use crate::json;
use encoding::json;
use serde_json::Value;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR_SPECS: &str = "autoscaling.alpha.kubernetes.io/behavior";
const ROUND_TRIP: [&str; 6] = [
    METRICS,
    CURRENT_METRICS,
    CONDITIONS,
    BEHAVIOR_SPECS,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
];

/// The sources of a metric, with their fields here in the order of Go's structs, and where version 2 has them. These are
/// the names of what is wanted; those of what was measured say `current` instead of `target`. A `!` follows what stands
/// there even when it is nothing, a `?` what does so only where it was measured.
const SOURCES: &[(&str, &[(&str, &str)])] = &[
    (
        "object",
        &[
            ("target", "/describedObject"),
            ("metricName", "/metric/name"),
            ("targetValue!", "/target/value"),
            ("selector", "/metric/selector"),
            ("averageValue", "/target/averageValue"),
        ],
    ),
    (
        "pods",
        &[
            ("metricName", "/metric/name"),
            ("targetAverageValue!", "/target/averageValue"),
            ("selector", "/metric/selector"),
        ],
    ),
    (
        "resource",
        &[
            ("name", "/name"),
            ("targetAverageUtilization", "/target/averageUtilization"),
            ("targetAverageValue?", "/target/averageValue"),
        ],
    ),
    (
        "containerResource",
        &[
            ("name", "/name"),
            ("targetAverageUtilization", "/target/averageUtilization"),
            ("targetAverageValue?", "/target/averageValue"),
            ("container", "/container"),
        ],
    ),
    (
        "external",
        &[
            ("metricName", "/metric/name"),
            ("metricSelector", "/metric/selector"),
            ("targetValue?", "/target/value"),
            ("targetAverageValue", "/target/averageValue"),
        ],
    ),
];

/// The name of a field here, its place in version 2, and whether it always stands there.
fn named(field: &(&str, &str), measured: bool) -> (String, String, bool) {
    let name = field.0.trim_end_matches(['!', '?']);
    let always = field.0.ends_with('!') || measured && field.0.ends_with('?');
    match name.strip_prefix("target").filter(|rest| measured && !rest.is_empty()) {
        Some(rest) => (format!("current{rest}"), field.1.replace("/target/", "/current/"), always),
        None if measured => (name.to_string(), field.1.replace("/target/", "/current/"), always),
        None => (name.to_string(), field.1.to_string(), always),
    }
}

/// Takes out the annotations that only version 1 shows.
pub(in crate::api) fn drop_round_trip(autoscaler: &mut Value) {
    if autoscaler.annotations().is_empty() {
        return;
    }
    let annotations = object_at(autoscaler, "/metadata/annotations");
    annotations.retain(|key, _| !ROUND_TRIP.contains(&key.as_str()));
    if annotations.is_empty() {
        remove(autoscaler, "/metadata/annotations");
    }
}

/// What the processor's load should be, where this metric says that.
fn cpu_utilization(metric: &Value) -> Option<&Value> {
    let cpu = metric.str_at("/type") == "Resource" && metric.str_at("/resource/name") == "cpu";
    Some(metric.at("/resource/target/averageUtilization")).filter(|value| cpu && !value.is_null())
}

/// An autoscaler of version 2 in this form.
pub(super) fn from_v2(stored: &Value) -> Value {
    let mut autoscaler = stored.clone();
    set(&mut autoscaler, "/apiVersion", json!("autoscaling/v1"));
    drop_round_trip(&mut autoscaler);
    let spec = object_at(&mut autoscaler, "/spec");
    spec.remove("metrics");
    spec.remove("behavior");
    let metrics = stored.list_at("/spec/metrics");
    if let Some(share) = metrics.iter().find_map(cpu_utilization) {
        spec.insert("targetCPUUtilizationPercentage".to_string(), share.clone());
    }
    let measured = stored.list_at("/status/currentMetrics");
    let conditions = stored.list_at("/status/conditions");
    let status = object_at(&mut autoscaler, "/status");
    status.remove("currentMetrics");
    status.remove("conditions");
    for field in ["currentReplicas", "desiredReplicas"] {
        status.entry(field).or_insert(json!(0));
    }
    let cpu = measured.iter().filter(|metric| metric.str_at("/resource/name") == "cpu");
    let mut shares = cpu.map(|metric| metric.at("/resource/current/averageUtilization"));
    if let Some(share) = shares.rfind(|share| !share.is_null()) {
        status.insert("currentCPUUtilizationPercentage".to_string(), share.clone());
    }
    let others: Vec<&Value> = metrics.iter().filter(|metric| cpu_utilization(metric).is_none()).collect();
    let mut annotations: Vec<(&str, String)> = Vec::new();
    if !others.is_empty() {
        annotations.push((METRICS, encode(&others, false)));
    }
    if !measured.is_empty() {
        annotations.push((CURRENT_METRICS, encode(&measured.iter().collect::<Vec<_>>(), true)));
    }
    if !conditions.is_empty() {
        let conditions = stored.at("/status/conditions");
        annotations.push((CONDITIONS, go_order::compact_as(Shape::Struct(&CONDITION), conditions)));
    }
    if !stored.at("/spec/behavior").is_null() {
        let mut text = String::new();
        write_untagged(&mut text, &BEHAVIOR, stored.at("/spec/behavior"));
        annotations.push((BEHAVIOR_SPECS, text));
    }
    for (key, text) in annotations {
        object_at(&mut autoscaler, "/metadata/annotations").insert(key.to_string(), json!(text));
    }
    autoscaler
}

/// An autoscaler of this form in that of version 2.
pub(super) fn to_v2(given: &Value) -> Value {
    let mut autoscaler = given.clone();
    set(&mut autoscaler, "/apiVersion", json!("autoscaling/v2"));
    // What is not well-formed says nothing.
    let said = |key: &str| json::parse(given.annotation(key)?).ok();
    let list = |key: &str, measured: bool| {
        let list = said(key)?.as_array()?.iter().map(|metric| decode(metric, measured)).collect();
        Some(list).filter(|list: &Vec<Value>| !list.is_empty())
    };
    let share = |percent: &Value, place: &str| {
        let mut metric = json!({"type": "Resource", "resource": {"name": "cpu"}});
        set(&mut metric, &format!("/resource/{place}/averageUtilization"), percent.clone());
        metric
    };
    let mut metrics = list(METRICS, false).unwrap_or_default();
    let target = remove(&mut autoscaler, "/spec/targetCPUUtilizationPercentage");
    // Where nothing is said, the processor is measured.
    if let Some(percent) = target.or_else(|| metrics.is_empty().then(|| json!(80))) {
        let mut metric = share(&percent, "target");
        set(&mut metric, "/resource/target/type", json!("Utilization"));
        metrics.push(metric);
    }
    set(&mut autoscaler, "/spec/metrics", Value::Array(metrics));
    if let Some(behavior) = said(BEHAVIOR_SPECS).map(tagged).filter(|behavior| behavior != &json!({})) {
        set(&mut autoscaler, "/spec/behavior", behavior);
    }
    let measured = remove(&mut autoscaler, "/status/currentCPUUtilizationPercentage");
    let measured = measured.map(|percent| vec![share(&percent, "current")]);
    let measured = list(CURRENT_METRICS, true).or(measured);
    set(&mut autoscaler, "/status/currentMetrics", measured.map_or(Value::Null, Value::Array));
    if let Some(conditions) = said(CONDITIONS).filter(Value::is_array) {
        set(&mut autoscaler, "/status/conditions", conditions);
    }
    drop_round_trip(&mut autoscaler);
    autoscaler
}

/// Metrics as an annotation holds them.
fn encode(metrics: &[&Value], measured: bool) -> String {
    let mut text = String::from("[");
    for (i, metric) in metrics.iter().enumerate() {
        text += if i == 0 { "{" } else { ",{" };
        text += &format!("\"type\":{}", metric.at("/type"));
        for (source, fields) in SOURCES {
            let Some(value) = metric.get(source) else { continue };
            text += &format!(",\"{source}\":");
            let mut first = true;
            for field in *fields {
                let (name, place, always) = named(field, measured);
                let value = match value.at(&place) {
                    Value::Null if always => &json!("0"),
                    Value::Null => continue,
                    value => value,
                };
                let schema = if name == "target" { &TARGET_REFERENCE } else { &LABEL_SELECTOR };
                let value = go_order::compact_as(Shape::Struct(schema), value);
                text += &format!("{}\"{name}\":{value}", if first { '{' } else { ',' });
                first = false;
            }
            text.push('}');
        }
        text.push('}');
    }
    text + "]"
}

/// A metric of an annotation as version 2 has it.
fn decode(metric: &Value, measured: bool) -> Value {
    let mut out = json!({"type": metric.at("/type")});
    for (source, fields) in SOURCES {
        let Some(from) = metric.get(source) else { continue };
        let mut to = json!({});
        for field in *fields {
            let (name, place, always) = named(field, measured);
            match from.get(&name) {
                Some(value) => set(&mut to, &place, value.clone()),
                None if always => set(&mut to, &place, json!("0")),
                None => {}
            }
        }
        if !measured {
            let kind = match *source {
                "object" if from.get("averageValue").is_none() => "Value",
                "external" if from.get("targetValue").is_some() => "Value",
                "resource" | "containerResource" if from.get("targetAverageUtilization").is_some() => {
                    "Utilization"
                }
                _ => "AverageValue",
            };
            set(&mut to, "/target/type", json!(kind));
        }
        set(&mut out, &format!("/{source}"), to);
    }
    out
}

/// A value as Go writes a struct whose fields have no names in JSON: `StabilizationWindowSeconds`, and `null` for what
/// is not there.
fn write_untagged(text: &mut String, schema: &Struct, value: &Value) {
    for (i, field) in schema.fields.iter().enumerate() {
        let (first, rest) = field.name.split_at(1);
        text.push(if i == 0 { '{' } else { ',' });
        text.push_str(&format!("\"{}{rest}\":", first.to_uppercase()));
        match (&field.ty, value.get(field.name)) {
            (Type::Object(inner), Some(value)) => write_untagged(text, inner, value),
            (Type::List(Type::Object(inner)), Some(Value::Array(list))) => {
                for (i, value) in list.iter().enumerate() {
                    text.push(if i == 0 { '[' } else { ',' });
                    write_untagged(text, inner, value);
                }
                text.push_str(if list.is_empty() { "[]" } else { "]" });
            }
            (_, Some(value)) => text.push_str(&go_order::compact(value)),
            (_, None) => text.push_str("null"),
        }
    }
    text.push('}');
}

/// The way back: `stabilizationWindowSeconds`.
fn tagged(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
                let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
                (format!("{}{rest}", first.to_lowercase()), tagged(value))
            });
            Value::Object(map_of(fields))
        }
        Value::Array(list) => list.into_iter().map(tagged).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_version_one_has_no_field_for_is_in_annotations() {
        let stored = json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 3, "minReplicas": 1,
                "metrics": [
                    {"type": "Object", "object": {"describedObject": {"kind": "Ingress", "name": "i"},
                        "metric": {"name": "hits", "selector": {"matchLabels": {"a": "b"}}},
                        "target": {"type": "Value", "value": "10"}}},
                    {"type": "Resource", "resource": {"name": "memory",
                        "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
                    {"type": "Resource", "resource": {"name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": 50}}},
                ],
                "behavior": {"scaleDown": {"selectPolicy": "Max",
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]}},
            },
            "status": {"desiredReplicas": 2, "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu",
                "current": {"averageUtilization": 40, "averageValue": "40m"}}}]},
        });
        let shown = from_v2(&stored);
        assert_eq!(shown.int_at("/spec/targetCPUUtilizationPercentage"), Some(50));
        assert_eq!(shown.int_at("/status/currentCPUUtilizationPercentage"), Some(40));
        let said: Vec<&str> = shown.annotations().values().filter_map(Value::as_str).collect();
        assert_eq!(
            said,
            [
                r#"{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":15}],"Tolerance":null}}"#,
                r#"[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":40,"currentAverageValue":"40m"}}]"#,
                r#"[{"type":"Object","object":{"target":{"kind":"Ingress","name":"i"},"metricName":"hits","targetValue":"10","selector":{"matchLabels":{"a":"b"}}}},{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]"#,
            ]
        );
        let mut back = to_v2(&shown);
        remove(&mut back, "/status/currentReplicas");
        assert_eq!(back, stored);
    }
}
