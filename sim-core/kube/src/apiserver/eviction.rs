//! `pods/NAME/eviction`: a deletion that asks the disruption budgets first. Models
//! `pkg/registry/core/pod/storage/eviction.go`.

use super::{ApiServer, DeleteOptions, Filter};
use crate::api::{
    LabelSelector, Object, ObjectExt, POD, POD_DISRUPTION_BUDGET, Status, condition, pod, set, set_condition,
};
use serde_json::json;
use std::rc::Rc;

impl ApiServer {
    /// Evicts a pod, if its budget allows that.
    pub(super) fn evict(&self, namespace: &str, name: &str, options: &DeleteOptions) -> Result<(), Status> {
        let found = self.get(POD, namespace, name)?;
        // What does not run, or goes already, disturbs nobody.
        let free = pod::is_terminal(&found) || pod::phase(&found) == "Pending" || found.is_terminating();
        if !free {
            let budgets: Vec<Object> = self
                .list(POD_DISRUPTION_BUDGET, namespace, &Filter::default())
                .into_iter()
                .filter(|budget| {
                    LabelSelector::from_value(budget.at("/spec/selector")).matches(found.labels())
                })
                .collect();
            match budgets.as_slice() {
                [] => {}
                [budget] => self.take_from_budget(budget, &found, options.dry_run)?,
                _ => {
                    let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not \
                               support.";
                    return Err(Status::new(500, "InternalError", why));
                }
            }
            if !options.dry_run {
                let mut marked = (*found).clone();
                let target = json!({
                    "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                    "message": "Eviction API: evicting", "observedGeneration": found.generation(),
                });
                set_condition(&mut marked, target, self.now());
                self.0.store.borrow_mut().put(POD, Rc::new(marked));
            }
        }
        self.delete(POD, namespace, name, options).map(drop)
    }

    fn take_from_budget(&self, budget: &Object, pod: &Object, dry_run: bool) -> Result<(), Status> {
        let status = |field: &str| budget.int_at(&format!("/status/{field}")).unwrap_or(0);
        let (desired, current) = (status("desiredHealthy"), status("currentHealthy"));
        let ready = condition(pod, "Ready").is_some_and(|ready| ready.str_at("/status") == "True");
        let unhealthy_may_go = budget.str_at("/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow"
            || (desired > 0 && current >= desired);
        if !ready && unhealthy_may_go {
            return Ok(());
        }
        if status("observedGeneration") < budget.generation() {
            return Err(refused(&format!(
                "The disruption budget {} is still being processed by the server.",
                budget.name()
            )));
        }
        let allowed = status("disruptionsAllowed");
        if allowed <= 0 {
            return Err(refused(&format!(
                "The disruption budget {} needs {desired} healthy pods and has {current} currently",
                budget.name()
            )));
        }
        if !dry_run {
            let mut less = (**budget).clone();
            set(&mut less, "/status/disruptionsAllowed", json!(allowed - 1));
            crate::api::object_at(&mut less, "/status/disruptedPods")
                .insert(pod.name().to_string(), json!(self.now_text()));
            self.0.store.borrow_mut().put(POD_DISRUPTION_BUDGET, Rc::new(less));
        }
        Ok(())
    }
}

fn refused(cause: &str) -> Status {
    let mut status = Status::new(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    status.details = json!({"causes": [{"reason": "DisruptionBudget", "message": cause}]});
    status
}
