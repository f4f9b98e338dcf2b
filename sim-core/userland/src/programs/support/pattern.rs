//! Regular expressions of grep, sed and expr: POSIX basic and extended ones, translated for `regex-lite`.

use regex_lite::{Regex, RegexBuilder};

/// Which language a pattern is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// `-G`
    Basic,
    /// `-E`
    Extended,
    /// `-F`
    Fixed,
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternError {
    /// It is wrong; what GNU says.
    Wrong(&'static str),
    /// Back-references.
    BackReference,
}

/// Compiles a pattern.
///
/// # Errors
/// When it is wrong, or uses back-references.
pub(crate) fn compile(pattern: &str, syntax: Syntax, ignore_case: bool) -> Result<Regex, PatternError> {
    let translated = match syntax {
        Syntax::Fixed => escape(pattern),
        Syntax::Basic => translate(pattern, false)?,
        Syntax::Extended => translate(pattern, true)?,
    };
    RegexBuilder::new(&translated)
        .case_insensitive(ignore_case)
        .build()
        .map_err(|_| PatternError::Wrong("Invalid regular expression"))
}

/// A text that matches only itself.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        push_literal(&mut out, c);
    }
    out
}

fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

fn translate(pattern: &str, extended: bool) -> Result<String, PatternError> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut depth = 0_usize;
    // Where `*` is an ordinary character and `^` an anchor: at the beginning of an expression.
    let mut at_start = true;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        // An operator, without its backslash, or nothing when this is an ordinary character.
        let (operator, length) = match (c, next) {
            ('\\', Some(n)) if !extended && "(){}|+?".contains(n) => (Some(n), 2),
            (c, _) if extended && "(){}|+?".contains(c) => (Some(c), 1),
            ('*', _) => (Some('*'), 1),
            _ => (None, 1),
        };
        if let Some(operator) = operator {
            match operator {
                '(' => {
                    depth += 1;
                    out.push('(');
                    i += length;
                    at_start = true;
                    continue;
                }
                ')' if depth == 0 && extended => push_literal(&mut out, ')'),
                ')' if depth == 0 => return Err(PatternError::Wrong("Unmatched ) or \\)")),
                ')' => {
                    depth -= 1;
                    out.push(')');
                }
                '|' => {
                    out.push('|');
                    i += length;
                    at_start = true;
                    continue;
                }
                '*' | '+' | '?' if at_start && !extended => push_literal(&mut out, operator),
                // Nothing to repeat: GNU passes over it.
                '*' | '+' | '?' if at_start => {
                    i += length;
                    continue;
                }
                '*' | '+' | '?' => {
                    // `a**` is `a*`; a second mark must not mean "lazy".
                    if out.ends_with(['*', '+', '?'])
                        && !out.ends_with("\\*")
                        && !out.ends_with("\\+")
                        && !out.ends_with("\\?")
                    {
                        out.pop();
                        out.push('*');
                        i += length;
                        continue;
                    }
                    out.push(operator);
                }
                '{' => match interval(&chars[i + length..], extended) {
                    Some((text, used)) if !at_start => {
                        out.push_str(&text);
                        i += length + used;
                        continue;
                    }
                    _ if extended => push_literal(&mut out, '{'),
                    _ if !chars[i + length..].contains(&'}') => {
                        return Err(PatternError::Wrong("Unmatched \\{"));
                    }
                    _ => return Err(PatternError::Wrong("Invalid content of \\{\\}")),
                },
                '}' => push_literal(&mut out, '}'),
                _ => {}
            }
            at_start = false;
            i += length;
            continue;
        }
        match (c, next) {
            ('[', _) => {
                let used = bracket(&chars[i..], &mut out)?;
                i += used;
                at_start = false;
                continue;
            }
            ('\\', None) => return Err(PatternError::Wrong("Trailing backslash")),
            ('\\', Some(n)) => {
                match n {
                    '1'..='9' => return Err(PatternError::BackReference),
                    'w' => out.push_str("[0-9A-Za-z_]"),
                    'W' => out.push_str("[^0-9A-Za-z_]"),
                    's' => out.push_str("[\\t\\n\\x0b\\f\\r ]"),
                    'S' => out.push_str("[^\\t\\n\\x0b\\f\\r ]"),
                    'b' => out.push_str("\\b"),
                    'B' => out.push_str("\\B"),
                    '<' => out.push_str("\\b{start}"),
                    '>' => out.push_str("\\b{end}"),
                    '`' => out.push_str("\\A"),
                    '\'' => out.push_str("\\z"),
                    'n' => out.push_str("\\n"),
                    't' => out.push_str("\\t"),
                    n => push_literal(&mut out, n),
                }
                i += 2;
                at_start = false;
                continue;
            }
            ('^', _) if extended || at_start => {
                out.push('^');
                i += 1;
                continue;
            }
            ('$', _) if extended || ends_here(&chars[i + 1..]) => out.push('$'),
            ('.', _) => out.push_str("(?s:.)"),
            (c, _) => push_literal(&mut out, c),
        }
        at_start = false;
        i += 1;
    }
    if depth > 0 {
        return Err(PatternError::Wrong("Unmatched ( or \\("));
    }
    Ok(out)
}

fn ends_here(rest: &[char]) -> bool {
    matches!(rest, [] | ['\\', ')' | '|', ..])
}

/// `2,3}` or `2,3\}` as `{2,3}`, and how many characters that were.
fn interval(rest: &[char], extended: bool) -> Option<(String, usize)> {
    let end = rest.iter().position(|c| *c == if extended { '}' } else { '\\' })?;
    if !extended && rest.get(end + 1) != Some(&'}') {
        return None;
    }
    let inside: String = rest[..end].iter().collect();
    let (low, high) = match inside.split_once(',') {
        Some((low, high)) => (if low.is_empty() { "0" } else { low }, Some(high)),
        None => (inside.as_str(), None),
    };
    low.parse::<u16>().ok()?;
    let text = match high {
        None => format!("{{{low}}}"),
        Some("") => format!("{{{low},}}"),
        Some(high) => {
            high.parse::<u16>().ok()?;
            format!("{{{low},{high}}}")
        }
    };
    Some((text, end + if extended { 1 } else { 2 }))
}

/// A bracket expression; how many characters it has.
fn bracket(chars: &[char], out: &mut String) -> Result<usize, PatternError> {
    let open = if chars.len() == 1 { "Invalid regular expression" } else { "Unmatched [, [^, [:, [., or [=" };
    let open = PatternError::Wrong(open);
    let mut i = 1;
    out.push('[');
    if chars.get(i) == Some(&'^') {
        out.push('^');
        i += 1;
    }
    let first = i;
    loop {
        let c = *chars.get(i).ok_or(open.clone())?;
        if c == ']' && i > first {
            out.push(']');
            return Ok(i + 1);
        }
        if c == '[' && chars.get(i + 1) == Some(&':') {
            let end = chars[i + 2..].windows(2).position(|pair| pair == [':', ']']).ok_or(open.clone())?;
            let class: String = chars[i + 2..i + 2 + end].iter().collect();
            if !matches!(
                class.as_str(),
                "alnum"
                    | "alpha"
                    | "blank"
                    | "cntrl"
                    | "digit"
                    | "graph"
                    | "lower"
                    | "print"
                    | "punct"
                    | "space"
                    | "upper"
                    | "xdigit"
            ) {
                return Err(PatternError::Wrong("Invalid character class name"));
            }
            out.push_str(&format!("[:{class}:]"));
            i += end + 4;
            continue;
        }
        let is_range = c == '-' && i > first && chars.get(i + 1).is_some_and(|next| *next != ']');
        if is_range {
            let (from, to) = (chars[i - 1], chars[i + 1]);
            if from > to {
                return Err(PatternError::Wrong("Invalid range end"));
            }
            out.push('-');
        } else {
            push_literal(out, c);
        }
        i += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, syntax: Syntax, text: &str) -> Option<String> {
        compile(pattern, syntax, false).unwrap().find(text).map(|found| found.as_str().to_string())
    }

    #[test]
    fn basic_expressions_keep_their_operators_behind_backslashes() {
        let basic = |pattern, text| found(pattern, Syntax::Basic, text);
        assert_eq!(basic("a+b", "xa+by"), Some("a+b".into()));
        assert_eq!(basic("a\\+b", "xaaby"), Some("aab".into()));
        assert_eq!(basic("*a", "x*a"), Some("*a".into()));
        assert_eq!(basic("^*a", "*a"), Some("*a".into()));
        assert_eq!(basic("a^b$c", "a^b$c"), Some("a^b$c".into()));
        assert_eq!(basic("\\(ab\\)\\{2\\}", "ababab"), Some("abab".into()));
        assert_eq!(basic("[]x]*", "]x]y"), Some("]x]".into()));
        assert_eq!(basic("[^[:space:]]*", "ab cd"), Some("ab".into()));
        assert_eq!(basic("[a\\]", "\\"), Some("\\".into()));
        assert_eq!(basic("\\<b\\w*", "ab bc"), Some("bc".into()));
        assert_eq!(basic("a{1}", "a{1}"), Some("a{1}".into()));
    }

    #[test]
    fn extended_expressions_do_not() {
        let extended = |pattern, text| found(pattern, Syntax::Extended, text);
        assert_eq!(extended("a+(b|c)?", "xaac"), Some("aac".into()));
        assert_eq!(extended("a{2,3}", "aaaa"), Some("aaa".into()));
        assert_eq!(extended("10\\.[0-9]+", "10.96"), Some("10.96".into()));
        assert_eq!(extended("{", "a{"), Some("{".into()));
    }

    #[test]
    fn wrong_ones_say_why() {
        let error = |pattern, syntax| compile(pattern, syntax, false).err();
        assert_eq!(error("[a", Syntax::Basic), Some(PatternError::Wrong("Unmatched [, [^, [:, [., or [=")));
        assert_eq!(error("(a", Syntax::Extended), Some(PatternError::Wrong("Unmatched ( or \\(")));
        assert_eq!(error("\\(a\\)\\1", Syntax::Basic), Some(PatternError::BackReference));
    }
}
