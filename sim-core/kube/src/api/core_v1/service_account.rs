//! Service accounts: who a pod is to the API server.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, Subresource};
use crate::api::table::{AGE, NAME, age, column};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "ServiceAccount",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("secrets", Keyed(&OBJECT_REFERENCE, "name")),
        f("imagePullSecrets", List(&Object(&super::pod_spec::LOCAL_REFERENCE))),
        f("automountServiceAccountToken", Bool),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short_names: &["sa"],
    schema: &SCHEMA,
    subresources: &[Subresource {
        name: "token",
        kind: "TokenRequest",
        group: "authentication.k8s.io",
        version: "v1",
        verbs: &["create"],
    }],
    columns: &[
        NAME,
        column(
            "Secrets",
            "Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount \
             are allowed to use.",
        ),
        AGE,
    ],
    row,
    ..PLAIN
};

fn row(account: &Value, now: Timestamp) -> Vec<Value> {
    vec![account.name().into(), account.list_at("/secrets").len().into(), age(account, now)]
}
