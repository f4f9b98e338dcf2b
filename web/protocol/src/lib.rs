//! What the page and the simulation worker say to each other.
//!
//! From the page, a message is a `Uint8Array`, as [`wire`] writes it. From the worker it is an array of one, and
//! of a second with the bytes for a screen where there are any: those are most of the traffic, and handed over
//! without a copy. Records of the journal are JSON, which reports show to people.

pub mod wire;

use serde::{Deserialize, Serialize};
pub use sim_core::{
    Config, Input, NodeView, Place, PodView, ServiceView, ShellState, Stamp, TerminalId, View,
};

/// How many bytes the page may be behind before the world waits for it. Small enough that what is
/// on its way to the screen is drawn within a blink, so ^C shows at once.
pub const UNACKNOWLEDGED_MAX: usize = 256 * 1024;

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq)]
pub enum ToWorker {
    /// Opens the journal and brings back what it holds.
    Start {
        /// What a world begins with when there is no journal yet.
        config: Config,
        /// Which journal.
        journal: String,
        /// Which build of the simulation this is. Steps name a point of a history within one build only.
        build: String,
        /// The worker before this one died: go back to before the last command.
        recover: bool,
    },
    /// Something the learner does to the world.
    Input(Input),
    /// The slide on show; inputs are journaled under it, so that its lab can be reset.
    Slide(String),
    /// A screen has drawn this many bytes.
    Drawn(usize),
    /// How time passes.
    Clock {
        /// Not at all.
        paused: bool,
        /// This many virtual seconds a second.
        speed: u32,
    },
    /// Lets time fly until something happens.
    Skip,
    /// Takes back the last command.
    Undo,
    /// Takes back everything since the first input on this slide.
    ResetSlide(String),
    /// Forgets everything.
    ResetAll,
    /// Asks for seed and inputs.
    Report,
    /// Asks whether the worker still answers.
    Ping,
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq)]
pub enum FromWorker {
    /// The worker listens; nothing may be sent to it before.
    Ready,
    /// The world begins (again): screens are to be cleared, these terminals are open.
    Begin {
        /// The open terminals.
        terminals: Vec<(TerminalId, Place)>,
        /// Inputs about to be replayed.
        inputs: usize,
        /// The command that was taken back, if one was.
        taken_back: Option<String>,
        /// Whether the inputs are kept; not where the browser forbids it or another tab has them.
        kept: bool,
    },
    /// The world is where it was.
    Restored,
    /// Bytes for a screen follow.
    Screen(TerminalId),
    /// What a login shell does.
    Shell(TerminalId, ShellState),
    /// A login shell has ended.
    Closed(TerminalId),
    /// The cluster has changed.
    View(View),
    /// What time it is.
    Clock {
        /// Time of day in the world, `HH:MM:SS`.
        time: String,
        /// The world is busy and behind its clock.
        behind: bool,
    },
    /// Time no longer flies.
    Skipped,
    /// Answer to `Ping`.
    Pong,
    /// A panic: our bug, with its sentence. The worker is dead after it.
    Panic(String),
    /// Seed and inputs, for a report.
    Report(String),
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When, to the step.
    pub stamp: Stamp,
    /// The first input to a shell that waits for a command: undo may cut here.
    pub fresh: bool,
    /// The slide on show.
    pub slide: String,
    /// What came in.
    pub input: Input,
}
