//! `pods/NAME/eviction`: a deletion that asks the disruption budgets first. Models
//! `pkg/registry/core/pod/storage/eviction.go`.

use super::delete::check_preconditions;
use super::rest::{Response, success};
use super::{ApiServer, DeleteOptions, Filter};
use crate::api::{
    LabelSelector, Object, ObjectExt, POD, POD_DISRUPTION_BUDGET, Status, condition, pod, set, set_condition,
};
use crate::json;
use std::rc::Rc;

impl ApiServer {
    /// Evicts a pod, if its budget allows that.
    pub(super) fn evict(
        &self,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Response, Status> {
        let found = self.get(POD, namespace, name)?;
        // What does not run, or goes already, disturbs nobody.
        let free = pod::is_terminal(&found) || pod::phase(&found) == "Pending" || found.is_terminating();
        if !free {
            let mut budgets = self.list(POD_DISRUPTION_BUDGET, namespace, &Filter::default());
            budgets.retain(|budget| {
                LabelSelector::from_value(budget.at("/spec/selector")).matches(found.labels())
            });
            match budgets.as_slice() {
                [] => {}
                [budget] => self.take_from_budget(budget, &found, options.dry_run)?,
                _ => {
                    let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not \
                               support.";
                    // Upstream takes this for what was made: only the body says that it failed.
                    return Ok(Response::json(201, &Status::new(500, "", why).to_value()));
                }
            }
        }
        if !options.dry_run {
            check_preconditions(POD, &found, options)?;
            let mut marked = (*found).clone();
            let target = json!({
                "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting",
            });
            set_condition(&mut marked, target, self.now());
            self.0.store.borrow_mut().put(POD, Rc::new(marked));
        }
        let options = DeleteOptions { resource_version: None, ..options.clone() };
        self.delete(POD, namespace, name, &options)?;
        Ok(success())
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
        let name = budget.name();
        if status("observedGeneration") < budget.generation() {
            let mut refused =
                refused(&format!("The disruption budget {name} is still being processed by the server."));
            set(&mut refused.details, "/retryAfterSeconds", json!(10));
            return Err(refused);
        }
        let allowed = status("disruptionsAllowed");
        if allowed < 0 {
            let why = "pdb disruptions allowed is negative";
            let mut refused = Status::forbidden_named("policy", "poddisruptionbudget", name, why);
            let cause = format!("The disruption budget {name} does not allow evicting pods currently: {why}");
            set(&mut refused.details, "/causes", json!([{"reason": "DisruptionBudget", "message": cause}]));
            return Err(refused);
        }
        if allowed == 0 {
            let state = condition(budget, "DisruptionAllowed");
            let because = state
                .filter(|state| state.str_at("/status") == "False" && !state.str_at("/message").is_empty());
            let none = format!("The disruption budget {name} does not allow evicting pods currently");
            return Err(refused(&match because {
                Some(state) if state.str_at("/reason") == "SyncFailed" => {
                    format!("{none} because it failed sync: {}", state.str_at("/message"))
                }
                _ if current <= desired => {
                    format!(
                        "The disruption budget {name} needs {desired} healthy pods and has {current} currently"
                    )
                }
                Some(state) => format!("{none} ({}): {}", state.str_at("/reason"), state.str_at("/message")),
                None => none,
            }));
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
