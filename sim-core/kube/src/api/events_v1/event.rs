//! Events of `events.k8s.io/v1`: the events of the core group, with other names for their fields.

use crate::api::core_v1::event;
use crate::api::map_of;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{Conversion, PLAIN, ResourceInfo};
use crate::api::validation::NameRule;
use serde_json::Value;

static SCHEMA: Struct = Struct {
    go: "Event",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)),
        f("eventTime", Loose(&Time)),
        f("series", Loose(&Object(&EVENT_SERIES))),
        f("reportingController", Str),
        f("reportingInstance", Str),
        f("action", Str),
        f("reason", Str),
        f("regarding", Loose(&Object(&OBJECT_REFERENCE))),
        f("related", Loose(&Object(&OBJECT_REFERENCE))),
        f("note", Str),
        f("type", Str),
        f("deprecatedSource", Loose(&Object(&EVENT_SOURCE))),
        f("deprecatedFirstTimestamp", Loose(&Time)),
        f("deprecatedLastTimestamp", Loose(&Time)),
        f("deprecatedCount", Int32),
    ],
};

static EVENT_SERIES: Struct = Struct {
    go: "EventSeries",
    fields: &[f("count", Int32).required(), f("lastObservedTime", Time).required()],
};
static EVENT_SOURCE: Struct = Struct { go: "EventSource", fields: &[f("component", Str), f("host", Str)] };

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    group: "events.k8s.io",
    kind: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    schema: &SCHEMA,
    name_rule: NameRule::Path,
    columns: event::INFO.columns,
    row: event::INFO.row,
    selectable: event::INFO.selectable,
    conversion: Some(Conversion { storage: &event::INFO, inward: to_core, outward: from_core }),
    ..PLAIN
};

/// Names of the same field in the core group and here.
const NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// An event of the core group in this form.
pub fn from_core(event: &Value) -> Value {
    rename(event, |(core, here)| (*core, *here), "events.k8s.io/v1")
}

/// An event of this form in that of the core group.
pub fn to_core(event: &Value) -> Value {
    rename(event, |(core, here)| (*here, *core), "v1")
}

type Pair = (&'static str, &'static str);

fn rename(event: &Value, direction: fn(&Pair) -> Pair, version: &str) -> Value {
    let Value::Object(fields) = event else { return event.clone() };
    let renamed = fields.iter().map(|(name, value)| {
        let new =
            NAMES.iter().map(direction).find(|(from, _)| from == name).map_or(name.as_str(), |(_, to)| to);
        let value = if name == "apiVersion" { Value::from(version) } else { value.clone() };
        (new.to_string(), value)
    });
    Value::Object(map_of(renamed))
}
