//! Tables: rows and columns instead of objects, for who shows them to people. Models
//! `apiserver/pkg/endpoints/handlers/response.go`.

use super::rest::Request;
use crate::api::{Object, ObjectExt, Resource};
use serde_json::{Value, json};
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
}

impl Form {
    /// What the request wants, if it wants a table.
    pub(super) fn wanted(request: &Request) -> Option<Form> {
        let first = request.header("Accept").split(',').next().unwrap_or("");
        if !first.contains("as=Table") {
            return None;
        }
        Some(match request.param("includeObject") {
            "Object" => Form::Object,
            "None" => Form::Cells,
            _ => Form::Metadata,
        })
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
        let rows: Vec<Value> = objects.iter().map(|object| self.row(resource, object, now)).collect();
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": columns, "rows": rows,
        })
    }

    fn row(self, resource: Resource, object: &Object, now: Timestamp) -> Value {
        let cells = match resource.custom {
            Some(custom) => custom.row(object, now),
            None => (resource.row)(object, now),
        };
        let mut row = json!({"cells": cells});
        match self {
            Form::Cells => {}
            Form::Object => row["object"] = (**object).clone(),
            Form::Metadata => {
                row["object"] = json!({
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": object.at("/metadata"),
                });
            }
        }
        row
    }
}
