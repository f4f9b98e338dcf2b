//! Limit ranges and resource quotas: nobody sets any here. They can be asked for, as `kubectl describe
//! namespace` does, and there are none.

use crate::api::schema::Struct;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::f;
use crate::api::scheme::{PLAIN, ResourceInfo};

static SCHEMA: Struct = Struct {
    go: "Object",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)),
        f("spec", Any),
        f("status", Any),
    ],
};

const READ: &[&str] = &["get", "list", "watch"];

/// The row of the scheme for limit ranges.
pub static LIMIT_RANGE: ResourceInfo = ResourceInfo {
    kind: "LimitRange",
    plural: "limitranges",
    singular: "limitrange",
    short_names: &["limits"],
    verbs: READ,
    schema: &SCHEMA,
    ..PLAIN
};

/// The row of the scheme for resource quotas.
pub static RESOURCE_QUOTA: ResourceInfo = ResourceInfo {
    kind: "ResourceQuota",
    plural: "resourcequotas",
    singular: "resourcequota",
    short_names: &["quota"],
    verbs: READ,
    schema: &SCHEMA,
    ..PLAIN
};
