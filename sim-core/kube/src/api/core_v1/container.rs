//! A container of a pod: image, command, ports, environment, probes.

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
        f("name", Str),
        f("ports", Keyed(&CONTAINER_PORT, "containerPort")),
        f("readinessProbe", Object(&PROBE)),
        f("resizePolicy", List(&Any)),
        f("resources", Object(&RESOURCES)).or(D::Empty),
        f("restartPolicy", StrPtr),
        f("restartPolicyRules", List(&Any)),
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
        f("containerPort", Int32),
        f("hostIP", Str),
        f("hostPort", Int32),
        f("name", Str),
        f("protocol", Str).or(D::Str("TCP")),
    ],
};

static ENV_VAR: Struct =
    Struct { go: "EnvVar", fields: &[f("name", Str), f("value", Str), f("valueFrom", Object(&ENV_SOURCE))] };

static ENV_SOURCE: Struct = Struct {
    go: "EnvVarSource",
    fields: &[
        f("configMapKeyRef", Object(&KEY_SELECTOR)),
        f("fieldRef", Object(&FIELD_SELECTOR)),
        f("fileKeyRef", Any),
        f("resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        f("secretKeyRef", Object(&KEY_SELECTOR)),
    ],
};

static KEY_SELECTOR: Struct =
    Struct { go: "ConfigMapKeySelector", fields: &[f("key", Str), f("name", Str), f("optional", Bool)] };

/// `fieldRef`.
pub static FIELD_SELECTOR: Struct = Struct {
    go: "ObjectFieldSelector",
    fields: &[f("apiVersion", Str).or(D::Str("v1")), f("fieldPath", Str)],
};

/// `resourceFieldRef`.
pub static RESOURCE_FIELD_SELECTOR: Struct = Struct {
    go: "ResourceFieldSelector",
    fields: &[f("containerName", Str), f("divisor", Quantity).or(D::Str("0")), f("resource", Str)],
};

static ENV_FROM: Struct = Struct {
    go: "EnvFromSource",
    fields: &[f("configMapRef", Object(&ENV_REF)), f("prefix", Str), f("secretRef", Object(&ENV_REF))],
};

static ENV_REF: Struct = Struct { go: "ConfigMapEnvSource", fields: &[f("name", Str), f("optional", Bool)] };

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
static SLEEP: Struct = Struct { go: "SleepAction", fields: &[f("seconds", Int64)] };
static GRPC: Struct =
    Struct { go: "GRPCAction", fields: &[f("port", Int32), f("service", StrPtr).or(D::Str(""))] };
static TCP_SOCKET: Struct =
    Struct { go: "TCPSocketAction", fields: &[f("host", Str), f("port", IntOrString)] };
static HTTP_GET: Struct = Struct {
    go: "HTTPGetAction",
    fields: &[
        f("host", Str),
        f("httpHeaders", List(&Object(&HTTP_HEADER))),
        f("path", Str).or(D::Str("/")),
        f("port", IntOrString),
        f("scheme", Str).or(D::Str("HTTP")),
    ],
};
static HTTP_HEADER: Struct = Struct { go: "HTTPHeader", fields: &[f("name", Str), f("value", StrPtr)] };

/// Requests and limits.
pub static RESOURCES: Struct = Struct {
    go: "ResourceRequirements",
    fields: &[f("claims", List(&Any)), f("limits", MapOf(&Quantity)), f("requests", MapOf(&Quantity))],
};

static SECURITY_CONTEXT: Struct = Struct {
    go: "SecurityContext",
    fields: &[
        f("allowPrivilegeEscalation", Bool),
        f("appArmorProfile", Any),
        f("capabilities", Object(&CAPABILITIES)),
        f("privileged", Bool),
        f("procMount", StrPtr),
        f("readOnlyRootFilesystem", Bool),
        f("runAsGroup", Int64),
        f("runAsNonRoot", Bool),
        f("runAsUser", Int64),
        f("seLinuxOptions", Any),
        f("seccompProfile", Any),
        f("windowsOptions", Any),
    ],
};
static CAPABILITIES: Struct =
    Struct { go: "Capabilities", fields: &[f("add", List(&Str)), f("drop", List(&Str))] };

static VOLUME_DEVICE: Struct = Struct { go: "VolumeDevice", fields: &[f("devicePath", Str), f("name", Str)] };
static VOLUME_MOUNT: Struct = Struct {
    go: "VolumeMount",
    fields: &[
        f("mountPath", Str),
        f("mountPropagation", StrPtr),
        f("name", Str),
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
        f("awsElasticBlockStore", Any),
        f("azureDisk", Any),
        f("azureFile", Any),
        f("cephfs", Any),
        f("cinder", Any),
        f("configMap", Object(&CONFIG_MAP_VOLUME)),
        f("csi", Any),
        f("downwardAPI", Object(&DOWNWARD_VOLUME)),
        f("emptyDir", Object(&EMPTY_DIR)),
        f("ephemeral", Any),
        f("fc", Any),
        f("flexVolume", Any),
        f("flocker", Any),
        f("gcePersistentDisk", Any),
        f("gitRepo", Any),
        f("glusterfs", Any),
        f("hostPath", Object(&HOST_PATH)),
        f("image", Any),
        f("iscsi", Any),
        f("name", Str),
        f("nfs", Any),
        f("persistentVolumeClaim", Object(&CLAIM_VOLUME)),
        f("photonPersistentDisk", Any),
        f("portworxVolume", Any),
        f("projected", Object(&PROJECTED_VOLUME)),
        f("quobyte", Any),
        f("rbd", Any),
        f("scaleIO", Any),
        f("secret", Object(&SECRET_VOLUME)),
        f("storageos", Any),
        f("vsphereVolume", Any),
    ],
};

static EMPTY_DIR: Struct =
    Struct { go: "EmptyDirVolumeSource", fields: &[f("medium", Str), f("sizeLimit", Quantity)] };
static HOST_PATH: Struct =
    Struct { go: "HostPathVolumeSource", fields: &[f("path", Str), f("type", StrPtr).or(D::Str(""))] };
static CLAIM_VOLUME: Struct =
    Struct { go: "PersistentVolumeClaimVolumeSource", fields: &[f("claimName", Str), f("readOnly", Bool)] };
static KEY_TO_PATH: Struct =
    Struct { go: "KeyToPath", fields: &[f("key", Str), f("mode", Int32), f("path", Str)] };
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
        f("path", Str),
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
        f("clusterTrustBundle", Any),
        f("configMap", Object(&PROJECTED_KEYS)),
        f("downwardAPI", Object(&PROJECTED_DOWNWARD)),
        f("podCertificate", Any),
        f("secret", Object(&PROJECTED_KEYS)),
        f("serviceAccountToken", Object(&PROJECTED_TOKEN)),
    ],
};
static PROJECTED_KEYS: Struct = Struct {
    go: "ConfigMapProjection",
    fields: &[f("items", List(&Object(&KEY_TO_PATH))), f("name", Str), f("optional", Bool)],
};
static PROJECTED_DOWNWARD: Struct =
    Struct { go: "DownwardAPIProjection", fields: &[f("items", List(&Object(&DOWNWARD_FILE)))] };
static PROJECTED_TOKEN: Struct = Struct {
    go: "ServiceAccountTokenProjection",
    fields: &[f("audience", Str), f("expirationSeconds", Int64).or(D::Int(3_600)), f("path", Str)],
};

/// An element of `spec.topologySpreadConstraints`.
pub static SPREAD: Struct = Struct {
    go: "TopologySpreadConstraint",
    fields: &[
        f("labelSelector", Object(&LABEL_SELECTOR)),
        f("matchLabelKeys", List(&Str)),
        f("maxSkew", Int32),
        f("minDomains", Int32),
        f("nodeAffinityPolicy", StrPtr),
        f("nodeTaintsPolicy", StrPtr),
        f("topologyKey", Str),
        f("whenUnsatisfiable", Str),
    ],
};
