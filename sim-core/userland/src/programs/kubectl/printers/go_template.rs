//! `-o go-template=...`: Go's `text/template`, with kubectl's own functions `exists` and `base64decode`.

use super::go_value;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::json;
use gotmpl::{MissingKey, Template};
use serde_json::Value;

/// A template that was read.
pub struct GoTemplate {
    raw: String,
    template: Template,
}

impl GoTemplate {
    /// Reads a template.
    pub fn parse(raw: &str, allow_missing: bool) -> Result<GoTemplate> {
        let missing = if allow_missing { MissingKey::default() } else { MissingKey::Error };
        let template = Template::new("output")
            .missing_key(missing)
            .func("base64decode", |args: &[gotmpl::Value]| {
                let text = args.first().and_then(gotmpl::Value::as_str).unwrap_or("");
                Ok(gotmpl::Value::String(base64_decode(text).into()))
            })
            .func("exists", |args: &[gotmpl::Value]| Ok(gotmpl::Value::Bool(exists(args))))
            .parse(raw)
            .map_err(|error| Error::text(format!("error parsing template {raw}, {}", parse_words(&error))))?;
        Ok(GoTemplate { raw: raw.to_string(), template })
    }

    /// Fills it in.
    pub fn execute(&self, object: &Value) -> Result<String> {
        let complain = |why: String| {
            // kubectl puts the long text on standard output and the short one on standard error.
            let long = format!(
                "Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{raw}\n\traw data was:\n\t\t{data}\n\tobject given to template engine was:\n\t\t{object}\n\n",
                raw = self.raw,
                data = json::compact(object),
                object = go_value::text(object),
            );
            let short = format!("error executing template {:?}: {why}", self.raw);
            Error::Many(vec![Error::Out(long), Error::text(short)])
        };
        let data = gotmpl::to_value(object).map_err(|error| complain(words(&error)))?;
        self.template.execute_to_string(&data).map_err(|error| {
            let why = words(&error);
            // Go finds these when it parses.
            match why.split_once("undefined function: ") {
                Some((_, name)) => Error::text(format!(
                    "error parsing template {}, template: output:1: function {name:?} not defined",
                    self.raw
                )),
                None => complain(why),
            }
        })
    }
}

/// The sentence of an error, with the `template: ` that Go begins it with.
fn words(error: &gotmpl::TemplateError) -> String {
    let text = error.to_string();
    if text.starts_with("template: ") { text } else { format!("template: output: {text}") }
}

/// The same of the parser, whose places have no column in Go.
fn parse_words(error: &gotmpl::TemplateError) -> String {
    let text = words(error);
    let parts: Vec<&str> = text.splitn(5, ':').collect();
    match parts[..] {
        [template, name, line, column, rest] if column.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{template}:{name}:{line}:{rest}")
        }
        _ => text,
    }
}

/// Whether the keys after the first argument lead somewhere.
fn exists(args: &[gotmpl::Value]) -> bool {
    let Some((first, keys)) = args.split_first() else { return false };
    let mut current = first.clone();
    for key in keys {
        match current.index(key) {
            Ok(next) => current = next,
            Err(_) => return false,
        }
    }
    !matches!(current, gotmpl::Value::Nil)
}

pub fn base64_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut bits = 0u32;
    let mut count = 0;
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(template: &str, text: &str) {
        let data = json!({"spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]}, "items": [1, 2], "d": {"a": "aGk="}});
        let result = GoTemplate::parse(template, true).and_then(|t| t.execute(&data));
        let shown = match result {
            Ok(text) => text,
            Err(Error::Many(errors)) => errors[1].message(),
            Err(error) => error.message(),
        };
        assert_eq!(shown, text, "{template}");
    }

    #[test]
    fn templates_are_filled_in() {
        check("{{ .spec.clusterIP }}", "10.96.0.1");
        check("{{range .spec.ports}}{{.port}}{{end}} {{.nosuch}}", "80 <no value>");
        check("{{.d.a | base64decode}}", "hi");
        check("{{exists . \"spec\" \"ports\"}}{{exists . \"spec\" \"x\"}}", "truefalse");
    }

    #[test]
    fn errors_are_gos() {
        check("{{.foo", "error parsing template {{.foo, template: output:1: unclosed action");
        check(
            "{{nosuch .items}}",
            "error parsing template {{nosuch .items}}, template: output:1: function \"nosuch\" not defined",
        );
        // Go also says where: `template: output:1:2: executing "output" at <index .items 99>: error calling index:`.
        check(
            "{{index .items 99}}",
            "error executing template \"{{index .items 99}}\": template: output: index out of range: 99",
        );
    }
}
