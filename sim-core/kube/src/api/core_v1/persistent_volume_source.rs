//! Where a persistent volume may come from that this cluster does not have: the tables of fields of network storage
//! whose secrets may lie in any namespace.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_REFERENCE;
use crate::api::schema::{Struct, f};

/// A secret of any namespace.
pub static SECRET_REFERENCE: Struct =
    Struct { go: "SecretReference", fields: &[f("name", Str), f("namespace", Str)] };
/// `AzureFilePersistentVolumeSource`.
pub static AZURE_FILE_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "AzureFilePersistentVolumeSource",
    fields: &[
        f("readOnly", Bool),
        f("secretName", Str).required(),
        f("secretNamespace", Str),
        f("shareName", Str).required(),
    ],
};
/// `CephFSPersistentVolumeSource`.
pub static CEPH_FS_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "CephFSPersistentVolumeSource",
    fields: &[
        f("monitors", List(&Str)).required(),
        f("path", Str),
        f("readOnly", Bool),
        f("secretFile", Str),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("user", Str),
    ],
};
/// `CinderPersistentVolumeSource`.
pub static CINDER_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "CinderPersistentVolumeSource",
    fields: &[
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("volumeID", Str).required(),
    ],
};
/// `FlexPersistentVolumeSource`.
pub static FLEX_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "FlexPersistentVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("fsType", Str),
        f("options", Map),
        f("readOnly", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)),
    ],
};
/// `GlusterfsPersistentVolumeSource`.
pub static GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "GlusterfsPersistentVolumeSource",
    fields: &[
        f("endpoints", Str).required(),
        f("endpointsNamespace", Str),
        f("path", Str).required(),
        f("readOnly", Bool),
    ],
};
/// `ISCSIPersistentVolumeSource`.
pub static ISCSI_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "ISCSIPersistentVolumeSource",
    fields: &[
        f("chapAuthDiscovery", Bool),
        f("chapAuthSession", Bool),
        f("fsType", Str),
        f("initiatorName", Str),
        f("iqn", Str).required(),
        f("iscsiInterface", Str).or(D::Str("default")),
        f("lun", Int32).required(),
        f("portals", List(&Str)),
        f("readOnly", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("targetPortal", Str).required(),
    ],
};
/// `RBDPersistentVolumeSource`.
pub static RBD_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "RBDPersistentVolumeSource",
    fields: &[
        f("fsType", Str),
        f("image", Str).required(),
        f("keyring", Str).or(D::Str("/etc/ceph/keyring")),
        f("monitors", List(&Str)).required(),
        f("pool", Str).or(D::Str("rbd")),
        f("readOnly", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("user", Str).or(D::Str("admin")),
    ],
};
/// `ScaleIOPersistentVolumeSource`.
pub static SCALE_IO_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "ScaleIOPersistentVolumeSource",
    fields: &[
        f("fsType", Str).or(D::Str("xfs")),
        f("gateway", Str).required(),
        f("protectionDomain", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)).required(),
        f("sslEnabled", Bool),
        f("storageMode", Str).or(D::Str("ThinProvisioned")),
        f("storagePool", Str),
        f("system", Str).required(),
        f("volumeName", Str),
    ],
};
/// `StorageOSPersistentVolumeSource`.
pub static STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "StorageOSPersistentVolumeSource",
    fields: &[
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&OBJECT_REFERENCE)),
        f("volumeName", Str),
        f("volumeNamespace", Str),
    ],
};
