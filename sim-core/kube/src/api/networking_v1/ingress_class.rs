//! Ingress classes: which controller an Ingress is meant for.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::{self, Errors};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "IngressClass",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct =
    Struct { go: "IngressClassSpec", fields: &[f("controller", Str), f("parameters", Object(&PARAMETERS))] };
static PARAMETERS: Struct = Struct {
    go: "IngressClassParametersReference",
    fields: &[
        f("apiGroup", StrPtr),
        f("kind", Str).required(),
        f("name", Str).required(),
        f("scope", StrPtr).or(D::Str("Cluster")),
        f("namespace", StrPtr),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "networking.k8s.io",
    kind: "IngressClass",
    plural: "ingressclasses",
    singular: "ingressclass",
    namespaced: false,
    schema: &SCHEMA,
    generation: true,
    validate,
    columns: &[
        NAME,
        column("Controller", "Controller that is responsible for handling this class"),
        column("Parameters", "A reference to a resource with additional parameters"),
        AGE,
    ],
    row,
    ..PLAIN
};

/// Whether Ingresses without a class get this one.
pub fn is_default(class: &Value) -> bool {
    class.annotation("ingressclass.kubernetes.io/is-default-class") == Some("true")
}

/// Models `printIngressClass`.
fn row(class: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = match class.at("/spec/parameters") {
        Value::Null => "<none>".to_string(),
        parameters => {
            let group = match parameters.at("/apiGroup") {
                Value::String(group) => format!(".{group}"),
                _ => String::new(),
            };
            format!("{}{group}/{}", parameters.str_at("/kind"), parameters.str_at("/name"))
        }
    };
    let mark = if is_default(class) { " (default)" } else { "" };
    vec![
        format!("{}{mark}", class.name()).into(),
        class.str_at("/spec/controller").into(),
        parameters.into(),
        age(class, now),
    ]
}

/// Models `ValidateIngressClass` and its update.
fn validate(class: &Value, old: Option<&Value>, errors: &mut Errors) {
    let controller = class.str_at("/spec/controller");
    let field = "spec.controller";
    if let Some(old) = old {
        errors.immutable(field, class.at("/spec/controller"), old.at("/spec/controller"));
    }
    if controller.len() > 250 {
        errors.too_long(field, 250);
    }
    match controller.split_once('/') {
        _ if controller.is_empty() => errors.required(field, ""),
        Some((domain, path)) if !domain.is_empty() && !path.is_empty() => {
            errors.check(field, domain, validation::dns_subdomain(domain));
        }
        _ => {
            errors.invalid_str(field, controller, "must be a domain-prefixed path (such as \"acme.io/foo\")")
        }
    }
    let parameters = class.at("/spec/parameters");
    if parameters.is_null() {
        return;
    }
    super::ingress_validation::reference(parameters, "spec.parameters", errors);
    let scope = parameters.str_at("/scope");
    let namespace = parameters.at("/namespace");
    if errors.one_of("spec.parameters.scope", scope, &["Cluster", "Namespace"]) {
        let field = "spec.parameters.namespace";
        match (scope, namespace.as_str()) {
            ("Namespace", None) => errors.required(field, "`parameters.scope` is set to 'Namespace'"),
            ("Namespace", Some(name)) => errors.check(field, name, validation::dns_label(name)),
            (_, Some(_)) => errors.forbidden(field, "`parameters.scope` is set to 'Cluster'"),
            _ => {}
        }
    }
}
