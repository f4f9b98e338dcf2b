//! Small parts of a pod's spec that only its node's kernel or its runtime understands: the tables of their fields.

use crate::api::schema::Type::*;
use crate::api::schema::{Struct, f};

/// `AppArmorProfile`.
pub static APP_ARMOR_PROFILE: Struct =
    Struct { go: "AppArmorProfile", fields: &[f("type", Str).required(), f("localhostProfile", Str)] };
/// `SELinuxOptions`.
pub static SE_LINUX_OPTIONS: Struct = Struct {
    go: "SELinuxOptions",
    fields: &[f("user", Str), f("role", Str), f("type", Str), f("level", Str)],
};
/// `SeccompProfile`.
pub static SECCOMP_PROFILE: Struct =
    Struct { go: "SeccompProfile", fields: &[f("type", Str).required(), f("localhostProfile", Str)] };
/// `Sysctl`.
pub static SYSCTL: Struct =
    Struct { go: "Sysctl", fields: &[f("name", Str).required(), f("value", Str).required()] };
/// `WindowsSecurityContextOptions`.
pub static WINDOWS_SECURITY_CONTEXT_OPTIONS: Struct = Struct {
    go: "WindowsSecurityContextOptions",
    fields: &[
        f("gmsaCredentialSpecName", Str),
        f("gmsaCredentialSpec", Str),
        f("runAsUserName", Str),
        f("hostProcess", Bool),
    ],
};
/// `PodOS`.
pub static POD_OS: Struct = Struct { go: "PodOS", fields: &[f("name", Str).required()] };
/// `PodResourceClaim`.
pub static POD_RESOURCE_CLAIM: Struct = Struct {
    go: "PodResourceClaim",
    fields: &[f("name", Str).required(), f("resourceClaimName", Str), f("resourceClaimTemplateName", Str)],
};
/// `ContainerResizePolicy`.
pub static CONTAINER_RESIZE_POLICY: Struct = Struct {
    go: "ContainerResizePolicy",
    fields: &[f("resourceName", Str).required(), f("restartPolicy", Str).required()],
};
/// `ContainerRestartRule`.
pub static CONTAINER_RESTART_RULE: Struct = Struct {
    go: "ContainerRestartRule",
    fields: &[f("action", Str).required(), f("exitCodes", Object(&CONTAINER_RESTART_RULE_ON_EXIT_CODES))],
};
/// `FileKeySelector`.
pub static FILE_KEY_SELECTOR: Struct = Struct {
    go: "FileKeySelector",
    fields: &[
        f("volumeName", Str).required(),
        f("path", Str).required(),
        f("key", Str).required(),
        f("optional", Bool),
    ],
};
/// `ResourceClaim`.
pub static RESOURCE_CLAIM: Struct =
    Struct { go: "ResourceClaim", fields: &[f("name", Str).required(), f("request", Str)] };
/// `WorkloadReference`.
pub static WORKLOAD_REFERENCE: Struct = Struct {
    go: "WorkloadReference",
    fields: &[f("name", Str).required(), f("podGroup", Str).required(), f("podGroupReplicaKey", Str)],
};
static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Struct = Struct {
    go: "ContainerRestartRuleOnExitCodes",
    fields: &[f("operator", Str).required(), f("values", Set(&Int32))],
};
