//! Patches: strategic merge and JSON 6902, inline and from files. Models `PatchTransformer`,
//! `PatchJson6902Transformer` and `PatchStrategicMergeTransformer`.

use super::file::Kustomization;
use super::load;
use super::resource::{self, Res};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use kube::api::selector::LabelSelector;
use kube::api::{json_patch, merge_patch, scheme, strategic};
use serde_json::Value;

/// `patchesStrategicMerge`: files, or patches themselves.
pub async fn merge(k: &Kubectl, root: &str, kustomization: &Kustomization, all: &mut Vec<Res>) -> Result<()> {
    for entry in kustomization.strings("patchesStrategicMerge") {
        let text = match load(k, root, &entry).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) if entry.contains('\n') || entry.contains("apiVersion") => entry,
            Err(why) => {
                return Err(Error::text(format!(
                    "trouble configuring builtin PatchStrategicMergeTransformer with config: `\npaths:\n- {entry}\n`: {why}"
                )));
            }
        };
        for patch in documents(&text)? {
            apply_to_its_own(&patch, all)?;
        }
    }
    Ok(())
}

/// `patches`, and `patchesJson6902`.
pub async fn run(
    k: &Kubectl,
    root: &str,
    patches: &[Value],
    json_only: bool,
    all: &mut Vec<Res>,
) -> Result<()> {
    let plugin = if json_only { "PatchJson6902Transformer" } else { "PatchTransformer" };
    for entry in patches {
        let inline = entry["patch"].as_str().unwrap_or("");
        let path = entry["path"].as_str().unwrap_or("");
        let trouble = |why: String| {
            Error::text(format!(
                "trouble configuring builtin {plugin} with config: `\n{}`: {why}",
                yaml::emit(entry)
            ))
        };
        if inline.is_empty() == path.is_empty() {
            let shown = yaml::emit(entry);
            return Err(trouble(if path.is_empty() {
                format!("must specify one of patch and path in\n{}", shown.trim_end())
            } else {
                format!("patch and path can't be set at the same time\n{}", shown.trim_end())
            }));
        }
        let text = if path.is_empty() {
            inline.to_string()
        } else {
            let bytes = load(k, root, path)
                .await
                .map_err(|why| trouble(format!("failed to get the patch file from path({path}): {why}")))?;
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let target =
            entry["target"].as_object().filter(|target| !target.is_empty()).map(|_| &entry["target"]);
        let operations = yaml::parse(&text).ok().filter(Value::is_array);
        match (operations, target) {
            (Some(_), None) => {
                let shown = text.trim_end_matches('\n');
                return Err(Error::text(format!("must specify a target for JSON patch [patch: {shown:?}]")));
            }
            (Some(operations), Some(target)) => {
                for at in selected(target, all)? {
                    apply_operations(&mut all[at], &operations)?;
                }
            }
            (None, _) if json_only => {
                return Err(trouble(
                    "unable to parse SM or JSON patch from ".to_string() + &format!("[{text}]"),
                ));
            }
            (None, None) => {
                let patches = documents(&text).map_err(|error| {
                    trouble(format!(
                        "unable to parse SM or JSON patch from [patch: {text:?}]: {}",
                        error.message()
                    ))
                })?;
                for patch in patches {
                    apply_to_its_own(&patch, all)?;
                }
            }
            (None, Some(target)) => {
                let patches = yaml::documents(&text);
                let mut gone = Vec::new();
                for at in selected(target, all)? {
                    for patch in &patches {
                        let patch = yaml::parse_kyaml(patch).map_err(Error::text)?;
                        if !apply(&mut all[at], &patch) {
                            gone.push(at);
                        }
                    }
                }
                remove(all, gone);
            }
        }
    }
    Ok(())
}

fn documents(text: &str) -> Result<Vec<Value>> {
    match resource::read(text.as_bytes()) {
        Ok(found) => Ok(found.into_iter().map(|res| res.value).collect()),
        Err(
            resource::Unreadable::Malformed(why)
            | resource::Unreadable::Twice(why)
            | resource::Unreadable::Wrong(why),
        ) => Err(Error::text(why)),
    }
}

/// A patch that says itself which object it is for.
fn apply_to_its_own(patch: &Value, all: &mut Vec<Res>) -> Result<()> {
    let wanted = Res::new(patch.clone());
    let found = all.iter().position(|res| {
        res.kind() == wanted.kind()
            && res.group_version() == wanted.group_version()
            && res.was_called(wanted.name())
            && res.was_in(wanted.namespace())
    });
    let Some(at) = found else {
        let id = wanted.id();
        return Err(Error::text(format!(
            "no resource matches strategic merge patch {id:?}: no matches for Id {id}; failed to find unique target for patch {id}"
        )));
    };
    if !apply(&mut all[at], patch) {
        remove(all, vec![at]);
    }
    Ok(())
}

fn remove(all: &mut Vec<Res>, gone: Vec<usize>) {
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

/// Applies a strategic merge patch; says whether the object is still there.
fn apply(res: &mut Res, patch: &Value) -> bool {
    if patch["$patch"] == "delete" {
        return false;
    }
    let (name, namespace) =
        (res.value["metadata"]["name"].clone(), res.value["metadata"]["namespace"].clone());
    let (api_version, kind) = (res.value["apiVersion"].clone(), res.value["kind"].clone());
    match scheme::schema_of(res.text("/apiVersion"), res.kind()) {
        Some(schema) => strategic::apply(schema, &mut res.value, patch),
        None => merge_patch::apply(&mut res.value, patch),
    }
    // Who it is stays.
    res.value["apiVersion"] = api_version;
    res.value["kind"] = kind;
    res.value["metadata"]["name"] = name;
    match namespace {
        Value::Null => {
            if let Some(metadata) = res.value["metadata"].as_object_mut() {
                metadata.remove("namespace");
            }
        }
        namespace => res.value["metadata"]["namespace"] = namespace,
    }
    true
}

fn apply_operations(res: &mut Res, operations: &Value) -> Result<()> {
    json_patch::apply(&mut res.value, operations).map_err(Error::text)
}

/// Places of the objects that a target means.
fn selected(target: &Value, all: &[Res]) -> Result<Vec<usize>> {
    let text = |field: &str| target[field].as_str().unwrap_or("");
    let labels = LabelSelector::parse(text("labelSelector")).map_err(Error::text)?;
    let annotations = LabelSelector::parse(text("annotationSelector")).map_err(Error::text)?;
    let mut found = Vec::new();
    for (at, res) in all.iter().enumerate() {
        let (group, version) = res.group_version();
        let mut names: Vec<&str> = vec![res.name()];
        names.extend(res.before.iter().map(|(name, _)| name.as_str()));
        let mut namespaces: Vec<&str> = vec![res.namespace()];
        namespaces.extend(res.before.iter().map(|(_, namespace)| namespace.as_str()));
        let any = |field: &str, texts: &[&str]| -> Result<bool> {
            let pattern = text(field);
            if pattern.is_empty() {
                return Ok(true);
            }
            for text in texts {
                if matches(pattern, text)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let map = |field: &str| res.value["metadata"][field].as_object().cloned().unwrap_or_default();
        if any("group", &[group])?
            && any("version", &[version])?
            && any("kind", &[res.kind()])?
            && any("name", &names)?
            && any("namespace", &namespaces)?
            && labels.matches(&map("labels"))
            && annotations.matches(&map("annotations"))
        {
            found.push(at);
        }
    }
    Ok(found)
}

/// Whether a regular expression of the simple kind (letters, `.`, `.*`, `|`) is the whole of a text.
fn matches(pattern: &str, text: &str) -> Result<bool> {
    if pattern.contains(['[', ']', '(', ')', '{', '}', '+', '?', '\\']) {
        return Err(Error::not_simulated(format!(
            "the regular expression {pattern:?} in the target of a patch"
        )));
    }
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
    let text: Vec<char> = text.chars().collect();
    Ok(pattern.split('|').any(|one| fits(&one.chars().collect::<Vec<_>>(), &text)))
}

fn fits(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [c, '*', rest @ ..] => {
            let mut at = 0;
            loop {
                if fits(rest, &text[at..]) {
                    return true;
                }
                if at == text.len() || (*c != '.' && text[at] != *c) {
                    return false;
                }
                at += 1;
            }
        }
        [c, rest @ ..] => match text {
            [first, others @ ..] => (*c == '.' || c == first) && fits(rest, others),
            [] => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_as_a_whole() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text).ok(), Some(expected), "{pattern} {text}");
        };
        check("web", "web", true);
        check("web", "web2", false);
        check("web.*", "web2", true);
        check("a|b.*c", "bxxc", true);
        check("^web$", "web", true);
    }
}
