//! Events: what happened to an object.

use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{Column, NAME, column, wide};
use crate::api::validation::{Errors, NameRule};
use crate::api::{ObjectExt, duration, texts};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Event",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("involvedObject", Object(&OBJECT_REFERENCE)).required().or(D::Empty),
        f("reason", Str),
        f("message", Str),
        f("source", Object(&SOURCE)).or(D::Empty),
        f("firstTimestamp", Loose(&Time)),
        f("lastTimestamp", Loose(&Time)),
        f("count", Int32),
        f("type", Str),
        f("eventTime", Loose(&Time)),
        f("series", Loose(&Object(&EVENT_SERIES))),
        f("action", Str),
        f("related", Object(&OBJECT_REFERENCE)),
        f("reportingComponent", StrPtr).or(D::Str("")),
        f("reportingInstance", StrPtr).or(D::Str("")),
    ],
};
static SOURCE: Struct = Struct { go: "EventSource", fields: &[f("component", Str), f("host", Str)] };

static EVENT_SERIES: Struct =
    Struct { go: "EventSeries", fields: &[f("count", Int32), f("lastObservedTime", Time)] };

/// How an event names an object. Models `client-go/tools/reference`.
pub(crate) fn reference(object: &Value, field_path: &str) -> Value {
    Value::Object(texts(&[
        ("apiVersion", object.api_version()),
        ("fieldPath", field_path),
        ("kind", object.kind()),
        ("name", object.name()),
        ("namespace", object.namespace()),
        ("resourceVersion", object.resource_version()),
        ("uid", object.uid()),
    ]))
}

/// The machine of the components that are there once.
pub(crate) const CONTROL_PLANE: &str = "node1";

/// What a component says, how bad that is, and what it did.
pub(crate) struct Note<'a> {
    /// Who speaks: `default-scheduler`.
    pub component: &'a str,
    /// Where that runs.
    pub host: &'a str,
    /// `Normal`.
    pub kind: &'a str,
    /// `Scheduled`.
    pub reason: &'a str,
    /// `Binding`.
    pub action: &'a str,
    /// What is printed.
    pub note: &'a str,
}

/// An event of the new kind, which counts no times. Models `makeEvent` of `client-go/tools/events`.
pub(crate) fn new_kind(about: &Value, name: &str, time: Timestamp, note: &Note<'_>) -> Value {
    let namespace = about.namespace();
    let mut event = texts(&[
        ("action", note.action),
        ("apiVersion", "v1"),
        ("eventTime", &time.rfc3339_micro()),
        ("kind", "Event"),
        ("message", note.note),
        ("reason", note.reason),
        ("reportingComponent", note.component),
        ("reportingInstance", &format!("{}-{}", note.component, note.host)),
        ("type", note.kind),
    ]);
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    event.insert("involvedObject".to_string(), reference(about, ""));
    event.insert("metadata".to_string(), Value::Object(texts(&[("name", name), ("namespace", namespace)])));
    Value::Object(event)
}

/// The last part of the name of an event that happens now.
pub(crate) fn moment(now: Timestamp) -> u64 {
    u64::from(now.nanos) + now.seconds * 1_000_000_000
}

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    schema: &SCHEMA,
    name_rule: NameRule::Path,
    selectable: &[
        ("involvedObject.kind", "/involvedObject/kind"),
        ("involvedObject.namespace", "/involvedObject/namespace"),
        ("involvedObject.name", "/involvedObject/name"),
        ("involvedObject.uid", "/involvedObject/uid"),
        ("involvedObject.apiVersion", "/involvedObject/apiVersion"),
        ("involvedObject.resourceVersion", "/involvedObject/resourceVersion"),
        ("involvedObject.fieldPath", "/involvedObject/fieldPath"),
        ("reason", "/reason"),
        ("reportingComponent", "/reportingComponent"),
        ("source", "/source/component"),
        ("type", "/type"),
    ],
    default: tell_no_time,
    validate,
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    column("Last Seen", "Time when this event was last observed"),
    column("Type", "Type of this event (Normal, Warning), new types could be added in the future"),
    column(
        "Reason",
        "This should be a short, machine understandable string that gives the reason for the transition into the \
         object's current status.",
    ),
    column("Object", "The object that this event is about."),
    wide(
        "Subobject",
        "If referring to a piece of an object instead of an entire object, this string should contain \
         a valid JSON/Go field access statement",
    ),
    wide("Source", "The component reporting this event. Should be a short machine understandable string."),
    column("Message", "A human-readable description of the status of this operation."),
    wide(
        "First Seen",
        "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)",
    ),
    wide("Count", "The number of times this event has occurred."),
    Column { priority: 1, ..NAME },
];

/// Models `printEvent`.
fn row(event: &Value, now: Timestamp) -> Vec<Value> {
    let first = match event.str_at("/firstTimestamp") {
        "" => duration::since(event.str_at("/eventTime"), now),
        time => duration::since(time, now),
    };
    let mut last = match event.str_at("/lastTimestamp") {
        "" => first.clone(),
        time => duration::since(time, now),
    };
    let mut count = event.int_at("/count").unwrap_or(0).max(1);
    if event.at("/series").is_object() {
        last = duration::since(event.str_at("/series/lastObservedTime"), now);
        count = event.int_at("/series/count").unwrap_or(1);
    }
    let involved = event.at("/involvedObject");
    let kind = involved.str_at("/kind").to_lowercase();
    let object = match involved.str_at("/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let first_of = |old: &str, new: &str| match event.str_at(old) {
        "" => event.str_at(new).to_string(),
        text => text.to_string(),
    };
    let component = first_of("/source/component", "/reportingComponent");
    let host = first_of("/source/host", "/reportingInstance");
    let source = if host.is_empty() { component } else { format!("{component}, {host}") };
    vec![
        last.into(),
        event.str_at("/type").into(),
        event.str_at("/reason").into(),
        object.into(),
        involved.str_at("/fieldPath").into(),
        source.into(),
        event.str_at("/message").trim().into(),
        first.into(),
        count.into(),
        event.name().into(),
    ]
}

/// Go's type always says when, be it that there is nothing to say.
fn tell_no_time(event: &mut Value) {
    if let Some(event) = event.as_object_mut() {
        for field in ["eventTime", "firstTimestamp", "lastTimestamp"] {
            event.entry(field).or_insert(Value::Null);
        }
    }
}

fn validate(event: &Value, _old: Option<&Value>, errors: &mut Errors) {
    let namespace = event.str_at("/involvedObject/namespace");
    let own = event.namespace();
    let fits = if namespace.is_empty() { own == "default" || own == "kube-system" } else { namespace == own };
    if !fits {
        errors.invalid_str("involvedObject.namespace", namespace, "does not match event.namespace");
    }
}
