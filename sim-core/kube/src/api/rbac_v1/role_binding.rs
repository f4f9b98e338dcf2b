//! Bindings: who has a role, in a namespace or in the whole cluster.

use super::{GROUP, set_binding_defaults};
use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, Column, NAME, age, column, wide};
use crate::api::validation::{Errors, NameRule, dns_subdomain};
use serde_json::Value;
use sim::Timestamp;

macro_rules! binding {
    ($go:literal) => {
        Struct {
            go: $go,
            fields: &[
                f("kind", Str),
                f("apiVersion", Str),
                f("metadata", Object(&OBJECT_META)).or(D::Empty),
                f("subjects", List(&Object(&SUBJECT))),
                f("roleRef", Object(&ROLE_REF)).required().or(D::Empty),
            ],
        }
    };
}
static ROLE_BINDING: Struct = binding!("RoleBinding");
static CLUSTER_ROLE_BINDING: Struct = binding!("ClusterRoleBinding");
static ROLE_REF: Struct = Struct {
    go: "RoleRef",
    fields: &[f("apiGroup", Str).required(), f("kind", Str).required(), f("name", Str).required()],
};
static SUBJECT: Struct = Struct {
    go: "Subject",
    fields: &[f("kind", Str).required(), f("apiGroup", Str), f("name", Str).required(), f("namespace", Str)],
};

const ROLE: Column = column("Role", "The role that is given.");

/// The row of the scheme.
pub static ROLE_BINDING_INFO: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "RoleBinding",
    plural: "rolebindings",
    singular: "rolebinding",
    schema: &ROLE_BINDING,
    name_rule: NameRule::Path,
    default: set_binding_defaults,
    validate: |binding, old, errors| validate(binding, old, true, errors),
    columns: &[
        NAME,
        ROLE,
        AGE,
        wide("Users", "Users in the roleBinding"),
        wide("Groups", "Groups in the roleBinding"),
        wide("ServiceAccounts", "ServiceAccounts in the roleBinding"),
    ],
    row,
    ..PLAIN
};

/// The row of the scheme.
pub static CLUSTER_ROLE_BINDING_INFO: ResourceInfo = ResourceInfo {
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    namespaced: false,
    schema: &CLUSTER_ROLE_BINDING,
    validate: |binding, old, errors| validate(binding, old, false, errors),
    columns: &[
        NAME,
        ROLE,
        AGE,
        wide("Users", "Users in the clusterRoleBinding"),
        wide("Groups", "Groups in the clusterRoleBinding"),
        wide("ServiceAccounts", "ServiceAccounts in the clusterRoleBinding"),
    ],
    ..ROLE_BINDING_INFO
};

fn row(binding: &Value, now: Timestamp) -> Vec<Value> {
    let names = |kind: &str| {
        let of = |subject: &&Value| subject.str_at("/kind") == kind;
        let name = |subject: &Value| match subject.str_at("/namespace") {
            namespace if kind == "ServiceAccount" && !namespace.is_empty() => {
                format!("{namespace}/{}", subject.str_at("/name"))
            }
            _ => subject.str_at("/name").to_string(),
        };
        binding.list_at("/subjects").iter().filter(of).map(name).collect::<Vec<_>>().join(", ")
    };
    vec![
        binding.name().into(),
        format!("{}/{}", binding.str_at("/roleRef/kind"), binding.str_at("/roleRef/name")).into(),
        age(binding, now),
        names("User").into(),
        names("Group").into(),
        names("ServiceAccount").into(),
    ]
}

/// Models `ValidateRoleBinding` and `ValidateRoleBindingUpdate`.
fn validate(binding: &Value, old: Option<&Value>, namespaced: bool, errors: &mut Errors) {
    let role = binding.at("/roleRef");
    errors.one_of("roleRef.apiGroup", role.str_at("/apiGroup"), &[GROUP]);
    if namespaced {
        errors.one_of("roleRef.kind", role.str_at("/kind"), &["ClusterRole", "Role"]);
    } else {
        errors.one_of("roleRef.kind", role.str_at("/kind"), &["ClusterRole"]);
    }
    let name = role.str_at("/name");
    if name.is_empty() {
        errors.required("roleRef.name", "");
    } else {
        errors.check("roleRef.name", name, NameRule::Path.check(name));
    }
    for (i, subject) in binding.list_at("/subjects").iter().enumerate() {
        validate_subject(subject, namespaced, &format!("subjects[{i}]"), errors);
    }
    if let Some(old) = old
        && old.at("/roleRef") != role
    {
        // Upstream shows its internal type.
        let shown = crate::json!({
            "APIGroup": role.at("/apiGroup"), "Kind": role.at("/kind"), "Name": role.at("/name"),
        });
        errors.invalid("roleRef", &shown, "cannot change roleRef");
    }
}

/// Models `ValidateRoleBindingSubject`.
fn validate_subject(subject: &Value, namespaced: bool, field: &str, errors: &mut Errors) {
    let name = subject.str_at("/name");
    if name.is_empty() {
        errors.required(format!("{field}.name"), "");
    }
    let group = subject.str_at("/apiGroup");
    match subject.str_at("/kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                errors.check(format!("{field}.name"), name, dns_subdomain(name));
            }
            if !group.is_empty() {
                errors.one_of(format!("{field}.apiGroup"), group, &[""]);
            }
            if !namespaced && subject.str_at("/namespace").is_empty() {
                errors.required(format!("{field}.namespace"), "");
            }
        }
        "User" | "Group" => {
            errors.one_of(format!("{field}.apiGroup"), group, &[GROUP]);
        }
        other => {
            errors.one_of(format!("{field}.kind"), other, &["Group", "ServiceAccount", "User"]);
        }
    }
}
