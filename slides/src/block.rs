//! What a slide is made of: blocks, and the inlines in them.

use serde::{Deserialize, Serialize};

use crate::lab::{Command, Lab, Part};
use crate::source::Position;

/// A block of a slide: what it is, and when and where it appears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The `--` step from which it is shown; 0 is there at once.
    pub step: usize,
    /// Where it begins in the file.
    pub at: Position,
    /// What it is.
    #[serde(flatten)]
    pub kind: BlockKind,
}

/// The kinds of block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BlockKind {
    /// `# Title` to `###### Title`.
    Heading {
        /// 1 to 6.
        level: u8,
        /// Its text.
        content: Vec<Inline>,
    },
    /// A paragraph.
    Paragraph {
        /// Its text.
        content: Vec<Inline>,
    },
    /// A list, numbered when `start` is there.
    List {
        /// The first number of a numbered list.
        start: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A quotation (`> ...`).
    Quote {
        /// What is quoted.
        blocks: Vec<Block>,
    },
    /// A block of code that is not to be run.
    Code(Code),
    /// A block of shell code: Insert, Run, Copy.
    Command(Command),
    /// A table.
    Table(Table),
    /// A horizontal rule (`***`; `---` separates slides).
    Rule,
    /// A content class on its own lines: `.small[ ... ]`.
    Container {
        /// Its classes; `.left.red[ ]` has two.
        classes: Vec<String>,
        /// What is in it.
        blocks: Vec<Block>,
    },
    /// `.lab[ ... ]` (or `.exercise[ ... ]`): a terminal goes here.
    Lab(Lab),
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The `--` step from which it is shown.
    pub step: usize,
    /// Whether the box is ticked, for an item of a task list.
    pub task: Option<bool>,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// Code to read. Parts in back-quotes are [`Part::Marked`] or [`Part::Blank`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// The first word after the fence; empty when there is none.
    pub language: String,
    /// Its lines.
    pub lines: Vec<Vec<Part>>,
}

impl Code {
    /// The code as text, without the back-quotes around marked parts.
    pub fn text(&self) -> String {
        crate::lab::lines_to_text(&self.lines, &mut |_| None)
    }
}

/// A table; every row has as many cells as the head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// One for each column.
    pub alignments: Vec<Alignment>,
    /// The cells of the head.
    pub head: Vec<Vec<Inline>>,
    /// The rows below it.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

/// How a column of a table is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// As the page likes.
    None,
    /// `:--`
    Left,
    /// `:-:`
    Center,
    /// `--:`
    Right,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Inline {
    /// Text as it is.
    Text {
        /// Never markup.
        text: String,
    },
    /// `` `code` ``.
    Code {
        /// Never markup.
        text: String,
    },
    /// `*emphasis*`.
    Emphasis {
        /// What is emphasised.
        content: Vec<Inline>,
    },
    /// `**strong**`.
    Strong {
        /// What is strong.
        content: Vec<Inline>,
    },
    /// `~~gone~~`.
    Strikethrough {
        /// What is struck.
        content: Vec<Inline>,
    },
    /// A link; `#name` and `#12` go to a slide. Only web, mail, relative and slide addresses get here.
    Link {
        /// Where it goes.
        url: String,
        /// The title, often empty.
        title: String,
        /// What is shown.
        content: Vec<Inline>,
    },
    /// An image.
    Image {
        /// Where it is.
        url: String,
        /// The title, often empty.
        title: String,
        /// The text that stands for it.
        alt: String,
    },
    /// A line break that is meant: `<br/>`, or two spaces at the end of a line.
    Break,
    /// The end of a line in the file; a space on the page.
    SoftBreak,
    /// A content class within a line: `.red[...]`.
    Span {
        /// Its classes.
        classes: Vec<String>,
        /// What is in it.
        content: Vec<Inline>,
    },
}

/// The plain text of inlines.
pub fn text_of(content: &[Inline]) -> String {
    let mut text = String::new();
    push_text(content, &mut text);
    text
}

fn push_text(content: &[Inline], into: &mut String) {
    for inline in content {
        match inline {
            Inline::Text { text } | Inline::Code { text } => into.push_str(text),
            Inline::Emphasis { content }
            | Inline::Strong { content }
            | Inline::Strikethrough { content }
            | Inline::Link { content, .. }
            | Inline::Span { content, .. } => push_text(content, into),
            Inline::Image { alt, .. } => into.push_str(alt),
            Inline::Break | Inline::SoftBreak => into.push(' '),
        }
    }
}

/// Calls `visit` with every block in reading order, the outer before the inner.
pub(crate) fn walk<'a>(blocks: &'a [Block], visit: &mut dyn FnMut(&'a Block)) {
    for block in blocks {
        visit(block);
        match &block.kind {
            BlockKind::List { items, .. } => items.iter().for_each(|item| walk(&item.blocks, visit)),
            BlockKind::Quote { blocks } | BlockKind::Container { blocks, .. } => walk(blocks, visit),
            BlockKind::Lab(lab) => walk(&lab.blocks, visit),
            _ => {}
        }
    }
}

/// As [`walk`], to change them.
pub(crate) fn walk_mut(blocks: &mut [Block], visit: &mut dyn FnMut(&mut Block)) {
    for block in blocks {
        visit(block);
        match &mut block.kind {
            BlockKind::List { items, .. } => {
                items.iter_mut().for_each(|item| walk_mut(&mut item.blocks, visit))
            }
            BlockKind::Quote { blocks } | BlockKind::Container { blocks, .. } => walk_mut(blocks, visit),
            BlockKind::Lab(lab) => walk_mut(&mut lab.blocks, visit),
            _ => {}
        }
    }
}
