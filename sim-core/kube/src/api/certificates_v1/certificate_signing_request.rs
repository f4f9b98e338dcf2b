//! Certificate signing requests: somebody asks for a certificate, an administrator approves or denies.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource, status_of};
use crate::api::table::{AGE, NAME, age, column, or_none};
use crate::api::validation::{self, Errors};
use crate::api::{ObjectExt, condition, duration};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "CertificateSigningRequest",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).required().or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "CertificateSigningRequestSpec",
    fields: &[
        f("request", Bytes).required(),
        f("signerName", Str).required(),
        f("expirationSeconds", Int32),
        f("usages", List(&Str)),
        f("username", Str),
        f("uid", Str),
        f("groups", List(&StrPtr)),
        f("extra", MapOf(&List(&StrPtr))),
    ],
};
static STATUS: Struct = Struct {
    go: "CertificateSigningRequestStatus",
    fields: &[f("conditions", Keyed(&CONDITION, "type")), f("certificate", Bytes)],
};

static CONDITION: Struct = Struct {
    go: "CertificateSigningRequestCondition",
    fields: &[
        f("type", Str).required(),
        f("status", Str).required(),
        f("reason", Str),
        f("message", Str),
        f("lastUpdateTime", Time),
        f("lastTransitionTime", Time),
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
    validate,
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

/// What a certificate may be for.
const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// Models `ValidateCertificateSigningRequestCreate` and its update.
fn validate(request: &Value, old: Option<&Value>, errors: &mut Errors) {
    let text = request.str_at("/spec/request");
    let pem = BASE64.decode(text.as_bytes()).unwrap_or_default();
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE REQUEST-----") {
        errors.invalid_str("spec.request", text, "PEM block type must be CERTIFICATE REQUEST");
    }
    let usages = request.list_at("/spec/usages");
    if usages.is_empty() {
        errors.required("spec.usages", "");
    }
    for (i, usage) in usages.iter().enumerate() {
        let field = format!("spec.usages[{i}]");
        errors.one_of(&field, usage.as_str().unwrap_or(""), USAGES);
        if usages[..i].contains(usage) {
            errors.duplicate(field, usage);
        }
    }
    let signer = request.str_at("/spec/signerName");
    match signer.split_once('/') {
        _ if signer.is_empty() => errors.required("spec.signerName", ""),
        Some((domain, path)) if !path.is_empty() => {
            errors.check("spec.signerName", domain, validation::dns_subdomain(domain));
            if signer == "kubernetes.io/legacy-unknown" {
                let why = "the legacy signerName is not allowed via this API version";
                errors.invalid_str("spec.signerName", signer, why);
            }
        }
        _ => errors.invalid_str(
            "spec.signerName",
            signer,
            "must be a fully qualified domain and path of the form 'example.com/signer-name'",
        ),
    }
    let seconds = request.at("/spec/expirationSeconds");
    if seconds.as_i64().is_some_and(|seconds| seconds < 600) {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.invalid("spec.expirationSeconds", seconds, why);
    }
    if let Some(old) = old
        && request.at("/spec") != old.at("/spec")
    {
        errors.immutable("spec", request.at("/spec"), old.at("/spec"));
    }
}
