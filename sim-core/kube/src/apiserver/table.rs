//! Tables: rows and columns instead of objects, for who shows them to people. Models
//! `apiserver/pkg/endpoints/handlers/response.go`.

use super::negotiate;
use super::rest::{Request, Response, header, json_line};
use crate::api::{Object, ObjectExt, Resource};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

/// How much of the object a row carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its metadata.
    Metadata,
    /// All of it.
    Object,
    /// Nothing.
    Cells,
    /// No table: the metadata of the objects.
    Partial,
}

impl Form {
    /// What the request wants, if it wants a table.
    pub(super) fn wanted(request: &Request) -> Option<Form> {
        negotiate::check_accept(request, "get").ok().flatten()
    }

    /// An answer in this form.
    pub(super) fn answer(self, status: u16, value: &Value) -> Response {
        let headers = vec![header("Content-Type", "application/json")];
        Response::Whole { status, headers, body: json_line(value) }
    }

    /// A list in this form.
    pub(super) fn list(
        self,
        resource: Resource,
        objects: &[Object],
        metadata: Value,
        now: Timestamp,
    ) -> Value {
        if self == Form::Partial {
            let mut list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"});
            list["metadata"] = metadata;
            list["items"] = objects.iter().map(partial).collect();
            return list;
        }
        self.table(resource, objects, metadata, now, true)
    }

    /// One object in this form.
    pub(super) fn one(self, resource: Resource, object: &Object, now: Timestamp) -> Value {
        if self == Form::Partial {
            return partial(object);
        }
        let metadata = json!({"resourceVersion": object.resource_version()});
        self.table(resource, std::slice::from_ref(object), metadata, now, true)
    }

    /// The table of these objects.
    pub(super) fn table(
        self,
        resource: Resource,
        objects: &[Object],
        metadata: Value,
        now: Timestamp,
        headers: bool,
    ) -> Value {
        let columns = headers.then(|| {
            let columns = resource.columns.iter().map(|c| {
                json!({"name": c.name, "type": c.ty, "format": c.format, "description": c.description,
                    "priority": c.priority})
            });
            columns.collect::<Vec<_>>()
        });
        // What is many is moved in: `json!` copies what it is given.
        let mut table =
            json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": columns});
        table["metadata"] = metadata;
        table["rows"] = objects.iter().map(|object| self.row(resource, object, now)).collect();
        table
    }

    fn row(self, resource: Resource, object: &Object, now: Timestamp) -> Value {
        let cells = match resource.custom {
            Some(custom) => custom.row(object, now),
            None => match &resource.conversion {
                Some(conversion) => (resource.row)(&(conversion.inward)(object), now),
                None => (resource.row)(object, now),
            },
        };
        let mut row = json!({});
        row["cells"] = Value::Array(cells);
        match self {
            Form::Cells => {}
            Form::Object => row["object"] = (**object).clone(),
            Form::Metadata | Form::Partial => row["object"] = partial(object),
        }
        row
    }
}

/// An object's metadata, and nothing else.
fn partial(object: &Object) -> Value {
    let mut partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"});
    partial["metadata"] = object.at("/metadata").clone();
    partial
}
