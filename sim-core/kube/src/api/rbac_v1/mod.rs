//! `rbac.authorization.k8s.io/v1`: who may do what.

pub mod role;
pub mod role_binding;

use crate::api::schema::Type::*;
use crate::api::schema::{Struct, f};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;

/// The group.
pub const GROUP: &str = "rbac.authorization.k8s.io";

/// One rule of a role.
pub static POLICY_RULE: Struct = Struct {
    go: "PolicyRule",
    fields: &[
        f("verbs", List(&Str)).required(),
        f("apiGroups", List(&StrPtr)),
        f("resources", List(&Str)),
        f("resourceNames", List(&Str)),
        f("nonResourceURLs", List(&Str)),
    ],
};

/// Models `ValidatePolicyRule`.
fn validate_rule(rule: &Value, namespaced: bool, field: &str, errors: &mut Errors) {
    if rule.list_at("/verbs").is_empty() {
        errors.required(format!("{field}.verbs"), "verbs must contain at least one value");
    }
    let urls = rule.at("/nonResourceURLs");
    if !rule.list_at("/nonResourceURLs").is_empty() {
        let place = format!("{field}.nonResourceURLs");
        if namespaced {
            errors.invalid(&place, urls, "namespaced rules cannot apply to non-resource URLs");
        }
        if ["/apiGroups", "/resources", "/resourceNames"].iter().any(|path| !rule.list_at(path).is_empty()) {
            errors.invalid(
                &place,
                urls,
                "rules cannot apply to both regular resources and non-resource URLs",
            );
        }
        return;
    }
    if rule.list_at("/apiGroups").is_empty() {
        errors.required(format!("{field}.apiGroups"), "resource rules must supply at least one api group");
    }
    if rule.list_at("/resources").is_empty() {
        errors.required(format!("{field}.resources"), "resource rules must supply at least one resource");
    }
}

/// Models `SetDefaults_RoleRef` and `SetDefaults_Subject`.
fn set_binding_defaults(binding: &mut Value) {
    if binding.str_at("/roleRef/apiGroup").is_empty() && binding.at("/roleRef").is_object() {
        set(binding, "/roleRef/apiGroup", json!(GROUP));
    }
    for i in 0..binding.list_at("/subjects").len() {
        let path = format!("/subjects/{i}");
        let named = matches!(binding.str_at(&format!("{path}/kind")), "User" | "Group");
        if named && binding.str_at(&format!("{path}/apiGroup")).is_empty() {
            set(binding, &format!("{path}/apiGroup"), json!(GROUP));
        }
    }
}
