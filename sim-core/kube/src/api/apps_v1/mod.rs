//! The group `apps/v1`: what keeps pods running.

pub mod controller_revision;
pub mod daemon_set;
pub mod deployment;
pub mod replica_set;
pub mod stateful_set;

use super::ObjectExt;
use super::selector::LabelSelector;
use super::table::or_none;
use super::validation::{self, Errors};
use serde_json::Value;

/// The cells `Containers`, `Images` and `Selector` that all kinds with a pod template have.
fn template_cells(object: &Value) -> [Value; 3] {
    let [names, images] = container_cells(object, "/spec/template/spec/containers");
    let selector = LabelSelector::from_value(object.at("/spec/selector")).to_string();
    [names, images, or_none(selector)]
}

/// The cells `Containers` and `Images` of what stands at `path`.
pub(crate) fn container_cells(object: &Value, path: &str) -> [Value; 2] {
    let containers = object.list_at(path);
    let list = |path| containers.iter().map(|c| c.str_at(path)).collect::<Vec<_>>().join(",");
    [Value::from(list("/name")), Value::from(list("/image"))]
}

/// Defaults of the pod template below the spec at `path`.
pub(crate) fn default_template(object: &mut Value, path: &str) {
    let spec = path.split('/').skip(1).try_fold(object, |value, part| value.get_mut(part));
    if let Some(spec) = spec.and_then(|spec| spec.get_mut("template")?.get_mut("spec")) {
        super::core_v1::pod_spec::set_defaults(spec);
    }
}

/// The cells of numbers, 0 where there is none.
pub(crate) fn count(object: &Value, path: &str) -> Value {
    Value::from(object.int_at(path).unwrap_or(0))
}

/// Selector and template, which must fit each other. Models `ValidatePodTemplateSpecForReplicaSet`.
fn validate_selector_and_template(object: &Value, kind: &str, errors: &mut Errors) {
    let selector = object.at("/spec/selector");
    let before = errors.0.len();
    if selector.is_null() {
        errors.required("spec.selector", "");
    } else {
        validation::label_selector(selector, "spec.selector", errors);
        if selector.map_at("/matchLabels").is_empty() && selector.list_at("/matchExpressions").is_empty() {
            errors.invalid("spec.selector", selector, &format!("empty selector is invalid for {kind}"));
        }
    }
    if !selector.is_null() && errors.0.len() > before && LabelSelector::from_value(selector).is_empty() {
        // An empty selector matches any template.
    } else if !selector.is_null() && errors.0.len() > before {
        errors.invalid("spec.selector", selector, "invalid label selector");
        return;
    }
    let template = object.at("/spec/template");
    let selector = LabelSelector::from_value(selector);
    if !selector.is_empty() && !selector.matches(template.labels()) {
        let labels = Value::Object(template.labels().clone());
        errors.invalid(
            "spec.template.metadata.labels",
            if template.labels().is_empty() { &Value::Null } else { &labels },
            "`selector` does not match template `labels`",
        );
    }
    validation::labels(template.labels(), "spec.template.metadata.labels", errors);
    validation::annotations(template.annotations(), "spec.template.metadata.annotations", errors);
    super::core_v1::pod_validation::pod_spec(template.at("/spec"), "spec.template.spec", errors);
    let policy = template.str_at("/spec/restartPolicy");
    errors.one_of("spec.template.spec.restartPolicy", policy, &["Always"]);
    if !template.at("/spec/activeDeadlineSeconds").is_null() {
        errors.forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            &format!("activeDeadlineSeconds in {kind} is not Supported"),
        );
    }
}

/// A number, or a share of the replicas.
pub(crate) fn int_or_percent(field: &str, value: &Value, errors: &mut Errors) -> Option<i64> {
    match value {
        Value::String(text) => {
            let number = text.strip_suffix('%').and_then(|n| n.parse::<i64>().ok());
            if number.is_none() {
                errors.invalid_str(
                    field,
                    text,
                    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
                     regex used for validation is '[0-9]+%')",
                );
            }
            number
        }
        other => {
            errors.not_negative(field, other);
            other.as_i64()
        }
    }
}
