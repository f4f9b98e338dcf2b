//! Keeps containers, pods and claims within the limit ranges of their namespace, and gives containers that ask
//! for nothing what the namespace has by default. Models `plugin/pkg/admission/limitranger`.

use crate::api::quota::pod_total;
use crate::api::resource_list::{self, Amount, ResourceList};
use crate::api::{
    LIMIT_RANGE, Object, ObjectExt, PERSISTENT_VOLUME_CLAIM, POD, Resource, Status, object_at, slot,
};
use crate::apiserver::{ApiServer, Filter};
use crate::json;
use serde_json::Value;
use sim::Ordered;

/// Lets a pod in, with defaults.
pub(crate) fn admit(server: &ApiServer, pod: &mut Value) {
    for range in ranges(server, pod) {
        let mut annotations = Vec::new();
        for (list, what) in [("containers", "container"), ("initContainers", "init container")] {
            let Some(containers) = pod.pointer_mut("/spec").and_then(|spec| spec.get_mut(list)) else {
                continue;
            };
            for container in containers.as_array_mut().into_iter().flatten() {
                let name = container.str_at("/name").to_string();
                for (kind, default) in [("requests", "defaultRequest"), ("limits", "default")] {
                    let set = fill_in(container, kind, default, &range);
                    if !set.is_empty() {
                        let kind = kind.trim_end_matches('s');
                        annotations.push(format!("{} {kind} for {what} {name}", set.join(", ")));
                    }
                }
            }
        }
        if !annotations.is_empty() {
            let text = format!("LimitRanger plugin set: {}", annotations.join("; "));
            object_at(pod, "/metadata/annotations")
                .insert("kubernetes.io/limit-ranger".to_string(), json!(text));
        }
    }
}

fn ranges(server: &ApiServer, object: &Value) -> Vec<Object> {
    server.list(LIMIT_RANGE, object.namespace(), &Filter::default())
}

/// Names of the resources that were filled in.
fn fill_in(container: &mut Value, kind: &str, default: &str, range: &Value) -> Vec<String> {
    let mut set = Vec::new();
    for item in range.list_at("/spec/limits").iter().filter(|item| item.str_at("/type") == "Container") {
        for (name, amount) in item.get(default).and_then(Value::as_object).into_iter().flatten() {
            let place = slot(container, &format!("/resources/{kind}"));
            if !place.is_object() {
                *place = json!({});
            }
            if place.get(name).is_none() {
                place[name.as_str()] = amount.clone();
                set.push(name.clone());
            }
        }
    }
    set.order();
    set
}

/// Refuses what is outside of a limit range.
pub(crate) fn validate(server: &ApiServer, resource: Resource, object: &Value) -> Result<(), Status> {
    let (is_pod, is_claim) = (std::ptr::eq(resource, POD), std::ptr::eq(resource, PERSISTENT_VOLUME_CLAIM));
    if !is_pod && !is_claim {
        return Ok(());
    }
    for range in ranges(server, object) {
        let mut faults = Vec::new();
        for item in range.list_at("/spec/limits") {
            match item.str_at("/type") {
                "Container" if is_pod => {
                    for list in ["/spec/containers", "/spec/initContainers"] {
                        for container in object.list_at(list) {
                            let requests = resource_list::read(container.map_at("/resources/requests"));
                            let limits = resource_list::read(container.map_at("/resources/limits"));
                            check(item, &requests, &limits, &mut faults);
                        }
                    }
                }
                "Pod" if is_pod => {
                    check(item, &pod_total(object, "requests"), &pod_total(object, "limits"), &mut faults);
                }
                "PersistentVolumeClaim" if is_claim => {
                    let requests = resource_list::read(object.map_at("/spec/resources/requests"));
                    claim(item, &requests, &mut faults);
                }
                _ => {}
            }
        }
        let why = match &faults[..] {
            [] => continue,
            [one] => one.clone(),
            // An aggregate of Go: each once.
            many => {
                let mut each: Vec<&str> = Vec::new();
                for fault in many {
                    if !each.contains(&fault.as_str()) {
                        each.push(fault);
                    }
                }
                if each.len() == 1 { each[0].to_string() } else { format!("[{}]", each.join(", ")) }
            }
        };
        return Err(Status::forbidden(resource, object.name(), &why));
    }
    Ok(())
}

fn check(item: &Value, requests: &ResourceList, limits: &ResourceList, faults: &mut Vec<String>) {
    let kind = item.str_at("/type");
    for (name, bound) in resource_list::read(item.map_at("/min")) {
        faults.extend(minimum(kind, &name, bound, requests.get(&name), limits.get(&name)));
    }
    for (name, bound) in resource_list::read(item.map_at("/max")) {
        let head = format!("maximum {name} usage per {kind} is {}", bound.text());
        let (request, limit) = (requests.get(&name), limits.get(&name));
        faults.extend(match (request, limit) {
            (_, None) => Some(format!("{head}.  No limit is specified")),
            (_, Some(limit)) if limit.milli > bound.milli => {
                Some(format!("{head}, but limit is {}", limit.text()))
            }
            (Some(request), _) if request.milli > bound.milli => {
                Some(format!("{head}, but request is {}", request.text()))
            }
            _ => None,
        });
    }
    for (name, bound) in resource_list::read(item.map_at("/maxLimitRequestRatio")) {
        let head = format!("{name} max limit to request ratio per {kind} is {}", bound.text());
        let given = |list: &ResourceList| list.get(&name).copied().filter(|amount| amount.milli != 0);
        faults.extend(match (given(requests), given(limits)) {
            (None, _) => Some(format!("{head}, but no request is specified or request is 0")),
            (_, None) => Some(format!("{head}, but no limit is specified or limit is 0")),
            (Some(request), Some(limit)) => {
                let ratio = limit.milli as f64 / request.milli as f64;
                (ratio * 1_000.0 > bound.milli as f64)
                    .then(|| format!("{head}, but provided ratio is {ratio:.6}"))
            }
        });
    }
}

fn minimum(
    kind: &str,
    name: &str,
    bound: Amount,
    request: Option<&Amount>,
    limit: Option<&Amount>,
) -> Option<String> {
    let head = format!("minimum {name} usage per {kind} is {}", bound.text());
    match (request, limit) {
        (None, _) => Some(format!("{head}.  No request is specified")),
        (Some(request), _) if request.milli < bound.milli => {
            Some(format!("{head}, but request is {}", request.text()))
        }
        (_, Some(limit)) if limit.milli < bound.milli => {
            Some(format!("{head}, but limit is {}", limit.text()))
        }
        _ => None,
    }
}

/// Of a claim only what it asks for counts.
fn claim(item: &Value, requests: &ResourceList, faults: &mut Vec<String>) {
    let kind = item.str_at("/type");
    for (name, bound) in resource_list::read(item.map_at("/min")) {
        faults.extend(minimum(kind, &name, bound, requests.get(&name), None));
    }
    for (name, bound) in resource_list::read(item.map_at("/max")) {
        let head = format!("maximum {name} usage per {kind} is {}", bound.text());
        faults.extend(match requests.get(&name) {
            None => Some(format!("{head}.  No request is specified")),
            Some(request) if request.milli > bound.milli => {
                Some(format!("{head}, but request is {}", request.text()))
            }
            _ => None,
        });
    }
}
