//! KYAML: the part of YAML that leaves nothing to guess. Models `sigs.k8s.io/yaml/kyaml`.

use crate::programs::kubectl::error::{Error, Result};
use encoding::yaml::needs_quotes;
use kube::api::go_order::Shape;
use serde_json::Value;
use yaml::sorted;

/// Writes a document.
pub fn emit(value: &Value) -> Result<String> {
    document(value, None)
}

/// Writes a document whose fields have the order of Go's types.
pub fn emit_typed(value: &Value) -> Result<String> {
    document(value, Some(Shape::of(value)))
}

fn document(value: &Value, shape: Option<Shape<'_>>) -> Result<String> {
    let mut text = "---\n".to_string();
    push(&mut text, value, 0, shape);
    text.push('\n');
    // Upstream reads the object as YAML first, which takes these from nobody.
    let is_control = |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}');
    if text.bytes().any(|byte| matches!(byte, 0x7f | 0xc2)) && text.contains(is_control) {
        return Err(Error::text("error decoding: yaml: control characters are not allowed"));
    }
    Ok(text)
}

/// `shape` is there where Go's types give the order.
fn push(text: &mut String, value: &Value, depth: usize, shape: Option<Shape<'_>>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push_str("{\n");
            let mut field = |key: &str, value: &Value, shape: Option<Shape<'_>>| {
                indent(text, depth + 1);
                push_key(text, key);
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
        Value::String(string) => push_string(text, string, depth + 1),
        other => text.push_str(&other.to_string()),
    }
}

fn indent(text: &mut String, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// Writes a text. One of several lines is written as such, each but the first line of the file with `\\` at its end.
fn push_string(text: &mut String, string: &str, depth: usize) {
    text.push('"');
    if string.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        text.push_str(string);
        return text.push('"');
    }
    let is_folded = string.contains('\n');
    if is_folded {
        text.push_str(FOLD);
    }
    for c in string.chars() {
        if text.ends_with('\n') {
            indent(text, depth);
            // Blanks at the beginning of a line would be lost; all else is moved as far, so that it stays below.
            text.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
        }
        push_character(text, c);
        if c == '\n' {
            text.push_str(FOLD);
        }
    }
    if is_folded {
        if !text.ends_with('\n') {
            text.push_str(FOLD);
        }
        indent(text, depth);
    }
    text.push('"');
}

/// What ends a line of a text without ending the text.
const FOLD: &str = "\\\n";

fn push_character(text: &mut String, c: char) {
    let escaped = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\u{b}' => "\\v",
        '\0' => "\\0",
        '\u{1b}' => "\\e",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        '\t' => return text.push(c),
        '\u{1}'..='\u{1f}' => return text.push_str(&format!("\\x{:02x}", u32::from(c))),
        // Other spaces, and what says how the text around it is set.
        '\u{ad}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200f}'
        | '\u{202a}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}'
        | '\u{3000}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{feff}' => return text.push_str(&format!("\\u{:04x}", u32::from(c))),
        c => return text.push(c),
    };
    text.push_str(escaped);
}

/// Writes a key: bare where no reader could take it for something else.
fn push_key(text: &mut String, key: &str) {
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let is_bare = key.starts_with(plain)
        && key.ends_with(plain)
        && key.chars().all(|c| plain(c) || matches!(c, '-' | '.' | '/'))
        && !WORDS.contains(&key.to_ascii_lowercase().as_str())
        && !needs_quotes(key);
    if is_bare {
        return text.push_str(key);
    }
    text.push('"');
    key.chars().for_each(|c| push_character(text, c));
    text.push('"');
}

/// What Go's readers of truth values and numbers take as well, and what YAML takes in any case.
const WORDS: [&str; 15] =
    ["t", "f", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "infinity", "nan", "~"];

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn layout_is_kyamls() {
        let value = json!({"kind": "X", "metadata": {"annotations": {"a.b/c": "1"}, "creationTimestamp": null},
            "spec": {"resources": {}, "list": [{"a": "x"}, {"b": 2}], "words": ["p", "q"], "no": true}});
        assert_eq!(
            emit(&value).expect("a document"),
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
        assert_eq!(emit(&value).expect("a document"), include_str!("../testdata/deployment-blue.kyaml"));
    }
}
