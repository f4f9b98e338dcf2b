//! Cuts the text of a deck into slides, steps and notes, and finds link definitions.
//!
//! A first pass over the lines finds the zones where nothing of the format counts: fences and comments. Both are
//! looked for first, so that `---` in a fence or in a comment is no separator.

use std::ops::Range;

use litemap::LiteMap;

use crate::letter::lower;
use crate::source::Source;

/// A stretch of the text that the format leaves alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone {
    pub range: Range<usize>,
    pub is_comment: bool,
}

/// Ranges of one slide, nothing parsed yet but its properties.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawSlide {
    pub properties: Vec<Property>,
    /// All of it; what is not for showing is blank in [`Split::text`].
    pub range: Range<usize>,
    /// Where each `--` stands.
    pub steps: Vec<usize>,
    pub notes: Vec<Range<usize>>,
}

/// `key: value` at the head of a slide.
#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub key: String,
    pub value: String,
    pub at: usize,
}

/// Address and title of `[label]: address "title"`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    pub url: String,
    pub title: String,
}

pub(crate) struct Split {
    pub front: Vec<Property>,
    pub slides: Vec<RawSlide>,
    pub zones: Vec<Zone>,
    /// By normalised label; they hold for the whole deck.
    pub definitions: LiteMap<String, Definition>,
    /// The source with separators, properties, definitions and comments blanked out, byte for byte as long.
    pub text: String,
}

/// Stands for each byte of a comment within a line. Dropped from text later; a space could make a line break.
pub(crate) const FILLER: char = '\u{1}';

pub(crate) fn split(source: &mut Source) -> Split {
    let text = source.text.clone();
    let zones = find_zones(source, &text);
    let mut mask: Vec<u8> = text.clone().into_bytes();
    for zone in zones.iter().filter(|zone| zone.is_comment) {
        blank_comment(&mut mask, &text, zone.range.clone());
    }
    let (front, body_start) = front_matter(&text, &mut mask);
    let mut split =
        Split { front, slides: Vec::new(), zones, definitions: LiteMap::new(), text: String::new() };

    let mut slide = RawSlide { range: body_start..body_start, ..RawSlide::default() };
    let mut at_head = true;
    let mut notes: Option<usize> = None;
    for line in lines(&text, body_start) {
        if inside(&split.zones, line.start) {
            if !text[line.clone()].trim().is_empty() {
                at_head = false;
            }
            continue;
        }
        let words = text[line.clone()].trim_end();
        match words {
            "---" | "--" => {
                if let Some(start) = notes.take() {
                    slide.notes.push(start..line.start);
                    blank(&mut mask, start..line.start);
                }
                blank(&mut mask, line.clone());
                if words == "---" {
                    slide.range.end = line.start;
                    split.slides.push(std::mem::take(&mut slide));
                    slide.range.start = line.end;
                } else {
                    slide.steps.push(line.start);
                }
                at_head = true;
            }
            "???" if notes.is_none() => {
                blank(&mut mask, line.clone());
                notes = Some(line.end);
            }
            "" => {}
            _ => {
                if let Some((label, definition)) = parse_definition(words) {
                    blank(&mut mask, line.clone());
                    define(source, &mut split.definitions, label, definition, line.start, words.len());
                } else if at_head && notes.is_none() {
                    match parse_property(words, line.start) {
                        Some(property) if is_known(&property.key) => {
                            blank(&mut mask, line.clone());
                            slide.properties.push(property);
                        }
                        other => {
                            at_head = false;
                            if let Some(Property { key, .. }) = other {
                                let message = format!("the slide property `{key}:` is not known");
                                let help = "it is shown as text; remark would take the line away";
                                source.warn(line.start, key.len() + 1, message, Some(help));
                            }
                        }
                    }
                }
            }
        }
    }
    if let Some(start) = notes {
        slide.notes.push(start..text.len());
        blank(&mut mask, start..text.len());
    }
    slide.range.end = text.len();
    split.slides.push(slide);
    split.text = String::from_utf8(mask).unwrap_or_default();
    split
}

/// A label as links are compared: without case, blanks collapsed.
pub(crate) fn normalise_label(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").chars().map(lower).collect()
}

/// Whether `at` is within one of the zones, which are in order.
pub(crate) fn inside(zones: &[Zone], at: usize) -> bool {
    zone_at(zones, at).is_some()
}

pub(crate) fn zone_at(zones: &[Zone], at: usize) -> Option<&Zone> {
    let index = zones.partition_point(|zone| zone.range.end <= at);
    zones.get(index).filter(|zone| zone.range.start <= at)
}

fn lines(text: &str, from: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = from;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
        let line = start..end;
        start = end;
        Some(line)
    })
}

fn blank(mask: &mut [u8], range: Range<usize>) {
    for byte in mask[range].iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// A comment alone on its lines becomes blank lines; one within a line must not end the line's paragraph.
fn blank_comment(mask: &mut [u8], text: &str, range: Range<usize>) {
    let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
    let around =
        |part: Range<usize>| mask[part].iter().all(|b| b.is_ascii_whitespace() || *b == FILLER as u8);
    if around(line_start..range.start) && text[range.end..line_end].trim().is_empty() {
        blank(mask, line_start..line_end);
    } else {
        mask[range].fill(FILLER as u8);
    }
}

fn find_zones(source: &mut Source, text: &str) -> Vec<Zone> {
    let mut zones = Vec::new();
    let mut resume = 0;
    // Without these two, a file of openers alone would be searched to its end for each of them.
    let last_comment_end = text.rfind("-->").map_or(0, |at| at + 3);
    let mut unclosed_from = usize::MAX;
    for line in lines(text, 0) {
        if line.start < resume {
            // A comment may end within this line; what follows it is looked at below.
            if line.end <= resume {
                continue;
            }
        } else if let Some(fence) = Fence::open(&text[line.clone()]) {
            let end = fence.find_end(text, line.end, &mut unclosed_from);
            let (end, closed) =
                end.map_or_else(|| (next_separator(text, line.end), false), |end| (end, true));
            if !closed {
                let at = line.start + fence.indent;
                let help = format!("end it with a line of {}", fence.mark());
                source.error(at, fence.length, "this fence is never closed", Some(&help));
            }
            zones.push(Zone { range: line.start..end, is_comment: false });
            resume = end;
            continue;
        }
        let mut at = line.start.max(resume);
        while at < line.end {
            let Some(start) = comment_start(&text[at..line.end]).map(|offset| at + offset) else { break };
            let end = if start < last_comment_end { text[start + 4..].find("-->") } else { None };
            let end = match end {
                Some(end) => start + 4 + end + 3,
                None => {
                    source.error(start, 4, "this comment is never closed", Some("end it with `-->`"));
                    next_separator(text, line.end)
                }
            };
            zones.push(Zone { range: start..end, is_comment: true });
            at = end;
            resume = end;
        }
    }
    zones
}

/// Where a comment begins in a line, outside of `code`.
fn comment_start(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'`' {
            let run = bytes[at..].iter().take_while(|b| **b == b'`').count();
            at += run + close_of_code(&bytes[at + run..], run).unwrap_or(0);
        } else if bytes[at..].starts_with(b"<!--") {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

/// How far the end of a code span of `run` back-quotes is, its own included.
pub(crate) fn close_of_code(bytes: &[u8], run: usize) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        let here = bytes[at..].iter().take_while(|b| **b == b'`').count();
        if here == run {
            return Some(at + run);
        }
        at += here.max(1);
    }
    None
}

fn next_separator(text: &str, from: usize) -> usize {
    lines(text, from)
        .find(|line| text[line.clone()].trim_end() == "---")
        .map_or(text.len(), |line| line.start)
}

struct Fence {
    character: u8,
    length: usize,
    indent: usize,
}

impl Fence {
    fn open(line: &str) -> Option<Fence> {
        let rest = strip_markers(line);
        let indent = line.len() - rest.len();
        let character = *rest.as_bytes().first()?;
        if character != b'`' && character != b'~' {
            return None;
        }
        let length = rest.bytes().take_while(|b| *b == character).count();
        let info = &rest[length..];
        (length >= 3 && !(character == b'`' && info.contains('`'))).then_some(Fence {
            character,
            length,
            indent,
        })
    }

    fn mark(&self) -> String {
        (self.character as char).to_string().repeat(self.length)
    }

    /// Where the line after the closing fence begins. A fence that opens with a language after a separator shows
    /// that this one was forgotten.
    fn find_end(&self, text: &str, from: usize, unclosed_from: &mut usize) -> Option<usize> {
        if from >= *unclosed_from {
            return None;
        }
        let mut separated = false;
        for line in lines(text, from) {
            let words = text[line.clone()].trim();
            let run = words.bytes().take_while(|b| *b == self.character).count();
            if run >= self.length && run == words.len() {
                return Some(line.end);
            }
            separated |= words == "---";
            if separated && run >= 3 && !words[run..].contains('`') {
                return None;
            }
        }
        *unclosed_from = from;
        None
    }
}

/// A line without the list and quote markers at its start: `- ```bash` opens a fence too.
fn strip_markers(line: &str) -> &str {
    let mut rest = line.trim_start();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let marker = match rest.as_bytes().get(digits) {
            Some(b'.' | b')') if digits > 0 => digits + 1,
            Some(b'-' | b'*' | b'+') if digits == 0 => 1,
            Some(b'>') if digits == 0 => {
                rest = rest[1..].trim_start();
                continue;
            }
            _ => return rest,
        };
        if !rest[marker..].starts_with([' ', '\t']) {
            return rest;
        }
        rest = rest[marker..].trim_start();
    }
}

/// `key: value` lines between two `---` at the very start of the file.
fn front_matter(text: &str, mask: &mut [u8]) -> (Vec<Property>, usize) {
    let mut all = lines(text, 0).skip_while(|line| text[line.clone()].trim().is_empty());
    let Some(first) = all.next().filter(|line| text[line.clone()].trim_end() == "---") else {
        return (Vec::new(), 0);
    };
    let mut front = Vec::new();
    for line in all {
        let words = text[line.clone()].trim_end();
        if words == "---" && !front.is_empty() {
            blank(mask, first.start..line.end);
            return (front, line.end);
        }
        match parse_property(words, line.start) {
            Some(property) => front.push(property),
            None if words.is_empty() || words.starts_with(['#', ' ', '-']) && words != "---" => {}
            None => break,
        }
    }
    // The first slide is empty then; the separator before it says nothing.
    (Vec::new(), first.end)
}

fn parse_property(line: &str, at: usize) -> Option<Property> {
    let (key, value) = line.split_once(':')?;
    let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
    if !is_key || !(value.is_empty() || value.starts_with([' ', '\t'])) {
        return None;
    }
    let value = value.trim().trim_matches(['"', '\'']).to_owned();
    Some(Property { key: key.to_owned(), value, at })
}

fn is_known(key: &str) -> bool {
    matches!(
        key,
        "author"
            | "class"
            | "continued"
            | "count"
            | "exclude"
            | "lang"
            | "layout"
            | "name"
            | "profile"
            | "template"
            | "title"
    ) || key.starts_with("background-")
}

fn parse_definition(line: &str) -> Option<(String, Definition)> {
    let rest = line.trim_start().strip_prefix('[')?;
    let (label, rest) = rest.split_once("]:")?;
    if label.trim().is_empty() || label.starts_with('^') || label.contains(['[', ']']) {
        return None;
    }
    let rest = rest.trim();
    let (url, title) = match rest.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?,
        None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
    };
    let title = title.trim();
    let quoted = [('"', '"'), ('\'', '\''), ('(', ')')]
        .iter()
        .find_map(|(open, close)| title.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)));
    if url.is_empty() || (!title.is_empty() && quoted.is_none()) {
        return None;
    }
    let title = quoted.unwrap_or_default().to_owned();
    Some((normalise_label(label), Definition { url: url.to_owned(), title }))
}

fn define(
    source: &mut Source,
    definitions: &mut LiteMap<String, Definition>,
    label: String,
    definition: Definition,
    at: usize,
    length: usize,
) {
    match definitions.get(&label) {
        Some(first) if *first != definition => {
            let message = format!("the link `[{label}]` has two addresses");
            let help = format!("the first one holds for the whole deck: {}", first.url);
            source.warn(at, length, message, Some(&help));
        }
        Some(_) => {}
        None => {
            definitions.insert(label, definition);
        }
    }
}
