//! The spec of a pod, alone or as a template.

use super::container::{CONTAINER, EPHEMERAL_CONTAINER, RESOURCES, SPREAD, VOLUME};
use super::pod_parts;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::{ObjectExt, slot};
use crate::json;
use serde_json::Value;

/// `spec` of a pod.
pub static POD_SPEC: Struct = Struct {
    go: "PodSpec",
    fields: &[
        f("volumes", Keyed(&VOLUME, "name")),
        f("initContainers", Keyed(&CONTAINER, "name")),
        f("containers", Keyed(&CONTAINER, "name")).required(),
        f("ephemeralContainers", Keyed(&EPHEMERAL_CONTAINER, "name")),
        f("restartPolicy", Str).or(D::Str("Always")),
        f("terminationGracePeriodSeconds", Int64).or(D::Int(30)),
        f("activeDeadlineSeconds", Int64),
        f("dnsPolicy", Str).or(D::Str("ClusterFirst")),
        f("nodeSelector", Map),
        f("serviceAccountName", Str),
        f("serviceAccount", Str),
        f("automountServiceAccountToken", Bool),
        f("nodeName", Str),
        f("hostNetwork", Bool),
        f("hostPID", Bool),
        f("hostIPC", Bool),
        f("shareProcessNamespace", Bool),
        f("securityContext", Object(&POD_SECURITY_CONTEXT)).or(D::Empty),
        f("imagePullSecrets", Keyed(&LOCAL_REFERENCE, "name")),
        f("hostname", Str),
        f("subdomain", Str),
        f("affinity", Object(&AFFINITY)),
        f("schedulerName", Str).or(D::Str("default-scheduler")),
        f("tolerations", List(&Object(&TOLERATION))),
        f("hostAliases", Keyed(&HOST_ALIAS, "ip")),
        f("priorityClassName", Str),
        f("priority", Int32),
        f("dnsConfig", Object(&DNS_CONFIG)),
        f("readinessGates", List(&Object(&READINESS_GATE))),
        f("runtimeClassName", StrPtr),
        f("enableServiceLinks", Bool),
        f("preemptionPolicy", StrPtr),
        f("overhead", MapOf(&Quantity)),
        f("topologySpreadConstraints", Keyed(&SPREAD, "topologyKey")),
        f("setHostnameAsFQDN", Bool),
        f("os", Object(&pod_parts::POD_OS)),
        f("hostUsers", Bool),
        f("schedulingGates", Keyed(&SCHEDULING_GATE, "name")),
        f("resourceClaims", Keyed(&pod_parts::POD_RESOURCE_CLAIM, "name")),
        f("resources", Object(&RESOURCES)),
        f("hostnameOverride", StrPtr),
        f("workloadRef", Object(&pod_parts::WORKLOAD_REFERENCE)),
    ],
};

/// `spec.template` of what makes pods.
pub static POD_TEMPLATE: Struct = Struct {
    go: "PodTemplateSpec",
    fields: &[f("metadata", Object(&OBJECT_META)).or(D::Empty), f("spec", Object(&POD_SPEC)).or(D::Empty)],
};

static DNS_CONFIG: Struct = Struct {
    go: "PodDNSConfig",
    fields: &[
        f("nameservers", List(&Str)),
        f("searches", List(&Str)),
        f("options", List(&Object(&DNS_OPTION))),
    ],
};
static DNS_OPTION: Struct =
    Struct { go: "PodDNSConfigOption", fields: &[f("name", Str), f("value", StrPtr)] };
static HOST_ALIAS: Struct =
    Struct { go: "HostAlias", fields: &[f("ip", Str).required(), f("hostnames", List(&Str))] };
/// A name of something in the same namespace.
pub static LOCAL_REFERENCE: Struct = Struct { go: "LocalObjectReference", fields: &[f("name", Str)] };
static READINESS_GATE: Struct =
    Struct { go: "PodReadinessGate", fields: &[f("conditionType", Str).required()] };
static SCHEDULING_GATE: Struct = Struct { go: "PodSchedulingGate", fields: &[f("name", Str).required()] };
/// A toleration of a taint.
pub static TOLERATION: Struct = Struct {
    go: "Toleration",
    fields: &[
        f("key", Str),
        f("operator", Str),
        f("value", Str),
        f("effect", Str),
        f("tolerationSeconds", Int64),
    ],
};
static POD_SECURITY_CONTEXT: Struct = Struct {
    go: "PodSecurityContext",
    fields: &[
        f("seLinuxOptions", Object(&pod_parts::SE_LINUX_OPTIONS)),
        f("windowsOptions", Object(&pod_parts::WINDOWS_SECURITY_CONTEXT_OPTIONS)),
        f("runAsUser", Int64),
        f("runAsGroup", Int64),
        f("runAsNonRoot", Bool),
        f("supplementalGroups", List(&Int64)),
        f("supplementalGroupsPolicy", StrPtr),
        f("fsGroup", Int64),
        f("sysctls", List(&Object(&pod_parts::SYSCTL))),
        f("fsGroupChangePolicy", StrPtr),
        f("seccompProfile", Object(&pod_parts::SECCOMP_PROFILE)),
        f("appArmorProfile", Object(&pod_parts::APP_ARMOR_PROFILE)),
        f("seLinuxChangePolicy", StrPtr),
    ],
};

static AFFINITY: Struct = Struct {
    go: "Affinity",
    fields: &[
        f("nodeAffinity", Object(&NODE_AFFINITY)),
        f("podAffinity", Object(&POD_AFFINITY)),
        f("podAntiAffinity", Object(&POD_ANTI_AFFINITY)),
    ],
};
static NODE_AFFINITY: Struct = Struct {
    go: "NodeAffinity",
    fields: &[
        f("requiredDuringSchedulingIgnoredDuringExecution", Object(&NODE_SELECTOR)),
        f("preferredDuringSchedulingIgnoredDuringExecution", List(&Object(&PREFERRED_NODE))),
    ],
};
static PREFERRED_NODE: Struct = Struct {
    go: "PreferredSchedulingTerm",
    fields: &[f("weight", Int32).required(), f("preference", Object(&NODE_TERM)).required()],
};
/// Terms of which a node must match one.
pub static NODE_SELECTOR: Struct =
    Struct { go: "NodeSelector", fields: &[f("nodeSelectorTerms", List(&Object(&NODE_TERM))).required()] };
static NODE_TERM: Struct = Struct {
    go: "NodeSelectorTerm",
    fields: &[
        f("matchExpressions", List(&Object(&NODE_REQUIREMENT))),
        f("matchFields", List(&Object(&NODE_REQUIREMENT))),
    ],
};
static NODE_REQUIREMENT: Struct = Struct {
    go: "NodeSelectorRequirement",
    fields: &[f("key", Str).required(), f("operator", Str).required(), f("values", List(&StrPtr))],
};
static POD_AFFINITY: Struct = Struct {
    go: "PodAffinity",
    fields: &[
        f("requiredDuringSchedulingIgnoredDuringExecution", List(&Object(&POD_TERM))),
        f("preferredDuringSchedulingIgnoredDuringExecution", List(&Object(&WEIGHTED_TERM))),
    ],
};
static POD_ANTI_AFFINITY: Struct = Struct {
    go: "PodAntiAffinity",
    fields: &[
        f("requiredDuringSchedulingIgnoredDuringExecution", List(&Object(&POD_TERM))),
        f("preferredDuringSchedulingIgnoredDuringExecution", List(&Object(&WEIGHTED_TERM))),
    ],
};
static WEIGHTED_TERM: Struct = Struct {
    go: "WeightedPodAffinityTerm",
    fields: &[f("weight", Int32).required(), f("podAffinityTerm", Object(&POD_TERM)).required()],
};
static POD_TERM: Struct = Struct {
    go: "PodAffinityTerm",
    fields: &[
        f("labelSelector", Object(&LABEL_SELECTOR)),
        f("namespaces", List(&Str)),
        f("topologyKey", Str).required(),
        f("namespaceSelector", Object(&LABEL_SELECTOR)),
        f("matchLabelKeys", List(&Str)),
        f("mismatchLabelKeys", List(&Str)),
    ],
};

/// Defaults of a pod's spec that depend on other fields. Models `SetDefaults_PodSpec` and
/// `SetDefaults_Container`.
pub fn set_defaults(spec: &mut Value) {
    let host_network = spec.bool_at("/hostNetwork");
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if container.str_at("/imagePullPolicy").is_empty() {
                let policy = if latest(container.str_at("/image")) { "Always" } else { "IfNotPresent" };
                container["imagePullPolicy"] = json!(policy);
            }
            if host_network {
                for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                    if port.int_at("/hostPort").unwrap_or(0) == 0 {
                        port["hostPort"] = port.at("/containerPort").clone();
                    }
                }
            }
        }
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if volume.as_object().is_some_and(|v| v.keys().all(|key| key == "name")) {
            volume["emptyDir"] = json!({});
        }
    }
    // The older name of the same field.
    let account = match spec.str_at("/serviceAccountName") {
        "" => spec.str_at("/serviceAccount"),
        name => name,
    };
    if !account.is_empty() {
        let account = json!(account);
        *slot(spec, "/serviceAccount") = account.clone();
        *slot(spec, "/serviceAccountName") = account;
    }
}

/// Whether an image's tag is `latest`, said or not.
fn latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}
