//! JSON as jq holds it: objects keep the order in which their keys came, numbers the digits they were written with.

use super::print;
use sim::Ordered;
use std::cmp::Ordering;
use std::rc::Rc;

/// A value. Copies share what they hold.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(Rc<str>),
    Array(Rc<Vec<Json>>),
    Object(Rc<Object>),
}

/// A number; one that was read and not changed prints as it was written.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) text: Option<Rc<str>>,
}

/// An object: its fields in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(Rc<str>, Json)>);

impl Object {
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        self.0.iter().find(|(name, _)| **name == *key).map(|(_, value)| value)
    }

    pub(super) fn set(&mut self, key: Rc<str>, value: Json) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(field) => field.1 = value,
            None => self.0.push((key, value)),
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| **name != *key);
    }

    pub(super) fn fields(&self) -> &[(Rc<str>, Json)] {
        &self.0
    }

    /// The fields by key.
    pub(super) fn sorted(&self) -> Vec<&(Rc<str>, Json)> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.order_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

impl Json {
    pub(super) fn number(value: f64) -> Json {
        Json::Number(Number { value, text: None })
    }

    pub(super) fn count(number: usize) -> Json {
        Json::number(number as f64)
    }

    pub(super) fn string(text: impl AsRef<str>) -> Json {
        Json::String(text.as_ref().into())
    }

    pub(super) fn array(all: Vec<Json>) -> Json {
        Json::Array(Rc::new(all))
    }

    pub(super) fn object(fields: Vec<(&str, Json)>) -> Json {
        Json::Object(Rc::new(Object(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())))
    }

    /// What `type` says.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// All but `null` and `false` are true.
    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Json::Null | Json::Bool(false))
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Json::Number(number) => Some(number.value),
            _ => None,
        }
    }

    /// The value as compact JSON, which is cut after `most` bytes, as in error messages.
    pub(super) fn cut(&self, most: usize) -> String {
        let text = print::compact(self);
        if text.len() <= most {
            return text;
        }
        let mut end = most - 3;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}...", &text[..end])
    }

    /// `number (5)`, as error messages name a value.
    pub(super) fn described(&self) -> String {
        format!("{} ({})", self.kind(), self.cut(14))
    }

    fn rank(&self) -> u8 {
        match self {
            Json::Null => 0,
            Json::Bool(false) => 1,
            Json::Bool(true) => 2,
            Json::Number(_) => 3,
            Json::String(_) => 4,
            Json::Array(_) => 5,
            Json::Object(_) => 6,
        }
    }

    /// The order of all values; "not a number" is below every number.
    pub(super) fn order(&self, other: &Json) -> Ordering {
        match (self, other) {
            (Json::Number(a), Json::Number(b)) => {
                if a.value < b.value || a.value.is_nan() {
                    Ordering::Less
                } else if a.value == b.value {
                    Ordering::Equal
                } else {
                    Ordering::Greater
                }
            }
            (Json::String(a), Json::String(b)) => a.cmp(b),
            (Json::Array(a), Json::Array(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    let order = a.order(b);
                    if order != Ordering::Equal {
                        return order;
                    }
                }
                a.len().cmp(&b.len())
            }
            (Json::Object(a), Json::Object(b)) => {
                let (a, b) = (a.sorted(), b.sorted());
                let keys = a.iter().map(|field| &field.0).cmp(b.iter().map(|field| &field.0));
                if keys != Ordering::Equal {
                    return keys;
                }
                for (a, b) in a.iter().zip(&b) {
                    let order = a.1.order(&b.1);
                    if order != Ordering::Equal {
                        return order;
                    }
                }
                Ordering::Equal
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    pub(super) fn equals(&self, other: &Json) -> bool {
        self.order(other) == Ordering::Equal
    }

    /// Whether two values are one and the same, so that a path to one is a path to the other.
    pub(super) fn is_same(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            (Json::Number(a), Json::Number(b)) => a.value.to_bits() == b.value.to_bits(),
            (Json::String(a), Json::String(b)) => Rc::ptr_eq(a, b),
            (Json::Array(a), Json::Array(b)) => Rc::ptr_eq(a, b),
            (Json::Object(a), Json::Object(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Number {
    /// A literal; nothing if it is none. Models decNumber's `to-scientific-string` for what it will print as.
    pub(super) fn parse(literal: &str) -> Option<Number> {
        if literal == "nan" {
            return Some(Number { value: f64::NAN, text: None });
        }
        let (negative, rest) = match literal.as_bytes().first()? {
            b'-' => (true, &literal[1..]),
            b'+' => (false, &literal[1..]),
            _ => (false, literal),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let power: i64 = match exponent {
            None => 0,
            Some(text) => {
                let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
                if digits.is_empty() || !all_digits(digits) {
                    return None;
                }
                text.parse().unwrap_or(if text.starts_with('-') { -999_999_999 } else { 999_999_999 })
            }
        };
        let value: f64 = rest.parse().ok()?;
        let value = if negative { -value } else { value };
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        let scale = power - fraction.len() as i64;
        let adjusted = scale + digits.len() as i64 - 1;
        let mut text = String::from(if negative { "-" } else { "" });
        if scale <= 0 && adjusted >= -6 {
            let point = digits.len() as i64 + scale;
            if point <= 0 {
                text.push_str("0.");
                text.push_str(&"0".repeat(-point as usize));
                text.push_str(digits);
            } else {
                text.push_str(&digits[..point as usize]);
                if scale < 0 {
                    text.push('.');
                    text.push_str(&digits[point as usize..]);
                }
            }
        } else {
            text.push_str(&digits[..1]);
            if digits.len() > 1 {
                text.push('.');
                text.push_str(&digits[1..]);
            }
            text.push_str(&format!("E{adjusted:+}"));
        }
        let same = print::number(value) == text;
        Some(Number { value, text: (!same).then(|| text.into()) })
    }
}
