//! OpenAPI: the tables of fields told as upstream's documents, for `kubectl explain` and for clients that ask what a
//! request may carry. Models `kube-openapi/pkg/builder3`.

use super::VERSION;
use super::openapi_paths::add_paths;
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Default, Field, Struct, Type};
use crate::api::scheme::{RESOURCES, Resource};
use crate::api::strategic::patch_merges;
use crate::api::{ObjectExt, ResourceInfo, constant, map_of};
use crate::json;
use serde_json::{Map, Value};

/// The package of what all groups share.
pub(super) const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/// Structs that every group takes from apimachinery.
const MACHINERY: &[&str] = &[
    "Condition",
    "FieldSelectorRequirement",
    "LabelSelector",
    "LabelSelectorRequirement",
    "ListMeta",
    "ManagedFieldsEntry",
    "ObjectMeta",
    "OwnerReference",
];

/// Lists whose elements are told apart by more than the key of a patch.
const MAP_KEYS: &[(&str, &[&str])] = &[
    ("ContainerPort", &["containerPort", "protocol"]),
    ("ServicePort", &["port", "protocol"]),
    ("TopologySpreadConstraint", &["topologyKey", "whenUnsatisfiable"]),
];

/// Structs that have one owner as a whole (`+structType=atomic`).
const ATOMIC: &[&str] = &[
    "ConfigMapKeySelector",
    "EndpointAddress",
    "EndpointPort",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ResourceFieldSelector",
    "RoleRef",
    "ScopeSelector",
    "ScopedResourceSelectorRequirement",
    "SecretKeySelector",
    "SecretReference",
    "Subject",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
];

/// The keys by which elements of a list are told apart.
pub(super) fn map_keys<'a>(item: &Struct, merge_key: &'a &'static str) -> &'a [&'static str] {
    match MAP_KEYS.iter().find(|(go, _)| *go == item.go) {
        Some((_, keys)) => keys,
        None => std::slice::from_ref(merge_key),
    }
}

/// Whether the struct has one owner as a whole.
pub(super) fn is_atomic(schema: &Struct) -> bool {
    ATOMIC.contains(&schema.go)
}

/// Whether this map has one owner as a whole.
pub(super) fn is_atomic_map(owner: &Struct, field: &str) -> bool {
    matches!(
        (owner.go, field),
        ("PodSpec", "nodeSelector") | ("ServiceSpec" | "ReplicationControllerSpec", "selector")
    )
}

/// A sentence on each struct and field.
static DESCRIPTIONS: &str = include_str!("../api/descriptions.txt");

/// What is told of `Struct` or `Struct.field`, empty when nothing is.
pub(super) fn description(of: &str) -> &'static str {
    let line = |line: &'static str| line.strip_prefix(of)?.strip_prefix(": ");
    DESCRIPTIONS.lines().find_map(line).unwrap_or("")
}

/// Names of structs, given in the order in which they are met: what core kinds hold is core's.
pub(super) struct Names(Vec<(&'static Struct, String)>);

impl Names {
    /// Of all kinds.
    pub(super) fn all() -> Names {
        let mut names = Names(Vec::new());
        for resource in RESOURCES {
            names.add(resource.schema, &package(resource));
        }
        names
    }

    fn add(&mut self, schema: &'static Struct, package: &str) {
        if self.0.iter().any(|(known, _)| std::ptr::eq(*known, schema)) {
            return;
        }
        let home = if MACHINERY.contains(&schema.go) { META } else { package };
        self.0.push((schema, format!("{home}.{}", schema.go)));
        for field in schema.fields {
            let mut ty = &field.ty;
            while let Type::List(of) | Type::Set(of) | Type::MapOf(of) | Type::Loose(of) = ty {
                ty = of;
            }
            if let Type::Object(inner) | Type::Retain(inner) | Type::Keyed(inner, _) = ty {
                self.add(inner, package);
            }
        }
    }

    /// The name in a document.
    pub(super) fn of(&self, schema: &Struct) -> &str {
        self.0.iter().find(|(known, _)| std::ptr::eq(*known, schema)).map_or("", |(_, name)| name)
    }
}

/// `io.k8s.api.apps.v1`.
fn package(resource: &ResourceInfo) -> String {
    match resource.group {
        "apiextensions.k8s.io" => {
            format!("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{}", resource.version)
        }
        "" => format!("io.k8s.api.core.{}", resource.version),
        group => format!("io.k8s.api.{}.{}", group.split('.').next().unwrap_or(group), resource.version),
    }
}

/// The index of documents.
pub(super) fn index(all: &[Resource]) -> Value {
    let path = |resource: &ResourceInfo| match resource.group {
        "" => "api/v1".to_string(),
        _ => format!("apis/{}", resource.api_version()),
    };
    let entry = |path: String| {
        let hash = path
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let url = format!("/openapi/v3/{path}?hash={hash:016X}{VERSION}");
        (path, json!({"serverRelativeURL": url}))
    };
    let own = all.iter().map(|r| entry(path(r)));
    let paths = map_of(own.chain([entry("version".to_string())]));
    json!({"paths": paths})
}

/// The document of a group's version; nothing when no kind is in it.
pub(super) fn document(all: &[Resource], group: &str, version: &str) -> Option<Value> {
    let names = Names::all();
    let mut schemas = Schemas { names: &names, done: Map::new() };
    let mut paths = Map::new();
    let own = all.iter().copied().filter(|r| r.group == group && r.version == version);
    for resource in own {
        let name = match resource.custom {
            Some(custom) => schemas.add_custom(resource, &custom.schema),
            None => schemas.add(resource.schema),
        };
        mark_kind(&mut schemas.done, &name, resource.kind, resource);
        schemas.add_list(resource, &name);
        add_paths(&mut paths, resource, &name);
    }
    if paths.is_empty() {
        return None;
    }
    schemas.add_machinery();
    Some(whole(paths, schemas.done))
}

/// A document of these paths and schemas.
pub(super) fn whole(paths: Map<String, Value>, schemas: Map<String, Value>) -> Value {
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "BearerToken": {"type": "apiKey", "description": "Bearer Token authentication", "name": "authorization",
                    "in": "header"},
            },
        },
    })
}

fn mark_kind(schemas: &mut Map<String, Value>, name: &str, kind: &str, resource: Resource) {
    if let Some(schema) = schemas.get_mut(name) {
        schema["x-kubernetes-group-version-kind"] =
            json!([{"group": resource.group, "kind": kind, "version": resource.version}]);
    }
}

struct Schemas<'a> {
    names: &'a Names,
    done: Map<String, Value>,
}

impl Schemas<'_> {
    /// Adds a struct and all that it holds; gives its name.
    fn add(&mut self, schema: &'static Struct) -> String {
        let name = self.names.of(schema).to_string();
        if self.done.contains_key(&name) {
            return name;
        }
        self.done.insert(name.clone(), Value::Null);
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in schema.fields.iter().filter(|f| !matches!(f.ty, Type::Dropped)) {
            properties.insert(field.name.to_string(), self.field(schema, field));
            if field.required {
                required.push(field.name);
            }
        }
        let mut value = json!({"type": "object"});
        let text = description(schema.go);
        if !text.is_empty() {
            value["description"] = json!(text);
        }
        if !properties.is_empty() {
            value["properties"] = Value::Object(properties);
        }
        if !required.is_empty() {
            value["required"] = json!(required);
        }
        if is_atomic(schema) {
            value["x-kubernetes-map-type"] = json!("atomic");
        }
        self.done.insert(name.clone(), value);
        name
    }

    fn field(&mut self, owner: &Struct, field: &'static Field) -> Value {
        let mut value = self.value(&field.ty, false);
        let ty = if let Type::Loose(of) = &field.ty { of } else { &field.ty };
        match ty {
            Type::Keyed(item, key) => {
                value["x-kubernetes-list-type"] = json!("map");
                value["x-kubernetes-list-map-keys"] = json!(map_keys(item, key));
                value["x-kubernetes-patch-merge-key"] = json!(key);
                let strategy = if field.name == "volumes" { "merge,retainKeys" } else { "merge" };
                value["x-kubernetes-patch-strategy"] = json!(strategy);
            }
            Type::Set(_) => {
                value["x-kubernetes-list-type"] = json!("set");
                if patch_merges(field.name) {
                    value["x-kubernetes-patch-strategy"] = json!("merge");
                }
            }
            Type::List(_) => value["x-kubernetes-list-type"] = json!("atomic"),
            Type::Retain(_) => value["x-kubernetes-patch-strategy"] = json!("retainKeys"),
            Type::Map if is_atomic_map(owner, field.name) => value["x-kubernetes-map-type"] = json!("atomic"),
            _ => {}
        }
        // They are containers in all but one field.
        let own = if owner.go == "EphemeralContainer" && field.name != "targetContainerName" {
            "Container"
        } else {
            owner.go
        };
        let text = match description(&format!("{own}.{}", field.name)) {
            "" => description(&format!("*.{}", field.name)),
            text => text,
        };
        if !text.is_empty() {
            value["description"] = json!(text);
        }
        if !field.values.is_empty() {
            value["enum"] = json!(field.values);
        }
        match field.default {
            Some(Default::Str(text)) => value["default"] = json!(text),
            Some(Default::Int(number)) => value["default"] = json!(number),
            Some(Default::Bool(truth)) => value["default"] = json!(truth),
            Some(Default::Empty) => value["default"] = json!({}),
            None if field.required && matches!(field.ty, Type::Str) => value["default"] = json!(""),
            None => {}
        }
        value
    }

    fn reference(&mut self, name: String, bare: bool) -> Value {
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        // Beside a reference nothing else may stand.
        if bare { reference } else { json!({"allOf": [reference]}) }
    }

    fn value(&mut self, ty: &'static Type, bare: bool) -> Value {
        match ty {
            Type::Str | Type::StrPtr => json!({"type": "string"}),
            Type::Int32 => json!({"type": "integer", "format": "int32"}),
            Type::Int64 => json!({"type": "integer", "format": "int64"}),
            Type::Double => json!({"type": "number", "format": "double"}),
            Type::Bool => json!({"type": "boolean"}),
            Type::Bytes => json!({"type": "string", "format": "byte"}),
            Type::Quantity => {
                self.done.insert(QUANTITY.to_string(), quantity());
                self.reference(QUANTITY.to_string(), bare)
            }
            Type::IntOrString => {
                self.done.insert(INT_OR_STRING.to_string(), int_or_string());
                self.reference(INT_OR_STRING.to_string(), bare)
            }
            Type::Time => {
                let name = format!("{META}.Time");
                self.done.insert(name.clone(), time());
                self.reference(name, bare)
            }
            Type::Map => json!({"type": "object", "additionalProperties": {"type": "string", "default": ""}}),
            Type::MapOf(of) => json!({"type": "object", "additionalProperties": self.value(of, true)}),
            Type::List(of) | Type::Set(of) => {
                let item = self.value(of, false);
                json!({"type": "array", "items": item})
            }
            Type::Keyed(item, _) => {
                let name = self.add(item);
                let mut item = self.reference(name, false);
                item["default"] = json!({});
                json!({"type": "array", "items": item})
            }
            Type::Object(inner) | Type::Retain(inner) => {
                let name = self.add(inner);
                self.reference(name, bare)
            }
            Type::Loose(of) => self.value(of, bare),
            Type::Any | Type::Dropped => json!({"type": "object"}),
        }
    }

    /// Adds the schema that somebody has defined, with what every object has.
    fn add_custom(&mut self, resource: Resource, own: &Value) -> String {
        // stable.example.com becomes com.example.stable.
        let mut parts: Vec<&str> = resource.group.split('.').rev().collect();
        parts.extend([resource.version, resource.kind]);
        let name = parts.join(".");
        let mut schema = own.clone();
        if !schema.at("/properties").is_object() {
            schema["properties"] = json!({});
        }
        let text = |field: &str| json!({"type": "string", "description": description(&format!("*.{field}"))});
        let meta = self.add(&OBJECT_META);
        schema["properties"]["apiVersion"] = text("apiVersion");
        schema["properties"]["kind"] = text("kind");
        schema["properties"]["metadata"] = json!({
            "allOf": [{"$ref": format!("#/components/schemas/{meta}")}], "description": description("*.metadata"),
        });
        self.done.insert(name.clone(), schema);
        name
    }

    fn add_list(&mut self, resource: Resource, item: &str) {
        let name = format!("{item}List");
        let of = |kind: &str| json!({"type": "string", "description": description(&format!("*.{kind}"))});
        let list = json!({
            "type": "object",
            "description": format!("{}List is a list of {}.", resource.kind, resource.plural),
            "properties": {
                "apiVersion": of("apiVersion"),
                "items": {
                    "type": "array", "description": format!("The {} of the list.", resource.plural),
                    "items": {"allOf": [{"$ref": format!("#/components/schemas/{item}")}], "default": {}},
                },
                "kind": of("kind"),
                "metadata": {
                    "allOf": [{"$ref": format!("#/components/schemas/{META}.ListMeta")}], "default": {},
                    "description": "Where the list stands in the history of the cluster, and how to go on reading it.",
                },
            },
            "required": ["items"],
        });
        self.done.insert(name.clone(), list);
        mark_kind(&mut self.done, &name, &resource.list_kind(), resource);
    }

    fn add_machinery(&mut self) {
        let Value::Object(own) = constant(include_str!("machinery.json")) else { return };
        for (name, mut schema) in own {
            let text = description(&name);
            if !text.is_empty() {
                schema["description"] = json!(text);
            }
            self.done.insert(format!("{META}.{name}"), schema);
        }
    }
}

fn quantity() -> Value {
    json!({"description": description("Quantity"), "oneOf": [{"type": "string"}, {"type": "number"}]})
}

fn int_or_string() -> Value {
    json!({
        "description": description("IntOrString"), "format": "int-or-string",
        "oneOf": [{"type": "integer"}, {"type": "string"}],
    })
}

fn time() -> Value {
    json!({"description": description("Time"), "format": "date-time", "type": "string"})
}
