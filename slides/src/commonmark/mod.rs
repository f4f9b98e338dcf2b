//! Markdown as a stream of events: CommonMark, with the tables, struck text and task lists of GitHub.
//!
//! `block` reads each `line` into containers and leaves, `inline` the text of a leaf, `link` what follows a bracket,
//! `html` finds tags, `entity` knows characters by their names. Every event says where in the text it came from.
//!
//! Left out: definitions of links, which hold for a whole deck and are taken away before, and the names of rarer
//! characters. Tests compare the events with those of pulldown-cmark, which costs 40 kB more of compressed wasm.

mod block;
mod entity;
mod html;
mod inline;
mod line;
mod link;
#[cfg(test)]
mod oracle;

use std::ops::Range;

pub(crate) use block::events;

use crate::block::Alignment;

/// What comes next in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Start(Tag),
    /// The end of what was started last.
    End,
    Text(String),
    Code(String),
    Html(String),
    SoftBreak,
    HardBreak,
    Rule,
    /// The box of a task; true when it is ticked.
    Task(bool),
}

/// What has something in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tag {
    Paragraph,
    /// Its level, 1 to 6.
    Heading(u8),
    Quote,
    /// What stands behind the opening fence; nothing for indented code.
    Code(Option<String>),
    Html,
    /// The first number, when it is numbered.
    List(Option<u64>),
    Item,
    Table(Vec<Alignment>),
    Row,
    Cell,
    Emphasis,
    Strong,
    Strikethrough,
    Link(Target),
    Image(Target),
}

/// Where a link goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub url: String,
    pub title: String,
}

/// A link by its label.
#[derive(Debug)]
pub(crate) struct Reference<'t> {
    pub label: &'t str,
    /// `[label]` alone; it may well be text.
    pub is_shortcut: bool,
    /// In the text.
    pub range: Range<usize>,
}

/// Where the labels of a deck lead.
pub(crate) type Resolve<'r> = dyn FnMut(Reference<'_>) -> Option<Target> + 'r;

/// Events, each with the range of the text that it came from.
pub(crate) type Events = Vec<(Event, Range<usize>)>;
