//! Horizontal pod autoscalers as version 1 shows them. They are stored in version 2.

use super::conversion;
use crate::api::autoscaling_v2::horizontal_pod_autoscaler as v2;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{Conversion, PLAIN, ResourceInfo};

static SCHEMA: Struct = Struct {
    go: "HorizontalPodAutoscaler",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "HorizontalPodAutoscalerSpec",
    fields: &[
        f("scaleTargetRef", Object(&TARGET_REFERENCE)).or(D::Empty).required(),
        f("minReplicas", Int32).or(D::Int(1)),
        f("maxReplicas", Int32).or(D::Int(0)).required(),
        f("targetCPUUtilizationPercentage", Int32),
    ],
};
pub(super) static TARGET_REFERENCE: Struct = Struct {
    go: "CrossVersionObjectReference",
    fields: &[
        f("kind", StrPtr).or(D::Str("")).required(),
        f("name", StrPtr).or(D::Str("")).required(),
        f("apiVersion", Str),
    ],
};
static STATUS: Struct = Struct {
    go: "HorizontalPodAutoscalerStatus",
    fields: &[
        f("observedGeneration", Int64),
        f("lastScaleTime", Time),
        f("currentReplicas", Int32).or(D::Int(0)).required(),
        f("desiredReplicas", Int32).or(D::Int(0)).required(),
        f("currentCPUUtilizationPercentage", Int32),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "autoscaling",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short_names: v2::INFO.short_names,
    categories: v2::INFO.categories,
    schema: &SCHEMA,
    subresources: v2::INFO.subresources,
    columns: v2::INFO.columns,
    row: v2::INFO.row,
    conversion: Some(Conversion {
        storage: &v2::INFO,
        inward: conversion::to_v2,
        outward: conversion::from_v2,
    }),
    ..PLAIN
};
