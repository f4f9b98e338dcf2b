//! Writing, with go-yaml v2's choice of quotes, line breaks and key order.
//!
//! Models `go.yaml.in/yaml/v2/{encode,emitterc,sorter}.go`.

use super::resolve::needs_quotes;
use crate::tape::{Kind, Tape, class};
use serde_json::{Map, Value};
use sim::Ordered;
use std::cmp::Ordering;

/// Lines are folded at spaces past this column.
const BEST_WIDTH: usize = 80;

/// The beginning of most lines.
const LINE: &str = "\n                                ";

/// Writes a document.
pub fn emit(value: &Value) -> String {
    let mut writer = Writer::default();
    writer.node(&Tape::of(value), 0, -1, Place::Root);
    if !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    writer.out
}

/// Writes a value as one of a sequence that is no further to the right than what it belongs to.
pub fn item(out: &mut String, tape: &Tape<'_>) {
    let mut writer = Writer { out: std::mem::take(out), ..Writer::default() };
    writer.line(0);
    writer.push("- ");
    writer.node(tape, 0, 0, Place::Item);
    *out = writer.out;
}

/// Fields in go-yaml's order: letters after everything else, runs of digits by their number.
pub fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = map.iter().collect();
    // Letters alone are in order as the map has them.
    if !map.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        fields.order_by(|(a, _), (b, _)| compare_keys(a, b));
    }
    fields
}

fn compare_keys(a: &str, b: &str) -> Ordering {
    let mut same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    while !a.is_char_boundary(same) {
        same -= 1;
    }
    let (x, y) = (&a[same..], &b[same..]);
    // Nearly always these are letters.
    if let ([first, ..], [second, ..]) = (x.as_bytes(), y.as_bytes())
        && first.is_ascii_alphabetic()
        && second.is_ascii_alphabetic()
    {
        return first.cmp(second);
    }
    let (Some(first), Some(second)) = (x.chars().next(), y.chars().next()) else {
        return a.len().cmp(&b.len());
    };
    match (first.is_alphabetic(), second.is_alphabetic()) {
        (true, true) => return first.cmp(&second),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut start = 0u64;
    if first == '0' || second == '0' {
        let mut before = a[..same].bytes().rev().take_while(u8::is_ascii_digit);
        start = u64::from(before.any(|digit| digit != b'0'));
    }
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit);
        digits.fold((start, 0usize), |(n, len), digit| {
            (n.saturating_mul(10).saturating_add(u64::from(digit - b'0')), len + 1)
        })
    };
    let ((an, alen), (bn, blen)) = (number(x), number(y));
    an.cmp(&bn).then(alen.cmp(&blen)).then(first.cmp(&second))
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    /// After `key:`.
    Value,
    /// After `- `.
    Item,
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Where the last line begins.
    line: usize,
    /// What is being written: the places of all values, or keys, that stand around.
    places: Vec<u32>,
    /// The last text that needed quotes.
    quoted: String,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self, indent: usize) {
        self.line = self.out.len() + 1;
        self.out.push_str(&LINE[..LINE.len().min(indent + 1)]);
        for _ in LINE.len()..indent + 1 {
            self.out.push(' ');
        }
    }

    /// Whether the last line is so long that the next space ends it.
    fn is_past_best_width(&self) -> bool {
        self.out[self.line..].chars().count() > BEST_WIDTH
    }

    fn node(&mut self, tape: &Tape<'_>, at: u32, indent: isize, place: Place) {
        let kind = tape.kind(at);
        let from = self.places.len();
        match kind {
            Kind::Object => tape.keys(at, &mut self.places, compare_keys),
            Kind::Array => tape.items(at, &mut self.places),
            Kind::Word | Kind::Text => {}
        }
        if self.places.len() == from {
            if place == Place::Value {
                self.push(" ");
            }
            return match kind {
                Kind::Object => self.push("{}"),
                Kind::Array => self.push("[]"),
                Kind::Word => self.push(tape.str(at)),
                Kind::Text => self.string(tape.str(at), tape.class(at), indent.max(-1), false),
            };
        }
        let own = match place {
            Place::Root => 0,
            // Sequences inside mappings are not indented.
            Place::Value if kind == Kind::Array => indent,
            Place::Value | Place::Item => indent + 2,
        };
        for index in from..self.places.len() {
            let at = self.places[index];
            if index > from || place == Place::Value {
                self.line(usize::try_from(own).unwrap_or(0));
            }
            if kind == Kind::Array {
                self.push("- ");
                self.node(tape, at, own, Place::Item);
            } else {
                self.string(tape.str(at), tape.class(at), own, true);
                self.push(":");
                self.node(tape, at + 1, own, Place::Value);
            }
        }
        self.places.truncate(from);
    }

    fn string(&mut self, text: &str, class: u8, indent: isize, key: bool) {
        if is_plain(text, class) {
            return self.push(text);
        }
        let simple = class & class::OTHER == 0;
        // Digits alone are a number; all else has to be looked at.
        if simple && (class & class::NO_DIGIT == 0 || self.quoted == text || needs_quotes(text)) {
            self.push("\"");
            self.push(text);
            self.push("\"");
            // What happens at once is told with the same time many times.
            self.quoted.clear();
            return self.quoted.push_str(text);
        }
        let facts = Facts::of(text);
        let inner = usize::try_from(indent + 2).unwrap_or(0);
        if class & class::STOP != 0 && text.contains('\n') {
            if facts.block_allowed && !key {
                return self.literal(text, inner);
            }
            return self.double_quoted(text, inner, key);
        }
        if !simple && needs_quotes(text) {
            return self.double_quoted(text, inner, key);
        }
        if facts.plain_allowed && simple {
            return self.push(text);
        }
        if facts.plain_allowed {
            return self.folded(text, inner, key);
        }
        if facts.single_quoted_allowed {
            self.push("'");
            self.folded(&text.replace('\'', "''"), inner, key);
            return self.push("'");
        }
        self.double_quoted(text, inner, key);
    }

    /// Plain or single quoted: single spaces past the best width become line breaks.
    fn folded(&mut self, text: &str, indent: usize, key: bool) {
        let mut from = 0;
        for (at, _) in text.match_indices(' ') {
            self.push(&text[from..at]);
            let (before, after) = (&text[..at], &text[at + 1..]);
            let alone =
                !before.is_empty() && !after.is_empty() && !before.ends_with(' ') && !after.starts_with(' ');
            if alone && !key && self.is_past_best_width() {
                self.line(indent);
            } else {
                self.push(" ");
            }
            from = at + 1;
        }
        self.push(&text[from..]);
    }

    fn double_quoted(&mut self, text: &str, indent: usize, key: bool) {
        self.push("\"");
        let chars: Vec<char> = text.chars().collect();
        let mut spaces = false;
        for (i, &c) in chars.iter().enumerate() {
            match c {
                ' ' => {
                    if !key && !spaces && i > 0 && i + 1 < chars.len() && self.is_past_best_width() {
                        self.line(indent);
                        if chars[i + 1] == ' ' {
                            self.push("\\");
                        }
                    } else {
                        self.push(" ");
                    }
                    spaces = true;
                    continue;
                }
                '\0' => self.push("\\0"),
                '\x07' => self.push("\\a"),
                '\x08' => self.push("\\b"),
                '\t' => self.push("\\t"),
                '\n' => self.push("\\n"),
                '\x0b' => self.push("\\v"),
                '\x0c' => self.push("\\f"),
                '\r' => self.push("\\r"),
                '\x1b' => self.push("\\e"),
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\u{85}' => self.push("\\N"),
                '\u{a0}' => self.push("\\_"),
                '\u{2028}' => self.push("\\L"),
                '\u{2029}' => self.push("\\P"),
                c if is_printable(c) => self.push(c.encode_utf8(&mut [0; 4])),
                c if (c as u32) <= 0xff => self.push(&format!("\\x{:02X}", c as u32)),
                c if (c as u32) <= 0xffff => self.push(&format!("\\u{:04X}", c as u32)),
                c => self.push(&format!("\\U{:08X}", c as u32)),
            }
            spaces = false;
        }
        self.push("\"");
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.push("|");
        if text.starts_with([' ', '\n']) {
            self.push("2");
        }
        if !text.ends_with('\n') {
            self.push("-");
        } else if text == "\n" || text.ends_with("\n\n") {
            self.push("+");
        }
        let body = text.strip_suffix('\n').unwrap_or(text);
        for line in body.split('\n') {
            if line.is_empty() {
                self.line(0);
            } else {
                self.line(indent);
                self.push(line);
            }
        }
    }
}

/// Whether a text begins with a letter, has nothing special in it, and means itself: nearly all keys and many values.
fn is_plain(text: &str, class: u8) -> bool {
    class & class::OTHER == 0
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && (text.len() > 5 || class & class::NO_LETTER != 0 || !needs_quotes(text))
        && !(class & class::COLON != 0 && text.ends_with(':'))
}

/// What a scalar's characters allow. Models `yaml_emitter_analyze_scalar`.
struct Facts {
    plain_allowed: bool,
    single_quoted_allowed: bool,
    block_allowed: bool,
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

impl Facts {
    fn of(text: &str) -> Facts {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut space_break, mut break_space) = (false, false, false);
        let mut before = '\0';
        let mut after_blank = true;
        for (at, c) in text.char_indices() {
            let blank_follows = || {
                let rest = &text[at + c.len_utf8()..];
                rest.is_empty() || rest.starts_with(BLANKS)
            };
            if at == 0 {
                match c {
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                    | '@' | '`' => indicators = true,
                    '?' | ':' | '-' => indicators |= blank_follows(),
                    _ => {}
                }
            } else {
                match c {
                    ':' => indicators |= blank_follows(),
                    '#' => indicators |= after_blank,
                    _ => {}
                }
            }
            special |= !is_printable(c) && c != '\n';
            break_space |= c == ' ' && before == '\n';
            space_break |= c == '\n' && before == ' ';
            after_blank = BLANKS.contains(&c);
            before = c;
        }
        let edges = text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']);
        Facts {
            plain_allowed: !edges && !indicators && !special && !space_break && !text.contains('\n'),
            single_quoted_allowed: !break_space && !space_break && !special,
            block_allowed: !text.ends_with(' ') && !space_break && !special,
        }
    }
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && c != '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: &Value, text: &str) {
        assert_eq!(emit(value), text);
    }

    #[test]
    fn quotes_are_go_yamls() {
        check(
            &json!({"a": "<b>&", "aa": "<<", "b": "yes", "c": "- x", "d": "1e3", "e": "a: b", "g": "x\ny",
                "h": "0x1f", "i": "~", "j": "{a}", "k": "it's", "l": "\"q", "m": "#x", "n": "a #b", "o": " lead",
                "p": "", "q": "2026-01-01", "r": "12:30", "s": "é", "t": ".5", "u": "1_000", "v": "y", "w": "%a",
                "x": "@a", "y": "a:", "z": "="}),
            r#"a: <b>&
aa: <<
b: "yes"
c: '- x'
d: "1e3"
e: 'a: b'
g: |-
  x
  y
h: "0x1f"
i: "~"
j: '{a}'
k: it's
l: '"q'
m: '#x'
"n": 'a #b'
o: ' lead'
p: ""
q: "2026-01-01"
r: "12:30"
s: é
t: ".5"
u: "1_000"
v: "y"
w: '%a'
x: '@a'
"y": 'a:'
z: =
"#,
        );
    }

    #[test]
    fn sequences_are_not_indented_in_mappings() {
        check(
            &json!({"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 81}], "list": [[1, 2], []], "e": {}}}),
            "spec:\n  e: {}\n  list:\n  - - 1\n    - 2\n  - []\n  ports:\n  - name: a\n    port: 80\n  - port: 81\n",
        );
    }

    #[test]
    fn keys_sort_by_their_numbers() {
        let value = json!({"a10": 1, "a2": 1, "f:x": 1, ".": 1, "B": 1});
        let fields = sorted(value.as_object().expect("an object"));
        let keys: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, [".", "B", "a2", "a10", "f:x"]);
    }

    #[test]
    fn long_texts_fold_past_80_columns() {
        check(
            &json!({"status": {"message": "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found"}}),
            "status:\n  message: '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are\n    available: 3 No preemption victims found'\n",
        );
    }
}
