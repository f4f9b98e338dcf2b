//! What deleting means, and requests to delete one object or many. Models `apiserver/pkg/endpoints/handlers/delete.go`.

use super::body::delete_options;
use super::list::check_options;
use super::rest::{Request, Response, Target};
use super::strategy::{finalizers_for, grace_period, outward};
use super::{ApiServer, DeleteOptions, Filter, Propagation, WriteOptions};
use crate::api::core_v1::event::{self, CONTROL_PLANE, Note};
use crate::api::{
    ENDPOINTS, EVENT, IP_ADDRESS, NAMESPACE, Object, ObjectExt, Resource, SERVICE, Status, remove, service,
    set,
};
use crate::json;
use serde_json::Value;
use sim::Timestamp;
use std::rc::Rc;

impl ApiServer {
    pub(super) fn answer_delete(&self, request: &Request, target: &Target) -> Result<Response, Status> {
        let Target { resource, namespace, name, .. } = target;
        let options = delete_options(request)?;
        let object = self.delete(resource, namespace, name, &options)?;
        let still_there = options.dry_run || self.get(resource, namespace, name).is_ok();
        let returns_object = ["Pod", "Service", "ServiceAccount", "Event"].contains(&resource.kind);
        if still_there && !options.dry_run || returns_object {
            return Ok(self.show(request, resource, 200, &object));
        }
        let mut details = json!({"name": name, "kind": resource.plural, "uid": object.uid()});
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        let success = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
        Ok(Response::json(200, &success))
    }

    pub(super) fn answer_delete_collection(
        &self,
        request: &Request,
        target: &Target,
    ) -> Result<Response, Status> {
        let resource = target.resource;
        check_options(request)?;
        let filter = Filter::parse(resource, request.param("labelSelector"), request.param("fieldSelector"))?;
        let options = delete_options(request)?;
        let objects = self.list(resource, &target.namespace, &filter);
        for object in &objects {
            match self.delete(resource, object.namespace(), object.name(), &options) {
                Err(status) if !status.is_not_found() => return Err(status),
                _ => {}
            }
        }
        let items: Vec<&Value> = objects.iter().map(|object| &**object).collect();
        let list = json!({
            "kind": resource.list_kind(), "apiVersion": resource.api_version(),
            "metadata": {"resourceVersion": self.resource_version().to_string()}, "items": items,
        });
        Ok(Response::json(200, &list))
    }

    /// Deletes an object, or begins to.
    pub fn delete(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Object, Status> {
        let old = self.get(resource.storage(), namespace, name).map_err(|mut e| {
            if resource.group != resource.storage().group {
                e = Status::not_found(resource, name);
            }
            e
        })?;
        check_preconditions(resource, &old, options)?;
        if std::ptr::eq(resource, NAMESPACE) && ["default", "kube-system", "kube-public"].contains(&name) {
            return Err(Status::forbidden(resource, name, "this namespace may not be deleted"));
        }
        let grace = grace_period(resource, &old, options);
        let mut object = (*old).clone();
        // The garbage collector does not watch custom kinds: what they own goes with them, here.
        let policy = match resource.custom {
            Some(_) => options.propagation_policy.map(|_| Propagation::Background),
            None => options.propagation_policy,
        };
        let finalizers = finalizers_for(&old, policy);
        let is_namespace = std::ptr::eq(resource, NAMESPACE);
        let waits = grace > 0
            || !finalizers.is_empty()
            || (is_namespace && !old.list_at("/spec/finalizers").is_empty());
        if !waits {
            if options.dry_run {
                return Ok(outward(resource, old));
            }
            let removed = self.remove(resource, &old, options.propagation_policy);
            self.after_write(resource);
            return Ok(outward(resource, removed.unwrap_or(old)));
        }
        if finalizers.is_empty() {
            remove(&mut object, "/metadata/finalizers");
        } else {
            set(&mut object, "/metadata/finalizers", json!(finalizers));
        }
        let remaining = old.int_at("/metadata/deletionGracePeriodSeconds");
        if !old.is_terminating() || remaining.is_some_and(|remaining| grace < remaining) {
            let due = self.now();
            let due = Timestamp { seconds: due.seconds + grace.unsigned_abs(), ..due };
            set(&mut object, "/metadata/deletionTimestamp", json!(due.rfc3339()));
            set(&mut object, "/metadata/deletionGracePeriodSeconds", json!(grace));
            if !old.is_terminating() && old.generation() > 0 {
                set(&mut object, "/metadata/generation", json!(old.generation() + 1));
            }
        }
        if is_namespace {
            remove(&mut object, "/metadata/deletionGracePeriodSeconds");
            set(&mut object, "/status/phase", json!("Terminating"));
        }
        if object == *old || options.dry_run {
            return Ok(outward(resource, Rc::new(object)));
        }
        Ok(outward(resource, self.0.store.borrow_mut().put(resource, Rc::new(object))))
    }

    /// Takes an object away for good, and at once what goes with it.
    pub(super) fn remove(
        &self,
        resource: Resource,
        object: &Object,
        policy: Option<Propagation>,
    ) -> Option<Object> {
        let (namespace, name) = (object.namespace(), object.name());
        let removed = self.0.store.borrow_mut().remove(resource, namespace, name);
        if std::ptr::eq(resource, SERVICE) {
            self.keep_address(Some(object), None);
            // A new Service of the name must not have the old addresses, however slow the controller is. Models
            // `afterDelete` in pkg/registry/core/service/storage. There may be none.
            let _ = self.delete(ENDPOINTS, namespace, name, &DeleteOptions::default());
        }
        if std::ptr::eq(resource, IP_ADDRESS) {
            // Who has it keeps it. Models pkg/registry/core/service/ipallocator/controller.
            let parent = object.at("/spec/parentRef");
            if let Ok(holder) = self.get(SERVICE, parent.str_at("/namespace"), parent.str_at("/name"))
                && service::cluster_ip(&holder) == name
            {
                let now = self.now();
                let note = Note {
                    component: "ipallocator-repair-controller",
                    host: CONTROL_PLANE,
                    kind: "Warning",
                    reason: "ClusterIPNotAllocated",
                    action: "ClusterIPAllocation",
                    note: &format!("Cluster IP [IPv4]: {name} is not allocated; repairing"),
                };
                let event = event::new_kind(
                    &holder,
                    &format!("{}.{:x}", holder.name(), event::moment(now)),
                    now,
                    &note,
                );
                // The namespace may be on its way out.
                let _ = self.create(EVENT, holder.namespace(), event, &WriteOptions::default());
                self.keep_address(None, Some(&holder));
            }
        }
        if resource.custom.is_some() {
            self.release_dependents(object, policy);
        }
        removed
    }
}

/// Whether it is the very object that is meant. Models `rest.BeforeDelete`.
pub(super) fn check_preconditions(
    resource: Resource,
    object: &Object,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let refuse = |what: &str, asked: &str, found: &str, end: &str| {
        let why = format!(
            "the {what} in the precondition ({asked}) does not match the {what} in record ({found}). The object might \
             have been {end}"
        );
        let mut status = Status::conflict(resource, object.name(), &why);
        let kind = [resource.kind, resource.group].join(".");
        let kind = kind.trim_end_matches('.');
        status.message = format!("Operation cannot be fulfilled on {kind} {:?}: {why}", object.name());
        status.details["kind"] = json!(resource.kind);
        Err(status)
    };
    match (options.uid.as_deref(), options.resource_version.as_deref()) {
        (Some(uid), _) if uid != object.uid() => {
            refuse("UID", uid, object.uid(), "deleted and then recreated")
        }
        (_, Some(version)) if version != object.resource_version() => {
            refuse("ResourceVersion", version, object.resource_version(), "modified")
        }
        _ => Ok(()),
    }
}
