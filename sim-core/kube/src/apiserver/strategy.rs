//! Steps that every write takes: the object comes into canonical form, and what it may not touch comes
//! from the old one. Models `apiserver/pkg/registry/rest`.

use super::options::{DeleteOptions, FieldValidation, Propagation, WriteOptions};
use super::{custom, strict};
use crate::api::{NAMESPACE, Object, ObjectExt, POD, Resource, Status, object_at, pod, remove, set};
use crate::json;
use encoding::value::field;
use serde_json::Value;
use std::borrow::Cow;
use std::rc::Rc;

/// The object belongs where the request says.
pub(super) fn place(resource: Resource, namespace: &str, object: &mut Value) -> Result<(), Status> {
    if !object.is_object() {
        return Err(Status::bad_request("the object provided is unrecognized (must be of type JSON object)"));
    }
    if resource.namespaced {
        let own = object.namespace();
        if own.is_empty() {
            set(object, "/metadata/namespace", json!(namespace));
        } else if own != namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
    } else {
        remove(object, "/metadata/namespace");
    }
    if object.kind() != resource.kind || object.api_version() != resource.api_version() {
        place_version(resource, object);
    }
    Ok(())
}

/// The object says of which kind it is.
pub(super) fn place_version(resource: Resource, object: &mut Value) {
    set(object, "/apiVersion", json!(resource.api_version()));
    set(object, "/kind", json!(resource.kind));
}

/// Brings the object into canonical form, where `is_new` says which of its fields may not be in it yet. What it says
/// too much fails or warns.
pub(super) fn decode(
    resource: Resource,
    object: &mut Value,
    options: &WriteOptions,
    is_new: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, Status> {
    let refuse = |why: &str| {
        Status::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: {why}",
            resource.kind, resource.version, resource.kind
        ))
    };
    // What was translated from another form has not been in this form.
    let translated = resource.conversion.is_some();
    let unknown = match resource.custom {
        Some(custom) => custom.decode(resource.schema, object),
        None => resource.schema.decode_fields(object, &|name| translated || is_new(name)),
    }
    .map_err(|why| refuse(&why))?;
    let mut warnings = options.findings.list.clone();
    if !options.findings.complete {
        warnings.extend(unknown.iter().map(|field| format!("unknown field {field:?}")));
    }
    match options.field_validation {
        FieldValidation::Strict if !warnings.is_empty() => {
            Err(refuse(&format!("strict decoding error: {}", strict::sentences(&warnings).join(", "))))
        }
        FieldValidation::Warn => Ok(warnings),
        _ => Ok(Vec::new()),
    }
}

/// How to write, with the form in which the object comes.
pub(super) fn in_form(resource: Resource, options: &WriteOptions) -> Cow<'_, WriteOptions> {
    match resource.conversion {
        Some(_) => Cow::Owned(WriteOptions { form: Some(resource), ..options.clone() }),
        None => Cow::Borrowed(options),
    }
}

/// Into the form in which it is stored.
pub(super) fn inward(resource: Resource, object: &mut Value) -> Resource {
    if let Some(conversion) = &resource.conversion {
        *object = (conversion.inward)(object);
    }
    resource.storage()
}

/// Out of the form in which it is stored.
pub(super) fn outward(resource: Resource, object: Object) -> Object {
    if let Some(converted) = custom::in_version(resource, &object) {
        Rc::new(converted)
    } else if let Some(conversion) = &resource.conversion {
        Rc::new((conversion.outward)(&object))
    } else {
        object
    }
}

/// What an update may not touch comes from the old object.
pub(super) fn prepare_for_update(resource: Resource, object: &mut Value, old: &Value, status: bool) {
    if status {
        // Only the status is taken; labels and annotations may come along.
        keep(object, old, "", &["spec"]);
        keep(object, old, "/metadata", &["ownerReferences", "finalizers"]);
    } else if resource.subresource("status").is_some() {
        keep(object, old, "", &["status"]);
    }
    let fields = [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
    ];
    keep(object, old, "/metadata", &fields);
    if std::ptr::eq(resource, NAMESPACE) && !status {
        keep(object, old, "/spec", &["finalizers"]);
    }
    if !status {
        (resource.prepare_for_update)(object, old);
    }
    if resource.generation && !status && object.at("/spec") != old.at("/spec") {
        set(object, "/metadata/generation", json!(old.generation() + 1));
    }
}

/// Makes these fields of what stands at `path` the same as in the old object.
fn keep(object: &mut Value, old: &Value, path: &str, fields: &[&str]) {
    let (own, old) = (object_at(object, path), old.map_at(path));
    for name in fields {
        let value = field(old, name).filter(|value| !value.is_null());
        match value {
            value if value == field(own, name) => {}
            Some(value) => drop(own.insert((*name).to_string(), value.clone())),
            None => drop(own.remove(*name)),
        }
    }
}

/// How long an object may take to go: pods only. Models `podStrategy.CheckGracefulDelete`.
pub(super) fn grace_period(resource: Resource, object: &Value, options: &DeleteOptions) -> i64 {
    if !std::ptr::eq(resource, POD) {
        return 0;
    }
    let asked = options.grace_period_seconds;
    let own = object.int_at("/spec/terminationGracePeriodSeconds").unwrap_or(30);
    // One that no kubelet has seen, or that has ended, needs no time.
    if pod::node_name(object).is_empty() || pod::is_terminal(object) {
        return 0;
    }
    match asked {
        Some(seconds) if seconds < 0 => 1,
        Some(seconds) => seconds,
        None if object.is_terminating() => {
            object.int_at("/metadata/deletionGracePeriodSeconds").unwrap_or(own)
        }
        None => own,
    }
}

pub(super) fn finalizers_for(object: &Value, policy: Option<Propagation>) -> Vec<String> {
    let own = |f: &&str| !["foregroundDeletion", "orphan"].contains(f);
    let mut finalizers: Vec<Cow<'_, str>> = match policy {
        None => object.finalizers().into_iter().map(Cow::from).collect(),
        Some(_) => object.finalizers().into_iter().filter(own).map(Cow::from).collect(),
    };
    match policy {
        Some(Propagation::Foreground) => finalizers.push("foregroundDeletion".into()),
        Some(Propagation::Orphan) => finalizers.push("orphan".into()),
        _ => {}
    }
    finalizers.into_iter().map(Cow::into_owned).collect()
}
