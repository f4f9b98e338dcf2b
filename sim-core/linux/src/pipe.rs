//! Pipes: 64 KiB between a writer and a reader.

use crate::Errno;
use crate::wait::WaitQueue;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// What a pipe holds before its writer has to wait.
const CAPACITY: usize = 64 * 1024;
/// Writes up to this size are not mixed with others (`PIPE_BUF`).
const ATOMIC: usize = 4096;

/// A pipe. Models fs/pipe.c, with bytes instead of pages.
#[derive(Default)]
pub(crate) struct Pipe {
    buffer: RefCell<VecDeque<u8>>,
    reader_closed: Cell<bool>,
    writer_closed: Cell<bool>,
    readable: WaitQueue,
    writable: WaitQueue,
}

impl Pipe {
    pub(crate) fn poll_read(&self, cx: &Context<'_>, max: usize) -> Poll<Result<Vec<u8>, Errno>> {
        if max == 0 {
            return Poll::Ready(Ok(Vec::new()));
        }
        if !self.is_readable(cx) {
            return Poll::Pending;
        }
        let mut buffer = self.buffer.borrow_mut();
        let n = max.min(buffer.len());
        // As two pieces: byte by byte it costs more than all else on the way through a pipe.
        let mut data = Vec::with_capacity(n);
        let (front, back) = buffer.as_slices();
        data.extend_from_slice(&front[..n.min(front.len())]);
        data.extend_from_slice(&back[..n.saturating_sub(front.len())]);
        buffer.drain(..n);
        drop(buffer);
        self.writable.wake();
        Poll::Ready(Ok(data))
    }

    pub(crate) fn poll_write(&self, cx: &Context<'_>, data: &[u8]) -> Poll<Result<usize, Errno>> {
        if self.reader_closed.get() {
            return Poll::Ready(Err(Errno::EPIPE));
        }
        let mut buffer = self.buffer.borrow_mut();
        let room = CAPACITY - buffer.len();
        let n = data.len().min(room);
        if n < data.len() && (n == 0 || data.len() <= ATOMIC) {
            self.writable.register(cx);
            return Poll::Pending;
        }
        buffer.extend(&data[..n]);
        drop(buffer);
        self.readable.wake();
        Poll::Ready(Ok(n))
    }

    /// There is something to read, or nothing will come any more.
    pub(crate) fn is_readable(&self, cx: &Context<'_>) -> bool {
        let ready = self.writer_closed.get() || !self.buffer.borrow().is_empty();
        if !ready {
            self.readable.register(cx);
        }
        ready
    }

    /// There is room, or nobody to write to.
    pub(crate) fn is_writable(&self, cx: &Context<'_>) -> bool {
        let ready = self.reader_closed.get() || CAPACITY - self.buffer.borrow().len() >= ATOMIC;
        if !ready {
            self.writable.register(cx);
        }
        ready
    }

    pub(crate) fn close_reader(&self) {
        self.reader_closed.set(true);
        self.buffer.borrow_mut().clear();
        self.writable.wake();
    }

    pub(crate) fn close_writer(&self) {
        self.writer_closed.set(true);
        self.readable.wake();
    }
}
