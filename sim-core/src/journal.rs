//! The log of inputs: with the configuration, all that a history depends on (decision D1).

use crate::{Config, Input};
use serde::{Deserialize, Serialize};

/// A point of a history. The instant alone would not do: a driver may stop in the middle of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// How many steps had been made.
    pub steps: u64,
    /// Virtual time in nanoseconds.
    pub at: u64,
}

/// An input and when it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub stamp: Stamp,
    /// What.
    pub input: Input,
}

/// A whole session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// What the world began with.
    pub config: Config,
    /// What came in, in order.
    pub entries: Vec<Entry>,
    /// How far the session went.
    pub end: Stamp,
}
