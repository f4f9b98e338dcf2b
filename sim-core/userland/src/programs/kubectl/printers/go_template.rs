//! `-o go-template=...`: Go's `text/template`, with kubectl's own functions `exists` and `base64decode`.

use super::{go_template_errors, go_value};
use crate::programs::kubectl::error::{Error, Result};
use encoding::json;
use gotmpl::{MissingKey, Template};
use serde_json::Value;

/// A template that was read.
pub struct GoTemplate {
    raw: String,
    template: Template,
    strict: bool,
}

impl GoTemplate {
    /// Reads a template.
    pub fn parse(raw: &str, allow_missing: bool) -> Result<GoTemplate> {
        if let Some(why) = unbalanced(raw) {
            return Err(Error::text(format!("error parsing template {raw}, template: output:{why}")));
        }
        let missing = if allow_missing { MissingKey::default() } else { MissingKey::Error };
        let template = with_functions(Template::new("output").missing_key(missing))
            .parse(raw)
            .map_err(|error| Error::text(format!("error parsing template {raw}, {}", parse_words(&error))))?;
        Ok(GoTemplate { raw: raw.to_string(), template, strict: !allow_missing })
    }

    /// The names of the fields that it looks at in the objects of a list, where that can be told: where all that stands
    /// in its actions are functions, literals and paths that end in a field of an object.
    pub fn looks_at(&self) -> Option<Vec<&str>> {
        let (mut names, mut rest) = (Vec::new(), self.raw.as_str());
        while let Some(begin) = rest.find("{{") {
            let (words, end) = words_of(&rest[begin + 2..])?;
            rest = &rest[begin + 2 + end..];
            let declared = words.iter().position(|word| *word == ":=").map_or(0, |at| at + 1);
            for word in &words[declared..] {
                if FUNCTIONS.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                let (of, path) = word.split_once('.')?;
                let (is_variable, last) = (of.starts_with('$'), path.rsplit('.').next());
                let is_list = path == "items" && matches!(words[0], "range" | "len");
                if !(of.is_empty() || is_variable) || matches!(last, Some("" | "metadata")) {
                    return None;
                }
                if last == Some("items") && !is_list {
                    return None;
                }
                names.extend(path.split('.'));
            }
        }
        Some(names)
    }

    /// Fills it in.
    pub fn execute(&self, object: &Value) -> Result<String> {
        let complain = |before: String, why: String| {
            // kubectl puts the long text on standard output and the short one on standard error.
            let long = format!(
                "{before}Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{raw}\n\traw data was:\n\t\t{data}\n\tobject given to template engine was:\n\t\t{object}\n\n",
                raw = self.raw,
                data = json::compact(object),
                object = go_value::text(object),
            );
            let short = format!("error executing template {:?}: {why}", self.raw);
            Error::Many(vec![Error::Out(long), Error::text(short)])
        };
        let data = gotmpl::to_value(object).map_err(|error| complain(String::new(), words(&error)))?;
        let mut text = String::new();
        let executed = self.template.execute_fmt(&mut text, &data);
        let before = text.clone();
        executed.map(|()| text).map_err(|error| {
            let why = words(&error);
            // Go finds these when it parses.
            match why.split_once("undefined function: ") {
                Some((_, name)) => Error::text(format!(
                    "error parsing template {}, template: output:1: function {name:?} not defined",
                    self.raw
                )),
                None => {
                    let found = go_template_errors::locate(&self.raw, &data, &with_functions, self.strict);
                    complain(before, found.unwrap_or(why))
                }
            }
        })
    }
}

/// Words of templates that look at nothing by themselves.
const FUNCTIONS: &[&str] = &[
    "range",
    "end",
    "if",
    "else",
    "with",
    "and",
    "or",
    "not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "len",
    "index",
    "print",
    "printf",
    "println",
    "base64decode",
    "true",
    "false",
    "nil",
];

/// The words of an action, without texts and brackets, and where it ends.
fn words_of(action: &str) -> Option<(Vec<&str>, usize)> {
    let (mut words, mut at) = (Vec::new(), 0);
    let bytes = action.as_bytes();
    loop {
        match bytes.get(at)? {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some((words, at + 2)),
            b' ' | b'\t' | b'\n' | b'\r' | b'(' | b')' | b'|' => at += 1,
            quote @ (b'"' | b'`' | b'\'') => {
                at += 1;
                while bytes.get(at)? != quote {
                    at += if bytes[at] == b'\\' && *quote != b'`' { 2 } else { 1 };
                }
                at += 1;
            }
            _ => {
                let end = action[at..].find([' ', '\t', '\n', '\r', '(', ')', '|', '"', '`', '\'', '}'])?;
                if end == 0 {
                    return None;
                }
                // What trims the text around it is no word.
                words.extend(Some(&action[at..at + end]).filter(|word| *word != "-"));
                at += end;
            }
        }
    }
}

/// What Go says of an `end` or an `else` that belongs to nothing, of blocks that nothing ends and of keywords with
/// nothing behind them, with the line; the engine lets all of this pass.
fn unbalanced(raw: &str) -> Option<String> {
    let mut open = 0;
    let mut at = 0;
    while let Some(begin) = raw[at..].find("{{").map(|begin| at + begin) {
        let inner = &raw[begin + 2..];
        // What is quoted, or a comment, ends nothing.
        let mut quote = None;
        let comment = inner.trim_start_matches("- ").starts_with("/*");
        let end = if comment {
            inner.find("*/").and_then(|end| inner[end..].find("}}").map(|close| end + close))
        } else {
            let mut escaped = false;
            inner.char_indices().find_map(|(at, c)| {
                match quote {
                    Some(open) if c == open && !escaped => quote = None,
                    None if matches!(c, '"' | '`' | '\'') => quote = Some(c),
                    None if inner[at..].starts_with("}}") => return Some(at),
                    _ => {}
                }
                escaped = c == '\\' && !escaped && quote != Some('`');
                None
            })
        };
        let end = begin + 2 + end?;
        let line = raw[..end].matches('\n').count() + 1;
        let action = if comment {
            ""
        } else {
            raw[begin + 2..end].trim_start_matches("- ").trim_end_matches(" -").trim()
        };
        let mut words = action.split_whitespace();
        match words.next() {
            Some(word @ ("if" | "range" | "with")) => {
                if words.next().is_none() {
                    return Some(format!("{line}: missing value for {word}"));
                }
                open += 1;
            }
            Some("block" | "define") => open += 1,
            Some(word @ ("end" | "else")) => {
                if open == 0 {
                    return Some(format!("{line}: unexpected {{{{{word}}}}}"));
                }
                open -= i32::from(word == "end");
            }
            _ => {}
        }
        at = end + 2;
    }
    (open > 0).then(|| format!("{}: unexpected EOF", raw.matches('\n').count() + 1))
}

/// kubectl's own functions.
fn with_functions(template: Template) -> Template {
    template
        .func("base64decode", |args: &[gotmpl::Value]| {
            let Some(text) = args.first().and_then(gotmpl::Value::as_str) else {
                return Err(gotmpl::TemplateError::Exec("expected string".to_string()));
            };
            match illegal_byte(text) {
                None => Ok(gotmpl::Value::String(base64_decode(text).into())),
                Some(at) => Err(gotmpl::TemplateError::Exec(format!(
                    "base64 decode failed: illegal base64 data at input byte {at}"
                ))),
            }
        })
        .func("exists", |args: &[gotmpl::Value]| match args {
            [] => Err(gotmpl::TemplateError::Exec("wrong number of args".to_string())),
            args => Ok(gotmpl::Value::Bool(exists(args))),
        })
}

/// Where Go's `base64.StdEncoding` stops, if it does: line ends count for nothing, a last group that is not whole is wrong
/// from its beginning.
fn illegal_byte(text: &str) -> Option<usize> {
    let bytes: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).collect();
    let end = bytes.iter().position(|(_, byte)| *byte == b'=').unwrap_or(bytes.len());
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if let Some((at, _)) = bytes[..end].iter().find(|(_, byte)| !digit(*byte)) {
        return Some(*at);
    }
    let padding = &bytes[end..];
    match (end % 4, padding) {
        (0, []) => None,
        (_, []) => Some(bytes[end - end % 4].0),
        (2, [_, (_, b'=')]) | (3, [_]) => None,
        (2, [_]) => Some(text.len()),
        (2 | 3, more) => Some(more.get(4 - end % 4).map_or(text.len(), |(at, _)| *at)),
        (_, [(at, _), ..]) => Some(*at),
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
    use kube::json;

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
    fn what_is_looked_at_is_told_where_it_is_all() {
        let told = |raw: &str, names: Option<&[&str]>| {
            let template = GoTemplate::parse(raw, true).expect("a template");
            assert_eq!(template.looks_at().as_deref(), names, "{raw}");
        };
        told("{{range .items}}{{.metadata.name}}{{\"\\n}}\"}}{{end}}", Some(&["items", "metadata", "name"]));
        told(
            "{{range $i, $pod := .items}}{{if eq (index $pod.metadata.labels \"app\") \"a\"}}{{$pod.spec}}{{end}}{{end}}",
            Some(&["items", "metadata", "labels", "spec"]),
        );
        told("a {{- len .items -}} b", Some(&["items"]));
        for raw in [
            "{{.}}",
            "{{range .items}}{{.}}{{end}}",
            "{{range .items}}{{.metadata}}{{end}}",
            "{{range .items}}{{with .metadata}}{{.name}}{{end}}{{end}}",
            "{{range $k, $v := .items}}{{$v}}{{end}}",
            "{{index .items 0}}",
            "{{(index .items 0).metadata}}",
            "{{range .items}}{{exists . \"spec\"}}{{end}}",
            "{{/* all */}}",
            "{{$.items}}",
        ] {
            told(raw, None);
        }
    }

    #[test]
    fn errors_are_gos() {
        check("{{.foo", "error parsing template {{.foo, template: output:1: unclosed action");
        check(
            "{{nosuch .items}}",
            "error parsing template {{nosuch .items}}, template: output:1: function \"nosuch\" not defined",
        );
        let failed = |template: &str, why: &str| {
            check(template, &format!("error executing template {template:?}: template: output:{why}"));
        };
        failed(
            "{{index .items 99}}",
            r#"1:2: executing "output" at <index .items 99>: error calling index: index out of range: 99"#,
        );
        failed(
            "{{range .spec.ports}}\n{{.port.x}}{{end}}",
            r#"2:7: executing "output" at <.port.x>: can't evaluate field x in type interface {}"#,
        );
        failed(
            "{{with .items}}{{.foo}}{{end}}",
            r#"1:17: executing "output" at <.foo>: can't evaluate field foo in type []interface {}"#,
        );
        failed(
            "{{\"??\" | base64decode}}",
            r#"1:9: executing "output" at <base64decode>: error calling base64decode: base64 decode failed: illegal base64 data at input byte 0"#,
        );
    }
}
