//! Texts as Go's `encoding/json` writes them: HTML characters are escaped.

/// A string as Go's `encoding/json` writes it.
pub fn push_string(text: &mut String, string: &str) {
    text.push('"');
    push_escaped(text, string);
    text.push('"');
}

/// The inside of a string as Go's `encoding/json` writes it.
pub fn push_escaped(text: &mut String, string: &str) {
    let mut rest = string;
    while let Some(at) = rest.bytes().position(|byte| SPECIAL[usize::from(byte)]) {
        text.push_str(&rest[..at]);
        let mut chars = rest[at..].chars();
        let Some(c) = chars.next() else { break };
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
}

/// The bytes with which characters begin that may be written in another way than they are. A table, since every byte of
/// every answer is looked at.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = matches!(byte as u8, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2 | 0..=0x1f);
        byte += 1;
    }
    table
};

/// `<`, `>` and `&` only occur inside of strings, so that they can be replaced anywhere.
pub(super) fn escape_html(text: &str) -> String {
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return text.to_string();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            c => escaped.push(c),
        }
    }
    escaped
}
