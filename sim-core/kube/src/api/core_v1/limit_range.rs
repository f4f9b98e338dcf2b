//! Limit ranges: what a single container, pod or claim of a namespace may ask for, and what it gets when it
//! asks for nothing.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{CREATED_AT, NAME};

static SCHEMA: Struct = Struct {
    go: "LimitRange",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct =
    Struct { go: "LimitRangeSpec", fields: &[f("limits", List(&Object(&ITEM))).required()] };
static ITEM: Struct = Struct {
    go: "LimitRangeItem",
    fields: &[
        f("default", MapOf(&Quantity)),
        f("defaultRequest", MapOf(&Quantity)),
        f("max", MapOf(&Quantity)),
        f("maxLimitRequestRatio", MapOf(&Quantity)),
        f("min", MapOf(&Quantity)),
        f("type", Str).required(),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "LimitRange",
    plural: "limitranges",
    singular: "limitrange",
    short_names: &["limits"],
    schema: &SCHEMA,
    columns: &[NAME, CREATED_AT],
    row: |range, _| {
        use crate::api::ObjectExt;
        vec![range.name().into(), range.creation_timestamp().into()]
    },
    ..PLAIN
};
