//! What an autoscaler must not say. Models pkg/apis/autoscaling/validation.

use crate::api::validation::{Errors, dns_label};
use crate::api::{ObjectExt, quantity};
use serde_json::Value;

/// The sources of metrics in the order in which upstream looks at them: field and type.
const SOURCES: [(&str, &str); 5] = [
    ("object", "Object"),
    ("external", "External"),
    ("pods", "Pods"),
    ("resource", "Resource"),
    ("containerResource", "ContainerResource"),
];

/// Models `validateHorizontalPodAutoscalerSpec`.
pub(super) fn validate(autoscaler: &Value, _: Option<&Value>, errors: &mut Errors) {
    let (least, most) = (autoscaler.at("/spec/minReplicas"), autoscaler.at("/spec/maxReplicas"));
    if least.as_i64().is_some_and(|least| least < 1) {
        errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
    }
    if most.as_i64().is_some_and(|most| most < 1) {
        errors.invalid("spec.maxReplicas", most, "must be greater than 0");
    }
    if least.as_i64().zip(most.as_i64()).is_some_and(|(least, most)| most < least) {
        errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`");
    }
    reference(autoscaler.at("/spec/scaleTargetRef"), "spec.scaleTargetRef", errors);
    for (i, metric) in autoscaler.list_at("/spec/metrics").iter().enumerate() {
        validate_metric(metric, &format!("spec.metrics[{i}]"), errors);
    }
    for direction in ["scaleUp", "scaleDown"] {
        let rules = autoscaler.at("/spec/behavior").at(&format!("/{direction}"));
        if !rules.is_null() {
            validate_rules(rules, &format!("spec.behavior.{direction}"), errors);
        }
    }
}

/// Models `ValidateCrossVersionObjectReference`.
fn reference(reference: &Value, path: &str, errors: &mut Errors) {
    for field in ["kind", "name"] {
        segment(reference.str_at(&format!("/{field}")), &format!("{path}.{field}"), "", errors);
    }
}

/// What becomes a part of a path.
fn segment(text: &str, path: &str, absent: &str, errors: &mut Errors) {
    if text.is_empty() {
        errors.required(path, absent);
    }
    for part in ['/', '%'] {
        if text.contains(part) {
            errors.invalid_str(path, text, &format!("may not contain '{part}'"));
        }
    }
}

/// Models `validateMetricSpec`.
fn validate_metric(metric: &Value, path: &str, errors: &mut Errors) {
    let kinds = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = metric.str_at("/type");
    let kind_path = format!("{path}.type");
    if kind.is_empty() {
        errors.required(&kind_path, "must specify a metric source type");
    }
    let known = errors.one_of(&kind_path, kind, &kinds);
    let mut present = SOURCES.iter().filter(|(field, _)| !metric.at(&format!("/{field}")).is_null());
    let count = present.clone().count();
    if let Some((field, _)) = present.next() {
        validate_source(field, metric.at(&format!("/{field}")), &format!("{path}.{field}"), errors);
    }
    let expected = SOURCES.iter().find(|(_, of)| *of == kind);
    match expected {
        Some((field, _)) if metric.at(&format!("/{field}")).is_null() => {
            let why = "must populate information for the given metric source";
            errors.required(format!("{path}.{field}"), why);
        }
        None if !known => {
            errors.one_of(&kind_path, kind, &kinds);
        }
        _ => {}
    }
    if count > 1 {
        for source in SOURCES {
            if Some(&source) != expected && !metric.at(&format!("/{}", source.0)).is_null() {
                let why = "must populate the given metric source only";
                errors.forbidden(format!("{path}.{}", source.0), why);
            }
        }
    }
}

/// Models `validateObjectSource` and the four beside it.
fn validate_source(field: &str, source: &Value, path: &str, errors: &mut Errors) {
    let by_resource = field.ends_with("esource");
    if by_resource {
        if source.str_at("/name").is_empty() {
            errors.required(format!("{path}.name"), "must specify a resource name");
        }
        if field == "containerResource" {
            let (container, path) = (source.str_at("/container"), format!("{path}.container"));
            match container {
                "" => errors.required(path, "must specify a container"),
                _ => errors.check(path, container, dns_label(container)),
            }
        }
    } else {
        if field == "object" {
            reference(source.at("/describedObject"), &format!("{path}.describedObject"), errors);
        }
        let name = source.str_at("/metric/name");
        segment(name, &format!("{path}.metric.name"), "must specify a metric name", errors);
    }
    let target = source.at("/target");
    let path = format!("{path}.target");
    validate_target(target, &path, errors);
    let has = |field: &str| !target.at(field).is_null();
    let (average, value, share) = (has("/averageValue"), has("/value"), has("/averageUtilization"));
    let (absent, missing) = match field {
        "object" => (!value && !average, "must set either a target value or averageValue"),
        "external" => (!value && !average, "must set either a target value for metric or a per-pod target"),
        "pods" => (!average, "must specify a positive target averageValue"),
        _ => (!share && !average, "must set either a target raw value or a target utilization"),
    };
    if absent {
        let field = if by_resource { "averageUtilization" } else { "averageValue" };
        errors.required(format!("{path}.{field}"), missing);
    }
    if field == "external" && value && average {
        let why = "may not set both a target value for metric and a per-pod target";
        errors.forbidden(format!("{path}.value"), why);
    }
    if by_resource && share && average {
        let why = "may not set both a target raw value and a target utilization";
        errors.forbidden(format!("{path}.averageValue"), why);
    }
}

/// Models `validateMetricTarget`.
fn validate_target(target: &Value, path: &str, errors: &mut Errors) {
    let kind = target.str_at("/type");
    if kind.is_empty() {
        errors.required(format!("{path}.type"), "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        let why = "must be either Utilization, Value, or AverageValue";
        errors.invalid_str(format!("{path}.type"), kind, why);
    }
    for field in ["value", "averageValue"] {
        if let Some(text) = target.at(&format!("/{field}")).as_str()
            && quantity::parse_milli(text).is_some_and(|milli| milli <= 0)
        {
            errors.invalid_raw(format!("{path}.{field}"), &go_quantity(text), "must be positive");
        }
    }
    let share = target.at("/averageUtilization");
    if share.as_i64().is_some_and(|share| share < 1) {
        errors.invalid(format!("{path}.averageUtilization"), share, "must be greater than 0");
    }
}

/// A quantity as Go prints it where nobody has told it how.
fn go_quantity(text: &str) -> String {
    let milli = quantity::parse_milli(text).unwrap_or(0);
    let (value, scale) = if text.ends_with('m') { (milli, -3) } else { (milli / 1_000, 0) };
    let kept = if text == "0" { text } else { "" };
    let format = if text.ends_with('i') { "BinarySI" } else { "DecimalSI" };
    format!(
        "resource.Quantity{{i:resource.int64Amount{{value:{value}, scale:{scale}}}, \
         d:resource.infDecAmount{{Dec:(*inf.Dec)(nil)}}, s:{kept:?}, Format:{format:?}}}"
    )
}

/// Models `validateScalingRules` and `validateScalingPolicy`.
fn validate_rules(rules: &Value, path: &str, errors: &mut Errors) {
    let window = rules.at("/stabilizationWindowSeconds");
    let seconds = window.as_i64().unwrap_or(0);
    if seconds < 0 {
        let why = "must be greater than or equal to zero";
        errors.invalid(format!("{path}.stabilizationWindowSeconds"), window, why);
    } else if seconds > 3_600 {
        let why = "must be less than or equal to 3600";
        errors.invalid(format!("{path}.stabilizationWindowSeconds"), window, why);
    }
    if let Some(select) = rules.at("/selectPolicy").as_str() {
        errors.one_of(format!("{path}.selectPolicy"), select, &["Disabled", "Max", "Min"]);
    }
    let policies = rules.list_at("/policies");
    if policies.is_empty() {
        errors.required(format!("{path}.policies"), "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        let path = format!("{path}.policies[{i}]");
        errors.one_of(format!("{path}.type"), policy.str_at("/type"), &["Percent", "Pods"]);
        for (field, most) in [("value", i64::MAX), ("periodSeconds", 1_800)] {
            let value = policy.at(&format!("/{field}"));
            let number = value.as_i64().unwrap_or(0);
            if number <= 0 {
                errors.invalid(format!("{path}.{field}"), value, "must be greater than zero");
            } else if number > most {
                let why = format!("must be less than or equal to {most}");
                errors.invalid(format!("{path}.{field}"), value, &why);
            }
        }
    }
    if let Some(tolerance) = rules.at("/tolerance").as_str()
        && quantity::parse_milli(tolerance).is_some_and(|milli| milli < 0)
    {
        errors.invalid_str(format!("{path}.tolerance"), tolerance, "must be greater than or equal to 0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn faults(mut spec: Value) -> Vec<String> {
        spec["scaleTargetRef"] = json!({"kind": "Deployment", "name": "web"});
        spec["maxReplicas"] = json!(3);
        let mut errors = Errors::default();
        validate(&json!({"spec": spec}), None, &mut errors);
        errors.0.iter().map(|error| error.to_string().replace("spec.", "")).collect()
    }

    #[test]
    fn metrics_say_what_they_mean() {
        let metric = |metric: Value| faults(json!({"metrics": [metric]}));
        let cpu = |target: Value| {
            metric(json!({"type": "Resource", "resource": {"name": "cpu", "target": target}}))
        };
        assert!(cpu(json!({"type": "Utilization", "averageUtilization": 50})).is_empty());
        assert_eq!(
            cpu(json!({"type": "Value", "value": "0"})),
            [
                "metrics[0].resource.target.value: Invalid value: resource.Quantity{i:resource.int64Amount{value:0, scale:0}, \
                 d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:\"0\", Format:\"DecimalSI\"}: must be positive",
                "metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target \
                 utilization",
            ]
        );
        assert_eq!(
            cpu(json!({"type": "Percent", "averageUtilization": 0, "averageValue": "1"})),
            [
                "metrics[0].resource.target.type: Invalid value: \"Percent\": must be either Utilization, Value, or \
                 AverageValue",
                "metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
                "metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target \
                 utilization",
            ]
        );
        let target = json!({"type": "AverageValue", "averageValue": "1"});
        assert_eq!(
            metric(
                json!({"type": "Pods", "external": {"metric": {"name": "a/b"}, "target": {"type": "Value"}},
                "resource": {"name": "cpu", "target": target}})
            ),
            [
                "metrics[0].external.metric.name: Invalid value: \"a/b\": may not contain '/'",
                "metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a \
                 per-pod target",
                "metrics[0].pods: Required value: must populate information for the given metric source",
                "metrics[0].external: Forbidden: must populate the given metric source only",
                "metrics[0].resource: Forbidden: must populate the given metric source only",
            ]
        );
        assert_eq!(
            metric(
                json!({"type": "ContainerResource", "containerResource": {"name": "cpu", "target": target}})
            ),
            ["metrics[0].containerResource.container: Required value: must specify a container"]
        );
        assert_eq!(
            metric(
                json!({"type": "Object", "object": {"describedObject": {"kind": "Service"}, "metric": {}, "target": {}}})
            ),
            [
                "metrics[0].object.describedObject.name: Required value",
                "metrics[0].object.metric.name: Required value: must specify a metric name",
                "metrics[0].object.target.type: Required value: must specify a metric target type",
                "metrics[0].object.target.type: Invalid value: \"\": must be either Utilization, Value, or AverageValue",
                "metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue",
            ]
        );
    }

    #[test]
    fn rules_have_limits() {
        let rules = |rules: Value| faults(json!({"behavior": {"scaleUp": rules}}));
        let good = json!([{"type": "Pods", "value": 1, "periodSeconds": 15}]);
        assert!(rules(json!({"policies": good, "tolerance": "0", "selectPolicy": "Disabled"})).is_empty());
        assert_eq!(
            rules(
                json!({"policies": [], "tolerance": "-1", "selectPolicy": "Never", "stabilizationWindowSeconds": 3601})
            ),
            [
                "behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600",
                "behavior.scaleUp.selectPolicy: Unsupported value: \"Never\": supported values: \"Disabled\", \"Max\", \"Min\"",
                "behavior.scaleUp.policies: Required value: must specify at least one Policy",
                "behavior.scaleUp.tolerance: Invalid value: \"-1\": must be greater than or equal to 0",
            ]
        );
        assert_eq!(
            rules(json!({"policies": [{"type": "Nodes", "value": 0, "periodSeconds": 1801}]})),
            [
                "behavior.scaleUp.policies[0].type: Unsupported value: \"Nodes\": supported values: \"Percent\", \"Pods\"",
                "behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero",
                "behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
            ]
        );
    }
}
