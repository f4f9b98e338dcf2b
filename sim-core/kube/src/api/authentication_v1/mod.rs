//! `authentication.k8s.io/v1`: who one is. Nothing of it is kept; each is a question with an answer.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};

/// The row of the scheme.
pub static SELF_SUBJECT_REVIEW_INFO: ResourceInfo = ResourceInfo {
    group: "authentication.k8s.io",
    kind: "SelfSubjectReview",
    plural: "selfsubjectreviews",
    singular: "selfsubjectreview",
    namespaced: false,
    verbs: &["create"],
    schema: &SELF_SUBJECT_REVIEW,
    ..PLAIN
};

/// The row of the scheme.
pub static TOKEN_REVIEW_INFO: ResourceInfo = ResourceInfo {
    group: "authentication.k8s.io",
    kind: "TokenReview",
    plural: "tokenreviews",
    singular: "tokenreview",
    namespaced: false,
    verbs: &["create"],
    schema: &TOKEN_REVIEW,
    ..PLAIN
};

static SELF_SUBJECT_REVIEW: Struct = Struct {
    go: "SelfSubjectReview",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("status", Object(&SELF_SUBJECT_REVIEW_STATUS)),
    ],
};
static TOKEN_REVIEW: Struct = Struct {
    go: "TokenReview",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&TOKEN_REVIEW_SPEC)).required(),
        f("status", Object(&TOKEN_REVIEW_STATUS)),
    ],
};
static SELF_SUBJECT_REVIEW_STATUS: Struct =
    Struct { go: "SelfSubjectReviewStatus", fields: &[f("userInfo", Object(&USER_INFO))] };
static TOKEN_REVIEW_SPEC: Struct =
    Struct { go: "TokenReviewSpec", fields: &[f("token", Str), f("audiences", List(&Str))] };
static TOKEN_REVIEW_STATUS: Struct = Struct {
    go: "TokenReviewStatus",
    fields: &[
        f("authenticated", Bool),
        f("user", Object(&USER_INFO)),
        f("audiences", List(&Str)),
        f("error", Str),
    ],
};
static USER_INFO: Struct = Struct {
    go: "UserInfo",
    fields: &[f("username", Str), f("uid", Str), f("groups", List(&Str)), f("extra", MapOf(&List(&Str)))],
};

/// What a request for a token says, and the token.
pub static TOKEN_REQUEST: Struct = Struct {
    go: "TokenRequest",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&TOKEN_REQUEST_SPEC)).required(),
        f("status", Object(&TOKEN_REQUEST_STATUS)),
    ],
};
static TOKEN_REQUEST_SPEC: Struct = Struct {
    go: "TokenRequestSpec",
    fields: &[
        f("audiences", List(&Str)).required(),
        f("expirationSeconds", Int64),
        f("boundObjectRef", Object(&BOUND_OBJECT_REFERENCE)),
    ],
};
static TOKEN_REQUEST_STATUS: Struct = Struct {
    go: "TokenRequestStatus",
    fields: &[f("token", Str).required(), f("expirationTimestamp", Time).required()],
};
static BOUND_OBJECT_REFERENCE: Struct = Struct {
    go: "BoundObjectReference",
    fields: &[f("kind", Str), f("apiVersion", Str), f("name", Str), f("uid", Str)],
};
