//! What a plain scalar means in YAML 1.1, as go-yaml v2 resolves it.

use serde_json::{Number, Value};

/// The value of a plain scalar.
pub fn resolve(text: &str) -> Value {
    meaning(text).unwrap_or_else(|| Value::from(text))
}

/// What a plain scalar is, unless it is a text.
fn meaning(text: &str) -> Option<Value> {
    match text.chars().next() {
        None => Some(Value::Null),
        Some('y' | 'Y' | 'n' | 'N' | 't' | 'T' | 'f' | 'F' | 'o' | 'O' | '~') => word(text),
        Some('.') if !is_special_float(text) => float(text),
        Some('0'..='9' | '+' | '-') => number(text),
        _ => None,
    }
}

/// The value of a plain scalar as go-yaml v3 resolves it: fewer words are truth values, and a date is a moment.
pub fn resolve_1_2(text: &str) -> Value {
    match resolve(text) {
        Value::Bool(_) if !matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") => {
            Value::from(text)
        }
        Value::String(date) if is_timestamp(&date) && date.len() == 10 => Value::from(date + "T00:00:00Z"),
        other => other,
    }
}

/// True when a text would not be read back as itself if it were written plain.
pub fn needs_quotes(text: &str) -> bool {
    is_timestamp(text) || meaning(text).is_some() || is_special_float(text) || is_base_60(text)
}

fn word(text: &str) -> Option<Value> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    if is_timestamp(text) || is_special_float(text) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

fn integer(plain: &str) -> Option<Value> {
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        i64::try_from(-i128::from(magnitude)).ok().map(Value::from)
    } else {
        Some(Value::from(magnitude))
    }
}

fn float(text: &str) -> Option<Value> {
    let unsigned = text.trim_start_matches(['+', '-']);
    if text.len() - unsigned.len() > 1 {
        return None;
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    if !mantissa_ok || !exponent_ok {
        return None;
    }
    let value: f64 = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Some(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

fn is_special_float(text: &str) -> bool {
    matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

/// `2026-01-05` and `2026-01-05T08:00:00Z` in their many spellings: four digits and a dash, and then a date.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.split('-').skip(1);
    let is_number = |part: &str, range: std::ops::RangeInclusive<u32>| {
        (1..=2).contains(&part.len()) && part.parse::<u32>().is_ok_and(|n| range.contains(&n))
    };
    let mut next = |range| parts.next().is_some_and(|part| is_number(part, range));
    let date_ok = next(1..=12) && next(1..=31) && parts.next().is_none();
    let time_ok = time.is_none_or(|time| {
        let mut clock = time.splitn(3, ':');
        let mut next = |range| clock.next().is_some_and(|part| is_number(part, range));
        let ok = next(0..=24) && next(0..=59);
        let seconds = clock.next().unwrap_or("").as_bytes();
        ok && seconds.first().is_some_and(u8::is_ascii_digit)
            && seconds.iter().all(|c| c.is_ascii_digit() || b".:+-Zz ".contains(c))
    });
    date_ok && time_ok
}

/// Sexagesimal numbers such as `12:30`, which YAML 1.1 readers take for floats.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or("");
    let first_ok = first.starts_with(|c: char| c.is_ascii_digit())
        && first.chars().all(|c| c.is_ascii_digit() || c == '_');
    if !first_ok {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    !rest.is_empty()
        && rest.iter().enumerate().all(|(i, part)| {
            let part = if i + 1 == rest.len() { part.split('.').next().unwrap_or("") } else { part };
            (1..=2).contains(&part.len()) && part.parse::<u8>().is_ok_and(|n| n < 60)
        })
}
