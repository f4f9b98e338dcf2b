//! Admission: who changes or refuses an object on its way in.
//!
//! | plugin | what it does |
//! | --- | --- |
//! | [`service_account`] | gives a pod its account and the token's volume |
//! | [`toleration_seconds`] | lets a pod stay five minutes on a node that is not ready |
//! | [`priority`] | turns a priority class into a number |
//! | [`runtime_class`] | gives a pod what its runtime class says |
//! | [`limit_ranger`] | gives containers their defaults, refuses what is outside of a limit range |
//! | [`default_class`] | gives claims and ingresses the default class |
//! | [`resource_quota`] | keeps a namespace within its quotas |

pub(super) mod default_class;
pub(super) mod limit_ranger;
pub(super) mod priority;
pub(super) mod resource_quota;
pub(super) mod runtime_class;
pub(super) mod service_account;
pub(super) mod toleration_seconds;

use super::ApiServer;
use crate::api::{
    INGRESS, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD, PRIORITY_CLASS, Resource, Status,
    set,
};
use crate::json;
use serde_json::Value;

/// Lets an object in, changed perhaps.
pub(super) fn admit(server: &ApiServer, resource: Resource, object: &mut Value) -> Result<(), Status> {
    if std::ptr::eq(resource, POD) {
        limit_ranger::admit(server, object);
        service_account::admit(server, object)?;
        toleration_seconds::admit(object);
        runtime_class::admit(server, object)?;
        return priority::admit(server, object);
    }
    if std::ptr::eq(resource, PERSISTENT_VOLUME_CLAIM) {
        default_class::admit_claim(server, object);
        protect(object, "kubernetes.io/pvc-protection");
    } else if std::ptr::eq(resource, PERSISTENT_VOLUME) {
        protect(object, "kubernetes.io/pv-protection");
    } else if std::ptr::eq(resource, INGRESS) {
        default_class::admit_ingress(server, object);
    }
    Ok(())
}

/// Refuses an object that keeps its own rules but not those of others; called when it has its name.
pub(super) fn validate(server: &ApiServer, resource: Resource, object: &Value) -> Result<(), Status> {
    if std::ptr::eq(resource, PRIORITY_CLASS) {
        return priority::validate(server, object);
    }
    limit_ranger::validate(server, resource, object)
}

/// Storage that is in use does not go. Models `plugin/pkg/admission/storage/storageobjectinuseprotection`.
fn protect(object: &mut Value, finalizer: &str) {
    if !object.has_finalizer(finalizer) {
        let mut finalizers = object.finalizers();
        finalizers.push(finalizer);
        let finalizers = json!(finalizers);
        set(object, "/metadata/finalizers", finalizers);
    }
}
