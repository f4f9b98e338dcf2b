//! What strict decoding says of a JSON text, in the order in which it stands there: fields that no table knows, and
//! fields that stand twice. A parsed value has forgotten both. Models `sigs.k8s.io/json`.

use crate::api::schema::{Struct, Type};

/// What was found before an object was decoded.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The sentences.
    pub list: Vec<String>,
    /// Whether unknown fields are among them already.
    pub complete: bool,
}

/// As many as are told.
const MOST: usize = 100;

/// Goes through a JSON text that is well-formed. Without a table only what stands twice is found.
pub(super) fn findings(text: &[u8], schema: Option<&'static Struct>) -> Findings {
    let mut walk = Walk { text, at: 0, path: String::new(), list: Vec::new() };
    walk.value(schema.map_or(Known::Nothing, Known::Fields));
    Findings { list: walk.list, complete: schema.is_some() }
}

/// The findings as sentences of an error: those of YAML, each a line, are one.
pub(super) fn sentences(list: &[String]) -> Vec<String> {
    let is_line = |finding: &&String| finding.starts_with("line ");
    let lines: String = list.iter().filter(is_line).map(|line| format!("\n  {line}")).collect();
    let yaml = (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:{lines}"));
    yaml.into_iter().chain(list.iter().filter(|finding| !is_line(finding)).cloned()).collect()
}

/// What is known of a value.
#[derive(Clone, Copy)]
enum Known {
    Fields(&'static Struct),
    /// Of each of its elements.
    Each(&'static Type),
    Elements(&'static Struct),
    Nothing,
}

impl Known {
    fn of(ty: &'static Type) -> Known {
        match ty {
            Type::Object(schema) | Type::Retain(schema) => Known::Fields(schema),
            Type::Keyed(schema, _) => Known::Elements(schema),
            Type::List(of) | Type::Set(of) | Type::MapOf(of) => Known::Each(of),
            _ => Known::Nothing,
        }
    }

    fn element(self) -> Known {
        match self {
            Known::Each(of) => Known::of(of),
            Known::Elements(schema) => Known::Fields(schema),
            _ => Known::Nothing,
        }
    }
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    path: String,
    list: Vec<String>,
}

impl Walk<'_> {
    fn space(&mut self) -> u8 {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn find(&mut self, what: &str) {
        let sentence = format!("{what} field {:?}", self.path);
        if self.list.len() < MOST && !self.list.contains(&sentence) {
            self.list.push(sentence);
        }
    }

    /// Passes a string; gives what stands between its quotes.
    fn string(&mut self) -> (usize, usize) {
        let start = self.at + 1;
        self.at = start;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let end = self.at.min(self.text.len());
        self.at = end + 1;
        (start, end)
    }

    fn value(&mut self, known: Known) {
        match self.space() {
            b'{' => self.object(known),
            b'[' => {
                self.at += 1;
                let outer = self.path.len();
                for index in 0.. {
                    if self.space() == b']' {
                        break;
                    }
                    self.path += &format!("[{index}]");
                    self.value(known.element());
                    self.path.truncate(outer);
                    if self.space() != b',' {
                        break;
                    }
                    self.at += 1;
                }
                self.at += 1;
            }
            b'"' => drop(self.string()),
            _ => {
                while self.text.get(self.at).is_some_and(|b| !matches!(b, b',' | b']' | b'}')) {
                    self.at += 1;
                }
            }
        }
    }

    fn object(&mut self, known: Known) {
        let outer = self.path.len();
        let mut seen: Vec<(usize, usize)> = Vec::new();
        self.at += 1;
        while self.space() == b'"' {
            let key = self.string();
            let text = self.text;
            let name = &text[key.0..key.1];
            if outer > 0 {
                self.path.push('.');
            }
            self.path += &String::from_utf8_lossy(name);
            self.space();
            self.at += 1;
            let below = match known {
                Known::Fields(schema) => {
                    schema.fields.iter().find(|field| field.name.as_bytes() == name).map(|f| Known::of(&f.ty))
                }
                other => Some(other.element()),
            };
            match below {
                // What is in it is not looked at.
                None => {
                    self.find("unknown");
                    let (path, told) = (std::mem::take(&mut self.path), self.list.len());
                    self.value(Known::Nothing);
                    self.list.truncate(told);
                    self.path = path;
                }
                Some(below) => {
                    if seen.iter().any(|(start, end)| &text[*start..*end] == name) {
                        self.find("duplicate");
                    }
                    seen.push(key);
                    self.value(below);
                }
            }
            self.path.truncate(outer);
            if self.space() != b',' {
                break;
            }
            self.at += 1;
            self.space();
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::POD;

    #[test]
    fn what_is_wrong_is_told_in_the_order_of_the_text() {
        let text = br#" {"spec": {"zzz": {"a": 1, "a": 2}, "containers": [{"name": "x"}, {"name": "a\"b", "imagee": [], "name": "c"}],
            "nodeSelector": {"a": "1", "a": "2"}}, "apiVersion": "v1", "aaa": null, "spec": {}, "aaa": -1.5e3}"#;
        let found = findings(text, Some(POD.schema));
        let expected = [
            r#"unknown field "spec.zzz""#,
            r#"unknown field "spec.containers[1].imagee""#,
            r#"duplicate field "spec.containers[1].name""#,
            r#"duplicate field "spec.nodeSelector.a""#,
            r#"unknown field "aaa""#,
            r#"duplicate field "spec""#,
        ];
        assert_eq!(found.list, expected);
        let found = findings(text, None);
        assert_eq!(found.list.len(), 5);
        assert!(!found.complete);
    }
}
