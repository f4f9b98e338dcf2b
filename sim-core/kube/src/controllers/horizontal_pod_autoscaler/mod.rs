//! Horizontal pod autoscalers: as many replicas as the load asks for. Models pkg/controller/podautoscaler.
//!
//! Every fifteen seconds an autoscaler reads the scale of its target, asks the resource metrics API what the target's pods
//! use, and writes another number of replicas into the scale if that is too far from what they should use. Reading order:
//! this file (one turn), [`metric`] (what the metrics say together), [`metrics_client`] (where they come from),
//! [`replica_calculator`] (what one of them asks for), [`scaling_rules`] (how much of that is done now).
//! Left out: custom and external metrics, for which no cluster here has a server.

mod metric;
mod metrics_client;
mod replica_calculator;
mod scaling_rules;
#[cfg(test)]
mod tests;

use super::Context;
use crate::api::{
    HORIZONTAL_POD_AUTOSCALER, Key, LabelSelector, ObjectExt, POD, Status, object_at, scheme, set,
    set_condition,
};
use crate::client::{Informer, WorkQueue};
use crate::json;
use metric::Computed;
use metrics_client::MetricsClient;
use scaling_rules::{Bounds, Decision, History};
use serde_json::Value;
use sim::SortedMap;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;
use std::time::Duration;

/// `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Duration = Duration::from_secs(15);

pub(super) fn start(context: &Context) {
    start_with(context, MetricsClient::new(&context.client));
}

fn start_with(context: &Context, metrics: MetricsClient) {
    let controller = Controller {
        context: context.reporting_as("horizontal-pod-autoscaler"),
        autoscalers: context.informers.informer(HORIZONTAL_POD_AUTOSCALER),
        pods: context.informers.informer(POD),
        queue: WorkQueue::new(&context.sim),
        metrics,
        histories: Rc::default(),
        selectors: Rc::default(),
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
            controller.reconcile(&key).await;
            if controller.autoscalers.get_key(&key).is_some() {
                controller.queue.add_after(key, PERIOD);
            } else {
                controller.histories.borrow_mut().remove(&key);
            }
            // What failed is in an event; the next turn comes anyway.
            Ok(())
        }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    autoscalers: Informer,
    pods: Informer,
    queue: WorkQueue,
    metrics: MetricsClient,
    histories: Rc<RefCell<SortedMap<Key, History>>>,
    /// Which pods each autoscaler looks after.
    selectors: Rc<RefCell<SortedMap<Key, LabelSelector>>>,
}

impl Controller {
    async fn reconcile(&self, key: &Key) {
        let Some(autoscaler) = self.autoscalers.get_key(key) else { return };
        let mut updated = (*autoscaler).clone();
        self.decide(key, &mut updated).await;
        if updated.at("/status") != autoscaler.at("/status") {
            let written = self.context.client.update_status(HORIZONTAL_POD_AUTOSCALER, updated).await;
            if let Err(status) = written {
                self.context.events.event(&autoscaler, "Warning", "FailedUpdateStatus", &status.message);
            }
        }
    }

    fn condition(&self, autoscaler: &mut Value, kind: &str, holds: bool, reason: &str, message: &str) {
        let status = if holds { "True" } else { "False" };
        let condition = json!({"type": kind, "status": status, "reason": reason, "message": message});
        set_condition(autoscaler, condition, self.context.sim.now().timestamp());
    }

    /// One turn, and the status after it. Models `reconcileAutoscaler`.
    async fn decide(&self, key: &Key, autoscaler: &mut Value) {
        let events = self.context.events.clone();
        let client = &self.context.client;
        let found = match self.scale_path(autoscaler) {
            Ok(path) => client.get_raw(&path, &[]).await.map(|scale| (path, scale)),
            Err(why) => Err(Status::bad_request(why)),
        };
        let (path, scale) = match found {
            Ok(found) => found,
            Err(Status { message: why, .. }) => {
                events.event(autoscaler, "Warning", "FailedGetScale", &why);
                let message =
                    format!("the HPA controller was unable to get the target's current scale: {why}");
                return self.condition(autoscaler, "AbleToScale", false, "FailedGetScale", &message);
            }
        };
        let message = "the HPA controller was able to get the target's current scale";
        self.condition(autoscaler, "AbleToScale", true, "SucceededGetScale", message);
        let current = scale.int_at("/spec/replicas").unwrap_or(0);
        let now = self.context.sim.now();
        self.histories.borrow_mut().entry(key.clone()).or_default().begin(current, now);
        let bounds = Bounds {
            least: autoscaler.int_at("/spec/minReplicas").unwrap_or(1),
            most: autoscaler.int_at("/spec/maxReplicas").unwrap_or(0),
        };
        let mut metrics = Value::Null;
        let (desired, reason) = if current == 0 && bounds.least != 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            self.condition(autoscaler, "ScalingActive", false, "ScalingDisabled", message);
            (current, String::new())
        } else if current > bounds.most {
            (bounds.most, "Current number of replicas above Spec.MaxReplicas".to_string())
        } else if current < bounds.least {
            (bounds.least, "Current number of replicas below Spec.MinReplicas".to_string())
        } else {
            let Computed { outcome, statuses } =
                self.compute_replicas_for_metrics(key, autoscaler, &scale).await;
            metrics = statuses;
            match outcome {
                Err(error) => {
                    events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", error);
                    return set_status(autoscaler, current, None, metrics);
                }
                Ok((proposed, metric)) => {
                    let reason = match proposed.cmp(&current) {
                        Ordering::Greater => format!("{metric} above target"),
                        Ordering::Less => "All metrics below target".to_string(),
                        // An earlier proposal is still to be carried out.
                        Ordering::Equal => String::new(),
                    };
                    (self.normalize(key, autoscaler, current, proposed, bounds), reason)
                }
            }
        };
        if desired != current {
            let patch = json!({"spec": {"replicas": desired}});
            if let Err(Status { message: why, .. }) = client.patch_raw(&path, &patch).await {
                let message = format!("New size: {desired}; reason: {reason}; error: {why}");
                events.event(autoscaler, "Warning", "FailedRescale", message);
                let message = format!("the HPA controller was unable to update the target scale: {why}");
                self.condition(autoscaler, "AbleToScale", false, "FailedUpdateScale", &message);
                return set_status(autoscaler, current, None, metrics);
            }
            let message = format!("the HPA controller was able to update the target scale to {desired}");
            self.condition(autoscaler, "AbleToScale", true, "SucceededRescale", &message);
            let message = format!("New size: {desired}; reason: {reason}");
            events.event(autoscaler, "Normal", "SuccessfulRescale", message);
            let now = self.context.sim.now();
            let behavior = autoscaler.at("/spec/behavior").clone();
            if let Some(history) = self.histories.borrow_mut().get_mut(key) {
                history.store_scale_event(&behavior, current, desired, now);
            }
            set(autoscaler, "/status/lastScaleTime", json!(now.timestamp().rfc3339()));
        }
        set_status(autoscaler, current, Some(desired), metrics);
    }

    /// How much of what is proposed is done, and the conditions that say so.
    fn normalize(
        &self,
        key: &Key,
        autoscaler: &mut Value,
        current: i64,
        proposed: i64,
        bounds: Bounds,
    ) -> i64 {
        let behavior = autoscaler.at("/spec/behavior").clone();
        let Decision { desired, able, limited, limit } = {
            let mut histories = self.histories.borrow_mut();
            let history = histories.entry(key.clone()).or_default();
            history.normalize(&behavior, current, proposed, bounds, self.context.sim.now())
        };
        self.condition(autoscaler, "AbleToScale", true, able, explain(able));
        self.condition(autoscaler, "ScalingLimited", limited, limit, explain(limit));
        desired
    }

    /// Where the target's scale is. Models `RESTMappings`: the version that an autoscaler gives does not matter.
    fn scale_path(&self, autoscaler: &Value) -> Result<String, String> {
        let reference = autoscaler.at("/spec/scaleTargetRef");
        let (kind, version) = (reference.str_at("/kind"), reference.str_at("/apiVersion"));
        if version.matches('/').count() > 1 {
            return Err(format!("unexpected GroupVersion string: {version}"));
        }
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let custom = self.context.client.server().custom_resources();
        let mut resources = scheme::RESOURCES.iter().chain(&custom);
        let resource = resources
            .find(|resource| resource.kind == kind && resource.group == group)
            .ok_or_else(|| format!("no matches for kind {kind:?} in group {group:?}"))?;
        let root = if group.is_empty() { "/api".to_string() } else { format!("/apis/{group}") };
        let namespace = match resource.namespaced {
            true => format!("namespaces/{}/", autoscaler.namespace()),
            false => String::new(),
        };
        let name = reference.str_at("/name");
        Ok(format!("{root}/{}/{namespace}{}/{name}/scale", resource.version, resource.plural))
    }
}

/// Models `setStatus`.
fn set_status(autoscaler: &mut Value, current: i64, desired: Option<i64>, metrics: Value) {
    let desired = desired.or_else(|| autoscaler.int_at("/status/desiredReplicas")).unwrap_or(0);
    let status = object_at(autoscaler, "/status");
    status.remove("observedGeneration");
    status.remove("currentReplicas");
    if current != 0 {
        status.insert("currentReplicas".to_string(), json!(current));
    }
    status.insert("desiredReplicas".to_string(), json!(desired));
    status.insert("currentMetrics".to_string(), metrics);
}

/// What the conditions of a decision say.
fn explain(reason: &str) -> &'static str {
    match reason {
        "ReadyForNewScale" => "recommended size matches current size",
        "ScaleDownStabilized" => {
            "recent recommendations were higher than current one, applying the highest recent recommendation"
        }
        "ScaleUpStabilized" => {
            "recent recommendations were lower than current one, applying the lowest recent recommendation"
        }
        "ScaleUpLimit" => "the desired replica count is increasing faster than the maximum scale rate",
        "ScaleDownLimit" => "the desired replica count is decreasing faster than the maximum scale rate",
        "TooManyReplicas" => "the desired replica count is more than the maximum replica count",
        "TooFewReplicas" => "the desired replica count is less than the minimum replica count",
        _ => "the desired count is within the acceptable range",
    }
}
