//! `+ - * / %` and comparisons, on all kinds of values.

use super::ast::Operator;
use super::eval::Stop;
use super::functions::split;
use super::json::{Json, Object};
use std::rc::Rc;

/// Applies an operator.
///
/// # Errors
/// When the kinds do not fit.
pub(super) fn apply(operator: Operator, left: &Json, right: &Json) -> Result<Json, Stop> {
    let order = || left.order(right);
    Ok(match operator {
        Operator::Equal => Json::Bool(left.equals(right)),
        Operator::NotEqual => Json::Bool(!left.equals(right)),
        Operator::Less => Json::Bool(order().is_lt()),
        Operator::LessEqual => Json::Bool(order().is_le()),
        Operator::Greater => Json::Bool(order().is_gt()),
        Operator::GreaterEqual => Json::Bool(order().is_ge()),
        Operator::Add => return add(left, right),
        Operator::Subtract => match (left, right) {
            (Json::Number(a), Json::Number(b)) => Json::number(a.value - b.value),
            (Json::Array(a), Json::Array(b)) => Json::array(
                a.iter().filter(|one| !b.iter().any(|other| one.equals(other))).cloned().collect(),
            ),
            _ => return Err(both(left, right, "cannot be subtracted")),
        },
        Operator::Multiply => match (left, right) {
            (Json::Number(a), Json::Number(b)) => Json::number(a.value * b.value),
            (Json::String(text), Json::Number(times)) | (Json::Number(times), Json::String(text)) => {
                repeat(text, times.value)?
            }
            (Json::Object(a), Json::Object(b)) => Json::Object(Rc::new(merge(a, b))),
            _ => return Err(both(left, right, "cannot be multiplied")),
        },
        Operator::Divide => match (left, right) {
            (Json::Number(_), Json::Number(b)) if b.value == 0.0 => {
                return Err(both(left, right, "cannot be divided because the divisor is zero"));
            }
            (Json::Number(a), Json::Number(b)) => Json::number(a.value / b.value),
            (Json::String(a), Json::String(b)) => split(a, b),
            _ => return Err(both(left, right, "cannot be divided")),
        },
        Operator::Modulo => match (left, right) {
            (Json::Number(a), Json::Number(b)) if a.value.is_nan() || b.value.is_nan() => {
                Json::number(f64::NAN)
            }
            (Json::Number(a), Json::Number(b)) => {
                let (a, b) = (a.value as i64, b.value as i64);
                if b == 0 {
                    return Err(both(
                        left,
                        right,
                        "cannot be divided (remainder) because the divisor is zero",
                    ));
                }
                Json::number(a.checked_rem(b).unwrap_or(0) as f64)
            }
            _ => return Err(both(left, right, "cannot be divided (remainder)")),
        },
    })
}

fn add(left: &Json, right: &Json) -> Result<Json, Stop> {
    Ok(match (left, right) {
        (Json::Null, other) | (other, Json::Null) => other.clone(),
        (Json::Number(a), Json::Number(b)) => Json::number(a.value + b.value),
        (Json::String(a), Json::String(b)) => Json::string(format!("{a}{b}")),
        (Json::Array(a), Json::Array(b)) => Json::array(a.iter().chain(b.iter()).cloned().collect()),
        (Json::Object(a), Json::Object(b)) => {
            let mut sum = Object::clone(a);
            for (key, value) in b.fields() {
                sum.set(key.clone(), value.clone());
            }
            Json::Object(Rc::new(sum))
        }
        _ => return Err(both(left, right, "cannot be added")),
    })
}

fn repeat(text: &str, times: f64) -> Result<Json, Stop> {
    if times < 0.0 || times.is_nan() {
        return Ok(Json::Null);
    }
    if text.len() as f64 * times > 50e6 {
        return Err(Stop::NotSimulated("a string of this length".into()));
    }
    Ok(Json::string(text.repeat(times as usize)))
}

/// Objects into each other, all the way down.
fn merge(left: &Object, right: &Object) -> Object {
    let mut merged = left.clone();
    for (key, value) in right.fields() {
        let value = match (left.get(key), value) {
            (Some(Json::Object(a)), Json::Object(b)) => Json::Object(Rc::new(merge(a, b))),
            (_, value) => value.clone(),
        };
        merged.set(key.clone(), value);
    }
    merged
}

/// Both operands in a complaint.
pub(super) fn both(left: &Json, right: &Json, text: &str) -> Stop {
    Stop::error(format!("{} and {} {text}", left.described(), right.described()))
}
