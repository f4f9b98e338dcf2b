//! Custom resource definitions: the names, versions and schemas of a kind that somebody brings.

use super::open_api_schema;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME};
use crate::api::validation::{Errors, dns_subdomain, dns1035_label};
use crate::api::{ObjectExt, set};
use crate::json;
use serde_json::Value;

static SCHEMA: Struct = Struct {
    go: "CustomResourceDefinition",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).required().or(D::Empty),
        f("status", Object(&STATUS)),
    ],
};
static SPEC: Struct = Struct {
    go: "CustomResourceDefinitionSpec",
    fields: &[
        f("group", Str).required(),
        f("names", Object(&NAMES)).required().or(D::Empty),
        f("scope", Str).required(),
        f("versions", List(&Object(&VERSION))).required(),
        f("conversion", Object(&CONVERSION)).or(D::Empty),
        f("preserveUnknownFields", Bool),
    ],
};
static CONVERSION: Struct = Struct {
    go: "CustomResourceConversion",
    fields: &[f("strategy", Str).required().or(D::Str("None")), f("webhook", Object(&WEBHOOK))],
};
static WEBHOOK: Struct = Struct {
    go: "WebhookConversion",
    fields: &[
        f("clientConfig", Object(&CLIENT_CONFIG)),
        f("conversionReviewVersions", List(&Str)).required(),
    ],
};
static CLIENT_CONFIG: Struct = Struct {
    go: "WebhookClientConfig",
    fields: &[f("url", StrPtr), f("service", Object(&SERVICE_REFERENCE)), f("caBundle", Bytes)],
};
static SERVICE_REFERENCE: Struct = Struct {
    go: "ServiceReference",
    fields: &[f("namespace", Str).required(), f("name", Str).required(), f("path", StrPtr), f("port", Int32)],
};
static NAMES: Struct = Struct {
    go: "CustomResourceDefinitionNames",
    fields: &[
        f("plural", Str).required(),
        f("singular", Str),
        f("shortNames", List(&Str)),
        f("kind", Str).required(),
        f("listKind", Str),
        f("categories", List(&Str)),
    ],
};
static VERSION: Struct = Struct {
    go: "CustomResourceDefinitionVersion",
    fields: &[
        f("name", Str).required(),
        f("served", Bool).required(),
        f("storage", Bool).required(),
        f("deprecated", Bool),
        f("deprecationWarning", StrPtr),
        f("schema", Object(&VALIDATION)),
        f("subresources", Object(&SUBRESOURCES)),
        f("additionalPrinterColumns", List(&Object(&COLUMN))),
        f("selectableFields", List(&Object(&SELECTABLE))),
    ],
};
static COLUMN: Struct = Struct {
    go: "CustomResourceColumnDefinition",
    fields: &[
        f("name", Str).required(),
        f("type", Str).required(),
        f("format", Str),
        f("description", Str),
        f("priority", Int32),
        f("jsonPath", Str).required(),
    ],
};
static VALIDATION: Struct =
    Struct { go: "CustomResourceValidation", fields: &[f("openAPIV3Schema", Loose(&Object(&PROPS)))] };
// A schema holds schemas; that is told, and checked elsewhere.
static PROPS: Struct = Struct {
    go: "JSONSchemaProps",
    fields: &[
        f("$ref", Str),
        f("$schema", Str),
        f("additionalItems", Any),
        f("additionalProperties", Any),
        f("allOf", List(&Object(&PROPS))),
        f("anyOf", List(&Object(&PROPS))),
        f("default", Any),
        f("definitions", MapOf(&Object(&PROPS))),
        f("dependencies", Any),
        f("description", Str),
        f("enum", List(&Any)),
        f("example", Any),
        f("exclusiveMaximum", Bool),
        f("exclusiveMinimum", Bool),
        f("externalDocs", Object(&EXTERNAL_DOCUMENTATION)),
        f("format", Str),
        f("id", Str),
        f("items", Any),
        f("maxItems", Int64),
        f("maxLength", Int64),
        f("maxProperties", Int64),
        f("maximum", Double),
        f("minItems", Int64),
        f("minLength", Int64),
        f("minProperties", Int64),
        f("minimum", Double),
        f("multipleOf", Double),
        f("not", Object(&PROPS)),
        f("nullable", Bool),
        f("oneOf", List(&Object(&PROPS))),
        f("pattern", Str),
        f("patternProperties", MapOf(&Object(&PROPS))),
        f("properties", MapOf(&Object(&PROPS))),
        f("required", List(&Str)),
        f("title", Str),
        f("type", Str),
        f("uniqueItems", Bool),
        f("x-kubernetes-embedded-resource", Bool),
        f("x-kubernetes-int-or-string", Bool),
        f("x-kubernetes-list-map-keys", List(&Str)),
        f("x-kubernetes-list-type", Str),
        f("x-kubernetes-map-type", Str),
        f("x-kubernetes-preserve-unknown-fields", Bool),
        f("x-kubernetes-validations", Keyed(&VALIDATION_RULE, "rule")),
    ],
};
static EXTERNAL_DOCUMENTATION: Struct =
    Struct { go: "ExternalDocumentation", fields: &[f("description", Str), f("url", Str)] };
static VALIDATION_RULE: Struct = Struct {
    go: "ValidationRule",
    fields: &[
        f("fieldPath", Str),
        f("message", Str),
        f("messageExpression", Str),
        f("optionalOldSelf", Bool),
        f("reason", StrPtr),
        f("rule", Str).required(),
    ],
};
static SELECTABLE: Struct = Struct { go: "SelectableField", fields: &[f("jsonPath", Str).required()] };
static SUBRESOURCES: Struct = Struct {
    go: "CustomResourceSubresources",
    fields: &[f("scale", Object(&SCALE)), f("status", Object(&SUBRESOURCE_STATUS))],
};
static SUBRESOURCE_STATUS: Struct = Struct { go: "CustomResourceSubresourceStatus", fields: &[] };
static SCALE: Struct = Struct {
    go: "CustomResourceSubresourceScale",
    fields: &[
        f("labelSelectorPath", StrPtr),
        f("specReplicasPath", Str).required(),
        f("statusReplicasPath", Str).required(),
    ],
};
static STATUS: Struct = Struct {
    go: "CustomResourceDefinitionStatus",
    fields: &[
        f("acceptedNames", Object(&NAMES)),
        f("conditions", Keyed(&CONDITION, "type")),
        f("observedGeneration", Int64),
        f("storedVersions", List(&Str)),
    ],
};
static CONDITION: Struct = Struct {
    go: "CustomResourceDefinitionCondition",
    fields: &[
        f("lastTransitionTime", Time),
        f("message", Str),
        f("observedGeneration", Int64),
        f("reason", Str),
        f("status", Str).required(),
        f("type", Str).required(),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    subresources: &[status_of("CustomResourceDefinition")],
    schema: &SCHEMA,
    default: set_defaults,
    validate,
    columns: &[NAME, Column { name: "Created At", ty: "date", ..AGE }],
    row: |definition, _| vec![definition.name().into(), definition.creation_timestamp().into()],
    ..PLAIN
};

/// Models `SetDefaults_CustomResourceDefinitionSpec`.
fn set_defaults(definition: &mut Value) {
    let kind = definition.str_at("/spec/names/kind").to_string();
    if definition.str_at("/spec/names/singular").is_empty() && !kind.is_empty() {
        set(definition, "/spec/names/singular", json!(kind.to_lowercase()));
    }
    if definition.str_at("/spec/names/listKind").is_empty() && !kind.is_empty() {
        set(definition, "/spec/names/listKind", json!(format!("{kind}List")));
    }
}

/// What it is once its names are accepted: here, at once.
pub fn accepted(definition: &Value, now: &str) -> Value {
    let condition = |ty: &str, reason: &str, message: &str| json!({"lastTransitionTime": now, "message": message, "reason": reason, "status": "True", "type": ty});
    let stored = definition.list_at("/spec/versions").iter().filter(|v| v.bool_at("/storage"));
    json!({
        "acceptedNames": definition.at("/spec/names"),
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored.map(|v| v.at("/name").clone()).collect::<Vec<_>>(),
    })
}

/// Models `ValidateCustomResourceDefinition`.
fn validate(definition: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = definition.at("/spec");
    let (group, plural) = (spec.str_at("/group"), spec.str_at("/names/plural"));
    if definition.name() != format!("{plural}.{group}") {
        errors.invalid_str("metadata.name", definition.name(), "must be spec.names.plural+\".\"+spec.group");
    }
    if group.is_empty() {
        errors.required("spec.group", "");
    } else if let Err(why) = dns_subdomain(group) {
        errors.invalid_str("spec.group", group, &why);
    } else if !group.contains('.') {
        errors.invalid_str("spec.group", group, "should be a domain with at least one dot");
    }
    match spec.str_at("/scope") {
        "" => errors.required("spec.scope", ""),
        scope => drop(errors.one_of("spec.scope", scope, &["Cluster", "Namespaced"])),
    }
    let versions = spec.list_at("/versions");
    let storage = versions.iter().filter(|version| version.bool_at("/storage")).count();
    if storage != 1 {
        errors.invalid(
            "spec.versions",
            spec.at("/versions"),
            "must have exactly one version marked as storage version",
        );
    }
    for (i, version) in versions.iter().enumerate() {
        let field = format!("spec.versions[{i}]");
        let name = version.str_at("/name");
        if let Err(why) = dns1035_label(name) {
            errors.invalid_str(format!("{field}.name"), name, &why);
        }
        let schema = version.at("/schema/openAPIV3Schema");
        let place = format!("{field}.schema.openAPIV3Schema");
        if schema.is_null() {
            errors.required(place, "schemas are required");
        } else {
            open_api_schema::check_schema(schema, &place, true, errors);
        }
        for (j, column) in version.list_at("/additionalPrinterColumns").iter().enumerate() {
            let place = format!("{field}.additionalPrinterColumns[{j}]");
            for required in ["name", "type", "jsonPath"] {
                if column.str_at(&format!("/{required}")).is_empty() {
                    errors.required(format!("{place}.{required}"), "");
                }
            }
            let ty = column.str_at("/type");
            if !ty.is_empty() {
                errors.one_of(
                    format!("{place}.type"),
                    ty,
                    &["integer", "number", "string", "boolean", "date"],
                );
            }
        }
    }
    for (path, required) in [("plural", plural), ("kind", spec.str_at("/names/kind"))] {
        let field = format!("spec.names.{path}");
        if required.is_empty() {
            errors.required(field, "");
        } else if let Err(why) = dns1035_label(&required.to_lowercase()) {
            errors.invalid_str(field, required, &why);
        }
    }
    if let Some(old) = old {
        for path in ["group", "scope"] {
            let pointer = format!("/spec/{path}");
            errors.immutable(format!("spec.{path}"), definition.at(&pointer), old.at(&pointer));
        }
        errors.immutable("spec.names.kind", spec.at("/names/kind"), old.at("/spec/names/kind"));
        errors.immutable("spec.names.plural", spec.at("/names/plural"), old.at("/spec/names/plural"));
    }
}
