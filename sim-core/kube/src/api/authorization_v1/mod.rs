//! `authorization.k8s.io/v1`: what one may do. Nothing of it is kept; each is a question with an answer.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};

/// The row of the scheme.
pub static LOCAL_SUBJECT_ACCESS_REVIEW_INFO: ResourceInfo = ResourceInfo {
    group: "authorization.k8s.io",
    kind: "LocalSubjectAccessReview",
    plural: "localsubjectaccessreviews",
    singular: "localsubjectaccessreview",
    namespaced: true,
    verbs: &["create"],
    schema: &LOCAL_SUBJECT_ACCESS_REVIEW,
    ..PLAIN
};

/// The row of the scheme.
pub static SELF_SUBJECT_ACCESS_REVIEW_INFO: ResourceInfo = ResourceInfo {
    group: "authorization.k8s.io",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    namespaced: false,
    verbs: &["create"],
    schema: &SELF_SUBJECT_ACCESS_REVIEW,
    ..PLAIN
};

/// The row of the scheme.
pub static SELF_SUBJECT_RULES_REVIEW_INFO: ResourceInfo = ResourceInfo {
    group: "authorization.k8s.io",
    kind: "SelfSubjectRulesReview",
    plural: "selfsubjectrulesreviews",
    singular: "selfsubjectrulesreview",
    namespaced: false,
    verbs: &["create"],
    schema: &SELF_SUBJECT_RULES_REVIEW,
    ..PLAIN
};

/// The row of the scheme.
pub static SUBJECT_ACCESS_REVIEW_INFO: ResourceInfo = ResourceInfo {
    group: "authorization.k8s.io",
    kind: "SubjectAccessReview",
    plural: "subjectaccessreviews",
    singular: "subjectaccessreview",
    namespaced: false,
    verbs: &["create"],
    schema: &SUBJECT_ACCESS_REVIEW,
    ..PLAIN
};

static LOCAL_SUBJECT_ACCESS_REVIEW: Struct = Struct {
    go: "LocalSubjectAccessReview",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        f("status", Object(&SUBJECT_ACCESS_REVIEW_STATUS)),
    ],
};
static SELF_SUBJECT_ACCESS_REVIEW: Struct = Struct {
    go: "SelfSubjectAccessReview",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SELF_SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        f("status", Object(&SUBJECT_ACCESS_REVIEW_STATUS)),
    ],
};
static SELF_SUBJECT_RULES_REVIEW: Struct = Struct {
    go: "SelfSubjectRulesReview",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SELF_SUBJECT_RULES_REVIEW_SPEC)).required(),
        f("status", Object(&SUBJECT_RULES_REVIEW_STATUS)),
    ],
};
static SUBJECT_ACCESS_REVIEW: Struct = Struct {
    go: "SubjectAccessReview",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        f("status", Object(&SUBJECT_ACCESS_REVIEW_STATUS)),
    ],
};
static SUBJECT_ACCESS_REVIEW_SPEC: Struct = Struct {
    go: "SubjectAccessReviewSpec",
    fields: &[
        f("resourceAttributes", Object(&RESOURCE_ATTRIBUTES)),
        f("nonResourceAttributes", Object(&NON_RESOURCE_ATTRIBUTES)),
        f("user", Str),
        f("groups", List(&Str)),
        f("extra", MapOf(&List(&Str))),
        f("uid", Str),
    ],
};
static SUBJECT_ACCESS_REVIEW_STATUS: Struct = Struct {
    go: "SubjectAccessReviewStatus",
    fields: &[f("allowed", Bool).required(), f("denied", Bool), f("reason", Str), f("evaluationError", Str)],
};
static SELF_SUBJECT_ACCESS_REVIEW_SPEC: Struct = Struct {
    go: "SelfSubjectAccessReviewSpec",
    fields: &[
        f("resourceAttributes", Object(&RESOURCE_ATTRIBUTES)),
        f("nonResourceAttributes", Object(&NON_RESOURCE_ATTRIBUTES)),
    ],
};
static SELF_SUBJECT_RULES_REVIEW_SPEC: Struct =
    Struct { go: "SelfSubjectRulesReviewSpec", fields: &[f("namespace", Str)] };
static SUBJECT_RULES_REVIEW_STATUS: Struct = Struct {
    go: "SubjectRulesReviewStatus",
    fields: &[
        f("resourceRules", List(&Object(&RESOURCE_RULE))).required(),
        f("nonResourceRules", List(&Object(&NON_RESOURCE_RULE))).required(),
        f("incomplete", Bool).required(),
        f("evaluationError", Str),
    ],
};
static NON_RESOURCE_ATTRIBUTES: Struct =
    Struct { go: "NonResourceAttributes", fields: &[f("path", Str), f("verb", Str)] };
static RESOURCE_ATTRIBUTES: Struct = Struct {
    go: "ResourceAttributes",
    fields: &[
        f("namespace", Str),
        f("verb", Str),
        f("group", Str),
        f("version", Str),
        f("resource", Str),
        f("subresource", Str),
        f("name", Str),
        f("fieldSelector", Object(&FIELD_SELECTOR_ATTRIBUTES)),
        f("labelSelector", Object(&LABEL_SELECTOR_ATTRIBUTES)),
    ],
};
static NON_RESOURCE_RULE: Struct = Struct {
    go: "NonResourceRule",
    fields: &[f("verbs", List(&Str)).required(), f("nonResourceURLs", List(&Str))],
};
static RESOURCE_RULE: Struct = Struct {
    go: "ResourceRule",
    fields: &[
        f("verbs", List(&Str)).required(),
        f("apiGroups", List(&Str)),
        f("resources", List(&Str)),
        f("resourceNames", List(&Str)),
    ],
};
static FIELD_SELECTOR_ATTRIBUTES: Struct = Struct {
    go: "FieldSelectorAttributes",
    fields: &[f("rawSelector", Str), f("requirements", List(&Object(&FIELD_SELECTOR_REQUIREMENT)))],
};
static LABEL_SELECTOR_ATTRIBUTES: Struct = Struct {
    go: "LabelSelectorAttributes",
    fields: &[f("rawSelector", Str), f("requirements", List(&Object(&LABEL_SELECTOR_REQUIREMENT)))],
};
static FIELD_SELECTOR_REQUIREMENT: Struct = Struct {
    go: "FieldSelectorRequirement",
    fields: &[f("key", Str).required(), f("operator", Str).required(), f("values", List(&Str))],
};
static LABEL_SELECTOR_REQUIREMENT: Struct = Struct {
    go: "LabelSelectorRequirement",
    fields: &[f("key", Str).required(), f("operator", Str).required(), f("values", List(&Str))],
};
