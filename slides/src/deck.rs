//! The deck: its slides, and what looked wrong in it.

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use crate::block::{Block, BlockKind, Inline, text_of, walk};
use crate::diagnostic::Diagnostic;
use crate::lab::{Command, Lab};
use crate::profile::Profile;
use crate::source::Position;

/// A deck of slides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deck {
    /// The `title:` of the front matter, or the first heading.
    pub title: String,
    /// Front matter, and what else the first slide's properties say of the deck.
    pub properties: LiteMap<String, String>,
    /// What `profile:` of the front matter, or of the first slide, switches on.
    pub profiles: Vec<Profile>,
    /// The slides that are shown, in order.
    pub slides: Vec<Slide>,
    /// What looked wrong, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Deck {
    /// Every lab with its slide, in order.
    pub fn labs(&self) -> impl Iterator<Item = (&Slide, &Lab)> {
        self.slides.iter().flat_map(|slide| slide.labs().into_iter().map(move |lab| (slide, lab)))
    }

    /// The slide a link `#12` or `#name` means.
    pub fn find_slide(&self, anchor: &str) -> Option<&Slide> {
        let anchor = anchor.trim_start_matches('#');
        match anchor.parse::<usize>() {
            Ok(number) => self.slides.iter().find(|slide| slide.number == number),
            Err(_) => self
                .slides
                .iter()
                .find(|slide| slide.name.as_deref() == Some(anchor))
                .or_else(|| self.slides.iter().find(|slide| slide.id == anchor)),
        }
    }
}

/// One slide, with all its `--` steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slide {
    /// From 1; `--` steps are not counted.
    pub number: usize,
    /// The `name:`, or else one made from the title. Unique in the deck.
    pub id: String,
    /// The `name:` property.
    pub name: Option<String>,
    /// The `class:` property, split at commas.
    pub classes: Vec<String>,
    /// All properties as written.
    pub properties: LiteMap<String, String>,
    /// The first heading; it is in `blocks` too.
    pub title: Option<Vec<Inline>>,
    /// How many steps: 1, and one more for each `--`. A step shows all blocks and items with `step` below it.
    pub steps: usize,
    /// What is on it.
    pub blocks: Vec<Block>,
    /// What is for the speaker.
    pub notes: Notes,
    /// Where it begins in the file.
    pub at: Position,
}

impl Slide {
    /// The title as text; empty when there is none.
    pub fn title_text(&self) -> String {
        self.title.as_deref().map(text_of).unwrap_or_default()
    }

    /// Whether the slide is for those who want to know more.
    pub fn is_extra(&self) -> bool {
        self.classes.iter().any(|class| class == "extra-details")
    }

    /// Its labs.
    pub fn labs(&self) -> Vec<&Lab> {
        let mut labs = Vec::new();
        walk(&self.blocks, &mut |block| {
            if let BlockKind::Lab(lab) = &block.kind {
                labs.push(lab);
            }
        });
        labs
    }

    /// Its commands, in labs and outside.
    pub fn commands(&self) -> Vec<&Command> {
        let mut commands = Vec::new();
        walk(&self.blocks, &mut |block| {
            if let BlockKind::Command(command) = &block.kind {
                commands.push(command);
            }
        });
        commands
    }
}

/// What comes after `???`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// The notes themselves.
    pub blocks: Vec<Block>,
    /// The lines `:EN:- ...` and `:FR:- ...`: what the chapter teaches.
    pub outline: Vec<OutlineEntry>,
}

/// One line of the outline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutlineEntry {
    /// `EN`, `FR`, ...
    pub language: String,
    /// Whether it is an item (`:EN:- ...`) or a heading (`:EN:...`).
    pub item: bool,
    /// Its text.
    pub content: Vec<Inline>,
}
