//! Holds the tables of fields against upstream's: `tests/upstream-fields.txt` is what the generated types of the
//! `k8s-openapi` crate say for v1.35, one struct a paragraph.

use super::schema::{Struct, Type};
use super::scheme::RESOURCES;
use std::collections::{BTreeMap, BTreeSet};

static UPSTREAM: &str = include_str!("../../tests/upstream-fields.txt");

/// One field: its type, whether it must be there, and how its list is merged.
struct Field {
    ty: &'static str,
    required: bool,
    list: &'static str,
}

fn upstream() -> BTreeMap<&'static str, BTreeMap<&'static str, Field>> {
    let mut structs: BTreeMap<&str, BTreeMap<&str, Field>> = BTreeMap::new();
    let mut current = "";
    for line in UPSTREAM.lines() {
        let Some(field) = line.strip_prefix("  ") else {
            current = line;
            structs.entry(current).or_default();
            continue;
        };
        let mut words = field.split(' ');
        let (name, ty) = (words.next().unwrap(), words.next().unwrap());
        let list = words.next().unwrap_or("");
        let required = ty.ends_with('!');
        structs
            .get_mut(current)
            .unwrap()
            .insert(name, Field { ty: ty.trim_end_matches('!'), required, list });
    }
    structs
}

struct Walk {
    upstream: BTreeMap<&'static str, BTreeMap<&'static str, Field>>,
    seen: BTreeSet<(&'static str, &'static str)>,
    found: BTreeSet<String>,
}

impl Walk {
    fn walk(&mut self, schema: &'static Struct, name: &'static str) {
        if !self.seen.insert((schema.go, name)) {
            return;
        }
        let short = name.rsplit('.').next().unwrap();
        if short != schema.go {
            self.found.insert(format!("{name}: the table is named {}", schema.go));
        }
        let Some(fields) = self.upstream.get(name) else {
            self.found.insert(format!("{name}: upstream has no such struct ({})", schema.go));
            return;
        };
        let mut inner: Vec<(&'static Struct, &'static str)> = Vec::new();
        for (field, theirs) in fields {
            let Some(ours) = schema.field(field) else {
                self.found.insert(format!("{name}.{field}: missing, {}", theirs.ty));
                continue;
            };
            if ours.required != theirs.required {
                let said = if theirs.required { "is required" } else { "is not required" };
                self.found.insert(format!("{name}.{field}: {said}"));
            }
            check(&ours.ty, theirs, &format!("{name}.{field}"), &mut self.found, &mut inner);
        }
        for field in schema.fields {
            if !fields.contains_key(field.name) {
                self.found.insert(format!("{name}.{}: superfluous", field.name));
            }
        }
        for (schema, name) in inner {
            self.walk(schema, name);
        }
    }
}

fn check(
    ours: &'static Type,
    theirs: &Field,
    place: &str,
    found: &mut BTreeSet<String>,
    inner: &mut Vec<(&'static Struct, &'static str)>,
) {
    let list = match if let Type::Loose(of) = ours { of } else { ours } {
        Type::Keyed(..) => "map",
        Type::Set(_) => "set",
        _ => "",
    };
    let expected = if theirs.list.starts_with("map=") { "map" } else { theirs.list };
    if list != expected && !(list == "map" && theirs.list.is_empty() && theirs.ty.starts_with("[]")) {
        found.insert(format!("{place}: a list of kind {:?}", theirs.list));
    }
    one(ours, theirs.ty, place, found, inner);
}

fn one(
    ours: &'static Type,
    theirs: &'static str,
    place: &str,
    found: &mut BTreeSet<String>,
    inner: &mut Vec<(&'static Struct, &'static str)>,
) {
    let right = match ours {
        Type::Dropped => true,
        Type::Str | Type::StrPtr => theirs == "string",
        Type::Int32 => theirs == "integer/int32",
        Type::Int64 => theirs == "integer/int64",
        Type::Double => theirs == "number/double",
        Type::Bool => theirs == "boolean",
        Type::Quantity => theirs == "Quantity",
        Type::IntOrString => theirs == "IntOrString",
        Type::Time => matches!(theirs, "meta.v1.Time" | "meta.v1.MicroTime"),
        Type::Bytes => theirs == "string/byte",
        Type::Map => theirs == "map:string",
        Type::MapOf(of) => match theirs.strip_prefix("map:") {
            Some(theirs) => return one(of, theirs, place, found, inner),
            None => false,
        },
        Type::List(of) | Type::Set(of) => match theirs.strip_prefix("[]") {
            Some(theirs) => return one(of, theirs, place, found, inner),
            None => false,
        },
        Type::Keyed(schema, _) => match theirs.strip_prefix("[]") {
            Some(theirs) => {
                inner.push((schema, theirs));
                true
            }
            None => false,
        },
        Type::Object(schema) | Type::Retain(schema) => {
            if theirs.contains('.') {
                inner.push((schema, theirs));
            }
            theirs.contains('.')
        }
        Type::Loose(of) => return one(of, theirs, place, found, inner),
        Type::Any => {
            theirs == "any"
                || theirs.ends_with("RawExtension")
                || theirs.ends_with("FieldsV1")
                || theirs.contains("JSON")
        }
    };
    if !right {
        found.insert(format!("{place}: is {theirs} upstream"));
    }
}

fn differences() -> BTreeSet<String> {
    let mut walk = Walk { upstream: upstream(), seen: BTreeSet::new(), found: BTreeSet::new() };
    for resource in RESOURCES {
        let group = resource.group.split('.').next().unwrap();
        let group = if group.is_empty() { "core" } else { group };
        let name = format!("{group}.{}.{}", resource.version, resource.kind);
        match walk.upstream.get_key_value(name.as_str()).map(|(name, _)| *name) {
            Some(name) => walk.walk(resource.schema, name),
            None => drop(walk.found.insert(format!("{name}: upstream has no such kind"))),
        }
    }
    walk.found
}

/// What is not in the tables yet is written down in `tests/missing-fields.txt`; what leaves that list must not come
/// back, and nothing is added to it. `UPDATE_FIELDS=1` writes it anew.
#[test]
fn the_tables_say_what_upstream_says() {
    let found = differences();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/missing-fields.txt");
    if std::env::var_os("UPDATE_FIELDS").is_some() {
        let text: String = found.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(path, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(path).unwrap();
    let known: BTreeSet<&str> = known.lines().collect();
    let new: Vec<&String> = found.iter().filter(|line| !known.contains(line.as_str())).collect();
    assert!(new.is_empty(), "the tables differ from upstream: {new:#?}");
}
