//! JSONPath in kubectl's dialect: `{.items[*].metadata.name}`, `{range .items[*]}...{end}`, filters.
//!
//! Models `k8s.io/client-go/util/jsonpath`. A missing key is nothing, unless `allow_missing` is off.

mod eval;
mod looked_at;
mod parse;

use eval::Evaluation;
pub use looked_at::MANAGED_FIELDS;
use parse::Node;
use serde_json::Value;
use std::fmt::Write as _;

/// A template that was read.
#[derive(Clone, Debug)]
pub struct JsonPath {
    nodes: Vec<Node>,
    /// Whether a missing key is no error.
    pub allow_missing: bool,
}

impl JsonPath {
    /// Reads a template.
    ///
    /// # Errors
    /// The sentence of the parser, for example `unclosed action`.
    pub fn parse(template: &str) -> Result<JsonPath, String> {
        Ok(JsonPath { nodes: parse::parse(template)?, allow_missing: true })
    }

    /// Adds the names of the fields that it may look at in the objects of a list, or in one of them; false where that
    /// cannot be told.
    pub fn looks_at<'a>(&'a self, of_list: bool, names: &mut Vec<&'a str>) -> bool {
        looked_at::names(&self.nodes, of_list, names)
    }

    /// What the template finds: one list per action.
    ///
    /// # Errors
    /// For example `array index out of bounds: index 99, length 4`.
    pub fn find<'a>(&'a self, data: &'a Value) -> Result<Vec<Vec<Found<'a>>>, String> {
        Evaluation::new(self.allow_missing).run(&self.nodes, data)
    }

    /// Everything that it finds, printed.
    pub fn execute(&self, data: &Value) -> Result<String, String> {
        let mut text = String::new();
        for results in self.find(data)? {
            for (i, result) in results.iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                text.push_str(&result.text());
            }
        }
        Ok(text)
    }
}

/// The nodes of a template that is one action, as `kubectl explain` reads its argument: the names of fields, and
/// nothing for what is no field.
///
/// # Errors
/// The sentence of the parser.
pub fn field_names(template: &str) -> Result<Vec<Option<String>>, String> {
    let nodes = parse::parse(template)?;
    let [Node::List(nodes)] = &nodes[..] else { return Err("must pass in 1 jsonpath string".to_string()) };
    Ok(nodes
        .iter()
        .map(|node| if let Node::Field(name) = node { Some(name.clone()) } else { None })
        .collect())
}

/// Something found: a part of the object, or a literal of the template.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// A part of the object.
    Part(&'a Value),
    /// A literal.
    Literal(Value),
}

impl Found<'_> {
    /// The value.
    pub fn value(&self) -> &Value {
        match self {
            Found::Part(value) => value,
            Found::Literal(value) => value,
        }
    }

    /// As it is printed: texts bare, objects and lists as JSON.
    pub fn text(&self) -> String {
        match self.value() {
            Value::String(text) => text.clone(),
            value @ (Value::Object(_) | Value::Array(_)) => encoding::json::compact(value),
            other => other.to_string(),
        }
    }
}

/// Accepts `x.y`, `.x.y`, `{x.y}` and `{.x.y}`, and makes the last of it. Models `RelaxedJSONPathExpression`.
pub fn relaxed(expression: &str) -> Result<String, String> {
    const COMPLAINT: &str = "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";
    if expression.is_empty() {
        return Ok(String::new());
    }
    let inner = match (expression.strip_prefix('{'), expression.ends_with('}')) {
        (Some(inner), true) => &inner[..inner.len() - 1],
        (None, false) => expression,
        _ => return Err(COMPLAINT.to_string()),
    };
    let field = inner.strip_prefix('.').unwrap_or(inner);
    if inner.contains('{') || inner.contains('}') && !inner.contains("[?(") {
        return Err(COMPLAINT.to_string());
    }
    Ok(format!("{{.{field}}}"))
}

/// Go's `%#v` of decoded JSON, for the long error text.
pub fn go_syntax(value: &Value) -> String {
    let mut text = String::new();
    push_go_syntax(&mut text, value);
    text
}

fn push_go_syntax(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("interface {}(nil)"),
        Value::String(s) => push_quoted(text, s),
        Value::Array(items) => {
            text.push_str("[]interface {}{");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                push_go_syntax(text, item);
            }
            text.push('}');
        }
        Value::Object(map) => {
            text.push_str("map[string]interface {}{");
            for (i, (key, value)) in map.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                push_quoted(text, key);
                text.push(':');
                push_go_syntax(text, value);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

fn push_quoted(text: &mut String, s: &str) {
    let _ = write!(text, "{s:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    fn check(template: &str, text: &str) {
        let data = json!({
            "kind": "List",
            "items": [
                {"metadata": {"name": "blue", "labels": {"app": "blue", "a.b/c": "x"}}, "spec": {"replicas": 3, "ok": true}},
                {"metadata": {"name": "red"}, "spec": {"replicas": 1, "ports": [{"port": 80}, {"port": 443}]}},
            ]
        });
        let result = JsonPath::parse(template).and_then(|path| path.execute(&data));
        assert_eq!(result.unwrap_or_else(|error| format!("ERROR {error}")), text, "{template}");
    }

    #[test]
    fn paths_find_what_kubectls_find() {
        check("{.kind}", "List");
        check("{.items[*].metadata.name}", "blue red");
        check("{.items[0].metadata.name}, {.items[-1].metadata.name}", "blue, red");
        check("{.items[0:1].metadata.name}", "blue");
        check("{.items[*]['metadata.name','spec.replicas']}", "blue red 3 1");
        check("{.items[0].metadata.labels.a\\.b/c}", "x");
        check("{.items[0].metadata.labels['a\\.b/c']}", "x");
        check(
            "{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.replicas}{\"\\n\"}{end}",
            "blue\t3\nred\t1\n",
        );
        check(
            "{range .items[*]}{.metadata.name}:{range .spec.ports[*]}{.port},{end};{end}!",
            "blue:;red:80,443,;!",
        );
        check("{.items[?(@.metadata.name==\"red\")].spec.replicas}", "1");
        check("{.items[?(@.spec.replicas>1)].metadata.name}", "blue");
        check("{.items[?(@.spec.ports)].metadata.name}", "red");
        check("{..port}", "80 443");
        check("{.items[1].spec}", "{\"ports\":[{\"port\":80},{\"port\":443}],\"replicas\":1}");
        check("{.nosuch.field}", "");
        check("{.items[*].spec.ok}", "true");
        check("{range .items}", "");
    }

    #[test]
    fn errors_are_kubectls() {
        check("{.items[99].metadata.name}", "ERROR array index out of bounds: index 99, length 2");
        check("{foo}", "ERROR unrecognized identifier foo");
        check("{.items[*].metadata.name", "ERROR unclosed action");
        check("{.items[a]}", "ERROR invalid array index a");
        check("{.kind[0]}", "ERROR string is not array or slice");
        check("{end}", "ERROR not in range, nothing to end");
    }

    #[test]
    fn relaxed_paths_become_strict_ones() {
        for path in ["metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"] {
            assert_eq!(relaxed(path).as_deref(), Ok("{.metadata.name}"));
        }
        assert!(relaxed("{.metadata.name").is_err());
    }

    #[test]
    fn objects_have_a_go_syntax() {
        assert_eq!(
            go_syntax(&json!({"a": [1, "x", null, true]})),
            "map[string]interface {}{\"a\":[]interface {}{1, \"x\", interface {}(nil), true}}"
        );
    }
}
