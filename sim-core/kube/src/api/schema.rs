//! The shape of a kind: one constant table of fields, from which decoding (with strict errors),
//! defaulting and strategic merge follow. Models what upstream generates from its Go types.

use super::quantity;
use crate::json;
use serde_json::{Map, Value};

/// The Go struct that a JSON object stands for.
#[derive(Debug)]
pub struct Struct {
    /// The name of the Go type, which error texts show.
    pub go: &'static str,
    /// Its fields, in the order of Go's struct.
    pub fields: &'static [Field],
}

/// One field of a [`Struct`].
#[derive(Debug)]
pub struct Field {
    /// The JSON name.
    pub name: &'static str,
    /// What may stand there.
    pub ty: Type,
    /// What the server writes when the field is absent.
    pub default: Option<Default>,
    /// Whether `explain` and OpenAPI call the field required.
    pub required: bool,
    /// The values that OpenAPI lists, in its order; empty where any will do.
    pub values: &'static [&'static str],
}

/// What may stand in a field.
#[derive(Debug)]
pub enum Type {
    /// A string, left out when empty.
    Str,
    /// A string that may be empty (`*string`).
    StrPtr,
    /// A 32-bit number.
    Int32,
    /// A 64-bit number.
    Int64,
    /// A number that may have a fraction.
    Double,
    /// True or false.
    Bool,
    /// `100m`, `64Mi`.
    Quantity,
    /// A number or a string: a port, `25%`.
    IntOrString,
    /// An RFC 3339 time.
    Time,
    /// Base64.
    Bytes,
    /// `map[string]string`.
    Map,
    /// `map[string]` of something.
    MapOf(&'static Type),
    /// Replaced as a whole by a patch.
    List(&'static Type),
    /// Merged by a patch: elements with the same value under the key are the same.
    Keyed(&'static Struct, &'static str),
    /// Values that stand there once each.
    Set(&'static Type),
    /// An object.
    Object(&'static Struct),
    /// An object that a patch replaces when it says `$retainKeys`.
    Retain(&'static Struct),
    /// Told to be of this type, and not held against it: what components of the cluster write.
    Loose(&'static Type),
    /// Anything.
    Any,
    /// Accepted, and not kept.
    Dropped,
}

/// A default.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// A string.
    Str(&'static str),
    /// A number.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// `{}`.
    Empty,
}

/// A field without default.
pub const fn f(name: &'static str, ty: Type) -> Field {
    Field { name, ty, default: None, required: false, values: &[] }
}

impl Field {
    /// The field, with a default.
    pub const fn or(self, default: Default) -> Field {
        Field {
            name: self.name,
            ty: self.ty,
            default: Some(default),
            required: self.required,
            values: self.values,
        }
    }

    /// The field, which must be there.
    pub const fn required(self) -> Field {
        Field { name: self.name, ty: self.ty, default: self.default, required: true, values: self.values }
    }

    /// The field, which holds one of these values.
    pub const fn one_of(self, values: &'static [&'static str]) -> Field {
        Field { name: self.name, ty: self.ty, default: self.default, required: self.required, values }
    }
}

impl Struct {
    /// The field with this JSON name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.place(name).map(|place| &self.fields[place])
    }

    /// Where that field stands. Most names are told apart by their lengths and their first letters.
    pub fn place(&self, name: &str) -> Option<usize> {
        let first = name.as_bytes().first();
        self.fields.iter().position(|field| {
            field.name.len() == name.len() && field.name.as_bytes().first() == first && field.name == name
        })
    }

    /// Checks an object that came in, takes out what no field takes, and fills in the defaults.
    /// Gives the names of what was taken out, or the one mistake that ends decoding.
    pub fn decode(&'static self, value: &mut Value) -> Result<Vec<String>, String> {
        self.decode_fields(value, &|_| true)
    }

    /// As [`Struct::decode`], where only the fields that `is_new` names may hold anything new: the others
    /// have been decoded before.
    pub fn decode_fields(
        &'static self,
        value: &mut Value,
        is_new: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<String>, String> {
        let mut decoder = Decoder { go: self.go, unknown: Vec::new() };
        decoder.object(self, value, &Step::Root, is_new)?;
        Ok(decoder.unknown)
    }
}

/// The way to a value; written out only when there is something to say about it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a Step<'a>, &'a str),
    Index(&'a Step<'a>, usize),
    Key(&'a Step<'a>, &'a str),
}

impl Step<'_> {
    /// With indices: `spec.containers[0].image`.
    fn path(&self) -> String {
        match self {
            Step::Root => String::new(),
            Step::Field(Step::Root, name) => (*name).to_string(),
            Step::Field(parent, name) | Step::Key(parent, name) => format!("{}.{name}", parent.path()),
            Step::Index(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }

    /// Without: `spec.containers.image`.
    fn plain(&self) -> String {
        match self {
            Step::Root => String::new(),
            Step::Field(parent, name) => match parent.plain() {
                above if above.is_empty() => (*name).to_string(),
                above => format!("{above}.{name}"),
            },
            Step::Index(parent, _) | Step::Key(parent, _) => parent.plain(),
        }
    }
}

struct Decoder {
    /// The struct that is being read.
    go: &'static str,
    unknown: Vec<String>,
}

impl Decoder {
    fn mismatch<T>(&self, value: &Value, go_type: &str, step: &Step<'_>) -> Result<T, String> {
        let found = match value {
            Value::Null => "null".to_string(),
            Value::Bool(_) => "bool".to_string(),
            Value::Number(n) if n.is_f64() || go_type.starts_with("int") => format!("number {n}"),
            Value::Number(_) => "number".to_string(),
            Value::String(_) => "string".to_string(),
            Value::Array(_) => "array".to_string(),
            Value::Object(_) => "object".to_string(),
        };
        Err(format!(
            "json: cannot unmarshal {found} into Go struct field {}.{} of type {go_type}",
            self.go,
            step.plain()
        ))
    }

    fn object(
        &mut self,
        schema: &'static Struct,
        value: &mut Value,
        step: &Step<'_>,
        is_new: &dyn Fn(&str) -> bool,
    ) -> Result<(), String> {
        let Value::Object(map) = value else { return self.mismatch(value, &go_name(schema), step) };
        let outer = std::mem::replace(&mut self.go, schema.go);
        let mut gone: Vec<String> = Vec::new();
        for (name, value) in map.iter_mut().filter(|(name, _)| is_new(name)) {
            let step = Step::Field(step, name);
            match schema.field(name) {
                None => {
                    self.unknown.push(step.path());
                    gone.push(name.clone());
                }
                Some(field) => {
                    let counts = !value.is_null() && self.value(&field.ty, value, &step)?;
                    // No policies at all are not the usual ones.
                    if !(counts || schema.go == "HPAScalingRules" && value.is_array()) {
                        gone.push(name.clone());
                    }
                }
            }
        }
        for name in gone {
            map.remove(&name);
        }
        for field in schema.fields {
            if let Some(default) = field.default
                && !map.contains_key(field.name)
            {
                let mut value = default.value();
                // An object that comes into being may have defaults of its own.
                self.value(&field.ty, &mut value, step)?;
                map.insert(field.name.to_string(), value);
            }
        }
        self.go = outer;
        Ok(())
    }

    /// Checks one value; false when it stands for nothing and is left out.
    fn value(&mut self, ty: &'static Type, value: &mut Value, step: &Step<'_>) -> Result<bool, String> {
        match ty {
            Type::Str | Type::StrPtr | Type::Bytes => match value {
                Value::String(text) => Ok(!text.is_empty() || !matches!(ty, Type::Str)),
                other => {
                    self.mismatch(other, if matches!(ty, Type::Bytes) { "[]uint8" } else { "string" }, step)
                }
            },
            Type::Int32 | Type::Int64 => {
                let go = if matches!(ty, Type::Int32) { "int32" } else { "int64" };
                let fits = |n: i64| matches!(ty, Type::Int64) || i32::try_from(n).is_ok();
                match value {
                    Value::Number(n) if n.as_i64().is_some_and(fits) => Ok(true),
                    Value::Number(n) if n.as_f64().is_some_and(|x| x.fract() == 0.0 && fits(x as i64)) => {
                        *value = json!(value.as_f64().unwrap_or(0.0) as i64);
                        Ok(true)
                    }
                    Value::String(_) => self.mismatch(value, go, step),
                    other => self.mismatch(other, go, step),
                }
            }
            Type::Double if value.is_number() => Ok(true),
            Type::Double => self.mismatch(value, "float64", step),
            Type::Bool => {
                if value.is_boolean() {
                    Ok(true)
                } else {
                    self.mismatch(value, "bool", step)
                }
            }
            Type::Quantity => {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(n) => n.to_string(),
                    other => return self.mismatch(other, "resource.Quantity", step),
                };
                match quantity::canonical(&text) {
                    Some(text) => {
                        *value = Value::String(text);
                        Ok(true)
                    }
                    None => Err("quantities must match the regular expression \
                                 '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                        .to_string()),
                }
            }
            Type::IntOrString => match value {
                Value::Number(n) if n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => Ok(true),
                Value::String(_) => Ok(true),
                other => self.mismatch(other, "int32", step),
            },
            Type::Time => match value {
                Value::String(text) if sim::Timestamp::parse_rfc3339(text).is_some() => Ok(true),
                Value::String(text) => Err(format!(
                    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
                )),
                other => self.mismatch(other, "string", step),
            },
            Type::Map => self.map(&Type::StrPtr, value, step),
            Type::MapOf(of) => self.map(of, value, step),
            Type::List(of) | Type::Set(of) => self.list(of, value, step),
            Type::Keyed(schema, _) => {
                if value.is_null() {
                    return Ok(false);
                }
                let Value::Array(list) = value else {
                    return self.mismatch(value, &format!("[]{}", go_name(schema)), step);
                };
                for (i, item) in list.iter_mut().enumerate() {
                    self.object(schema, item, &Step::Index(step, i), &|_| true)?;
                }
                Ok(!list.is_empty())
            }
            Type::Object(schema) | Type::Retain(schema) => {
                self.object(schema, value, step, &|_| true).map(|()| true)
            }
            Type::Any | Type::Loose(_) => Ok(true),
            Type::Dropped => Ok(false),
        }
    }

    fn map(&mut self, of: &'static Type, value: &mut Value, step: &Step<'_>) -> Result<bool, String> {
        let Value::Object(map) = value else {
            return self.mismatch(value, &format!("map[string]{}", type_name(of)), step);
        };
        for (name, value) in map.iter_mut() {
            if value.is_null() {
                *value = json!("");
            } else {
                self.value(of, value, &Step::Key(step, name))?;
            }
        }
        Ok(!map.is_empty())
    }

    fn list(&mut self, of: &'static Type, value: &mut Value, step: &Step<'_>) -> Result<bool, String> {
        let Value::Array(list) = value else {
            return self.mismatch(value, &format!("[]{}", type_name(of)), step);
        };
        for (i, item) in list.iter_mut().enumerate() {
            self.value(of, item, &Step::Index(step, i))?;
        }
        Ok(!list.is_empty())
    }
}

/// `v1.PodSpec`.
fn go_name(schema: &Struct) -> String {
    format!("v1.{}", schema.go)
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Int32 => "int32".to_string(),
        Type::Int64 => "int64".to_string(),
        Type::Double => "float64".to_string(),
        Type::Bool => "bool".to_string(),
        Type::Quantity => "resource.Quantity".to_string(),
        Type::Bytes => "[]uint8".to_string(),
        Type::Object(schema) | Type::Retain(schema) => go_name(schema),
        _ => "string".to_string(),
    }
}

impl Default {
    fn value(self) -> Value {
        match self {
            Default::Str(text) => json!(text),
            Default::Int(number) => json!(number),
            Default::Bool(truth) => json!(truth),
            Default::Empty => Value::Object(Map::new()),
        }
    }
}

/// Tables that several kinds share.
pub mod common {
    use super::Type::*;
    use super::{Struct, f};

    /// `metadata`.
    pub static OBJECT_META: Struct = Struct {
        go: "ObjectMeta",
        fields: &[
            f("name", Str),
            f("generateName", Str),
            f("namespace", Str),
            f("selfLink", Dropped),
            f("uid", Str),
            f("resourceVersion", Str),
            f("generation", Int64),
            f("creationTimestamp", Time),
            f("deletionTimestamp", Time),
            f("deletionGracePeriodSeconds", Int64),
            f("labels", Map),
            f("annotations", Map),
            f("ownerReferences", Keyed(&OWNER_REFERENCE, "uid")),
            f("finalizers", Set(&Str)),
            f("managedFields", Loose(&List(&Object(&MANAGED_FIELDS_ENTRY)))),
        ],
    };

    static MANAGED_FIELDS_ENTRY: Struct = Struct {
        go: "ManagedFieldsEntry",
        fields: &[
            f("manager", Str),
            f("operation", Str),
            f("apiVersion", Str),
            f("time", Time),
            f("fieldsType", Str),
            f("fieldsV1", Any),
            f("subresource", Str),
        ],
    };

    /// An element of `metadata.ownerReferences`.
    pub static OWNER_REFERENCE: Struct = Struct {
        go: "OwnerReference",
        fields: &[
            f("apiVersion", Str).required(),
            f("kind", Str).required(),
            f("name", Str).required(),
            f("uid", Str).required(),
            f("controller", Bool),
            f("blockOwnerDeletion", Bool),
        ],
    };

    /// A label selector with expressions.
    pub static LABEL_SELECTOR: Struct = Struct {
        go: "LabelSelector",
        fields: &[f("matchLabels", Map), f("matchExpressions", List(&Object(&LABEL_REQUIREMENT)))],
    };

    static LABEL_REQUIREMENT: Struct = Struct {
        go: "LabelSelectorRequirement",
        fields: &[f("key", Str).required(), f("operator", Str).required(), f("values", List(&StrPtr))],
    };

    /// A condition of `status.conditions`, in its newer form that many kinds share.
    pub static CONDITION: Struct = Struct {
        go: "Condition",
        fields: &[
            f("type", Str).required(),
            f("status", Str).required(),
            f("observedGeneration", Int64),
            f("lastTransitionTime", Time).required(),
            f("reason", StrPtr).required(),
            f("message", StrPtr).required(),
        ],
    };

    /// A reference to another object.
    pub static OBJECT_REFERENCE: Struct = Struct {
        go: "ObjectReference",
        fields: &[
            f("kind", Str),
            f("namespace", Str),
            f("name", Str),
            f("uid", Str),
            f("apiVersion", Str),
            f("resourceVersion", Str),
            f("fieldPath", Str),
        ],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    static PORT: Struct = Struct {
        go: "Port",
        fields: &[f("port", Type::Int32), f("protocol", Type::Str).or(Default::Str("TCP"))],
    };
    static THING: Struct = Struct { go: "Thing", fields: &[f("spec", Type::Object(&SPEC))] };
    static SPEC: Struct =
        Struct { go: "ThingSpec", fields: &[f("ports", Type::Keyed(&PORT, "port")), f("labels", Type::Map)] };

    #[test]
    fn decoding_finds_strangers_and_fills_in_defaults() {
        let mut value = json!({"spec": {"ports": [{"port": 80, "prot": 1}], "labels": {}, "x": 1}});
        assert_eq!(
            THING.decode(&mut value),
            Ok(vec!["spec.ports[0].prot".to_string(), "spec.x".to_string()])
        );
        assert_eq!(value, json!({"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}));
    }

    #[test]
    fn a_wrong_type_is_told_as_go_tells_it() {
        let mut value = json!({"spec": {"ports": [{"port": "eighty"}]}});
        assert_eq!(
            THING.decode(&mut value),
            Err("json: cannot unmarshal string into Go struct field Port.spec.ports.port of type int32"
                .to_string())
        );
    }
}
