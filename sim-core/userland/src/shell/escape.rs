//! Backslash escapes, and how to quote a text so that the shell reads it back.

/// Which escapes are understood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `$'...'`
    AnsiC,
    /// `echo -e`
    Echo,
    /// The format of `printf`.
    Printf,
    /// `printf %b`
    PrintfB,
}

/// Decodes the inside of `$'...'`.
pub fn ansi_c(text: &str) -> String {
    decode(text, Style::AnsiC).0
}

/// Decodes escapes; true when `\c` says that nothing may follow.
pub fn decode(text: &str, style: Style) -> (String, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let push = |out: &mut Vec<u8>, c: char| {
        let mut buffer = [0; 4];
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        let Some(c) = chars.next() else {
            out.push(b'\\');
            break;
        };
        let mut digits = |radix: u32, max: usize| {
            let mut value = None;
            for _ in 0..max {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
                chars.next();
                value = Some(value.unwrap_or(0) * radix + digit);
            }
            value
        };
        match c {
            'a' => out.push(7),
            'b' => out.push(8),
            'e' | 'E' => out.push(27),
            'f' => out.push(12),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            'v' => out.push(11),
            '\\' => out.push(b'\\'),
            '\'' | '"' | '?' if style == Style::AnsiC => push(&mut out, c),
            '"' if style == Style::Printf => out.push(b'"'),
            'c' if matches!(style, Style::Echo | Style::PrintfB) => {
                return (String::from_utf8_lossy(&out).into_owned(), true);
            }
            'c' if style == Style::AnsiC => match chars.next() {
                Some(c) => out.push((c as u32 as u8) & 0x1f),
                None => out.extend_from_slice(b"\\c"),
            },
            '0' if matches!(style, Style::Echo | Style::PrintfB) => {
                out.push(digits(8, 3).unwrap_or(0) as u8);
            }
            '0'..='7' if style != Style::Echo => {
                let first = c.to_digit(8).unwrap_or(0);
                let mut value = first;
                for _ in 0..2 {
                    match digits(8, 1) {
                        Some(digit) => value = value * 8 + digit,
                        None => break,
                    }
                }
                out.push(value as u8);
            }
            'x' => match digits(16, 2) {
                Some(value) => out.push(value as u8),
                None => out.extend_from_slice(b"\\x"),
            },
            'u' | 'U' => match digits(16, if c == 'u' { 4 } else { 8 }) {
                Some(value) => push(&mut out, char::from_u32(value).unwrap_or('\u{fffd}')),
                None => {
                    out.push(b'\\');
                    push(&mut out, c);
                }
            },
            other => {
                out.push(b'\\');
                push(&mut out, other);
            }
        }
    }
    (String::from_utf8_lossy(&out).into_owned(), false)
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn ansi_quote(text: &str) -> String {
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x1b' => out.push_str("\\E"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            c if c.is_control() => out.push_str(&format!("\\{:03o}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// As `${x@Q}` and `set` quote.
pub fn single_quote(text: &str) -> String {
    if has_control(text) {
        return ansi_quote(text);
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// As `printf %q` quotes: with backslashes.
pub fn backslash_quote(text: &str) -> String {
    if text.is_empty() {
        return "''".into();
    }
    if has_control(text) {
        return ansi_quote(text);
    }
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if " \t'\"\\|&;()<>!{}*[]?^$`,".contains(c) || i == 0 && matches!(c, '#' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// As `declare -p` quotes.
pub fn double_quote(text: &str) -> String {
    if has_control(text) {
        return ansi_quote(text);
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// As `set` and `set -x` show a word: bare when nothing in it needs quotes.
pub fn quote_if_needed(text: &str) -> String {
    if text.is_empty() {
        return "''".into();
    }
    let special = |c: char| c.is_control() || " \t\n'\"\\|&;()<>!{}*[]?^$`".contains(c);
    if text.contains(special) || text.starts_with(['~', '#']) { single_quote(text) } else { text.to_string() }
}
