//! Gives a pod what its runtime class says. Models `plugin/pkg/admission/runtimeclass`.

use crate::api::{ObjectExt, POD, RUNTIME_CLASS, Status, object_at, set};
use crate::apiserver::ApiServer;
use serde_json::Value;

/// Lets a pod in.
pub(crate) fn admit(server: &ApiServer, pod: &mut Value) -> Result<(), Status> {
    let name = pod.str_at("/spec/runtimeClassName");
    if name.is_empty() {
        return Ok(());
    }
    let refuse =
        |pod: &Value, why: String| Err(Status::forbidden(POD, pod.name(), &format!("pod rejected: {why}")));
    let Ok(class) = server.get(RUNTIME_CLASS, "", name) else {
        return refuse(pod, format!("RuntimeClass {name:?} not found"));
    };
    let overhead = class.at("/overhead/podFixed");
    if !overhead.is_null() {
        set(pod, "/spec/overhead", overhead.clone());
    }
    for (key, value) in class.map_at("/scheduling/nodeSelector") {
        let own = object_at(pod, "/spec/nodeSelector");
        if let Some(other) = own.get(key).filter(|other| *other != value) {
            let text = |value: &Value| value.as_str().unwrap_or("").to_string();
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}; pod.spec.nodeSelector[{key}] = {}",
                text(value),
                text(other)
            );
            return refuse(pod, why);
        }
        own.insert(key.clone(), value.clone());
    }
    let tolerations = class.list_at("/scheduling/tolerations");
    if !tolerations.is_empty() {
        let mut all = pod.list_at("/spec/tolerations").to_vec();
        all.extend(
            tolerations
                .iter()
                .filter(|toleration| !pod.list_at("/spec/tolerations").contains(toleration))
                .cloned(),
        );
        set(pod, "/spec/tolerations", Value::Array(all));
    }
    Ok(())
}
