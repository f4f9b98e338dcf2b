//! Volume attachments: which volume is at which node. Kept, without effect: no driver runs here.

use crate::api::ObjectExt;
use crate::api::core_v1::persistent_volume::SPEC as VOLUME_SPEC;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo, status_of};
use crate::api::table::{AGE, Column, NAME, age, column};

static SCHEMA: Struct = Struct {
    go: "VolumeAttachment",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).required().or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static SPEC: Struct = Struct {
    go: "VolumeAttachmentSpec",
    fields: &[
        f("attacher", Str).required(),
        f("source", Object(&SOURCE)).required().or(D::Empty),
        f("nodeName", Str).required(),
    ],
};
static SOURCE: Struct = Struct {
    go: "VolumeAttachmentSource",
    fields: &[f("persistentVolumeName", StrPtr), f("inlineVolumeSpec", Object(&VOLUME_SPEC))],
};
static STATUS: Struct = Struct {
    go: "VolumeAttachmentStatus",
    fields: &[
        f("attached", Bool).required().or(D::Bool(false)),
        f("attachmentMetadata", Map),
        f("attachError", Object(&ERROR)),
        f("detachError", Object(&ERROR)),
    ],
};
static ERROR: Struct =
    Struct { go: "VolumeError", fields: &[f("time", Time), f("message", Str), f("errorCode", Int32)] };

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "storage.k8s.io",
    kind: "VolumeAttachment",
    plural: "volumeattachments",
    singular: "volumeattachment",
    namespaced: false,
    schema: &SCHEMA,
    subresources: &[status_of("VolumeAttachment")],
    prepare_for_create: |attachment| {
        crate::api::set(attachment, "/status", crate::json!({"attached": false}));
    },
    columns: &[
        NAME,
        Column { format: "name", ..column("Attacher", "Who attaches the volume.") },
        column("PV", "The volume."),
        column("Node", "The node."),
        Column { ty: "boolean", ..column("Attached", "Whether the volume is there.") },
        AGE,
    ],
    row: |attachment, now| {
        vec![
            attachment.name().into(),
            attachment.str_at("/spec/attacher").into(),
            attachment.str_at("/spec/source/persistentVolumeName").into(),
            attachment.str_at("/spec/nodeName").into(),
            attachment.bool_at("/status/attached").into(),
            age(attachment, now),
        ]
    },
    ..PLAIN
};
