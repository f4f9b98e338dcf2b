//! Tables: rows and columns instead of objects, for who shows them to people. Models
//! `apiserver/pkg/endpoints/handlers/response.go`.

use super::encoded::Encoded;
use super::negotiate;
use super::rest::{Request, Response};
use crate::api::{Object, ObjectExt, Resource, go_order};
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

    /// A list in this form, with this metadata.
    pub(super) fn list(
        self,
        resource: Resource,
        objects: &[Object],
        metadata: &Value,
        now: Timestamp,
        encoded: &mut Encoded,
    ) -> Response {
        let mut text = String::new();
        if self == Form::Partial {
            text += "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":";
            go_order::write_metadata(&mut text, metadata);
            text += ",\"items\":";
            each(&mut text, objects, &mut partial);
            text += "}";
        } else {
            encoded.expect(resource, if self == Form::Object { objects.len() } else { 0 });
            self.table(&mut text, resource, objects, metadata, (now, encoded), true);
        }
        text += "\n";
        Response::json_bytes(200, text.into_bytes())
    }

    /// One object in this form.
    pub(super) fn one(self, status: u16, resource: Resource, object: &Object, now: Timestamp) -> Response {
        let mut text = String::new();
        self.write(&mut text, resource, object, now, true);
        text += "\n";
        Response::json_bytes(status, text.into_bytes())
    }

    /// Writes one object in this form, with or without the columns' names.
    pub(super) fn write(
        self,
        text: &mut String,
        resource: Resource,
        object: &Object,
        now: Timestamp,
        headers: bool,
    ) {
        if self == Form::Partial {
            return partial(text, object);
        }
        let metadata = json!({"resourceVersion": object.resource_version()});
        let known = (now, &mut Encoded::default());
        self.table(text, resource, std::slice::from_ref(object), &metadata, known, headers);
    }

    /// Writes the table of these objects. Its rows are many, so they are not built.
    fn table(
        self,
        text: &mut String,
        resource: Resource,
        objects: &[Object],
        metadata: &Value,
        (now, encoded): (Timestamp, &mut Encoded),
        headers: bool,
    ) {
        *text += "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":";
        go_order::write_metadata(text, metadata);
        let columns = resource.columns.iter().map(|c| {
            json!({"name": c.name, "type": c.ty, "format": c.format, "description": c.description,
                "priority": c.priority})
        });
        let columns = if headers { columns.collect() } else { Value::Null };
        *text += ",\"columnDefinitions\":";
        go_order::write_in(text, "columnDefinitions", &columns);
        *text += ",\"rows\":";
        each(text, objects, &mut |text, object| self.row(text, resource, object, now, encoded));
        *text += "}";
    }

    fn row(
        self,
        text: &mut String,
        resource: Resource,
        object: &Object,
        now: Timestamp,
        encoded: &mut Encoded,
    ) {
        let cells = match resource.custom {
            Some(custom) => custom.row(object, now),
            None => match &resource.conversion {
                Some(conversion) => (resource.row)(&(conversion.inward)(object), now),
                None => (resource.row)(object, now),
            },
        };
        *text += "{\"cells\":";
        go_order::write_in(text, "cells", &Value::Array(cells));
        match self {
            Form::Cells => {}
            Form::Object => {
                *text += ",\"object\":";
                encoded.write(text, resource, object);
            }
            Form::Metadata | Form::Partial => {
                *text += ",\"object\":";
                partial(text, object);
            }
        }
        *text += "}";
    }
}

/// Writes an array of these objects.
pub(super) fn each(text: &mut String, objects: &[Object], write: &mut dyn FnMut(&mut String, &Object)) {
    *text += "[";
    for (index, object) in objects.iter().enumerate() {
        let begin = text.len();
        if index > 0 {
            *text += ",";
        }
        write(text, object);
        if index == 0 {
            text.reserve((text.len() - begin + 16) * objects.len());
        }
    }
    *text += "]";
}

/// Writes an object's metadata, and nothing else.
fn partial(text: &mut String, object: &Object) {
    *text += "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":";
    go_order::write_metadata(text, object.at("/metadata"));
    *text += "}";
}
