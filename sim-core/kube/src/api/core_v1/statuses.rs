//! What is reported of pods and nodes. The fields are told to who asks for them; what kubelets write is not held
//! against them.

use crate::api::schema::Type::*;
use crate::api::schema::{Struct, f};

/// `PodStatus`.
pub static POD_STATUS: Struct = Struct {
    go: "PodStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("phase", Str),
        f("conditions", Keyed(&POD_CONDITION, "type")),
        f("message", Str),
        f("reason", Str),
        f("nominatedNodeName", Str),
        f("hostIP", Str),
        f("hostIPs", Keyed(&HOST_IP, "ip")),
        f("podIP", Str),
        f("podIPs", Keyed(&POD_IP, "ip")),
        f("startTime", Time),
        f("initContainerStatuses", List(&Object(&CONTAINER_STATUS))),
        f("containerStatuses", List(&Object(&CONTAINER_STATUS))),
        f("qosClass", Str),
        f("ephemeralContainerStatuses", List(&Object(&CONTAINER_STATUS))),
        f("resize", Str),
        f("resourceClaimStatuses", Keyed(&POD_RESOURCE_CLAIM_STATUS, "name")),
        f("extendedResourceClaimStatus", Object(&POD_EXTENDED_RESOURCE_CLAIM_STATUS)),
        f("allocatedResources", MapOf(&Quantity)),
        f("resources", Object(&RESOURCE_REQUIREMENTS)),
    ],
};
/// `NodeStatus`.
pub static NODE_STATUS: Struct = Struct {
    go: "NodeStatus",
    fields: &[
        f("capacity", MapOf(&Quantity)),
        f("allocatable", MapOf(&Quantity)),
        f("phase", Str),
        f("conditions", Keyed(&NODE_CONDITION, "type")),
        f("addresses", Keyed(&NODE_ADDRESS, "type")),
        f("daemonEndpoints", Object(&NODE_DAEMON_ENDPOINTS)),
        f("nodeInfo", Object(&NODE_SYSTEM_INFO)),
        f("images", List(&Object(&CONTAINER_IMAGE))),
        f("volumesInUse", List(&Str)),
        f("volumesAttached", List(&Object(&ATTACHED_VOLUME))),
        f("config", Object(&NODE_CONFIG_STATUS)),
        f("runtimeHandlers", List(&Object(&NODE_RUNTIME_HANDLER))),
        f("features", Object(&NODE_FEATURES)),
        f("declaredFeatures", List(&Str)),
    ],
};
/// `NodeConfigSource`.
pub static NODE_CONFIG_SOURCE: Struct =
    Struct { go: "NodeConfigSource", fields: &[f("configMap", Object(&CONFIG_MAP_NODE_CONFIG_SOURCE))] };
static POD_CONDITION: Struct = Struct {
    go: "PodCondition",
    fields: &[
        f("type", Str).required(),
        f("observedGeneration", Int64),
        f("status", Str).required(),
        f("lastProbeTime", Time),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};
static CONTAINER_STATUS: Struct = Struct {
    go: "ContainerStatus",
    fields: &[
        f("name", Str).required(),
        f("state", Object(&CONTAINER_STATE)),
        f("lastState", Object(&CONTAINER_STATE)),
        f("ready", Bool).required(),
        f("restartCount", Int32).required(),
        f("image", Str).required(),
        f("imageID", Str).required(),
        f("containerID", Str),
        f("started", Bool),
        f("allocatedResources", MapOf(&Quantity)),
        f("resources", Object(&RESOURCE_REQUIREMENTS)),
        f("volumeMounts", Keyed(&VOLUME_MOUNT_STATUS, "mountPath")),
        f("user", Object(&CONTAINER_USER)),
        f("allocatedResourcesStatus", Keyed(&RESOURCE_STATUS, "name")),
        f("stopSignal", Str),
    ],
};
static POD_EXTENDED_RESOURCE_CLAIM_STATUS: Struct = Struct {
    go: "PodExtendedResourceClaimStatus",
    fields: &[
        f("requestMappings", List(&Object(&CONTAINER_EXTENDED_RESOURCE_REQUEST))).required(),
        f("resourceClaimName", Str).required(),
    ],
};
static HOST_IP: Struct = Struct { go: "HostIP", fields: &[f("ip", Str).required()] };
static POD_IP: Struct = Struct { go: "PodIP", fields: &[f("ip", Str).required()] };
static POD_RESOURCE_CLAIM_STATUS: Struct = Struct {
    go: "PodResourceClaimStatus",
    fields: &[f("name", Str).required(), f("resourceClaimName", Str)],
};
static RESOURCE_REQUIREMENTS: Struct = Struct {
    go: "ResourceRequirements",
    fields: &[
        f("limits", MapOf(&Quantity)),
        f("requests", MapOf(&Quantity)),
        f("claims", Keyed(&RESOURCE_CLAIM, "name")),
    ],
};
static NODE_ADDRESS: Struct =
    Struct { go: "NodeAddress", fields: &[f("type", Str).required(), f("address", Str).required()] };
static NODE_CONDITION: Struct = Struct {
    go: "NodeCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("lastHeartbeatTime", Time),
        f("lastTransitionTime", Time),
        f("reason", Str),
        f("message", Str),
    ],
};
static NODE_CONFIG_STATUS: Struct = Struct {
    go: "NodeConfigStatus",
    fields: &[
        f("assigned", Object(&NODE_CONFIG_SOURCE)),
        f("active", Object(&NODE_CONFIG_SOURCE)),
        f("lastKnownGood", Object(&NODE_CONFIG_SOURCE)),
        f("error", Str),
    ],
};
static NODE_DAEMON_ENDPOINTS: Struct =
    Struct { go: "NodeDaemonEndpoints", fields: &[f("kubeletEndpoint", Object(&DAEMON_ENDPOINT))] };
static NODE_FEATURES: Struct = Struct { go: "NodeFeatures", fields: &[f("supplementalGroupsPolicy", Bool)] };
static CONTAINER_IMAGE: Struct =
    Struct { go: "ContainerImage", fields: &[f("names", List(&Str)), f("sizeBytes", Int64)] };
static NODE_SYSTEM_INFO: Struct = Struct {
    go: "NodeSystemInfo",
    fields: &[
        f("machineID", Str).required(),
        f("systemUUID", Str).required(),
        f("bootID", Str).required(),
        f("kernelVersion", Str).required(),
        f("osImage", Str).required(),
        f("containerRuntimeVersion", Str).required(),
        f("kubeletVersion", Str).required(),
        f("kubeProxyVersion", Str).required(),
        f("operatingSystem", Str).required(),
        f("architecture", Str).required(),
        f("swap", Object(&NODE_SWAP_STATUS)),
    ],
};
static NODE_RUNTIME_HANDLER: Struct = Struct {
    go: "NodeRuntimeHandler",
    fields: &[f("name", Str), f("features", Object(&NODE_RUNTIME_HANDLER_FEATURES))],
};
static ATTACHED_VOLUME: Struct =
    Struct { go: "AttachedVolume", fields: &[f("name", Str).required(), f("devicePath", Str).required()] };
static CONFIG_MAP_NODE_CONFIG_SOURCE: Struct = Struct {
    go: "ConfigMapNodeConfigSource",
    fields: &[
        f("namespace", Str).required(),
        f("name", Str).required(),
        f("uid", Str),
        f("resourceVersion", Str),
        f("kubeletConfigKey", Str).required(),
    ],
};
static RESOURCE_STATUS: Struct = Struct {
    go: "ResourceStatus",
    fields: &[f("name", Str).required(), f("resources", Keyed(&RESOURCE_HEALTH, "esourceId"))],
};
static CONTAINER_STATE: Struct = Struct {
    go: "ContainerState",
    fields: &[
        f("waiting", Object(&CONTAINER_STATE_WAITING)),
        f("running", Object(&CONTAINER_STATE_RUNNING)),
        f("terminated", Object(&CONTAINER_STATE_TERMINATED)),
    ],
};
static CONTAINER_USER: Struct =
    Struct { go: "ContainerUser", fields: &[f("linux", Object(&LINUX_CONTAINER_USER))] };
static VOLUME_MOUNT_STATUS: Struct = Struct {
    go: "VolumeMountStatus",
    fields: &[
        f("name", Str).required(),
        f("mountPath", Str).required(),
        f("readOnly", Bool),
        f("recursiveReadOnly", Str),
    ],
};
static CONTAINER_EXTENDED_RESOURCE_REQUEST: Struct = Struct {
    go: "ContainerExtendedResourceRequest",
    fields: &[
        f("containerName", Str).required(),
        f("resourceName", Str).required(),
        f("requestName", Str).required(),
    ],
};
static RESOURCE_CLAIM: Struct =
    Struct { go: "ResourceClaim", fields: &[f("name", Str).required(), f("request", Str)] };
static DAEMON_ENDPOINT: Struct = Struct { go: "DaemonEndpoint", fields: &[f("Port", Int32).required()] };
static NODE_SWAP_STATUS: Struct = Struct { go: "NodeSwapStatus", fields: &[f("capacity", Int64)] };
static NODE_RUNTIME_HANDLER_FEATURES: Struct = Struct {
    go: "NodeRuntimeHandlerFeatures",
    fields: &[f("recursiveReadOnlyMounts", Bool), f("userNamespaces", Bool)],
};
static RESOURCE_HEALTH: Struct =
    Struct { go: "ResourceHealth", fields: &[f("resourceID", Str).required(), f("health", Str)] };
static CONTAINER_STATE_RUNNING: Struct =
    Struct { go: "ContainerStateRunning", fields: &[f("startedAt", Time)] };
static CONTAINER_STATE_TERMINATED: Struct = Struct {
    go: "ContainerStateTerminated",
    fields: &[
        f("exitCode", Int32).required(),
        f("signal", Int32),
        f("reason", Str),
        f("message", Str),
        f("startedAt", Time),
        f("finishedAt", Time),
        f("containerID", Str),
    ],
};
static CONTAINER_STATE_WAITING: Struct =
    Struct { go: "ContainerStateWaiting", fields: &[f("reason", Str), f("message", Str)] };
static LINUX_CONTAINER_USER: Struct = Struct {
    go: "LinuxContainerUser",
    fields: &[f("uid", Int64).required(), f("gid", Int64).required(), f("supplementalGroups", List(&Int64))],
};
