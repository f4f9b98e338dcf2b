//! Reading JSON texts as they come, byte by byte. Models src/jv_parse.c, its complaints included.

use super::json::{Json, Number, Object};
use std::rc::Rc;

/// Nesting beyond which jq gives up; the real one goes ten times as deep.
const DEPTH: usize = 1_000;

enum Open {
    Array(Vec<Json>),
    Object(Object),
    /// An object and the key whose value comes next.
    Key(Object, Rc<str>),
}

#[derive(PartialEq)]
enum State {
    Normal,
    String,
    Escape,
}

/// A parser of a sequence of texts.
pub(super) struct Reader {
    open: Vec<Open>,
    next: Option<Json>,
    token: Vec<u8>,
    state: State,
    line: usize,
    column: usize,
}

impl Reader {
    pub(super) fn new() -> Reader {
        Reader { open: Vec::new(), next: None, token: Vec::new(), state: State::Normal, line: 1, column: 0 }
    }

    /// Takes bytes; gives each value when it is complete.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(super) fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Json)) -> Result<(), String> {
        let mut rest = bytes;
        while let [byte, behind @ ..] = rest {
            let run = self.run(rest);
            if run > 0 {
                self.column += run;
                rest = &rest[run..];
                continue;
            }
            rest = behind;
            self.column += 1;
            if *byte == b'\n' {
                self.line += 1;
                self.column = 0;
            }
            match self.scan(*byte) {
                Ok(None) => {}
                Ok(Some(value)) => each(value),
                Err(text) => return Err(format!("{text} at line {}, column {}", self.line, self.column)),
            }
        }
        Ok(())
    }

    /// Takes what is only kept, or counts for nothing: most of a text. Gives how many bytes.
    fn run(&mut self, bytes: &[u8]) -> usize {
        let until = |ends: fn(u8) -> bool| bytes.iter().position(|b| ends(*b)).unwrap_or(bytes.len());
        match self.state {
            State::String => {
                let run = until(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
                self.token.extend_from_slice(&bytes[..run]);
                run
            }
            State::Normal if self.token.is_empty() && !self.open.is_empty() => until(|byte| byte != b' '),
            _ => 0,
        }
    }

    /// The end; the last value may have waited for it.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn finish(&mut self) -> Result<Option<Json>, String> {
        let place = format!("at EOF at line {}, column {}", self.line, self.column);
        if self.state != State::Normal {
            return Err(format!("Unfinished string {place}"));
        }
        self.literal().map_err(|text| format!("{text} {place}"))?;
        if !self.open.is_empty() {
            return Err(format!("Unfinished JSON term {place}"));
        }
        Ok(self.next.take())
    }

    fn scan(&mut self, byte: u8) -> Result<Option<Json>, &'static str> {
        match self.state {
            State::String if byte == b'"' => {
                self.string()?;
                self.state = State::Normal;
                return Ok(self.done());
            }
            State::String => {
                self.token.push(byte);
                if byte == b'\\' {
                    self.state = State::Escape;
                }
            }
            State::Escape => {
                self.token.push(byte);
                self.state = State::String;
            }
            State::Normal => match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.literal()?;
                    return Ok(self.done());
                }
                b'"' => {
                    self.literal()?;
                    self.state = State::String;
                    return Ok(self.done());
                }
                b'[' | b'{' | b':' | b',' | b']' | b'}' => {
                    self.literal()?;
                    // A value before this one is complete, as in `1[2]`.
                    let before = self.done_before(byte);
                    self.structure(byte)?;
                    return Ok(before.or_else(|| self.done()));
                }
                byte => self.token.push(byte),
            },
        }
        Ok(None)
    }

    fn done(&mut self) -> Option<Json> {
        if self.open.is_empty() { self.next.take() } else { None }
    }

    fn done_before(&mut self, byte: u8) -> Option<Json> {
        if matches!(byte, b'[' | b'{') { self.done() } else { None }
    }

    fn value(&mut self, value: Json) -> Result<(), &'static str> {
        if self.next.is_some() {
            return Err("Expected separator between values");
        }
        self.next = Some(value);
        Ok(())
    }

    fn structure(&mut self, byte: u8) -> Result<(), &'static str> {
        match byte {
            b'[' | b'{' => {
                if self.open.len() >= DEPTH {
                    return Err("Exceeds depth limit for parsing");
                }
                if self.next.is_some() {
                    return Err("Expected separator between values");
                }
                self.open.push(if byte == b'[' {
                    Open::Array(Vec::new())
                } else {
                    Open::Object(Object::default())
                });
            }
            b':' => {
                let Some(key) = self.next.take() else { return Err("Expected string key before ':'") };
                match self.open.pop() {
                    Some(Open::Object(object)) => {
                        let Json::String(key) = key else { return Err("Object keys must be strings") };
                        self.open.push(Open::Key(object, key));
                    }
                    _ => return Err("':' not as part of an object"),
                }
            }
            b',' => {
                let Some(value) = self.next.take() else { return Err("Expected value before ','") };
                match self.open.pop() {
                    None => return Err("',' not as part of an object or array"),
                    Some(Open::Array(mut all)) => {
                        all.push(value);
                        self.open.push(Open::Array(all));
                    }
                    Some(Open::Key(mut object, key)) => {
                        object.set(key, value);
                        self.open.push(Open::Object(object));
                    }
                    Some(Open::Object(_)) => return Err("Objects must consist of key:value pairs"),
                }
            }
            b']' => {
                let Some(Open::Array(mut all)) = self.open.pop() else { return Err("Unmatched ']'") };
                match self.next.take() {
                    Some(value) => all.push(value),
                    None if !all.is_empty() => return Err("Expected another array element"),
                    None => {}
                }
                self.next = Some(Json::array(all));
            }
            _ => {
                let object = match (self.open.pop(), self.next.take()) {
                    (Some(Open::Key(mut object, key)), Some(value)) => {
                        object.set(key, value);
                        object
                    }
                    (Some(Open::Object(object)), None) if object.fields().is_empty() => object,
                    (Some(Open::Object(_)), None) => return Err("Expected another key-value pair"),
                    (None, _) | (_, None) => return Err("Unmatched '}'"),
                    _ => return Err("Objects must consist of key:value pairs"),
                };
                self.next = Some(Json::Object(Rc::new(object)));
            }
        }
        Ok(())
    }

    fn literal(&mut self) -> Result<(), &'static str> {
        if self.token.is_empty() {
            return Ok(());
        }
        let token = std::mem::take(&mut self.token);
        let value = match token[0] {
            b't' if token == b"true" => Json::Bool(true),
            b'f' if token == b"false" => Json::Bool(false),
            b'n' if token == b"null" => Json::Null,
            b't' | b'f' => return Err("Invalid literal"),
            b'n' if token.get(1) == Some(&b'u') => return Err("Invalid literal"),
            _ => {
                let text = std::str::from_utf8(&token).map_err(|_| "Invalid numeric literal")?;
                Json::Number(Number::parse(text).ok_or("Invalid numeric literal")?)
            }
        };
        self.value(value)
    }

    fn string(&mut self) -> Result<(), &'static str> {
        let mut token = std::mem::take(&mut self.token);
        let text: Rc<str> = match std::str::from_utf8(&token) {
            Ok(text) if token.iter().all(|byte| *byte != b'\\' && *byte >= 32) => text.into(),
            _ => unescape(&token)?.into(),
        };
        // The place is used again.
        token.clear();
        self.token = token;
        self.value(Json::String(text))
    }
}

/// What stands between quotation marks.
fn unescape(token: &[u8]) -> Result<String, &'static str> {
    let mut out = Vec::with_capacity(token.len());
    let mut at = 0;
    let hex = |at: usize| -> Option<u32> {
        let digits = token.get(at..at + 4)?;
        digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + char::from(*byte).to_digit(16)?))
    };
    while at < token.len() {
        let byte = token[at];
        at += 1;
        if byte != b'\\' {
            if byte < 32 {
                return Err("Invalid string: control characters from U+0000 through U+001F must be escaped");
            }
            out.push(byte);
            continue;
        }
        let escape = token.get(at).copied().unwrap_or(0);
        at += 1;
        match escape {
            b'\\' | b'"' | b'/' => out.push(escape),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b'u' => {
                if at + 4 > token.len() {
                    return Err("Invalid \\uXXXX escape");
                }
                let mut code = hex(at).ok_or("Invalid characters in \\uXXXX escape")?;
                at += 4;
                if (0xD800..0xDC00).contains(&code) {
                    let low = (token.get(at..at + 2) == Some(b"\\u")).then(|| hex(at + 2)).flatten();
                    let Some(low) = low.filter(|low| (0xDC00..0xE000).contains(low)) else {
                        return Err("Invalid \\uXXXX\\uXXXX surrogate pair escape");
                    };
                    at += 6;
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                }
                let c = char::from_u32(code).unwrap_or('\u{fffd}');
                out.extend(c.encode_utf8(&mut [0; 4]).bytes());
            }
            _ => return Err("Invalid escape"),
        }
    }
    Ok(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Reads one text, as `fromjson` does.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Json, String> {
    let mut reader = Reader::new();
    let wrong = |error: String| format!("{error} (while parsing '{text}')");
    let mut values = Vec::new();
    reader.feed(text.as_bytes(), &mut |value| values.push(value)).map_err(wrong)?;
    values.extend(reader.finish().map_err(wrong)?);
    match values.pop() {
        Some(_) if !values.is_empty() => Err(wrong("Unexpected extra JSON values".into())),
        last => Ok(last.unwrap_or(Json::Null)),
    }
}
