//! `admissionregistration.k8s.io/v1`: who else may change or refuse objects on their way in. The cluster keeps
//! these objects; the API server calls no webhook and evaluates no expression.

use super::ObjectExt;
use super::schema::Default as D;
use super::schema::Type::*;
use super::schema::common::{CONDITION, LABEL_SELECTOR, OBJECT_META};
use super::schema::{Struct, f};
use super::scheme::{PLAIN, ResourceInfo, status_of};
use super::table::{AGE, Column, NAME, age, column, number};
use super::validation::{self, Errors};
use serde_json::Value;
use sim::Timestamp;

const GROUP: &str = "admissionregistration.k8s.io";

static MUTATING_SCHEMA: Struct = Struct {
    go: "MutatingWebhookConfiguration",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("webhooks", Keyed(&MUTATING_WEBHOOK, "name")),
    ],
};
static VALIDATING_SCHEMA: Struct = Struct {
    go: "ValidatingWebhookConfiguration",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("webhooks", Keyed(&VALIDATING_WEBHOOK, "name")),
    ],
};
static MUTATING_WEBHOOK: Struct = Struct {
    go: "MutatingWebhook",
    fields: &[
        f("name", Str).required(),
        f("clientConfig", Object(&CLIENT)).required().or(D::Empty),
        f("rules", List(&Object(&RULE))),
        f("failurePolicy", StrPtr).or(D::Str("Fail")).one_of(&["Fail", "Ignore"]),
        f("matchPolicy", StrPtr).or(D::Str("Equivalent")).one_of(&["Equivalent", "Exact"]),
        f("namespaceSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("objectSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("sideEffects", StrPtr).required().one_of(&["None", "NoneOnDryRun", "Some", "Unknown"]),
        f("timeoutSeconds", Int32).or(D::Int(10)),
        f("admissionReviewVersions", List(&Str)).required(),
        f("reinvocationPolicy", StrPtr).or(D::Str("Never")).one_of(&["IfNeeded", "Never"]),
        f("matchConditions", Keyed(&MATCH_CONDITION, "name")),
    ],
};
static VALIDATING_WEBHOOK: Struct = Struct {
    go: "ValidatingWebhook",
    fields: &[
        f("name", Str).required(),
        f("clientConfig", Object(&CLIENT)).required().or(D::Empty),
        f("rules", List(&Object(&RULE))),
        f("failurePolicy", StrPtr).or(D::Str("Fail")).one_of(&["Fail", "Ignore"]),
        f("matchPolicy", StrPtr).or(D::Str("Equivalent")).one_of(&["Equivalent", "Exact"]),
        f("namespaceSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("objectSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("sideEffects", StrPtr).required().one_of(&["None", "NoneOnDryRun", "Some", "Unknown"]),
        f("timeoutSeconds", Int32).or(D::Int(10)),
        f("admissionReviewVersions", List(&Str)).required(),
        f("matchConditions", Keyed(&MATCH_CONDITION, "name")),
    ],
};
static CLIENT: Struct = Struct {
    go: "WebhookClientConfig",
    fields: &[f("url", StrPtr), f("service", Object(&SERVICE)), f("caBundle", Bytes)],
};
static SERVICE: Struct = Struct {
    go: "ServiceReference",
    fields: &[
        f("namespace", Str).required(),
        f("name", Str).required(),
        f("path", StrPtr),
        f("port", Int32).or(D::Int(443)),
    ],
};
static MATCH_CONDITION: Struct =
    Struct { go: "MatchCondition", fields: &[f("name", Str).required(), f("expression", Str).required()] };
static RULE: Struct = Struct {
    go: "RuleWithOperations",
    fields: &[
        f("operations", List(&Str)),
        f("apiGroups", List(&StrPtr)),
        f("apiVersions", List(&StrPtr)),
        f("resources", List(&Str)),
        f("scope", StrPtr).or(D::Str("*")),
    ],
};
static POLICY_SCHEMA: Struct = Struct {
    go: "ValidatingAdmissionPolicy",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&POLICY_SPEC)).or(D::Empty),
        f("status", Object(&POLICY_STATUS)).or(D::Empty),
    ],
};
static POLICY_SPEC: Struct = Struct {
    go: "ValidatingAdmissionPolicySpec",
    fields: &[
        f("paramKind", Object(&PARAM_KIND)),
        f("matchConstraints", Object(&MATCH_RESOURCES)),
        f("validations", List(&Object(&VALIDATION))),
        f("failurePolicy", StrPtr).or(D::Str("Fail")).one_of(&["Fail", "Ignore"]),
        f("auditAnnotations", List(&Object(&AUDIT_ANNOTATION))),
        f("matchConditions", Keyed(&MATCH_CONDITION, "name")),
        f("variables", Keyed(&VARIABLE, "name")),
    ],
};
static MATCH_RESOURCES: Struct = Struct {
    go: "MatchResources",
    fields: &[
        f("namespaceSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("objectSelector", Object(&LABEL_SELECTOR)).or(D::Empty),
        f("resourceRules", List(&Object(&NAMED_RULE))),
        f("excludeResourceRules", List(&Object(&NAMED_RULE))),
        f("matchPolicy", StrPtr).or(D::Str("Equivalent")).one_of(&["Equivalent", "Exact"]),
    ],
};
static NAMED_RULE: Struct = Struct {
    go: "NamedRuleWithOperations",
    fields: &[
        f("resourceNames", List(&Str)),
        f("operations", List(&Str)),
        f("apiGroups", List(&StrPtr)),
        f("apiVersions", List(&StrPtr)),
        f("resources", List(&Str)),
        f("scope", StrPtr).or(D::Str("*")),
    ],
};
static VALIDATION: Struct = Struct {
    go: "Validation",
    fields: &[
        f("expression", StrPtr).required(),
        f("message", Str),
        f("reason", StrPtr),
        f("messageExpression", Str),
    ],
};
static AUDIT_ANNOTATION: Struct = Struct {
    go: "AuditAnnotation",
    fields: &[f("key", StrPtr).required(), f("valueExpression", StrPtr).required()],
};
static VARIABLE: Struct =
    Struct { go: "Variable", fields: &[f("name", StrPtr).required(), f("expression", StrPtr).required()] };
static TYPE_CHECKING: Struct =
    Struct { go: "TypeChecking", fields: &[f("expressionWarnings", List(&Object(&EXPRESSION_WARNING)))] };
static EXPRESSION_WARNING: Struct = Struct {
    go: "ExpressionWarning",
    fields: &[f("fieldRef", StrPtr).required(), f("warning", StrPtr).required()],
};
static PARAM_KIND: Struct = Struct { go: "ParamKind", fields: &[f("apiVersion", Str), f("kind", Str)] };
static POLICY_STATUS: Struct = Struct {
    go: "ValidatingAdmissionPolicyStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("typeChecking", Object(&TYPE_CHECKING)),
        f("conditions", Keyed(&CONDITION, "type")),
    ],
};
static BINDING_SCHEMA: Struct = Struct {
    go: "ValidatingAdmissionPolicyBinding",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&BINDING_SPEC)).or(D::Empty),
    ],
};
static BINDING_SPEC: Struct = Struct {
    go: "ValidatingAdmissionPolicyBindingSpec",
    fields: &[
        f("policyName", Str),
        f("paramRef", Object(&PARAM_REF)),
        f("matchResources", Object(&MATCH_RESOURCES)),
        f("validationActions", Set(&Str)),
    ],
};
static PARAM_REF: Struct = Struct {
    go: "ParamRef",
    fields: &[
        f("name", Str),
        f("namespace", Str),
        f("selector", Object(&LABEL_SELECTOR)),
        f("parameterNotFoundAction", StrPtr),
    ],
};

const WEBHOOKS: &[Column] = &[
    NAME,
    number("Webhooks", "Webhooks indicates the number of webhooks registered in this configuration"),
    AGE,
];

fn webhooks(configuration: &Value, now: Timestamp) -> Vec<Value> {
    let count = configuration.list_at("/webhooks").len();
    vec![configuration.name().into(), count.into(), age(configuration, now)]
}

/// Models `ValidateValidatingWebhookConfiguration` and its like for those that change objects.
fn validate(configuration: &Value, _: Option<&Value>, errors: &mut Errors) {
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    for (i, hook) in configuration.list_at("/webhooks").iter().enumerate() {
        let field = |name: &str| format!("webhooks[{i}].{name}");
        let name = hook.str_at("/name");
        if name.is_empty() {
            errors.required(field("name"), "");
        } else {
            errors.check(field("name"), name, validation::dns_subdomain(name));
            if name.split('.').count() < 3 {
                let why = "should be a domain with at least three segments separated by dots";
                errors.invalid_str(field("name"), name, why);
            }
        }
        for (j, rule) in hook.list_at("/rules").iter().enumerate() {
            for name in ["operations", "apiGroups", "apiVersions", "resources"] {
                if list(rule, name) == 0 {
                    errors.required(field(&format!("rules[{j}].{name}")), "");
                }
                for (k, operation) in
                    rule.list_at("/operations").iter().enumerate().filter(|_| name == "operations")
                {
                    let known = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
                    let place = field(&format!("rules[{j}].operations[{k}]"));
                    errors.one_of(place, operation.as_str().unwrap_or(""), &known);
                }
            }
        }
        errors.one_of(field("failurePolicy"), hook.str_at("/failurePolicy"), &["Fail", "Ignore"]);
        errors.one_of(field("matchPolicy"), hook.str_at("/matchPolicy"), &["Equivalent", "Exact"]);
        match hook.str_at("/sideEffects") {
            "" => errors.required(field("sideEffects"), "must specify one of None, NoneOnDryRun"),
            class => drop(errors.one_of(field("sideEffects"), class, &["None", "NoneOnDryRun"])),
        }
        let seconds = hook.at("/timeoutSeconds");
        if seconds.as_i64().is_some_and(|seconds| !(1..=30).contains(&seconds)) {
            let why = "the timeout value must be between 1 and 30 seconds";
            errors.invalid(field("timeoutSeconds"), seconds, why);
        }
        for name in ["namespaceSelector", "objectSelector"] {
            validation::label_selector(hook.at(&format!("/{name}")), &field(name), errors);
        }
        match (hook.at("/clientConfig/url").as_str(), hook.at("/clientConfig/service")) {
            (Some(url), Value::Null) => {
                let form = "desired format: https://host[/path]";
                let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
                if scheme != "https" {
                    let why = format!("'https' is the only allowed URL scheme; {form}");
                    errors.invalid_str(field("clientConfig.url"), scheme, &why);
                }
                if scheme.is_empty() || rest.is_empty() || rest.starts_with('/') {
                    errors.invalid_str(
                        field("clientConfig.url"),
                        "",
                        &format!("host must be specified; {form}"),
                    );
                }
            }
            (None, Value::Object(_)) => {
                for name in ["name", "namespace"] {
                    if hook.str_at(&format!("/clientConfig/service/{name}")).is_empty() {
                        let place = field(&format!("clientConfig.service.{name}"));
                        errors.required(place, &format!("service {name} is required"));
                    }
                }
            }
            _ => errors.required(field("clientConfig"), "exactly one of url or service is required"),
        }
        let versions = hook.at("/admissionReviewVersions");
        let place = field("admissionReviewVersions");
        if list(hook, "admissionReviewVersions") == 0 {
            errors.required(place, "must specify one of v1, v1beta1");
        } else if !hook.list_at("/admissionReviewVersions").iter().any(|v| v == "v1" || v == "v1beta1") {
            errors.invalid(place, versions, "must include at least one of v1, v1beta1");
        }
    }
}

/// Webhooks that may change objects.
pub static MUTATING_WEBHOOK_CONFIGURATION: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    singular: "mutatingwebhookconfiguration",
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    schema: &MUTATING_SCHEMA,
    validate,
    columns: WEBHOOKS,
    row: webhooks,
    ..PLAIN
};

/// Webhooks that may refuse objects.
pub static VALIDATING_WEBHOOK_CONFIGURATION: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations",
    singular: "validatingwebhookconfiguration",
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    schema: &VALIDATING_SCHEMA,
    validate,
    columns: WEBHOOKS,
    row: webhooks,
    ..PLAIN
};

/// Rules written as expressions.
pub static VALIDATING_ADMISSION_POLICY: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "ValidatingAdmissionPolicy",
    plural: "validatingadmissionpolicies",
    singular: "validatingadmissionpolicy",
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    schema: &POLICY_SCHEMA,
    subresources: &[status_of("ValidatingAdmissionPolicy")],
    columns: &[
        NAME,
        number(
            "Validations",
            "Validations indicates the number of validation rules defined in this configuration",
        ),
        column("ParamKind", "ParamKind specifies the kind of resources used to parameterize this policy"),
        AGE,
    ],
    row: |policy, now| {
        let kind = match policy.at("/spec/paramKind") {
            Value::Null => "<unset>".to_string(),
            kind => format!("{}/{}", kind.str_at("/apiVersion"), kind.str_at("/kind")),
        };
        let count = policy.list_at("/spec/validations").len();
        vec![policy.name().into(), count.into(), kind.into(), age(policy, now)]
    },
    ..PLAIN
};

/// Where such rules hold.
pub static VALIDATING_ADMISSION_POLICY_BINDING: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "ValidatingAdmissionPolicyBinding",
    plural: "validatingadmissionpolicybindings",
    singular: "validatingadmissionpolicybinding",
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    schema: &BINDING_SCHEMA,
    columns: &[
        NAME,
        column("PolicyName", "PolicyName indicates the policy definition which the policy binding binded to"),
        column("ParamRef", "ParamRef indicates the param resource which sets the configration param"),
        AGE,
    ],
    row: |binding, now| {
        let parameters =
            match (binding.str_at("/spec/paramRef/namespace"), binding.str_at("/spec/paramRef/name")) {
                (_, "") => "<unset>".to_string(),
                ("", name) => format!("*/{name}"),
                (namespace, name) => format!("{namespace}/{name}"),
            };
        let policy = binding.str_at("/spec/policyName");
        vec![binding.name().into(), policy.into(), parameters.into(), age(binding, now)]
    },
    ..PLAIN
};
