//! Claims: a pod's wish for storage, which a volume fulfils.

use super::persistent_volume::{access_modes, class, modes, or_unset, quantity};
use crate::api::resource_list::Amount;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, wide};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "PersistentVolumeClaim",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
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
        f("selector", Object(&LABEL_SELECTOR)),
        f("resources", Object(&VOLUME_RESOURCES)).or(D::Empty),
        f("volumeName", Str),
        f("storageClassName", StrPtr),
        f("volumeMode", StrPtr).or(D::Str("Filesystem")).one_of(&["Block", "Filesystem"]),
        f("dataSource", Object(&DATA_SOURCE)),
        f("dataSourceRef", Object(&DATA_SOURCE_REF)),
        f("volumeAttributesClassName", StrPtr),
    ],
};
static VOLUME_RESOURCES: Struct = Struct {
    go: "VolumeResourceRequirements",
    fields: &[f("limits", MapOf(&Quantity)), f("requests", MapOf(&Quantity))],
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
        f("phase", Str).or(D::Str("Pending")).one_of(&["Bound", "Lost", "Pending"]),
        f("accessModes", List(&Str)),
        f("capacity", MapOf(&Quantity)),
        f("conditions", Keyed(&CONDITION, "type")),
        f("allocatedResources", MapOf(&Quantity)),
        f("allocatedResourceStatuses", Map),
        f("currentVolumeAttributesClassName", StrPtr),
        f("modifyVolumeStatus", Object(&MODIFY_STATUS)),
    ],
};
static MODIFY_STATUS: Struct = Struct {
    go: "ModifyVolumeStatus",
    fields: &[
        f("targetVolumeAttributesClassName", Str),
        f("status", Str).required().one_of(&["InProgress", "Infeasible", "Pending"]),
    ],
};

static CONDITION: Struct = Struct {
    go: "PersistentVolumeClaimCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastProbeTime", Time),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
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
    default: |claim| {
        // The older name of the same field.
        if claim.at("/spec/dataSourceRef").is_null() && !claim.at("/spec/dataSource").is_null() {
            let source = claim.at("/spec/dataSource").clone();
            set(claim, "/spec/dataSourceRef", source);
        }
    },
    validate,
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

/// Models `ValidatePersistentVolumeClaim` and its update.
fn validate(claim: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = claim.at("/spec");
    claim_spec(spec, "spec", errors);
    let Some(old) = old else { return };
    let before = old.at("/spec");
    let plain = |spec: &Value| {
        let mut spec = spec.clone();
        if before.str_at("/volumeName").is_empty() {
            spec["volumeName"] = Value::Null;
        }
        if before.at("/storageClassName").is_null() {
            spec["storageClassName"] = Value::Null;
        }
        if claim.str_at("/status/phase") == "Bound" {
            set(&mut spec, "/resources/requests/storage", Value::Null);
        }
        spec["volumeAttributesClassName"] = Value::Null;
        spec
    };
    if plain(spec) != plain(before) {
        errors.forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
             claims",
        );
    }
    let size = |object: &Value, path: &str| Amount::parse(object.at(path).as_str().unwrap_or("0")).milli;
    let new = size(spec, "/resources/requests/storage");
    if new < size(before, "/resources/requests/storage") && new <= size(old, "/status/capacity/storage") {
        errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
    }
    errors.immutable("volumeMode", spec.at("/volumeMode"), before.at("/volumeMode"));
}

/// Models `ValidatePersistentVolumeClaimSpec`.
fn claim_spec(spec: &Value, path: &str, errors: &mut Errors) {
    let field = |name: &str| format!("{path}.{name}");
    modes(spec.at("/accessModes"), &field("accessModes"), "at least 1 access mode is required", errors);
    if !spec.at("/selector").is_null() {
        validation::label_selector(spec.at("/selector"), &field("selector"), errors);
    }
    match spec.at("/resources/requests/storage") {
        Value::Null => errors.required(field("resources[storage]"), ""),
        size => errors.positive_quantity(field("resources[storage]"), size),
    }
    let class = spec.str_at("/storageClassName");
    if !class.is_empty() {
        errors.check(field("storageClassName"), class, validation::dns_subdomain(class));
    }
    errors.one_of(field("volumeMode"), spec.str_at("/volumeMode"), &["Block", "Filesystem"]);
    let source = spec.at("/dataSource");
    if !source.is_null() && source.str_at("/apiGroup").is_empty() {
        let kind = source.str_at("/kind");
        if kind != "PersistentVolumeClaim" {
            let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.invalid_str(field("dataSource"), kind, why);
        }
    }
}
