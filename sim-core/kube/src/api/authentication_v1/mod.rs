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
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("status", Object(&SELF_SUBJECT_REVIEW_STATUS)),
    ],
};
static TOKEN_REVIEW: Struct = Struct {
    go: "TokenReview",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&TOKEN_REVIEW_SPEC)).required(),
        f("status", Object(&TOKEN_REVIEW_STATUS)),
    ],
};
static SELF_SUBJECT_REVIEW_STATUS: Struct =
    Struct { go: "SelfSubjectReviewStatus", fields: &[f("userInfo", Object(&USER_INFO))] };
static TOKEN_REVIEW_SPEC: Struct =
    Struct { go: "TokenReviewSpec", fields: &[f("audiences", List(&Str)), f("token", Str)] };
static TOKEN_REVIEW_STATUS: Struct = Struct {
    go: "TokenReviewStatus",
    fields: &[
        f("audiences", List(&Str)),
        f("authenticated", Bool),
        f("error", Str),
        f("user", Object(&USER_INFO)),
    ],
};
static USER_INFO: Struct = Struct {
    go: "UserInfo",
    fields: &[f("extra", MapOf(&List(&Str))), f("groups", List(&Str)), f("uid", Str), f("username", Str)],
};

/// What a request for a token says, and the token.
pub static TOKEN_REQUEST: Struct = Struct {
    go: "TokenRequest",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&TOKEN_REQUEST_SPEC)).required(),
        f("status", Object(&TOKEN_REQUEST_STATUS)),
    ],
};
static TOKEN_REQUEST_SPEC: Struct = Struct {
    go: "TokenRequestSpec",
    fields: &[
        f("audiences", List(&Str)).required(),
        f("boundObjectRef", Object(&BOUND_OBJECT_REFERENCE)),
        f("expirationSeconds", Int64),
    ],
};
static TOKEN_REQUEST_STATUS: Struct = Struct {
    go: "TokenRequestStatus",
    fields: &[f("expirationTimestamp", Time).required(), f("token", Str).required()],
};
static BOUND_OBJECT_REFERENCE: Struct = Struct {
    go: "BoundObjectReference",
    fields: &[f("apiVersion", Str), f("kind", Str), f("name", Str), f("uid", Str)],
};
