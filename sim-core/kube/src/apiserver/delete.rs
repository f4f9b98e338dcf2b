//! Requests to delete one object or many. Models `apiserver/pkg/endpoints/handlers/delete.go`.

use super::body::delete_options;
use super::list::check_options;
use super::rest::{Request, Response, Target};
use super::{ApiServer, DeleteOptions, Filter};
use crate::api::{Object, ObjectExt, Resource, Status};
use serde_json::{Value, json};

impl ApiServer {
    pub(super) fn answer_delete(&self, request: &Request, target: &Target) -> Result<Response, Status> {
        let Target { resource, namespace, name, .. } = target;
        let options = delete_options(self, request)?;
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
        let options = delete_options(self, request)?;
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
