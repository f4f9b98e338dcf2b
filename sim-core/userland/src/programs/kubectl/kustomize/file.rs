//! `kustomization.yaml`: its fields, their types, and what kustomize says of wrong ones.

use super::load;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use serde_json::Value;

/// The file, read and checked.
pub struct Kustomization {
    /// As it stands there.
    pub value: Value,
}

/// What a field may hold.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Texts,
    Map,
    Object(&'static str, &'static [(&'static str, Shape)]),
    Objects(&'static str, &'static [(&'static str, Shape)]),
    Any,
}

const OPTIONS: &[(&str, Shape)] = &[
    ("labels", Shape::Map),
    ("annotations", Shape::Map),
    ("disableNameSuffixHash", Shape::Any),
    ("immutable", Shape::Any),
];
const TARGET: &[(&str, Shape)] = &[
    ("group", Shape::Text),
    ("version", Shape::Text),
    ("kind", Shape::Text),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("labelSelector", Shape::Text),
    ("annotationSelector", Shape::Text),
];
const PATCH: &[(&str, Shape)] = &[
    ("path", Shape::Text),
    ("patch", Shape::Text),
    ("target", Shape::Object("Selector", TARGET)),
    ("options", Shape::Any),
];
const GENERATOR: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("behavior", Shape::Text),
    ("literals", Shape::Texts),
    ("files", Shape::Texts),
    ("envs", Shape::Texts),
    ("env", Shape::Text),
    ("type", Shape::Text),
    ("options", Shape::Object("GeneratorOptions", OPTIONS)),
];
const FIELDS: &[(&str, Shape)] = &[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", Shape::Any),
    ("openapi", Shape::Any),
    ("namePrefix", Shape::Text),
    ("nameSuffix", Shape::Text),
    ("namespace", Shape::Text),
    ("commonLabels", Shape::Map),
    (
        "labels",
        Shape::Objects(
            "Label",
            &[
                ("pairs", Shape::Map),
                ("includeSelectors", Shape::Any),
                ("includeTemplates", Shape::Any),
                ("fields", Shape::Any),
            ],
        ),
    ),
    ("commonAnnotations", Shape::Map),
    ("patchesStrategicMerge", Shape::Texts),
    ("patchesJson6902", Shape::Objects("Patch", PATCH)),
    ("patches", Shape::Objects("Patch", PATCH)),
    (
        "images",
        Shape::Objects(
            "Image",
            &[
                ("name", Shape::Text),
                ("newName", Shape::Text),
                ("newTag", Shape::Text),
                ("tagSuffix", Shape::Text),
                ("digest", Shape::Text),
            ],
        ),
    ),
    ("imageTags", Shape::Any),
    ("replacements", Shape::Any),
    ("replicas", Shape::Objects("Replica", &[("name", Shape::Text), ("count", Shape::Any)])),
    ("vars", Shape::Any),
    ("sortOptions", Shape::Any),
    ("resources", Shape::Texts),
    ("components", Shape::Texts),
    ("crds", Shape::Texts),
    ("bases", Shape::Texts),
    ("configMapGenerator", Shape::Objects("ConfigMapArgs", GENERATOR)),
    ("secretGenerator", Shape::Objects("SecretArgs", GENERATOR)),
    ("helmGlobals", Shape::Any),
    ("helmCharts", Shape::Any),
    ("helmChartInflationGenerator", Shape::Any),
    ("generatorOptions", Shape::Object("GeneratorOptions", OPTIONS)),
    ("configurations", Shape::Texts),
    ("generators", Shape::Texts),
    ("transformers", Shape::Texts),
    ("validators", Shape::Texts),
    ("buildMetadata", Shape::Texts),
];
const NOT_SIMULATED: &[&str] = &[
    "openapi",
    "imageTags",
    "replacements",
    "vars",
    "sortOptions",
    "crds",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];
const DEPRECATED: &[(&str, &str)] = &[
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
];

impl Kustomization {
    /// Reads the file of a directory.
    pub async fn load(k: &Kubectl, root: &str) -> Result<Kustomization> {
        let mut found = Vec::new();
        for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
            if let Ok(bytes) = load(k, root, name).await {
                found.push(bytes);
            }
        }
        let bytes = match &found[..] {
            [] => {
                return Err(Error::text(format!(
                    "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{root}'"
                )));
            }
            [one] => one,
            _ => return Err(Error::text(format!("Found multiple kustomization files under: {root}\n"))),
        };
        let text = String::from_utf8_lossy(bytes);
        let invalid = |why: String| Error::text(format!("invalid Kustomization: {why}"));
        let mut value = yaml::parse_leniently(&text).map_err(invalid)?.0;
        if value.is_null() {
            return Err(Error::text("kustomization.yaml is empty"));
        }
        let Some(fields) = value.as_object() else {
            let what = go_kind(&value);
            return Err(invalid(format!(
                "json: cannot unmarshal {what} into Go value of type types.Kustomization"
            )));
        };
        check(fields, FIELDS, "Kustomization", "").map_err(invalid)?;
        for (old, new) in DEPRECATED {
            if !value[*old].is_null() {
                k.err(&format!(
                    "# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n"
                ))
                .await;
            }
        }
        for field in NOT_SIMULATED {
            if !value[*field].is_null() {
                return Err(Error::not_simulated(format!("the field {field:?} of a kustomization")));
            }
        }
        // What is old means the same as what is new.
        let bases = value["bases"].as_array().cloned().unwrap_or_default();
        if !bases.is_empty() {
            let mut resources = value["resources"].as_array().cloned().unwrap_or_default();
            resources.extend(bases);
            value["resources"] = Value::from(resources);
        }
        let kustomization = Kustomization { value };
        let mut wrong = Vec::new();
        if !["Kustomization", "Component"].contains(&kustomization.kind()) {
            wrong.push("kind should be Kustomization or Component".to_string());
        }
        let version = if kustomization.is_component() {
            "kustomize.config.k8s.io/v1alpha1"
        } else {
            "kustomize.config.k8s.io/v1beta1"
        };
        if kustomization.value["apiVersion"].as_str().is_some_and(|own| !own.is_empty() && own != version) {
            wrong.push(format!("apiVersion for {} should be {version}", kustomization.kind()));
        }
        if !wrong.is_empty() {
            return Err(Error::text(format!(
                "Failed to read kustomization file under {root}:\n{}",
                wrong.join("\n")
            )));
        }
        Ok(kustomization)
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        match self.value["kind"].as_str() {
            None | Some("") => "Kustomization",
            Some(kind) => kind,
        }
    }

    /// Whether it goes on with the resources of its parent.
    pub fn is_component(&self) -> bool {
        self.kind() == "Component"
    }

    /// A field with texts.
    pub fn strings(&self, field: &str) -> Vec<String> {
        let list = self.value[field].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|one| one.as_str().map(str::to_string)).collect()
    }

    /// A field with a text; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        self.value[field].as_str().unwrap_or("")
    }

    /// A field with objects.
    pub fn list(&self, field: &str) -> &[Value] {
        self.value[field].as_array().map_or(&[], Vec::as_slice)
    }
}

fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Go's complaints about what does not fit, in its words.
fn check(
    fields: &serde_json::Map<String, Value>,
    shapes: &[(&str, Shape)],
    go: &str,
    path: &str,
) -> std::result::Result<(), String> {
    for (name, value) in fields {
        let Some((_, shape)) = shapes.iter().find(|(known, _)| known == name) else {
            return Err(format!("json: unknown field {name:?}"));
        };
        if value.is_null() {
            continue;
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let wrong = |value: &Value, ty: &str| {
            Err(format!(
                "json: cannot unmarshal {} into Go struct field {go}.{path} of type {ty}",
                go_kind(value)
            ))
        };
        match shape {
            Shape::Any => {}
            Shape::Text if value.is_string() => {}
            Shape::Text => return wrong(value, "string"),
            Shape::Texts => match value.as_array() {
                None => return wrong(value, "[]string"),
                Some(list) => {
                    if let Some(other) = list.iter().find(|one| !one.is_string() && !one.is_null()) {
                        return wrong(other, "string");
                    }
                }
            },
            Shape::Map => match value.as_object() {
                None => return wrong(value, "map[string]string"),
                Some(map) => {
                    if let Some(other) = map.values().find(|one| !one.is_string() && !one.is_null()) {
                        return wrong(other, "string");
                    }
                }
            },
            Shape::Object(go, shapes) => match value.as_object() {
                None => return wrong(value, &format!("types.{go}")),
                Some(fields) => check(fields, shapes, go, &path)?,
            },
            Shape::Objects(inner, shapes) => match value.as_array() {
                None => return wrong(value, &format!("[]types.{inner}")),
                Some(list) => {
                    for one in list {
                        match one.as_object() {
                            None => return wrong(one, &format!("types.{inner}")),
                            Some(fields) => check(fields, shapes, inner, &path)?,
                        }
                    }
                }
            },
        }
    }
    Ok(())
}
