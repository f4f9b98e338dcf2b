//! Values: numbers, strings, and strings that look like numbers because they came from the input.

use super::format;
use std::rc::Rc;

#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Nothing,
    Number(f64),
    String(Rc<str>),
    /// Came from the input: a number if it looks like one.
    Input(Rc<str>, Option<f64>),
}

impl Value {
    pub(super) fn string(text: &str) -> Value {
        Value::String(text.into())
    }

    pub(super) fn input(text: &str) -> Value {
        let trimmed = text.trim_matches([' ', '\t', '\n']);
        let whole = prefix(trimmed) == trimmed.len() && !trimmed.is_empty();
        Value::Input(text.into(), whole.then(|| number(trimmed)))
    }

    pub(super) fn truth(yes: bool) -> Value {
        Value::Number(f64::from(u8::from(yes)))
    }

    pub(super) fn as_number(&self) -> f64 {
        match self {
            Value::Nothing => 0.0,
            Value::Number(value) | Value::Input(_, Some(value)) => *value,
            Value::String(text) | Value::Input(text, None) => number(text),
        }
    }

    /// As text; `how` is `CONVFMT` or `OFMT`.
    pub(super) fn text(&self, how: &str) -> Rc<str> {
        match self {
            Value::Nothing => "".into(),
            Value::Number(value) if value.fract() == 0.0 && value.abs() < 2_147_483_648.0 => {
                format!("{}", *value as i64).into()
            }
            Value::Number(value) => format::sprintf(how, &[Value::Number(*value)]).unwrap_or_default().into(),
            Value::String(text) | Value::Input(text, _) => text.clone(),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Nothing => false,
            Value::Number(value) | Value::Input(_, Some(value)) => *value != 0.0,
            Value::String(text) | Value::Input(text, None) => !text.is_empty(),
        }
    }

    /// Whether it is compared as a number.
    pub(super) fn is_numeric(&self) -> bool {
        matches!(self, Value::Nothing | Value::Number(_) | Value::Input(_, Some(_)))
    }
}

/// How many bytes at the start of a text are a number.
fn prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(sign);
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
        if end == whole + 1 && whole == sign {
            return 0;
        }
    } else if whole == sign {
        return 0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits(end + 1 + sign);
        if power > end + 1 + sign {
            end = power;
        }
    }
    end
}

/// The number that a text begins with.
pub(super) fn number(text: &str) -> f64 {
    let text = text.trim_start();
    text[..prefix(text)].parse().unwrap_or(0.0)
}

/// Escapes of strings.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\x07'),
            Some('b') => out.push('\x08'),
            Some('f') => out.push('\x0c'),
            Some('v') => out.push('\x0b'),
            Some('"') => out.push('"'),
            Some('\\') => out.push('\\'),
            Some('/') => out.push('/'),
            Some(digit @ '0'..='7') => {
                let mut code = digit.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(next) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + next;
                    chars.next();
                }
                out.push(char::from_u32(code & 255).unwrap_or('\0'));
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
    }
    out
}
