//! Claims: a pod's wish for storage, which a volume fulfils.

use super::container::RESOURCES;
use super::persistent_volume::{access_modes, class, or_unset, quantity};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{CONDITION, LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, wide};
use crate::api::{ObjectExt, set};
use serde_json::{Value, json};
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "PersistentVolumeClaim",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&CLAIM_SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
/// `spec` of a claim, or of a template for claims.
pub static CLAIM_SPEC: Struct = Struct {
    go: "PersistentVolumeClaimSpec",
    fields: &[
        f("accessModes", List(&Str)),
        f("dataSource", Object(&DATA_SOURCE)),
        f("dataSourceRef", Object(&DATA_SOURCE_REF)),
        f("resources", Object(&RESOURCES)).or(D::Empty),
        f("selector", Object(&LABEL_SELECTOR)),
        f("storageClassName", StrPtr),
        f("volumeAttributesClassName", StrPtr),
        f("volumeMode", StrPtr).or(D::Str("Filesystem")).one_of(&["Block", "Filesystem"]),
        f("volumeName", Str),
    ],
};
static DATA_SOURCE: Struct = Struct {
    go: "TypedLocalObjectReference",
    fields: &[f("apiGroup", StrPtr), f("kind", Str).required(), f("name", Str).required()],
};
static DATA_SOURCE_REF: Struct = Struct {
    go: "TypedObjectReference",
    fields: &[
        f("apiGroup", StrPtr),
        f("kind", Str).required(),
        f("name", Str).required(),
        f("namespace", StrPtr),
    ],
};
static STATUS: Struct = Struct {
    go: "PersistentVolumeClaimStatus",
    fields: &[
        f("accessModes", List(&Str)),
        f("allocatedResourceStatuses", Map),
        f("allocatedResources", MapOf(&Quantity)),
        f("capacity", MapOf(&Quantity)),
        f("conditions", Keyed(&CONDITION, "type")),
        f("currentVolumeAttributesClassName", StrPtr),
        f("modifyVolumeStatus", Object(&MODIFY_STATUS)),
        f("phase", Str).or(D::Str("Pending")).one_of(&["Bound", "Lost", "Pending"]),
    ],
};
static MODIFY_STATUS: Struct = Struct {
    go: "ModifyVolumeStatus",
    fields: &[
        f("status", Str).required().one_of(&["InProgress", "Infeasible", "Pending"]),
        f("targetVolumeAttributesClassName", Str),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short_names: &["pvc"],
    schema: &SCHEMA,
    subresources: &[status_of("PersistentVolumeClaim")],
    prepare_for_create: |claim| set(claim, "/status", json!({"phase": "Pending"})),
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Status", "Whether the claim has a volume."),
    column("Volume", "The volume that the claim has."),
    column("Capacity", "How much that volume holds."),
    column("Access Modes", "The ways in which that volume can be mounted."),
    column("StorageClass", "StorageClass of the pvc"),
    column("VolumeAttributesClass", "VolumeAttributesClass of the pvc"),
    AGE,
    wide("VolumeMode", "Whether the claim wants a file system or raw blocks."),
];

/// Models `printPersistentVolumeClaim`.
fn row(claim: &Value, now: Timestamp) -> Vec<Value> {
    let volume = claim.str_at("/spec/volumeName");
    let (capacity, modes) = match volume {
        "" => ("", String::new()),
        _ => {
            (quantity(claim, "/status/capacity/storage"), access_modes(claim.list_at("/status/accessModes")))
        }
    };
    vec![
        claim.name().into(),
        if claim.is_terminating() { "Terminating" } else { claim.str_at("/status/phase") }.into(),
        volume.into(),
        capacity.into(),
        modes.into(),
        class(claim).into(),
        or_unset(claim.at("/spec/volumeAttributesClassName")),
        age(claim, now),
        or_unset(claim.at("/spec/volumeMode")),
    ]
}
