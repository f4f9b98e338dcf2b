//! Patches: a change instead of an object. Models `apiserver/pkg/endpoints/handlers/patch.go`.

use super::{ApiServer, WriteOptions, Written};
use crate::api::schema::Struct;
use crate::api::status::FieldError;
use crate::api::{Object, ObjectExt, Resource, Status, json_patch, merge_patch, set, strategic};
use crate::json;
use serde_json::Value;

/// The language of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// `application/strategic-merge-patch+json`.
    Strategic,
    /// `application/merge-patch+json`.
    Merge,
    /// `application/json-patch+json`.
    Json,
}

impl PatchKind {
    /// By the content type of a request.
    pub fn of_content_type(text: &str) -> Option<PatchKind> {
        match text.split(';').next().unwrap_or("").trim() {
            "application/strategic-merge-patch+json" => Some(PatchKind::Strategic),
            "application/merge-patch+json" => Some(PatchKind::Merge),
            "application/json-patch+json" => Some(PatchKind::Json),
            _ => None,
        }
    }

    /// The object after the patch.
    pub(super) fn apply(self, schema: &'static Struct, old: &Value, patch: Value) -> Result<Value, Status> {
        match self {
            PatchKind::Json => {
                let mut new = old.clone();
                if !patch.is_array() {
                    return Err(Status::bad_request(format!(
                        "error decoding patch: json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
                        if patch.is_object() { "object" } else { "string" }
                    )));
                }
                json_patch::apply(&mut new, &patch).map_err(|_| Status {
                    details: json!({}),
                    ..Status::new(
                        422,
                        "Invalid",
                        "the server rejected our request due to an error in our request",
                    )
                })?;
                Ok(new)
            }
            _ if !patch.is_object() => {
                let found = match patch {
                    Value::Array(_) => "array",
                    Value::String(_) => "string",
                    Value::Bool(_) => "bool",
                    _ => "number",
                };
                let decoding = if self == PatchKind::Merge { "error decoding patch: " } else { "" };
                Err(Status::bad_request(format!(
                    "{decoding}json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
                )))
            }
            PatchKind::Merge => Ok(merge_patch::merged(old, patch)),
            PatchKind::Strategic => {
                let mut new = old.clone();
                strategic::apply(schema, &mut new, &patch);
                Ok(new)
            }
        }
    }

    /// The top-level fields in which an object may hold something new after the patch; nothing for any of them.
    fn touched(self, patch: &Value) -> Option<Vec<String>> {
        let fields = patch.as_object().filter(|_| self != PatchKind::Json)?;
        let directs = fields.keys().any(|key| key.starts_with('$'));
        (!directs).then(|| fields.keys().cloned().collect())
    }
}

impl ApiServer {
    /// Changes an object, or only its status.
    #[expect(clippy::too_many_arguments, reason = "each is one word of the request")]
    pub fn patch(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        kind: PatchKind,
        patch: Value,
        status: bool,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let old: Object = self.get(resource, namespace, name)?;
        let touched = kind.touched(&patch);
        let sent_version = !patch.at("/metadata/resourceVersion").is_null();
        // What is wrong with a strategic patch is told in its own words.
        let strategic = (kind == PatchKind::Strategic).then(|| patch.clone());
        let new = kind.apply(resource.schema, &old, patch)?;
        if new.name() != name {
            let error = FieldError {
                field: "metadata.name".to_string(),
                reason: "FieldValueInvalid",
                detail: format!("Invalid value: {:?}: field is immutable", new.name()),
            };
            return Err(Status::invalid(resource, name, &[error]));
        }
        let is_new = |name: &str| touched.as_ref().is_none_or(|fields| fields.iter().any(|f| f == name));
        self.update_fields(resource, namespace, new, status, options, &is_new).map_err(|error| {
            let mistyped = error.message.contains(": json: cannot unmarshal");
            if let Some(patch) = strategic.filter(|_| mistyped) {
                unrecognized(&patch, &error)
            } else if error.is_conflict() && !sent_version {
                Status::modified(resource, name)
            } else {
                error
            }
        })
    }
}

/// A value of the wrong type in a strategic patch is told in words of its own.
fn unrecognized(patch: &Value, error: &Status) -> Status {
    let ty = error.message.rsplit(' ').next().unwrap_or("");
    let detail = format!("Invalid value: \"{}\": unrecognized type: {ty}", go_map(patch));
    let mut status = Status::new(422, "Invalid", format!(" \"\" is invalid: patch: {detail}"));
    set(
        &mut status.details,
        "/causes",
        json!([{"reason": "FieldValueInvalid", "message": detail, "field": "patch"}]),
    );
    status
}

/// A JSON value as Go's `%+v` prints it.
fn go_map(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let fields: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", go_map(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(go_map).collect::<Vec<_>>().join(" ")),
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_string(),
        other => other.to_string(),
    }
}
