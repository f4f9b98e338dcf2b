//! Turns a priority class into a number. Models `plugin/pkg/admission/priority`.

use crate::api::{ObjectExt, POD, PRIORITY_CLASS, Status, set};
use crate::apiserver::{ApiServer, Filter};
use crate::json;
use serde_json::Value;

/// Lets a pod in.
pub(crate) fn admit(server: &ApiServer, pod: &mut Value) -> Result<(), Status> {
    let refuse = |pod: &Value, why: &str| Err(Status::forbidden(POD, pod.name(), why));
    let class = match pod.str_at("/spec/priorityClassName") {
        "" => default(server),
        name => match server.get(PRIORITY_CLASS, "", name) {
            Ok(class) => Some(class),
            Err(_) => return refuse(pod, &format!("no PriorityClass with name {name} was found")),
        },
    };
    let (name, priority, policy) = match &class {
        Some(class) => (class.name(), class.int_at("/value").unwrap_or(0), class.str_at("/preemptionPolicy")),
        None => ("", 0, ""),
    };
    let policy = if policy.is_empty() { "PreemptLowerPriority" } else { policy };
    if let Some(given) = pod.int_at("/spec/priority").filter(|given| *given != priority) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission \
             controller computed {priority} from the given PriorityClass name"
        );
        return refuse(pod, &why);
    }
    let given = pod.str_at("/spec/preemptionPolicy");
    if !given.is_empty() && given != policy {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission \
             controller computed {policy} from the given PriorityClass name"
        );
        return refuse(pod, &why);
    }
    if !name.is_empty() {
        set(pod, "/spec/priorityClassName", json!(name));
    }
    set(pod, "/spec/priority", json!(priority));
    set(pod, "/spec/preemptionPolicy", json!(policy));
    Ok(())
}

/// The class of pods that name none: of those that are marked, the one with the lowest value.
fn default(server: &ApiServer) -> Option<crate::api::Object> {
    let classes = server.list(PRIORITY_CLASS, "", &Filter::default());
    let marked = classes.into_iter().filter(|class| class.bool_at("/globalDefault"));
    marked.min_by_key(|class| class.int_at("/value").unwrap_or(0))
}

/// Refuses a second default.
pub(crate) fn validate(server: &ApiServer, class: &Value) -> Result<(), Status> {
    if !class.bool_at("/globalDefault") {
        return Ok(());
    }
    match default(server) {
        Some(other) if other.name() != class.name() => {
            let why = format!(
                "PriorityClass {} is already marked as default. Only one default can exist",
                other.name()
            );
            Err(Status::forbidden(PRIORITY_CLASS, class.name(), &why))
        }
        _ => Ok(()),
    }
}
