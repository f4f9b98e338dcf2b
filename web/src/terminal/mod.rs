//! Terminals. xterm.js is behind [`Screen`]; nothing else in the page knows it.

mod xterm;

pub use xterm::Xterm;

use js_sys::Uint8Array;

/// What the learner does at a terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Gesture {
    /// Typed or pasted.
    Typed(String),
    /// Pressed Return on this line.
    Entered(String),
    /// Wants the keyboard back for the slides.
    Leave,
    /// Its frame has another size.
    Resized,
}

/// A screen that bytes are written to.
pub trait Screen {
    /// Draws bytes; `drawn` is called when they are on the screen.
    fn write(&self, bytes: &Uint8Array, drawn: Box<dyn FnOnce()>);
    /// What the terminal would send for a paste: several lines in one piece, where the program in it knows how.
    fn as_paste(&self, text: &str) -> String;
    /// The text of the line that the cursor is on.
    fn line(&self) -> String;
    /// An empty screen, nothing above it.
    fn reset(&self);
    /// Gives it the keyboard.
    fn focus(&self);
    /// Makes it fill its frame: rows and columns.
    fn fit(&self) -> Option<(u16, u16)>;
    /// Reads its text aloud.
    fn set_screen_reader(&self, on: bool);
}
