//! The schema of a custom kind: what its objects may hold, what is dropped, what is filled in. Models
//! `apiextensions-apiserver/pkg/apiserver/{schema,validation}`. Left out: rules in CEL (a definition that has them is
//! refused), and `oneOf`, `anyOf`, `allOf` and `not`, which hold nothing against an object here.

use crate::api::ObjectExt;
use crate::api::status::FieldError;
use crate::api::validation::Errors;
use crate::json;
use regex_lite::Regex;
use serde_json::{Map, Value};

/// Checks the schema itself: it is structural.
pub fn check_schema(schema: &Value, field: &str, root: bool, errors: &mut Errors) {
    let any = schema.bool_at("/x-kubernetes-int-or-string")
        || schema.bool_at("/x-kubernetes-preserve-unknown-fields");
    match schema.str_at("/type") {
        "" if root || !any => errors.required(
            format!("{field}.type"),
            if root {
                "must not be empty at the root"
            } else {
                "must not be empty for specified object fields"
            },
        ),
        ty if root && ty != "object" => {
            errors.invalid_str(format!("{field}.type"), ty, "must be object at the root");
        }
        "" | "array" | "boolean" | "integer" | "number" | "object" | "string" => {}
        ty => {
            errors.one_of(
                format!("{field}.type"),
                ty,
                &["array", "boolean", "integer", "number", "object", "string"],
            );
        }
    }
    for (name, property) in schema.map_at("/properties") {
        if root && matches!(name.as_str(), "metadata" | "apiVersion" | "kind") {
            continue;
        }
        check_schema(property, &format!("{field}.properties[{name}]"), false, errors);
    }
    if schema.at("/items").is_object() {
        check_schema(schema.at("/items"), &format!("{field}.items"), false, errors);
    }
    if schema.at("/additionalProperties").is_object() {
        check_schema(
            schema.at("/additionalProperties"),
            &format!("{field}.additionalProperties"),
            false,
            errors,
        );
    }
}

/// Whether there are rules in CEL anywhere.
pub fn has_rules(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.contains_key("x-kubernetes-validations") || map.values().any(has_rules),
        Value::Array(list) => list.iter().any(has_rules),
        _ => false,
    }
}

/// Drops what the schema does not know; gives its paths.
pub fn prune(schema: &Value, value: &mut Value, path: &str, root: bool, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let keep = schema.bool_at("/x-kubernetes-preserve-unknown-fields");
            let properties = schema.map_at("/properties");
            let others = schema.at("/additionalProperties");
            let mut gone = Vec::new();
            for (name, value) in map.iter_mut() {
                let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if root && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
                    continue;
                }
                if let Some(property) = properties.get(name) {
                    prune(property, value, &place, false, unknown);
                } else if others.is_object() {
                    prune(others, value, &place, false, unknown);
                } else if !keep && others != &Value::Bool(true) {
                    unknown.push(place);
                    gone.push(name.clone());
                }
            }
            for name in gone {
                map.remove(&name);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter_mut().enumerate() {
                prune(schema.at("/items"), value, &format!("{path}[{i}]"), false, unknown);
            }
        }
        _ => {}
    }
}

/// Fills in the defaults.
pub fn set_defaults(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, property) in schema.map_at("/properties") {
                let default = property.at("/default");
                let missing = map.get(name).is_none_or(|v| v.is_null() && !property.bool_at("/nullable"));
                if missing && !default.is_null() {
                    map.insert(name.clone(), default.clone());
                }
                if let Some(value) = map.get_mut(name) {
                    set_defaults(property, value);
                }
            }
            if schema.at("/additionalProperties").is_object() {
                for value in map.values_mut() {
                    set_defaults(schema.at("/additionalProperties"), value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| set_defaults(schema.at("/items"), value)),
        _ => {}
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Checks an object against its schema. Models `kube-openapi/pkg/validation`, in its words.
pub fn validate(schema: &Value, value: &Value, path: &str, errors: &mut Errors) {
    let ty = schema.str_at("/type");
    let found = type_of(value);
    if value.is_null() && schema.bool_at("/nullable") {
        return;
    }
    let int_or_string = schema.bool_at("/x-kubernetes-int-or-string");
    let fits = if int_or_string {
        matches!(found, "integer" | "string")
    } else {
        ty.is_empty() || ty == found || (ty == "number" && found == "integer")
    };
    if !fits {
        let wanted = if int_or_string { "integer,string" } else { ty };
        let shown = json!(found);
        // Upstream shows the type that it found as the value.
        errors.invalid(path, &shown, &format!("{path} in body must be of type {wanted}: {shown}"));
        return;
    }
    let mut fault = |why: String| errors.invalid(path, value, &format!("{path} in body {why}"));
    if let Some(number) = value.as_f64() {
        let limit = |name: &str| schema.at(name).as_f64();
        if let Some(limit) = limit("/minimum") {
            if schema.bool_at("/exclusiveMinimum") && number <= limit {
                fault(format!("should be greater than {limit}"));
            } else if number < limit {
                fault(format!("should be greater than or equal to {limit}"));
            }
        }
        if let Some(limit) = limit("/maximum") {
            if schema.bool_at("/exclusiveMaximum") && number >= limit {
                fault(format!("should be less than {limit}"));
            } else if number > limit {
                fault(format!("should be less than or equal to {limit}"));
            }
        }
        if let Some(factor) = limit("/multipleOf")
            && factor > 0.0
            && number % factor != 0.0
        {
            fault(format!("should be a multiple of {factor}"));
        }
    }
    let count = |name: &str| schema.at(name).as_u64().and_then(|n| usize::try_from(n).ok());
    if let Value::String(text) = value {
        if let Some(least) = count("/minLength").filter(|least| text.chars().count() < *least) {
            fault(format!("should be at least {least} chars long"));
        }
        if let Some(pattern) = schema.at("/pattern").as_str()
            && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            fault(format!("should match '{pattern}'"));
        }
        if let Some(most) = count("/maxLength").filter(|most| text.chars().count() > *most) {
            errors.too_long(path, most);
        }
    }
    if let Value::Array(list) = value {
        if let Some(least) = count("/minItems").filter(|least| list.len() < *least) {
            errors.invalid(
                path,
                &json!(list.len()),
                &format!("{path} in body should have at least {least} items"),
            );
        }
        if let Some(most) = count("/maxItems").filter(|most| list.len() > *most) {
            errors.0.push(FieldError {
                field: path.to_string(),
                reason: "FieldValueTooMany",
                detail: format!("Too many: {}: must have at most {most} items", list.len()),
            });
        }
        for (i, value) in list.iter().enumerate() {
            validate(schema.at("/items"), value, &format!("{path}[{i}]"), errors);
        }
    }
    let allowed = schema.list_at("/enum");
    if !allowed.is_empty() && !allowed.contains(value) {
        let list: Vec<String> = allowed.iter().map(Value::to_string).collect();
        errors.0.push(FieldError {
            field: path.to_string(),
            reason: "FieldValueNotSupported",
            detail: format!("Unsupported value: {value}: supported values: {}", list.join(", ")),
        });
    }
    if let Value::Object(map) = value {
        validate_object(schema, map, path, errors);
    }
}

fn validate_object(schema: &Value, map: &Map<String, Value>, path: &str, errors: &mut Errors) {
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    for name in schema.list_at("/required").iter().filter_map(Value::as_str) {
        if !map.contains_key(name) {
            errors.required(below(name), "");
        }
    }
    let properties = schema.map_at("/properties");
    for (name, value) in map {
        if let Some(property) = properties.get(name) {
            validate(property, value, &below(name), errors);
        } else if schema.at("/additionalProperties").is_object() {
            validate(schema.at("/additionalProperties"), value, &below(name), errors);
        }
    }
}
