//! Lifts content classes (`.lab[ ... ]`) out of a slide by counting brackets, so that what Markdown gets to see is a
//! plain text with holes.
//!
//! Brackets in fences, comments and `code` do not count. A class whose bracket is followed by the end of the line is
//! a block, any other one is part of its line.

use std::ops::Range;

use crate::source::Source;
use crate::split::{Zone, close_of_code, zone_at};

/// Stands for a content class in the text of a fragment.
pub(crate) const HOLE: char = '\u{2}';

/// How deep classes may nest; deeper ones are text.
const MAX_DEPTH: usize = 16;

/// A text with holes that remembers where each byte came from.
#[derive(Debug, Default)]
pub(crate) struct Fragment {
    pub text: String,
    /// Offset here, offset in the source; in order.
    origins: Vec<(usize, usize)>,
    pub holes: Vec<Hole>,
}

/// A content class.
#[derive(Debug)]
pub(crate) struct Hole {
    /// Where its mark is in the fragment's text.
    pub offset: usize,
    pub classes: Vec<String>,
    /// In the source, from its first dot to after its bracket.
    pub range: Range<usize>,
    pub is_block: bool,
    pub inner: Fragment,
}

impl Fragment {
    /// A plain piece of the source, without holes.
    pub fn plain(text: &str, at: usize) -> Fragment {
        let mut fragment = Fragment::default();
        fragment.push(text, at);
        fragment
    }

    /// Where in the source a byte of the text came from.
    pub fn origin(&self, offset: usize) -> usize {
        let index = self.origins.partition_point(|(here, _)| *here <= offset);
        let Some((here, there)) = self.origins.get(index.wrapping_sub(1)) else { return 0 };
        there + (offset - here)
    }

    /// Appends a piece of the source.
    pub fn push(&mut self, text: &str, at: usize) {
        self.origins.push((self.text.len(), at));
        self.text.push_str(text);
    }
}

/// The fragment of `range` of the masked text.
pub(crate) fn fragment(source: &mut Source, text: &str, zones: &[Zone], range: Range<usize>) -> Fragment {
    let classes = find_classes(source, text, zones, range.clone());
    let mut rest = classes.as_slice();
    build(text, range, 0, &mut rest, 0)
}

/// An opened and closed class: `start` its dot, `open` after its bracket, `close` its closing bracket.
#[derive(Debug)]
struct Class {
    start: usize,
    open: usize,
    close: usize,
    after: usize,
    is_block: bool,
}

fn build(text: &str, range: Range<usize>, indent: usize, classes: &mut &[Class], depth: usize) -> Fragment {
    let mut fragment = Fragment::default();
    let mut at = range.start;
    while let Some((class, rest)) = classes.split_first().filter(|(class, _)| class.start < range.end) {
        *classes = rest;
        if class.start < at {
            continue;
        }
        push_dedented(&mut fragment, text, at..class.start, indent);
        let line_start = text[..class.start].rfind('\n').map_or(0, |at| at + 1);
        let prefix = &text[line_start..class.start];
        let alone = class.is_block && prefix.trim().is_empty();
        if alone {
            // A blank line before it makes it a block of its own wherever it stands.
            let own = prefix.get(indent.min(prefix.len())..).unwrap_or_default().to_owned();
            fragment.push(&format!("\n{own}"), class.start);
        }
        let offset = fragment.text.len();
        fragment.push(&HOLE.to_string(), class.start);
        if alone {
            fragment.push("\n", class.close);
        }
        let inner_indent = if class.is_block { prefix.len() - prefix.trim_start().len() } else { 0 };
        let inner = if depth < MAX_DEPTH {
            build(text, class.open..class.close, inner_indent, classes, depth + 1)
        } else {
            Fragment::plain(&text[class.open..class.close], class.open)
        };
        let names = text[class.start..class.open - 1].split('.').filter(|name| !name.is_empty());
        fragment.holes.push(Hole {
            offset,
            classes: names.map(str::to_owned).collect(),
            range: class.start..class.after,
            is_block: class.is_block,
            inner,
        });
        at = class.after;
    }
    push_dedented(&mut fragment, text, at..range.end, indent);
    fragment
}

/// Appends the range, its lines without up to `indent` characters of blanks.
fn push_dedented(fragment: &mut Fragment, text: &str, range: Range<usize>, indent: usize) {
    if indent == 0 {
        fragment.push(&text[range.clone()], range.start);
        return;
    }
    let mut at = range.start;
    for line in text[range].split_inclusive('\n') {
        let at_line_start = at == 0 || text.as_bytes()[at - 1] == b'\n';
        let blanks = line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let cut = if at_line_start { blanks.min(indent) } else { 0 };
        fragment.push(&line[cut..], at + cut);
        at += line.len();
    }
}

#[derive(Debug)]
struct Open {
    /// The dot of a class, or the bracket itself.
    start: usize,
    bracket: usize,
    is_class: bool,
    ends_line: bool,
}

fn find_classes(source: &mut Source, text: &str, zones: &[Zone], range: Range<usize>) -> Vec<Class> {
    let bytes = text.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut classes = Vec::new();
    let mut at = range.start;
    while at < range.end {
        if let Some(zone) = zone_at(zones, at) {
            at = zone.range.end;
            continue;
        }
        match bytes[at] {
            b'\\' => at += 2,
            b'`' => at = skip_code(text, zones, at, range.end),
            b'[' => {
                let start = class_start(text, range.start, at);
                let line_end = text[at..range.end].find('\n').map_or(range.end, |end| at + end);
                let ends_line = text[at + 1..line_end].trim().is_empty();
                open.push(Open {
                    start: start.unwrap_or(at),
                    bracket: at,
                    is_class: start.is_some(),
                    ends_line,
                });
                at += 1;
            }
            b']' => {
                close(source, text, &mut open, &mut classes, at);
                at += 1;
            }
            _ => at += 1,
        }
    }
    for left in open.iter().filter(|left| left.is_class) {
        let name = &text[left.start..=left.bracket];
        let message = format!("`{name}` is never closed");
        if left.ends_line {
            let help = "it is taken to reach to the end of the slide; close it with a line of `]`";
            source.error(left.start, name.len(), message, Some(help));
            let (open, close) = (left.bracket + 1, range.end);
            add(&mut classes, Class { start: left.start, open, close, after: close, is_block: true });
        } else {
            source.error(left.start, name.len(), message, Some("it is shown as text; close it with `]`"));
        }
    }
    classes
}

/// Puts a class among the others, in the order of their dots.
fn add(classes: &mut Vec<Class>, class: Class) {
    let place = classes.partition_point(|other| other.start <= class.start);
    classes.insert(place, class);
}

fn close(source: &mut Source, text: &str, open: &mut Vec<Open>, classes: &mut Vec<Class>, at: usize) {
    let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let alone = text[line_start..line_end].trim() == "]";
    // A bracket alone on its line closes the block it belongs to, even when one inside was forgotten.
    if alone && open.iter().any(|o| o.is_class && o.ends_line) {
        while let Some(forgotten) = open.pop_if(|o| !o.ends_line) {
            if forgotten.is_class {
                let name = &text[forgotten.start..=forgotten.bracket];
                let message = format!("`{name}` is never closed");
                source.error(
                    forgotten.start,
                    name.len(),
                    message,
                    Some("it is shown as text; close it with `]`"),
                );
            }
        }
    }
    match open.pop() {
        Some(Open { start, bracket, is_class: true, ends_line }) => {
            let close = if alone && ends_line { line_start.max(bracket + 1) } else { at };
            add(classes, Class { start, open: bracket + 1, close, after: at + 1, is_block: ends_line });
        }
        Some(_) => {}
        None if alone => {
            source.warn(at, 1, "this `]` closes nothing", Some("take it away, or open a class before it"));
        }
        None => {}
    }
}

/// The first dot of `.name.name` before the bracket. A letter, digit or bracket before the dot means that it is no
/// class: `items[0]` and `status.items[0]` are text.
fn class_start(text: &str, from: usize, bracket: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut start = bracket;
    let mut first_dot = None;
    while start > from {
        let before = bytes[start - 1];
        match before {
            b'.' => {
                let first = bytes[start];
                if !(first.is_ascii_alphabetic() || first == b'_' || first == b'-') {
                    break;
                }
                first_dot = Some(start - 1);
            }
            b'-' | b'_' => {}
            b if b.is_ascii_alphanumeric() => {}
            _ => break,
        }
        start -= 1;
    }
    let dot = first_dot.filter(|dot| *dot == start)?;
    let before = text[from..dot].chars().next_back();
    (!before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '\\' | ')' | ']'))).then_some(dot)
}

/// The end of the code span at `at`, or of the back-quotes when they open none. A span ends within its paragraph.
fn skip_code(text: &str, zones: &[Zone], at: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    let run = bytes[at..end].iter().take_while(|b| **b == b'`').count();
    let from = at + run;
    let limit = text[from..end].find("\n\n").map_or(end, |blank| from + blank);
    let next_zone = zones.partition_point(|zone| zone.range.end <= from);
    let limit = zones.get(next_zone).map_or(limit, |zone| limit.min(zone.range.start.max(from)));
    from + close_of_code(&bytes[from..limit], run).unwrap_or(0)
}
