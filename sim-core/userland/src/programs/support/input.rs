//! Files that filters read, whole or by lines.

use super::output::Out;
use super::text::{complain, quote_always, quote_if_needed};
use linux::fd::OpenFlags;
use linux::{Errno, Fd, Sys};
use std::time::Duration;

const READ_SIZE: usize = 32 * 1024;

/// What it costs to look at a byte.
const NANOS_PER_BYTE: u64 = 4;

/// Opens a file, or standard input for `-`; says so when that fails.
pub(crate) async fn open_input(sys: &Sys, program: &str, name: &str) -> Option<Fd> {
    if name == "-" {
        return Some(0);
    }
    match sys.open(name, OpenFlags::READ, 0) {
        Ok(fd) => Some(fd),
        Err(errno) => {
            complain(sys, program, &format!("{}: {errno}", quote_if_needed(name))).await;
            None
        }
    }
}

/// Opens a file, or standard input for `-`, as head and tail do; says so when that fails, after what was printed.
pub(crate) async fn open_for_reading(sys: &Sys, out: &mut Out, program: &str, name: &str) -> Option<Fd> {
    if name == "-" {
        return Some(0);
    }
    match sys.open(name, OpenFlags::READ, 0) {
        Ok(fd) => Some(fd),
        Err(errno) => {
            out.flush().await;
            complain(sys, program, &format!("cannot open {} for reading: {errno}", quote_always(name))).await;
            None
        }
    }
}

/// Closes what [`open_input`] opened.
pub(crate) fn close_input(sys: &Sys, fd: Fd) {
    if fd != 0 {
        let _ = sys.close(fd);
    }
}

/// Reads a whole file, or standard input for `-`; says so when that fails.
pub(crate) async fn slurp(sys: &Sys, program: &str, name: &str) -> Option<Vec<u8>> {
    let fd = open_input(sys, program, name).await?;
    let result = sys.read_to_end(fd).await;
    close_input(sys, fd);
    match result {
        Ok(bytes) => {
            sys.cpu(Duration::from_nanos(bytes.len() as u64 * NANOS_PER_BYTE)).await;
            Some(bytes)
        }
        Err(errno) => {
            complain(sys, program, &format!("{}: {errno}", quote_if_needed(name))).await;
            None
        }
    }
}

/// Lines of a descriptor, as they come.
pub(crate) struct Lines {
    sys: Sys,
    fd: Fd,
    delimiter: u8,
    buffer: Vec<u8>,
    start: usize,
    at_end: bool,
}

impl Lines {
    pub(crate) fn new(sys: &Sys, fd: Fd) -> Lines {
        Lines { sys: sys.clone(), fd, delimiter: b'\n', buffer: Vec::new(), start: 0, at_end: false }
    }

    /// Ends lines with another byte.
    pub(crate) fn delimited_by(mut self, delimiter: u8) -> Lines {
        self.delimiter = delimiter;
        self
    }

    /// The next line with its line feed, which the last one may lack; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Errno> {
        let mut looked = self.start;
        loop {
            if let Some(end) = self.buffer[looked..].iter().position(|byte| *byte == self.delimiter) {
                let end = looked + end + 1;
                let line = self.buffer[self.start..end].to_vec();
                self.start = end;
                return Ok(Some(line));
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            looked = self.buffer.len();
            if self.at_end {
                let rest = std::mem::take(&mut self.buffer);
                return Ok((!rest.is_empty()).then_some(rest));
            }
            let mut more = self.sys.read(self.fd, READ_SIZE).await?;
            self.sys.cpu(Duration::from_nanos(more.len() as u64 * NANOS_PER_BYTE)).await;
            self.at_end = more.is_empty();
            self.buffer.append(&mut more);
        }
    }

    /// The same without the line feed, as text.
    pub(crate) async fn next_text(&mut self) -> Result<Option<String>, Errno> {
        let delimiter = self.delimiter;
        Ok(self.next().await?.map(|mut line| {
            if line.last() == Some(&delimiter) {
                line.pop();
            }
            String::from_utf8(line)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        }))
    }
}
