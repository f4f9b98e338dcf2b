//! Reading values: nothing in the cluster is done more often.

use serde_json::{Map, Value};

static NULL: Value = Value::Null;

/// The value at a path, `Null` when there is none. A path is a JSON pointer without escapes: `/spec/nodeName`.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    // Paths are short and many: no searcher is set up for them.
    let bytes = path.as_bytes();
    let (mut value, mut start) = (value, 1);
    while start <= bytes.len() {
        let end = bytes[start..].iter().position(|&b| b == b'/').map_or(bytes.len(), |n| start + n);
        let part = &path[start..end];
        let next = match value {
            Value::Object(map) => field(map, part),
            Value::Array(list) => part.parse::<usize>().ok().and_then(|i| list.get(i)),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return &NULL,
        }
        start = end + 1;
    }
    value
}

/// The value of a field. Most objects have few: to look at the lengths of their names from the nearer end costs less
/// than to search in their order, which compares whole names.
pub fn field<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    const FEW: usize = 24;
    if map.len() > FEW {
        return map.get(name);
    }
    let first = name.bytes().next();
    if first < Some(b'm') {
        for (key, value) in map {
            if key.len() == name.len() && key == name {
                return Some(value);
            }
            if key.bytes().next() > first {
                break;
            }
        }
    } else {
        for (key, value) in map.iter().rev() {
            if key.len() == name.len() && key == name {
                return Some(value);
            }
            if key.bytes().next() < first {
                break;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_found_from_both_ends() {
        let object =
            json!({"": 0, "a": 1, "apiVersion": 2, "m": 3, "metadata": 4, "name": 5, "uid": 6, "z": 7});
        let Value::Object(map) = &object else { panic!("an object") };
        assert!(map.iter().all(|(name, value)| field(map, name) == Some(value)));
        assert!(["b", "api", "l", "n", "names", "zz", "~"].iter().all(|name| field(map, name).is_none()));
    }
}
