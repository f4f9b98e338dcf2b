//! Looking into values and changing them along paths. Models src/jv_aux.c.

use super::eval::Stop;
use super::json::{Json, Object};
use sim::Ordered;
use std::rc::Rc;

/// `value[key]`.
///
/// # Errors
/// When the key does not fit.
pub(super) fn get(value: &Json, key: &Json) -> Result<Json, Stop> {
    Ok(match (value, key) {
        (Json::Object(object), Json::String(key)) => object.get(key).cloned().unwrap_or(Json::Null),
        (Json::Array(all), Json::Number(number)) => {
            if number.value.is_nan() {
                return Ok(Json::Null);
            }
            let at = number.value.floor();
            let at = if at < 0.0 { at + all.len() as f64 } else { at };
            if at < 0.0 { Json::Null } else { all.get(at as usize).cloned().unwrap_or(Json::Null) }
        }
        (Json::Array(all), Json::Object(key)) => {
            let (from, to) = bounds(key, all.len())?;
            Json::array(all[from..to].to_vec())
        }
        (Json::String(text), Json::Object(key)) => {
            let (from, to) = bounds(key, text.chars().count())?;
            Json::string(text.chars().skip(from).take(to - from).collect::<String>())
        }
        (Json::Array(all), Json::Array(part)) => {
            let fits = |at: &usize| {
                !part.is_empty()
                    && all[*at..].len() >= part.len()
                    && part.iter().zip(&all[*at..]).all(|(a, b)| a.equals(b))
            };
            Json::array((0..all.len()).filter(fits).map(Json::count).collect())
        }
        (Json::Null, Json::String(_) | Json::Number(_) | Json::Null) if !matches!(key, Json::Null) => {
            Json::Null
        }
        (Json::Null, Json::Object(key)) => {
            bounds(key, 0)?;
            Json::Null
        }
        (_, Json::String(key)) => {
            return Err(Stop::error(format!("Cannot index {} with string \"{key}\"", value.kind())));
        }
        _ => return Err(Stop::error(format!("Cannot index {} with {}", value.kind(), key.kind()))),
    })
}

/// Where a slice begins and ends.
fn bounds(key: &Object, length: usize) -> Result<(usize, usize), Stop> {
    let end = |name: &str, default: f64| match key.get(name) {
        None | Some(Json::Null) => Ok(default),
        Some(Json::Number(number)) => Ok(number.value),
        Some(_) => Err(Stop::error("Array/string slice indices must be integers")),
    };
    let length = length as f64;
    let (from, to) = (end("start", 0.0)?, end("end", length)?);
    let place = |at: f64| if at < 0.0 { (at + length).max(0.0) } else { at.min(length) };
    let from = place(from).floor();
    let to = place(to).ceil().min(length).max(from);
    Ok((from as usize, to as usize))
}

fn keys(path: &Json) -> Result<&[Json], Stop> {
    match path {
        Json::Array(keys) => Ok(keys),
        _ => Err(Stop::error("Path must be specified as an array")),
    }
}

/// The value at a path.
///
/// # Errors
/// When a key does not fit.
pub(super) fn get_path(value: &Json, path: &Json) -> Result<Json, Stop> {
    let mut value = value.clone();
    for key in keys(path)? {
        if matches!(value, Json::Null) {
            return Ok(Json::Null);
        }
        value = get(&value, key)?;
    }
    Ok(value)
}

/// The value with another one at a path.
///
/// # Errors
/// When a key does not fit.
pub(super) fn set_path(value: &Json, path: &Json, new: Json) -> Result<Json, Stop> {
    set(value, keys(path)?, new)
}

fn set(value: &Json, keys: &[Json], new: Json) -> Result<Json, Stop> {
    let Some((key, rest)) = keys.split_first() else { return Ok(new) };
    let inner = set(&get(value, key)?, rest, new)?;
    put(value, key, inner)
}

fn put(value: &Json, key: &Json, new: Json) -> Result<Json, Stop> {
    Ok(match (value, key) {
        (Json::Object(_) | Json::Null, Json::String(key)) => {
            let mut object = match value {
                Json::Object(object) => Object::clone(object),
                _ => Object::default(),
            };
            object.set(key.clone(), new);
            Json::Object(Rc::new(object))
        }
        (Json::Array(_) | Json::Null, Json::Number(number)) => {
            let mut all = elements(value);
            let at = number.value.floor();
            let at = if at < 0.0 { at + all.len() as f64 } else { at };
            if at < 0.0 {
                return Err(Stop::error("Out of bounds negative array index"));
            }
            if at > 50e6 {
                return Err(Stop::error("Array index too large"));
            }
            let at = at as usize;
            while all.len() <= at {
                all.push(Json::Null);
            }
            all[at] = new;
            Json::array(all)
        }
        (Json::Array(_) | Json::Null, Json::Object(key)) => {
            let Json::Array(new) = new else {
                return Err(Stop::error("A slice of an array can only be assigned another array"));
            };
            let mut all = elements(value);
            let (from, to) = bounds(key, all.len())?;
            all.splice(from..to, new.iter().cloned());
            Json::array(all)
        }
        (_, Json::Object(_)) => {
            return Err(Stop::error(format!("Cannot update field at object index of {}", value.kind())));
        }
        _ => return Err(Stop::error(format!("Cannot index {} with {}", value.kind(), key.kind()))),
    })
}

fn elements(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(all) => all.to_vec(),
        _ => Vec::new(),
    }
}

/// The value without what is at these paths.
///
/// # Errors
/// When a key does not fit.
pub(super) fn delete_paths(value: &Json, mut paths: Vec<Json>) -> Result<Json, Stop> {
    paths.order_by(|a, b| b.order(a));
    let mut value = value.clone();
    for path in &paths {
        let Json::Array(keys) = path else {
            return Err(Stop::error(format!("Path must be specified as array, not {}", path.kind())));
        };
        if keys.is_empty() {
            return Ok(Json::Null);
        }
        value = delete(&value, keys)?;
    }
    Ok(value)
}

fn delete(value: &Json, keys: &[Json]) -> Result<Json, Stop> {
    let Some((key, rest)) = keys.split_first() else { return Ok(Json::Null) };
    if matches!(value, Json::Null) {
        return Ok(Json::Null);
    }
    if !rest.is_empty() {
        let inner = get(value, key)?;
        if matches!(inner, Json::Null) {
            return Ok(value.clone());
        }
        return put(value, key, delete(&inner, rest)?);
    }
    Ok(match (value, key) {
        (Json::Object(object), Json::String(key)) => {
            let mut object = Object::clone(object);
            object.remove(key);
            Json::Object(Rc::new(object))
        }
        (Json::Array(all), Json::Number(number)) => {
            let at = number.value.floor();
            let at = if at < 0.0 { at + all.len() as f64 } else { at };
            let mut all = all.to_vec();
            if at >= 0.0 && (at as usize) < all.len() {
                all.remove(at as usize);
            }
            Json::array(all)
        }
        (Json::Array(all), Json::Object(key)) => {
            let (from, to) = bounds(key, all.len())?;
            let mut all = all.to_vec();
            all.drain(from..to);
            Json::array(all)
        }
        (Json::Object(_), _) => {
            return Err(Stop::error(format!("Cannot delete field at object index of {}", key.kind())));
        }
        (Json::Array(_), _) => {
            return Err(Stop::error(format!("Cannot delete field at array index of {}", key.kind())));
        }
        _ => return Err(Stop::error(format!("Cannot delete fields from {}", value.kind()))),
    })
}
