//! Slides as nodes.

pub mod blanks;
pub mod command;
pub mod inline;
pub mod performance;
pub mod slide;
