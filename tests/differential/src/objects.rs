//! What the commands of the two sides did to their clusters: every object, without what time and chance decide.

use crate::mask;
use kube::api::ObjectExt;
use kube::api::scheme::RESOURCES;
use serde_json::Value;
use sim_core::Sim;
use std::collections::BTreeMap;

/// Kinds that controllers and kubelets write as time passes; what a learner does shows elsewhere.
const BY_THE_WAY: [&str; 5] = ["Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision"];

/// The objects of a world, by kind, namespace and name.
pub fn of(sim: &Sim) -> BTreeMap<String, Value> {
    let mut objects = BTreeMap::new();
    for resource in RESOURCES.iter().filter(|resource| !BY_THE_WAY.contains(&resource.kind)) {
        for object in sim.cluster().api.snapshot(resource) {
            let mut object = Value::clone(&object);
            let generated = object.str_at("/metadata/generateName").to_string();
            let name = if generated.is_empty() { object.name().to_string() } else { format!("{generated}*") };
            let mut key = mask::drawn_names(&format!("{} {}/{name}", resource.kind, object.namespace()));
            let nodes = object.str_at("/spec/nodeName").to_string();
            simplify(&mut object, !generated.is_empty());
            // Those with a generated name are told apart by what is in them.
            while !generated.is_empty() && objects.contains_key(&key) {
                key.push('+');
            }
            drop(nodes);
            objects.insert(key, object);
        }
    }
    objects
}

/// Takes out what time and chance decide.
fn simplify(object: &mut Value, generated: bool) {
    let Some(map) = object.as_object_mut() else { return };
    // Where things stand: as far as controllers have come.
    map.remove("status");
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["creationTimestamp", "deletionTimestamp", "resourceVersion", "uid"] {
            metadata.remove(field);
        }
        if generated {
            metadata.remove("name");
        }
        for owner in metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten() {
            owner["uid"] = Value::Null;
        }
        for entry in metadata.get_mut("managedFields").and_then(Value::as_array_mut).into_iter().flatten() {
            entry["time"] = Value::Null;
        }
        // Written by controllers only, as far as they have come.
        if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
            entries.retain(|entry| entry["manager"].as_str().is_some_and(|name| name.starts_with("kubectl")));
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
            && let Some(restarted) = annotations.get_mut("kubectl.kubernetes.io/restartedAt")
        {
            *restarted = Value::Null;
        }
    }
    masks(map.get_mut("spec"));
    let text = object.to_string();
    let masked = mask::drawn_names(&text);
    if masked != text
        && let Ok(masked) = serde_json::from_str(&masked)
    {
        *object = masked;
    }
}

/// The node, and names that the server makes up.
fn masks(spec: Option<&mut Value>) {
    let Some(spec) = spec.and_then(Value::as_object_mut) else { return };
    if spec.contains_key("containers") {
        spec.remove("nodeName");
    }
    let text = Value::Object(std::mem::take(spec)).to_string();
    let token = regex_lite::Regex::new(r"kube-api-access-[a-z0-9]{5}").expect("it is well-formed");
    let restarted = regex_lite::Regex::new(r#"(kubectl\.kubernetes\.io/restartedAt":")[^"]*"#)
        .expect("it is well-formed");
    let text = token.replace_all(&text, "kube-api-access-*");
    let text = restarted.replace_all(&text, "$1*");
    if let Ok(Value::Object(simple)) = serde_json::from_str(&text) {
        *spec = simple;
    }
}

/// How the two differ, as a person reads it; nothing when they do not.
pub fn difference(ours: &BTreeMap<String, Value>, theirs: &BTreeMap<String, Value>) -> Option<String> {
    let mut text = String::new();
    for (key, object) in ours {
        match theirs.get(key) {
            None => text += &format!("only ours: {key}\n"),
            Some(other) if other != object => {
                text += &format!("{key}\n");
                fields("", object, other, &mut text);
            }
            Some(_) => {}
        }
    }
    for key in theirs.keys().filter(|key| !ours.contains_key(*key)) {
        text += &format!("only theirs: {key}\n");
    }
    (!text.is_empty()).then_some(text)
}

fn fields(path: &str, ours: &Value, theirs: &Value, text: &mut String) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let (a, b) = (a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null));
                if a != b {
                    fields(&format!("{path}.{name}"), a, b, text);
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b) {
                fields(&format!("{path}[{i}]"), a, b, text);
            }
        }
        _ => *text += &format!("  {path}: ours {ours}, theirs {theirs}\n"),
    }
}
