//! The text of a leaf: emphasis, code, links, breaks.
//!
//! Runs of `*`, `_` and `~` wait on a stack until a later run ends what they begin; brackets wait on another one.

use std::ops::Range;

use super::entity::character;
use super::link::{autolink, label, target};
use super::{Event, Events, Reference, Resolve, Tag, Target, html};
use crate::mask::Fragment;
use crate::split::close_of_code;

/// What is not just text.
const SPECIAL: [char; 11] = ['\\', '`', '*', '_', '~', '[', '!', ']', '<', '&', '\n'];

/// Appends the events of a text from `from` on.
pub(crate) fn inlines(content: &Fragment, from: usize, resolve: &mut Resolve<'_>, events: &mut Events) {
    let text = content.text.trim_end_matches([' ', '\t', '\n']);
    let mut inlines =
        Inlines { text, content, nodes: Vec::new(), runs: Vec::new(), brackets: Vec::new(), resolve };
    inlines.read(from);
    inlines.pair(0);
    inlines.finish(events);
}

/// A part of the text.
enum Node {
    /// What it is, and where in the text of the leaf it stands.
    Whole(Event, Range<usize>),
    Run(Run),
}

/// A run of `*`, `_` or `~`. What is left of it in the end is text.
struct Run {
    mark: u8,
    length: usize,
    left: Range<usize>,
    can_open: bool,
    can_close: bool,
    /// How much each of its pairs ends, the inner before the outer, and how much each begins.
    ends: usize,
    starts: Vec<Tag>,
}

struct Bracket {
    node: usize,
    at: usize,
    is_image: bool,
    /// Links do not nest.
    is_active: bool,
    /// How many runs waited before it.
    runs: usize,
}

struct Inlines<'t, 'r, 's> {
    text: &'t str,
    content: &'t Fragment,
    nodes: Vec<Node>,
    /// The nodes of the runs that wait.
    runs: Vec<usize>,
    brackets: Vec<Bracket>,
    resolve: &'r mut Resolve<'s>,
}

impl Inlines<'_, '_, '_> {
    fn read(&mut self, from: usize) {
        let text = self.text;
        let bytes = text.as_bytes();
        // Where the text begins that no node has yet.
        let mut plain = from;
        let mut at = from.min(text.len());
        while let Some(before) = text[at..].find(SPECIAL) {
            at += before;
            let begin = at;
            let rest = &text[at..];
            let byte = bytes[at];
            let node = match byte {
                b'\\' => match bytes.get(at + 1) {
                    Some(b'\n') => Some((Event::HardBreak, 2)),
                    Some(next) if next.is_ascii_punctuation() => {
                        self.plain(plain..at);
                        plain = at + 1;
                        at += 2;
                        continue;
                    }
                    _ => None,
                },
                b'`' => match self.code(at) {
                    Ok(found) => Some(found),
                    Err(run) => {
                        at += run;
                        continue;
                    }
                },
                b'*' | b'_' | b'~' => {
                    self.plain(plain..at);
                    at = self.run(at, byte);
                    plain = at;
                    continue;
                }
                b'[' | b'!' => {
                    let length = if byte == b'!' { 2 } else { 1 };
                    if byte == b'!' && bytes.get(at + 1) != Some(&b'[') {
                        at += 1;
                        continue;
                    }
                    self.plain(plain..at);
                    at += length;
                    plain = at;
                    self.brackets.push(Bracket {
                        node: self.nodes.len(),
                        at: begin,
                        is_image: byte == b'!',
                        is_active: true,
                        runs: self.runs.len(),
                    });
                    self.plain(begin..at);
                    continue;
                }
                b']' => {
                    self.plain(plain..at);
                    plain = at;
                    at += 1;
                    if let Some(end) = self.close_bracket(begin) {
                        at = end;
                        plain = end;
                    }
                    continue;
                }
                b'<' => match autolink(rest) {
                    Some((url, length)) => {
                        self.plain(plain..at);
                        let tag = Tag::Link(Target { url, title: String::new() });
                        self.nodes.push(Node::Whole(Event::Start(tag), at..at + length));
                        self.plain(at + 1..at + length - 1);
                        self.nodes.push(Node::Whole(Event::End, at..at + length));
                        at += length;
                        plain = at;
                        continue;
                    }
                    None => html::inline(rest).map(|length| (Event::Html(rest[..length].to_owned()), length)),
                },
                b'&' => character(rest).map(|(c, length)| (Event::Text(c.to_string()), length)),
                b'\n' => {
                    let line = &text[plain..at];
                    let end = plain + line.trim_end_matches(' ').len();
                    self.plain(plain..plain + line.trim_end_matches([' ', '\t']).len());
                    plain = at;
                    let event = if at - end > 1 { Event::HardBreak } else { Event::SoftBreak };
                    Some((event, 1))
                }
                _ => None,
            };
            let Some((event, length)) = node else {
                at += 1;
                continue;
            };
            self.plain(plain..begin);
            at += length;
            plain = at;
            self.nodes.push(Node::Whole(event, begin..at));
        }
        self.plain(plain..text.len());
    }

    fn plain(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.nodes.push(Node::Whole(Event::Text(self.text[range.clone()].to_owned()), range));
        }
    }

    /// The code at `at` and its length, or the length of the back-quotes when they open none.
    fn code(&self, at: usize) -> Result<(Event, usize), usize> {
        let rest = &self.text[at..];
        let run = rest.bytes().take_while(|byte| *byte == b'`').count();
        let end = close_of_code(&rest.as_bytes()[run..], run).ok_or(run)?;
        let code = rest[run..end].replace('\n', " ");
        let inner = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        let inner = inner.filter(|_| !code.trim_matches(' ').is_empty());
        Ok((Event::Code(inner.unwrap_or(&code).to_owned()), run + end))
    }

    /// Puts a run of marks on the stack. The answer is where it ends.
    fn run(&mut self, at: usize, mark: u8) -> usize {
        let length = self.text[at..].bytes().take_while(|byte| *byte == mark).count();
        let end = at + length;
        let before = self.text[..at].chars().next_back().unwrap_or(' ');
        let after = self.text[end..].chars().next().unwrap_or(' ');
        let (opens, closes) = (flanks(after, before), flanks(before, after));
        // In the middle of a word these are text.
        let is_shy = mark == b'_' || (mark == b'~' && length == 1);
        let can_open = opens && !(is_shy && closes && !is_punctuation(before));
        let can_close = closes && !(is_shy && opens && !is_punctuation(after));
        self.runs.push(self.nodes.len());
        self.nodes.push(Node::Run(Run {
            mark,
            length,
            left: at..end,
            can_open,
            can_close,
            ends: 0,
            starts: Vec::new(),
        }));
        end
    }

    /// Makes a link of what a bracket closes, when it does. The answer is where the link ends.
    fn close_bracket(&mut self, at: usize) -> Option<usize> {
        let bracket = self.brackets.pop()?;
        if !bracket.is_active {
            return None;
        }
        let (target, end) = self.target(&bracket, at)?;
        let tag = if bracket.is_image { Tag::Image(target) } else { Tag::Link(target) };
        self.pair(bracket.runs);
        self.nodes[bracket.node] = Node::Whole(Event::Start(tag), bracket.at..end);
        self.nodes.push(Node::Whole(Event::End, bracket.at..end));
        if !bracket.is_image {
            for outer in self.brackets.iter_mut().filter(|outer| !outer.is_image) {
                outer.is_active = false;
            }
        }
        Some(end)
    }

    fn target(&mut self, bracket: &Bracket, at: usize) -> Option<(Target, usize)> {
        let after = &self.text[at + 1..];
        if let Some((target, length)) = target(after) {
            return Some((target, at + 1 + length));
        }
        let start = bracket.at + usize::from(bracket.is_image);
        let own =
            label(&self.text[start..]).filter(|(_, length)| start + length == at + 1).map(|(own, _)| own);
        let (label, end, is_shortcut) = match label(after) {
            Some(("", length)) => (own?, at + 1 + length, false),
            Some((label, length)) if !label.trim().is_empty() => (label, at + 1 + length, false),
            _ => (own?, at + 1, true),
        };
        if label.trim().is_empty() {
            return None;
        }
        let range = self.content.origin(bracket.at)..self.content.origin(end - 1) + 1;
        (self.resolve)(Reference { label, is_shortcut, range }).map(|target| (target, end))
    }

    /// Pairs the runs that wait above `bottom`, and takes them off the stack.
    fn pair(&mut self, bottom: usize) {
        let mut closer = bottom;
        while let Some(&node) = self.runs.get(closer) {
            let Node::Run(end) = &self.nodes[node] else { break };
            let opener = if end.can_close {
                (bottom..closer).rev().find(|opener| self.is_pair(self.runs[*opener], end))
            } else {
                None
            };
            let Some(opener) = opener else {
                closer += 1;
                continue;
            };
            let strength = match (end.mark, self.left(self.runs[opener]).min(end.left.len())) {
                (b'~', all) => all,
                (_, 1) => 1,
                _ => 2,
            };
            let tag = match (end.mark, strength) {
                (b'~', _) => Tag::Strikethrough,
                (_, 1) => Tag::Emphasis,
                _ => Tag::Strong,
            };
            self.runs.drain(opener + 1..closer);
            closer = opener + 1;
            if let Node::Run(end) = &mut self.nodes[node] {
                end.left.start += strength;
                end.ends += 1;
            }
            if let Node::Run(start) = &mut self.nodes[self.runs[opener]] {
                start.left.end -= strength;
                start.starts.push(tag);
            }
            if self.left(node) == 0 {
                self.runs.remove(closer);
            }
            if self.left(self.runs[opener]) == 0 {
                self.runs.remove(opener);
                closer = opener;
            }
        }
        self.runs.truncate(bottom);
    }

    fn left(&self, node: usize) -> usize {
        match &self.nodes[node] {
            Node::Run(run) => run.left.len(),
            Node::Whole(..) => 0,
        }
    }

    /// Whether a run begins what `end` ends.
    fn is_pair(&self, node: usize, end: &Run) -> bool {
        let Node::Run(start) = &self.nodes[node] else { return false };
        if start.mark != end.mark || !start.can_open {
            return false;
        }
        if end.mark == b'~' {
            return start.length == end.length && end.length < 3;
        }
        let is_within = start.can_close || end.can_open;
        let are_threes = start.length.is_multiple_of(3) && end.length.is_multiple_of(3);
        !is_within || are_threes || !(start.length + end.length).is_multiple_of(3)
    }

    fn finish(mut self, events: &mut Events) {
        for node in std::mem::take(&mut self.nodes) {
            match node {
                Node::Whole(event, range) => events.push((event, self.place(&range))),
                Node::Run(run) => {
                    let place = self.place(&run.left);
                    for _ in 0..run.ends {
                        events.push((Event::End, place.clone()));
                    }
                    if !run.left.is_empty() {
                        let left = self.text[run.left.clone()].to_owned();
                        events.push((Event::Text(left), place.clone()));
                    }
                    for tag in run.starts.into_iter().rev() {
                        events.push((Event::Start(tag), place.clone()));
                    }
                }
            }
        }
    }

    fn place(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.content.origin(range.start);
        start..start + range.len()
    }
}

/// Whether marks with `inner` on one side and `outer` on the other can be the edge of a text on the inner side.
fn flanks(inner: char, outer: char) -> bool {
    !inner.is_whitespace() && (!is_punctuation(inner) || outer.is_whitespace() || is_punctuation(outer))
}

fn is_punctuation(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_punctuation() } else { !c.is_alphanumeric() && !c.is_whitespace() }
}
