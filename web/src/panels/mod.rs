//! What stands around the slide and the terminals.

pub mod cluster;
pub mod fidelity;
pub mod help;
pub mod terminals;
pub mod top;
