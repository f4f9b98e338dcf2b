//! Storage drivers and where they run. They are kept and have no effect: no driver runs here.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{LABEL_SELECTOR, OBJECT_META};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, Column, NAME, age, column, number};
use crate::api::validation;
use serde_json::Value;
use sim::Timestamp;

static DRIVER_SCHEMA: Struct = Struct {
    go: "CSIDriver",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&DRIVER_SPEC)).required().or(D::Empty),
    ],
};
static DRIVER_SPEC: Struct = Struct {
    go: "CSIDriverSpec",
    fields: &[
        f("attachRequired", Bool).or(D::Bool(true)),
        f("podInfoOnMount", Bool).or(D::Bool(false)),
        f("volumeLifecycleModes", Set(&Str)),
        f("storageCapacity", Bool).or(D::Bool(false)),
        f("fsGroupPolicy", StrPtr).or(D::Str("ReadWriteOnceWithFSType")),
        f("tokenRequests", List(&Object(&TOKEN_REQUEST))),
        f("requiresRepublish", Bool).or(D::Bool(false)),
        f("seLinuxMount", Bool).or(D::Bool(false)),
        f("nodeAllocatableUpdatePeriodSeconds", Int64),
        f("serviceAccountTokenInSecrets", Bool),
    ],
};
static TOKEN_REQUEST: Struct =
    Struct { go: "TokenRequest", fields: &[f("audience", StrPtr).required(), f("expirationSeconds", Int64)] };

const fn flag(name: &'static str, description: &'static str) -> Column {
    Column { name, ty: "boolean", format: "", description, priority: 0 }
}

/// Drivers of the cluster.
pub static DRIVER: ResourceInfo = ResourceInfo {
    group: "storage.k8s.io",
    kind: "CSIDriver",
    plural: "csidrivers",
    singular: "csidriver",
    namespaced: false,
    generation: true,
    schema: &DRIVER_SCHEMA,
    default: |driver| {
        if driver.at("/spec/volumeLifecycleModes").is_null() {
            crate::api::set(driver, "/spec/volumeLifecycleModes", crate::json!(["Persistent"]));
        }
    },
    columns: &[
        NAME,
        flag("AttachRequired", "Whether volumes are attached to a node first."),
        flag("PodInfoOnMount", "Whether the driver is told of the pod."),
        flag("StorageCapacity", "Whether the scheduler looks at free capacity."),
        column("TokenRequests", "Audiences of tokens that the driver gets."),
        flag("RequiresRepublish", "Whether mounted volumes are published again and again."),
        column("Modes", "The ways in which the driver's volumes live."),
        AGE,
    ],
    row: driver_row,
    ..PLAIN
};

/// Models `printCSIDriver`.
fn driver_row(driver: &Value, now: Timestamp) -> Vec<Value> {
    let unset = |text: String| if text.is_empty() { "<unset>".to_string() } else { text };
    let audiences = driver.list_at("/spec/tokenRequests").iter().map(|t| t.str_at("/audience"));
    let modes = driver.list_at("/spec/volumeLifecycleModes").iter().filter_map(Value::as_str);
    vec![
        driver.name().into(),
        driver.bool_at("/spec/attachRequired").into(),
        driver.bool_at("/spec/podInfoOnMount").into(),
        driver.bool_at("/spec/storageCapacity").into(),
        unset(audiences.collect::<Vec<_>>().join(",")).into(),
        driver.bool_at("/spec/requiresRepublish").into(),
        unset(modes.collect::<Vec<_>>().join(",")).into(),
        age(driver, now),
    ]
}

static NODE_SCHEMA: Struct = Struct {
    go: "CSINode",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&NODE_SPEC)).required().or(D::Empty),
    ],
};
static NODE_SPEC: Struct =
    Struct { go: "CSINodeSpec", fields: &[f("drivers", Keyed(&NODE_DRIVER, "name")).required()] };
static NODE_DRIVER: Struct = Struct {
    go: "CSINodeDriver",
    fields: &[
        f("name", Str).required(),
        f("nodeID", Str).required(),
        f("topologyKeys", List(&Str)),
        f("allocatable", Object(&NODE_RESOURCES)),
    ],
};

static NODE_RESOURCES: Struct = Struct { go: "VolumeNodeResources", fields: &[f("count", Int32)] };

/// Drivers of a node.
pub static NODE: ResourceInfo = ResourceInfo {
    group: "storage.k8s.io",
    kind: "CSINode",
    plural: "csinodes",
    singular: "csinode",
    namespaced: false,
    schema: &NODE_SCHEMA,
    default: |node| {
        // The list is always written.
        if node.at("/spec/drivers").is_null() {
            crate::api::set(node, "/spec/drivers", Value::Null);
        }
    },
    columns: &[
        NAME,
        number("Drivers", "Drivers indicates the number of CSI drivers registered on the node"),
        AGE,
    ],
    row: |node, now| vec![node.name().into(), node.list_at("/spec/drivers").len().into(), age(node, now)],
    ..PLAIN
};

static CAPACITY_SCHEMA: Struct = Struct {
    go: "CSIStorageCapacity",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("nodeTopology", Object(&LABEL_SELECTOR)),
        f("storageClassName", Str).required(),
        f("capacity", Quantity),
        f("maximumVolumeSize", Quantity),
    ],
};

/// How much a driver has left.
pub static STORAGE_CAPACITY: ResourceInfo = ResourceInfo {
    group: "storage.k8s.io",
    kind: "CSIStorageCapacity",
    plural: "csistoragecapacities",
    singular: "csistoragecapacity",
    schema: &CAPACITY_SCHEMA,
    columns: &[
        NAME,
        column("StorageClassName", "The class that the capacity is of."),
        column("Capacity", "How much is left."),
    ],
    row: |capacity, _| {
        let left = capacity.at("/capacity").as_str().unwrap_or("<unset>");
        vec![capacity.name().into(), capacity.str_at("/storageClassName").into(), left.into()]
    },
    ..PLAIN
};

static ATTRIBUTES_SCHEMA: Struct = Struct {
    go: "VolumeAttributesClass",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("driverName", Str).required(),
        f("parameters", Map),
    ],
};

/// Attributes that a driver's volumes can have.
pub static ATTRIBUTES_CLASS: ResourceInfo = ResourceInfo {
    group: "storage.k8s.io",
    kind: "VolumeAttributesClass",
    plural: "volumeattributesclasses",
    singular: "volumeattributesclass",
    short_names: &["vac"],
    namespaced: false,
    schema: &ATTRIBUTES_SCHEMA,
    // Models `ValidateVolumeAttributesClass` and its update.
    validate: |class, old, errors| {
        for field in ["driverName", "parameters"] {
            if old.is_some_and(|old| class.get(field) != old.get(field)) {
                errors.forbidden(field, &format!("updates to {field} are forbidden."));
            }
        }
        let driver = class.str_at("/driverName");
        if driver.is_empty() {
            errors.required("driverName", "");
        } else {
            errors.check("driverName", driver, validation::label_key(&driver.to_lowercase()));
        }
        if class.at("/parameters").is_null() {
            errors.required("parameters", "must contain at least one key/value pair");
        }
    },
    columns: &[NAME, column("DriverName", "The driver that knows the attributes."), AGE],
    row: |class, now| {
        let key = "volumeattributesclass.kubernetes.io/is-default-class";
        let mark = if class.annotation(key) == Some("true") { " (default)" } else { "" };
        vec![format!("{}{mark}", class.name()).into(), class.str_at("/driverName").into(), age(class, now)]
    },
    ..PLAIN
};
