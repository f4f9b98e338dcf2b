//! Where a volume may come from besides the node itself: the tables of fields of storage that this cluster does not
//! have. A pod may name them and waits for them in vain.

use super::pod_spec::LOCAL_REFERENCE as LOCAL_OBJECT_REFERENCE;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};

/// `AWSElasticBlockStoreVolumeSource`.
pub static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Struct = Struct {
    go: "AWSElasticBlockStoreVolumeSource",
    fields: &[f("volumeID", Str).required(), f("fsType", Str), f("partition", Int32), f("readOnly", Bool)],
};
/// `AzureDiskVolumeSource`.
pub static AZURE_DISK_VOLUME_SOURCE: Struct = Struct {
    go: "AzureDiskVolumeSource",
    fields: &[
        f("diskName", Str).required(),
        f("diskURI", Str).required(),
        f("cachingMode", Str),
        f("fsType", Str),
        f("readOnly", Bool),
        f("kind", Str),
    ],
};
/// `AzureFileVolumeSource`.
pub static AZURE_FILE_VOLUME_SOURCE: Struct = Struct {
    go: "AzureFileVolumeSource",
    fields: &[f("secretName", Str).required(), f("shareName", Str).required(), f("readOnly", Bool)],
};
/// `CephFSVolumeSource`.
pub static CEPH_FS_VOLUME_SOURCE: Struct = Struct {
    go: "CephFSVolumeSource",
    fields: &[
        f("monitors", List(&Str)).required(),
        f("path", Str),
        f("user", Str),
        f("secretFile", Str),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("readOnly", Bool),
    ],
};
/// `CinderVolumeSource`.
pub static CINDER_VOLUME_SOURCE: Struct = Struct {
    go: "CinderVolumeSource",
    fields: &[
        f("volumeID", Str).required(),
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
};
/// `CSIVolumeSource`.
pub static CSI_VOLUME_SOURCE: Struct = Struct {
    go: "CSIVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("readOnly", Bool),
        f("fsType", Str),
        f("volumeAttributes", Map),
        f("nodePublishSecretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
};
/// `EphemeralVolumeSource`.
pub static EPHEMERAL_VOLUME_SOURCE: Struct = Struct {
    go: "EphemeralVolumeSource",
    fields: &[f("volumeClaimTemplate", Object(&PERSISTENT_VOLUME_CLAIM_TEMPLATE))],
};
/// `FCVolumeSource`.
pub static FC_VOLUME_SOURCE: Struct = Struct {
    go: "FCVolumeSource",
    fields: &[
        f("targetWWNs", List(&Str)),
        f("lun", Int32),
        f("fsType", Str),
        f("readOnly", Bool),
        f("wwids", List(&Str)),
    ],
};
/// `FlexVolumeSource`.
pub static FLEX_VOLUME_SOURCE: Struct = Struct {
    go: "FlexVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("fsType", Str),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("readOnly", Bool),
        f("options", Map),
    ],
};
/// `FlockerVolumeSource`.
pub static FLOCKER_VOLUME_SOURCE: Struct =
    Struct { go: "FlockerVolumeSource", fields: &[f("datasetName", Str), f("datasetUUID", Str)] };
/// `GCEPersistentDiskVolumeSource`.
pub static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Struct = Struct {
    go: "GCEPersistentDiskVolumeSource",
    fields: &[f("pdName", Str).required(), f("fsType", Str), f("partition", Int32), f("readOnly", Bool)],
};
/// `GitRepoVolumeSource`.
pub static GIT_REPO_VOLUME_SOURCE: Struct = Struct {
    go: "GitRepoVolumeSource",
    fields: &[f("repository", Str).required(), f("revision", Str), f("directory", Str)],
};
/// `GlusterfsVolumeSource`.
pub static GLUSTERFS_VOLUME_SOURCE: Struct = Struct {
    go: "GlusterfsVolumeSource",
    fields: &[f("endpoints", Str).required(), f("path", Str).required(), f("readOnly", Bool)],
};
/// `ImageVolumeSource`.
pub static IMAGE_VOLUME_SOURCE: Struct =
    Struct { go: "ImageVolumeSource", fields: &[f("reference", Str), f("pullPolicy", Str)] };
/// `ISCSIVolumeSource`.
pub static ISCSI_VOLUME_SOURCE: Struct = Struct {
    go: "ISCSIVolumeSource",
    fields: &[
        f("targetPortal", Str).required(),
        f("iqn", Str).required(),
        f("lun", Int32).required(),
        f("iscsiInterface", Str),
        f("fsType", Str),
        f("readOnly", Bool),
        f("portals", List(&Str)),
        f("chapAuthDiscovery", Bool),
        f("chapAuthSession", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("initiatorName", Str),
    ],
};
/// `NFSVolumeSource`.
pub static NFS_VOLUME_SOURCE: Struct = Struct {
    go: "NFSVolumeSource",
    fields: &[f("server", Str).required(), f("path", Str).required(), f("readOnly", Bool)],
};
/// `PhotonPersistentDiskVolumeSource`.
pub static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Struct =
    Struct { go: "PhotonPersistentDiskVolumeSource", fields: &[f("pdID", Str).required(), f("fsType", Str)] };
/// `PortworxVolumeSource`.
pub static PORTWORX_VOLUME_SOURCE: Struct = Struct {
    go: "PortworxVolumeSource",
    fields: &[f("volumeID", Str).required(), f("fsType", Str), f("readOnly", Bool)],
};
/// `QuobyteVolumeSource`.
pub static QUOBYTE_VOLUME_SOURCE: Struct = Struct {
    go: "QuobyteVolumeSource",
    fields: &[
        f("registry", Str).required(),
        f("volume", Str).required(),
        f("readOnly", Bool),
        f("user", Str),
        f("group", Str),
        f("tenant", Str),
    ],
};
/// `RBDVolumeSource`.
pub static RBD_VOLUME_SOURCE: Struct = Struct {
    go: "RBDVolumeSource",
    fields: &[
        f("monitors", List(&Str)).required(),
        f("image", Str).required(),
        f("fsType", Str),
        f("pool", Str),
        f("user", Str),
        f("keyring", Str),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("readOnly", Bool),
    ],
};
/// `ScaleIOVolumeSource`.
pub static SCALE_IO_VOLUME_SOURCE: Struct = Struct {
    go: "ScaleIOVolumeSource",
    fields: &[
        f("gateway", Str).required(),
        f("system", Str).required(),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)).required(),
        f("sslEnabled", Bool),
        f("protectionDomain", Str),
        f("storagePool", Str),
        f("storageMode", Str),
        f("volumeName", Str),
        f("fsType", Str),
        f("readOnly", Bool),
    ],
};
/// `StorageOSVolumeSource`.
pub static STORAGE_OS_VOLUME_SOURCE: Struct = Struct {
    go: "StorageOSVolumeSource",
    fields: &[
        f("volumeName", Str),
        f("volumeNamespace", Str),
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
};
/// `VsphereVirtualDiskVolumeSource`.
pub static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Struct = Struct {
    go: "VsphereVirtualDiskVolumeSource",
    fields: &[
        f("volumePath", Str).required(),
        f("fsType", Str),
        f("storagePolicyName", Str),
        f("storagePolicyID", Str),
    ],
};
/// `ClusterTrustBundleProjection`.
pub static CLUSTER_TRUST_BUNDLE_PROJECTION: Struct = Struct {
    go: "ClusterTrustBundleProjection",
    fields: &[
        f("name", Str),
        f("signerName", Str),
        f("labelSelector", Object(&LABEL_SELECTOR)),
        f("optional", Bool),
        f("path", Str).required(),
    ],
};
/// `PodCertificateProjection`.
pub static POD_CERTIFICATE_PROJECTION: Struct = Struct {
    go: "PodCertificateProjection",
    fields: &[
        f("signerName", Str).required(),
        f("keyType", Str).required(),
        f("maxExpirationSeconds", Int32),
        f("credentialBundlePath", Str),
        f("keyPath", Str),
        f("certificateChainPath", Str),
        f("userAnnotations", Map),
    ],
};
static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Struct = Struct {
    go: "PersistentVolumeClaimTemplate",
    fields: &[
        f("metadata", Object(&OBJECT_META)),
        f("spec", Object(&PERSISTENT_VOLUME_CLAIM_SPEC)).required(),
    ],
};

/// What a claim asks for.
pub static PERSISTENT_VOLUME_CLAIM_SPEC: Struct = Struct {
    go: "PersistentVolumeClaimSpec",
    fields: &[
        f("accessModes", List(&Str)),
        f("selector", Object(&LABEL_SELECTOR)),
        f("resources", Object(&VOLUME_RESOURCE_REQUIREMENTS)),
        f("volumeName", Str),
        f("storageClassName", StrPtr),
        f("volumeMode", StrPtr),
        f("dataSource", Object(&TYPED_LOCAL_OBJECT_REFERENCE)),
        f("dataSourceRef", Object(&TYPED_OBJECT_REFERENCE)),
        f("volumeAttributesClassName", StrPtr),
    ],
};
/// A name of something in the same namespace, with its kind.
pub static TYPED_LOCAL_OBJECT_REFERENCE: Struct = Struct {
    go: "TypedLocalObjectReference",
    fields: &[f("apiGroup", StrPtr), f("kind", Str).required(), f("name", Str).required()],
};
static TYPED_OBJECT_REFERENCE: Struct = Struct {
    go: "TypedObjectReference",
    fields: &[
        f("apiGroup", StrPtr),
        f("kind", Str).required(),
        f("name", Str).required(),
        f("namespace", StrPtr),
    ],
};
static VOLUME_RESOURCE_REQUIREMENTS: Struct = Struct {
    go: "VolumeResourceRequirements",
    fields: &[f("limits", MapOf(&Quantity)), f("requests", MapOf(&Quantity))],
};
