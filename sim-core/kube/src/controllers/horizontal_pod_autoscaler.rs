//! Horizontal pod autoscalers. Models pkg/controller/podautoscaler.
//!
//! A fresh cluster has no metrics server: nothing serves `metrics.k8s.io`, and autoscalers can say so and hold the
//! number of replicas between their bounds, no more.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{
    HORIZONTAL_POD_AUTOSCALER, Key, Object, ObjectExt, Resource, Status, scheme, set, set_condition,
};
use crate::client::{Informer, Patch, WorkQueue};
use serde_json::{Value, json};
use std::time::Duration;

/// `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Duration = Duration::from_secs(15);
const NO_METRICS: &str = "the server could not find the requested resource (get pods.metrics.k8s.io)";

pub(super) fn start(context: &Context) {
    let controller = Controller {
        context: context.reporting_as("horizontal-pod-autoscaler"),
        autoscalers: context.informers.informer(HORIZONTAL_POD_AUTOSCALER),
        queue: WorkQueue::new(&context.sim),
    };
    let queue = controller.queue.clone();
    controller.autoscalers.on_change(move |old, new| {
        // A new one, or another spec; changes of the status wait for their turn.
        if let Some(new) = new
            && old.is_none_or(|old| old.at("/spec") != new.at("/spec"))
        {
            queue.add_after(new.key(), PERIOD);
        }
    });
    let queue = controller.queue.clone();
    context.work(&queue, 1, move |key| {
        let controller = controller.clone();
        async move {
            let result = controller.reconcile(&key).await;
            if controller.autoscalers.get_key(&key).is_some() {
                controller.queue.add_after(key, PERIOD);
            }
            // What failed is in an event; the next turn comes anyway.
            drop(result);
            Ok(())
        }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    autoscalers: Informer,
    queue: WorkQueue,
}

impl Controller {
    async fn reconcile(&self, key: &Key) -> Result<(), Status> {
        let Some(autoscaler) = self.autoscalers.get_key(key) else { return Ok(()) };
        let mut updated = (*autoscaler).clone();
        let outcome = self.decide(&mut updated).await;
        if updated.at("/status") != autoscaler.at("/status") {
            let written = self.context.client.update_status(HORIZONTAL_POD_AUTOSCALER, updated).await;
            ignore_missing(written)?;
        }
        outcome
    }

    fn condition(&self, autoscaler: &mut Value, kind: &str, status: &str, reason: &str, message: &str) {
        let condition = json!({"type": kind, "status": status, "reason": reason, "message": message});
        set_condition(autoscaler, condition, self.context.sim.now().timestamp());
    }

    async fn decide(&self, autoscaler: &mut Value) -> Result<(), Status> {
        let events = self.context.events.clone();
        let (resource, target) = match self.target(autoscaler).await {
            Ok(found) => found,
            Err(status) => {
                events.event(autoscaler, "Warning", "FailedGetScale", &status.message);
                let message = format!(
                    "the HPA controller was unable to get the target's current scale: {}",
                    status.message
                );
                self.condition(autoscaler, "AbleToScale", "False", "FailedGetScale", &message);
                return Err(status);
            }
        };
        let message = "the HPA controller was able to get the target's current scale";
        self.condition(autoscaler, "AbleToScale", "True", "SucceededGetScale", message);
        let current = target.int_at("/spec/replicas").unwrap_or(0);
        let least = autoscaler.int_at("/spec/minReplicas").unwrap_or(1);
        let most = autoscaler.int_at("/spec/maxReplicas").unwrap_or(0);
        set(autoscaler, "/status/currentReplicas", json!(current));
        let (desired, reason) = if current == 0 && least != 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            self.condition(autoscaler, "ScalingActive", "False", "ScalingDisabled", message);
            (0, "")
        } else if current > most {
            (most, "Current number of replicas above Spec.MaxReplicas")
        } else if current < least {
            (least, "Current number of replicas below Spec.MinReplicas")
        } else {
            self.complain(autoscaler);
            return Ok(());
        };
        if desired != current {
            let patch = Patch::Merge(json!({"spec": {"replicas": desired}}));
            self.context.client.patch(resource, target.namespace(), target.name(), patch).await?;
            let message = format!("the HPA controller was able to update the target scale to {desired}");
            self.condition(autoscaler, "AbleToScale", "True", "SucceededRescale", &message);
            let message = format!("New size: {desired}; reason: {reason}");
            events.event(autoscaler, "Normal", "SuccessfulRescale", message);
            let now = self.context.sim.now().timestamp().rfc3339();
            set(autoscaler, "/status/lastScaleTime", json!(now));
        }
        set(autoscaler, "/status/desiredReplicas", json!(desired));
        Ok(())
    }

    /// No metric can be had: the first is told in the condition, each in an event.
    fn complain(&self, autoscaler: &mut Value) {
        let metrics = autoscaler.list_at("/spec/metrics").to_vec();
        let mut first: Option<(&str, String, String)> = None;
        for metric in &metrics {
            let (reason, short, long) = unavailable(metric);
            self.context.events.event(autoscaler, "Warning", reason, &short);
            first = first.or(Some((reason, short, long)));
        }
        let Some((reason, short, long)) = first else { return };
        let message = format!("the HPA was unable to compute the replica count: {short}");
        self.condition(autoscaler, "ScalingActive", "False", reason, &message);
        let count = metrics.len();
        let message = format!("invalid metrics ({count} invalid out of {count}), first error is: {long}");
        self.context.events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", message);
    }

    async fn target(&self, autoscaler: &Value) -> Result<(Resource, Object), Status> {
        let reference = autoscaler.at("/spec/scaleTargetRef");
        let kind = scheme::by_kind(reference.str_at("/apiVersion"), reference.str_at("/kind"));
        let Some(resource) = kind.filter(|resource| resource.subresource("scale").is_some()) else {
            return Err(Status::bad_request(format!(
                "no matches for kind {:?} in group {:?}",
                reference.str_at("/kind"),
                reference.str_at("/apiVersion").split_once('/').map_or("", |(group, _)| group)
            )));
        };
        let found =
            self.context.client.get(resource, autoscaler.namespace(), reference.str_at("/name")).await?;
        Ok((resource, found))
    }
}

/// Why a metric cannot be had: the reason, what is said of it, and what is said of all.
fn unavailable(metric: &Value) -> (&'static str, String, String) {
    match metric.str_at("/type") {
        kind @ ("Resource" | "ContainerResource") => {
            let source = if kind == "Resource" { "resource" } else { "containerResource" };
            let spec = metric.at(&format!("/{source}"));
            let name = spec.str_at("/name");
            let what = if spec.at("/target/averageValue").is_null() { "utilization" } else { "usage" };
            let short = format!(
                "failed to get {name} {what}: unable to get metrics for resource {name}: unable to fetch metrics from \
                 resource metrics API: {NO_METRICS}"
            );
            let label = if kind == "Resource" { "resource" } else { "container" };
            let long = format!("failed to get {name} {label} metric value: {short}");
            let reason = if kind == "Resource" {
                "FailedGetResourceMetric"
            } else {
                "FailedGetContainerResourceMetric"
            };
            (reason, short, long)
        }
        kind => {
            let (source, reason, api) = match kind {
                "Pods" => ("pods", "FailedGetPodsMetric", "custom"),
                "Object" => ("object", "FailedGetObjectMetric", "custom"),
                _ => ("external", "FailedGetExternalMetric", "external"),
            };
            let name = metric.str_at(&format!("/{source}/metric/name"));
            let short = format!(
                "unable to get metric {name}: unable to fetch metrics from {api} metrics API: no {api} metrics API \
                 ({api}.metrics.k8s.io) registered"
            );
            (reason, short.clone(), format!("failed to get {source} metric value: {short}"))
        }
    }
}
