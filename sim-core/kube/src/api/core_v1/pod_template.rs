//! Pod templates: a template that nothing uses, kept for later.

use super::pod_spec::{self, POD_TEMPLATE};
use crate::api::ObjectExt;
use crate::api::apps_v1::container_cells;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::selector::LabelSelector;
use crate::api::table::{NAME, column, or_none};

static SCHEMA: Struct = Struct {
    go: "PodTemplate",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("template", Object(&POD_TEMPLATE)).or(D::Empty),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "PodTemplate",
    plural: "podtemplates",
    singular: "podtemplate",
    generation: true,
    schema: &SCHEMA,
    default: |object| {
        if let Some(spec) = object.get_mut("template").and_then(|template| template.get_mut("spec")) {
            pod_spec::set_defaults(spec);
        }
    },
    columns: &[
        NAME,
        column("Containers", "Names of each container in the template."),
        column("Images", "Images referenced by each container in the template."),
        column("Pod Labels", "The labels for the pod template."),
    ],
    row: |object, _| {
        let [names, images] = container_cells(object, "/template/spec/containers");
        let labels = LabelSelector::from_map(object.map_at("/template/metadata/labels")).to_string();
        vec![object.name().into(), names, images, or_none(labels)]
    },
    ..PLAIN
};
