//! Parts that know nothing of decks and clusters.

mod dialog;
mod icon;
mod menu;
mod splitter;
mod tool;

pub use dialog::Dialog;
pub use icon::{Shape, icon};
pub use menu::{Menu, MenuItem};
pub use splitter::Splitter;
pub use tool::{pressed, tool};
