//! JSON as Go's `encoding/json` writes it: HTML characters escaped, indentation of the caller's choice.

use super::escape::{escape_html, push_string};
use crate::tape::{Kind, Tape, class};
use serde_json::Value;

/// Indented; without a line feed at the end.
pub fn indented(value: &Value, indent: &str) -> String {
    let mut text = String::new();
    write(&mut text, &Tape::of(value), indent, 0);
    text
}

/// The same behind what is there, so many steps to the right.
pub fn write(text: &mut String, tape: &Tape<'_>, indent: &str, depth: usize) {
    Writer { text, tape, indent, line: "\n".to_string(), places: Vec::new() }.node(0, depth);
}

struct Writer<'a> {
    text: &'a mut String,
    tape: &'a Tape<'a>,
    indent: &'a str,
    /// The beginning of a line that is as far to the right as any was.
    line: String,
    /// What is being written: the places of all values, or keys, that stand around.
    places: Vec<u32>,
}

impl Writer<'_> {
    fn node(&mut self, at: u32, depth: usize) {
        let kind = self.tape.kind(at);
        let (from, begin, end) =
            (self.places.len(), self.text.len(), if kind == Kind::Array { ']' } else { '}' });
        match kind {
            Kind::Word => return self.text.push_str(self.tape.str(at)),
            Kind::Text => return self.string(at),
            Kind::Array => self.tape.items(at, &mut self.places),
            Kind::Object => self.tape.keys(at, &mut self.places, str::cmp),
        }
        self.text.push(if kind == Kind::Array { '[' } else { '{' });
        for index in from..self.places.len() {
            let mut at = self.places[index];
            if self.text.len() > begin + 1 {
                self.text.push(',');
            }
            self.line(depth + 1);
            if kind == Kind::Object {
                self.string(at);
                self.text.push_str(": ");
                at += 1;
            }
            self.node(at, depth + 1);
        }
        if self.text.len() > begin + 1 {
            self.line(depth);
        }
        self.text.push(end);
        self.places.truncate(from);
    }

    fn line(&mut self, depth: usize) {
        let length = 1 + depth * self.indent.len();
        while self.line.len() < length {
            self.line.push_str(self.indent);
        }
        self.text.push_str(&self.line[..length]);
    }

    fn string(&mut self, at: u32) {
        let string = self.tape.str(at);
        if self.tape.class(at) & class::ESCAPED != 0 {
            return push_string(self.text, string);
        }
        self.text.push('"');
        self.text.push_str(string);
        self.text.push('"');
    }
}

/// On one line.
pub fn compact(value: &Value) -> String {
    escape_html(&value.to_string())
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
}
