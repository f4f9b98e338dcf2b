//! JSON as Go's `encoding/json` writes it: HTML characters escaped, indentation of the caller's choice.

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

/// Indented; without a line feed at the end.
pub fn indented(value: &Value, indent: &str) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    if value.serialize(&mut serializer).is_err() {
        return String::new();
    }
    escape_html(&String::from_utf8_lossy(&bytes))
}

/// On one line.
pub fn compact(value: &Value) -> String {
    escape_html(&value.to_string())
}

/// `<`, `>` and `&` only occur inside of strings, so that they can be replaced anywhere.
fn escape_html(text: &str) -> String {
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return text.to_string();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_escaped_and_empty_things_stay_on_their_line() {
        let value = serde_json::json!({"a": "<b>&", "e": {}, "l": [], "n": [1]});
        assert_eq!(
            indented(&value, "    "),
            "{\n    \"a\": \"\\u003cb\\u003e\\u0026\",\n    \"e\": {},\n    \"l\": [],\n    \"n\": [\n        1\n    ]\n}"
        );
    }

    #[test]
    fn a_service_is_written_as_recorded() {
        let text = include_str!("testdata/service-red.json");
        let value: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(indented(&value, "    ") + "\n", text);
    }
}
