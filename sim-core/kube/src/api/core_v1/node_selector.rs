//! Which nodes a pod may run on: `nodeSelector` and required node affinity. Models
//! `component-helpers/scheduling/corev1/nodeaffinity`.

use crate::api::ObjectExt;
use serde_json::Value;

/// Whether a node is one that the pod asks for.
pub fn matches(pod: &Value, node: &Value) -> bool {
    let labels = node.labels();
    let required = pod.at("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    pod.map_at("/spec/nodeSelector").iter().all(|(key, value)| labels.get(key) == Some(value))
        && (required.is_null()
            || required.list_at("/nodeSelectorTerms").iter().any(|term| term_matches(term, node)))
}

/// Whether a term of a node selector, or a preference, matches a node.
pub fn term_matches(term: &Value, node: &Value) -> bool {
    let (expressions, fields) = (term.list_at("/matchExpressions"), term.list_at("/matchFields"));
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let label = |key: &str| node.labels().get(key).and_then(Value::as_str);
    let field = |key: &str| (key == "metadata.name").then(|| node.name());
    expressions.iter().all(|e| expression_matches(e, label(e.str_at("/key"))))
        && fields.iter().all(|e| expression_matches(e, field(e.str_at("/key"))))
}

fn expression_matches(expression: &Value, actual: Option<&str>) -> bool {
    let values = expression.list_at("/values");
    let listed = |actual: &str| values.iter().any(|value| value == actual);
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = values.first().and_then(Value::as_str).and_then(number);
    match expression.str_at("/operator") {
        "In" => actual.is_some_and(listed),
        "NotIn" => !actual.is_some_and(listed),
        "Exists" => actual.is_some(),
        "DoesNotExist" => actual.is_none(),
        "Gt" => actual.and_then(number).zip(bound).is_some_and(|(a, b)| a > b),
        "Lt" => actual.and_then(number).zip(bound).is_some_and(|(a, b)| a < b),
        _ => false,
    }
}
