//! One corpus of command lines, run twice: by our kubectl in the simulated shell, and by a real kubectl under a real bash
//! against a world at the same point of its history. Standard output, standard error and exit status are to be
//! equal to the byte, and so is what the command did to the cluster.
//!
//! ```text
//!   world A ── line 1 ── line 2 ── line 3 ──>      ours: one session, whose journal is kept
//!                 └ B       └ B       └ B          theirs: A's journal replayed up to the line, then served
//! ```
//!
//! Reading order: [`corpus`] (files, sections, lines), [`ours`] and [`theirs`] (the two sides), [`mask`] (all that is not
//! compared), [`help`] (help texts, whose prose is ours), [`objects`] (what was done to the cluster), [`run`] (sections through both), [`known`] (differences that
//! have a reason), [`report`] (what a person reads), [`fidelity`] (the figures).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test tool prints")]

pub mod corpus;
pub mod fidelity;
pub mod help;
pub mod known;
pub mod mask;
pub mod objects;
pub mod ours;
pub mod report;
pub mod run;
pub mod theirs;

/// What a command line gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit status; nothing when it did not end.
    pub status: Option<i32>,
}

/// Ends each part of what a shell says after a command; no program prints this by chance.
const MARK: char = '\u{1e}';

/// What a shell is given for a command line: the line, with nothing to read, then the marks.
fn script(line: &str) -> String {
    format!("{{ {line}\n}} </dev/null\nprintf '\\036%d\\036' $? ; printf '\\036' >&2\n")
}

/// The answer in what a shell has said, once it is complete.
fn answer(stdout: &[u8], stderr: &[u8]) -> Option<Answer> {
    let marks = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == MARK as u8).count();
    if marks(stdout) < 2 || marks(stderr) < 1 {
        return None;
    }
    let stdout = String::from_utf8_lossy(stdout);
    let mut parts = stdout.split(MARK);
    let out = parts.next().unwrap_or("").to_string();
    let status = parts.next().and_then(|status| status.parse().ok());
    let stderr = String::from_utf8_lossy(stderr).split(MARK).next().unwrap_or("").to_string();
    Some(Answer { stdout: out, stderr, status })
}

/// What is said where no real kubectl is at hand.
pub const NO_KUBECTL: &str = "there is no kubectl v1.35.2: `cargo xtask test differential` installs it; or name it in the environment variable PODIUM_KUBECTL";

/// This package's folder.
pub fn folder() -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The real kubectl, if there is one: the one that is named, or the one that xtask has installed.
pub fn kubectl() -> Option<std::path::PathBuf> {
    if let Some(named) = std::env::var_os("PODIUM_KUBECTL") {
        return Some(named.into());
    }
    let own = std::env::current_exe().ok()?;
    let installed = own.ancestors().map(|folder| folder.join("kubectl-1.35.2/kubectl"));
    installed.into_iter().find(|path| path.exists())
}
