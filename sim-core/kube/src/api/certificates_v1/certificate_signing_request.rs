//! Certificate signing requests: somebody asks for a certificate, an administrator approves or denies.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource, status_of};
use crate::api::table::{AGE, NAME, age, column, or_none};
use crate::api::{ObjectExt, condition, duration};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "CertificateSigningRequest",
    fields: &[
        f("apiVersion", Str),
        f("kind", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).required().or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "CertificateSigningRequestSpec",
    fields: &[
        f("expirationSeconds", Int32),
        f("extra", MapOf(&List(&StrPtr))),
        f("groups", List(&StrPtr)),
        f("request", Bytes).required(),
        f("signerName", Str).required(),
        f("uid", Str),
        f("usages", List(&Str)),
        f("username", Str),
    ],
};
static STATUS: Struct = Struct {
    go: "CertificateSigningRequestStatus",
    fields: &[f("certificate", Bytes), f("conditions", Keyed(&CONDITION, "type"))],
};

static CONDITION: Struct = Struct {
    go: "CertificateSigningRequestCondition",
    fields: &[
        f("lastTransitionTime", Time),
        f("lastUpdateTime", Time),
        f("message", Str),
        f("reason", Str),
        f("status", Str).required(),
        f("type", Str).required(),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "certificates.k8s.io",
    kind: "CertificateSigningRequest",
    plural: "certificatesigningrequests",
    singular: "certificatesigningrequest",
    short_names: &["csr"],
    namespaced: false,
    schema: &SCHEMA,
    subresources: &[
        Subresource {
            name: "approval",
            kind: "CertificateSigningRequest",
            group: "",
            version: "",
            verbs: &["get", "patch", "update"],
        },
        status_of("CertificateSigningRequest"),
    ],
    selectable: &[("spec.signerName", "/spec/signerName")],
    columns: &[
        NAME,
        AGE,
        column("SignerName", "Who is to sign."),
        column("Requestor", "Who asks."),
        column("RequestedDuration", "How long the certificate is to be valid."),
        column("Condition", "What became of it."),
    ],
    row,
    ..PLAIN
};

/// Models `printCertificateSigningRequest`.
fn row(request: &Value, now: Timestamp) -> Vec<Value> {
    let asked = request
        .int_at("/spec/expirationSeconds")
        .map(|seconds| duration::human(sim::Duration::from_secs(seconds.unsigned_abs())));
    vec![
        request.name().into(),
        age(request, now),
        or_none(request.str_at("/spec/signerName")),
        request.str_at("/spec/username").into(),
        or_none(asked.unwrap_or_default()),
        state(request).into(),
    ]
}

/// `Approved,Issued`: models `extractCSRStatus`.
fn state(request: &Value) -> String {
    let has = |kind: &str| condition(request, kind).is_some();
    let mut state = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    }
    .to_string();
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !request.str_at("/status/certificate").is_empty() {
        state.push_str(",Issued");
    }
    state
}
