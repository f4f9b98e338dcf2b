//! Decks: Markdown files of slides, in which each `.lab[ ]` is something to type into a terminal.
//!
//! The format is remark's as container.training writes it; `docs/authors.md` is its guide.
//! Parsing never fails: whatever the text is, there is a [`Deck`], and what looked wrong is in its
//! [`Diagnostic`]s. Text never becomes markup: the tree has no node for raw HTML, so a page that draws
//! it has nothing to sanitise.
//!
//! The road of a file, in reading order:
//! `source` cleans the bytes and counts lines; `split` cuts the text into slides, steps and notes;
//! `mask` lifts comments and content classes out of a slide; `commonmark` reads
//! what is left, and `markdown` turns it into `block`s; `code` finds the blanks of a command; `directive` reads the comments; `assemble`
//! joins it all into a `deck`. [`plan()`] then says how to perform the labs.
//!
//! ```
//! let deck = slides::parse("deck.md", "# Hello\n\n.lab[\n\n- Look:\n  ```bash\n  kubectl get pods\n  ```\n\n]\n");
//! assert_eq!(deck.slides[0].title_text(), "Hello");
//! assert_eq!(deck.labs().count(), 1);
//! assert!(deck.diagnostics.is_empty());
//! ```

mod assemble;
mod block;
mod code;
mod commonmark;
mod context;
mod deck;
mod diagnostic;
mod directive;
mod event;
mod lab;
mod letter;
mod markdown;
mod mask;
mod plan;
mod profile;
mod source;
mod split;

pub use block::{Alignment, Block, BlockKind, Code, Inline, Item, Table, text_of};
pub use deck::{Deck, Notes, OutlineEntry, Slide};
pub use diagnostic::{Diagnostic, Severity};
pub use lab::{Blank, BlankKind, Command, Directive, DirectiveAt, Lab, LabStep, Part};
pub use plan::{Action, LabPlan, Nature, Pane, plan};
pub use profile::Profile;
pub use source::Position;

/// Reads a deck. `file` is only a name for diagnostics.
pub fn parse(file: &str, text: &str) -> Deck {
    assemble::deck(source::Source::new(file, text))
}

/// Reads a deck from bytes, which need not be UTF-8.
pub fn parse_bytes(file: &str, bytes: &[u8]) -> Deck {
    assemble::deck(source::Source::from_bytes(file, bytes))
}
