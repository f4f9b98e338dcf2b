//! What the metrics of an autoscaler say together: each asks for a number of replicas, and the largest wins. Models
//! `computeReplicasForMetrics` of pkg/controller/podautoscaler/horizontal.go.

use super::Controller;
use super::replica_calculator::{ReplicaCalculator, Target, Tolerances};
use crate::api::{Key, LabelSelector, Object, ObjectExt, quantity};
use crate::json;
use serde_json::Value;
use std::fmt::Write;

/// What came of all metrics.
pub(super) struct Computed {
    /// How many replicas are asked for, and by which metric; or why nothing is done.
    pub(super) outcome: Result<(i64, String), String>,
    /// `status.currentMetrics`
    pub(super) statuses: Value,
}

/// A metric that says nothing.
struct Failure {
    /// Of the event and the condition.
    reason: &'static str,
    /// What both of them say.
    message: String,
    /// What is said of all metrics together.
    error: String,
}

/// What one metric says: replicas, its name, its status.
type Proposed = Result<(i64, String, Value), Failure>;

impl Controller {
    /// What the metrics ask for, with the condition `ScalingActive` that says so.
    pub(super) async fn compute_replicas_for_metrics(
        &self,
        key: &Key,
        autoscaler: &mut Value,
        scale: &Value,
    ) -> Computed {
        let (selector, pods) = match self.select(key, autoscaler, scale.str_at("/status/selector")) {
            Ok(found) => found,
            Err(error) => return Computed { outcome: Err(error), statuses: Value::Null },
        };
        let current = scale.int_at("/spec/replicas").unwrap_or(0);
        let (mut replicas, mut name, mut statuses, mut failures) = (0, String::new(), Vec::new(), Vec::new());
        let metrics = autoscaler.list_at("/spec/metrics").to_vec();
        for metric in &metrics {
            let proposed = if metric.str_at("/type").ends_with("Resource") {
                self.resource_metric(autoscaler, metric, current, &selector, &pods).await
            } else {
                Err(unavailable(metric, &key.namespace))
            };
            let status = match proposed {
                Ok((proposed, by, status)) => {
                    if replicas == 0 || proposed > replicas {
                        (replicas, name) = (proposed, by);
                    }
                    status
                }
                Err(failure) => {
                    self.context.events.event(autoscaler, "Warning", failure.reason, &failure.message);
                    failures.push(failure);
                    json!({"type": ""})
                }
            };
            statuses.push(status);
        }
        let statuses = Value::Array(statuses);
        let (invalid, count) = (failures.len(), metrics.len());
        // Those that are left may ask for more; that there may be fewer needs all of them.
        if let Some(first) = failures.first()
            && (invalid == count || replicas < current)
        {
            let message = format!("the HPA was unable to compute the replica count: {}", first.message);
            self.condition(autoscaler, "ScalingActive", false, first.reason, &message);
            let error = format!(
                "invalid metrics ({invalid} invalid out of {count}), first error is: {}",
                first.error
            );
            return Computed { outcome: Err(error), statuses };
        }
        let message = format!("the HPA was able to successfully calculate a replica count from {name}");
        self.condition(autoscaler, "ScalingActive", true, "ValidMetricFound", &message);
        Computed { outcome: Ok((replicas, name)), statuses }
    }

    /// The pods behind a scale, which must be nobody else's. Models `validateAndParseSelector`.
    fn select(
        &self,
        key: &Key,
        autoscaler: &mut Value,
        selector: &str,
    ) -> Result<(String, Vec<Object>), String> {
        let events = self.context.events.clone();
        if selector.is_empty() {
            let error = "selector is required";
            events.event(autoscaler, "Warning", "SelectorRequired", error);
            let message = "the HPA target's scale is missing a selector";
            self.condition(autoscaler, "ScalingActive", false, "InvalidSelector", message);
            return Err(error.to_string());
        }
        let mut refuse = |reason, error: String| {
            events.event(autoscaler, "Warning", reason, &error);
            self.condition(autoscaler, "ScalingActive", false, reason, &error);
            Err(error)
        };
        let parsed = match LabelSelector::parse(selector) {
            Ok(parsed) => parsed,
            Err(why) => {
                let error =
                    format!("couldn't convert selector into a corresponding internal selector object: {why}");
                return refuse("InvalidSelector", error);
            }
        };
        let mut pods = self.pods.list_namespace(&key.namespace);
        pods.retain(|pod| parsed.matches(pod.labels()));
        let text = parsed.to_string();
        let mut selectors = self.selectors.borrow_mut();
        selectors.insert(key.clone(), parsed);
        selectors.retain(|key, _| self.autoscalers.get_key(key).is_some());
        let rivals: Vec<String> = selectors
            .iter()
            .filter(|(other, selector)| {
                other.namespace == key.namespace && pods.iter().any(|pod| selector.matches(pod.labels()))
            })
            .map(|(other, _)| other.to_string())
            .collect();
        if rivals.len() > 1 {
            let rivals = rivals.join(" ");
            let error = format!("pods by selector {selector} are controlled by multiple HPAs: [{rivals}]");
            return refuse("AmbiguousSelector", error);
        }
        Ok((text, pods))
    }

    /// Models `computeStatusForResourceMetricGeneric`.
    async fn resource_metric(
        &self,
        autoscaler: &Value,
        metric: &Value,
        current: i64,
        selector: &str,
        pods: &[Object],
    ) -> Proposed {
        let kind = metric.str_at("/type");
        let of_container = kind == "ContainerResource";
        let field = if of_container { "containerResource" } else { "resource" };
        let spec = metric.at(&format!("/{field}"));
        let (resource, container) = (spec.str_at("/name"), spec.str_at("/container"));
        let usage = spec.at("/target/averageValue").as_str().and_then(quantity::parse_milli);
        let (target, what) = match (usage, spec.int_at("/target/averageUtilization")) {
            (Some(usage), _) => (Target::Usage(usage), "usage"),
            (None, percent) => (Target::Utilization(percent.unwrap_or(0)), "utilization"),
        };
        let measured =
            self.metrics.resource_metric(resource, autoscaler.namespace(), selector, container).await;
        let calculator = ReplicaCalculator {
            current,
            target,
            resource,
            container,
            tolerances: Tolerances::of(autoscaler.at("/spec/behavior")),
            now: self.context.sim.now().timestamp(),
        };
        let proposed = match measured {
            Ok(measured) => calculator.propose(measured, pods),
            Err(why) => Err(format!("unable to get metrics for resource {resource}: {why}")),
        };
        let proposal = proposed.map_err(|why| {
            let message = format!("failed to get {resource} {what}: {why}");
            let (reason, label) = if of_container {
                ("FailedGetContainerResourceMetric", format!("{container} container"))
            } else {
                ("FailedGetResourceMetric", format!("{resource} resource"))
            };
            Failure { reason, error: format!("failed to get {label} metric value: {message}"), message }
        })?;
        let average = quantity::of_milli(i128::from(proposal.average), resource == "memory");
        let mut current = json!({"averageValue": average});
        let mut name = format!("{resource} resource");
        if let Some(utilization) = proposal.utilization {
            current["averageUtilization"] = json!(utilization);
            let of = if of_container { " container" } else { "" };
            name = format!("{resource}{of} resource utilization (percentage of request)");
        }
        let mut status = json!({"name": resource, "current": current});
        if of_container {
            status["container"] = json!(container);
        }
        Ok((proposal.replicas, name, json!({"type": kind, field: status})))
    }
}

/// Nobody serves the APIs of other metrics: why such a metric cannot be had.
fn unavailable(metric: &Value, namespace: &str) -> Failure {
    let custom = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) \
                  registered";
    let average = |spec: &Value| spec.at("/target/averageValue").is_string();
    let at = |field: &str| {
        let spec = metric.at(&format!("/{field}"));
        (spec.clone(), spec.str_at("/metric/name").to_string())
    };
    match metric.str_at("/type") {
        "Pods" => {
            let (_, name) = at("pods");
            let message = format!("unable to get metric {name}: {custom}");
            Failure {
                reason: "FailedGetPodsMetric",
                error: format!("failed to get pods metric value: {message}"),
                message,
            }
        }
        "Object" => {
            let (spec, name) = at("object");
            let object = spec.at("/describedObject");
            let (kind, of) = (object.str_at("/kind"), object.str_at("/name"));
            // The words stand in the order in which upstream fills them in.
            let message = format!("unable to get metric {name}: {kind} on {namespace} {of}/{custom}");
            let inner =
                if average(&spec) { format!("failed to get {name} object metric: ") } else { String::new() };
            Failure {
                reason: "FailedGetObjectMetric",
                error: format!("failed to get object metric value: {inner}{message}"),
                message,
            }
        }
        _ => {
            let (spec, name) = at("external");
            let selector = go_selector(spec.at("/metric/selector"));
            let message = format!(
                "unable to get external metric {namespace}/{name}/{selector}: unable to fetch metrics from external \
                 metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
            );
            let inner = if average(&spec) {
                format!("failed to get {name} external metric")
            } else {
                format!("failed to get external metric {name}")
            };
            Failure {
                reason: "FailedGetExternalMetric",
                error: format!("failed to get {name} external metric value: {inner}: {message}"),
                message,
            }
        }
    }
}

/// A selector as Go prints it.
fn go_selector(selector: &Value) -> String {
    if selector.is_null() {
        return "nil".to_string();
    }
    let mut text = "&LabelSelector{MatchLabels:map[string]string{".to_string();
    for (key, value) in selector.map_at("/matchLabels") {
        let _ = write!(text, "{key}: {},", value.as_str().unwrap_or(""));
    }
    text.push_str("},MatchExpressions:[]LabelSelectorRequirement{");
    for expression in selector.list_at("/matchExpressions") {
        let values: Vec<&str> = expression.list_at("/values").iter().filter_map(Value::as_str).collect();
        let (key, operator) = (expression.str_at("/key"), expression.str_at("/operator"));
        let values = values.join(" ");
        let _ = write!(text, "LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},");
    }
    text.push_str("},}");
    text
}
