//! JSON with the fields in the order of Go's structs, as the server writes it and as kubectl prints what went through
//! its types. The tables of fields have that order; what is no object of the cluster has its own.

use super::authentication_v1::TOKEN_REQUEST;
use super::schema::common::OBJECT_META;
use super::schema::{Default, Field, Struct, Type};
use super::{map_of, metrics_v1beta1, quantity, scheme};
use encoding::json::push_string;
use serde_json::{Map, Value};

/// For the name of a field, the order of the fields of what stands there, in what is no object of the cluster.
const ORDER: &[(&str, &str)] = &[
    (
        "",
        "kind apiVersion groupVersion metadata versions serverAddressByClientCIDRs name preferredVersion groups resources columnDefinitions rows items spec status message reason details code preferences clusters users contexts current-context major minor emulationMajor emulationMinor minCompatibilityMajor minCompatibilityMinor gitVersion gitCommit gitTreeState buildDate goVersion compiler platform",
    ),
    ("causes", "reason message field"),
    ("cluster", "server tls-server-name insecure-skip-tls-verify certificate-authority"),
    ("clusters", "name cluster"),
    ("columnDefinitions", "name type format description priority"),
    ("context", "cluster user namespace"),
    ("contexts", "name context"),
    ("details", "name group kind uid causes retryAfterSeconds"),
    ("exec", "command args env apiVersion"),
    ("groups", "name versions preferredVersion"),
    ("items", "metadata versions"),
    ("object", "kind apiVersion metadata"),
    ("preferredVersion", "groupVersion version"),
    (
        "resources",
        "name resource responseKind scope singularResource singularName namespaced group version kind verbs shortNames categories subresources",
    ),
    ("responseKind", "group version kind"),
    ("rows", "cells object"),
    ("serverAddressByClientCIDRs", "clientCIDR serverAddress"),
    ("subresources", "subresource responseKind verbs"),
    (
        "user",
        "client-certificate client-certificate-data client-key client-key-data token tokenFile username password exec",
    ),
    ("users", "name user"),
    ("versions", "groupVersion version resources freshness"),
];

/// Kinds that are no objects of the cluster.
const OTHERS: &[&str] = &[
    "APIGroup",
    "APIGroupDiscoveryList",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "Config",
    "List",
    "Scale",
    "Status",
    "Table",
];

/// What decides the order of the keys at a place.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    /// A table of fields.
    Struct(&'static Struct),
    /// A list of objects of a kind.
    List(&'static Struct),
    /// Keys that are no fields, with this below each.
    Map(&'static Type),
    /// What stands in the field of this name.
    Named(&'a str),
    /// Nothing.
    Plain,
}

impl<'a> Shape<'a> {
    /// That of a whole object.
    pub fn of(object: &Value) -> Shape<'a> {
        let text = |field: &str| object[field].as_str().unwrap_or("");
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let schema_of = |kind: &str| {
            scheme::schema_of(api_version, kind).or_else(|| metrics_v1beta1::schema_of(api_version, kind))
        };
        if let Some(schema) = schema_of(kind) {
            return Shape::Struct(schema);
        }
        let of_list = kind.strip_suffix("List").and_then(schema_of);
        match (of_list, kind) {
            (Some(schema), _) => Shape::List(schema),
            (None, "TokenRequest") => Shape::Struct(&TOKEN_REQUEST),
            // The version of a program.
            (None, "") if !object["major"].is_null() => Shape::Named(""),
            (None, kind) if OTHERS.contains(&kind) => Shape::Named(""),
            (None, _) => Shape::Plain,
        }
    }

    fn of_type(ty: &'static Type) -> Shape<'a> {
        match ty {
            Type::Object(schema) | Type::Retain(schema) | Type::Keyed(schema, _) => Shape::Struct(schema),
            Type::List(of) | Type::Set(of) | Type::Loose(of) => Shape::of_type(of),
            Type::MapOf(of) => Shape::Map(of),
            _ => Shape::Plain,
        }
    }

    /// That of what stands in a field.
    fn below<'b>(self, key: &'b str, value: &Value) -> Shape<'b> {
        match (self, key) {
            (Shape::Struct(schema), _) => {
                schema.field(key).map_or(Shape::Plain, |field| Shape::of_type(&field.ty))
            }
            (Shape::List(schema), "items") => Shape::Struct(schema),
            (Shape::List(_) | Shape::Named(_), "metadata") => Shape::Struct(&OBJECT_META),
            (Shape::Map(of), _) => Shape::of_type(of),
            // A list of anything holds its objects as they came.
            (Shape::Named(""), "items") if !value[0]["kind"].is_null() => Shape::Plain,
            (Shape::Named(_), _) => Shape::Named(key),
            _ => Shape::Plain,
        }
    }

    /// The fields of an object in their order, each with its shape; what has no place comes behind, in alphabetical
    /// order.
    pub fn fields<'b>(self, map: &'b Map<String, Value>) -> Vec<Placed<'b>> {
        let names = match self {
            Shape::Named(parent) => ORDER.iter().find(|(name, _)| *name == parent).map(|(_, names)| *names),
            Shape::List(_) => Some("kind apiVersion metadata items"),
            _ => None,
        };
        let mut fields: Vec<Placed<'b>> = Vec::with_capacity(map.len());
        for (key, value) in map {
            // The place of each is looked for once: there are more comparisons than fields.
            let (place, shape) = match self {
                Shape::Struct(schema) => match schema.place(key) {
                    Some(place) => (place, Shape::of_type(&schema.fields[place].ty)),
                    None => (NOWHERE, Shape::Plain),
                },
                Shape::Plain => (NOWHERE, Shape::Plain),
                Shape::Map(of) => (NOWHERE, Shape::of_type(of)),
                _ => {
                    let place = names.and_then(|names| names.split(' ').position(|name| name == key));
                    (place.unwrap_or(NOWHERE), self.below(key, value))
                }
            };
            let mut at = fields.len();
            while at > 0 && fields[at - 1].place > place {
                at -= 1;
            }
            fields.insert(at, Placed { place, key, value, shape });
        }
        fields
    }
}

/// A field of an object.
pub struct Placed<'a> {
    place: usize,
    /// Its name.
    pub key: &'a String,
    /// What stands there.
    pub value: &'a Value,
    /// What decides the order in it.
    pub shape: Shape<'a>,
}

/// The place of what has none.
const NOWHERE: usize = usize::MAX;

/// JSON on one line.
pub fn compact(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

/// JSON on one line, of what stands somewhere in an object.
pub(super) fn compact_as(shape: Shape<'_>, value: &Value) -> String {
    let mut text = String::new();
    Writer { text: &mut text, managers: "" }.push(shape, value, None);
    text
}

/// JSON on one line, behind what is there.
pub fn write(text: &mut String, value: &Value) {
    write_managed(text, value, "");
}

/// The same of what stands in the field of this name, in what is no object of the cluster.
pub(crate) fn write_in(text: &mut String, field: &str, value: &Value) {
    Writer { text, managers: "" }.push(Shape::Named(field), value, None);
}

/// The same of an object's or a list's metadata.
pub(crate) fn write_metadata(text: &mut String, metadata: &Value) {
    Writer { text, managers: "" }.push(Shape::Struct(&OBJECT_META), metadata, None);
}

/// The same for an object that does not name its managers itself: they are given as JSON, where there are any.
pub fn write_managed(text: &mut String, object: &Value, managers: &str) {
    Writer { text, managers }.push(Shape::of(object), object, None);
}

/// JSON with an indentation of four.
pub fn indented(value: &Value) -> String {
    let mut text = String::new();
    Writer { text: &mut text, managers: "" }.push(Shape::of(value), value, Some(0));
    text
}

struct Writer<'a> {
    text: &'a mut String,
    /// To be written at the end of the first metadata.
    managers: &'a str,
}

impl Writer<'_> {
    fn push(&mut self, shape: Shape<'_>, value: &Value, depth: Option<usize>) {
        let inner = depth.map(|depth| depth + 1);
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (index, field) in shape.fields(map).into_iter().enumerate() {
                    self.text.push_str(if index == 0 { "{" } else { "," });
                    new_line(self.text, inner);
                    if field.place == NOWHERE {
                        push_string(self.text, field.key);
                    } else {
                        // In a name that is known there is nothing special.
                        for part in ["\"", field.key, "\""] {
                            self.text.push_str(part);
                        }
                    }
                    self.text.push_str(if depth.is_some() { ": " } else { ":" });
                    self.push(field.shape, field.value, inner);
                }
                if matches!(shape, Shape::Struct(schema) if std::ptr::eq(schema, &OBJECT_META))
                    && !self.managers.is_empty()
                {
                    self.text.push_str(",\"managedFields\":");
                    self.text.push_str(std::mem::take(&mut self.managers));
                }
                new_line(self.text, depth);
                self.text.push('}');
            }
            Value::Array(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.text.push_str(if index == 0 { "[" } else { "," });
                    new_line(self.text, inner);
                    self.push(shape, item, inner);
                }
                new_line(self.text, depth);
                self.text.push(']');
            }
            Value::String(string) => push_string(self.text, string),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Null => self.text.push_str("null"),
            other => self.text.push_str(&other.to_string()),
        }
    }
}

fn new_line(text: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', depth * 4));
    }
}

/// An object as it is after Go's types have read and written it: strangers are gone, and what is written even when it
/// is empty is there.
pub fn through_types(object: &Value) -> Value {
    match Shape::of(object) {
        Shape::Struct(schema) => through_struct(schema, object),
        _ => object.clone(),
    }
}

/// Fields that hold a pointer, so that nothing stands for nothing, though the server fills them in.
const POINTERS: [&str; 4] =
    ["namespaceSelector", "objectSelector", "persistentVolumeClaimRetentionPolicy", "securityContext"];

fn through_struct(schema: &'static Struct, value: &Value) -> Value {
    let mut map = Map::new();
    for field in schema.fields {
        let value = match value.get(field.name).filter(|value| !value.is_null()) {
            Some(value) => through_type(&field.ty, value),
            None => zero(schema, field),
        };
        if let Some(value) = value {
            map.insert(field.name.to_string(), value);
        }
    }
    Value::Object(map)
}

/// Nothing where the value is left out.
fn through_type(ty: &'static Type, value: &Value) -> Option<Value> {
    let each = |of: &'static Type, value: &Value| through_type(of, value).unwrap_or_else(|| value.clone());
    Some(match (ty, value) {
        (Type::Dropped, _) => return None,
        (Type::Str, Value::String(text)) if text.is_empty() => return None,
        (Type::Object(schema) | Type::Retain(schema), Value::Object(_)) => through_struct(schema, value),
        (Type::Loose(of), _) => return through_type(of, value),
        (_, Value::Array(items)) if items.is_empty() => return None,
        (Type::Keyed(schema, _), Value::Array(items)) => {
            items.iter().map(|item| through_struct(schema, item)).collect()
        }
        (Type::List(of) | Type::Set(of), Value::Array(items)) => {
            items.iter().map(|item| each(of, item)).collect()
        }
        (Type::Map | Type::MapOf(_), Value::Object(map)) if map.is_empty() => return None,
        (Type::MapOf(of), Value::Object(map)) => {
            Value::Object(map_of(map.iter().map(|(key, value)| (key.clone(), each(of, value)))))
        }
        (Type::Quantity, value) => match quantity::canonical(value.as_str().unwrap_or("")) {
            Some(text) => text.into(),
            None => value.clone(),
        },
        _ => value.clone(),
    })
}

/// What is written where nothing is.
fn zero(schema: &'static Struct, field: &'static Field) -> Option<Value> {
    let empty = matches!(field.default, Some(Default::Empty)) && !POINTERS.contains(&field.name);
    let listed = matches!(
        (schema.go, field.name),
        ("Role" | "ClusterRole", "rules")
            | ("ServicePort", "targetPort")
            | ("HorizontalPodAutoscalerStatus", "currentMetrics")
            | ("StatefulSetOrdinals", "start")
    );
    if !(field.required || empty || listed) {
        return None;
    }
    Some(match &field.ty {
        Type::Object(inner) if inner.go == "LabelSelector" && !empty => Value::Null,
        Type::Object(inner) | Type::Retain(inner) => through_struct(inner, &Value::Null),
        Type::Loose(Type::List(_)) => Value::Null,
        Type::Loose(_) => Value::Object(Map::new()),
        Type::Str | Type::StrPtr => "".into(),
        Type::Int32 | Type::Int64 | Type::IntOrString => 0.into(),
        Type::Quantity => "0".into(),
        Type::Bool => false.into(),
        _ => Value::Null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn fields_come_as_in_gos_structs() {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "x"}});
        assert_eq!(
            compact(&account),
            r#"{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"x"}}"#
        );
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "subjects": [{"apiGroup": "g", "kind": "User", "name": "a"}]});
        assert_eq!(
            indented(&binding),
            "{\n    \"kind\": \"RoleBinding\",\n    \"apiVersion\": \"rbac.authorization.k8s.io/v1\",\n    \"subjects\": [\n        {\n            \"kind\": \"User\",\n            \"apiGroup\": \"g\",\n            \"name\": \"a\"\n        }\n    ]\n}"
        );
        let list = json!({"apiVersion": "v1", "kind": "PodList", "items": [{"status": {}, "metadata": {"uid": "u", "name": "p"}}],
            "metadata": {"resourceVersion": "1", "continue": "x"}});
        assert_eq!(
            compact(&list),
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"x"},"items":[{"metadata":{"name":"p","uid":"u"},"status":{}}]}"#
        );
        let custom =
            json!({"apiVersion": "x.io/v1", "kind": "Tab", "metadata": {"name": "a", "labels": {"<": "b"}}});
        assert_eq!(
            compact(&json!({"items": [custom], "kind": "List", "metadata": {}})),
            r#"{"kind":"List","metadata":{},"items":[{"apiVersion":"x.io/v1","kind":"Tab","metadata":{"labels":{"\u003c":"b"},"name":"a"}}]}"#
        );
    }

    #[test]
    fn types_leave_out_strangers_and_write_some_of_what_is_empty() {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "more": 1,
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}});
        assert_eq!(
            compact(&through_types(&deployment)),
            r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"x"},"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":[{"name":"c","image":"i","resources":{}}]}},"strategy":{}},"status":{}}"#
        );
    }
}
