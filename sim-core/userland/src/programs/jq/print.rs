//! Writing values: compact, indented, in colours.

use super::json::{Json, Number};

/// How to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Blanks of a level; none for one line.
    pub(super) indent: usize,
    pub(super) tab: bool,
    pub(super) sorted: bool,
    pub(super) ascii: bool,
    pub(super) color: bool,
}

impl Style {
    pub(super) const COMPACT: Style =
        Style { indent: 0, tab: false, sorted: false, ascii: false, color: false };

    fn is_pretty(&self) -> bool {
        self.tab || self.indent > 0
    }
}

const RESET: &str = "\x1b[0m";
const COMPOUND: &str = "\x1b[1;39m";
const KEY: &str = "\x1b[1;34m";

/// On one line.
pub(super) fn compact(value: &Json) -> String {
    let mut out = String::new();
    write(&mut out, value, Style::COMPACT, 0);
    out
}

/// In a style.
pub(super) fn styled(value: &Json, style: Style) -> String {
    let mut out = String::new();
    write(&mut out, value, style, 0);
    out
}

fn write(out: &mut String, value: &Json, style: Style, level: usize) {
    let color = match value {
        Json::Null => "\x1b[0;90m",
        Json::Bool(_) | Json::Number(_) => "\x1b[0;39m",
        Json::String(_) => "\x1b[0;32m",
        Json::Array(_) | Json::Object(_) => COMPOUND,
    };
    let paint = |out: &mut String, code: &str| {
        if style.color {
            out.push_str(code);
        }
    };
    paint(out, color);
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Json::Number(number) => match &number.text {
            Some(text) => out.push_str(text),
            None => out.push_str(&self::number(number.value)),
        },
        Json::String(text) => quote(out, text, style.ascii),
        Json::Array(all) if all.is_empty() => out.push_str("[]"),
        Json::Array(all) => {
            out.push('[');
            for (at, element) in all.iter().enumerate() {
                if at > 0 {
                    paint(out, COMPOUND);
                    out.push(',');
                }
                break_line(out, style, level + 1);
                write(out, element, style, level + 1);
            }
            paint(out, COMPOUND);
            break_line(out, style, level);
            paint(out, COMPOUND);
            out.push(']');
        }
        Json::Object(object) if object.fields().is_empty() => out.push_str("{}"),
        Json::Object(object) => {
            out.push('{');
            let sorted = object.sorted();
            let fields: Vec<_> = if style.sorted { sorted } else { object.fields().iter().collect() };
            for (at, (key, element)) in fields.into_iter().enumerate() {
                if at > 0 {
                    paint(out, COMPOUND);
                    out.push(',');
                }
                break_line(out, style, level + 1);
                paint(out, RESET);
                paint(out, KEY);
                quote(out, key, style.ascii);
                paint(out, RESET);
                paint(out, COMPOUND);
                out.push(':');
                if style.is_pretty() {
                    out.push(' ');
                }
                paint(out, RESET);
                write(out, element, style, level + 1);
            }
            paint(out, COMPOUND);
            break_line(out, style, level);
            paint(out, COMPOUND);
            out.push('}');
        }
    }
    paint(out, RESET);
}

fn break_line(out: &mut String, style: Style, level: usize) {
    if style.is_pretty() {
        out.push('\n');
        if style.tab {
            out.push_str(&"\t".repeat(level));
        } else {
            out.push_str(&" ".repeat(style.indent * level));
        }
    }
}

/// A string in quotation marks.
pub(super) fn quote(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 32 || c as u32 == 127 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if ascii && !c.is_ascii() => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The shortest digits that mean this number; models `jvp_dtoa_fmt`.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        return "null".into();
    }
    let value = if value.is_infinite() { f64::MAX.copysign(value) } else { value };
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let point = exponent.parse::<i64>().unwrap_or(0) + 1;
    let count = digits.len() as i64;
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    if point <= -4 || point > count + 15 {
        out.push_str(&digits[..1]);
        if count > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let power = point - 1;
        out.push_str(&format!("e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs()));
    } else if point <= 0 {
        out.push_str("0.");
        out.push_str(&"0".repeat(-point as usize));
        out.push_str(&digits);
    } else if point >= count {
        out.push_str(&digits);
        out.push_str(&"0".repeat((point - count) as usize));
    } else {
        out.push_str(&digits[..point as usize]);
        out.push('.');
        out.push_str(&digits[point as usize..]);
    }
    out
}

impl Number {
    /// As it is printed.
    pub(super) fn print(&self) -> String {
        self.text.as_ref().map_or_else(|| number(self.value), ToString::to_string)
    }
}
