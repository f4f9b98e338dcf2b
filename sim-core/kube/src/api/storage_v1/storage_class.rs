//! Storage classes: kinds of storage, and who makes volumes of them. A bare cluster has none.

use crate::api::ObjectExt;
use crate::api::core_v1::persistent_volume::RECLAIM_POLICIES;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::{self, Errors};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "StorageClass",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("provisioner", Str).required(),
        f("parameters", Map),
        f("reclaimPolicy", StrPtr).or(D::Str("Delete")).one_of(RECLAIM_POLICIES),
        f("mountOptions", List(&Str)),
        f("allowVolumeExpansion", Bool),
        f("volumeBindingMode", StrPtr).or(D::Str("Immediate")).one_of(&["Immediate", "WaitForFirstConsumer"]),
        f("allowedTopologies", List(&Object(&TOPOLOGY))),
    ],
};
static TOPOLOGY: Struct = Struct {
    go: "TopologySelectorTerm",
    fields: &[f("matchLabelExpressions", List(&Object(&TOPOLOGY_REQUIREMENT)))],
};
static TOPOLOGY_REQUIREMENT: Struct = Struct {
    go: "TopologySelectorLabelRequirement",
    fields: &[f("key", Str).required(), f("values", List(&StrPtr)).required()],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "storage.k8s.io",
    kind: "StorageClass",
    plural: "storageclasses",
    singular: "storageclass",
    short_names: &["sc"],
    namespaced: false,
    schema: &SCHEMA,
    validate,
    columns: &[
        NAME,
        column("Provisioner", "Who makes volumes of this class."),
        column("ReclaimPolicy", "What becomes of a volume whose claim is gone."),
        column("VolumeBindingMode", "When a claim gets its volume."),
        column("AllowVolumeExpansion", "Whether a volume can grow."),
        AGE,
    ],
    row,
    ..PLAIN
};

/// Whether claims without a class get this one.
pub fn is_default(class: &Value) -> bool {
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
        .iter()
        .any(|key| class.annotation(key) == Some("true"))
}

/// Models `printStorageClass`.
fn row(class: &Value, now: Timestamp) -> Vec<Value> {
    let mark = if is_default(class) { " (default)" } else { "" };
    vec![
        format!("{}{mark}", class.name()).into(),
        class.str_at("/provisioner").into(),
        class.str_at("/reclaimPolicy").into(),
        class.str_at("/volumeBindingMode").into(),
        class.bool_at("/allowVolumeExpansion").into(),
        age(class, now),
    ]
}

/// Models `ValidateStorageClass` and its update.
fn validate(class: &Value, old: Option<&Value>, errors: &mut Errors) {
    let provisioner = class.str_at("/provisioner");
    if provisioner.is_empty() {
        errors.required("provisioner", "");
    } else {
        errors.check("provisioner", provisioner, validation::label_key(&provisioner.to_lowercase()));
    }
    let policy = class.str_at("/reclaimPolicy");
    errors.one_of("reclaimPolicy", policy, &["Delete", "Retain"]);
    let mode = class.str_at("/volumeBindingMode");
    errors.one_of("volumeBindingMode", mode, &["Immediate", "WaitForFirstConsumer"]);
    if let Some(old) = old {
        for field in ["parameters", "provisioner", "reclaimPolicy"] {
            if class.get(field) != old.get(field) {
                errors.forbidden(field, &format!("updates to {field} are forbidden."));
            }
        }
        errors.immutable("volumeBindingMode", class.at("/volumeBindingMode"), old.at("/volumeBindingMode"));
    }
}
