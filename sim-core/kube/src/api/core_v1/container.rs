//! A container of a pod: image, command, ports, environment, probes.

use super::{pod_parts, volume_source};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::LABEL_SELECTOR;
use crate::api::schema::{Struct, f};

/// An element of `spec.containers`, `spec.initContainers` and `spec.ephemeralContainers`.
pub static CONTAINER: Struct = Struct {
    go: "Container",
    fields: &[
        f("args", List(&StrPtr)),
        f("command", List(&StrPtr)),
        f("env", Keyed(&ENV_VAR, "name")),
        f("envFrom", List(&Object(&ENV_FROM))),
        f("image", Str),
        f("imagePullPolicy", Str),
        f("lifecycle", Object(&LIFECYCLE)),
        f("livenessProbe", Object(&PROBE)),
        f("name", Str).required(),
        f("ports", Keyed(&CONTAINER_PORT, "containerPort")),
        f("readinessProbe", Object(&PROBE)),
        f("resizePolicy", List(&Object(&pod_parts::CONTAINER_RESIZE_POLICY))),
        f("resources", Object(&RESOURCES)).or(D::Empty),
        f("restartPolicy", StrPtr),
        f("restartPolicyRules", List(&Object(&pod_parts::CONTAINER_RESTART_RULE))),
        f("securityContext", Object(&SECURITY_CONTEXT)),
        f("startupProbe", Object(&PROBE)),
        f("stdin", Bool),
        f("stdinOnce", Bool),
        f("targetContainerName", Str),
        f("terminationMessagePath", Str).or(D::Str("/dev/termination-log")),
        f("terminationMessagePolicy", Str).or(D::Str("File")),
        f("tty", Bool),
        f("volumeDevices", Keyed(&VOLUME_DEVICE, "devicePath")),
        f("volumeMounts", Keyed(&VOLUME_MOUNT, "mountPath")),
        f("workingDir", Str),
    ],
};

static CONTAINER_PORT: Struct = Struct {
    go: "ContainerPort",
    fields: &[
        f("containerPort", Int32).required(),
        f("hostIP", Str),
        f("hostPort", Int32),
        f("name", Str),
        f("protocol", Str).or(D::Str("TCP")),
    ],
};

static ENV_VAR: Struct = Struct {
    go: "EnvVar",
    fields: &[f("name", Str).required(), f("value", Str), f("valueFrom", Object(&ENV_SOURCE))],
};

static ENV_SOURCE: Struct = Struct {
    go: "EnvVarSource",
    fields: &[
        f("configMapKeyRef", Object(&KEY_SELECTOR)),
        f("fieldRef", Object(&FIELD_SELECTOR)),
        f("fileKeyRef", Object(&pod_parts::FILE_KEY_SELECTOR)),
        f("resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        f("secretKeyRef", Object(&SECRET_KEY_SELECTOR)),
    ],
};

static KEY_SELECTOR: Struct = Struct {
    go: "ConfigMapKeySelector",
    fields: &[f("key", Str).required(), f("name", Str), f("optional", Bool)],
};
static SECRET_KEY_SELECTOR: Struct = Struct {
    go: "SecretKeySelector",
    fields: &[f("key", Str).required(), f("name", Str), f("optional", Bool)],
};

/// `fieldRef`.
pub static FIELD_SELECTOR: Struct = Struct {
    go: "ObjectFieldSelector",
    fields: &[f("apiVersion", Str).or(D::Str("v1")), f("fieldPath", Str).required()],
};

/// `resourceFieldRef`.
pub static RESOURCE_FIELD_SELECTOR: Struct = Struct {
    go: "ResourceFieldSelector",
    fields: &[f("containerName", Str), f("divisor", Quantity).or(D::Str("0")), f("resource", Str).required()],
};

static ENV_FROM: Struct = Struct {
    go: "EnvFromSource",
    fields: &[f("configMapRef", Object(&ENV_REF)), f("prefix", Str), f("secretRef", Object(&SECRET_ENV_REF))],
};

static ENV_REF: Struct = Struct { go: "ConfigMapEnvSource", fields: &[f("name", Str), f("optional", Bool)] };
static SECRET_ENV_REF: Struct =
    Struct { go: "SecretEnvSource", fields: &[f("name", Str), f("optional", Bool)] };

static LIFECYCLE: Struct = Struct {
    go: "Lifecycle",
    fields: &[f("postStart", Object(&HANDLER)), f("preStop", Object(&HANDLER)), f("stopSignal", StrPtr)],
};

static HANDLER: Struct = Struct {
    go: "LifecycleHandler",
    fields: &[
        f("exec", Object(&EXEC)),
        f("httpGet", Object(&HTTP_GET)),
        f("sleep", Object(&SLEEP)),
        f("tcpSocket", Object(&TCP_SOCKET)),
    ],
};

static PROBE: Struct = Struct {
    go: "Probe",
    fields: &[
        f("exec", Object(&EXEC)),
        f("failureThreshold", Int32).or(D::Int(3)),
        f("grpc", Object(&GRPC)),
        f("httpGet", Object(&HTTP_GET)),
        f("initialDelaySeconds", Int32),
        f("periodSeconds", Int32).or(D::Int(10)),
        f("successThreshold", Int32).or(D::Int(1)),
        f("tcpSocket", Object(&TCP_SOCKET)),
        f("terminationGracePeriodSeconds", Int64),
        f("timeoutSeconds", Int32).or(D::Int(1)),
    ],
};

static EXEC: Struct = Struct { go: "ExecAction", fields: &[f("command", List(&StrPtr))] };
static SLEEP: Struct = Struct { go: "SleepAction", fields: &[f("seconds", Int64).required()] };
static GRPC: Struct =
    Struct { go: "GRPCAction", fields: &[f("port", Int32).required(), f("service", StrPtr).or(D::Str(""))] };
static TCP_SOCKET: Struct =
    Struct { go: "TCPSocketAction", fields: &[f("host", Str), f("port", IntOrString).required()] };
static HTTP_GET: Struct = Struct {
    go: "HTTPGetAction",
    fields: &[
        f("host", Str),
        f("httpHeaders", List(&Object(&HTTP_HEADER))),
        f("path", Str).or(D::Str("/")),
        f("port", IntOrString).required(),
        f("scheme", Str).or(D::Str("HTTP")),
    ],
};
static HTTP_HEADER: Struct =
    Struct { go: "HTTPHeader", fields: &[f("name", Str).required(), f("value", StrPtr).required()] };

/// Requests and limits.
pub static RESOURCES: Struct = Struct {
    go: "ResourceRequirements",
    fields: &[
        f("claims", Keyed(&pod_parts::RESOURCE_CLAIM, "name")),
        f("limits", MapOf(&Quantity)),
        f("requests", MapOf(&Quantity)),
    ],
};

static SECURITY_CONTEXT: Struct = Struct {
    go: "SecurityContext",
    fields: &[
        f("allowPrivilegeEscalation", Bool),
        f("appArmorProfile", Object(&pod_parts::APP_ARMOR_PROFILE)),
        f("capabilities", Object(&CAPABILITIES)),
        f("privileged", Bool),
        f("procMount", StrPtr),
        f("readOnlyRootFilesystem", Bool),
        f("runAsGroup", Int64),
        f("runAsNonRoot", Bool),
        f("runAsUser", Int64),
        f("seLinuxOptions", Object(&pod_parts::SE_LINUX_OPTIONS)),
        f("seccompProfile", Object(&pod_parts::SECCOMP_PROFILE)),
        f("windowsOptions", Object(&pod_parts::WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    ],
};
static CAPABILITIES: Struct =
    Struct { go: "Capabilities", fields: &[f("add", List(&Str)), f("drop", List(&Str))] };

static VOLUME_DEVICE: Struct =
    Struct { go: "VolumeDevice", fields: &[f("devicePath", Str).required(), f("name", Str).required()] };
static VOLUME_MOUNT: Struct = Struct {
    go: "VolumeMount",
    fields: &[
        f("mountPath", Str).required(),
        f("mountPropagation", StrPtr),
        f("name", Str).required(),
        f("readOnly", Bool),
        f("recursiveReadOnly", StrPtr),
        f("subPath", Str),
        f("subPathExpr", Str),
    ],
};

/// An element of `spec.volumes`.
pub static VOLUME: Struct = Struct {
    go: "Volume",
    fields: &[
        f("awsElasticBlockStore", Object(&volume_source::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f("azureDisk", Object(&volume_source::AZURE_DISK_VOLUME_SOURCE)),
        f("azureFile", Object(&volume_source::AZURE_FILE_VOLUME_SOURCE)),
        f("cephfs", Object(&volume_source::CEPH_FS_VOLUME_SOURCE)),
        f("cinder", Object(&volume_source::CINDER_VOLUME_SOURCE)),
        f("configMap", Object(&CONFIG_MAP_VOLUME)),
        f("csi", Object(&volume_source::CSI_VOLUME_SOURCE)),
        f("downwardAPI", Object(&DOWNWARD_VOLUME)),
        f("emptyDir", Object(&EMPTY_DIR)),
        f("ephemeral", Object(&volume_source::EPHEMERAL_VOLUME_SOURCE)),
        f("fc", Object(&volume_source::FC_VOLUME_SOURCE)),
        f("flexVolume", Object(&volume_source::FLEX_VOLUME_SOURCE)),
        f("flocker", Object(&volume_source::FLOCKER_VOLUME_SOURCE)),
        f("gcePersistentDisk", Object(&volume_source::GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f("gitRepo", Object(&volume_source::GIT_REPO_VOLUME_SOURCE)),
        f("glusterfs", Object(&volume_source::GLUSTERFS_VOLUME_SOURCE)),
        f("hostPath", Object(&HOST_PATH)),
        f("image", Object(&volume_source::IMAGE_VOLUME_SOURCE)),
        f("iscsi", Object(&volume_source::ISCSI_VOLUME_SOURCE)),
        f("name", Str).required(),
        f("nfs", Object(&volume_source::NFS_VOLUME_SOURCE)),
        f("persistentVolumeClaim", Object(&CLAIM_VOLUME)),
        f("photonPersistentDisk", Object(&volume_source::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f("portworxVolume", Object(&volume_source::PORTWORX_VOLUME_SOURCE)),
        f("projected", Object(&PROJECTED_VOLUME)),
        f("quobyte", Object(&volume_source::QUOBYTE_VOLUME_SOURCE)),
        f("rbd", Object(&volume_source::RBD_VOLUME_SOURCE)),
        f("scaleIO", Object(&volume_source::SCALE_IO_VOLUME_SOURCE)),
        f("secret", Object(&SECRET_VOLUME)),
        f("storageos", Object(&volume_source::STORAGE_OS_VOLUME_SOURCE)),
        f("vsphereVolume", Object(&volume_source::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
    ],
};

static EMPTY_DIR: Struct =
    Struct { go: "EmptyDirVolumeSource", fields: &[f("medium", Str), f("sizeLimit", Quantity)] };
static HOST_PATH: Struct = Struct {
    go: "HostPathVolumeSource",
    fields: &[f("path", Str).required(), f("type", StrPtr).or(D::Str(""))],
};
static CLAIM_VOLUME: Struct = Struct {
    go: "PersistentVolumeClaimVolumeSource",
    fields: &[f("claimName", Str).required(), f("readOnly", Bool)],
};
static KEY_TO_PATH: Struct = Struct {
    go: "KeyToPath",
    fields: &[f("key", Str).required(), f("mode", Int32), f("path", Str).required()],
};
static CONFIG_MAP_VOLUME: Struct = Struct {
    go: "ConfigMapVolumeSource",
    fields: &[
        f("defaultMode", Int32).or(D::Int(420)),
        f("items", List(&Object(&KEY_TO_PATH))),
        f("name", Str),
        f("optional", Bool),
    ],
};
static SECRET_VOLUME: Struct = Struct {
    go: "SecretVolumeSource",
    fields: &[
        f("defaultMode", Int32).or(D::Int(420)),
        f("items", List(&Object(&KEY_TO_PATH))),
        f("optional", Bool),
        f("secretName", Str),
    ],
};
static DOWNWARD_VOLUME: Struct = Struct {
    go: "DownwardAPIVolumeSource",
    fields: &[f("defaultMode", Int32).or(D::Int(420)), f("items", List(&Object(&DOWNWARD_FILE)))],
};
static DOWNWARD_FILE: Struct = Struct {
    go: "DownwardAPIVolumeFile",
    fields: &[
        f("fieldRef", Object(&FIELD_SELECTOR)),
        f("mode", Int32),
        f("path", Str).required(),
        f("resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
    ],
};
static PROJECTED_VOLUME: Struct = Struct {
    go: "ProjectedVolumeSource",
    fields: &[f("defaultMode", Int32).or(D::Int(420)), f("sources", List(&Object(&PROJECTION)))],
};
static PROJECTION: Struct = Struct {
    go: "VolumeProjection",
    fields: &[
        f("clusterTrustBundle", Object(&volume_source::CLUSTER_TRUST_BUNDLE_PROJECTION)),
        f("configMap", Object(&PROJECTED_KEYS)),
        f("downwardAPI", Object(&PROJECTED_DOWNWARD)),
        f("podCertificate", Object(&volume_source::POD_CERTIFICATE_PROJECTION)),
        f("secret", Object(&PROJECTED_SECRET)),
        f("serviceAccountToken", Object(&PROJECTED_TOKEN)),
    ],
};
static PROJECTED_KEYS: Struct = Struct {
    go: "ConfigMapProjection",
    fields: &[f("items", List(&Object(&KEY_TO_PATH))), f("name", Str), f("optional", Bool)],
};
static PROJECTED_SECRET: Struct = Struct {
    go: "SecretProjection",
    fields: &[f("items", List(&Object(&KEY_TO_PATH))), f("name", Str), f("optional", Bool)],
};
static PROJECTED_DOWNWARD: Struct =
    Struct { go: "DownwardAPIProjection", fields: &[f("items", List(&Object(&DOWNWARD_FILE)))] };
static PROJECTED_TOKEN: Struct = Struct {
    go: "ServiceAccountTokenProjection",
    fields: &[f("audience", Str), f("expirationSeconds", Int64).or(D::Int(3_600)), f("path", Str).required()],
};

/// An element of `spec.topologySpreadConstraints`.
pub static SPREAD: Struct = Struct {
    go: "TopologySpreadConstraint",
    fields: &[
        f("labelSelector", Object(&LABEL_SELECTOR)),
        f("matchLabelKeys", List(&Str)),
        f("maxSkew", Int32).required(),
        f("minDomains", Int32),
        f("nodeAffinityPolicy", StrPtr),
        f("nodeTaintsPolicy", StrPtr),
        f("topologyKey", Str).required(),
        f("whenUnsatisfiable", Str).required(),
    ],
};
