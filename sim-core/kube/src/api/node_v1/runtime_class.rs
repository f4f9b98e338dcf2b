//! Runtime classes: with which container runtime a pod wants to run. Nodes here have one runtime.

use super::super::core_v1::pod_spec::TOLERATION;
use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation;

static SCHEMA: Struct = Struct {
    go: "RuntimeClass",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("handler", Str).required(),
        f("overhead", Object(&OVERHEAD)),
        f("scheduling", Object(&SCHEDULING)),
    ],
};
static OVERHEAD: Struct = Struct { go: "Overhead", fields: &[f("podFixed", MapOf(&Quantity))] };
static SCHEDULING: Struct = Struct {
    go: "Scheduling",
    fields: &[f("nodeSelector", Map), f("tolerations", List(&Object(&TOLERATION)))],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "node.k8s.io",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    singular: "runtimeclass",
    namespaced: false,
    schema: &SCHEMA,
    // Models `ValidateRuntimeClass` and its update.
    validate: |class, old, errors| {
        let handler = class.str_at("/handler");
        errors.check("handler", handler, validation::dns_label(handler));
        if let Some(old) = old {
            errors.immutable("handler", class.at("/handler"), old.at("/handler"));
        }
    },
    columns: &[NAME, column("Handler", "How the runtime's configuration calls it."), AGE],
    row: |class, now| vec![class.name().into(), class.str_at("/handler").into(), age(class, now)],
    ..PLAIN
};
