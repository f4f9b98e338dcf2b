//! What Go's `encoding/json` says about bytes that are no JSON: kubectl and the API server show its sentences.
//! Models `encoding/json/scanner.go`.

use serde_json::Value;

/// The value that bytes are. They are read as text: what reads bytes checks each of their strings by itself, and would
/// be in the page a second time.
///
/// # Errors
/// They are no JSON, or no text.
pub fn read(bytes: &[u8]) -> serde_json::Result<Value> {
    parse(std::str::from_utf8(bytes).map_err(serde::de::Error::custom)?)
}

/// The value that a text is. Everybody's: each crate that calls the parser itself has it in the page once more.
///
/// # Errors
/// It is no JSON.
pub fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text)
}

/// Why bytes are no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A byte that cannot stand where it stands.
    Syntax {
        /// How many bytes were read, the wrong one included.
        offset: usize,
        /// `invalid character 'x' looking for beginning of value`.
        message: String,
    },
    /// The bytes end before the value does.
    End,
}

/// As deep as values may be nested.
const MAX_DEPTH: usize = 10_000;

/// What the next byte is for.
#[derive(Clone, Copy)]
enum Step {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    AfterValue,
    Text,
    Escape,
    Hex(u8),
    Minus,
    Whole,
    Zero,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
    Literal(&'static str, usize),
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Key,
    Field,
    Array,
}

struct Scanner {
    step: Step,
    inside: Vec<Inside>,
}

/// Finds the end of the first value.
///
/// # Errors
/// The first mistake before that end.
pub fn first_value(bytes: &[u8]) -> Result<usize, Mistake> {
    let mut scanner = Scanner { step: Step::Value, inside: Vec::new() };
    for (index, byte) in bytes.iter().enumerate() {
        // A number ends before the byte that is not part of it.
        if scanner.is_done() && !scanner.goes_on(*byte) {
            return Ok(index);
        }
        scanner.take(*byte).map_err(|context| Mistake::Syntax {
            offset: index + 1,
            message: format!("invalid character {} {context}", quoted(*byte)),
        })?;
        if scanner.is_done() && matches!(scanner.step, Step::AfterValue) {
            return Ok(index + 1);
        }
    }
    if scanner.is_done() { Ok(bytes.len()) } else { Err(Mistake::End) }
}

/// Checks that there is one value and nothing else, as `json.Unmarshal` does.
///
/// # Errors
/// The first mistake.
pub fn check(bytes: &[u8]) -> Result<(), Mistake> {
    let end = first_value(bytes)?;
    match bytes[end..].iter().position(|byte| !is_space(*byte)) {
        None => Ok(()),
        Some(index) => Err(Mistake::Syntax {
            offset: end + index + 1,
            message: format!("invalid character {} after top-level value", quoted(bytes[end + index])),
        }),
    }
}

impl Mistake {
    /// As `json.Unmarshal` says it.
    pub fn sentence(&self) -> &str {
        match self {
            Mistake::Syntax { message, .. } => message,
            Mistake::End => "unexpected end of JSON input",
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The byte as Go shows it.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_string(),
        b'"' => "'\"'".to_string(),
        b'\\' => r"'\\'".to_string(),
        b'\n' => r"'\n'".to_string(),
        b'\r' => r"'\r'".to_string(),
        b'\t' => r"'\t'".to_string(),
        0x07 => r"'\a'".to_string(),
        0x08 => r"'\b'".to_string(),
        0x0b => r"'\v'".to_string(),
        0x0c => r"'\f'".to_string(),
        0..=0x1f | 0x7f => format!(r"'\x{byte:02x}'"),
        // Not printable in Latin-1: controls, the no-break space, the soft hyphen.
        0x80..=0xa0 | 0xad => format!(r"'\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

impl Scanner {
    /// Whether the value is complete, unless it is a number that goes on.
    fn is_done(&self) -> bool {
        use Step::{AfterValue, Fraction, Power, Whole, Zero};
        self.inside.is_empty() && matches!(self.step, AfterValue | Whole | Zero | Fraction | Power)
    }

    /// Whether the byte still belongs to the number that is being read.
    fn goes_on(&self, byte: u8) -> bool {
        match self.step {
            Step::Whole => byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E'),
            Step::Zero => matches!(byte, b'.' | b'e' | b'E'),
            Step::Fraction => byte.is_ascii_digit() || matches!(byte, b'e' | b'E'),
            Step::Power => byte.is_ascii_digit(),
            _ => false,
        }
    }

    fn open(&mut self, inside: Inside, step: Step) -> Result<Step, &'static str> {
        self.inside.push(inside);
        if self.inside.len() > MAX_DEPTH { Err("exceeded max depth") } else { Ok(step) }
    }

    fn close(&mut self) -> Step {
        self.inside.pop();
        Step::AfterValue
    }

    /// Takes one byte; gives what it is not good for.
    fn take(&mut self, byte: u8) -> Result<(), &'static str> {
        self.step = match self.step {
            step @ (Step::Value | Step::ValueOrEnd | Step::Key | Step::KeyOrEnd | Step::AfterValue)
                if is_space(byte) =>
            {
                step
            }
            Step::ValueOrEnd if byte == b']' => self.close(),
            Step::Value | Step::ValueOrEnd => match byte {
                b'{' => self.open(Inside::Key, Step::KeyOrEnd)?,
                b'[' => self.open(Inside::Array, Step::ValueOrEnd)?,
                b'"' => Step::Text,
                b'-' => Step::Minus,
                b'0' => Step::Zero,
                b'1'..=b'9' => Step::Whole,
                b't' => Step::Literal("true", 1),
                b'f' => Step::Literal("false", 1),
                b'n' => Step::Literal("null", 1),
                _ => return Err("looking for beginning of value"),
            },
            Step::KeyOrEnd if byte == b'}' => self.close(),
            Step::Key | Step::KeyOrEnd => match byte {
                b'"' => Step::Text,
                _ => return Err("looking for beginning of object key string"),
            },
            Step::AfterValue => self.after_value(byte)?,
            Step::Text => match byte {
                b'"' => Step::AfterValue,
                b'\\' => Step::Escape,
                0..=0x1f => return Err("in string literal"),
                _ => Step::Text,
            },
            Step::Escape => match byte {
                b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Step::Text,
                b'u' => Step::Hex(3),
                _ => return Err("in string escape code"),
            },
            Step::Hex(_) if !byte.is_ascii_hexdigit() => return Err("in \\u hexadecimal character escape"),
            Step::Hex(0) => Step::Text,
            Step::Hex(left) => Step::Hex(left - 1),
            Step::Minus => match byte {
                b'0' => Step::Zero,
                b'1'..=b'9' => Step::Whole,
                _ => return Err("in numeric literal"),
            },
            Step::Point if byte.is_ascii_digit() => Step::Fraction,
            Step::Point => return Err("after decimal point in numeric literal"),
            Step::Exponent if matches!(byte, b'+' | b'-') => Step::Sign,
            Step::Exponent | Step::Sign if byte.is_ascii_digit() => Step::Power,
            Step::Exponent | Step::Sign => return Err("in exponent of numeric literal"),
            step @ (Step::Whole | Step::Zero | Step::Fraction | Step::Power) => match byte {
                _ if !self.goes_on(byte) => {
                    if is_space(byte) {
                        Step::AfterValue
                    } else {
                        self.after_value(byte)?
                    }
                }
                b'.' => Step::Point,
                b'e' | b'E' => Step::Exponent,
                _ => step,
            },
            Step::Literal(word, at) => match (word.as_bytes().get(at), word.len() - at) {
                (Some(expected), 1) if *expected == byte => Step::AfterValue,
                (Some(expected), _) if *expected == byte => Step::Literal(word, at + 1),
                _ => return Err(expecting(word, at)),
            },
        };
        Ok(())
    }

    fn after_value(&mut self, byte: u8) -> Result<Step, &'static str> {
        Ok(match (self.inside.last(), byte) {
            (Some(Inside::Key), b':') => {
                self.turn(Inside::Field);
                Step::Value
            }
            (Some(Inside::Key), _) => return Err("after object key"),
            (Some(Inside::Field), b',') => {
                self.turn(Inside::Key);
                Step::Key
            }
            (Some(Inside::Field), b'}') | (Some(Inside::Array), b']') => self.close(),
            (Some(Inside::Field), _) => return Err("after object key:value pair"),
            (Some(Inside::Array), b',') => Step::Value,
            (Some(Inside::Array), _) => return Err("after array element"),
            (None, _) => return Err("after top-level value"),
        })
    }

    fn turn(&mut self, to: Inside) {
        if let Some(inside) = self.inside.last_mut() {
            *inside = to;
        }
    }
}

fn expecting(word: &str, at: usize) -> &'static str {
    match (word, at) {
        ("true", 1) => "in literal true (expecting 'r')",
        ("true", 2) => "in literal true (expecting 'u')",
        ("true", _) => "in literal true (expecting 'e')",
        ("false", 1) => "in literal false (expecting 'a')",
        ("false", 2) => "in literal false (expecting 'l')",
        ("false", 3) => "in literal false (expecting 's')",
        ("false", _) => "in literal false (expecting 'e')",
        (_, 1) => "in literal null (expecting 'u')",
        _ => "in literal null (expecting 'l')",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_as_go_tells_them() {
        let cases: &[(&str, usize, &str)] = &[
            ("{a: 1", 2, "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", 6, "invalid character '1' after object key"),
            ("{\"a\": 1,}", 9, "invalid character '}' looking for beginning of object key string"),
            ("{\"a\": 01}", 8, "invalid character '1' after object key:value pair"),
            ("{\"a\": 1.}", 9, "invalid character '}' after decimal point in numeric literal"),
            ("{\"a\": 1e}", 9, "invalid character '}' in exponent of numeric literal"),
            ("{\"a\": -}", 8, "invalid character '}' in numeric literal"),
            ("{\"a\": tru}", 10, "invalid character '}' in literal true (expecting 'e')"),
            ("{\"a\": \"\\q\"}", 9, "invalid character 'q' in string escape code"),
            ("{\"a\": \"\\u12g4\"}", 12, "invalid character 'g' in \\u hexadecimal character escape"),
            ("{\"a\": \"x\ny\"}", 9, "invalid character '\\n' in string literal"),
            ("{\"a\": [1 2]}", 10, "invalid character '2' after array element"),
            ("{\"a\": \u{1}}", 7, "invalid character '\\x01' looking for beginning of value"),
            ("{\"a\": 'x'}", 7, "invalid character '\\'' looking for beginning of value"),
            ("{} x", 4, "invalid character 'x' after top-level value"),
            ("nul1", 4, "invalid character '1' in literal null (expecting 'l')"),
        ];
        for (text, offset, message) in cases {
            let expected = Mistake::Syntax { offset: *offset, message: (*message).to_string() };
            assert_eq!(check(text.as_bytes()), Err(expected), "{text}");
        }
        assert_eq!(check(b"{\"a\": 1"), Err(Mistake::End));
        assert_eq!(check(b""), Err(Mistake::End));
    }

    #[test]
    fn values_end_where_they_end() {
        assert_eq!(first_value(b" {\"a\": [1, -2.5e+3, \"\\u00e9\"]}} x"), Ok(30));
        assert_eq!(first_value(b"12 13"), Ok(2));
        assert_eq!(first_value(b"0.50"), Ok(4));
        assert_eq!(check(b" [] \n"), Ok(()));
        assert_eq!(check(b"null"), Ok(()));
    }

    #[test]
    fn depth_has_an_end() {
        let deep = "[".repeat(MAX_DEPTH + 1);
        let message = "invalid character '[' exceeded max depth".to_string();
        assert_eq!(check(deep.as_bytes()), Err(Mistake::Syntax { offset: MAX_DEPTH + 1, message }));
    }
}
