//! A container of a pod: image, command, ports, environment, probes.

use super::{pod_parts, volume_source};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::LABEL_SELECTOR;
use crate::api::schema::{Struct, f};

/// The fields of a container, and those that some have besides.
macro_rules! container {
    ($go:literal $(, $more:expr)*) => {
        Struct {
            go: $go,
            fields: &[
                f("name", Str).required(),
                f("image", Str),
                f("command", List(&StrPtr)),
                f("args", List(&StrPtr)),
                f("workingDir", Str),
                f("ports", Keyed(&CONTAINER_PORT, "containerPort")),
                f("envFrom", List(&Object(&ENV_FROM))),
                f("env", Keyed(&ENV_VAR, "name")),
                f("resources", Object(&RESOURCES)).or(D::Empty),
                f("resizePolicy", List(&Object(&pod_parts::CONTAINER_RESIZE_POLICY))),
                f("restartPolicy", StrPtr),
                f("restartPolicyRules", List(&Object(&pod_parts::CONTAINER_RESTART_RULE))),
                f("volumeMounts", Keyed(&VOLUME_MOUNT, "mountPath")),
                f("volumeDevices", Keyed(&VOLUME_DEVICE, "devicePath")),
                f("livenessProbe", Object(&PROBE)),
                f("readinessProbe", Object(&PROBE)),
                f("startupProbe", Object(&PROBE)),
                f("lifecycle", Object(&LIFECYCLE)),
                f("terminationMessagePath", Str).or(D::Str("/dev/termination-log")),
                f("terminationMessagePolicy", Str).or(D::Str("File")),
                f("imagePullPolicy", Str),
                f("securityContext", Object(&SECURITY_CONTEXT)),
                f("stdin", Bool),
                f("stdinOnce", Bool),
                f("tty", Bool),
                $($more,)*
            ],
        }
    };
}

/// An element of `spec.containers`, `spec.initContainers` and `spec.ephemeralContainers`.
pub static CONTAINER: Struct = container!("Container");

/// A container that is added to a running pod.
pub static EPHEMERAL_CONTAINER: Struct = container!("EphemeralContainer", f("targetContainerName", Str));

static CONTAINER_PORT: Struct = Struct {
    go: "ContainerPort",
    fields: &[
        f("name", Str),
        f("hostPort", Int32),
        f("containerPort", Int32).required(),
        f("protocol", Str).or(D::Str("TCP")),
        f("hostIP", Str),
    ],
};

static ENV_VAR: Struct = Struct {
    go: "EnvVar",
    fields: &[f("name", Str).required(), f("value", Str), f("valueFrom", Object(&ENV_SOURCE))],
};

static ENV_SOURCE: Struct = Struct {
    go: "EnvVarSource",
    fields: &[
        f("fieldRef", Object(&FIELD_SELECTOR)),
        f("resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        f("configMapKeyRef", Object(&KEY_SELECTOR)),
        f("secretKeyRef", Object(&SECRET_KEY_SELECTOR)),
        f("fileKeyRef", Object(&pod_parts::FILE_KEY_SELECTOR)),
    ],
};

static KEY_SELECTOR: Struct = Struct {
    go: "ConfigMapKeySelector",
    fields: &[f("name", Str), f("key", Str).required(), f("optional", Bool)],
};
static SECRET_KEY_SELECTOR: Struct = Struct {
    go: "SecretKeySelector",
    fields: &[f("name", Str), f("key", Str).required(), f("optional", Bool)],
};

/// `fieldRef`.
pub static FIELD_SELECTOR: Struct = Struct {
    go: "ObjectFieldSelector",
    fields: &[f("apiVersion", Str).or(D::Str("v1")), f("fieldPath", Str).required()],
};

/// `resourceFieldRef`.
pub static RESOURCE_FIELD_SELECTOR: Struct = Struct {
    go: "ResourceFieldSelector",
    fields: &[f("containerName", Str), f("resource", Str).required(), f("divisor", Quantity).or(D::Str("0"))],
};

static ENV_FROM: Struct = Struct {
    go: "EnvFromSource",
    fields: &[f("prefix", Str), f("configMapRef", Object(&ENV_REF)), f("secretRef", Object(&SECRET_ENV_REF))],
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
        f("tcpSocket", Object(&TCP_SOCKET)),
        f("sleep", Object(&SLEEP)),
    ],
};

static PROBE: Struct = Struct {
    go: "Probe",
    fields: &[
        f("exec", Object(&EXEC)),
        f("httpGet", Object(&HTTP_GET)),
        f("tcpSocket", Object(&TCP_SOCKET)),
        f("grpc", Object(&GRPC)),
        f("initialDelaySeconds", Int32),
        f("timeoutSeconds", Int32).or(D::Int(1)),
        f("periodSeconds", Int32).or(D::Int(10)),
        f("successThreshold", Int32).or(D::Int(1)),
        f("failureThreshold", Int32).or(D::Int(3)),
        f("terminationGracePeriodSeconds", Int64),
    ],
};

static EXEC: Struct = Struct { go: "ExecAction", fields: &[f("command", List(&StrPtr))] };
static SLEEP: Struct = Struct { go: "SleepAction", fields: &[f("seconds", Int64).required()] };
static GRPC: Struct =
    Struct { go: "GRPCAction", fields: &[f("port", Int32).required(), f("service", StrPtr).or(D::Str(""))] };
static TCP_SOCKET: Struct =
    Struct { go: "TCPSocketAction", fields: &[f("port", IntOrString).required(), f("host", Str)] };
static HTTP_GET: Struct = Struct {
    go: "HTTPGetAction",
    fields: &[
        f("path", Str).or(D::Str("/")),
        f("port", IntOrString).required(),
        f("host", Str),
        f("scheme", Str).or(D::Str("HTTP")),
        f("httpHeaders", List(&Object(&HTTP_HEADER))),
    ],
};
static HTTP_HEADER: Struct =
    Struct { go: "HTTPHeader", fields: &[f("name", Str).required(), f("value", StrPtr).required()] };

/// Requests and limits.
pub static RESOURCES: Struct = Struct {
    go: "ResourceRequirements",
    fields: &[
        f("limits", MapOf(&Quantity)),
        f("requests", MapOf(&Quantity)),
        f("claims", Keyed(&pod_parts::RESOURCE_CLAIM, "name")),
    ],
};

static SECURITY_CONTEXT: Struct = Struct {
    go: "SecurityContext",
    fields: &[
        f("capabilities", Object(&CAPABILITIES)),
        f("privileged", Bool),
        f("seLinuxOptions", Object(&pod_parts::SE_LINUX_OPTIONS)),
        f("windowsOptions", Object(&pod_parts::WINDOWS_SECURITY_CONTEXT_OPTIONS)),
        f("runAsUser", Int64),
        f("runAsGroup", Int64),
        f("runAsNonRoot", Bool),
        f("readOnlyRootFilesystem", Bool),
        f("allowPrivilegeEscalation", Bool),
        f("procMount", StrPtr),
        f("seccompProfile", Object(&pod_parts::SECCOMP_PROFILE)),
        f("appArmorProfile", Object(&pod_parts::APP_ARMOR_PROFILE)),
    ],
};
static CAPABILITIES: Struct =
    Struct { go: "Capabilities", fields: &[f("add", List(&Str)), f("drop", List(&Str))] };

static VOLUME_DEVICE: Struct =
    Struct { go: "VolumeDevice", fields: &[f("name", Str).required(), f("devicePath", Str).required()] };
static VOLUME_MOUNT: Struct = Struct {
    go: "VolumeMount",
    fields: &[
        f("name", Str).required(),
        f("readOnly", Bool),
        f("recursiveReadOnly", StrPtr),
        f("mountPath", Str).required(),
        f("subPath", Str),
        f("mountPropagation", StrPtr),
        f("subPathExpr", Str),
    ],
};

/// An element of `spec.volumes`.
pub static VOLUME: Struct = Struct {
    go: "Volume",
    fields: &[
        f("name", Str).required(),
        f("hostPath", Object(&HOST_PATH)),
        f("emptyDir", Object(&EMPTY_DIR)),
        f("gcePersistentDisk", Object(&volume_source::GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        f("awsElasticBlockStore", Object(&volume_source::AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        f("gitRepo", Object(&volume_source::GIT_REPO_VOLUME_SOURCE)),
        f("secret", Object(&SECRET_VOLUME)),
        f("nfs", Object(&volume_source::NFS_VOLUME_SOURCE)),
        f("iscsi", Object(&volume_source::ISCSI_VOLUME_SOURCE)),
        f("glusterfs", Object(&volume_source::GLUSTERFS_VOLUME_SOURCE)),
        f("persistentVolumeClaim", Object(&CLAIM_VOLUME)),
        f("rbd", Object(&volume_source::RBD_VOLUME_SOURCE)),
        f("flexVolume", Object(&volume_source::FLEX_VOLUME_SOURCE)),
        f("cinder", Object(&volume_source::CINDER_VOLUME_SOURCE)),
        f("cephfs", Object(&volume_source::CEPH_FS_VOLUME_SOURCE)),
        f("flocker", Object(&volume_source::FLOCKER_VOLUME_SOURCE)),
        f("downwardAPI", Object(&DOWNWARD_VOLUME)),
        f("fc", Object(&volume_source::FC_VOLUME_SOURCE)),
        f("azureFile", Object(&volume_source::AZURE_FILE_VOLUME_SOURCE)),
        f("configMap", Object(&CONFIG_MAP_VOLUME)),
        f("vsphereVolume", Object(&volume_source::VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
        f("quobyte", Object(&volume_source::QUOBYTE_VOLUME_SOURCE)),
        f("azureDisk", Object(&volume_source::AZURE_DISK_VOLUME_SOURCE)),
        f("photonPersistentDisk", Object(&volume_source::PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        f("projected", Object(&PROJECTED_VOLUME)),
        f("portworxVolume", Object(&volume_source::PORTWORX_VOLUME_SOURCE)),
        f("scaleIO", Object(&volume_source::SCALE_IO_VOLUME_SOURCE)),
        f("storageos", Object(&volume_source::STORAGE_OS_VOLUME_SOURCE)),
        f("csi", Object(&volume_source::CSI_VOLUME_SOURCE)),
        f("ephemeral", Object(&volume_source::EPHEMERAL_VOLUME_SOURCE)),
        f("image", Object(&volume_source::IMAGE_VOLUME_SOURCE)),
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
    fields: &[f("key", Str).required(), f("path", Str).required(), f("mode", Int32)],
};
static CONFIG_MAP_VOLUME: Struct = Struct {
    go: "ConfigMapVolumeSource",
    fields: &[
        f("name", Str),
        f("items", List(&Object(&KEY_TO_PATH))),
        f("defaultMode", Int32).or(D::Int(420)),
        f("optional", Bool),
    ],
};
static SECRET_VOLUME: Struct = Struct {
    go: "SecretVolumeSource",
    fields: &[
        f("secretName", Str),
        f("items", List(&Object(&KEY_TO_PATH))),
        f("defaultMode", Int32).or(D::Int(420)),
        f("optional", Bool),
    ],
};
static DOWNWARD_VOLUME: Struct = Struct {
    go: "DownwardAPIVolumeSource",
    fields: &[f("items", List(&Object(&DOWNWARD_FILE))), f("defaultMode", Int32).or(D::Int(420))],
};
static DOWNWARD_FILE: Struct = Struct {
    go: "DownwardAPIVolumeFile",
    fields: &[
        f("path", Str).required(),
        f("fieldRef", Object(&FIELD_SELECTOR)),
        f("resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        f("mode", Int32),
    ],
};
static PROJECTED_VOLUME: Struct = Struct {
    go: "ProjectedVolumeSource",
    fields: &[f("sources", List(&Object(&PROJECTION))), f("defaultMode", Int32).or(D::Int(420))],
};
static PROJECTION: Struct = Struct {
    go: "VolumeProjection",
    fields: &[
        f("secret", Object(&PROJECTED_SECRET)),
        f("downwardAPI", Object(&PROJECTED_DOWNWARD)),
        f("configMap", Object(&PROJECTED_KEYS)),
        f("serviceAccountToken", Object(&PROJECTED_TOKEN)),
        f("clusterTrustBundle", Object(&volume_source::CLUSTER_TRUST_BUNDLE_PROJECTION)),
        f("podCertificate", Object(&volume_source::POD_CERTIFICATE_PROJECTION)),
    ],
};
static PROJECTED_KEYS: Struct = Struct {
    go: "ConfigMapProjection",
    fields: &[f("name", Str), f("items", List(&Object(&KEY_TO_PATH))), f("optional", Bool)],
};
static PROJECTED_SECRET: Struct = Struct {
    go: "SecretProjection",
    fields: &[f("name", Str), f("items", List(&Object(&KEY_TO_PATH))), f("optional", Bool)],
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
        f("maxSkew", Int32).required(),
        f("topologyKey", Str).required(),
        f("whenUnsatisfiable", Str).required(),
        f("labelSelector", Object(&LABEL_SELECTOR)),
        f("minDomains", Int32),
        f("nodeAffinityPolicy", StrPtr),
        f("nodeTaintsPolicy", StrPtr),
        f("matchLabelKeys", List(&Str)),
    ],
};
