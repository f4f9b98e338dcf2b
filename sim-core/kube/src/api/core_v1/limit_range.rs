//! Limit ranges: what a single container, pod or claim of a namespace may ask for, and what it gets when it
//! asks for nothing.

use crate::api::ObjectExt;
use crate::api::resource_list::{Amount, read};
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{CREATED_AT, NAME};
use crate::api::validation::{self, Errors};
use crate::json;
use serde_json::Value;
use sim::SortedSet;

static SCHEMA: Struct = Struct {
    go: "LimitRange",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&SPEC)).or(D::Empty),
    ],
};
static SPEC: Struct =
    Struct { go: "LimitRangeSpec", fields: &[f("limits", List(&Object(&ITEM))).required()] };
static ITEM: Struct = Struct {
    go: "LimitRangeItem",
    fields: &[
        f("type", Str).required(),
        f("max", MapOf(&Quantity)),
        f("min", MapOf(&Quantity)),
        f("default", MapOf(&Quantity)),
        f("defaultRequest", MapOf(&Quantity)),
        f("maxLimitRequestRatio", MapOf(&Quantity)),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "LimitRange",
    plural: "limitranges",
    singular: "limitrange",
    short_names: &["limits"],
    schema: &SCHEMA,
    default: set_defaults,
    validate,
    columns: &[NAME, CREATED_AT],
    row: |range, _| vec![range.name().into(), range.creation_timestamp().into()],
    ..PLAIN
};

/// What a container gets by default follows from what it may have at most and at least. Models
/// `SetDefaults_LimitRangeItem`.
fn set_defaults(range: &mut Value) {
    for item in range.pointer_mut("/spec/limits").and_then(Value::as_array_mut).into_iter().flatten() {
        if item.str_at("/type") != "Container" {
            continue;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            for (name, quantity) in item.get(from).and_then(Value::as_object).cloned().into_iter().flatten() {
                if item.get(to).is_none_or(Value::is_null) {
                    item[to] = json!({});
                }
                if item[to].get(&name).is_none() {
                    item[to][name] = quantity;
                }
            }
        }
    }
}

/// Models `ValidateLimitRange`.
fn validate(range: &Value, _old: Option<&Value>, errors: &mut Errors) {
    let items = range.list_at("/spec/limits");
    for (i, item) in items.iter().enumerate() {
        let field = |name: &str| format!("spec.limits[{i}].{name}");
        let kind = item.str_at("/type");
        errors.check(field("type"), kind, validation::label_key(kind));
        if !kind.contains('/') && !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind) {
            let why = "must be a standard limit type or fully qualified";
            errors.invalid_str(field("type"), kind, why);
        }
        if items[..i].iter().any(|other| other.str_at("/type") == kind) {
            errors.duplicate(field("type"), item.at("/type"));
        }
        if kind == "Pod" {
            for name in ["default", "defaultRequest"] {
                if item.get(name).is_some() {
                    errors.forbidden(field(name), "may not be specified when `type` is 'Pod'");
                }
            }
        }
        if kind == "PersistentVolumeClaim"
            && item.at("/min/storage").is_null()
            && item.at("/max/storage").is_null()
        {
            errors.required(
                field("limits"),
                "either minimum or maximum storage value is required, but neither was provided",
            );
        }
        compare(item, i, errors);
    }
}

fn compare(item: &Value, i: usize, errors: &mut Errors) {
    let lists = ["min", "defaultRequest", "default", "max"];
    let amounts = lists.map(|name| item.get(name).and_then(Value::as_object).map(read).unwrap_or_default());
    let names: SortedSet<&String> = amounts.iter().flat_map(|list| list.keys()).collect();
    let words = ["min value", "default request value", "default value", "max value"];
    for name in names {
        let of = |list: usize| amounts[list].get(name);
        // Which must not be more than which, whose field is named, and whose value is shown.
        for (low, high, at) in [(0, 3, 0), (0, 1, 1), (1, 3, 1), (1, 2, 1), (0, 2, 2), (2, 3, 2)] {
            let (Some(less), Some(more)) = (of(low), of(high)) else { continue };
            if less.milli <= more.milli {
                continue;
            }
            let high_words = if (low, high) == (1, 2) { "default limit value" } else { words[high] };
            let why = format!(
                "{} {} is greater than {high_words} {}",
                words[low],
                Amount::text(*less),
                Amount::text(*more)
            );
            let shown = match (low, high) {
                (0, 3 | 2) => less,
                (0, 1) | (2, 3) => more,
                _ => less,
            };
            let field = format!("spec.limits[{i}].{}[{name}]", lists[at]);
            errors.invalid(field, &Value::String(shown.text()), &why);
        }
    }
    for (name, ratio) in item.map_at("/maxLimitRequestRatio") {
        let text = ratio.as_str().unwrap_or("0");
        if Amount::parse(text).milli < 1_000 {
            let field = format!("spec.limits[{i}].maxLimitRequestRatio[{name}]");
            errors.invalid(field, ratio, &format!("ratio {text} is less than 1"));
        }
    }
}
