//! What makes a link of a text in brackets: an address after it, or the label of one. And addresses as links.

use super::Target;
use super::entity::character;

/// The address and title in `(address "title")`, and how long that is.
pub(crate) fn target(text: &str) -> Option<(Target, usize)> {
    let rest = skip_blanks(text.strip_prefix('(')?);
    let (url, rest) = destination(rest)?;
    let after = skip_blanks(rest);
    let (title, after) = if after.len() < rest.len() { title(after) } else { ("", after) };
    let after = skip_blanks(after).strip_prefix(')')?;
    Some((Target { url: unescape(url), title: unescape(title) }, text.len() - after.len()))
}

fn skip_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n'])
}

fn destination(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('<') {
        let end = find_unescaped(rest, &mut |byte| matches!(byte, b'>' | b'<' | b'\n'))?;
        return rest[end..].strip_prefix('>').map(|after| (&rest[..end], after));
    }
    let mut depth = 0;
    let end = find_unescaped(text, &mut |byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth < 0 || byte <= b' '
    });
    let end = end.unwrap_or(text.len());
    let is_whole = depth <= 0;
    is_whole.then(|| text.split_at(end))
}

/// A title, where there is one, and what follows it.
fn title(text: &str) -> (&str, &str) {
    let end = match text.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => quote,
        Some(b'(') => b')',
        _ => return ("", text),
    };
    match find_unescaped(&text[1..], &mut |byte| byte == end) {
        Some(at) => (&text[1..=at], &text[at + 2..]),
        None => ("", text),
    }
}

/// The first byte that is meant and has no backslash before it.
fn find_unescaped(text: &str, is_meant: &mut dyn FnMut(u8) -> bool) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let found = !escaped && is_meant(byte);
        escaped = byte == b'\\' && !escaped;
        found
    })
}

/// The label in `[label]`, and how long that is. It may be empty.
pub(crate) fn label(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix('[')?;
    let end = find_unescaped(rest, &mut |byte| matches!(byte, b'[' | b']'))?;
    (rest.as_bytes()[end] == b']' && end < 1000).then(|| (&rest[..end], end + 2))
}

/// The address in `<https://...>` or `<someone@somewhere>` as a link goes to it, and how long that is.
pub(crate) fn autolink(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix('<')?;
    let end = rest.find(|c: char| c == '>' || c == '<' || c <= ' ')?;
    let address = &rest[..end];
    if !rest[end..].starts_with('>') {
        return None;
    }
    let is_scheme = |scheme: &str| {
        (2..=32).contains(&scheme.len())
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
    };
    if address.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return Some((address.to_owned(), end + 2));
    }
    let (user, host) = address.split_once('@')?;
    let is_user = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_mail = !user.is_empty() && user.bytes().all(is_user) && host.split('.').all(is_label);
    is_mail.then(|| (format!("mailto:{address}"), end + 2))
}

/// The text with what backslashes and names of characters stand for.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let escaped = rest[1..].chars().next().filter(|c| rest.starts_with('\\') && c.is_ascii_punctuation());
        let found = escaped.map(|c| (c, 2)).or_else(|| character(rest));
        let (c, length) = found.unwrap_or((if rest.starts_with('&') { '&' } else { '\\' }, 1));
        plain.push(c);
        rest = &rest[length..];
    }
    plain + rest
}
