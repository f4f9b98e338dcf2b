//! What a container wrote, line by line with its time, as containerd keeps it in /var/log/pods.

use crate::kubelet::notify::Notify;
use sim::{Instant, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

/// kubelet rotates a log at 10 MiB; of what is older, nothing is shown here.
const BYTES_MAX: usize = 10 << 20;
/// containerd cuts lines at 16 KiB.
const LINE_MAX: usize = 16 << 10;

/// Which pipe a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

struct Line {
    at: Instant,
    /// With its line feed, unless it was cut.
    text: Vec<u8>,
}

/// The log of one run of a container.
#[derive(Default)]
pub struct ContainerLog {
    lines: RefCell<VecDeque<Line>>,
    /// Number of the first line that is still there.
    first: Cell<u64>,
    bytes: Cell<usize>,
    partial: RefCell<[Vec<u8>; 2]>,
    closed: Cell<bool>,
    /// Rings at every line, and at the end.
    pub changed: Notify,
}

/// What to show: the parameters of `GET …/log`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Wait for more.
    pub follow: bool,
    /// The run before this one.
    pub previous: bool,
    /// Put the time before each line.
    pub timestamps: bool,
    /// Only so many lines from the end.
    pub tail_lines: Option<u64>,
    /// Not more bytes than these.
    pub limit_bytes: Option<usize>,
    /// Only what is newer.
    pub since: Option<Timestamp>,
}

impl ContainerLog {
    /// Takes what came out of a pipe.
    pub fn write(&self, now: Instant, stream: LogStream, data: &[u8]) {
        let mut rest = data;
        loop {
            let line = {
                let partial = &mut self.partial.borrow_mut()[stream as usize];
                let room = LINE_MAX - partial.len();
                let end = rest.iter().take(room).position(|&b| b == b'\n').map(|i| i + 1);
                let end = end.or((rest.len() >= room).then_some(room));
                match end {
                    Some(end) => {
                        partial.extend_from_slice(&rest[..end]);
                        rest = &rest[end..];
                        std::mem::take(partial)
                    }
                    None => {
                        partial.extend_from_slice(rest);
                        return;
                    }
                }
            };
            self.push(now, line);
        }
    }

    fn push(&self, at: Instant, text: Vec<u8>) {
        let mut lines = self.lines.borrow_mut();
        let mut bytes = self.bytes.get() + text.len();
        lines.push_back(Line { at, text });
        while bytes > BYTES_MAX {
            let Some(line) = lines.pop_front() else { break };
            bytes -= line.text.len();
            self.first.set(self.first.get() + 1);
        }
        self.bytes.set(bytes);
        drop(lines);
        self.changed.ring();
    }

    /// The container has ended: what is left of a line is one.
    pub fn close(&self, now: Instant) {
        let partial = std::mem::take(&mut *self.partial.borrow_mut());
        for text in partial.into_iter().filter(|text| !text.is_empty()) {
            self.push(now, text);
        }
        self.closed.set(true);
        self.changed.ring();
    }

    /// Whether nothing more will come.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Where reading begins with these options.
    pub fn start(&self, options: &LogOptions) -> LogCursor {
        let lines = self.lines.borrow();
        let mut skip = match options.since {
            Some(since) => lines.iter().take_while(|line| line.at.timestamp() < since).count(),
            None => 0,
        };
        if let Some(tail) = options.tail_lines {
            skip = skip.max(lines.len().saturating_sub(usize::try_from(tail).unwrap_or(usize::MAX)));
        }
        LogCursor { next: self.first.get() + skip as u64, left: options.limit_bytes.unwrap_or(usize::MAX) }
    }

    /// What has come since the cursor was there.
    pub fn read(&self, cursor: &mut LogCursor, timestamps: bool) -> Vec<u8> {
        let lines = self.lines.borrow();
        let first = self.first.get();
        let mut out = Vec::new();
        let skip = usize::try_from(cursor.next.saturating_sub(first)).unwrap_or(usize::MAX);
        for line in lines.iter().skip(skip) {
            if timestamps {
                out.extend_from_slice(nanoseconds(line.at.timestamp()).as_bytes());
                out.push(b' ');
            }
            out.extend_from_slice(&line.text);
        }
        cursor.next = first + lines.len() as u64;
        out.truncate(cursor.left);
        cursor.left -= out.len();
        out
    }

    /// The end of the log, for `terminationMessagePolicy: FallbackToLogsOnError`: 80 lines or 2048 bytes.
    pub fn tail_text(&self) -> String {
        let mut cursor = self.start(&LogOptions { tail_lines: Some(80), ..LogOptions::default() });
        let all = self.read(&mut cursor, false);
        String::from_utf8_lossy(&all[all.len().saturating_sub(2048)..]).into_owned()
    }
}

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCursor {
    next: u64,
    left: usize,
}

impl LogCursor {
    /// Whether the limit of bytes is reached.
    pub fn is_exhausted(&self) -> bool {
        self.left == 0
    }
}

/// RFC 3339 with nanoseconds, zeros at the end included as containerd writes them.
fn nanoseconds(time: Timestamp) -> String {
    let text = time.rfc3339();
    format!("{}.{:09}Z", text.trim_end_matches('Z'), time.nanos)
}

/// `sinceSeconds` as an instant of the wall clock.
pub fn seconds_ago(now: Instant, seconds: u64) -> Timestamp {
    let before = now.as_nanos().saturating_sub(Duration::from_secs(seconds).as_nanos() as u64);
    Instant::from_nanos(before).timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    fn show(log: &ContainerLog, options: LogOptions) -> String {
        let mut cursor = log.start(&options);
        String::from_utf8(log.read(&mut cursor, options.timestamps)).expect("text")
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let log = ContainerLog::default();
        log.write(at(1), LogStream::Stdout, b"one\ntw");
        log.write(at(2), LogStream::Stderr, b"oops\n");
        log.write(at(3), LogStream::Stdout, b"o\nthree");
        assert_eq!(show(&log, LogOptions::default()), "one\noops\ntwo\n");
        log.close(at(4));
        assert_eq!(show(&log, LogOptions::default()), "one\noops\ntwo\nthree");
        assert_eq!(show(&log, LogOptions { tail_lines: Some(1), ..LogOptions::default() }), "three");
        assert_eq!(show(&log, LogOptions { limit_bytes: Some(5), ..LogOptions::default() }), "one\no");
        let since = LogOptions { since: Some(at(3).timestamp()), timestamps: true, ..LogOptions::default() };
        assert_eq!(
            show(&log, since),
            "2026-01-05T08:00:03.000000000Z two\n2026-01-05T08:00:04.000000000Z three"
        );
    }

    #[test]
    fn a_cursor_goes_on_where_it_was() {
        let log = ContainerLog::default();
        log.write(at(1), LogStream::Stdout, b"a\n");
        let mut cursor = log.start(&LogOptions::default());
        assert_eq!(log.read(&mut cursor, false), b"a\n");
        log.write(at(1), LogStream::Stdout, b"b\n");
        assert_eq!(log.read(&mut cursor, false), b"b\n");
        assert_eq!(log.read(&mut cursor, false), b"");
    }
}
