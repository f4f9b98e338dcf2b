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
        f("secretName", Str).required(),
        f("shareName", Str).required(),
        f("readOnly", Bool),
        f("secretNamespace", Str),
    ],
};
/// `CephFSPersistentVolumeSource`.
pub static CEPH_FS_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "CephFSPersistentVolumeSource",
    fields: &[
        f("monitors", List(&Str)).required(),
        f("path", Str),
        f("user", Str),
        f("secretFile", Str),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("readOnly", Bool),
    ],
};
/// `CinderPersistentVolumeSource`.
pub static CINDER_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "CinderPersistentVolumeSource",
    fields: &[
        f("volumeID", Str).required(),
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)),
    ],
};
/// `FlexPersistentVolumeSource`.
pub static FLEX_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "FlexPersistentVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("fsType", Str),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("readOnly", Bool),
        f("options", Map),
    ],
};
/// `GlusterfsPersistentVolumeSource`.
pub static GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "GlusterfsPersistentVolumeSource",
    fields: &[
        f("endpoints", Str).required(),
        f("path", Str).required(),
        f("readOnly", Bool),
        f("endpointsNamespace", Str),
    ],
};
/// `ISCSIPersistentVolumeSource`.
pub static ISCSI_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "ISCSIPersistentVolumeSource",
    fields: &[
        f("targetPortal", Str).required(),
        f("iqn", Str).required(),
        f("lun", Int32).required(),
        f("iscsiInterface", Str).or(D::Str("default")),
        f("fsType", Str),
        f("readOnly", Bool),
        f("portals", List(&Str)),
        f("chapAuthDiscovery", Bool),
        f("chapAuthSession", Bool),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("initiatorName", Str),
    ],
};
/// `RBDPersistentVolumeSource`.
pub static RBD_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "RBDPersistentVolumeSource",
    fields: &[
        f("monitors", List(&Str)).required(),
        f("image", Str).required(),
        f("fsType", Str),
        f("pool", Str).or(D::Str("rbd")),
        f("user", Str).or(D::Str("admin")),
        f("keyring", Str).or(D::Str("/etc/ceph/keyring")),
        f("secretRef", Object(&SECRET_REFERENCE)),
        f("readOnly", Bool),
    ],
};
/// `ScaleIOPersistentVolumeSource`.
pub static SCALE_IO_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "ScaleIOPersistentVolumeSource",
    fields: &[
        f("gateway", Str).required(),
        f("system", Str).required(),
        f("secretRef", Object(&SECRET_REFERENCE)).required(),
        f("sslEnabled", Bool),
        f("protectionDomain", Str),
        f("storagePool", Str),
        f("storageMode", Str).or(D::Str("ThinProvisioned")),
        f("volumeName", Str),
        f("fsType", Str).or(D::Str("xfs")),
        f("readOnly", Bool),
    ],
};
/// `StorageOSPersistentVolumeSource`.
pub static STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Struct = Struct {
    go: "StorageOSPersistentVolumeSource",
    fields: &[
        f("volumeName", Str),
        f("volumeNamespace", Str),
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&OBJECT_REFERENCE)),
    ],
};
