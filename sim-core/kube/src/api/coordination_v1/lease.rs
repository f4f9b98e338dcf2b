//! Leases: a kubelet renews its node's to say that it lives.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Lease",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&LEASE_SPEC)).or(D::Empty),
    ],
};
static LEASE_SPEC: Struct = Struct {
    go: "LeaseSpec",
    fields: &[
        f("holderIdentity", StrPtr),
        f("leaseDurationSeconds", Int32),
        f("acquireTime", Time),
        f("renewTime", Time),
        f("leaseTransitions", Int32),
        f("strategy", StrPtr),
        f("preferredHolder", StrPtr),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "coordination.k8s.io",
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    schema: &SCHEMA,
    columns: &[
        NAME,
        column("Holder", "holderIdentity contains the identity of the holder of a current lease."),
        AGE,
    ],
    row: |lease: &Value, now: Timestamp| {
        vec![lease.name().into(), lease.str_at("/spec/holderIdentity").into(), age(lease, now)]
    },
    ..PLAIN
};
