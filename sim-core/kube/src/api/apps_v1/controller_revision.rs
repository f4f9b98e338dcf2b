//! Controller revisions: the templates that a daemon set has had.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column, number, or_none};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ControllerRevision",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("data", Any),
        f("revision", Int64).required(),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "apps",
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    schema: &SCHEMA,
    columns: &[
        NAME,
        column("Controller", "Controller of the object"),
        number("Revision", "Revision indicates the revision of the state represented by Data."),
        AGE,
    ],
    row,
    ..PLAIN
};

fn row(revision: &Value, now: Timestamp) -> Vec<Value> {
    let controller = revision.controller_of().map(|owner| {
        let group =
            owner.api_version().split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
        format!("{}{group}/{}", owner.kind().to_lowercase(), owner.str_at("/name"))
    });
    vec![
        revision.name().into(),
        or_none(controller.unwrap_or_default()),
        revision.int_at("/revision").unwrap_or(0).into(),
        age(revision, now),
    ]
}
