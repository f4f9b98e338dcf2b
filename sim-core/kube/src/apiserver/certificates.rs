//! Certificate signing requests: who asks is who the server knows them to be, and who approves writes nothing but
//! conditions. Models `pkg/registry/certificates/certificates`. No certificate is issued: nothing here is
//! encrypted, and there is no key to sign with.

use super::ApiServer;
use super::options::{WriteOptions, Written};
use super::rbac::Identity;
use crate::api::{CERTIFICATE_SIGNING_REQUEST, ObjectExt, Status, object_at, set};
use crate::json;
use serde_json::Value;

/// Writes down who asks.
pub(super) fn requested_by(request: &mut Value, who: &Identity) {
    let spec = object_at(request, "/spec");
    for field in ["username", "uid", "groups", "extra"] {
        spec.remove(field);
    }
    spec.insert("username".to_string(), json!(who.name));
    if !who.uid.is_empty() {
        spec.insert("uid".to_string(), json!(who.uid));
    }
    if !who.groups.is_empty() {
        spec.insert("groups".to_string(), json!(who.groups));
    }
    if !who.extra.is_empty() {
        spec.insert("extra".to_string(), json!(who.extra));
    }
}

impl ApiServer {
    /// Takes the conditions of `object`, and nothing else.
    pub(super) fn approve(&self, object: &Value, options: &WriteOptions) -> Result<Written, Status> {
        let name = object.name();
        let old = self.get(CERTIFICATE_SIGNING_REQUEST, "", name)?;
        let mut conditions = object.list_at("/status/conditions").to_vec();
        let now = self.now_text();
        for condition in &mut conditions {
            for field in ["lastUpdateTime", "lastTransitionTime"] {
                if condition.get(field).is_none_or(Value::is_null) {
                    condition[field] = json!(now);
                }
            }
        }
        let is = |kind: &str| conditions.iter().any(|c| c.str_at("/type") == kind);
        if is("Approved") && is("Denied") {
            let detail = "Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive";
            let error = crate::api::status::FieldError {
                field: "status.conditions".to_string(),
                reason: "FieldValueInvalid",
                detail: detail.to_string(),
            };
            return Err(Status::invalid(CERTIFICATE_SIGNING_REQUEST, name, &[error]));
        }
        let mut new = (*old).clone();
        if !object.resource_version().is_empty() {
            set(&mut new, "/metadata/resourceVersion", object.at("/metadata/resourceVersion").clone());
        }
        set(&mut new, "/status/conditions", Value::Array(conditions));
        self.update(CERTIFICATE_SIGNING_REQUEST, "", new, true, options)
    }
}
