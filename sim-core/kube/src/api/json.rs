//! [`json!`](crate::json!): a value written as it looks, with expressions in it. It reads as `serde_json`'s does,
//! which is code for each key and each value; here one text says what is constant, and one reader makes the value of it.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::Map;
pub use serde_json::Value;

/// A JSON value written in place: `json!({"kind": "Pod", "spec": {"nodeName": node}})`. Keys that are not literals
/// are a path, or stand in parentheses.
#[macro_export]
macro_rules! json {
    (null) => { $crate::api::json::Value::Null };
    ([]) => { $crate::api::json::Value::Array(::std::vec::Vec::new()) };
    ({}) => { $crate::api::json::Value::Object(::std::default::Default::default()) };
    ([ $($items:tt)+ ]) => { $crate::json!(@list ["[",] [] () $($items)+ ,) };
    ({ $($members:tt)+ }) => { $crate::json!(@object ["{",] [] () $($members)+ ,) };

    // What is gathered: the pieces of the text, the expressions, and around which lists and objects what still comes.
    (@object [$($text:tt)*] $slots:tt $outer:tt $(,)?) => { $crate::json!(@end [$($text)* "}",] $slots $outer) };
    (@object [$($text:tt)*] $slots:tt $outer:tt $key:literal : $($rest:tt)+) => {
        $crate::json!(@value object [$($text)* stringify!($key), ":",] $slots $outer $($rest)+)
    };
    (@object [$($text:tt)*] [$($slots:tt)*] $outer:tt ($key:expr) : $($rest:tt)+) => {
        $crate::json!(@value object [$($text)* "$:",] [$($slots)* &$key,] $outer $($rest)+)
    };
    (@object [$($text:tt)*] [$($slots:tt)*] $outer:tt $key:path : $($rest:tt)+) => {
        $crate::json!(@value object [$($text)* "$:",] [$($slots)* &$key,] $outer $($rest)+)
    };
    (@list [$($text:tt)*] $slots:tt $outer:tt $(,)?) => { $crate::json!(@end [$($text)* "]",] $slots $outer) };
    (@list $text:tt $slots:tt $outer:tt $($rest:tt)+) => { $crate::json!(@value list $text $slots $outer $($rest)+) };

    (@value $in:ident [$($text:tt)*] $slots:tt $outer:tt null, $($rest:tt)*) => {
        $crate::json!(@$in [$($text)* "null,",] $slots $outer $($rest)*)
    };
    (@value $in:ident [$($text:tt)*] $slots:tt $outer:tt $value:literal, $($rest:tt)*) => {
        $crate::json!(@$in [$($text)* stringify!($value), ",",] $slots $outer $($rest)*)
    };
    (@value $in:ident [$($text:tt)*] $slots:tt $outer:tt {$($members:tt)*}, $($rest:tt)*) => {
        $crate::json!(@object [$($text)* "{",] $slots ($in $outer $($rest)*) $($members)* ,)
    };
    (@value $in:ident [$($text:tt)*] $slots:tt $outer:tt [$($items:tt)*], $($rest:tt)*) => {
        $crate::json!(@list [$($text)* "[",] $slots ($in $outer $($rest)*) $($items)* ,)
    };
    (@value $in:ident [$($text:tt)*] [$($slots:tt)*] $outer:tt $value:expr, $($rest:tt)*) => {
        $crate::json!(@$in [$($text)* "$,",] [$($slots)* &$value,] $outer $($rest)*)
    };

    (@end [$($text:tt)*] [$($slots:tt)*] ()) => {
        $crate::api::json::build(concat!($($text)*), &[$($slots)*])
    };
    (@end [$($text:tt)*] $slots:tt ($in:ident $outer:tt $($rest:tt)*)) => {
        $crate::json!(@$in [$($text)* ",",] $slots $outer $($rest)*)
    };

    ($value:expr) => { $crate::api::json::ToJson::to_json(&$value) };
}

/// What can stand in a [`json!`](crate::json!).
pub trait ToJson {
    /// Its value.
    fn to_json(&self) -> Value;
}

/// What `json!` comes to: a text in which `$` is the next of the slots.
///
/// # Panics
/// The text is not as `json!` writes it, which is our bug.
pub fn build(text: &str, slots: &[&dyn ToJson]) -> Value {
    Reader { text, slots: slots.iter() }.value()
}

/// A value that is always the same, from a file.
///
/// # Panics
/// The text is not JSON, which is our bug.
pub fn constant(text: &str) -> Value {
    encoding::json::parse(text).expect("constants are JSON")
}

/// A map of these. A `BTreeMap` that is collected sorts first, and has the whole sort compiled anew for that.
pub fn map_of(members: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut map = Map::new();
    map.extend(members);
    map
}

struct Reader<'a> {
    /// What is left of it. A comma is behind each key's value and each item.
    text: &'a str,
    slots: std::slice::Iter<'a, &'a dyn ToJson>,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Value {
        match self.text.as_bytes()[0] {
            b'$' => {
                self.take(1);
                self.slots.next().expect("a slot for each expression").to_json()
            }
            b'{' => {
                self.take(1);
                let mut map = Map::new();
                while !self.ends() {
                    let Value::String(key) = self.value() else { panic!("json!: a key is not a text") };
                    self.take(1);
                    map.insert(key, self.value());
                    self.take(1);
                }
                Value::Object(map)
            }
            b'[' => {
                self.take(1);
                let mut list = Vec::new();
                while !self.ends() {
                    list.push(self.value());
                    self.take(1);
                }
                Value::Array(list)
            }
            b'"' => {
                self.take(1);
                Value::String(self.string())
            }
            _ => {
                let end = self.text.find(',').expect("a comma is behind each value");
                word(self.take(end))
            }
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.text.split_at(length);
        self.text = rest;
        taken
    }

    /// Whether the list or object ends here; then its bracket is taken.
    fn ends(&mut self) -> bool {
        let ends = matches!(self.text.as_bytes()[0], b'}' | b']');
        if ends {
            self.take(1);
        }
        ends
    }

    /// What is left of a literal of Rust, and its quote.
    fn string(&mut self) -> String {
        let mut string = String::new();
        loop {
            let end = self.text.bytes().position(|byte| matches!(byte, b'"' | b'\\'));
            string.push_str(self.take(end.expect("a quote is at the end")));
            if self.take(1) == "\"" {
                return string;
            }
            match self.take(1) {
                "n" => string.push('\n'),
                "\n" => self.text = self.text.trim_start(),
                quoted => string.push_str(quoted),
            }
        }
    }
}

/// A literal that is neither text nor list nor object.
fn word(word: &str) -> Value {
    match word {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number => match number.replace('_', "").parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => number.parse::<f64>().expect("a literal is text, number, null or a bool").into(),
        },
    }
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

impl ToJson for Map<String, Value> {
    fn to_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        self.as_str().to_json()
    }
}

impl ToJson for Cow<'_, str> {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(T::to_json).collect())
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl<T: ToJson + ?Sized> ToJson for Rc<T> {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

macro_rules! copied {
    ($($type:ty)*) => {
        $(impl ToJson for $type {
            fn to_json(&self) -> Value {
                Value::from(*self)
            }
        })*
    };
}

copied! { bool u8 u16 u32 u64 usize i32 i64 f64 }

#[cfg(test)]
mod tests {
    /// Both macros make the same of it.
    macro_rules! same {
        ($($json:tt)+) => { assert_eq!($crate::json!($($json)+), serde_json::json!($($json)+)) };
    }

    #[test]
    fn is_what_serde_makes() {
        const KEY: &str = "const";
        let (name, list, value) = ("node1".to_string(), vec!["a", "b"], serde_json::json!({"deep": [1]}));
        same!(null);
        same!([]);
        same!({});
        same!("text");
        same!(true);
        same!(-3);
        same!(name);
        same!(&list[1..]);
        same!([1, -2, 10_800, 1.5, "x", null, [], [[]], {}, true, false,]);
        same!({"a": {"b": {}, "c": [{"d": null}, {"e": -1,},],}, "": "", "f": [[1], [2, [3]]]});
        same!({"spec": {"nodeName": name, "list": list, "value": value}, "after": name.len() + 1});
        same!({KEY: 1, super::tests::NAME: {KEY: 2}, (format!("{name}.x")): [name.as_str(), &name, "end"]});
        same!({"z": Some("some"), "none": None::<u32>, "float": 0.25, "index": value["deep"], "not": !name.is_empty()});
        same!({"if": if name.is_empty() { 1 } else { 2 }, "method": "text".to_uppercase()});
        same!({"escapes": "a \"quoted\" \\ path\nof two lines", "dollar": "$", "brackets": "{[,]}", "ümlaut": "…"});
        same!(
            "cut \
              here"
        );
        same!(["cut \
              here"]);
        same!({"same": 1, "same": 2});
    }

    const NAME: &str = "name";
}
