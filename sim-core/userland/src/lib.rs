//! What runs on the machine: shell, programs, images.
//!
//! Reading order: [`shell`], [`programs`] (kubectl among them), [`images`].

pub mod images;
pub mod programs;
pub mod shell;
