//! Standard output with a buffer, as stdio has it: by lines on a terminal, by 4 KiB elsewhere.

use super::text::complain;
use linux::{Errno, ExitCode, Sys};

const BUFFER: usize = 4096;

/// Standard output.
pub(crate) struct Out {
    sys: Sys,
    buffer: Vec<u8>,
    by_line: bool,
    failed: Option<Errno>,
}

impl Out {
    pub(crate) fn new(sys: &Sys) -> Out {
        Out { sys: sys.clone(), buffer: Vec::new(), by_line: sys.isatty(1), failed: None }
    }

    /// As [`Out::new`], but lines go out at once whatever standard output is (`--line-buffered`).
    pub(crate) fn by_line(sys: &Sys) -> Out {
        Out { by_line: true, ..Out::new(sys) }
    }

    /// Writes bytes.
    pub(crate) async fn put(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        if self.by_line {
            if let Some(end) = self.buffer.iter().rposition(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                self.flush().await;
                self.buffer = rest;
            }
        } else if self.buffer.len() >= BUFFER {
            self.flush().await;
        }
    }

    /// Writes a text.
    pub(crate) async fn text(&mut self, text: &str) {
        self.put(text.as_bytes()).await;
    }

    /// Writes a line and its line feed.
    pub(crate) async fn line(&mut self, text: &str) {
        self.put(text.as_bytes()).await;
        self.put(b"\n").await;
    }

    /// Writes what the buffer holds.
    pub(crate) async fn flush(&mut self) {
        if !self.buffer.is_empty() && self.failed.is_none() {
            let buffer = std::mem::take(&mut self.buffer);
            self.failed = self.sys.write_all(1, &buffer).await.err();
        }
    }

    /// True when writing has failed, so that nobody goes on for ever.
    pub(crate) fn is_broken(&self) -> bool {
        self.failed.is_some()
    }

    /// Writes the rest; `status`, or 1 when writing failed, which is said as coreutils do.
    pub(crate) async fn finish(mut self, name: &str, status: ExitCode) -> ExitCode {
        self.flush().await;
        match self.failed {
            Some(errno) => {
                complain(&self.sys, name, &format!("write error: {errno}")).await;
                status.max(1)
            }
            None => status,
        }
    }
}
