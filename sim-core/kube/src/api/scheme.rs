//! The kinds this cluster serves. Models the registries of `pkg/registry` and the scheme of `pkg/api`.

use super::apiextensions_v1::custom_resource::CustomResource;
use super::schema::Struct;
use super::table::Column;
use super::validation::{Errors, NameRule};
use super::{
    admissionregistration_v1, apiextensions_v1, apiregistration_v1, apps_v1, authentication_v1,
    authorization_v1, autoscaling_v1, autoscaling_v2, batch_v1, certificates_v1, coordination_v1, core_v1,
    discovery_v1, events_v1, flowcontrol_v1, networking_v1, node_v1, policy_v1, rbac_v1, scheduling_v1,
    storage_v1,
};
use serde_json::Value;
use sim::Timestamp;

/// A kind: its names, its table of fields and what is particular about it.
#[derive(Debug)]
pub struct ResourceInfo {
    /// `apps`, empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    /// `deployment`.
    pub singular: &'static str,
    /// `deploy`.
    pub short_names: &'static [&'static str],
    /// `all`.
    pub categories: &'static [&'static str],
    /// Whether it lives in a namespace.
    pub namespaced: bool,
    /// Verbs as discovery lists them.
    pub verbs: &'static [&'static str],
    /// What can be addressed below an object.
    pub subresources: &'static [Subresource],
    /// The table of fields.
    pub schema: &'static Struct,
    /// What a name may look like.
    pub name_rule: NameRule,
    /// Whether `metadata.generation` counts changes of the spec.
    pub generation: bool,
    /// Fields that selectors may name besides `metadata.name` and `metadata.namespace`, and where they are.
    pub selectable: &'static [(&'static str, &'static str)],
    /// Defaults that depend on other fields.
    pub default: fn(&mut Value),
    /// What the server makes of a new object once it has its name and uid.
    pub prepare_for_create: fn(&mut Value),
    /// What the server makes of a changed object, with the old one; not of a changed status.
    pub prepare_for_update: fn(&mut Value, &Value),
    /// Rules; with the old object when this is an update.
    pub validate: fn(&Value, Option<&Value>, &mut Errors),
    /// Columns.
    pub columns: &'static [Column],
    /// The cells of one object.
    pub row: fn(&Value, Timestamp) -> Vec<Value>,
    /// How it is stored, where that is in the form of another group or version.
    pub conversion: Option<Conversion>,
    /// What somebody has defined, where this is a custom kind.
    pub custom: Option<&'static CustomResource>,
}

/// Two forms of one stored object.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    /// The form in which it is stored.
    pub storage: Resource,
    /// Into that form, `apiVersion` included.
    pub inward: fn(&Value) -> Value,
    /// Out of it.
    pub outward: fn(&Value) -> Value,
}

/// Something below an object: `status`, `scale`, `log`.
#[derive(Debug)]
pub struct Subresource {
    /// The part of the path.
    pub name: &'static str,
    /// Kind of what goes in and out, `group/version` of it if not the resource's own.
    pub kind: &'static str,
    /// Group of that kind, if it is another.
    pub group: &'static str,
    /// Version of that kind, if the group is another.
    pub version: &'static str,
    /// Verbs as discovery lists them.
    pub verbs: &'static [&'static str],
}

/// A row of [`RESOURCES`].
pub type Resource = &'static ResourceInfo;

/// What most kinds can do.
pub const ALL_VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// The `status` subresource of a kind.
pub const fn status_of(kind: &'static str) -> Subresource {
    Subresource { name: "status", kind, group: "", version: "", verbs: &["get", "patch", "update"] }
}

/// The `scale` subresource.
pub const SCALE: Subresource = Subresource {
    name: "scale",
    kind: "Scale",
    group: "autoscaling",
    version: "v1",
    verbs: &["get", "patch", "update"],
};

/// What a kind is when nothing is particular about it; rows are written as changes of this.
pub const PLAIN: ResourceInfo = ResourceInfo {
    group: "",
    version: "v1",
    kind: "",
    plural: "",
    singular: "",
    short_names: &[],
    categories: &[],
    namespaced: true,
    verbs: ALL_VERBS,
    subresources: &[],
    schema: &Struct { go: "", fields: &[] },
    name_rule: NameRule::Subdomain,
    generation: false,
    selectable: &[],
    default: |_| (),
    prepare_for_create: |_| (),
    prepare_for_update: |_, _| (),
    validate: |_, _, _| (),
    columns: &[super::table::NAME, super::table::AGE],
    row: |object, now| {
        use super::ObjectExt;
        vec![object.name().into(), super::table::age(object, now)]
    },
    conversion: None,
    custom: None,
};

/// Every kind, by group and plural, as discovery lists them.
pub static RESOURCES: &[Resource] = &[
    &core_v1::component_status::INFO,
    &core_v1::config_map::INFO,
    &core_v1::endpoints::INFO,
    &core_v1::event::INFO,
    &core_v1::limit_range::INFO,
    &core_v1::namespace::INFO,
    &core_v1::node::INFO,
    &core_v1::persistent_volume_claim::INFO,
    &core_v1::persistent_volume::INFO,
    &core_v1::pod::INFO,
    &core_v1::pod_template::INFO,
    &core_v1::replication_controller::INFO,
    &core_v1::resource_quota::INFO,
    &core_v1::secret::INFO,
    &core_v1::service_account::INFO,
    &core_v1::service::INFO,
    &admissionregistration_v1::MUTATING_WEBHOOK_CONFIGURATION,
    &admissionregistration_v1::VALIDATING_ADMISSION_POLICY,
    &admissionregistration_v1::VALIDATING_ADMISSION_POLICY_BINDING,
    &admissionregistration_v1::VALIDATING_WEBHOOK_CONFIGURATION,
    &apiextensions_v1::custom_resource_definition::INFO,
    &apiregistration_v1::INFO,
    &apps_v1::controller_revision::INFO,
    &apps_v1::daemon_set::INFO,
    &apps_v1::deployment::INFO,
    &apps_v1::replica_set::INFO,
    &apps_v1::stateful_set::INFO,
    &authentication_v1::SELF_SUBJECT_REVIEW_INFO,
    &authentication_v1::TOKEN_REVIEW_INFO,
    &authorization_v1::LOCAL_SUBJECT_ACCESS_REVIEW_INFO,
    &authorization_v1::SELF_SUBJECT_ACCESS_REVIEW_INFO,
    &authorization_v1::SELF_SUBJECT_RULES_REVIEW_INFO,
    &authorization_v1::SUBJECT_ACCESS_REVIEW_INFO,
    &autoscaling_v2::horizontal_pod_autoscaler::INFO,
    &autoscaling_v1::horizontal_pod_autoscaler::INFO,
    &batch_v1::cron_job::INFO,
    &batch_v1::job::INFO,
    &certificates_v1::certificate_signing_request::INFO,
    &coordination_v1::lease::INFO,
    &discovery_v1::endpoint_slice::INFO,
    &events_v1::event::INFO,
    &flowcontrol_v1::FLOW_SCHEMA,
    &flowcontrol_v1::PRIORITY_LEVEL_CONFIGURATION,
    &networking_v1::ingress_class::INFO,
    &networking_v1::ingress::INFO,
    &networking_v1::ip_address::INFO,
    &networking_v1::network_policy::INFO,
    &networking_v1::service_cidr::INFO,
    &node_v1::runtime_class::INFO,
    &policy_v1::pod_disruption_budget::INFO,
    &rbac_v1::role_binding::CLUSTER_ROLE_BINDING_INFO,
    &rbac_v1::role::CLUSTER_ROLE_INFO,
    &rbac_v1::role_binding::ROLE_BINDING_INFO,
    &rbac_v1::role::ROLE_INFO,
    &scheduling_v1::priority_class::INFO,
    &storage_v1::csi::DRIVER,
    &storage_v1::csi::NODE,
    &storage_v1::csi::STORAGE_CAPACITY,
    &storage_v1::storage_class::INFO,
    &storage_v1::volume_attachment::INFO,
    &storage_v1::csi::ATTRIBUTES_CLASS,
];

impl ResourceInfo {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `pods`, `deployments.apps`: how messages name the resource.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// The form in which its objects are stored.
    pub fn storage(&'static self) -> Resource {
        self.conversion.as_ref().map_or(self, |conversion| conversion.storage)
    }

    /// `PodList`.
    pub fn list_kind(&self) -> String {
        format!("{}List", self.kind)
    }

    /// The subresource of this name.
    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        let subresources: &'static [Subresource] = self.subresources;
        subresources.iter().find(|s| s.name == name)
    }
}

/// The kind at a path.
pub fn by_plural(group: &str, version: &str, plural: &str) -> Option<Resource> {
    RESOURCES.iter().copied().find(|r| r.plural == plural && r.group == group && r.version == version)
}

/// The kind that an object says it is.
pub fn by_kind(api_version: &str, kind: &str) -> Option<Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    RESOURCES.iter().copied().find(|r| r.kind == kind && r.group == group && r.version == version)
}

/// The table of fields of a kind.
pub fn schema_of(api_version: &str, kind: &str) -> Option<&'static Struct> {
    by_kind(api_version, kind).map(|r| r.schema)
}
