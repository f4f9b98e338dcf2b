//! JSON told apart but not built: its values one behind the other, as they are met, with texts that stay where they
//! are. Who prints whole objects needs no more: a thousand pods as values are a hundred thousand allocations.

mod read;

use serde_json::{Map, Value};
use std::cmp::Ordering;

pub use read::{Hidden, Page};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`, a truth value or a number, as it is written.
    Word,
    /// A text.
    Text,
    /// Pairs of a key and a value.
    Object,
    /// Values.
    Array,
}

/// What is in a text, in bits.
pub mod class {
    /// A colon.
    pub const COLON: u8 = 1;
    /// What is neither a colon nor in nearly all keys: no letter, digit, `-`, `.`, `/` or `_`.
    pub const OTHER: u8 = 2;
    /// A character that JSON as Go writes it escapes, perhaps.
    pub const ESCAPED: u8 = 4;
    /// No digit.
    pub const NO_DIGIT: u8 = 8;
    /// No letter.
    pub const NO_LETTER: u8 = 16;
    /// What ends a text in JSON, or cannot be in one as it is.
    pub const STOP: u8 = 32;

    /// What each byte is. A table, since every byte that is printed is looked at, once.
    pub static OF: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < table.len() {
            table[byte] = match byte as u8 {
                b'a'..=b'z' | b'A'..=b'Z' => NO_DIGIT,
                b'0'..=b'9' => NO_LETTER,
                b'-' | b'.' | b'/' | b'_' => NO_DIGIT | NO_LETTER,
                b':' => COLON | NO_DIGIT | NO_LETTER,
                b'"' | b'\\' | 0..=0x1f => STOP | ESCAPED | OTHER | NO_DIGIT | NO_LETTER,
                b'<' | b'>' | b'&' | 0xe2 => ESCAPED | OTHER | NO_DIGIT | NO_LETTER,
                _ => OTHER | NO_DIGIT | NO_LETTER,
            };
            byte += 1;
        }
        table
    };

    /// That of a text.
    pub fn of(text: &str) -> u8 {
        text.bytes().fold(0, |class, byte| class | OF[usize::from(byte)])
    }
}

#[derive(Clone, Copy)]
struct Node<'a> {
    text: &'a str,
    /// Where the node behind an object or an array is; the place of a text that is not as it came.
    next: u32,
    kind: Kind,
    class: u8,
}

/// The place of a node that has its text where it came from.
const THERE: u32 = u32::MAX;

/// One value and all that is in it.
#[derive(Default)]
pub struct Tape<'a> {
    nodes: Vec<Node<'a>>,
    /// Texts that were written with escapes.
    own: Vec<String>,
}

impl<'a> Tape<'a> {
    /// That of a value.
    pub fn of(value: &'a Value) -> Tape<'a> {
        let mut tape = Tape::default();
        tape.push(value);
        tape
    }

    fn push(&mut self, value: &'a Value) {
        match value {
            Value::Null => self.word("null"),
            Value::Bool(true) => self.word("true"),
            Value::Bool(false) => self.word("false"),
            Value::Number(number) => self.own(Kind::Word, number.to_string()),
            Value::String(text) => self.text(text, class::of(text)),
            Value::Array(items) => {
                let begin = self.begin(Kind::Array);
                items.iter().for_each(|item| self.push(item));
                self.end(begin);
            }
            Value::Object(map) => {
                let begin = self.begin(Kind::Object);
                for (key, value) in map {
                    self.text(key, class::of(key));
                    self.push(value);
                }
                self.end(begin);
            }
        }
    }

    /// The value at a place, built.
    pub fn value(&self, at: u32) -> Value {
        let mut places = Vec::new();
        match self.kind(at) {
            Kind::Text => Value::from(self.str(at)),
            Kind::Word => match self.str(at) {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                number => number.parse().map_or(Value::Null, Value::Number),
            },
            Kind::Array => {
                self.items(at, &mut places);
                places.into_iter().map(|item| self.value(item)).collect()
            }
            Kind::Object => {
                let mut map = Map::new();
                let (mut key, end) = (at + 1, self.behind(at));
                while key < end {
                    map.insert(self.str(key).to_string(), self.value(key + 1));
                    key = self.behind(key + 1);
                }
                Value::Object(map)
            }
        }
    }

    fn node(&mut self, kind: Kind, text: &'a str, class: u8, next: u32) {
        self.nodes.push(Node { text, next, kind, class });
    }

    fn word(&mut self, text: &'a str) {
        self.node(Kind::Word, text, 0, THERE);
    }

    fn text(&mut self, text: &'a str, class: u8) {
        self.node(Kind::Text, text, class, THERE);
    }

    fn own(&mut self, kind: Kind, text: String) {
        self.node(kind, "", class::of(&text), self.own.len() as u32);
        self.own.push(text);
    }

    fn begin(&mut self, kind: Kind) -> usize {
        self.node(kind, "", 0, 0);
        self.nodes.len() - 1
    }

    fn end(&mut self, begin: usize) {
        self.nodes[begin].next = self.nodes.len() as u32;
    }

    fn clear(&mut self) {
        self.nodes.clear();
        self.own.clear();
    }

    /// What a node is.
    pub fn kind(&self, at: u32) -> Kind {
        self.nodes[at as usize].kind
    }

    /// A text or a word.
    pub fn str(&self, at: u32) -> &str {
        let node = &self.nodes[at as usize];
        if node.next == THERE || !matches!(node.kind, Kind::Text | Kind::Word) {
            node.text
        } else {
            &self.own[node.next as usize]
        }
    }

    /// What is in a text.
    pub fn class(&self, at: u32) -> u8 {
        self.nodes[at as usize].class
    }

    /// The node behind one and all that is in it.
    fn behind(&self, at: u32) -> u32 {
        match self.kind(at) {
            Kind::Object | Kind::Array => self.nodes[at as usize].next,
            _ => at + 1,
        }
    }

    /// Adds the places of an array's values.
    pub fn items(&self, at: u32, places: &mut Vec<u32>) {
        let (mut item, end) = (at + 1, self.behind(at));
        while item < end {
            places.push(item);
            item = self.behind(item);
        }
    }

    /// Adds the places of an object's keys in order, which is that of their bytes where they are letters; each value is
    /// behind its key. Of those that are the same, the last counts.
    pub fn keys(&self, at: u32, places: &mut Vec<u32>, compare: fn(&str, &str) -> Ordering) {
        let from = places.len();
        let (mut key, end) = (at + 1, self.behind(at));
        let mut classes = 0;
        while key < end {
            classes |= self.class(key);
            key = self.behind(key + 1);
        }
        // Letters alone are in the same order for all.
        let compare = if classes & (class::NO_LETTER | class::OTHER) == 0 { str::cmp } else { compare };
        key = at + 1;
        while key < end {
            let text = self.str(key);
            let is_before = |place: &u32| compare(self.str(*place), text) == Ordering::Less;
            let known = &places[from..];
            let place = match known.last() {
                Some(last) if !is_before(last) => from + known.partition_point(is_before),
                _ => places.len(),
            };
            match places.get_mut(place) {
                Some(other) if self.str(*other) == text => *other = key,
                _ => places.insert(place, key),
            }
            key = self.behind(key + 1);
        }
    }

    /// The value of an object's field.
    pub fn field(&self, at: u32, name: &str) -> Option<u32> {
        if self.kind(at) != Kind::Object {
            return None;
        }
        let (mut key, end, mut found) = (at + 1, self.behind(at), None);
        while key < end {
            if self.str(key) == name {
                found = Some(key + 1);
            }
            key = self.behind(key + 1);
        }
        found
    }
}
