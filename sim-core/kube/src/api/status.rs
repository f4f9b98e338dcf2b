//! `Status`: how the API server says no. Models `apimachinery/pkg/api/errors`.

use super::ObjectExt;
use super::scheme::Resource;
use crate::json;
use serde_json::Value;
use std::fmt;

/// An answer that is not the object asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// For programs: `NotFound`, `Conflict`, ...
    pub reason: String,
    /// For people.
    pub message: String,
    /// Name, kind and causes, as upstream gives them; `Null` for none.
    pub details: Value,
    /// Where a list goes on that cannot go on as it began; `Null` otherwise.
    pub metadata: Value,
}

/// One fault of an object that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// `spec.ports[0].port`.
    pub field: String,
    /// `FieldValueInvalid`, ...
    pub reason: &'static str,
    /// What comes after the field's name.
    pub detail: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.detail)
    }
}

impl Status {
    /// An error with neither name nor causes.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Status {
        Status {
            code,
            reason: reason.to_string(),
            message: message.into(),
            details: Value::Null,
            metadata: Value::Null,
        }
    }

    fn about(resource: Resource, name: &str, code: u16, reason: &str, message: String) -> Status {
        Status {
            details: details(resource.group, resource.plural, name),
            ..Status::new(code, reason, message)
        }
    }

    /// There is no such object.
    pub fn not_found(resource: Resource, name: &str) -> Status {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Status::about(resource, name, 404, "NotFound", message)
    }

    /// An object of this name exists.
    pub fn already_exists(resource: Resource, name: &str) -> Status {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Status::about(resource, name, 409, "AlreadyExists", message)
    }

    /// Something else was quicker, or stands in the way.
    pub fn conflict(resource: Resource, name: &str, why: &str) -> Status {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Status::about(resource, name, 409, "Conflict", message)
    }

    /// The object was changed since it was read.
    pub fn modified(resource: Resource, name: &str) -> Status {
        Status::conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// The object is well-formed, but says what it must not.
    pub fn invalid(resource: Resource, name: &str, errors: &[FieldError]) -> Status {
        let list = match errors {
            [one] => one.to_string(),
            many => {
                let mut texts: Vec<String> = Vec::new();
                for error in many {
                    let text = error.to_string();
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
                if texts.len() == 1 { texts.remove(0) } else { format!("[{}]", texts.join(", ")) }
            }
        };
        let causes: Vec<Value> = errors
            .iter()
            .map(|e| json!({"reason": e.reason, "message": e.detail, "field": e.field}))
            .collect();
        let kind = if resource.group.is_empty() {
            resource.kind.to_string()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let mut details = details(resource.group, resource.kind, name);
        details["causes"] = Value::Array(causes);
        Status { details, ..Status::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {list}")) }
    }

    /// The options beside a request say what they must not: `ListOptions`, `DeleteOptions`.
    pub fn invalid_options(kind: &str, errors: &[FieldError]) -> Status {
        let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let list = if list.len() == 1 { list[0].clone() } else { format!("[{}]", list.join(", ")) };
        let causes: Vec<Value> = errors
            .iter()
            .map(|e| json!({"reason": e.reason, "message": e.detail, "field": e.field}))
            .collect();
        let details = json!({"group": "meta.k8s.io", "kind": kind, "causes": causes});
        Status {
            details,
            ..Status::new(422, "Invalid", format!("{kind}.meta.k8s.io \"\" is invalid: {list}"))
        }
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::new(400, "BadRequest", message)
    }

    /// The request is understood and refused.
    pub fn forbidden(resource: Resource, name: &str, why: &str) -> Status {
        let message = if name.is_empty() {
            format!("{} is forbidden: {why}", resource.qualified())
        } else {
            format!("{} \"{name}\" is forbidden: {why}", resource.qualified())
        };
        Status::about(resource, name, 403, "Forbidden", message)
    }

    /// As [`Status::forbidden`], for a resource that may not be there.
    pub fn forbidden_named(group: &str, plural: &str, name: &str, why: &str) -> Status {
        let dot = if group.is_empty() { "" } else { "." };
        let quoted = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        Status {
            details: details(group, plural, name),
            ..Status::new(403, "Forbidden", format!("{plural}{dot}{group}{quoted} is forbidden: {why}"))
        }
    }

    /// The verb does not apply to the resource.
    pub fn method_not_allowed() -> Status {
        Status {
            details: json!({}),
            ..Status::new(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            )
        }
    }

    /// The resource has no such verb, as the server's handlers say it. Models `NewMethodNotSupported`.
    pub fn not_supported(resource: Resource, verb: &str) -> Status {
        let of = resource.qualified();
        let message = format!("{verb} is not supported on resources of kind {of:?}");
        Status {
            details: json!({"group": resource.group, "kind": resource.plural}),
            ..Status::new(405, "MethodNotAllowed", message)
        }
    }

    /// No resource is served at this path.
    pub fn no_such_path() -> Status {
        Status {
            details: json!({}),
            ..Status::new(404, "NotFound", "the server could not find the requested resource")
        }
    }

    /// The body is in a form that cannot be read.
    pub fn unsupported_media_type(message: impl Into<String>) -> Status {
        Status::new(415, "UnsupportedMediaType", message)
    }

    /// A watch asked for history that is gone.
    pub fn expired(message: impl Into<String>) -> Status {
        Status::new(410, "Expired", message)
    }

    /// The server itself is at a loss.
    pub fn internal(message: &str) -> Status {
        Status {
            details: json!({"causes": [{"message": message}]}),
            ..Status::new(500, "InternalError", format!("Internal error occurred: {message}"))
        }
    }

    /// Upstream does this; the simulation does not.
    pub fn not_simulated(what: &str) -> Status {
        Status::new(501, "NotImplemented", format!("kube-apiserver: {what} is not simulated"))
    }

    /// Whether the object was not there.
    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound"
    }
    /// Whether something else was quicker.
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }
    /// Whether the name was taken.
    pub fn is_already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }
    /// Whether the object broke a rule.
    pub fn is_invalid(&self) -> bool {
        self.reason == "Invalid"
    }
    /// Whether the request was refused.
    pub fn is_forbidden(&self) -> bool {
        self.reason == "Forbidden"
    }
    /// Whether history has gone that a watch asked for.
    pub fn is_expired(&self) -> bool {
        self.code == 410
    }

    /// As it goes over the wire.
    pub fn to_value(&self) -> Value {
        let mut value = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            value["reason"] = json!(self.reason);
        }
        if !self.metadata.is_null() {
            value["metadata"] = self.metadata.clone();
        }
        if !self.details.is_null() {
            value["details"] = self.details.clone();
        }
        value
    }

    /// From what came over the wire.
    pub fn from_value(value: &Value) -> Status {
        Status {
            code: value.int_at("/code").and_then(|c| u16::try_from(c).ok()).unwrap_or(500),
            reason: value.str_at("/reason").to_string(),
            message: value.str_at("/message").to_string(),
            details: value.at("/details").clone(),
            metadata: Value::Null,
        }
    }
}

fn details(group: &str, kind: &str, name: &str) -> Value {
    let mut details = json!({"kind": kind});
    if !name.is_empty() {
        details["name"] = json!(name);
    }
    if !group.is_empty() {
        details["group"] = json!(group);
    }
    details
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}
