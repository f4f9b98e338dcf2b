//! What goes in and what comes out.

use crate::Place;
use serde::{Deserialize, Serialize};

/// Names a terminal; the driver chooses the numbers.
pub type TerminalId = u32;
/// Names a process started by the driver without a terminal; the driver chooses the numbers.
pub type JobId = u32;

/// What a driver can do to the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Input {
    /// Opens a terminal with a login shell.
    OpenTerminal {
        /// Its name from now on.
        id: TerminalId,
        /// Where the shell runs.
        place: Place,
        /// Height in characters.
        rows: u16,
        /// Width in characters.
        cols: u16,
    },
    /// Bytes from the keyboard, or a paste (with the brackets around it that the terminal asked for).
    Type {
        /// Which terminal.
        id: TerminalId,
        /// What was typed.
        bytes: Vec<u8>,
    },
    /// The window has another size.
    Resize {
        /// Which terminal.
        id: TerminalId,
        /// Height in characters.
        rows: u16,
        /// Width in characters.
        cols: u16,
    },
    /// The window is closed: the shell gets SIGHUP.
    CloseTerminal {
        /// Which terminal.
        id: TerminalId,
    },
    /// Starts a program without a terminal, its standard input a pipe.
    Spawn {
        /// Its name from now on.
        id: JobId,
        /// Where it runs.
        place: Place,
        /// Program and arguments.
        argv: Vec<String>,
    },
    /// Bytes for the standard input of a job.
    Stdin {
        /// Which job.
        id: JobId,
        /// What it reads.
        bytes: Vec<u8>,
    },
    /// The end of the standard input of a job.
    CloseStdin {
        /// Which job.
        id: JobId,
    },
    /// A signal for a job.
    Signal {
        /// Which job.
        id: JobId,
        /// The signal's number.
        signal: i32,
    },
    /// Puts a file; a relative path is in the folder `lab` of the home directory.
    WriteFile {
        /// Where.
        place: Place,
        /// Its path.
        path: String,
        /// What is in it.
        contents: Vec<u8>,
    },
}

/// What the world has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Output {
    /// Bytes for the screen of a terminal.
    Screen {
        /// Which terminal.
        id: TerminalId,
        /// What it shows.
        bytes: Vec<u8>,
    },
    /// The login shell of a terminal shows its prompt, or runs something.
    Shell {
        /// Which terminal.
        id: TerminalId,
        /// What its shell does.
        state: ShellState,
    },
    /// The login shell of a terminal has ended.
    Closed {
        /// Which terminal.
        id: TerminalId,
    },
    /// A job wrote to its standard output.
    Stdout {
        /// Which job.
        id: JobId,
        /// What it wrote.
        bytes: Vec<u8>,
    },
    /// A job wrote to its standard error.
    Stderr {
        /// Which job.
        id: JobId,
        /// What it wrote.
        bytes: Vec<u8>,
    },
    /// A job has ended.
    Exited {
        /// Which job.
        id: JobId,
        /// `$?` of it.
        code: i32,
    },
}

/// What the login shell of a terminal is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum ShellState {
    /// It waits for a command.
    Prompt {
        /// `$?` of the last one.
        status: i32,
    },
    /// It runs a command.
    Running,
}
