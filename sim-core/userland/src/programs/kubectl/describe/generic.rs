//! `kubectl describe` of kinds without a describer: every field, with words made of its name.

use super::writer::{Writer, entries, items, plain};
use serde_json::Value;

/// Writes it, events left out.
pub fn describe(w: &mut Writer, object: &Value) {
    w.head(object);
    content(w, 0, object, "");
}

const SHOWN_ALREADY: [&str; 5] = [
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
];

fn content(w: &mut Writer, level: usize, object: &Value, path: &str) {
    for (field, value) in entries(object) {
        let path = format!("{path}.{field}");
        if SHOWN_ALREADY.contains(&path.as_str()) {
            continue;
        }
        match value {
            Value::Object(_) => {
                w.write(level, &format!("{}:\n", label(field)));
                content(w, level + 1, value, &path);
            }
            Value::Array(_) => {
                w.write(level, &format!("{}:\n", label(field)));
                for item in items(value) {
                    if item.is_object() {
                        content(w, level + 1, item, &path);
                    } else {
                        w.write(level + 1, &format!("{}\n", plain(item)));
                    }
                }
            }
            value => w.field(
                level,
                &label(field),
                &if value.is_null() { "<nil>".to_string() } else { plain(value) },
            ),
        }
    }
}

/// `creationTimestamp` is `Creation Timestamp`, `apiVersion` is `API Version`, `externalURLs` is `External Ur Ls`. Models
/// `smartLabelFor` and fatih/camelcase.
fn label(field: &str) -> String {
    const ACRONYMS: [&str; 5] = ["API", "URL", "UID", "OSB", "GUID"];
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_string();
    }
    let class = |c: char| if c == '-' { 2 } else { u8::from(c.is_uppercase()) };
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    for c in field.chars() {
        match words.last_mut() {
            Some(word) if before == Some(class(c)) => word.push(c),
            // The last capital belongs to what follows it.
            Some(word) if before == Some(1) && class(c) == 0 => {
                let first = word.pop().unwrap_or_default();
                if word.is_empty() {
                    words.pop();
                }
                words.push(format!("{first}{c}"));
            }
            _ => words.push(c.to_string()),
        }
        before = Some(class(c));
    }
    let titled = words.into_iter().map(|word| {
        let upper = word.to_uppercase();
        if ACRONYMS.contains(&upper.as_str()) {
            return upper;
        }
        let rest = word.to_lowercase();
        upper.chars().take(1).chain(rest.chars().skip(1)).collect()
    });
    titled.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn fields_become_words() {
        assert_eq!(label("creationTimestamp"), "Creation Timestamp");
        assert_eq!(label("apiVersion"), "API Version");
        assert_eq!(label("uid"), "UID");
        assert_eq!(label("renewTime"), "Renew Time");
    }
}
