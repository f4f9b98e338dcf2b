//! `nodeSelector` and required node affinity.

use super::{NodeInfo, PodRequest, Rejection};
use crate::api::{Object, ObjectExt};
use serde_json::Value;

pub(super) fn filter(pod: &Object, request: &PodRequest, node: &NodeInfo) -> Result<(), Rejection> {
    if !request.is_choosy {
        return Ok(());
    }
    let labels = node.node.labels();
    let selected = pod.map_at("/spec/nodeSelector").iter().all(|(key, value)| labels.get(key) == Some(value));
    let required = pod.at("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    let affine = required.is_null()
        || required.list_at("/nodeSelectorTerms").iter().any(|term| term_matches(term, node));
    if selected && affine {
        Ok(())
    } else {
        Rejection::unresolvable("node(s) didn't match Pod's node affinity/selector")
    }
}

fn term_matches(term: &Value, node: &NodeInfo) -> bool {
    let (expressions, fields) = (term.list_at("/matchExpressions"), term.list_at("/matchFields"));
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let label = |key: &str| node.node.labels().get(key).and_then(Value::as_str);
    expressions.iter().all(|e| expression_matches(e, label(e.str_at("/key"))))
        && fields
            .iter()
            .all(|e| expression_matches(e, (e.str_at("/key") == "metadata.name").then_some(&*node.name)))
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
