//! KYAML: the part of YAML that leaves nothing to guess. Models `sigs.k8s.io/yaml/kyaml`.

use encoding::yaml::resolve;
use kube::api::go_order::Shape;
use serde_json::Value;
use yaml::sorted;

/// Writes a document.
pub fn emit(value: &Value) -> String {
    let mut text = "---\n".to_string();
    push(&mut text, value, 0, None);
    text.push('\n');
    text
}

/// Writes a document whose fields have the order of Go's types.
pub fn emit_typed(value: &Value) -> String {
    let mut text = "---\n".to_string();
    push(&mut text, value, 0, Some(Shape::of(value)));
    text.push('\n');
    text
}

/// `shape` is there where Go's types give the order.
fn push(text: &mut String, value: &Value, depth: usize, shape: Option<Shape<'_>>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push_str("{\n");
            let mut field = |key: &str, value: &Value, shape: Option<Shape<'_>>| {
                indent(text, depth + 1);
                text.push_str(&key_text(key));
                text.push_str(": ");
                push(text, value, depth + 1, shape);
                text.push_str(",\n");
            };
            match shape {
                Some(shape) => {
                    shape
                        .fields(map)
                        .into_iter()
                        .for_each(|placed| field(placed.key, placed.value, Some(placed.shape)));
                }
                None => sorted(map).into_iter().for_each(|(key, value)| field(key, value, None)),
            }
            indent(text, depth);
            text.push('}');
        }
        Value::Object(_) => text.push_str("{}"),
        Value::Array(items) if items.is_empty() => text.push_str("[]"),
        Value::Array(items) if items.iter().all(|item| item.is_object() || item.is_array()) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                push(text, item, depth, shape);
            }
            text.push(']');
        }
        Value::Array(items) => {
            text.push_str("[\n");
            for item in items {
                indent(text, depth + 1);
                push(text, item, depth + 1, shape);
                text.push_str(",\n");
            }
            indent(text, depth);
            text.push(']');
        }
        Value::String(string) => text.push_str(&quoted(string)),
        other => text.push_str(&other.to_string()),
    }
}

fn indent(text: &mut String, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

fn quoted(text: &str) -> String {
    match text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        true => Value::from(text).to_string(),
        false => ["\"", text, "\""].concat(),
    }
}

/// Keys are bare where no reader could take them for something else.
fn key_text(key: &str) -> String {
    let safe = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
        && key.starts_with(|c: char| c.is_ascii_alphabetic());
    if safe && resolve(key).is_string() { key.to_string() } else { quoted(key) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn layout_is_kyamls() {
        let value = json!({"kind": "X", "metadata": {"annotations": {"a.b/c": "1"}, "creationTimestamp": null},
            "spec": {"resources": {}, "list": [{"a": "x"}, {"b": 2}], "words": ["p", "q"], "no": true}});
        assert_eq!(
            emit(&value),
            "---
{
  kind: \"X\",
  metadata: {
    annotations: {
      a.b/c: \"1\",
    },
    creationTimestamp: null,
  },
  spec: {
    list: [{
      a: \"x\",
    }, {
      b: 2,
    }],
    \"no\": true,
    resources: {},
    words: [
      \"p\",
      \"q\",
    ],
  },
}
"
        );
    }

    #[test]
    fn a_deployment_is_written_as_recorded() {
        let yaml = include_str!("../testdata/deployment-blue.yaml");
        let value = yaml::parse(yaml).expect("parses");
        assert_eq!(emit(&value), include_str!("../testdata/deployment-blue.kyaml"));
    }
}
