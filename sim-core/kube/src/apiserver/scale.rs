//! The `scale` subresource: a number of replicas, whatever has them. Models `pkg/registry/*/storage`, `ScaleREST`.

use super::ApiServer;
use super::body::{body_of, patch_body, write_options};
use super::options::WriteOptions;
use super::rest::{Request, Response, Target};
use crate::api::schema::Struct;
use crate::api::{
    DEPLOYMENT, LabelSelector, ObjectExt, REPLICATION_CONTROLLER, Resource, Status, object_at, set,
};
use crate::json;
use serde_json::Value;

impl ApiServer {
    /// The number of replicas, whatever has them.
    pub(super) fn scale(&self, request: &Request, target: &Target, verb: &str) -> Result<Response, Status> {
        let Target { resource, namespace, name, .. } = target;
        let old = self.get(resource, namespace, name)?;
        let new = match verb {
            "get" => old,
            "update" | "patch" => {
                let scale = if verb == "update" {
                    body_of(request, resource, "Scale")?
                } else {
                    let (kind, patch) = patch_body(request, resource)?;
                    kind.apply(&SCALE, &scale_of(resource, &old), patch)?
                };
                let replicas = scale.int_at("/spec/replicas").unwrap_or(0);
                if replicas < 0 {
                    let mut errors = crate::api::validation::Errors::default();
                    errors.not_negative("spec.replicas", &json!(replicas));
                    let mut status = Status::invalid(resource, name, &errors.0);
                    status.message = status
                        .message
                        .replace(&format!("{}.{}", resource.kind, resource.group), "Scale.autoscaling");
                    status.details["kind"] = json!("Scale");
                    status.details["group"] = json!("autoscaling");
                    return Err(status);
                }
                let mut new = (*old).clone();
                let version = scale.resource_version();
                if !version.is_empty() && version != old.resource_version() {
                    return Err(Status::modified(resource, name));
                }
                set(&mut new, &scale_path(resource, "specReplicasPath", "/spec/replicas"), json!(replicas));
                let options = WriteOptions { subresource: "scale", ..write_options(request)? };
                self.replace(resource, namespace, new, false, &options)?
            }
            _ => return Err(Status::method_not_allowed()),
        };
        Ok(Response::json(200, &scale_of(resource, &new)))
    }
}

/// Patches of a scale need no table: nothing in it is a list.
static SCALE: Struct = Struct { go: "Scale", fields: &[] };

/// Where a number stands, which a custom kind says itself.
fn scale_path(resource: Resource, field: &str, usual: &str) -> String {
    resource.custom.map_or_else(|| usual.to_string(), |custom| custom.scale_path(field))
}

fn scale_of(resource: Resource, object: &Value) -> Value {
    let selector = match resource.custom {
        Some(custom) => object.str_at(&custom.scale_path("labelSelectorPath")).to_string(),
        // The older kind's selector is a map.
        None if std::ptr::eq(resource, REPLICATION_CONTROLLER) => {
            LabelSelector::from_map(object.map_at("/spec/selector")).to_string()
        }
        None => LabelSelector::from_value(object.at("/spec/selector")).to_string(),
    };
    let (spec, status) = (
        scale_path(resource, "specReplicasPath", "/spec/replicas"),
        scale_path(resource, "statusReplicasPath", "/status/replicas"),
    );
    let replicas = object.int_at(&spec).unwrap_or(if std::ptr::eq(resource, DEPLOYMENT) { 1 } else { 0 });
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {},
        "spec": {},
        "status": {"replicas": object.int_at(&status).unwrap_or(0), "selector": selector},
    });
    if replicas != 0 {
        set(&mut scale, "/spec/replicas", json!(replicas));
    }
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        let value = object.at(&format!("/metadata/{field}")).clone();
        object_at(&mut scale, "/metadata").insert(field.to_string(), value);
    }
    scale
}
