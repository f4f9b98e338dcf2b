//! What runs on the machine: shell, programs, images.

pub mod programs;
pub mod shell;
