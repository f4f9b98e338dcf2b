//! The kinds of objects: their fields, defaults, rules and columns.
//!
//! Reading order: [`object`] (an object is a JSON value), [`scheme`] (the table of kinds), [`schema`]
//! (what a kind's table of fields is), then a kind: [`core_v1`], [`apps_v1`], [`batch_v1`],
//! [`autoscaling_v2`] and its older form [`autoscaling_v1`], [`policy_v1`], [`discovery_v1`], [`coordination_v1`], [`events_v1`],
//! [`networking_v1`], [`storage_v1`], [`scheduling_v1`], [`certificates_v1`], [`node_v1`], [`apiregistration_v1`] and what
//! it can lead to, [`metrics_v1beta1`], and those that are kept without effect: [`admissionregistration_v1`],
//! [`flowcontrol_v1`].
//! [`status`] is how the server says no; [`selector`], [`quantity`], [`duration`], [`strategic`],
//! [`json_patch`] and [`merge_patch`] are the small languages that objects are written in, chosen by and
//! changed with.

pub mod admissionregistration_v1;
pub mod apiextensions_v1;
pub mod apiregistration_v1;
pub mod apps_v1;
pub mod authentication_v1;
pub mod authorization_v1;
pub mod autoscaling_v1;
pub mod autoscaling_v2;
pub mod batch_v1;
pub mod certificates_v1;
pub mod coordination_v1;
pub mod core_v1;
pub mod discovery_v1;
pub mod duration;
pub mod events_v1;
#[cfg(test)]
mod fields_test;
pub mod flowcontrol_v1;
pub mod go_order;
pub mod json;
pub mod json_patch;
pub mod merge_patch;
pub mod metrics_v1beta1;
pub mod networking_v1;
pub mod node_v1;
pub mod object;
pub mod policy_v1;
pub mod quantity;
pub mod quota;
pub mod rbac_v1;
pub mod resource_list;
pub mod scheduling_v1;
pub mod schema;
pub mod scheme;
pub mod selector;
pub mod status;
pub mod storage_v1;
pub mod strategic;
pub mod table;
pub mod time_zone;
pub mod validation;

pub use apps_v1::deployment;
pub use core_v1::{node, pod, service, taint};
pub use discovery_v1::endpoint_slice;
pub use json::{constant, map_of};
pub(crate) use object::texts;
pub use object::{
    Key, Object, ObjectExt, condition, corrupt_at, object_at, remove, set, set_condition, slot,
};
pub use scheme::{Resource, ResourceInfo};
pub use selector::{FieldSelector, LabelSelector};
pub use status::Status;

use crate::json;
use serde_json::Value;

/// Custom resource definitions.
pub const CUSTOM_RESOURCE_DEFINITION: Resource = &apiextensions_v1::custom_resource_definition::INFO;
/// Roles.
pub const ROLE: Resource = &rbac_v1::role::ROLE_INFO;
/// Role bindings.
pub const ROLE_BINDING: Resource = &rbac_v1::role_binding::ROLE_BINDING_INFO;
/// Cluster roles.
pub const CLUSTER_ROLE: Resource = &rbac_v1::role::CLUSTER_ROLE_INFO;
/// Cluster role bindings.
pub const CLUSTER_ROLE_BINDING: Resource = &rbac_v1::role_binding::CLUSTER_ROLE_BINDING_INFO;
/// Pods.
pub const POD: Resource = &core_v1::pod::INFO;
/// Replica sets.
pub const REPLICA_SET: Resource = &apps_v1::replica_set::INFO;
/// Deployments.
pub const DEPLOYMENT: Resource = &apps_v1::deployment::INFO;
/// Daemon sets.
pub const DAEMON_SET: Resource = &apps_v1::daemon_set::INFO;
/// Stateful sets.
pub const STATEFUL_SET: Resource = &apps_v1::stateful_set::INFO;
/// Jobs.
pub const JOB: Resource = &batch_v1::job::INFO;
/// Cron jobs.
pub const CRON_JOB: Resource = &batch_v1::cron_job::INFO;
/// Replication controllers.
pub const REPLICATION_CONTROLLER: Resource = &core_v1::replication_controller::INFO;
/// Pod templates.
pub const POD_TEMPLATE: Resource = &core_v1::pod_template::INFO;
/// Horizontal pod autoscalers.
pub const HORIZONTAL_POD_AUTOSCALER: Resource = &autoscaling_v2::horizontal_pod_autoscaler::INFO;
/// Disruption budgets.
pub const POD_DISRUPTION_BUDGET: Resource = &policy_v1::pod_disruption_budget::INFO;
/// Controller revisions.
pub const CONTROLLER_REVISION: Resource = &apps_v1::controller_revision::INFO;
/// Services.
pub const SERVICE: Resource = &core_v1::service::INFO;
/// Endpoints.
pub const ENDPOINTS: Resource = &core_v1::endpoints::INFO;
/// Endpoint slices.
pub const ENDPOINT_SLICE: Resource = &discovery_v1::endpoint_slice::INFO;
/// Namespaces.
pub const NAMESPACE: Resource = &core_v1::namespace::INFO;
/// Nodes.
pub const NODE: Resource = &core_v1::node::INFO;
/// Events.
pub const EVENT: Resource = &core_v1::event::INFO;
/// Service accounts.
pub const SERVICE_ACCOUNT: Resource = &core_v1::service_account::INFO;
/// How the control plane is.
pub const COMPONENT_STATUS: Resource = &core_v1::component_status::INFO;
/// Config maps.
pub const CONFIG_MAP: Resource = &core_v1::config_map::INFO;
/// Secrets.
pub const SECRET: Resource = &core_v1::secret::INFO;
/// Which server answers for which group.
pub const API_SERVICE: Resource = &apiregistration_v1::INFO;
/// Leases.
pub const LEASE: Resource = &coordination_v1::lease::INFO;

/// Persistent volumes.
pub const PERSISTENT_VOLUME: Resource = &core_v1::persistent_volume::INFO;
/// Persistent volume claims.
pub const PERSISTENT_VOLUME_CLAIM: Resource = &core_v1::persistent_volume_claim::INFO;
/// Storage classes.
pub const STORAGE_CLASS: Resource = &storage_v1::storage_class::INFO;
/// Resource quotas.
pub const RESOURCE_QUOTA: Resource = &core_v1::resource_quota::INFO;
/// Limit ranges.
pub const LIMIT_RANGE: Resource = &core_v1::limit_range::INFO;
/// Ingresses.
pub const INGRESS: Resource = &networking_v1::ingress::INFO;
/// Ingress classes.
pub const INGRESS_CLASS: Resource = &networking_v1::ingress_class::INFO;
/// Addresses of Services.
pub const IP_ADDRESS: Resource = &networking_v1::ip_address::INFO;
/// Ranges of them.
pub const SERVICE_CIDR: Resource = &networking_v1::service_cidr::INFO;
/// Network policies.
pub const NETWORK_POLICY: Resource = &networking_v1::network_policy::INFO;
/// Priority classes.
pub const PRIORITY_CLASS: Resource = &scheduling_v1::priority_class::INFO;
/// Runtime classes.
pub const RUNTIME_CLASS: Resource = &node_v1::runtime_class::INFO;
/// Certificate signing requests.
pub const CERTIFICATE_SIGNING_REQUEST: Resource = &certificates_v1::certificate_signing_request::INFO;

/// An object of this kind with nothing but its names.
pub fn new_object(resource: Resource, namespace: &str, name: &str) -> Value {
    let mut object = json!({
        "apiVersion": resource.api_version(), "kind": resource.kind, "metadata": {"name": name},
    });
    if resource.namespaced {
        set(&mut object, "/metadata/namespace", json!(namespace));
    }
    object
}

/// What an owned object says of the one that manages it.
pub fn owner_reference(owner: &Value, resource: Resource) -> Value {
    json!({
        "apiVersion": resource.api_version(), "kind": resource.kind, "name": owner.name(), "uid": owner.uid(),
        "controller": true, "blockOwnerDeletion": true,
    })
}
