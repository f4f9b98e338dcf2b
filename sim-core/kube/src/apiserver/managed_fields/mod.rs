//! Who manages which fields: `metadata.managedFields`, and server-side apply, which needs them.
//!
//! Whatever a person writes over HTTP is tracked exactly, in the object itself, and from then on what everybody else
//! writes to it. What the cluster's own components create for each other (a thousand pods of a ReplicaSet) is not:
//! its managers follow from what it is, and are told only when somebody asks ([`derived`]). Tracking begins there
//! when somebody from outside writes.
//!
//! Models `apimachinery/pkg/util/managedfields` and `structured-merge-diff/merge`.

mod forms;
mod set;
mod walk;

use super::WriteOptions;
use crate::api::{ObjectExt, Resource, Status, go_order, object_at, remove};
use crate::json;
use encoding::json;
use encoding::json::push_string;
use forms::{difference_in, other_form, stored_from};
use serde_json::{Map, Value};
use set::{Set, from_fields_v1, intersect, paths, subtract, to_fields_v1, unite};
use sim::Ordered;
use std::rc::Rc;
use walk::Shape;

/// Fields that nobody manages.
const STRIPPED: [&str; 11] = [
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// One manager of an object.
#[derive(Clone, Debug, PartialEq)]
struct Manager {
    name: String,
    apply: bool,
    subresource: String,
    api_version: String,
    time: String,
    set: Set,
}

impl Manager {
    fn read(entry: &Value) -> Manager {
        Manager {
            name: entry.str_at("/manager").to_string(),
            apply: entry.str_at("/operation") == "Apply",
            subresource: entry.str_at("/subresource").to_string(),
            api_version: entry.str_at("/apiVersion").to_string(),
            time: entry.str_at("/time").to_string(),
            set: from_fields_v1(entry.at("/fieldsV1")),
        }
    }

    fn write(mut self) -> Value {
        to_fields_v1(&mut self.set);
        let mut entry = json!({
            "apiVersion": self.api_version, "fieldsType": "FieldsV1", "fieldsV1": null,
            "manager": self.name, "operation": if self.apply { "Apply" } else { "Update" }, "time": self.time,
        });
        entry["fieldsV1"] = Value::Object(self.set);
        if !self.subresource.is_empty() {
            entry["subresource"] = json!(self.subresource);
        }
        entry
    }

    fn is(&self, other: &Manager) -> bool {
        self.name == other.name
            && self.apply == other.apply
            && self.subresource == other.subresource
            && (self.apply || self.api_version == other.api_version)
    }

    /// As messages name it.
    fn shown(&self) -> String {
        let mut text = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {:?}", self.subresource);
        }
        if !self.apply {
            text += &format!(" using {}", self.api_version);
        }
        text
    }
}

fn managers_of(resource: Resource, object: &Value) -> Vec<Manager> {
    let read = |list: &[Value]| list.iter().map(Manager::read).collect();
    match object.list_at("/metadata/managedFields") {
        [] => {
            let derived: Value = json::parse(&derived(resource, object)).unwrap_or_default();
            read(derived.list_at(""))
        }
        list => read(list),
    }
}

fn write(object: &mut Value, managers: Vec<Manager>) {
    match list(managers) {
        Value::Null => drop(remove(object, "/metadata/managedFields")),
        list => drop(object_at(object, "/metadata").insert("managedFields".to_string(), list)),
    }
}

/// Managers as an object names them; null for none.
fn list(mut managers: Vec<Manager>) -> Value {
    managers.retain(|manager| !manager.set.is_empty());
    managers.order_by(|a, b| {
        (!a.apply, &a.time, &a.name, &a.api_version, &a.subresource).cmp(&(
            !b.apply,
            &b.time,
            &b.name,
            &b.api_version,
            &b.subresource,
        ))
    });
    if managers.is_empty() { Value::Null } else { managers.into_iter().map(Manager::write).collect() }
}

/// Without what nobody manages, and without what this write may not touch.
fn strip(resource: Resource, subresource: &str, set: &mut Set) {
    set.remove("f:apiVersion");
    set.remove("f:kind");
    if let Some(Value::Object(metadata)) = set.get_mut("f:metadata") {
        metadata.remove(".");
        for name in STRIPPED {
            metadata.remove(&format!("f:{name}"));
        }
        if metadata.is_empty() {
            set.remove("f:metadata");
        }
    }
    if subresource == "status" {
        set.remove("f:spec");
    } else if resource.subresource("status").is_some() {
        set.remove("f:status");
    }
}

fn difference(resource: Resource, old: Option<&Value>, new: &Value) -> (Set, Set) {
    let (mut changed, mut removed) = (Map::new(), Map::new());
    walk::compare(Shape::Struct(resource.schema), old, Some(new), true, &mut changed, &mut removed);
    (changed, removed)
}

/// Whether this write is to be tracked.
pub(super) fn tracks(old: Option<&Value>, options: &WriteOptions) -> bool {
    options.manager.is_some()
        && (options.track || old.is_some_and(|old| !old.meta("managedFields").is_null()))
}

/// Writes down who manages what after `old` has become `new`.
pub(super) fn track(
    resource: Resource,
    old: Option<&Value>,
    new: &mut Value,
    status: bool,
    now: &str,
    options: &WriteOptions,
) {
    let Some(name) = options.manager.as_deref() else { return };
    if let Some(applied) = &options.applied {
        object_at(new, "/metadata").insert("managedFields".to_string(), applied.clone());
        return;
    }
    let subresource = if status { "status" } else { "" };
    let mut managers = match (old, new.list_at("/metadata/managedFields")) {
        (None, _) => Vec::new(),
        // Whoever sends managers himself has the last word on them.
        (Some(_), [_, ..]) => new.list_at("/metadata/managedFields").iter().map(Manager::read).collect(),
        (Some(old), []) => managers_of(resource, old),
    };
    let form = options.form.unwrap_or(resource);
    let written = if status { "status" } else { options.subresource };
    let (mut changed, removed) = difference_in(form, old, new);
    strip(resource, written, &mut changed);
    for manager in &mut managers {
        let other = other_form(form, manager).map(|other| {
            let (mut changed, removed) = difference_in(other, old, new);
            strip(resource, written, &mut changed);
            (changed, removed)
        });
        let (changed, removed) = other.as_ref().map_or((&changed, &removed), |other| (&other.0, &other.1));
        subtract(&mut manager.set, changed);
        subtract(&mut manager.set, removed);
    }
    let own = Manager {
        name: name.to_string(),
        apply: false,
        subresource: if subresource.is_empty() { options.subresource } else { subresource }.to_string(),
        api_version: form.api_version(),
        time: now.to_string(),
        set: changed,
    };
    if !own.set.is_empty() || !removed.is_empty() {
        match managers.iter_mut().find(|manager| manager.is(&own)) {
            Some(manager) => {
                unite(&mut manager.set, &own.set);
                manager.time.clone_from(&own.time);
            }
            None => managers.push(own),
        }
    }
    write(new, managers);
}

/// An applied configuration, laid over what is there.
pub(super) struct Applied {
    /// The object to be written.
    pub object: Value,
    /// Its managers.
    pub managers: Value,
}

/// Lays an applied configuration over the live object. Models `merge.Updater.Apply`.
pub(super) fn apply(
    resource: Resource,
    live: Option<&Value>,
    config: &Value,
    subresource: &str,
    now: &str,
    options: &WriteOptions,
    force: bool,
) -> Result<Applied, Status> {
    let shape = Shape::Struct(resource.schema);
    let mut set = Map::new();
    walk::fields(shape, config, &mut set);
    strip(resource, subresource, &mut set);
    let mut own = Manager {
        name: options.manager.as_deref().unwrap_or("").to_string(),
        apply: true,
        subresource: subresource.to_string(),
        api_version: resource.api_version(),
        time: now.to_string(),
        set,
    };
    let mut managers = live.map_or_else(Vec::new, |live| managers_of(resource, live));
    let last = managers.iter().position(|manager| manager.is(&own)).map(|place| managers.remove(place));
    let mut object = config.clone();
    if let Some(live) = live {
        object = live.clone();
        remove(&mut object, "/metadata/managedFields");
        walk::merge(shape, &mut object, config);
        if let Some(last) = &last {
            let mut others = Map::new();
            for manager in &managers {
                unite(&mut others, &manager.set);
            }
            walk::prune(shape, &mut object, &last.set, &own.set, &others);
        }
        // The same value in another form is no change.
        let mut canonical = object.clone();
        let compared = match resource.schema.decode(&mut canonical) {
            Ok(_) => &canonical,
            Err(_) => &object,
        };
        let (changed, removed) = difference(resource, Some(live), compared);
        let mut conflicts: Vec<(String, Vec<String>)> = Vec::new();
        for manager in &mut managers {
            let other = other_form(resource, manager).map(|other| {
                let (old, new) = (stored_from(resource, live), stored_from(resource, compared));
                let (mut changed, removed) = difference_in(other, Some(&old), &new);
                strip(resource, subresource, &mut changed);
                (changed, removed)
            });
            let (contested, removed) = match &other {
                Some((changed, removed)) => (intersect(&manager.set, changed), removed),
                None => (intersect(&intersect(&manager.set, &changed), &own.set), &removed),
            };
            if !contested.is_empty() {
                conflicts.push((manager.shown(), paths(&contested)));
                subtract(&mut manager.set, &contested);
            }
            subtract(&mut manager.set, removed);
        }
        if !conflicts.is_empty() && !force {
            return Err(conflict(&conflicts));
        }
    }
    if let Some(last) = last.filter(|last| last.set == own.set) {
        own.time = last.time;
    }
    managers.push(own);
    let mut holder = json!({"metadata": {}});
    write(&mut holder, managers);
    Ok(Applied { object, managers: holder.at("/metadata/managedFields").clone() })
}

/// Models `NewConflictError`.
fn conflict(conflicts: &[(String, Vec<String>)]) -> Status {
    let mut causes = Vec::new();
    for (manager, paths) in conflicts {
        for path in paths {
            causes.push(json!({
                "reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": path,
            }));
        }
    }
    let message = match conflicts {
        [(manager, paths)] if paths.len() == 1 => {
            format!("Apply failed with 1 conflict: conflict with {manager}: {}", paths[0])
        }
        _ => {
            let of = |(manager, paths): &(String, Vec<String>)| {
                let lines: Vec<String> = paths.iter().map(|path| format!("- {path}")).collect();
                format!("conflicts with {manager}:\n{}", lines.join("\n"))
            };
            let list: Vec<String> = conflicts.iter().map(of).collect();
            format!("Apply failed with {} conflicts: {}", causes.len(), list.join("\n"))
        }
    };
    let mut status = Status::new(409, "Conflict", message);
    status.details = json!({"causes": causes});
    status
}

/// What admission and the scheduler add to a pod: nobody manages it.
const ADMITTED: [&str; 7] = [
    "nodeName",
    "preemptionPolicy",
    "priority",
    "serviceAccount",
    "serviceAccountName",
    "tolerations",
    "volumes",
];

/// The managers of what a component of the cluster has made: its maker has all but the status. As JSON, empty for none:
/// that is what becomes of nearly all of them, and of a thousand pods there are two thousand trees.
fn derived(resource: Resource, object: &Value) -> String {
    let (mut own, mut status) = (String::with_capacity(2_048), String::with_capacity(2_048));
    for (name, value) in object.map_at("") {
        let (set, skipped): (_, &[&str]) = match name.as_str() {
            "apiVersion" | "kind" => continue,
            "metadata" => (&mut own, &STRIPPED),
            "spec" if resource.kind == "Pod" => (&mut own, &ADMITTED),
            "status" if resource.subresource("status").is_some() => (&mut status, &[]),
            _ => (&mut own, &[]),
        };
        walk::write_field(set, Shape::Struct(resource.schema), name, value, skipped);
    }
    let times = object.list_at("/status/conditions").iter();
    let last = times.map(|condition| condition.str_at("/lastTransitionTime")).max().unwrap_or("");
    let last = if last.is_empty() { object.creation_timestamp() } else { last };
    let (maker, reporter) = components(resource, object);
    let mut managers = [(object.creation_timestamp(), maker, "", own), (last, reporter, "status", status)];
    managers.order();
    let mut text = String::with_capacity(managers.iter().map(|(.., set)| set.len() + 256).sum());
    let api_version = resource.api_version();
    for (time, name, subresource, set) in managers.iter().filter(|(.., set)| !set.is_empty()) {
        text += if text.is_empty() { "[{\"manager\":" } else { ",{\"manager\":" };
        push_string(&mut text, name);
        let before = [",\"operation\":\"Update\",\"apiVersion\":\"", &api_version, "\",\"time\":\"", time];
        let behind = ["\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{", set, "}"];
        for part in before.into_iter().chain(behind) {
            text += part;
        }
        text += if subresource.is_empty() { "}" } else { ",\"subresource\":\"status\"}" };
    }
    if text.is_empty() { text } else { text + "]" }
}

/// Who makes objects of this kind, and who reports on them.
fn components(resource: Resource, object: &Value) -> (&str, &'static str) {
    let system = object.namespace() == "kube-system" && object.owner_references().is_empty();
    match resource.kind {
        "Pod" if object.annotation("kubernetes.io/config.mirror").is_some() => ("kubelet", "kubelet"),
        "Pod" => ("kube-controller-manager", "kubelet"),
        "Node" => ("kubelet", "kubelet"),
        "Lease" if object.namespace() == "kube-node-lease" => ("kubelet", ""),
        "Event" => match object.str_at("/reportingComponent") {
            "default-scheduler" => ("kube-scheduler", ""),
            component @ ("kubelet" | "kube-proxy") => (component, ""),
            _ => ("kube-controller-manager", ""),
        },
        "Namespace" | "PriorityClass" | "FlowSchema" | "PriorityLevelConfiguration" | "APIService" => {
            ("kube-apiserver", "kube-controller-manager")
        }
        "ClusterRole" | "ClusterRoleBinding" => {
            (if object.name().starts_with("kubeadm:") { "kubeadm" } else { "kube-apiserver" }, "")
        }
        "IPAddress" => ("kube-apiserver", ""),
        "ServiceCIDR" => ("kube-apiserver", "service-cidr-controller"),
        _ if object.name() == "kubernetes" && object.namespace() == "default" => ("kube-apiserver", ""),
        "ConfigMap" if object.name() == "kube-root-ca.crt" => ("kube-controller-manager", ""),
        "Deployment" | "DaemonSet" | "Service" | "ConfigMap" | "ServiceAccount" | "Role" | "RoleBinding"
            if system =>
        {
            ("kubeadm", "kube-controller-manager")
        }
        _ => ("kube-controller-manager", "kube-controller-manager"),
    }
}

/// Writes an object with its managers, whether they were written down or not.
pub(super) fn show(text: &mut String, resource: Resource, object: &Value) {
    let known = !object.meta("managedFields").is_null() || object.uid().is_empty();
    let derived = if known { String::new() } else { derived(resource, object) };
    go_order::write_managed(text, object, &derived);
}

/// Who writes, when the request does not say: the first word of its `User-Agent`.
pub(super) fn manager_of_agent(agent: &str) -> Rc<str> {
    let name: String = agent.split('/').next().unwrap_or("").chars().take(128).collect();
    if name.is_empty() || name.chars().any(char::is_control) { "unknown".into() } else { name.into() }
}

/// The program behind a user of the cluster's own.
pub(crate) fn manager_of_user(user: &str) -> &'static str {
    match user {
        "system:kube-scheduler" => "kube-scheduler",
        "system:kube-proxy" => "kube-proxy",
        user if user.starts_with("system:node:") => "kubelet",
        user if user.ends_with(":cloud-controller-manager") => "cloud-controller-manager",
        _ => "kube-controller-manager",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::POD;

    #[test]
    fn what_is_derived_is_what_a_comparison_with_nothing_finds() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "a", "namespace": "default", "uid": "u", "creationTimestamp": "2026-01-05T08:00:00Z",
                "labels": {"app": "a", "a.b/c": "<d>"}, "annotations": {}, "finalizers": ["a.io/b", "c.io/d"],
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "v"}],
            },
            "spec": {
                "containers": [{
                    "name": "c", "image": "i", "resources": {}, "securityContext": {"runAsUser": 1},
                    "env": [{"name": "A", "value": "\"1\""}, {"name": "A"}, {"name": "B", "valueFrom": null}],
                    "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
                    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                }],
                "nodeName": "n", "nodeSelector": {"b": "c"}, "tolerations": [{"operator": "Exists"}],
                "volumes": [{"name": "v", "emptyDir": {}}], "priority": 0, "schedulerName": "s",
            },
            "status": {
                "conditions": [
                    {"type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": "2026-01-05T08:00:09Z"},
                    {"type": "Initialized", "status": "True"},
                ],
                "podIPs": [{"ip": "10.244.1.2"}], "phase": "Running", "initContainerStatuses": [],
            },
        });
        let (mut own, _) = difference(POD, None, &pod);
        let mut status = Map::from_iter(own.remove_entry("f:status"));
        strip(POD, "", &mut own);
        let spec = own["f:spec"].as_object_mut().expect("a pod has a spec");
        spec.retain(|name, _| !ADMITTED.contains(&&name[2..]));
        to_fields_v1(&mut own);
        to_fields_v1(&mut status);
        let text = derived(POD, &pod);
        let derived: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(derived[0]["fieldsV1"], Value::Object(own));
        assert_eq!(derived[1]["fieldsV1"], Value::Object(status));
        assert_eq!(
            (derived[1].str_at("/time"), derived[1].str_at("/subresource")),
            ("2026-01-05T08:00:09Z", "status")
        );
        let mut known = pod.clone();
        known["metadata"]["managedFields"] = derived;
        let (mut shown, mut written) = (String::new(), String::new());
        show(&mut shown, POD, &pod);
        go_order::write(&mut written, &known);
        assert_eq!(shown, written);
    }
}
