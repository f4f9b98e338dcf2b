//! Reading JSON, and lists of objects one after the other. What is not understood is not read: who asks then builds
//! the value, or learns why that cannot be.

use super::class::{self, STOP};
use super::{Kind, Tape};
use crate::json;
use serde_json::{Map, Number, Value};

/// As deep as values may be nested; deeper ones are left to those who say so.
const MAX_DEPTH: u32 = 100;

/// What is passed over in each object of a list.
#[derive(Clone, Copy)]
pub struct Hidden<'a> {
    /// Fields of the object.
    pub fields: &'static [&'static str],
    /// All fields of the object but these, if there are any.
    pub but: Option<&'a [&'a str]>,
    /// The same for the object in one of its fields.
    pub within: Option<(&'static str, &'a Hidden<'a>)>,
}

impl Hidden<'static> {
    /// Nothing.
    pub const NOTHING: Hidden<'static> = Hidden { fields: &[], but: None, within: None };
    /// Who manages which fields: nearly half of what is said of an object.
    pub const MANAGERS: Hidden<'static> = Hidden {
        within: Some(("metadata", &Hidden { fields: &["managedFields"], ..Hidden::NOTHING })),
        ..Hidden::NOTHING
    };
}

impl Hidden<'_> {
    fn hides(&self, name: &str) -> bool {
        self.fields.contains(&name) || self.is_other(name)
    }

    fn is_other(&self, name: &str) -> bool {
        self.but.is_some_and(|but| !but.contains(&name))
    }
}

/// A list, or a part of one, as the server sent it.
pub struct Page<'a> {
    text: &'a str,
    at: usize,
    hidden: Hidden<'a>,
    /// Pairs that each object begins with.
    head: &'a [(&'a str, &'a str)],
}

impl<'a> Page<'a> {
    /// The body of an answer. Each object that is in its list begins with `head`.
    pub fn of(bytes: &'a [u8], head: &'a [(&'a str, &'a str)], hidden: Hidden<'a>) -> Option<Page<'a>> {
        Some(Page { text: std::str::from_utf8(bytes).ok()?, at: 0, hidden, head })
    }

    /// Gives one object after the other, or one row of a table; then the rest of the answer, built, with an empty list
    /// in their place.
    pub fn read(mut self, each: &mut dyn FnMut(&Tape<'a>)) -> Option<Value> {
        let (mut tape, mut rest) = (Tape::default(), Map::new());
        self.take(b'{')?;
        loop {
            self.take(b'"')?;
            let (key, ..) = self.string()?;
            self.take(b':')?;
            let value = if matches!(key, "items" | "rows") {
                self.items(&mut tape, each)?;
                Value::Array(Vec::new())
            } else {
                tape.clear();
                self.value(&mut tape, 0)?;
                tape.value(0)
            };
            rest.insert(key.to_string(), value);
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        self.space();
        (self.at == self.text.len()).then_some(Value::Object(rest))
    }

    fn items(&mut self, tape: &mut Tape<'a>, each: &mut dyn FnMut(&Tape<'a>)) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.take(b'{')?;
            tape.clear();
            let begin = tape.begin(Kind::Object);
            for (key, value) in self.head.iter().filter(|(key, _)| !self.hidden.is_other(key)) {
                tape.text(key, class::of(key));
                tape.text(value, class::of(value));
            }
            self.fields(tape, begin, self.hidden, 1)?;
            each(tape);
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// The rest of a text whose first quote is behind: as it stands there, its class, and whether it has escapes.
    fn string(&mut self) -> Option<(&'a str, u8, bool)> {
        let text = self.text;
        let rest = &text.as_bytes()[self.at..];
        let (mut class, mut end, mut escapes) = (0, 0, false);
        loop {
            let byte = *rest.get(end)?;
            let what = class::OF[usize::from(byte)];
            if what & STOP != 0 {
                match byte {
                    b'"' => break,
                    b'\\' => {
                        escapes = true;
                        end += 1;
                    }
                    _ => return None,
                }
            }
            class |= what;
            end += 1;
        }
        let begin = self.at;
        self.at += end + 1;
        Some((text.get(begin..begin + end)?, class, escapes))
    }

    fn text(&mut self, tape: &mut Tape<'a>) -> Option<()> {
        let begin = self.at - 1;
        let (text, class, escapes) = self.string()?;
        if !escapes {
            tape.text(text, class);
            return Some(());
        }
        match json::read(self.text.as_bytes().get(begin..self.at)?) {
            Ok(Value::String(text)) => tape.own(Kind::Text, text),
            _ => return None,
        }
        Some(())
    }

    fn value(&mut self, tape: &mut Tape<'a>, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.text(tape)?;
            }
            b'{' => {
                self.at += 1;
                let begin = tape.begin(Kind::Object);
                self.fields(tape, begin, Hidden::NOTHING, depth + 1)?;
            }
            b'[' => {
                self.at += 1;
                let begin = tape.begin(Kind::Array);
                if self.peek()? == b']' {
                    self.at += 1;
                } else {
                    loop {
                        self.value(tape, depth + 1)?;
                        match self.next()? {
                            b',' => {}
                            b']' => break,
                            _ => return None,
                        }
                    }
                }
                tape.end(begin);
            }
            _ => self.word(tape)?,
        }
        Some(())
    }

    /// The fields of an object that has begun.
    fn fields(&mut self, tape: &mut Tape<'a>, begin: usize, hidden: Hidden<'_>, depth: u32) -> Option<()> {
        if self.peek()? == b'}' {
            self.at += 1;
            tape.end(begin);
            return Some(());
        }
        loop {
            self.take(b'"')?;
            let key = tape.nodes.len();
            self.text(tape)?;
            self.take(b':')?;
            let name = tape.str(key as u32);
            if hidden.hides(name) {
                tape.nodes.truncate(key);
                self.pass(tape, depth)?;
            } else if let Some((field, within)) = hidden.within
                && name == field
                && self.peek()? == b'{'
            {
                self.at += 1;
                let begin = tape.begin(Kind::Object);
                self.fields(tape, begin, *within, depth + 1)?;
            } else {
                self.value(tape, depth)?;
            }
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        tape.end(begin);
        Some(())
    }

    /// Passes over a value.
    fn pass(&mut self, tape: &mut Tape<'a>, depth: u32) -> Option<()> {
        if !matches!(self.peek()?, b'{' | b'[') {
            let end = tape.nodes.len();
            self.value(tape, depth)?;
            tape.nodes.truncate(end);
            return Some(());
        }
        let mut open = 0;
        let mut bytes = self.text.as_bytes()[self.at..].iter();
        loop {
            match bytes.next()? {
                b'"' => loop {
                    match bytes.next()? {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                },
                b'{' | b'[' => open += 1,
                b'}' | b']' => {
                    open -= 1;
                    if open == 0 {
                        self.at = self.text.len() - bytes.len();
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }

    fn word(&mut self, tape: &mut Tape<'a>) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let end =
            rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
        let word = &rest[..end.unwrap_or(rest.len())];
        let digits = word.strip_prefix('-').unwrap_or(word);
        let whole = (1..=18).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (!digits.starts_with('0') || word == "0");
        if whole || matches!(word, "null" | "true" | "false") {
            tape.word(word);
        } else {
            let number: Number = match json::read(word.as_bytes()) {
                Ok(Value::Number(number)) => number,
                _ => return None,
            };
            tape.own(Kind::Word, number.to_string());
        }
        self.at += word.len();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIDDEN: Hidden<'static> = Hidden { fields: &["kind", "apiVersion"], ..Hidden::MANAGERS };

    fn read(text: &str) -> Option<(Vec<String>, String)> {
        let mut items = Vec::new();
        let head = [("apiVersion", "v1"), ("kind", "Pod")];
        let rest = Page::of(text.as_bytes(), &head, HIDDEN)?.read(&mut |tape| {
            let mut text = String::new();
            json::write(&mut text, tape, "", 0);
            items.push(text);
        })?;
        Some((items, rest["metadata"]["continue"].as_str().unwrap_or("").to_string()))
    }

    #[test]
    fn rows_of_a_table_come_with_what_is_looked_at_in_their_objects() {
        let text = r#"{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[
            {"cells":["a"],"object":{"spec":{"b":1},"status":2,"metadata":{"name":"a","managedFields":[]}}}]}"#;
        let object = Hidden { but: Some(&["metadata", "spec"]), ..Hidden::MANAGERS };
        let hidden = Hidden { within: Some(("object", &object)), ..Hidden::NOTHING };
        let mut rows = Vec::new();
        let page = Page::of(text.as_bytes(), &[], hidden).expect("text");
        let rest = page.read(&mut |tape| rows.push(tape.value(0).to_string())).expect("a table");
        assert_eq!(rows, [r#"{"cells":["a"],"object":{"metadata":{"name":"a"},"spec":{"b":1}}}"#]);
        assert_eq!(rest.to_string(), r#"{"columnDefinitions":[{"name":"Name"}],"kind":"Table","rows":[]}"#);
    }

    #[test]
    fn objects_come_one_by_one_without_what_is_hidden() {
        let (items, token) = read(
            r#" {"kind":"PodList","metadata":{"continue":"next\u003d","remainingItemCount":1}, "items" : [
            {"kind":"X","metadata":{"name":"a","managedFields":[{"f:a":{"k:{\"b\":\"]\"}":{}}}],"labels":{"x":"1","x":"2"}}},
            {"a": [1, -2.50, 1e3, true, null, {}, [], "\"\ud83d\ude00"], "apiVersion": {"b": [3]}}]} "#,
        )
        .expect("a list");
        let expected = [
            "{\n\"apiVersion\": \"v1\",\n\"kind\": \"Pod\",\n\"metadata\": {\n\"labels\": {\n\"x\": \"2\"\n},\n\"name\": \"a\"\n}\n}",
            "{\n\"a\": [\n1,\n-2.5,\n1000.0,\ntrue,\nnull,\n{},\n[],\n\"\\\"😀\"\n],\n\"apiVersion\": \"v1\",\n\"kind\": \"Pod\"\n}",
        ];
        assert_eq!((items, token.as_str()), (expected.map(String::from).to_vec(), "next="));
    }

    #[test]
    fn what_is_no_list_is_not_read() {
        assert_eq!(read(r#"{"items":[]}"#), Some((Vec::new(), String::new())));
        let deep = format!("{{\"items\":[{{\"a\":{}1{}}}]}}", "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            "[]",
            "{}",
            r#"{"items":{}}"#,
            r#"{"items":[1]}"#,
            r#"{"items":[{"a":}]}"#,
            r#"{"items":[{"a":01}]}"#,
            r#"{"items":[{"a":"\x"}]}"#,
            "{\"items\":[{\"a\":\"\n\"}]}",
            r#"{"items":[{"a":1,}]}"#,
            r#"{"items":[{"a":1}]"#,
            r#"{"items":[{"a":1}]} x"#,
            r#"{"items":[{"metadata":{"managedFields":[}}]}"#,
            &deep,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
