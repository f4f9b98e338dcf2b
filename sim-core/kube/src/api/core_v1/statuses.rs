//! What is reported of pods and nodes. The fields are told to who asks for them; what kubelets write is not held
//! against them.

use crate::api::schema::Type::*;
use crate::api::schema::{Struct, f};

/// `PodStatus`.
pub static POD_STATUS: Struct = Struct {
    go: "PodStatus",
    fields: &[
        f("allocatedResources", MapOf(&Quantity)),
        f("conditions", Keyed(&POD_CONDITION, "type")),
        f("containerStatuses", List(&Object(&CONTAINER_STATUS))),
        f("ephemeralContainerStatuses", List(&Object(&CONTAINER_STATUS))),
        f("extendedResourceClaimStatus", Object(&POD_EXTENDED_RESOURCE_CLAIM_STATUS)),
        f("hostIP", Str),
        f("hostIPs", Keyed(&HOST_IP, "ip")),
        f("initContainerStatuses", List(&Object(&CONTAINER_STATUS))),
        f("message", Str),
        f("nominatedNodeName", Str),
        f("observedGeneration", Int64),
        f("phase", Str),
        f("podIP", Str),
        f("podIPs", Keyed(&POD_IP, "ip")),
        f("qosClass", Str),
        f("reason", Str),
        f("resize", Str),
        f("resourceClaimStatuses", Keyed(&POD_RESOURCE_CLAIM_STATUS, "name")),
        f("resources", Object(&RESOURCE_REQUIREMENTS)),
        f("startTime", Time),
    ],
};
/// `NodeStatus`.
pub static NODE_STATUS: Struct = Struct {
    go: "NodeStatus",
    fields: &[
        f("addresses", Keyed(&NODE_ADDRESS, "type")),
        f("allocatable", MapOf(&Quantity)),
        f("capacity", MapOf(&Quantity)),
        f("conditions", Keyed(&NODE_CONDITION, "type")),
        f("config", Object(&NODE_CONFIG_STATUS)),
        f("daemonEndpoints", Object(&NODE_DAEMON_ENDPOINTS)),
        f("declaredFeatures", List(&Str)),
        f("features", Object(&NODE_FEATURES)),
        f("images", List(&Object(&CONTAINER_IMAGE))),
        f("nodeInfo", Object(&NODE_SYSTEM_INFO)),
        f("phase", Str),
        f("runtimeHandlers", List(&Object(&NODE_RUNTIME_HANDLER))),
        f("volumesAttached", List(&Object(&ATTACHED_VOLUME))),
        f("volumesInUse", List(&Str)),
    ],
};
/// `NodeConfigSource`.
pub static NODE_CONFIG_SOURCE: Struct =
    Struct { go: "NodeConfigSource", fields: &[f("configMap", Object(&CONFIG_MAP_NODE_CONFIG_SOURCE))] };
static POD_CONDITION: Struct = Struct {
    go: "PodCondition",
    fields: &[
        f("lastProbeTime", Time),
        f("lastTransitionTime", Time),
        f("message", Str),
        f("observedGeneration", Int64),
        f("reason", Str),
        f("status", Str).required(),
        f("type", Str).required(),
    ],
};
static CONTAINER_STATUS: Struct = Struct {
    go: "ContainerStatus",
    fields: &[
        f("allocatedResources", MapOf(&Quantity)),
        f("allocatedResourcesStatus", Keyed(&RESOURCE_STATUS, "name")),
        f("containerID", Str),
        f("image", Str).required(),
        f("imageID", Str).required(),
        f("lastState", Object(&CONTAINER_STATE)),
        f("name", Str).required(),
        f("ready", Bool).required(),
        f("resources", Object(&RESOURCE_REQUIREMENTS)),
        f("restartCount", Int32).required(),
        f("started", Bool),
        f("state", Object(&CONTAINER_STATE)),
        f("stopSignal", Str),
        f("user", Object(&CONTAINER_USER)),
        f("volumeMounts", Keyed(&VOLUME_MOUNT_STATUS, "mountPath")),
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
        f("claims", Keyed(&RESOURCE_CLAIM, "name")),
        f("limits", MapOf(&Quantity)),
        f("requests", MapOf(&Quantity)),
    ],
};
static NODE_ADDRESS: Struct =
    Struct { go: "NodeAddress", fields: &[f("address", Str).required(), f("type", Str).required()] };
static NODE_CONDITION: Struct = Struct {
    go: "NodeCondition",
    fields: &[
        f("lastHeartbeatTime", Time),
        f("lastTransitionTime", Time),
        f("message", Str),
        f("reason", Str),
        f("status", Str).required(),
        f("type", Str).required(),
    ],
};
static NODE_CONFIG_STATUS: Struct = Struct {
    go: "NodeConfigStatus",
    fields: &[
        f("active", Object(&NODE_CONFIG_SOURCE)),
        f("assigned", Object(&NODE_CONFIG_SOURCE)),
        f("error", Str),
        f("lastKnownGood", Object(&NODE_CONFIG_SOURCE)),
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
        f("architecture", Str).required(),
        f("bootID", Str).required(),
        f("containerRuntimeVersion", Str).required(),
        f("kernelVersion", Str).required(),
        f("kubeProxyVersion", Str).required(),
        f("kubeletVersion", Str).required(),
        f("machineID", Str).required(),
        f("operatingSystem", Str).required(),
        f("osImage", Str).required(),
        f("swap", Object(&NODE_SWAP_STATUS)),
        f("systemUUID", Str).required(),
    ],
};
static NODE_RUNTIME_HANDLER: Struct = Struct {
    go: "NodeRuntimeHandler",
    fields: &[f("features", Object(&NODE_RUNTIME_HANDLER_FEATURES)), f("name", Str)],
};
static ATTACHED_VOLUME: Struct =
    Struct { go: "AttachedVolume", fields: &[f("devicePath", Str).required(), f("name", Str).required()] };
static CONFIG_MAP_NODE_CONFIG_SOURCE: Struct = Struct {
    go: "ConfigMapNodeConfigSource",
    fields: &[
        f("kubeletConfigKey", Str).required(),
        f("name", Str).required(),
        f("namespace", Str).required(),
        f("resourceVersion", Str),
        f("uid", Str),
    ],
};
static RESOURCE_STATUS: Struct = Struct {
    go: "ResourceStatus",
    fields: &[f("name", Str).required(), f("resources", Keyed(&RESOURCE_HEALTH, "esourceId"))],
};
static CONTAINER_STATE: Struct = Struct {
    go: "ContainerState",
    fields: &[
        f("running", Object(&CONTAINER_STATE_RUNNING)),
        f("terminated", Object(&CONTAINER_STATE_TERMINATED)),
        f("waiting", Object(&CONTAINER_STATE_WAITING)),
    ],
};
static CONTAINER_USER: Struct =
    Struct { go: "ContainerUser", fields: &[f("linux", Object(&LINUX_CONTAINER_USER))] };
static VOLUME_MOUNT_STATUS: Struct = Struct {
    go: "VolumeMountStatus",
    fields: &[
        f("mountPath", Str).required(),
        f("name", Str).required(),
        f("readOnly", Bool),
        f("recursiveReadOnly", Str),
    ],
};
static CONTAINER_EXTENDED_RESOURCE_REQUEST: Struct = Struct {
    go: "ContainerExtendedResourceRequest",
    fields: &[
        f("containerName", Str).required(),
        f("requestName", Str).required(),
        f("resourceName", Str).required(),
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
    Struct { go: "ResourceHealth", fields: &[f("health", Str), f("resourceID", Str).required()] };
static CONTAINER_STATE_RUNNING: Struct =
    Struct { go: "ContainerStateRunning", fields: &[f("startedAt", Time)] };
static CONTAINER_STATE_TERMINATED: Struct = Struct {
    go: "ContainerStateTerminated",
    fields: &[
        f("containerID", Str),
        f("exitCode", Int32).required(),
        f("finishedAt", Time),
        f("message", Str),
        f("reason", Str),
        f("signal", Int32),
        f("startedAt", Time),
    ],
};
static CONTAINER_STATE_WAITING: Struct =
    Struct { go: "ContainerStateWaiting", fields: &[f("message", Str), f("reason", Str)] };
static LINUX_CONTAINER_USER: Struct = Struct {
    go: "LinuxContainerUser",
    fields: &[f("gid", Int64).required(), f("supplementalGroups", List(&Int64)), f("uid", Int64).required()],
};
