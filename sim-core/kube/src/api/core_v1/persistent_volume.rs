//! Persistent volumes: storage that outlives pods, for claims to take.

use super::persistent_volume_source::{self, SECRET_REFERENCE};
use super::volume_source;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME, age, column, wide};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, core_v1::pod_spec::NODE_SELECTOR, set};
use crate::json;
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "PersistentVolume",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
pub(in crate::api) static SPEC: Struct = Struct {
    go: "PersistentVolumeSpec",
    fields: &[
        f("capacity", MapOf(&Quantity)),
        f("gcePersistentDisk", Object(&volume_source::GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f("awsElasticBlockStore", Object(&volume_source::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f("hostPath", Object(&HOST_PATH)),
        f("glusterfs", Object(&persistent_volume_source::GLUSTERFS_PERSISTENT_VOLUME_SOURCE)),
        f("nfs", Object(&NFS)),
        f("rbd", Object(&persistent_volume_source::RBD_PERSISTENT_VOLUME_SOURCE)),
        f("iscsi", Object(&persistent_volume_source::ISCSI_PERSISTENT_VOLUME_SOURCE)),
        f("cinder", Object(&persistent_volume_source::CINDER_PERSISTENT_VOLUME_SOURCE)),
        f("cephfs", Object(&persistent_volume_source::CEPH_FS_PERSISTENT_VOLUME_SOURCE)),
        f("fc", Object(&volume_source::FC_VOLUME_SOURCE)),
        f("flocker", Object(&volume_source::FLOCKER_VOLUME_SOURCE)),
        f("flexVolume", Object(&persistent_volume_source::FLEX_PERSISTENT_VOLUME_SOURCE)),
        f("azureFile", Object(&persistent_volume_source::AZURE_FILE_PERSISTENT_VOLUME_SOURCE)),
        f("vsphereVolume", Object(&volume_source::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
        f("quobyte", Object(&volume_source::QUOBYTE_VOLUME_SOURCE)),
        f("azureDisk", Object(&volume_source::AZURE_DISK_VOLUME_SOURCE)),
        f("photonPersistentDisk", Object(&volume_source::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f("portworxVolume", Object(&volume_source::PORTWORX_VOLUME_SOURCE)),
        f("scaleIO", Object(&persistent_volume_source::SCALE_IO_PERSISTENT_VOLUME_SOURCE)),
        f("local", Object(&LOCAL)),
        f("storageos", Object(&persistent_volume_source::STORAGE_OS_PERSISTENT_VOLUME_SOURCE)),
        f("csi", Object(&CSI)),
        f("accessModes", List(&Str)),
        f("claimRef", Object(&OBJECT_REFERENCE)),
        f("persistentVolumeReclaimPolicy", Str).or(D::Str("Retain")).one_of(RECLAIM_POLICIES),
        f("storageClassName", Str),
        f("mountOptions", List(&Str)),
        f("volumeMode", StrPtr).or(D::Str("Filesystem")).one_of(&["Block", "Filesystem"]),
        f("nodeAffinity", Object(&NODE_AFFINITY)),
        f("volumeAttributesClassName", StrPtr),
    ],
};
static STATUS: Struct = Struct {
    go: "PersistentVolumeStatus",
    fields: &[
        f("phase", Str).or(D::Str("Pending")).one_of(&[
            "Available",
            "Bound",
            "Failed",
            "Pending",
            "Released",
        ]),
        f("message", Str),
        f("reason", Str),
        f("lastPhaseTransitionTime", Time),
    ],
};
static NODE_AFFINITY: Struct =
    Struct { go: "VolumeNodeAffinity", fields: &[f("required", Object(&NODE_SELECTOR))] };
static HOST_PATH: Struct = Struct {
    go: "HostPathVolumeSource",
    fields: &[
        f("path", Str).required(),
        f("type", StrPtr).or(D::Str("")).one_of(&[
            "",
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ]),
    ],
};
static LOCAL: Struct =
    Struct { go: "LocalVolumeSource", fields: &[f("path", Str).required(), f("fsType", StrPtr)] };
static NFS: Struct = Struct {
    go: "NFSVolumeSource",
    fields: &[f("server", Str).required(), f("path", Str).required(), f("readOnly", Bool)],
};
static CSI: Struct = Struct {
    go: "CSIPersistentVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("volumeHandle", Str).required(),
        f("readOnly", Bool),
        f("fsType", Str),
        f("volumeAttributes", Map),
        f("controllerPublishSecretRef", Object(&SECRET_REFERENCE)),
        f("nodeStageSecretRef", Object(&SECRET_REFERENCE)),
        f("nodePublishSecretRef", Object(&SECRET_REFERENCE)),
        f("controllerExpandSecretRef", Object(&SECRET_REFERENCE)),
        f("nodeExpandSecretRef", Object(&SECRET_REFERENCE)),
    ],
};

/// What becomes of a volume whose claim is gone.
pub const RECLAIM_POLICIES: &[&str] = &["Delete", "Recycle", "Retain"];

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short_names: &["pv"],
    namespaced: false,
    schema: &SCHEMA,
    subresources: &[status_of("PersistentVolume")],
    validate,
    prepare_for_create: |volume| {
        let since = volume.creation_timestamp().to_string();
        set(volume, "/status", json!({"phase": "Pending", "lastPhaseTransitionTime": since}));
    },
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Capacity", "How much the volume holds."),
    column("Access Modes", "All the ways in which the volume can be mounted."),
    column("Reclaim Policy", "What becomes of the volume when its claim is gone."),
    column("Status", "Whether the volume is free, bound or released."),
    column("Claim", "The claim that has the volume."),
    column("StorageClass", "StorageClass of the pv"),
    column("VolumeAttributesClass", "VolumeAttributesClass of the pv"),
    column("Reason", "Why the volume is in its state."),
    AGE,
    wide("VolumeMode", "Whether the volume holds a file system or raw blocks."),
];

/// Models `printPersistentVolume`.
fn row(volume: &Value, now: Timestamp) -> Vec<Value> {
    let claim = match volume.at("/spec/claimRef") {
        Value::Object(_) => {
            format!("{}/{}", volume.str_at("/spec/claimRef/namespace"), volume.str_at("/spec/claimRef/name"))
        }
        _ => String::new(),
    };
    vec![
        volume.name().into(),
        quantity(volume, "/spec/capacity/storage").into(),
        access_modes(volume.list_at("/spec/accessModes")).into(),
        volume.str_at("/spec/persistentVolumeReclaimPolicy").into(),
        if volume.is_terminating() { "Terminating" } else { volume.str_at("/status/phase") }.into(),
        claim.into(),
        class(volume).into(),
        or_unset(volume.at("/spec/volumeAttributesClassName")),
        volume.str_at("/status/reason").into(),
        age(volume, now),
        or_unset(volume.at("/spec/volumeMode")),
    ]
}

/// A quantity as Go prints it: what is absent is zero.
pub(super) fn quantity<'a>(object: &'a Value, path: &str) -> &'a str {
    object.at(path).as_str().unwrap_or("0")
}

pub(super) fn or_unset(value: &Value) -> Value {
    value.as_str().unwrap_or("<unset>").into()
}

/// The storage class of a volume or a claim; the old annotation counts more than the field.
pub fn class(object: &Value) -> &str {
    object
        .annotation("volume.beta.kubernetes.io/storage-class")
        .unwrap_or_else(|| object.str_at("/spec/storageClassName"))
}

/// `RWO,ROX`: access modes as columns and descriptions show them, in upstream's order.
pub fn access_modes(modes: &[Value]) -> String {
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let found = short.iter().filter(|(mode, _)| modes.iter().any(|m| m == mode));
    found.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

/// Kinds of storage, in the order in which upstream looks for them.
pub const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// Models `ValidatePersistentVolumeSpec` and the update of a volume.
fn validate(volume: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = volume.at("/spec");
    modes(spec.at("/accessModes"), "spec.accessModes", "", errors);
    let capacity = spec.map_at("/capacity");
    if capacity.is_empty() {
        errors.required("spec.capacity", "");
    }
    if !capacity.contains_key("storage") || capacity.len() > 1 {
        errors.not_supported("spec.capacity", spec.at("/capacity"), &["storage"]);
    }
    for (name, quantity) in capacity {
        errors.positive_quantity(format!("spec.capacity[{name}]"), quantity);
    }
    let policy = spec.str_at("/persistentVolumeReclaimPolicy");
    errors.one_of("spec.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES);
    let affine = !spec.list_at("/nodeAffinity/required/nodeSelectorTerms").is_empty();
    if !spec.at("/nodeAffinity").is_null() && spec.at("/nodeAffinity/required").is_null() {
        errors.required("spec.nodeAffinity.required", "must specify required node constraints");
    }
    let mut found = SOURCES.iter().filter(|source| spec.get(**source).is_some());
    match found.next() {
        None => errors.required("spec", "must specify a volume type"),
        Some(source) => self::source(spec, source, affine, errors),
    }
    for source in found {
        errors.forbidden(format!("spec.{source}"), "may not specify more than 1 volume type");
    }
    if spec.str_at("/hostPath/path").trim_end_matches('/').is_empty()
        && !spec.at("/hostPath").is_null()
        && policy == "Recycle"
    {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        errors.forbidden("spec.persistentVolumeReclaimPolicy", why);
    }
    let class = spec.str_at("/storageClassName");
    if !class.is_empty() {
        errors.check("spec.storageClassName", class, validation::dns_subdomain(class));
    }
    errors.one_of("spec.volumeMode", spec.str_at("/volumeMode"), &["Block", "Filesystem"]);
    let Some(old) = old else { return };
    if SOURCES.iter().any(|source| spec.get(*source) != old.at("/spec").get(*source)) {
        errors.forbidden(
            "spec.persistentvolumesource",
            "spec.persistentvolumesource is immutable after creation",
        );
    }
    errors.immutable("volumeMode", spec.at("/volumeMode"), old.at("/spec/volumeMode"));
    let affinity = old.at("/spec/nodeAffinity");
    if !affinity.is_null() {
        errors.immutable("nodeAffinity", spec.at("/nodeAffinity"), affinity);
    }
}

fn source(spec: &Value, source: &str, affine: bool, errors: &mut Errors) {
    let value = spec.get(source).unwrap_or(&Value::Null);
    let needs: &[&str] = match source {
        "hostPath" | "local" => &["path"],
        "nfs" => &["server", "path"],
        "csi" => &["driver", "volumeHandle"],
        _ => &[],
    };
    for part in needs {
        let field = format!("spec.{source}.{part}");
        let text = value.get(*part).and_then(Value::as_str).unwrap_or("");
        if text.is_empty() {
            errors.required(field, "");
        } else if *part == "path" && source == "nfs" && !text.starts_with('/') {
            errors.invalid_str(field, text, "must be an absolute path");
        } else if *part == "path" && text.split('/').any(|step| step == "..") {
            errors.invalid_str(field, text, "must not contain '..'");
        }
    }
    if source == "hostPath" {
        let types = [
            "",
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ];
        errors.one_of("spec.hostPath.type", value.str_at("/type"), &types);
    }
    if source == "local" && !affine {
        errors.required("spec.nodeAffinity", "Local volume requires node affinity");
    }
}

/// Access modes of a volume or a claim.
pub(super) fn modes(modes: &Value, field: &str, missing: &str, errors: &mut Errors) {
    let list = modes.as_array().map_or(&[][..], Vec::as_slice);
    if list.is_empty() {
        errors.required(field, missing);
    }
    let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let (mut single, mut other) = (false, false);
    for mode in list.iter().filter_map(Value::as_str) {
        if errors.one_of(field, mode, &known) {
            single |= mode == "ReadWriteOncePod";
            other |= mode != "ReadWriteOncePod";
        }
    }
    if single && other {
        errors.forbidden(field, "may not use ReadWriteOncePod with other access modes");
    }
}
