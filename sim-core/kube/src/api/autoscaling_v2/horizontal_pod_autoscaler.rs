//! Horizontal pod autoscalers: as many replicas as the load asks for.

use crate::api::autoscaling_v1::drop_round_trip;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, number};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "HorizontalPodAutoscaler",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "HorizontalPodAutoscalerSpec",
    fields: &[
        f("scaleTargetRef", Object(&TARGET_REFERENCE)).or(D::Empty).required(),
        f("minReplicas", Int32).or(D::Int(1)),
        f("maxReplicas", Int32).or(D::Int(0)).required(),
        f("metrics", List(&Object(&METRIC_SPEC))),
        f("behavior", Object(&BEHAVIOR)),
    ],
};
static TARGET_REFERENCE: Struct = Struct {
    go: "CrossVersionObjectReference",
    fields: &[
        f("kind", StrPtr).or(D::Str("")).required(),
        f("name", StrPtr).or(D::Str("")).required(),
        f("apiVersion", Str),
    ],
};
pub(in crate::api) static BEHAVIOR: Struct = Struct {
    go: "HorizontalPodAutoscalerBehavior",
    fields: &[f("scaleUp", Object(&SCALING_RULES)), f("scaleDown", Object(&SCALING_RULES))],
};
static SCALING_RULES: Struct = Struct {
    go: "HPAScalingRules",
    fields: &[
        f("stabilizationWindowSeconds", Int32),
        f("selectPolicy", StrPtr),
        f("policies", List(&Object(&SCALING_POLICY))),
        f("tolerance", Quantity),
    ],
};
static SCALING_POLICY: Struct = Struct {
    go: "HPAScalingPolicy",
    fields: &[f("type", Str).required(), f("value", Int32).required(), f("periodSeconds", Int32).required()],
};
static METRIC_SPEC: Struct = Struct {
    go: "MetricSpec",
    fields: &[
        f("type", Str).required(),
        f("object", Object(&OBJECT_SOURCE)),
        f("pods", Object(&PODS_SOURCE)),
        f("resource", Object(&RESOURCE_SOURCE)),
        f("containerResource", Object(&CONTAINER_RESOURCE_SOURCE)),
        f("external", Object(&EXTERNAL_SOURCE)),
    ],
};
static CONTAINER_RESOURCE_SOURCE: Struct = Struct {
    go: "ContainerResourceMetricSource",
    fields: &[
        f("name", Str).required(),
        f("target", Object(&METRIC_TARGET)).or(D::Empty).required(),
        f("container", Str).required(),
    ],
};
static EXTERNAL_SOURCE: Struct = Struct {
    go: "ExternalMetricSource",
    fields: &[
        f("metric", Object(&METRIC_IDENTIFIER)).or(D::Empty).required(),
        f("target", Object(&METRIC_TARGET)).or(D::Empty).required(),
    ],
};
static OBJECT_SOURCE: Struct = Struct {
    go: "ObjectMetricSource",
    fields: &[
        f("describedObject", Object(&TARGET_REFERENCE)).or(D::Empty).required(),
        f("target", Object(&METRIC_TARGET)).or(D::Empty).required(),
        f("metric", Object(&METRIC_IDENTIFIER)).or(D::Empty).required(),
    ],
};
static PODS_SOURCE: Struct = Struct {
    go: "PodsMetricSource",
    fields: &[
        f("metric", Object(&METRIC_IDENTIFIER)).or(D::Empty).required(),
        f("target", Object(&METRIC_TARGET)).or(D::Empty).required(),
    ],
};
static RESOURCE_SOURCE: Struct = Struct {
    go: "ResourceMetricSource",
    fields: &[f("name", Str).required(), f("target", Object(&METRIC_TARGET)).or(D::Empty).required()],
};
static METRIC_IDENTIFIER: Struct = Struct {
    go: "MetricIdentifier",
    fields: &[f("name", Str).required(), f("selector", Object(&LABEL_SELECTOR))],
};
static METRIC_TARGET: Struct = Struct {
    go: "MetricTarget",
    fields: &[
        f("type", Str).required(),
        f("value", Quantity),
        f("averageValue", Quantity),
        f("averageUtilization", Int32),
    ],
};
static STATUS: Struct = Struct {
    go: "HorizontalPodAutoscalerStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("lastScaleTime", Time),
        f("currentReplicas", Int32),
        f("desiredReplicas", Int32).or(D::Int(0)).required(),
        f("currentMetrics", Loose(&List(&Object(&METRIC_STATUS)))),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};
static METRIC_STATUS: Struct = Struct {
    go: "MetricStatus",
    fields: &[
        f("type", Str).required(),
        f("object", Object(&OBJECT_STATUS)),
        f("pods", Object(&PODS_STATUS)),
        f("resource", Object(&RESOURCE_STATUS)),
        f("containerResource", Object(&CONTAINER_RESOURCE_STATUS)),
        f("external", Object(&EXTERNAL_STATUS)),
    ],
};
static OBJECT_STATUS: Struct = Struct {
    go: "ObjectMetricStatus",
    fields: &[
        f("metric", Object(&METRIC_IDENTIFIER)).or(D::Empty).required(),
        f("current", Object(&METRIC_VALUE)).or(D::Empty).required(),
        f("describedObject", Object(&TARGET_REFERENCE)).or(D::Empty).required(),
    ],
};
static PODS_STATUS: Struct = Struct {
    go: "PodsMetricStatus",
    fields: &[
        f("metric", Object(&METRIC_IDENTIFIER)).or(D::Empty).required(),
        f("current", Object(&METRIC_VALUE)).or(D::Empty).required(),
    ],
};
static RESOURCE_STATUS: Struct = Struct {
    go: "ResourceMetricStatus",
    fields: &[f("name", Str).required(), f("current", Object(&METRIC_VALUE)).or(D::Empty).required()],
};
static CONTAINER_RESOURCE_STATUS: Struct = Struct {
    go: "ContainerResourceMetricStatus",
    fields: &[
        f("name", Str).required(),
        f("current", Object(&METRIC_VALUE)).or(D::Empty).required(),
        f("container", Str).required(),
    ],
};
static EXTERNAL_STATUS: Struct = Struct {
    go: "ExternalMetricStatus",
    fields: &[
        f("metric", Object(&METRIC_IDENTIFIER)).or(D::Empty).required(),
        f("current", Object(&METRIC_VALUE)).or(D::Empty).required(),
    ],
};
static METRIC_VALUE: Struct = Struct {
    go: "MetricValueStatus",
    fields: &[f("value", Quantity), f("averageValue", Quantity), f("averageUtilization", Int32)],
};
pub(in crate::api) static CONDITION: Struct = Struct {
    go: "HorizontalPodAutoscalerCondition",
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
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short_names: &["hpa"],
    categories: &["all"],
    schema: &SCHEMA,
    subresources: &[status_of("HorizontalPodAutoscaler")],
    default: set_defaults,
    prepare_for_create: |autoscaler| {
        set(autoscaler, "/status", json!({"currentMetrics": null, "desiredReplicas": 0}));
    },
    validate: super::validation::validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column(
        "Reference",
        "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics \
         should be collected, as well as to actually change the replica count.",
    ),
    column(
        "Targets",
        "metrics contains the specifications for which to use to calculate the desired replica count.",
    ),
    column(
        "MinPods",
        "minReplicas is the lower limit for the number of replicas to which the autoscaler can scale down.",
    ),
    column(
        "MaxPods",
        "maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up.",
    ),
    number("Replicas", "currentReplicas is current number of replicas of pods managed by this autoscaler."),
    AGE,
];

/// Models `SetDefaults_HorizontalPodAutoscaler` and the rules of `behavior` beside it.
fn set_defaults(autoscaler: &mut Value) {
    drop_round_trip(autoscaler);
    if autoscaler.list_at("/spec/metrics").is_empty() {
        let metric = json!({"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80}}});
        set(autoscaler, "/spec/metrics", json!([metric]));
    }
    if autoscaler.at("/spec/behavior").is_null() {
        return;
    }
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    let rules = [
        (
            "scaleUp",
            json!({"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [pods, percent]}),
        ),
        ("scaleDown", json!({"selectPolicy": "Max", "policies": [percent]})),
    ];
    for (direction, defaults) in rules {
        for (field, value) in defaults.as_object().into_iter().flatten() {
            let path = format!("/spec/behavior/{direction}/{field}");
            if autoscaler.at(&path).is_null() {
                set(autoscaler, &path, value.clone());
            }
        }
    }
}

fn row(autoscaler: &Value, now: Timestamp) -> Vec<Value> {
    let target = autoscaler.at("/spec/scaleTargetRef");
    let least = autoscaler.int_at("/spec/minReplicas").map_or("<unset>".to_string(), |n| n.to_string());
    vec![
        autoscaler.name().into(),
        format!("{}/{}", target.str_at("/kind"), target.str_at("/name")).into(),
        metrics(autoscaler).into(),
        least.into(),
        autoscaler.at("/spec/maxReplicas").clone(),
        autoscaler.int_at("/status/currentReplicas").unwrap_or(0).into(),
        age(autoscaler, now),
    ]
}

/// What is measured and what it should be. Models `formatHPAMetrics`.
fn metrics(autoscaler: &Value) -> String {
    const SHOWN: usize = 2;
    let specs = autoscaler.list_at("/spec/metrics");
    let statuses = autoscaler.list_at("/status/currentMetrics");
    if specs.is_empty() {
        return "<none>".to_string();
    }
    let empty = Value::Null;
    let mut list: Vec<String> =
        specs.iter().enumerate().map(|(i, spec)| metric(spec, statuses.get(i).unwrap_or(&empty))).collect();
    if list.len() <= SHOWN {
        return list.join(", ");
    }
    let more = list.len() - SHOWN;
    list.truncate(SHOWN);
    format!("{} + {more} more...", list.join(", "))
}

fn metric(spec: &Value, status: &Value) -> String {
    let source = match spec.str_at("/type") {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_string(),
    };
    let (spec, current) = (spec.at(&format!("/{source}")), status.at(&format!("/{source}/current")));
    let shown = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        number => Some(format!("{number}%")),
    };
    let by_resource = source == "resource" || source == "containerResource";
    let average = source == "pods" || !spec.at("/target/averageValue").is_null();
    let (field, absent) = match (average, by_resource) {
        (true, _) => ("/averageValue", ""),
        (false, true) => ("/averageUtilization", "<auto>"),
        (false, false) => ("/value", "0"),
    };
    let target = shown(spec.at("/target").at(field)).unwrap_or_else(|| absent.to_string());
    let current = shown(current.at(field)).unwrap_or_else(|| "<unknown>".to_string());
    if by_resource {
        format!("{}: {current}/{target}", spec.str_at("/name"))
    } else if average && source != "pods" {
        format!("{current}/{target} (avg)")
    } else {
        format!("{current}/{target}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_shown_as_upstream_shows_them() {
        let cell = |metrics: Value, current: Value| {
            metrics_of(json!({"spec": {"metrics": metrics}, "status": {"currentMetrics": current}}))
        };
        let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}});
        let memory = json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "100Mi"}}});
        let now = json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12, "averageValue": "12m"}}});
        assert_eq!(cell(json!([cpu]), json!(null)), "cpu: <unknown>/80%");
        assert_eq!(cell(json!([cpu]), json!([now])), "cpu: 12%/80%");
        assert_eq!(
            cell(json!([cpu, memory, cpu]), json!(null)),
            "cpu: <unknown>/80%, memory: <unknown>/100Mi + 1 more..."
        );
    }

    fn metrics_of(autoscaler: Value) -> String {
        metrics(&autoscaler)
    }
}
