//! Objects that kubectl sends as protobuf, read into JSON.
//!
//! The typed clients in kubectl 1.35 write `application/vnd.kubernetes.protobuf`. What is simulated speaks JSON, so bodies are
//! translated at the door. `protobuf.txt` has the numbers, JSON names and types of upstream's fields: `?` after a name
//! marks what Go leaves out when it is zero, `*` before a type a pointer, `.` an embedded struct.

use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a body begins with.
const MAGIC: &[u8] = b"k8s\0";

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("protobuf.txt")));

#[derive(Default)]
struct Table {
    /// Message of a kind, by `apiVersion kind`.
    kinds: BTreeMap<&'static str, &'static str>,
    /// Fields of a message, by number.
    messages: BTreeMap<&'static str, BTreeMap<u64, Field>>,
}

#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    omit_empty: bool,
    ty: &'static str,
}

impl Table {
    fn parse(text: &'static str) -> Table {
        let mut table = Table::default();
        let mut message = "";
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("kind ") {
                if let Some((kind, message)) = kind.rsplit_once(' ') {
                    table.kinds.insert(kind, message);
                }
            } else if let Some(field) = line.strip_prefix(' ') {
                let mut words = field.splitn(3, ' ');
                let number = words.next().and_then(|number| number.parse().ok());
                if let (Some(number), Some(name), Some(ty)) = (number, words.next(), words.next()) {
                    let omit_empty = name.ends_with('?');
                    let field = Field { name: name.trim_end_matches('?'), omit_empty, ty };
                    table.messages.entry(message).or_default().insert(number, field);
                }
            } else {
                message = line;
                table.messages.entry(message).or_default();
            }
        }
        table
    }
}

/// The object in a body; nothing when it is none that we know.
pub(super) fn to_json(body: &[u8]) -> Option<Value> {
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for (number, wire) in Fields(body.strip_prefix(MAGIC)?) {
        match (number, wire) {
            (1, Wire::Bytes(meta)) => {
                for (number, wire) in Fields(meta) {
                    match (number, wire) {
                        (1, Wire::Bytes(text)) => version = string(text),
                        (2, Wire::Bytes(text)) => kind = string(text),
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let named = TABLE.kinds.get(format!("{version} {kind}").as_str());
    // Options go with every group.
    let message = named.or_else(|| TABLE.kinds.get(format!("v1 {kind}").as_str()))?;
    let mut object = read_message(message, raw);
    let map = object.as_object_mut()?;
    map.insert("apiVersion".into(), version.into());
    map.insert("kind".into(), kind.into());
    Some(object)
}

fn read_message(message: &str, bytes: &[u8]) -> Value {
    let mut map = Map::new();
    let Some(fields) = TABLE.messages.get(message) else { return Value::Object(map) };
    for (number, wire) in Fields(bytes) {
        let Some(field) = fields.get(&number) else { continue };
        put(&mut map, field, wire);
    }
    Value::Object(map)
}

fn put(map: &mut Map<String, Value>, field: &Field, wire: Wire<'_>) {
    if field.name == "." {
        if let Some(Value::Object(embedded)) = read(field.ty.trim_start_matches('*'), wire) {
            map.extend(embedded);
        }
    } else if let Some(item) = field.ty.strip_prefix("[]") {
        let list = map.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
        if let (Value::Array(list), Some(item)) = (list, read(item, wire)) {
            list.push(item);
        }
    } else if let Some(item) = field.ty.strip_prefix("map ") {
        let entries = map.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
        if let (Value::Object(entries), Wire::Bytes(entry)) = (entries, wire) {
            let (mut key, mut value) = (String::new(), None);
            for (number, wire) in Fields(entry) {
                match (number, wire) {
                    (1, Wire::Bytes(text)) => key = string(text),
                    (2, wire) => value = read(item, wire),
                    _ => {}
                }
            }
            entries.insert(key, value.unwrap_or_default());
        }
    } else if let Some(pointee) = field.ty.strip_prefix('*') {
        if let Some(value) = read(pointee, wire) {
            map.insert(field.name.into(), value);
        }
    } else if let Some(value) = read(field.ty, wire)
        && !(field.omit_empty && is_zero(&value))
    {
        map.insert(field.name.into(), value);
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(on) => !on,
        _ => false,
    }
}

/// One value of a type of the table.
fn read(ty: &str, wire: Wire<'_>) -> Option<Value> {
    Some(match (ty, wire) {
        ("bool", Wire::Varint(n)) => Value::Bool(n != 0),
        ("i", Wire::Varint(n)) => Value::from(n.cast_signed()),
        ("u", Wire::Varint(n)) => Value::from(n),
        ("f", Wire::Fixed64(bits)) => Number::from_f64(f64::from_bits(bits)).map(Value::Number)?,
        ("s", Wire::Bytes(text)) => Value::String(string(text)),
        ("bytes", Wire::Bytes(bytes)) => Value::String(data_encoding::BASE64.encode(bytes)),
        ("quantity", Wire::Bytes(bytes)) => Value::String(first_text(bytes)?),
        ("time" | "micro", Wire::Bytes(bytes)) => time(bytes, ty == "micro")?,
        ("port", Wire::Bytes(bytes)) => port(bytes),
        ("raw", Wire::Bytes(bytes)) => serde_json::from_str(&first_text(bytes)?).ok()?,
        (ty, Wire::Bytes(bytes)) => match ty.strip_prefix("[]") {
            // A list under a name, as in `extra` of a user: a message of its own.
            Some(item) => Value::Array(Fields(bytes).filter_map(|(_, wire)| read(item, wire)).collect()),
            None => read_message(ty, bytes),
        },
        _ => return None,
    })
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The text in field 1 of a message that has nothing else.
fn first_text(bytes: &[u8]) -> Option<String> {
    Fields(bytes).find_map(|(number, wire)| match wire {
        Wire::Bytes(text) if number == 1 => Some(string(text)),
        _ => None,
    })
}

fn time(bytes: &[u8], micro: bool) -> Option<Value> {
    let (mut seconds, mut nanos) = (None, 0);
    for (number, wire) in Fields(bytes) {
        match (number, wire) {
            (1, Wire::Varint(n)) => seconds = Some(n.cast_signed()),
            (2, Wire::Varint(n)) => nanos = n.cast_signed(),
            _ => {}
        }
    }
    let at = i128::from(seconds?) * 1_000_000_000 + if micro { i128::from(nanos) } else { 0 };
    Some(Value::String(super::dates::write(at, if micro { 6 } else { 0 })))
}

/// A number or a string.
fn port(bytes: &[u8]) -> Value {
    let (mut is_text, mut number_value, mut text_value) = (false, 0, String::new());
    for (number, wire) in Fields(bytes) {
        match (number, wire) {
            (1, Wire::Varint(n)) => is_text = n == 1,
            (2, Wire::Varint(n)) => number_value = n.cast_signed(),
            (3, Wire::Bytes(text)) => text_value = string(text),
            _ => {}
        }
    }
    if is_text { text_value.into() } else { number_value.into() }
}

/// A value on the wire.
#[derive(Clone, Copy)]
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message; ends at the first that is malformed.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Wire<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                let (bits, rest) = self.0.split_first_chunk::<8>()?;
                self.0 = rest;
                Wire::Fixed64(u64::from_le_bytes(*bits))
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            _ => return None,
        };
        Some((key >> 3, wire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    #[test]
    fn a_config_map_is_read() {
        let meta = [field(1, b"one"), field(2, b""), field(8, b""), vec![0x38, 0]].concat();
        let entry = [field(1, b"k"), field(2, b"v")].concat();
        let object = [field(1, &meta), field(2, &entry)].concat();
        let kind = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
        let body = [MAGIC.to_vec(), field(1, &kind), field(2, &object), field(3, b"")].concat();
        let expected =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"k": "v"}});
        assert_eq!(to_json(&body), Some(expected));
    }

    #[test]
    fn what_is_malformed_is_nothing() {
        assert_eq!(to_json(b"{}"), None);
        assert_eq!(to_json(b"k8s\0\xff\xff"), None);
    }

    #[test]
    fn every_type_of_the_table_is_known() {
        let simple =
            ["bool", "i", "u", "f", "s", "bytes", "quantity", "time", "micro", "port", "raw", "duration"];
        for (message, fields) in &TABLE.messages {
            for field in fields.values() {
                let ty = field.ty.trim_start_matches(['*', '[', ']']);
                let ty = ty.strip_prefix("map ").unwrap_or(ty).trim_start_matches(['*', '[', ']']);
                assert!(
                    simple.contains(&ty) || TABLE.messages.contains_key(ty),
                    "{message}.{}: {ty}",
                    field.name
                );
            }
        }
    }
}
