//! Columns: how a kind shows in `kubectl get`. Models `pkg/printers`.

use super::duration;
use serde_json::Value;
use sim::Timestamp;

/// One column of a kind's table.
#[derive(Debug)]
pub struct Column {
    /// `Name`, `External-IP`.
    pub name: &'static str,
    /// `string` or `integer`.
    pub ty: &'static str,
    /// `name` for the first column, else empty.
    pub format: &'static str,
    /// What it shows.
    pub description: &'static str,
    /// 0: always; 1: with `-o wide`.
    pub priority: u8,
}

/// A column that always shows.
pub const fn column(name: &'static str, description: &'static str) -> Column {
    Column { name, ty: "string", format: "", description, priority: 0 }
}

/// A column of numbers.
pub const fn number(name: &'static str, description: &'static str) -> Column {
    Column { name, ty: "integer", format: "", description, priority: 0 }
}

/// A column that shows with `-o wide`.
pub const fn wide(name: &'static str, description: &'static str) -> Column {
    Column { name, ty: "string", format: "", description, priority: 1 }
}

/// The first column of every kind.
pub const NAME: Column = Column {
    name: "Name",
    ty: "string",
    format: "name",
    description: "Name must be unique within a namespace. Is required when creating resources, although some \
                  resources may allow a client to request the generation of an appropriate name automatically. \
                  Name is primarily intended for creation idempotence and configuration definition. Cannot be \
                  updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
    priority: 0,
};

/// How old an object is.
pub const AGE: Column = column(
    "Age",
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not \
     guaranteed to be set in happens-before order across separate operations. Clients may not set this value. \
     It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More \
     info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
);

/// The second column of kinds that have none of their own.
pub const CREATED_AT: Column =
    Column { name: "Created At", ty: "date", format: "", description: AGE.description, priority: 0 };

/// The cell of [`AGE`].
pub fn age(object: &Value, now: Timestamp) -> Value {
    use super::ObjectExt;
    Value::String(duration::since(object.creation_timestamp(), now))
}

/// A cell; `<none>` when there is nothing to show.
pub fn or_none(text: impl Into<String>) -> Value {
    let text = text.into();
    Value::String(if text.is_empty() { "<none>".to_string() } else { text })
}
