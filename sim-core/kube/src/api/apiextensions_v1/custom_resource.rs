//! The kind that comes of a definition. A kind is named by the address of its row; rows of custom kinds are made once
//! for each content and stay: a replay finds the same again.

use super::{open_api_schema, printer_columns};
use crate::api::schema::Default as D;
use crate::api::schema::Type::{Any, Object, Str};
use crate::api::schema::common::OBJECT_META;
use crate::api::schema::{Struct, f};
use crate::api::scheme::{ALL_VERBS, PLAIN, Resource, ResourceInfo, SCALE, Subresource, status_of};
use crate::api::table::{AGE, Column, NAME, age};
use crate::api::validation::Errors;
use crate::api::{ObjectExt, Status};
use crate::json;
use serde_json::Value;
use sim::Timestamp;
use std::cell::RefCell;

/// What is particular about a custom kind.
#[derive(Debug)]
pub struct CustomResource {
    /// `openAPIV3Schema`.
    pub schema: Value,
    /// `additionalPrinterColumns`.
    pub columns: Vec<Value>,
    /// `subresources.scale`, or null.
    pub scale: Value,
    /// Whether objects of other versions are stored; all are the same but for their name.
    pub deprecation: Option<String>,
}

thread_local! {
    static KNOWN: RefCell<Vec<(String, Resource)>> = const { RefCell::new(Vec::new()) };
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

fn leak_texts(list: &[Value]) -> &'static [&'static str] {
    list.iter().filter_map(Value::as_str).map(leak).collect::<Vec<_>>().leak()
}

/// The kinds that a definition brings, one for each version that is served.
pub fn served(definition: &Value) -> Vec<Resource> {
    let versions = definition.list_at("/spec/versions").iter();
    versions.filter(|version| version.bool_at("/served")).map(|version| intern(definition, version)).collect()
}

fn intern(definition: &Value, version: &Value) -> Resource {
    let spec = definition.at("/spec");
    let content = json!([spec.at("/group"), spec.at("/names"), spec.at("/scope"), version]).to_string();
    KNOWN.with_borrow_mut(|known| match known.iter().find(|(of, _)| *of == content) {
        Some((_, resource)) => *resource,
        None => {
            let resource = make(spec, version);
            known.push((content, resource));
            resource
        }
    })
}

fn make(spec: &Value, version: &Value) -> Resource {
    let names = spec.at("/names");
    let kind = leak(names.str_at("/kind"));
    let subresources = version.at("/subresources");
    let has_status = !subresources.at("/status").is_null();
    let mut below: Vec<Subresource> = Vec::new();
    if has_status {
        below.push(status_of(kind));
    }
    if !subresources.at("/scale").is_null() {
        below.push(SCALE);
    }
    let custom = CustomResource {
        schema: version.at("/schema/openAPIV3Schema").clone(),
        columns: version.list_at("/additionalPrinterColumns").to_vec(),
        scale: subresources.at("/scale").clone(),
        deprecation: version.bool_at("/deprecated").then(|| match version.str_at("/deprecationWarning") {
            "" => format!("{}/{} {kind} is deprecated", spec.str_at("/group"), version.str_at("/name")),
            own => own.to_string(),
        }),
    };
    let mut columns = vec![Column { description: "Name", ..NAME }];
    if custom.columns.is_empty() {
        columns.push(AGE);
    }
    for column in &custom.columns {
        columns.push(Column {
            name: leak(column.str_at("/name")),
            ty: leak(column.str_at("/type")),
            format: leak(column.str_at("/format")),
            description: leak(column.str_at("/description")),
            priority: column.int_at("/priority").and_then(|p| u8::try_from(p).ok()).unwrap_or(0),
        });
    }
    let mut fields =
        vec![f("apiVersion", Str), f("kind", Str), f("metadata", Object(&OBJECT_META)).or(D::Empty)];
    for name in custom.schema.map_at("/properties").keys() {
        if !matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            fields.push(f(leak(name), Any));
        }
    }
    let schema = Box::leak(Box::new(Struct { go: kind, fields: fields.leak() }));
    Box::leak(Box::new(ResourceInfo {
        group: leak(spec.str_at("/group")),
        version: leak(version.str_at("/name")),
        kind,
        plural: leak(names.str_at("/plural")),
        singular: leak(names.str_at("/singular")),
        short_names: leak_texts(names.list_at("/shortNames")),
        categories: leak_texts(names.list_at("/categories")),
        namespaced: spec.str_at("/scope") == "Namespaced",
        verbs: ALL_VERBS,
        subresources: below.leak(),
        schema,
        generation: true,
        columns: columns.leak(),
        custom: Some(Box::leak(Box::new(custom))),
        ..PLAIN
    }))
}

impl CustomResource {
    /// Drops what the schema does not know and fills in what it gives; names what was dropped.
    ///
    /// # Errors
    /// `metadata` is no object.
    pub fn decode(&self, schema: &'static Struct, object: &mut Value) -> Result<Vec<String>, String> {
        let mut unknown = Vec::new();
        open_api_schema::prune(&self.schema, object, "", true, &mut unknown);
        // The table knows metadata; the rest has been seen to.
        let keep = self.schema.bool_at("/x-kubernetes-preserve-unknown-fields");
        let is_metadata = |name: &str| name == "metadata" || (!keep && schema.field(name).is_none());
        unknown.extend(schema.decode_fields(object, &is_metadata)?);
        open_api_schema::set_defaults(&self.schema, object);
        Ok(unknown)
    }

    /// Holds the object against the schema.
    pub fn validate(&self, object: &Value, errors: &mut Errors) {
        let mut own = object.clone();
        if let Value::Object(map) = &mut own {
            map.remove("metadata");
            let required = self.schema.list_at("/required").iter().any(|name| name == "metadata");
            if required {
                map.insert("metadata".to_string(), json!({}));
            }
        }
        open_api_schema::validate(&self.schema, &own, "", errors);
    }

    /// The cells of an object.
    pub fn row(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let mut cells = vec![object.name().into()];
        if self.columns.is_empty() {
            cells.push(age(object, now));
        }
        cells.extend(self.columns.iter().map(|column| printer_columns::cell(object, column, now)));
        cells
    }

    /// Where the number of replicas stands, as a pointer: `/spec/replicas`.
    pub fn scale_path(&self, field: &str) -> String {
        self.scale.str_at(&format!("/{field}")).replace('.', "/")
    }
}

/// Refuses a definition with what is not simulated.
///
/// # Errors
/// It has rules in CEL, or a webhook.
pub fn check_simulated(definition: &Value) -> Result<(), Status> {
    if open_api_schema::has_rules(definition.at("/spec/versions")) {
        return Err(Status::not_simulated("the schema's field x-kubernetes-validations"));
    }
    if definition.str_at("/spec/conversion/strategy") == "Webhook" {
        return Err(Status::not_simulated("conversion by a webhook"));
    }
    Ok(())
}
