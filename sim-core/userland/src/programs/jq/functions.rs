//! Functions of values: one value for an input and its arguments.

use super::eval::Stop;
use super::json::Json;
use super::operators::both;
use super::{calendar, paths, print, read, regex};
use sim::Ordered;
use std::cmp::Ordering;

/// Functions of [`call`], as `name/arity`; those of [`super::eval`] are in [`GENERATORS`].
pub(super) const NAMES: &[&str] = &[
    "_group_by/1",
    "_ltrimstr/1",
    "_match/3",
    "_max_by/1",
    "_min_by/1",
    "_sort_by/1",
    "_strindices/1",
    "acos/0",
    "asin/0",
    "atan/0",
    "cbrt/0",
    "ceil/0",
    "contains/1",
    "cos/0",
    "delpaths/1",
    "drem/2",
    "endswith/1",
    "exp/0",
    "exp10/0",
    "exp2/0",
    "explode/0",
    "fabs/0",
    "floor/0",
    "frexp/0",
    "fromjson/0",
    "gmtime/0",
    "has/1",
    "implode/0",
    "infinite/0",
    "isinfinite/0",
    "isnan/0",
    "isnormal/0",
    "keys/0",
    "keys_unsorted/0",
    "ldexp/2",
    "length/0",
    "localtime/0",
    "log/0",
    "log10/0",
    "log2/0",
    "logb/0",
    "max/0",
    "min/0",
    "mktime/0",
    "modf/0",
    "nan/0",
    "nearbyint/0",
    "pow/2",
    "rint/0",
    "round/0",
    "rtrimstr/1",
    "scalb/2",
    "setpath/2",
    "significand/0",
    "sin/0",
    "sort/0",
    "split/1",
    "sqrt/0",
    "startswith/1",
    "strflocaltime/1",
    "strftime/1",
    "strptime/1",
    "tan/0",
    "tojson/0",
    "tonumber/0",
    "tostring/0",
    "trunc/0",
    "type/0",
    "utf8bytelength/0",
];

/// Functions that [`super::eval`] knows by itself.
pub(super) const GENERATORS: &[&str] = &[
    "all/2",
    "any/2",
    "debug/0",
    "empty/0",
    "env/0",
    "error/0",
    "error/1",
    "first/1",
    "getpath/1",
    "halt/0",
    "halt_error/1",
    "input/0",
    "input_filename/0",
    "input_line_number/0",
    "isempty/1",
    "last/1",
    "limit/2",
    "not/0",
    "now/0",
    "nth/2",
    "path/1",
    "range/2",
    "range/3",
    "recurse/1",
    "repeat/1",
    "stderr/0",
    "until/2",
    "while/2",
];

/// Calls one.
///
/// # Errors
/// When the input or an argument does not fit.
pub(super) fn call(name: &str, input: &Json, given: &[Json]) -> Result<Json, Stop> {
    if let Some(result) = mathematics(name, input, given) {
        return result;
    }
    let wrong = |text: &str| Err(Stop::error(format!("{} {text}", input.described())));
    Ok(match (name, given) {
        ("length", []) => match input {
            Json::Null => Json::number(0.0),
            Json::Number(number) => Json::number(number.value.abs()),
            Json::String(text) => Json::count(text.chars().count()),
            Json::Array(all) => Json::count(all.len()),
            Json::Object(object) => Json::count(object.fields().len()),
            Json::Bool(_) => return wrong("has no length"),
        },
        ("utf8bytelength", []) => match input {
            Json::String(text) => Json::count(text.len()),
            _ => return wrong("only strings have UTF-8 byte length"),
        },
        ("type", []) => Json::string(input.kind()),
        ("infinite", []) => Json::number(f64::INFINITY),
        ("nan", []) => Json::number(f64::NAN),
        ("tojson", []) => Json::string(print::compact(input)),
        ("tostring", []) => match input {
            Json::String(_) => input.clone(),
            other => Json::string(print::compact(other)),
        },
        ("tonumber", []) => match input {
            Json::Number(_) => input.clone(),
            Json::String(text) => match read::parse(text).map_err(Stop::error)? {
                number @ Json::Number(_) => number,
                _ => return wrong("cannot be parsed as a number"),
            },
            _ => return wrong("cannot be parsed as a number"),
        },
        ("fromjson", []) => match input {
            Json::String(text) => read::parse(text).map_err(Stop::error)?,
            _ => return wrong("only strings can be parsed"),
        },
        ("keys" | "keys_unsorted", []) => match input {
            Json::Array(all) => Json::array((0..all.len()).map(Json::count).collect()),
            Json::Object(object) if name == "keys" => {
                Json::array(object.sorted().into_iter().map(|field| Json::String(field.0.clone())).collect())
            }
            Json::Object(object) => {
                Json::array(object.fields().iter().map(|field| Json::String(field.0.clone())).collect())
            }
            _ => return wrong("has no keys"),
        },
        ("has", [key]) => match (input, key) {
            (Json::Object(object), Json::String(key)) => Json::Bool(object.get(key).is_some()),
            (Json::Array(all), Json::Number(at)) => {
                Json::Bool(at.value >= 0.0 && at.value < all.len() as f64)
            }
            _ => {
                return Err(Stop::error(format!(
                    "Cannot check whether {} has a {} key",
                    input.kind(),
                    key.kind()
                )));
            }
        },
        ("contains", [other]) => {
            let kinds = |value: &Json| if matches!(value, Json::Bool(_)) { "boolean" } else { value.kind() };
            if kinds(input) != kinds(other) {
                return Err(both(input, other, "cannot have their containment checked"));
            }
            Json::Bool(contains(input, other))
        }
        ("startswith" | "endswith", [other]) => match (input, other) {
            (Json::String(text), Json::String(end)) => Json::Bool(if name == "startswith" {
                text.starts_with(&**end)
            } else {
                text.ends_with(&**end)
            }),
            _ => return Err(Stop::error(format!("{name}() requires string inputs"))),
        },
        ("_ltrimstr", [end]) => match (input, end) {
            (Json::String(text), Json::String(end)) => match text.strip_prefix(&**end) {
                Some(rest) => Json::string(rest),
                None => input.clone(),
            },
            _ => input.clone(),
        },
        ("rtrimstr", [end]) => match (input, end) {
            (Json::String(text), Json::String(end)) => match text.strip_suffix(&**end) {
                Some(rest) => Json::string(rest),
                None => input.clone(),
            },
            _ => input.clone(),
        },
        ("explode", []) => match input {
            Json::String(text) => {
                Json::array(text.chars().map(|c| Json::number(f64::from(c as u32))).collect())
            }
            _ => return Err(Stop::error("explode input must be a string")),
        },
        ("implode", []) => {
            let Json::Array(all) = input else { return Err(Stop::error("implode input must be an array")) };
            let mut text = String::new();
            for code in all.iter() {
                let Some(code) = code.as_number() else {
                    return Err(Stop::error("Unicode codepoint must be numeric"));
                };
                text.push(char::from_u32(code as u32).unwrap_or('\u{fffd}'));
            }
            Json::string(text)
        }
        ("split", [separator]) => match (input, separator) {
            (Json::String(text), Json::String(separator)) => split(text, separator),
            _ => return Err(Stop::error("split input and separator must be strings")),
        },
        ("_strindices", [part]) => match (input, part) {
            (Json::String(text), Json::String(part)) => indices(text, part),
            _ => return Err(Stop::error("_strindices input must be a string")),
        },
        ("sort", []) => Json::array(sorted(input)?),
        ("_sort_by" | "_group_by", [by]) => {
            let pairs = pairs(input, by)?;
            if name == "_sort_by" {
                return Ok(Json::array(pairs.into_iter().map(|pair| pair.1).collect()));
            }
            let mut groups: Vec<(Json, Vec<Json>)> = Vec::new();
            for (by, value) in pairs {
                match groups.last_mut() {
                    Some(last) if last.0.equals(&by) => last.1.push(value),
                    _ => groups.push((by, vec![value])),
                }
            }
            Json::array(groups.into_iter().map(|group| Json::array(group.1)).collect())
        }
        ("min" | "max", []) => {
            let Json::Array(all) = input else { return Err(not_an_array(input)) };
            extreme(all, all, name == "max")
        }
        ("_min_by" | "_max_by", [by]) => match (input, by) {
            (Json::Array(all), Json::Array(by)) => extreme(all, by, name == "_max_by"),
            _ => return Err(not_an_array(input)),
        },
        ("setpath", [path, value]) => paths::set_path(input, path, value.clone())?,
        ("delpaths", [all]) => match all {
            Json::Array(all) => paths::delete_paths(input, all.to_vec())?,
            _ => return Err(Stop::error("Paths must be specified as an array")),
        },
        ("_match", [pattern, flags, test]) => regex::run(input, pattern, flags, test.is_true())?,
        ("gmtime" | "localtime", []) => calendar::broken_down(input, name)?,
        ("mktime", []) => calendar::seconds(input)?,
        ("strftime" | "strflocaltime", [format]) => calendar::print(input, format, name)?,
        ("strptime", [format]) => calendar::read(input, format)?,
        _ => return Err(Stop::error(format!("{name}/{} is not defined", given.len()))),
    })
}

fn not_an_array(input: &Json) -> Stop {
    Stop::error(format!("Cannot index {} with number", input.kind()))
}

fn sorted(input: &Json) -> Result<Vec<Json>, Stop> {
    let Json::Array(all) = input else {
        return Err(Stop::error(format!("{} cannot be sorted, as it is not an array", input.described())));
    };
    let mut all = all.to_vec();
    all.order_by(Json::order);
    Ok(all)
}

fn pairs(input: &Json, by: &Json) -> Result<Vec<(Json, Json)>, Stop> {
    let (Json::Array(all), Json::Array(by)) = (input, by) else {
        return Err(Stop::error(format!("{} cannot be sorted, as it is not an array", input.described())));
    };
    let mut pairs: Vec<(Json, Json)> = by.iter().cloned().zip(all.iter().cloned()).collect();
    pairs.order_by(|a, b| a.0.order(&b.0));
    Ok(pairs)
}

/// The first of the least, or the last of the greatest.
fn extreme(all: &[Json], by: &[Json], greatest: bool) -> Json {
    let mut best: Option<(&Json, &Json)> = None;
    for (key, value) in by.iter().zip(all) {
        let better = best.is_none_or(|(old, _)| (key.order(old) == Ordering::Less) != greatest);
        if better {
            best = Some((key, value));
        }
    }
    best.map_or(Json::Null, |best| best.1.clone())
}

fn contains(value: &Json, part: &Json) -> bool {
    match (value, part) {
        (Json::Object(value), Json::Object(part)) => part.fields().iter().all(|(key, part)| {
            value.get(key).is_some_and(|value| value.kind() == part.kind() && contains(value, part))
        }),
        (Json::Array(value), Json::Array(part)) => part
            .iter()
            .all(|part| value.iter().any(|value| value.kind() == part.kind() && contains(value, part))),
        (Json::String(value), Json::String(part)) => value.contains(&**part),
        _ => value.equals(part),
    }
}

/// A text in pieces.
pub(super) fn split(text: &str, separator: &str) -> Json {
    if text.is_empty() {
        return Json::array(Vec::new());
    }
    if separator.is_empty() {
        return Json::array(text.chars().map(|c| Json::string(c.encode_utf8(&mut [0; 4]))).collect());
    }
    Json::array(text.split(separator).map(Json::string).collect())
}

/// Where a text is found in another one, overlaps included.
fn indices(text: &str, part: &str) -> Json {
    let mut all = Vec::new();
    if !part.is_empty() {
        for (count, (at, _)) in text.char_indices().enumerate() {
            if text[at..].starts_with(part) {
                all.push(Json::count(count));
            }
        }
    }
    Json::array(all)
}

fn mathematics(name: &str, input: &Json, given: &[Json]) -> Option<Result<Json, Stop>> {
    let number = |value: &Json| {
        value.as_number().ok_or_else(|| Stop::error(format!("{} number required", value.described())))
    };
    let one: Option<fn(f64) -> f64> = match name {
        "floor" => Some(f64::floor),
        "ceil" => Some(f64::ceil),
        "round" => Some(f64::round),
        "trunc" => Some(f64::trunc),
        "nearbyint" | "rint" => Some(f64::round_ties_even),
        "fabs" => Some(f64::abs),
        "sqrt" => Some(f64::sqrt),
        "cbrt" => Some(f64::cbrt),
        "exp" => Some(f64::exp),
        "exp2" => Some(f64::exp2),
        "exp10" => Some(|x| 10_f64.powf(x)),
        "log" => Some(f64::ln),
        "log2" => Some(f64::log2),
        "log10" => Some(f64::log10),
        "logb" => Some(|x| f64::from(exponent(x))),
        "significand" => Some(|x| if x == 0.0 { x } else { x / 2_f64.powi(exponent(x)) }),
        "sin" => Some(f64::sin),
        "cos" => Some(f64::cos),
        "tan" => Some(f64::tan),
        "asin" => Some(f64::asin),
        "acos" => Some(f64::acos),
        "atan" => Some(f64::atan),
        _ => None,
    };
    if let Some(function) = one {
        return Some(number(input).map(|value| Json::number(function(value))));
    }
    let two: Option<fn(f64, f64) -> f64> = match name {
        "pow" => Some(f64::powf),
        "drem" => Some(|a, b| a - b * (a / b).round_ties_even()),
        "ldexp" | "scalb" => Some(|a, b| a * 2_f64.powf(b)),
        _ => None,
    };
    if let (Some(function), [a, b]) = (two, given) {
        return Some(number(a).and_then(|a| Ok(Json::number(function(a, number(b)?)))));
    }
    let test: Option<fn(&f64) -> bool> = match name {
        "isinfinite" => Some(|x| x.is_infinite()),
        "isnan" => Some(|x| x.is_nan()),
        "isnormal" => Some(|x| x.is_normal()),
        _ => None,
    };
    if let Some(test) = test {
        return Some(number(input).map(|value| Json::Bool(test(&value))));
    }
    match name {
        "frexp" => Some(number(input).map(|value| {
            let power = if value == 0.0 { 0 } else { exponent(value) + 1 };
            Json::array(vec![Json::number(value / 2_f64.powi(power)), Json::number(f64::from(power))])
        })),
        "modf" => Some(
            number(input)
                .map(|value| Json::array(vec![Json::number(value.fract()), Json::number(value.trunc())])),
        ),
        _ => None,
    }
}

/// The power of two in a number.
fn exponent(value: f64) -> i32 {
    if value == 0.0 { 0 } else { value.abs().log2().floor() as i32 }
}
