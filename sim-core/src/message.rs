//! What goes in and what comes out.

use crate::Place;
use serde::{Deserialize, Serialize};

/// Names a terminal; the driver chooses the numbers.
pub type TerminalId = u32;
/// Names a process started by the driver without a terminal; the driver chooses the numbers.
pub type JobId = u32;

/// What a driver can do to the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", try_from = "Fields")]
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

/// The fields of all inputs, as they are read: a reader for each input would be five times the code.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    r#type: String,
    id: u32,
    place: Place,
    rows: u16,
    cols: u16,
    bytes: Vec<u8>,
    argv: Vec<String>,
    signal: i32,
    path: String,
    contents: Vec<u8>,
}

impl TryFrom<Fields> for Input {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let Fields { r#type, id, place, rows, cols, bytes, argv, signal, path, contents } = fields;
        Ok(match r#type.as_str() {
            "openTerminal" => Self::OpenTerminal { id, place, rows, cols },
            "type" => Self::Type { id, bytes },
            "resize" => Self::Resize { id, rows, cols },
            "closeTerminal" => Self::CloseTerminal { id },
            "spawn" => Self::Spawn { id, place, argv },
            "stdin" => Self::Stdin { id, bytes },
            "closeStdin" => Self::CloseStdin { id },
            "signal" => Self::Signal { id, signal },
            "writeFile" => Self::WriteFile { place, path, contents },
            other => return Err(format!("there is no input {other:?}")),
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_as_they_are_written() {
        let (id, place, bytes) = (7, Place::Laptop, b"ls\n".to_vec());
        for input in [
            Input::OpenTerminal { id, place, rows: 24, cols: 80 },
            Input::Type { id, bytes: bytes.clone() },
            Input::Resize { id, rows: 25, cols: 81 },
            Input::CloseTerminal { id },
            Input::Spawn { id, place, argv: vec!["ls".into(), "-l".into()] },
            Input::Stdin { id, bytes: bytes.clone() },
            Input::CloseStdin { id },
            Input::Signal { id, signal: 2 },
            Input::WriteFile { place, path: "a.yaml".into(), contents: bytes },
        ] {
            let text = serde_json::to_string(&input).expect("inputs can be written");
            assert_eq!(serde_json::from_str::<Input>(&text).expect("and read"), input, "{text}");
        }
        assert!(serde_json::from_str::<Input>(r#"{"type":"sleep"}"#).is_err());
    }
}
