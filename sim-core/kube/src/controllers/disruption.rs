//! Disruption budgets: how many of the selected pods may be evicted just now. Models pkg/controller/disruption.
//!
//! The API server's eviction looks at `status.disruptionsAllowed`, takes one away and remembers the pod in
//! `disruptedPods`; this controller counts anew when pods change.

use super::Context;
use super::pod_control::selector;
use super::replica_set::ignore_missing;
use crate::api::{
    DEPLOYMENT, Key, Object, ObjectExt, POD, POD_DISRUPTION_BUDGET, REPLICA_SET, REPLICATION_CONTROLLER,
    Resource, STATEFUL_SET, Status, map_of, pod, set, set_condition,
};
use crate::client::{Informer, WorkQueue};
use crate::json;
use serde_json::{Map, Value};
use sim::{SortedMap, Timestamp};
use std::time::Duration;

/// A pod that was evicted and is still there after this long counts again.
const DELETION_TIMEOUT: Duration = Duration::from_secs(120);
/// What a pod's controller may be, if it can be scaled.
const SCALABLE: &[Resource] = &[DEPLOYMENT, REPLICA_SET, REPLICATION_CONTROLLER, STATEFUL_SET];

pub(super) fn start(context: &Context) {
    let owners = SCALABLE.iter().map(|resource| (*resource, context.informers.informer(resource))).collect();
    let controller = Controller {
        context: context.reporting_as("controllermanager"),
        budgets: context.informers.informer(POD_DISRUPTION_BUDGET),
        pods: context.informers.informer(POD),
        owners,
        queue: WorkQueue::new(&context.sim),
    };
    let this = controller.clone();
    controller.budgets.on_change(move |_, new| {
        if let Some(budget) = new {
            this.queue.add(budget.key());
        }
    });
    let this = controller.clone();
    controller.pods.on_change(move |old, new| {
        for pod in [old, new].into_iter().flatten() {
            for budget in this.budgets.list_namespace(pod.namespace()) {
                if selector(&budget).matches(pod.labels()) {
                    this.queue.add(budget.key());
                }
            }
        }
    });
    let queue = controller.queue.clone();
    context.work(&queue, 1, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    budgets: Informer,
    pods: Informer,
    owners: Vec<(Resource, Informer)>,
    queue: WorkQueue,
}

impl Controller {
    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(budget) = self.budgets.get_key(&key) else { return Ok(()) };
        let events = &self.context.events;
        let wanted = selector(&budget);
        let mut pods = self.pods.list_namespace(budget.namespace());
        pods.retain(|pod| !pod::is_terminal(pod) && wanted.matches(pod.labels()));
        if pods.is_empty() {
            events.event(&budget, "Normal", "NoPods", "No matching pods found");
        }
        let (expected, desired) = match self.expected(&budget, &pods) {
            Ok(counts) => counts,
            Err(why) => {
                let message = format!("Failed to calculate the number of expected pods: {why}");
                events.event(&budget, "Warning", "CalculateExpectedPodCountFailed", message);
                return self.fail_safe(&budget, &why).await;
            }
        };
        let now = self.context.sim.now().timestamp();
        let disrupted = self.disrupted(&budget, &pods, now);
        let healthy = pods
            .iter()
            .filter(|pod| !pod.is_terminating() && !disrupted.contains_key(pod.name()) && pod::is_ready(pod))
            .count();
        let healthy = i64::try_from(healthy).unwrap_or(i64::MAX);
        let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
        let mut status = json!({
            "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed,
            "expectedPods": expected, "observedGeneration": budget.generation(),
        });
        if !disrupted.is_empty() {
            status["disruptedPods"] = Value::Object(disrupted);
            self.queue.add_after(key, DELETION_TIMEOUT);
        }
        status["conditions"] = json!(budget.list_at("/status/conditions"));
        let (reason, truth) =
            if allowed > 0 { ("SufficientPods", "True") } else { ("InsufficientPods", "False") };
        self.write(&budget, status, reason, truth, "").await
    }

    async fn write(
        &self,
        budget: &Object,
        status: Value,
        reason: &str,
        truth: &str,
        message: &str,
    ) -> Result<(), Status> {
        let mut updated = (**budget).clone();
        updated["status"] = status;
        let condition = json!({
            "type": "DisruptionAllowed", "status": truth, "reason": reason, "message": message,
            "observedGeneration": budget.generation(),
        });
        set_condition(&mut updated, condition, self.context.sim.now().timestamp());
        if updated == **budget {
            return Ok(());
        }
        ignore_missing(self.context.client.update_status(POD_DISRUPTION_BUDGET, updated).await)
    }

    /// Nothing may be evicted while nobody knows how many pods there should be.
    async fn fail_safe(&self, budget: &Object, why: &str) -> Result<(), Status> {
        let mut status = budget.at("/status").clone();
        set(&mut status, "/disruptionsAllowed", json!(0));
        self.write(budget, status, "SyncFailed", "False", why).await
    }

    /// How many pods there should be, and how many of them must be healthy.
    fn expected(&self, budget: &Object, pods: &[Object]) -> Result<(i64, i64), String> {
        let (most, least) = (budget.at("/spec/maxUnavailable"), budget.at("/spec/minAvailable"));
        if !most.is_null() {
            let expected = self.scale(budget, pods)?;
            return Ok((expected, (expected - scaled(most, expected)).max(0)));
        }
        if let Some(least) = least.as_i64() {
            return Ok((i64::try_from(pods.len()).unwrap_or(i64::MAX), least));
        }
        if least.is_string() {
            let expected = self.scale(budget, pods)?;
            return Ok((expected, scaled(least, expected)));
        }
        Ok((0, 0))
    }

    /// The replicas of all controllers of the pods. Pods without one are told of, and not counted.
    fn scale(&self, budget: &Object, pods: &[Object]) -> Result<i64, String> {
        let mut scales: SortedMap<String, i64> = SortedMap::new();
        let mut unmanaged = false;
        for pod in pods {
            let Some(owner) = pod.controller_of() else {
                unmanaged = true;
                continue;
            };
            let found = self.find(pod.namespace(), owner.kind(), owner.str_at("/name"));
            let Some(found) = found.filter(|found| found.uid() == owner.str_at("/uid")) else {
                let group = owner.api_version().split_once('/').map_or("", |(group, _)| group);
                let plural = format!("{}s", owner.kind().to_lowercase());
                return Err(format!("{plural}.{group} does not implement the scale subresource"));
            };
            // A replica set stands for its deployment.
            let above = found
                .controller_of()
                .and_then(|above| self.find(pod.namespace(), above.kind(), above.str_at("/name")));
            let scaled = above.unwrap_or(found);
            scales.insert(scaled.uid().to_string(), scaled.int_at("/spec/replicas").unwrap_or(0));
        }
        if unmanaged {
            let labels: Vec<String> = budget
                .map_at("/spec/selector/matchLabels")
                .iter()
                .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or("")))
                .collect();
            let message = format!(
                "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{{MatchLabels:map[string]string{{{}}},\
                 MatchExpressions:[]LabelSelectorRequirement{{}},}}) were found to be unmanaged. As a result, the status \
                 of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these \
                 pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
                labels.concat()
            );
            self.context.events.event(budget, "Warning", "UnmanagedPods", message);
        }
        Ok(scales.values().sum())
    }

    fn find(&self, namespace: &str, kind: &str, name: &str) -> Option<Object> {
        let (_, informer) = self.owners.iter().find(|(resource, _)| resource.kind == kind)?;
        informer.get(namespace, name)
    }

    /// Pods that were evicted a short time ago and are not seen going yet.
    fn disrupted(&self, budget: &Object, pods: &[Object], now: Timestamp) -> Map<String, Value> {
        let recent = |(name, time): &(&String, &Value)| {
            let since = time.as_str().and_then(Timestamp::parse_rfc3339);
            since.is_some_and(|since| now.duration_since(since) < DELETION_TIMEOUT)
                && pods.iter().any(|pod| pod.name() == name.as_str() && !pod.is_terminating())
        };
        let disrupted = budget.map_at("/status/disruptedPods").iter().filter(recent);
        map_of(disrupted.map(|(name, time)| (name.clone(), time.clone())))
    }
}

/// A number, or a share, rounded up.
fn scaled(value: &Value, of: i64) -> i64 {
    let share = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    share.map_or(value.as_i64().unwrap_or(0), |share| (of * share + 99) / 100)
}
