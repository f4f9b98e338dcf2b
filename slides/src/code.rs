//! Lines of code, and the pieces of them that stand in back-quotes.

use crate::lab::{Blank, BlankKind, Part};

/// Whether a fence of this language is something to type.
pub(crate) fn is_runnable(language: &str) -> bool {
    matches!(language, "bash" | "sh" | "shell")
}

/// The text's lines without the blanks they all begin with.
pub(crate) fn dedent(text: &str) -> Vec<&str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let shared = text.lines().filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    text.lines().map(|line| line.get(shared..).unwrap_or_default()).collect()
}

/// Splits a line at its back-quotes. The second value is where one stands that has no pair.
pub(crate) fn parts(line: &str) -> (Vec<Part>, Option<usize>) {
    let mut parts = Vec::new();
    let mut rest = line;
    let mut plain = String::new();
    let mut lonely = None;
    while let Some(at) = rest.find('`') {
        // An escaped one is the shell's.
        if rest[..at].ends_with('\\') {
            plain.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        let inner = &rest[at + 1..];
        let Some(end) = inner.find('`') else {
            lonely = Some(line.len() - rest.len() + at);
            break;
        };
        plain.push_str(&rest[..at]);
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        if end > 0 {
            parts.push(stressed(&inner[..end]));
        }
        rest = &inner[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() || parts.is_empty() {
        parts.push(Part::Text(plain));
    }
    (parts, lonely)
}

fn stressed(text: &str) -> Part {
    if is_placeholder(text) {
        Part::Blank(Blank { text: text.to_owned(), kind: BlankKind::Other })
    } else {
        Part::Marked(text.to_owned())
    }
}

/// Whether a text stands for something else: `IP-ADDRESS`, `blue-xxxxxxxx-yyyyy`, `<name>`, `x.x.x.x`.
fn is_placeholder(text: &str) -> bool {
    if text.starts_with('<') && text.ends_with('>') && text.len() > 2 {
        return true;
    }
    if text.contains(char::is_whitespace) || text.starts_with(['-', '$', '/']) {
        return false;
    }
    pod_prefix(text).is_some() || is_dotted(text) || is_shouted(text)
}

/// `POD-NAME`, `YOUR_NAME`, `NAME`; not an HTTP method, which is typed as it is.
fn is_shouted(text: &str) -> bool {
    const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        && !METHODS.contains(&text)
}

/// `x.x.x.x`, `a.b.c.d`.
pub(crate) fn is_dotted(text: &str) -> bool {
    let mut count = 0;
    let letters = text.split('.').all(|label| {
        count += 1;
        label.chars().all(|c| c.is_ascii_alphabetic()) && (1..=3).contains(&label.len())
    });
    letters && count == 4
}

/// `blue-` of `blue-xxxxxxxx-yyyyy`: what comes before the letters that stand for any letters.
pub(crate) fn pod_prefix(text: &str) -> Option<String> {
    let segments: Vec<&str> = text.split('-').collect();
    let stands_for_any = |segment: &&&str| {
        let first = segment.chars().next();
        **segment == "..."
            || (segment.len() >= 2
                && matches!(first, Some('x' | 'y' | 'z'))
                && segment.chars().all(|c| matches!(c, 'x' | 'y' | 'z')))
    };
    let any = segments.iter().rev().take_while(stands_for_any).count();
    if any == 0 || any == segments.len() {
        return None;
    }
    Some(segments[..segments.len() - any].join("-") + "-")
}
