//! Where a volume may come from besides the node itself: the tables of fields of storage that this cluster does not
//! have. A pod may name them and waits for them in vain.

use super::pod_spec::LOCAL_REFERENCE as LOCAL_OBJECT_REFERENCE;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};

/// `AWSElasticBlockStoreVolumeSource`.
pub static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Struct = Struct {
    go: "AWSElasticBlockStoreVolumeSource",
    fields: &[f("fsType", Str), f("partition", Int32), f("readOnly", Bool), f("volumeID", Str).required()],
};
/// `AzureDiskVolumeSource`.
pub static AZURE_DISK_VOLUME_SOURCE: Struct = Struct {
    go: "AzureDiskVolumeSource",
    fields: &[
        f("cachingMode", Str),
        f("diskName", Str).required(),
        f("diskURI", Str).required(),
        f("fsType", Str),
        f("kind", Str),
        f("readOnly", Bool),
    ],
};
/// `AzureFileVolumeSource`.
pub static AZURE_FILE_VOLUME_SOURCE: Struct = Struct {
    go: "AzureFileVolumeSource",
    fields: &[f("readOnly", Bool), f("secretName", Str).required(), f("shareName", Str).required()],
};
/// `CephFSVolumeSource`.
pub static CEPH_FS_VOLUME_SOURCE: Struct = Struct {
    go: "CephFSVolumeSource",
    fields: &[
        f("monitors", List(&Str)).required(),
        f("path", Str),
        f("readOnly", Bool),
        f("secretFile", Str),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("user", Str),
    ],
};
/// `CinderVolumeSource`.
pub static CINDER_VOLUME_SOURCE: Struct = Struct {
    go: "CinderVolumeSource",
    fields: &[
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("volumeID", Str).required(),
    ],
};
/// `CSIVolumeSource`.
pub static CSI_VOLUME_SOURCE: Struct = Struct {
    go: "CSIVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("fsType", Str),
        f("nodePublishSecretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("readOnly", Bool),
        f("volumeAttributes", Map),
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
        f("fsType", Str),
        f("lun", Int32),
        f("readOnly", Bool),
        f("targetWWNs", List(&Str)),
        f("wwids", List(&Str)),
    ],
};
/// `FlexVolumeSource`.
pub static FLEX_VOLUME_SOURCE: Struct = Struct {
    go: "FlexVolumeSource",
    fields: &[
        f("driver", Str).required(),
        f("fsType", Str),
        f("options", Map),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
};
/// `FlockerVolumeSource`.
pub static FLOCKER_VOLUME_SOURCE: Struct =
    Struct { go: "FlockerVolumeSource", fields: &[f("datasetName", Str), f("datasetUUID", Str)] };
/// `GCEPersistentDiskVolumeSource`.
pub static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Struct = Struct {
    go: "GCEPersistentDiskVolumeSource",
    fields: &[f("fsType", Str), f("partition", Int32), f("pdName", Str).required(), f("readOnly", Bool)],
};
/// `GitRepoVolumeSource`.
pub static GIT_REPO_VOLUME_SOURCE: Struct = Struct {
    go: "GitRepoVolumeSource",
    fields: &[f("directory", Str), f("repository", Str).required(), f("revision", Str)],
};
/// `GlusterfsVolumeSource`.
pub static GLUSTERFS_VOLUME_SOURCE: Struct = Struct {
    go: "GlusterfsVolumeSource",
    fields: &[f("endpoints", Str).required(), f("path", Str).required(), f("readOnly", Bool)],
};
/// `ImageVolumeSource`.
pub static IMAGE_VOLUME_SOURCE: Struct =
    Struct { go: "ImageVolumeSource", fields: &[f("pullPolicy", Str), f("reference", Str)] };
/// `ISCSIVolumeSource`.
pub static ISCSI_VOLUME_SOURCE: Struct = Struct {
    go: "ISCSIVolumeSource",
    fields: &[
        f("chapAuthDiscovery", Bool),
        f("chapAuthSession", Bool),
        f("fsType", Str),
        f("initiatorName", Str),
        f("iqn", Str).required(),
        f("iscsiInterface", Str),
        f("lun", Int32).required(),
        f("portals", List(&Str)),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("targetPortal", Str).required(),
    ],
};
/// `NFSVolumeSource`.
pub static NFS_VOLUME_SOURCE: Struct = Struct {
    go: "NFSVolumeSource",
    fields: &[f("path", Str).required(), f("readOnly", Bool), f("server", Str).required()],
};
/// `PhotonPersistentDiskVolumeSource`.
pub static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Struct =
    Struct { go: "PhotonPersistentDiskVolumeSource", fields: &[f("fsType", Str), f("pdID", Str).required()] };
/// `PortworxVolumeSource`.
pub static PORTWORX_VOLUME_SOURCE: Struct = Struct {
    go: "PortworxVolumeSource",
    fields: &[f("fsType", Str), f("readOnly", Bool), f("volumeID", Str).required()],
};
/// `QuobyteVolumeSource`.
pub static QUOBYTE_VOLUME_SOURCE: Struct = Struct {
    go: "QuobyteVolumeSource",
    fields: &[
        f("group", Str),
        f("readOnly", Bool),
        f("registry", Str).required(),
        f("tenant", Str),
        f("user", Str),
        f("volume", Str).required(),
    ],
};
/// `RBDVolumeSource`.
pub static RBD_VOLUME_SOURCE: Struct = Struct {
    go: "RBDVolumeSource",
    fields: &[
        f("fsType", Str),
        f("image", Str).required(),
        f("keyring", Str),
        f("monitors", List(&Str)).required(),
        f("pool", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("user", Str),
    ],
};
/// `ScaleIOVolumeSource`.
pub static SCALE_IO_VOLUME_SOURCE: Struct = Struct {
    go: "ScaleIOVolumeSource",
    fields: &[
        f("fsType", Str),
        f("gateway", Str).required(),
        f("protectionDomain", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)).required(),
        f("sslEnabled", Bool),
        f("storageMode", Str),
        f("storagePool", Str),
        f("system", Str).required(),
        f("volumeName", Str),
    ],
};
/// `StorageOSVolumeSource`.
pub static STORAGE_OS_VOLUME_SOURCE: Struct = Struct {
    go: "StorageOSVolumeSource",
    fields: &[
        f("fsType", Str),
        f("readOnly", Bool),
        f("secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        f("volumeName", Str),
        f("volumeNamespace", Str),
    ],
};
/// `VsphereVirtualDiskVolumeSource`.
pub static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Struct = Struct {
    go: "VsphereVirtualDiskVolumeSource",
    fields: &[
        f("fsType", Str),
        f("storagePolicyID", Str),
        f("storagePolicyName", Str),
        f("volumePath", Str).required(),
    ],
};
/// `ClusterTrustBundleProjection`.
pub static CLUSTER_TRUST_BUNDLE_PROJECTION: Struct = Struct {
    go: "ClusterTrustBundleProjection",
    fields: &[
        f("labelSelector", Object(&LABEL_SELECTOR)),
        f("name", Str),
        f("optional", Bool),
        f("path", Str).required(),
        f("signerName", Str),
    ],
};
/// `PodCertificateProjection`.
pub static POD_CERTIFICATE_PROJECTION: Struct = Struct {
    go: "PodCertificateProjection",
    fields: &[
        f("certificateChainPath", Str),
        f("credentialBundlePath", Str),
        f("keyPath", Str),
        f("keyType", Str).required(),
        f("maxExpirationSeconds", Int32),
        f("signerName", Str).required(),
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
        f("dataSource", Object(&TYPED_LOCAL_OBJECT_REFERENCE)),
        f("dataSourceRef", Object(&TYPED_OBJECT_REFERENCE)),
        f("resources", Object(&VOLUME_RESOURCE_REQUIREMENTS)),
        f("selector", Object(&LABEL_SELECTOR)),
        f("storageClassName", StrPtr),
        f("volumeAttributesClassName", StrPtr),
        f("volumeMode", StrPtr),
        f("volumeName", Str),
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
